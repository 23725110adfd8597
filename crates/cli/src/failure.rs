//! Why a command did not do what it should, the sentence that says so, and the exit code.

use crate::print::Printer;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::problem::Problem;

/// Exit codes, as the design pins them.
pub(crate) mod exit {
    /// All went well.
    pub(crate) const SUCCESS: u8 = 0;
    /// The run did not succeed, or something failed that has no code of its own.
    pub(crate) const FAILED: u8 = 1;
    /// Usage, invalid parameters or definition.
    pub(crate) const USAGE: u8 = 2;
    /// The wait timed out.
    pub(crate) const TIMED_OUT: u8 = 3;
    /// The host is not reachable, or does not accept the credential.
    pub(crate) const HOST: u8 = 4;
    /// Interrupted.
    pub(crate) const INTERRUPTED: u8 = 130;
}

/// A command that failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// An error of the core or the client.
    Error(Error),
    /// Problems in text that a person wrote, already in order.
    Problems(Vec<Problem>),
    /// Everything has been said; only the exit code is left.
    Told(u8),
    /// Standard output is gone or full.
    Output(std::io::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Output(error)
    }
}

impl Failure {
    /// A failure of the command line itself.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Error(Error::new(ErrorCode::InvalidArgument, "command line", message))
    }

    /// Says what went wrong on standard error and gives the exit code.
    pub(crate) fn report(&self, printer: &Printer) -> u8 {
        match self {
            Self::Error(error) => {
                printer.error(&sentence(error));
                if let Some(advice) = advice(error.code) {
                    printer.note(advice);
                }
                exit_code(error.code)
            }
            Self::Problems(problems) => {
                for problem in problems {
                    printer.problem(problem);
                }
                exit::USAGE
            }
            Self::Told(code) => *code,
            // A reader that has seen enough, such as `head`, is no failure.
            Self::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe => exit::SUCCESS,
            Self::Output(error) => {
                printer.error(&format!("cannot write to standard output: {error}"));
                exit::FAILED
            }
        }
    }
}

/// One sentence: what, and the facts that say where.
fn sentence(error: &Error) -> String {
    let facts: Vec<String> = error
        .context
        .iter()
        .filter(|(key, _)| !matches!(*key, "status" | "error_code"))
        .map(|(key, value)| format!("{}: {value}", key.replace('_', " ")))
        .collect();
    if facts.is_empty() { error.message.clone() } else { format!("{} ({})", error.message, facts.join(", ")) }
}

/// What to do about it, where the message cannot know.
fn advice(code: ErrorCode) -> Option<&'static str> {
    match code {
        ErrorCode::Unreachable => Some("check the host, or start a local engine with `lakeflow dev`"),
        ErrorCode::Unauthenticated => Some(
            "check --token, DATABRICKS_TOKEN or the profile; a local engine's token is in its data folder",
        ),
        ErrorCode::Internal => Some("this is a fault of lakeflow; please report it with the command you ran"),
        _ => None,
    }
}

/// The exit code of an error.
pub(crate) fn exit_code(code: ErrorCode) -> u8 {
    match code {
        ErrorCode::InvalidParameters
        | ErrorCode::InvalidDefinition
        | ErrorCode::InvalidArgument
        | ErrorCode::Malformed
        | ErrorCode::LimitExceeded
        | ErrorCode::NotFound
        | ErrorCode::InvalidState
        | ErrorCode::Unsupported
        // A data folder that cannot be used is one that was badly chosen.
        | ErrorCode::Storage => exit::USAGE,
        ErrorCode::WaitTimedOut | ErrorCode::DeadlineExceeded => exit::TIMED_OUT,
        ErrorCode::Unauthenticated
        | ErrorCode::PermissionDenied
        | ErrorCode::RateLimited
        | ErrorCode::Unavailable
        | ErrorCode::Unreachable
        | ErrorCode::ServerError => exit::HOST,
        ErrorCode::Interrupted => exit::INTERRUPTED,
        ErrorCode::RunFailed | ErrorCode::InvalidTransition  | ErrorCode::Internal => {
            exit::FAILED
        }
    }
}
