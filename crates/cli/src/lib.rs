//! The `lakeflow` command as a library: reads arguments, prints, and gives an exit code; and [`LocalEngine`], which serves
//! a bundle from within another program. What is right and wrong is decided by `lakeflow-core`, what is sent by
//! `lakeflow-client`, what runs by `lakeflow-engine`.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod args;
mod commands;
mod failure;
mod follow;
mod host;
mod interrupt;
mod local;
mod params;
mod print;
mod project;
mod render;
mod report;
mod task_logs;

pub use local::{DeployedJob, LocalEngine, LocalOptions, Refused};

use clap::Parser;
use failure::Failure;
use print::Printer;
use std::ffi::OsString;

/// Carries out one command line, the program's name first, and gives its exit code. It prints to the process's standard
/// streams and blocks until the command is over; it must not be called from within an async runtime.
pub fn run<T: Into<OsString> + Clone>(arguments: impl IntoIterator<Item = T>) -> u8 {
    let cli = match args::Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(told) => {
            // Nobody is left to tell when the stream is gone.
            let _ = told.print();
            return u8::try_from(told.exit_code()).unwrap_or(failure::exit::USAGE);
        }
    };
    let printer = Printer::new(cli.quiet);
    match commands::dispatch(cli.command, &printer) {
        Ok(code) => code,
        Err(failure) => failure.report(&printer),
    }
}

/// What a command ends with: its exit code, or a failure to report.
type Ended = Result<u8, Failure>;
