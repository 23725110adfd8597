//! Calling something off from JavaScript, as an `AbortSignal` does.

use crate::fault::thrown;
use lakeflow_core::error::{Error, ErrorCode};
use napi_derive::napi;
use std::future::Future;
use std::sync::Arc;
use tokio::sync::watch;

/// Calls off what was given it. A request that is under way is left alone; its answer is not waited for.
#[napi]
pub struct Abort(Arc<watch::Sender<bool>>);

#[napi]
#[expect(clippy::new_without_default, reason = "a constructor of JavaScript")]
impl Abort {
    /// One that was not used.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// Calls it off, now and for ever.
    #[napi]
    pub fn abort(&self) {
        self.0.send_replace(true);
    }
}

impl Abort {
    /// What comes first: the answer, or `INTERRUPTED`.
    pub(crate) fn race<T>(
        abort: Option<&Self>,
        work: impl Future<Output = napi::Result<T>> + Send + 'static,
    ) -> impl Future<Output = napi::Result<T>> + Send + 'static {
        let signal = abort.map(|abort| abort.0.subscribe());
        async move {
            let Some(mut signal) = signal else { return work.await };
            let aborted = async {
                if signal.wait_for(|aborted| *aborted).await.is_err() {
                    // Whoever could call it off is gone.
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                biased;
                () = aborted => Err(thrown(&Error::new(ErrorCode::Interrupted, "call", "the call was aborted"))),
                answer = work => answer,
            }
        }
    }
}
