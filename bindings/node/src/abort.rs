//! Calling something off from JavaScript, as an `AbortSignal` does.

use crate::fault::thrown;
use lakeflow_client::Abort as Handle;
use lakeflow_core::error::{Error, ErrorCode};
use napi_derive::napi;
use std::future::Future;

/// Calls off what was given it. A request that is under way is left alone; its answer is not waited for.
#[napi]
pub struct Abort(Handle);

#[napi]
#[expect(clippy::new_without_default, reason = "a constructor of JavaScript")]
impl Abort {
    /// One that was not used.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self(Handle::new())
    }

    /// Calls it off, now and for ever.
    #[napi]
    pub fn abort(&self) {
        self.0.abort();
    }
}

impl Abort {
    /// For the client, whose operations end by it themselves.
    pub(crate) fn handle(&self) -> Handle {
        self.0.clone()
    }

    /// What comes first: the answer, or `INTERRUPTED`.
    pub(crate) fn race<T>(
        abort: Option<&Self>,
        work: impl Future<Output = napi::Result<T>> + Send + 'static,
    ) -> impl Future<Output = napi::Result<T>> + Send + 'static {
        let abort = abort.map(Self::handle);
        async move {
            let Some(abort) = abort else { return work.await };
            tokio::select! {
                biased;
                () = abort.aborted() => Err(thrown(&Error::new(ErrorCode::Interrupted, "call", "the call was aborted"))),
                answer = work => answer,
            }
        }
    }
}
