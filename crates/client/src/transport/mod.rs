//! How bytes reach a host: one trait, carried out by reqwest, by a closure of the caller, or in memory for tests.
//!
//! A transport sends what it is given and reports what came back. It does not retry, follow redirects, know tokens or
//! judge answers.

mod http;
mod memory;

pub use http::HttpTransport;
pub use memory::MemoryTransport;

use futures::future::BoxFuture;
use lakeflow_core::api::fault::TransportFault;
use lakeflow_core::api::{Method, Response};
use std::fmt;
use std::time::Duration;

/// Largest answer that is read, in bytes: task output is cut at 5 MB by the platform, pages hold a few of those.
pub const ANSWER_LIMIT: usize = 64 << 20;

/// One exchange, complete with host and credentials.
#[derive(Clone)]
pub struct HttpRequest {
    /// Method.
    pub method: Method,
    /// With the query.
    pub url: String,
    /// Names and values, `Authorization` among them.
    pub headers: Vec<(String, String)>,
    /// Empty for none.
    pub body: Vec<u8>,
    /// After this the exchange is given up as [`TransportFault::Timeout`].
    pub timeout: Duration,
}

impl fmt::Debug for HttpRequest {
    /// Without header values: one of them is a credential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({} bytes)", self.method.as_str(), self.url, self.body.len())
    }
}

/// An exchange that brought no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// How it failed.
    pub kind: TransportFault,
    /// For people.
    pub detail: String,
    /// A number under which whoever sent has kept what it caught; the error has it as context `cause`.
    pub cause: Option<u32>,
}

impl Fault {
    /// A fault of which nothing is kept but what it says.
    pub fn new(kind: TransportFault, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), cause: None }
    }
}

/// Carries out exchanges.
pub trait Transport: Send + Sync + 'static {
    /// Sends the request and reads the whole answer, whatever its status.
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<Response, Fault>>;
}

/// The transport for programs that do their own HTTP, and for tests.
impl<F> Transport for F
where
    F: Fn(HttpRequest) -> BoxFuture<'static, Result<Response, Fault>> + Send + Sync + 'static,
{
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<Response, Fault>> {
        self(request)
    }
}

/// True for hosts on this machine.
pub fn is_local(host: &url::Url) -> bool {
    match host.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}
