//! `cargo xtask`: the developers' commands. This file reads the command line and nothing else; each command is
//! a function of its own module, listed in `commands`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool: printing is what it does"
)]

mod bench;
mod checks;
mod ci;
mod commands;
mod console;
mod counts;
mod demo;
mod local;
mod markdown;
mod npm;
mod npm_package;
mod package;
mod place;
mod process;
mod python;
mod readme;
mod report;
mod setup;
mod test;
mod undropped;
mod wasm;
mod web;
mod wheel;

use commands::Run;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let names: Vec<&str> = args.iter().map(String::as_str).collect();
    match names.as_slice() {
        ["help" | "--help" | "-h"] => {
            println!("{}", commands::usage());
            ExitCode::SUCCESS
        }
        [] => misuse("a command is missing"),
        [name, words @ ..] => match commands::COMMANDS.iter().find(|c| c.name == *name).map(|c| &c.run) {
            Some(Run::Alone(_)) if !words.is_empty() => {
                misuse(&format!("`{name}` takes no arguments, got {}", words.len()))
            }
            Some(Run::Alone(run)) => ended(run()),
            Some(Run::Named(run)) => ended(run(words)),
            None => misuse(&format!("no command `{name}`")),
        },
    }
}

fn ended(result: process::Result<ExitCode>) -> ExitCode {
    result.unwrap_or_else(|message| {
        eprintln!("error: {message}");
        ExitCode::FAILURE
    })
}

/// Says what is wrong with the command line, and what would be right.
fn misuse(message: &str) -> ExitCode {
    eprintln!("error: {message}\n\n{}", commands::usage());
    ExitCode::from(2)
}
