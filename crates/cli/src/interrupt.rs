//! Ctrl-C, and the signal that asks a program to end.

use crate::failure::Failure;
use lakeflow_core::error::{Error, ErrorCode};

/// Listens from the moment it is made, so that nothing is missed between two looks.
pub(crate) struct Interrupts {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

impl Interrupts {
    /// Takes over the signals; from now on they end nothing by themselves.
    #[cfg(unix)]
    pub(crate) fn new() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(refused)?,
            terminate: signal(SignalKind::terminate()).map_err(refused)?,
        })
    }

    /// Takes over the signal; from now on it ends nothing by itself.
    #[cfg(windows)]
    pub(crate) fn new() -> Result<Self, Failure> {
        Ok(Self { interrupt: tokio::signal::windows::ctrl_c().map_err(refused)? })
    }

    /// Returns when one of them comes.
    pub(crate) async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(windows)]
        {
            self.interrupt.recv().await;
        }
    }
}

fn refused(error: std::io::Error) -> Failure {
    let message = format!("the system does not let the program listen to Ctrl-C: {error}");
    Failure::Error(Error::new(ErrorCode::Internal, "start", message))
}
