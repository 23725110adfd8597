//! A transport without a network, for tests of programs that use the client.

use super::{Fault, HttpRequest, Transport};
use futures::future::BoxFuture;
use lakeflow_core::api::Response;
use std::sync::{Arc, Mutex, PoisonError};

/// A host in memory: a function from a request to an answer. Clones are the same host.
///
/// ```
/// use lakeflow_client::transport::{HttpRequest, MemoryTransport};
/// use lakeflow_client::{Jobs, Workspace, auth::{Secret, Settings}};
/// use lakeflow_core::{api::Response, id::JobId};
/// use std::sync::Arc;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// # runtime.block_on(async {
/// let host = MemoryTransport::new(|request: &HttpRequest| {
///     assert!(request.url.contains("/jobs/get"));
///     Ok(Response { status: 200, headers: Vec::new(), body: br#"{"job_id": 7}"#.to_vec() })
/// });
/// let settings = Settings::new("https://host.example", Secret::new("token"));
/// let jobs = Jobs::new(Workspace::with_transport(settings, Arc::new(host.clone()))?);
/// assert_eq!(jobs.get_job(JobId(7)).await?.job_id, JobId(7));
/// assert_eq!(host.requests().len(), 1);
/// # Ok::<(), lakeflow_core::error::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct MemoryTransport {
    answer: Arc<Answer>,
    requests: Arc<Mutex<Vec<HttpRequest>>>,
}

type Answer = dyn Fn(&HttpRequest) -> Result<Response, Fault> + Send + Sync;

impl MemoryTransport {
    /// A host that answers by this function.
    pub fn new(answer: impl Fn(&HttpRequest) -> Result<Response, Fault> + Send + Sync + 'static) -> Self {
        Self { answer: Arc::new(answer), requests: Arc::default() }
    }

    /// What has been asked, in order.
    pub fn requests(&self) -> Vec<HttpRequest> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Transport for MemoryTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<Response, Fault>> {
        let answer = (self.answer)(&request);
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        Box::pin(async move { answer })
    }
}
