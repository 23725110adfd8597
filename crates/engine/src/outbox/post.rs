//! Notices over HTTP: one POST, an answer from 200 to 299, nothing followed.

use super::Failed;
use crate::clock::Clock;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use lakeflow_core::notify::{Destination, Notice, json_body};
use reqwest::{Response, Url, header};
use rustls_platform_verifier::BuilderVerifierExt;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::error::Error as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Longest time until a receiver is connected.
const CONNECT: Duration = Duration::from_secs(5);
/// Longest time from the first byte to the answer.
const ANSWER: Duration = Duration::from_secs(10);
/// Characters of an answer that are told.
const MOST_TOLD: usize = 200;
/// Bytes of an answer that are read.
const MOST_READ: usize = 4096;

/// What the kinds of connections differ in: whether the host is this machine, and whether TLS is used.
type Kind = (bool, bool);

/// Makes connections when they are first needed.
pub(super) struct Post {
    workspace_id: String,
    clients: Mutex<BTreeMap<Kind, reqwest::Client>>,
}

impl Post {
    pub(super) fn new(workspace_id: &str) -> Self {
        Self { workspace_id: workspace_id.to_owned(), clients: Mutex::default() }
    }

    /// Sends a notice. The headers name the delivery, so that a receiver that gets it twice can tell.
    pub(super) async fn send(
        &self,
        destination: &Destination,
        id: &str,
        notice: &Notice,
        page: &str,
    ) -> Result<(), Failed> {
        let url = destination.secret("url").and_then(|url| url.parse::<Url>().ok());
        let url = url.ok_or_else(|| Failed::new("the address of the destination cannot be read"))?;
        let body = json_body(destination.kind, notice, page).to_string();
        let mut request = self
            .client(&url)?
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-lakeflow-delivery", format!("{}-{id}", self.workspace_id));
        if let Some(name) = destination.secret("username") {
            let pair = format!("{name}:{}", destination.secret("password").unwrap_or_default());
            let mut value = header::HeaderValue::try_from(format!("Basic {}", BASE64.encode(pair)))
                .map_err(|_| Failed::new("the user name or the password cannot be sent"))?;
            value.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, value);
        }
        if let Some(secret) = destination.secret("signing_secret") {
            request = request.header("x-lakeflow-signature", signature(secret, Clock::wall().0, &body));
        }
        judge(request.body(body).send().await.map_err(|error| fault(&error))?).await
    }

    fn client(&self, url: &Url) -> Result<reqwest::Client, Failed> {
        let kind = (is_local(url), url.scheme() == "https");
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&kind) {
            return Ok(client.clone());
        }
        let client = connect(kind)?;
        clients.insert(kind, client.clone());
        Ok(client)
    }
}

/// `t=MILLISECONDS,v1=HEX`: HMAC-SHA-256 over the time, a dot and the body.
fn signature(secret: &str, now: i64, body: &str) -> String {
    // A key of HMAC may have any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(format!("{now}.{body}").as_bytes());
    format!("t={now},v1={}", crate::exec::hex(&mac.finalize().into_bytes()))
}

fn connect((local, tls): Kind) -> Result<reqwest::Client, Failed> {
    let refused = |error: &dyn std::fmt::Display| Failed::new(format!("no connection can be made: {error}"));
    // The provider is named here because the process has no default one, and a library must not set it.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| refused(&e))?;
    let config = if tls {
        config.with_platform_verifier().map_err(|e| refused(&e))?.with_no_client_auth()
    } else {
        // Plain HTTP needs no roots.
        config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
    };
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .user_agent(concat!("lakeflow-jobs/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .timeout(ANSWER)
        // Receivers are told something now and then; a connection that is kept is a file that is kept.
        .pool_max_idle_per_host(0);
    if local {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|e| refused(&e))
}

fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

async fn judge(answer: Response) -> Result<(), Failed> {
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let asked = answer.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let asked = asked.map(|seconds: u32| i64::from(seconds) * 1000);
    if status.is_redirection() {
        // Where it leads may be secret.
        let text = format!("the receiver answered {status}, a redirect, which is not followed");
        return Err(Failed::new(format!("{text}; give the destination the address that it leads to")));
    }
    let said = excerpt(answer).await;
    let text = if said.is_empty() { String::new() } else { format!(": {said}") };
    Err(Failed { text: format!("the receiver answered {status}{text}"), asked })
}

/// The first words of an answer.
async fn excerpt(mut answer: Response) -> String {
    let mut body = Vec::new();
    // An answer that breaks off is told as far as it came.
    while let Ok(Some(chunk)) = answer.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > MOST_READ {
            break;
        }
    }
    let text = String::from_utf8_lossy(&body);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line.chars().filter(|c| !c.is_control()).take(MOST_TOLD).collect()
}

/// What went wrong, without the address.
fn fault(error: &reqwest::Error) -> Failed {
    if error.is_timeout() && !error.is_connect() {
        return Failed::new(format!("the receiver did not answer within {} s", ANSWER.as_secs()));
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    let what = if error.is_connect() { "the receiver cannot be reached" } else { "the connection broke" };
    match error.source() {
        Some(_) => Failed::new(format!("{what}: {innermost}")),
        None => Failed::new(what),
    }
}

#[cfg(test)]
mod tests {
    use super::signature;

    #[test]
    fn signatures_are_hmac_sha256_of_time_and_body() {
        // printf '1700000000000.{"a":1}' | openssl dgst -sha256 -hmac key
        let expected = "2c8bc12f88d77789404ce0a63cf69acf735ba98832f7a7d36147f537be556f3e";
        assert_eq!(
            signature("key", 1_700_000_000_000, "{\"a\":1}"),
            format!("t=1700000000000,v1={expected}")
        );
    }
}
