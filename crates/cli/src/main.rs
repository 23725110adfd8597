//! The `lakeflow` command: reads arguments, prints, and ends with an exit code. What is right and wrong is decided by
//! `lakeflow-core`, what is sent by `lakeflow-client`, what runs by `lakeflow-engine`.
#![forbid(unsafe_code)]

mod args;
mod commands;
mod failure;
mod follow;
mod host;
mod interrupt;
mod params;
mod print;
mod project;
mod render;
mod report;
mod task_logs;

use clap::Parser;
use failure::Failure;
use print::Printer;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    let printer = Printer::new(cli.quiet);
    let code = match commands::dispatch(cli.command, &printer) {
        Ok(code) => code,
        Err(failure) => failure.report(&printer),
    };
    ExitCode::from(code)
}

/// What a command ends with: its exit code, or a failure to report.
type Ended = Result<u8, Failure>;
