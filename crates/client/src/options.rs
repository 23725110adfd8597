//! Limits of calls that the caller sets: how long they may take, and how they are called off.

use std::fmt;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Calls something off from elsewhere, for example from a signal handler. Clones are the same handle.
#[derive(Clone, Default)]
pub struct Abort(CancellationToken);

impl Abort {
    /// A handle that has not been used.
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls off what holds this handle, now and for ever. A request that has not been sent is not sent any more; one that
    /// is under way is left alone.
    pub fn abort(&self) {
        self.0.cancel();
    }

    /// True once it was called off.
    pub fn is_aborted(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Returns once it is called off.
    pub async fn aborted(&self) {
        self.0.cancelled().await;
    }
}

impl fmt::Debug for Abort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Abort({})", self.is_aborted())
    }
}

/// Limits of one call, or of each operation of a [`crate::Jobs`].
#[derive(Clone, Debug, Default)]
pub struct CallOptions {
    /// The operation ends with `DEADLINE_EXCEEDED` after this long, wherever it stands: all its pages and tries count.
    /// `None`: it takes as long as trying again goes on.
    pub timeout: Option<Duration>,
    /// The operation ends with `INTERRUPTED` when this is used. What is aborted before it begins sends nothing.
    pub abort: Option<Abort>,
}
