//! The door between the driver and what runs attempts. The engine's own executors stand behind it; tests and simulators put
//! theirs there.

use crate::exec::{Attempt, AttemptFiles, Executors};
use crate::system::SystemTables;
use lakeflow_core::api::SqlRows;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::id::RunId;
use lakeflow_core::job::Task;
use std::future::Future;
use std::pin::Pin;
use std::time::SystemTime;

/// An answer that is waited for.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Runs attempts. Every started attempt is answered by exactly one [`crate::exec::ExecEvent::Exited`] on the channel that the executor
/// was made with, unless `shutdown` comes first.
pub trait Executor: Send + Sync + 'static {
    /// Begins an attempt and returns at once.
    fn start(&self, attempt: Attempt);

    /// Asks a running attempt to stop; unknown ones are ignored.
    fn stop(&self, run: RunId);

    /// Whether a task can run here; the reason when it cannot.
    fn supports(&self, task: &Task) -> Result<(), String>;

    /// Where an attempt keeps its files; they may not exist.
    fn files(&self, run: RunId) -> AttemptFiles;

    /// Where `spark` finds the system tables; told once, before the first attempt.
    fn serve(&self, _tables: SystemTables) {}

    /// Routes that running tasks call, with secrets of their own; served beside the API.
    fn routes(&self) -> axum::Router {
        axum::Router::new()
    }

    /// Runs SQL outside of any job and gives the rows of its last statement, at most `limit`.
    fn sql(&self, _statement: String, _limit: i64) -> Answer<'_, SqlRows> {
        let text = "these executors run no SQL";
        Box::pin(std::future::ready(Err(Error::new(ErrorCode::Unsupported, "sql", text))))
    }

    /// Removes what it keeps for later attempts and no attempt has used since `before`.
    fn prune(&self, _before: SystemTime) -> Pin<Box<dyn Future<Output = std::io::Result<()>> + Send + '_>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Ends every process, without reporting it.
    fn shutdown(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

impl Executor for Executors {
    fn start(&self, attempt: Attempt) {
        Self::start(self, attempt);
    }
    fn stop(&self, run: RunId) {
        Self::stop(self, run);
    }
    fn supports(&self, task: &Task) -> Result<(), String> {
        Self::supports(self, task)
    }
    fn files(&self, run: RunId) -> AttemptFiles {
        Self::files(self, run)
    }
    fn serve(&self, tables: SystemTables) {
        Self::serve(self, tables);
    }
    fn routes(&self) -> axum::Router {
        Self::routes(self)
    }
    fn sql(&self, statement: String, limit: i64) -> Answer<'_, SqlRows> {
        Box::pin(async move { Self::sql(self, &statement, limit).await })
    }
    fn prune(&self, before: SystemTime) -> Pin<Box<dyn Future<Output = std::io::Result<()>> + Send + '_>> {
        Box::pin(Self::prune(self, before))
    }
    fn shutdown(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(Self::shutdown(self))
    }
}
