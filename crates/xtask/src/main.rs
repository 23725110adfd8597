//! `cargo xtask`: the developers' commands. This file reads the command line and nothing else; each command is
//! a function of its own module, listed in `commands`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool: printing is what it does"
)]

mod checks;
mod ci;
mod commands;
mod counts;
mod demo;
mod markdown;
mod place;
mod process;
mod readme;
mod report;
mod setup;
mod test;
mod wasm;

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let names: Vec<&str> = args.iter().map(String::as_str).collect();
    match names.as_slice() {
        ["help" | "--help" | "-h"] => {
            println!("{}", commands::usage());
            ExitCode::SUCCESS
        }
        [name] => match commands::COMMANDS.iter().find(|c| c.name == *name) {
            Some(command) => (command.run)().unwrap_or_else(|message| {
                eprintln!("error: {message}");
                ExitCode::FAILURE
            }),
            None => misuse(&format!("no command `{name}`")),
        },
        [] => misuse("a command is missing"),
        [name, ..] => misuse(&format!("`{name}` takes no arguments, got {}", args.len() - 1)),
    }
}

/// Says what is wrong with the command line, and what would be right.
fn misuse(message: &str) -> ExitCode {
    eprintln!("error: {message}\n\n{}", commands::usage());
    ExitCode::from(2)
}
