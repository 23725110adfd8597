//! Calls to token servers. Their answers hold tokens, so that no text of theirs is shown unless it is an error's.

use super::Secret;
use super::token::{Granted, UNKNOWN_LIFE};
use crate::clock::Clock;
use crate::transport::{HttpRequest, Transport};
use lakeflow_core::api::fault::{self, AUTHENTICATE};
use lakeflow_core::api::redact::redact;
use lakeflow_core::api::{Method, Response};
use lakeflow_core::error::{Error, ErrorCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// How long one call to a token server may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// An error of getting a credential.
pub(crate) fn refused(code: ErrorCode, message: impl Into<String>) -> Error {
    Error::new(code, AUTHENTICATE, message)
}

/// The way to token servers.
#[derive(Clone)]
pub(crate) struct TokenServers(pub(crate) Arc<dyn Transport>);

/// The answer of an OAuth token endpoint. Azure sends numbers as text.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    #[serde(default)]
    expires_in: Option<serde_json::Value>,
}

impl TokenServers {
    pub(crate) async fn get(&self, url: &str, headers: &[(&str, &str)]) -> Result<Response, Error> {
        self.send(Method::Get, url, headers, Vec::new()).await
    }

    pub(crate) async fn post(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Response, Error> {
        self.send(Method::Post, url, headers, body).await
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Response, Error> {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = HttpRequest { method, url: url.to_owned(), headers, body, timeout: TIMEOUT };
        self.0.send(request).await.map_err(|f| fault::transport(AUTHENTICATE, f.kind, &f.detail))
    }

    /// Sends a form.
    pub(crate) async fn form(
        &self,
        url: &str,
        authorization: Option<&str>,
        form: &[(&str, &str)],
    ) -> Result<Response, Error> {
        let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
        headers.extend(authorization.map(|value| ("authorization", value)));
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.post(url, &headers, body.into_bytes()).await
    }

    /// Asks a token endpoint with a form. `secrets` are removed from what it says about an error.
    pub(crate) async fn grant(
        &self,
        endpoint: &str,
        authorization: Option<&str>,
        form: &[(&str, &str)],
        secrets: &[&str],
    ) -> Result<Granted, Error> {
        let answer = self.form(endpoint, authorization, form).await?;
        granted(&answer).map_err(|mut error| {
            error.message = redact(&error.message, secrets);
            error
        })
    }

    /// The token endpoint of a workspace (reference section 2.4).
    pub(crate) async fn discover(&self, host: &Url) -> Result<String, Error> {
        #[derive(Deserialize)]
        struct Discovery {
            token_endpoint: String,
        }
        let mut url = host.clone();
        url.set_path("/oidc/.well-known/oauth-authorization-server");
        let found: Discovery = read(&self.get(url.as_str(), &[]).await?)?;
        // Secrets go to this address: it must not be led away from TLS.
        if host.scheme() == "https" && !found.token_endpoint.starts_with("https://") {
            let message = "the host names a token endpoint without TLS; it is not used";
            return Err(refused(ErrorCode::Unauthenticated, message));
        }
        Ok(found.token_endpoint)
    }
}

/// Reads the answer of an OAuth token endpoint.
pub(crate) fn granted(answer: &Response) -> Result<Granted, Error> {
    let answer: TokenAnswer = read(answer)?;
    Ok(Granted { token: Secret::new(answer.access_token), life: life(answer.expires_in.as_ref()) })
}

/// Seconds, as a number or as text.
fn life(expires_in: Option<&serde_json::Value>) -> Duration {
    let seconds = expires_in.and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok()));
    seconds.map_or(UNKNOWN_LIFE, Duration::from_secs)
}

/// Reads an answer as JSON, or as the error that it tells.
pub(crate) fn read<T: DeserializeOwned>(answer: &Response) -> Result<T, Error> {
    if !(200..300).contains(&answer.status) {
        let error = fault::classify(AUTHENTICATE, answer, Clock::wall());
        // A token server refuses a wrong secret with 400 `invalid_client` or 401 (RFC 6749, section 5.2).
        let code = match answer.status {
            400..=403 => ErrorCode::Unauthenticated,
            _ => error.code,
        };
        return Err(Error { code, ..error });
    }
    serde_json::from_slice(&answer.body)
        .map_err(|_| refused(ErrorCode::Malformed, "the token server's answer cannot be read"))
}
