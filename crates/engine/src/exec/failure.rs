//! Why an attempt could not be started.

use super::TaskOutput;
use lakeflow_core::error::Error;
use lakeflow_core::execution::Exit;
use lakeflow_core::run::{Outcome, TerminationCode};

/// An attempt that ends before anything of it runs.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) code: TerminationCode,
    pub(super) message: String,
    /// More about it, such as the output of an installation.
    pub(super) trace: Option<String>,
}

impl Failure {
    pub(super) fn new(code: TerminationCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), trace: None }
    }

    /// A fault of the engine or of its machine.
    pub(super) fn internal(fault: impl std::fmt::Display) -> Self {
        Self::new(TerminationCode::InternalError, fault.to_string())
    }

    /// What the driver is told.
    pub(super) fn into_end(self) -> (Exit, TaskOutput) {
        let output = TaskOutput {
            error: Some(self.message.clone()),
            error_trace: self.trace,
            ..TaskOutput::default()
        };
        let exit = Exit { outcome: Outcome::Failed, code: self.code, message: self.message, output: None };
        (exit, output)
    }
}

/// Errors of the interpreter: missing, too old, or gone.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(TerminationCode::DriverError, error.message)
    }
}
