//! OAuth client credentials of a service principal of the workspace.

use super::Secret;
use super::server::TokenServers;
use super::token::{Grant, Granted};
use base64::Engine as _;
use futures::future::BoxFuture;
use lakeflow_core::error::Error;
use tokio::sync::OnceCell;
use url::Url;

/// A service principal.
pub(crate) struct ClientCredentials {
    pub(crate) host: Url,
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
    pub(crate) servers: TokenServers,
    pub(crate) endpoint: OnceCell<String>,
}

impl ClientCredentials {
    async fn grant(&self) -> Result<Granted, Error> {
        let endpoint = self.endpoint.get_or_try_init(|| self.servers.discover(&self.host)).await?;
        let secret = self.client_secret.reveal();
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{}:{secret}", self.client_id));
        let form = [("grant_type", "client_credentials"), ("scope", "all-apis")];
        self.servers.grant(endpoint, Some(&format!("Basic {pair}")), &form, &[secret, &pair]).await
    }
}

impl Grant for ClientCredentials {
    fn fetch(&self) -> BoxFuture<'_, Result<Granted, Error>> {
        Box::pin(self.grant())
    }
    fn kind(&self) -> &'static str {
        "oauth-m2m"
    }
}
