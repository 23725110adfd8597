//! Access to the database: one thread that writes, one that reads, both fed with closures, so that no async task ever
//! blocks and no two transactions wait for each other.
//!
//! The journal is WAL with `synchronous = NORMAL`: a commit survives the death of the engine at any instruction
//! (`kill -9`), which is what the engine promises. A power cut may take the last commits with it, never the
//! consistency of the file; the processes that those commits told of are gone as well then. `FULL` would cost a disk flush for each step of
//! each task.

use super::schema;
use super::system::Changes;
use crate::live::Feed;
use lakeflow_core::error::{Error, ErrorCode, Retry};
use rusqlite::{Connection, ErrorCode as Sql, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{Notify, oneshot};

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// What can go wrong inside a query.
#[derive(Debug)]
pub(super) enum Fault {
    Sql(rusqlite::Error),
    /// A document in the database that cannot be read, or one that cannot be written.
    Json(serde_json::Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

/// Result of a query.
pub(super) type Db<T> = Result<T, Fault>;

#[derive(Debug)]
struct Worker {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    fn spawn(name: &str, mut connection: Connection) -> std::io::Result<Self> {
        let (sender, jobs) = mpsc::channel::<Job>();
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            for job in jobs {
                job(&mut connection);
            }
        })?;
        Ok(Self { jobs: Some(sender), thread: Some(thread) })
    }
}

impl Drop for Worker {
    /// Ends the thread after the work it was given, so that the database file is closed when the store is gone.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A worker cannot panic: its closures do not. Nothing is left to do if it did.
            let _ = thread.join();
        }
    }
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    writer: Worker,
    reader: Worker,
    feed: Feed,
    changes: Changes,
    /// Woken when something is to be told.
    post: Notify,
}

/// The database. Clones are the same database; it is closed when the last one is dropped.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    inner: Arc<Inner>,
}

impl Store {
    /// Opens or creates `jobs.sqlite3` in `folder` and brings it to this version's schema. Blocks.
    pub(crate) fn open(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("jobs.sqlite3");
        let fail = |fault: Fault| explain(&fault, "open_store", &path);
        let mut writer = connect(&path).map_err(|e| fail(e.into()))?;
        schema::migrate(&mut writer).map_err(|e| match e {
            schema::MigrationError::Sql(error) => fail(error.into()),
            schema::MigrationError::TooNew(found) => Error::new(
                ErrorCode::Storage,
                "open_store",
                format!(
                    "the database is of schema version {found}, this program knows up to {}; use the newer program that wrote it or another data folder",
                    schema::VERSION
                ),
            )
            .with("file", path.display()),
        })?;
        let reader = connect(&path).map_err(|e| fail(e.into()))?;
        let thread = |error: std::io::Error| {
            Error::new(ErrorCode::Internal, "open_store", format!("no thread for the database: {error}"))
        };
        let writer = Worker::spawn("lakeflow-store-writer", writer).map_err(thread)?;
        let reader = Worker::spawn("lakeflow-store-reader", reader).map_err(thread)?;
        let (feed, changes, post) = (Feed::new(), Changes::default(), Notify::new());
        Ok(Self { inner: Arc::new(Inner { path, writer, reader, feed, changes, post }) })
    }

    /// What changed, for pages that show it live.
    pub(crate) fn feed(&self) -> &Feed {
        &self.inner.feed
    }

    /// What changed, for the system tables.
    pub(crate) fn changes(&self) -> &Changes {
        &self.inner.changes
    }

    /// Wakes whoever sends notifications.
    pub(crate) fn post(&self) -> &Notify {
        &self.inner.post
    }

    /// Runs a closure in one write transaction; it is rolled back when the closure fails.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Connection) -> Db<T> + Send + 'static,
    ) -> Result<T, Error> {
        self.send(&self.inner.writer, operation, move |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        })
        .await
    }

    /// Runs a closure that only reads, on one snapshot of the database.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Connection) -> Db<T> + Send + 'static,
    ) -> Result<T, Error> {
        self.send(&self.inner.reader, operation, move |connection| {
            let transaction = connection.transaction()?;
            work(&transaction)
        })
        .await
    }

    async fn send<T: Send + 'static>(
        &self,
        worker: &Worker,
        operation: &'static str,
        work: impl FnOnce(&mut Connection) -> Db<T> + Send + 'static,
    ) -> Result<T, Error> {
        let gone = || Error::new(ErrorCode::Storage, operation, "the database has been closed");
        let (answer, result) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // Nobody waits for the answer any more when the caller was dropped; the work is done all the same.
            let _ = answer.send(work(connection));
        });
        worker.jobs.as_ref().ok_or_else(gone)?.send(job).map_err(|_| gone())?;
        let done = result.await.map_err(|_| gone())?;
        done.map_err(|fault| explain(&fault, operation, &self.inner.path))
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "cache_size", -4096)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// The error for people: what is wrong with the database, and what helps.
fn explain(fault: &Fault, operation: &'static str, path: &Path) -> Error {
    let (message, retry) = match fault {
        Fault::Json(error) => (format!("a stored document cannot be read or written: {error}"), Retry::Never),
        Fault::Sql(error) => match error.sqlite_error_code() {
            Some(Sql::DiskFull) => {
                ("the disk is full; make room and try again".to_owned(), Retry::After(1000))
            }
            Some(Sql::DatabaseBusy | Sql::DatabaseLocked) => {
                ("the database is locked by another program; close it".to_owned(), Retry::After(1000))
            }
            Some(Sql::DatabaseCorrupt | Sql::NotADatabase) => (
                "the database is damaged; move the data folder away to begin with an empty one".to_owned(),
                Retry::Never,
            ),
            Some(Sql::ReadOnly | Sql::CannotOpen | Sql::PermissionDenied) => (
                "the database cannot be opened for writing; check the permissions of the data folder"
                    .to_owned(),
                Retry::Never,
            ),
            _ => (format!("the database failed: {error}"), Retry::Never),
        },
    };
    Error::new(ErrorCode::Storage, operation, message).with("file", path.display()).retry(retry)
}
