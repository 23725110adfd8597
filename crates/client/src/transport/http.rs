//! The transport over sockets: rustls with the platform's trust, connections kept, HTTP/2 where offered.

use super::{ANSWER_LIMIT, Fault, HttpRequest, Transport, is_local};
use futures::future::BoxFuture;
use lakeflow_core::api::fault::TransportFault;
use lakeflow_core::api::{Method, Response};
use rustls_platform_verifier::BuilderVerifierExt;
use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

/// The transport over sockets: rustls with the platform's trust, connections kept, HTTP/2 where offered.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    client: reqwest::Client,
}

impl HttpTransport {
    /// Prepares connections to `host`; nothing is sent. Proxies are taken from the environment, except for a host on
    /// this machine.
    pub fn new(host: &url::Url) -> Result<Self, Fault> {
        Self::prepare(host, |builder| builder)
    }

    /// The same, with names looked up by `resolver` instead of the system: for hosts that only a program's own service
    /// discovery knows.
    pub fn with_resolver<R>(host: &url::Url, resolver: Arc<R>) -> Result<Self, Fault>
    where
        R: reqwest::dns::Resolve + 'static,
    {
        Self::prepare(host, |builder| builder.dns_resolver(resolver))
    }

    fn prepare(
        host: &url::Url,
        more: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Result<Self, Fault> {
        let refused = |detail: String| Fault::new(TransportFault::Refused, detail);
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(host).map_err(|e| refused(format!("TLS cannot be set up: {e}")))?)
            .connect_timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none());
        if is_local(host) {
            builder = builder.no_proxy();
        }
        let client = more(builder).build().map_err(|e| refused(chain(&e)))?;
        Ok(Self { client })
    }
}

/// The provider is named here because the process has no default one, and a library must not set it.
fn tls(host: &url::Url) -> Result<rustls::ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = if host.scheme() == "https" {
        builder.with_platform_verifier()?.with_no_client_auth()
    } else {
        // Plain HTTP needs no roots, and a machine without any can still reach its local engine.
        builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

impl Transport for HttpTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<Response, Fault>> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut call = self.client.request(method, &request.url).timeout(request.timeout);
        for (name, value) in &request.headers {
            call = call.header(name, value);
        }
        if !request.body.is_empty() {
            call = call.body(request.body);
        }
        Box::pin(async move { read(call.send().await.map_err(|e| fault(&e))?).await })
    }
}

async fn read(mut answer: reqwest::Response) -> Result<Response, Fault> {
    let status = answer.status().as_u16();
    let headers = answer
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|e| fault(&e))? {
        if body.len() + chunk.len() > ANSWER_LIMIT {
            let detail = format!("the answer is larger than {ANSWER_LIMIT} bytes");
            return Err(Fault::new(TransportFault::Refused, detail));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response { status, headers, body })
}

fn fault(error: &reqwest::Error) -> Fault {
    let detail = chain(error);
    let kind = if error.is_builder() {
        TransportFault::Refused
    } else if caused_by_certificate(error) {
        TransportFault::Tls
    } else if error.is_connect() {
        TransportFault::Connect
    } else if error.is_timeout() {
        TransportFault::Timeout
    } else {
        TransportFault::Broken
    };
    Fault::new(kind, detail)
}

fn caused_by_certificate(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| {
        matches!(
            tls_error(cause),
            Some(rustls::Error::InvalidCertificate(_) | rustls::Error::PeerIncompatible(_))
        )
    })
}

/// The fault of TLS in an error, which may lie in several input-output errors, one in the other.
fn tls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    error.downcast_ref::<rustls::Error>().or_else(|| {
        let inner = error.downcast_ref::<std::io::Error>()?.get_ref()?;
        tls_error(inner)
    })
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

/// The error without its URL, and its innermost cause: `error sending request: Connection refused (os error 111)`.
fn chain(error: &reqwest::Error) -> String {
    match causes(error).last() {
        Some(cause) => cause.to_string(),
        None => error.to_string(),
    }
}
