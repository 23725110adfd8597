//! Federation: a token that the surroundings give (a CI job, a variable, a file) is exchanged for one of the workspace
//! (RFC 8693).

use super::server::{TokenServers, read, refused};
use super::token::{Grant, Granted};
use super::{Devops, Github, Secret};
use futures::future::BoxFuture;
use lakeflow_core::error::{Error, ErrorCode};
use serde::Deserialize;
use std::path::PathBuf;
use tokio::sync::OnceCell;
use url::Url;

/// Where the first token comes from.
pub(crate) enum IdToken {
    /// A job of GitHub Actions, which has to be allowed `id-token: write`.
    Github(Github),
    /// A job of Azure DevOps.
    Devops(Devops),
    /// An environment variable.
    Variable(Secret),
    /// A file, read anew for each exchange.
    File(PathBuf),
}

/// Exchanges the token of a service principal, or of an account-wide policy when there is no `client_id`.
pub(crate) struct Federation {
    pub(crate) host: Url,
    pub(crate) client_id: Option<String>,
    /// Of the first token; the token endpoint when missing.
    pub(crate) audience: Option<String>,
    pub(crate) source: IdToken,
    pub(crate) servers: TokenServers,
    pub(crate) endpoint: OnceCell<String>,
}

impl Federation {
    async fn exchange(&self) -> Result<Granted, Error> {
        let endpoint = self.endpoint.get_or_try_init(|| self.servers.discover(&self.host)).await?;
        let audience = self.audience.as_deref().unwrap_or(endpoint);
        let token = self.source.token(&self.servers, audience).await?;
        let mut form = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
            ("subject_token", token.reveal()),
            ("scope", "all-apis"),
        ];
        form.extend(self.client_id.as_deref().map(|id| ("client_id", id)));
        self.servers.grant(endpoint, None, &form, &[token.reveal()]).await
    }
}

impl Grant for Federation {
    fn fetch(&self) -> BoxFuture<'_, Result<Granted, Error>> {
        Box::pin(self.exchange())
    }
    fn kind(&self) -> &'static str {
        match self.source {
            IdToken::Github(_) => "github-oidc",
            IdToken::Devops(_) => "azure-devops-oidc",
            IdToken::Variable(_) => "env-oidc",
            IdToken::File(_) => "file-oidc",
        }
    }
}

impl IdToken {
    async fn token(&self, servers: &TokenServers, audience: &str) -> Result<Secret, Error> {
        match self {
            Self::Github(github) => github.token(servers, audience).await,
            Self::Devops(devops) => devops.token(servers).await,
            Self::Variable(token) => Ok(token.clone()),
            Self::File(path) => {
                let text = tokio::fs::read_to_string(path).await.map_err(|e| {
                    let message = format!("the OIDC token file {} cannot be read: {e}", path.display());
                    refused(ErrorCode::Unauthenticated, message)
                })?;
                if text.trim().is_empty() {
                    let message = format!("the OIDC token file {} is empty", path.display());
                    return Err(refused(ErrorCode::Unauthenticated, message));
                }
                Ok(Secret::new(text.trim()))
            }
        }
    }
}

impl Github {
    /// The job's token for an audience.
    pub(crate) async fn token(&self, servers: &TokenServers, audience: &str) -> Result<Secret, Error> {
        #[derive(Deserialize)]
        struct Answer {
            value: String,
        }
        let mut url = Url::parse(&self.url).map_err(|e| {
            refused(ErrorCode::InvalidArgument, format!("ACTIONS_ID_TOKEN_REQUEST_URL is not a URL: {e}"))
        })?;
        url.query_pairs_mut().append_pair("audience", audience);
        let bearer = format!("Bearer {}", self.token.reveal());
        let answer = servers.get(url.as_str(), &[("authorization", &bearer)]).await?;
        Ok(Secret::new(read::<Answer>(&answer)?.value))
    }
}

impl Devops {
    /// The job's token; its audience is fixed.
    async fn token(&self, servers: &TokenServers) -> Result<Secret, Error> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(rename = "oidcToken")]
            token: String,
        }
        let bearer = format!("Bearer {}", self.token.reveal());
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let answer = servers.post(&self.url, &headers, Vec::new()).await?;
        Ok(Secret::new(read::<Answer>(&answer)?.token))
    }
}
