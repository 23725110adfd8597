//! The program `lakeflow`: hands its arguments to the library and ends with the exit code that it gives.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(lakeflow_cli::run(std::env::args_os()))
}
