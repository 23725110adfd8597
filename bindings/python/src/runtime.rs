//! The async runtime of the module, and the two ways in which Python gets what comes out of it: a call that blocks, which
//! looks for signals every 100 ms, and an awaitable. A child of `fork()` makes its own.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3_async_runtimes::TaskLocals;
use pyo3_async_runtimes::generic;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::{JoinError, JoinHandle};

/// A wait for anything looks for Ctrl-C this often.
const SIGNALS: Duration = Duration::from_millis(100);

/// Threads that drive all waits of the process.
const WORKERS: usize = 2;

/// Threads that call into Python: credentials and results of awaitables.
const CALLERS: usize = 8;

/// The runtime is never dropped: dropping it would wait for calls that nobody wants any more.
static RUNTIME: Mutex<Option<&'static Runtime>> = Mutex::new(None);

/// Rises with each fork, so that connections of the parent are not used.
static GENERATION: AtomicU64 = AtomicU64::new(0);

/// The runtime, made when it is first asked for. The lock is only held by threads that hold the interpreter, so a fork
/// never finds it taken.
pub(crate) fn handle() -> PyResult<Handle> {
    let mut runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = *runtime {
        return Ok(runtime.handle().clone());
    }
    let made = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(CALLERS)
        .thread_name("lakeflow")
        .enable_all()
        .build()
        .map_err(|e| PyRuntimeError::new_err(format!("threads cannot be started: {e}")))?;
    let made: &'static Runtime = Box::leak(Box::new(made));
    *runtime = Some(made);
    Ok(made.handle().clone())
}

/// Which process this is, counted by forks.
pub(crate) fn generation() -> u64 {
    GENERATION.load(Ordering::Relaxed)
}

/// Forgets the parent's runtime; its threads did not come along.
#[pyfunction]
pub(crate) fn after_fork() {
    *RUNTIME.lock().unwrap_or_else(PoisonError::into_inner) = None;
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// Runs a future to its end on the runtime, with the interpreter free meanwhile. A signal handler that raises, as that of
/// Ctrl-C does, ends the call; the future is dropped then.
pub(crate) fn block<T: Send + 'static>(
    py: Python<'_>,
    future: impl Future<Output = T> + Send + 'static,
) -> PyResult<T> {
    let (tell, told) = mpsc::sync_channel(1);
    // Only this thread asks; the lock makes that known to the compiler.
    let told = Mutex::new(told);
    let task = handle()?.spawn(async move {
        // The receiver is gone after a signal.
        let _ = tell.send(future.await);
    });
    loop {
        let answer = py.detach(|| told.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(SIGNALS));
        match answer {
            Ok(value) => return Ok(value),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                return Err(PyRuntimeError::new_err("the operation stopped by a fault of lakeflow-jobs"));
            }
        }
        if let Err(raised) = py.check_signals() {
            task.abort();
            return Err(raised);
        }
    }
}

/// Runs a future and gives its result, blocking or as an awaitable of the running event loop. `finish` makes a Python
/// object of the result.
pub(crate) fn give<T: Send + 'static>(
    py: Python<'_>,
    awaitable: bool,
    future: impl Future<Output = T> + Send + 'static,
    finish: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
) -> PyResult<Bound<'_, PyAny>> {
    if awaitable {
        generic::future_into_py::<Tokio, _, Py<PyAny>>(py, async move {
            let value = future.await;
            Python::attach(|py| finish(py, value))
        })
    } else {
        let value = block(py, future)?;
        Ok(finish(py, value)?.into_bound(py))
    }
}

/// The runtime as the library for awaitables knows it.
struct Tokio;

tokio::task_local! {
    static LOCALS: TaskLocals;
}

impl generic::Runtime for Tokio {
    type JoinError = JoinError;
    type JoinHandle = JoinHandle<()>;

    fn spawn<F: Future<Output = ()> + Send + 'static>(future: F) -> JoinHandle<()> {
        current().spawn(future)
    }

    fn spawn_blocking<F: FnOnce() + Send + 'static>(call: F) -> JoinHandle<()> {
        current().spawn_blocking(call)
    }
}

/// The runtime of the task that is asking, else the module's.
#[expect(clippy::expect_used, reason = "a process that cannot start two threads cannot go on")]
fn current() -> Handle {
    Handle::try_current().unwrap_or_else(|_| handle().expect("threads can be started"))
}

impl generic::ContextExt for Tokio {
    fn scope<F, R>(locals: TaskLocals, future: F) -> Pin<Box<dyn Future<Output = R> + Send>>
    where
        F: Future<Output = R> + Send + 'static,
    {
        Box::pin(LOCALS.scope(locals, future))
    }

    fn get_task_locals() -> Option<TaskLocals> {
        LOCALS.try_with(Clone::clone).ok()
    }
}
