//! OAuth client credentials of a service principal: discovery, one token for all calls, refreshed before it expires.

use super::{Credentials, Secret};
use crate::transport::{HttpRequest, Transport};
use base64::Engine as _;
use futures::future::BoxFuture;
use lakeflow_core::api::{Method, Response, fault};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::time::WallTime;
use serde::Deserialize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use url::Url;

const OPERATION: &str = "authenticate";

/// How long one call to the token server may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A token is renewed this long before its end, or after four fifths of its life when that is later.
const MARGIN: Duration = Duration::from_secs(60);

/// A service principal.
pub(crate) struct ClientCredentials {
    host: Url,
    client_id: String,
    client_secret: Secret,
    transport: Arc<dyn Transport>,
    /// Held while a token is fetched, so that callers that need one at the same time share one call.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    endpoint: Option<String>,
    token: Option<(Secret, Instant)>,
}

#[derive(Deserialize)]
struct Discovery {
    token_endpoint: String,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    expires_in: Option<u64>,
}

impl ClientCredentials {
    pub(crate) fn new(
        host: Url,
        client_id: String,
        client_secret: Secret,
        transport: Arc<dyn Transport>,
    ) -> Self {
        Self { host, client_id, client_secret, transport, state: Mutex::default() }
    }

    async fn token(&self, refresh: bool) -> Result<Secret, Error> {
        let mut state = self.state.lock().await;
        match &state.token {
            Some((token, renew_at)) if !refresh && Instant::now() < *renew_at => return Ok(token.clone()),
            _ => {}
        }
        let endpoint = match &state.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => state.endpoint.insert(self.discover().await?).clone(),
        };
        let granted = self.fetch(endpoint).await?;
        let life = Duration::from_secs(granted.expires_in.unwrap_or(3600));
        let renew_after = life.saturating_sub(MARGIN).max(life * 4 / 5);
        let token = Secret::new(granted.access_token);
        state.token = Some((token.clone(), Instant::now() + renew_after));
        Ok(token)
    }

    async fn discover(&self) -> Result<String, Error> {
        let mut url = self.host.clone();
        url.set_path("/oidc/.well-known/oauth-authorization-server");
        let request = HttpRequest {
            method: Method::Get,
            url: url.to_string(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout: TIMEOUT,
        };
        let found: Discovery = self.exchange(request).await?;
        // The secret goes to this address: it must not be led away from TLS.
        if self.host.scheme() == "https" && !found.token_endpoint.starts_with("https://") {
            let message = "the host names a token endpoint without TLS; it is not used";
            return Err(Error::new(ErrorCode::Unauthenticated, OPERATION, message));
        }
        Ok(found.token_endpoint)
    }

    async fn fetch(&self, endpoint: String) -> Result<Granted, Error> {
        let pair = format!("{}:{}", self.client_id, self.client_secret.reveal());
        let basic = base64::engine::general_purpose::STANDARD.encode(pair);
        let request = HttpRequest {
            method: Method::Post,
            url: endpoint,
            headers: vec![
                ("authorization".to_owned(), format!("Basic {basic}")),
                ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
            ],
            body: b"grant_type=client_credentials&scope=all-apis".to_vec(),
            timeout: TIMEOUT,
        };
        self.exchange(request).await
    }

    async fn exchange<T: for<'de> Deserialize<'de>>(&self, request: HttpRequest) -> Result<T, Error> {
        let answer =
            self.transport.send(request).await.map_err(|f| fault::transport(OPERATION, f.kind, &f.detail))?;
        read(&answer)
    }
}

fn read<T: for<'de> Deserialize<'de>>(answer: &Response) -> Result<T, Error> {
    if answer.status != 200 {
        return Err(fault::classify(OPERATION, answer, WallTime::default()));
    }
    // The text is not shown: it may hold a token.
    serde_json::from_slice(&answer.body)
        .map_err(|_| Error::new(ErrorCode::Malformed, OPERATION, "the token server's answer cannot be read"))
}

impl Credentials for ClientCredentials {
    fn header(&self, refresh: bool) -> BoxFuture<'_, Result<String, Error>> {
        Box::pin(async move { Ok(format!("Bearer {}", self.token(refresh).await?.reveal())) })
    }
    fn can_refresh(&self) -> bool {
        true
    }
    fn kind(&self) -> &'static str {
        "oauth-m2m"
    }
}
