//! Exchanges that a function of JavaScript carries out, for programs that do their own HTTP.

use futures::future::BoxFuture;
use lakeflow_client::transport::{Fault, HttpRequest, Transport};
use lakeflow_core::api::Response;
use lakeflow_core::api::fault::TransportFault;
use napi::Status;
use napi::bindgen_prelude::{Buffer, Promise};
use napi::threadsafe_function::ThreadsafeFunction;
use napi_derive::napi;
use std::sync::Arc;

/// A request, complete with host and credentials.
#[napi(object, object_from_js = false)]
pub struct TransportRequest {
    /// `GET` or `POST`.
    pub method: String,
    /// With the query.
    pub url: String,
    /// Names and values.
    pub headers: Vec<Vec<String>>,
    /// Empty for none.
    pub body: String,
    /// After this many milliseconds the answer is not waited for any more.
    pub timeout_ms: u32,
}

/// What came back. It never throws: a fault is told.
#[napi(object, object_to_js = false)]
pub struct TransportAnswer {
    /// HTTP status; 0 with a fault.
    pub status: u32,
    /// Names and values.
    pub headers: Vec<Vec<String>>,
    /// The whole body.
    pub body: Buffer,
    /// `connect`, `tls`, `broken`, `timeout` or `refused`.
    pub fault: Option<String>,
    /// For people.
    pub detail: Option<String>,
    /// The number under which JavaScript keeps what was thrown.
    pub cause: Option<u32>,
}

/// The function. Weak: a client that is not used keeps no process alive.
pub type Send =
    ThreadsafeFunction<TransportRequest, Promise<TransportAnswer>, TransportRequest, Status, false, true>;

/// Sends by JavaScript.
pub(crate) struct JsTransport(pub(crate) Arc<Send>);

impl Transport for JsTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<Response, Fault>> {
        let send = self.0.clone();
        Box::pin(async move {
            let body = String::from_utf8(request.body).map_err(|e| refused(e.to_string()))?;
            let request = TransportRequest {
                method: request.method.as_str().to_owned(),
                url: request.url,
                headers: request.headers.into_iter().map(|(name, value)| vec![name, value]).collect(),
                body,
                timeout_ms: u32::try_from(request.timeout.as_millis()).unwrap_or(u32::MAX),
            };
            let answer = match send.call_async(request).await {
                Ok(promise) => promise.await,
                Err(error) => Err(error),
            };
            read(answer.map_err(|e| refused(e.reason.clone()))?)
        })
    }
}

fn read(answer: TransportAnswer) -> Result<Response, Fault> {
    if let Some(fault) = answer.fault {
        let kind = match fault.as_str() {
            "connect" => TransportFault::Connect,
            "tls" => TransportFault::Tls,
            "timeout" => TransportFault::Timeout,
            "refused" => TransportFault::Refused,
            _ => TransportFault::Broken,
        };
        return Err(Fault { kind, detail: answer.detail.unwrap_or_default(), cause: answer.cause });
    }
    let status =
        u16::try_from(answer.status).map_err(|_| refused(format!("{} is no HTTP status", answer.status)))?;
    let pair = |header: Vec<String>| {
        let mut parts = header.into_iter();
        Some((parts.next()?, parts.next()?))
    };
    Ok(Response {
        status,
        headers: answer.headers.into_iter().filter_map(pair).collect(),
        body: answer.body.to_vec(),
    })
}

fn refused(detail: String) -> Fault {
    Fault::new(TransportFault::Refused, detail)
}
