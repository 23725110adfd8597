//! Azure: service principals with a secret, managed identities, and jobs of GitHub Actions that Entra ID trusts.

use super::server::{TokenServers, refused};
use super::token::{Grant, Granted, Renewed};
use super::{Credentials, Github, Headers, Secret, bearer};
use futures::future::BoxFuture;
use lakeflow_core::error::{Error, ErrorCode};
use std::sync::Arc;
use tokio::sync::OnceCell;
use url::Url;

/// Entra ID's name of the Azure Databricks service.
pub(crate) const DATABRICKS: &str = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d";

/// What one of Azure's clouds is reached at.
pub(crate) struct Cloud {
    /// Entra ID.
    pub(crate) authority: String,
    /// What the second token of a service principal is for.
    pub(crate) management: &'static str,
}

/// Reads `ARM_ENVIRONMENT`, also in its longer forms such as `AzureUSGovernmentCloud`.
pub(crate) fn cloud(name: Option<&str>, authority: Option<&str>) -> Result<Cloud, Error> {
    let upper = name.unwrap_or("public").to_uppercase();
    let short = upper.strip_prefix("AZURE").unwrap_or(&upper);
    let (login, management) = match short.strip_suffix("CLOUD").unwrap_or(short) {
        "PUBLIC" => ("https://login.microsoftonline.com", "https://management.core.windows.net/"),
        "USGOVERNMENT" => ("https://login.microsoftonline.us", "https://management.core.usgovcloudapi.net/"),
        "CHINA" => ("https://login.chinacloudapi.cn", "https://management.core.chinacloudapi.cn/"),
        _ => {
            let message = format!(
                "the Azure environment {:?} is not known; use public, usgovernment or china",
                name.unwrap_or_default()
            );
            return Err(Error::new(ErrorCode::InvalidArgument, "configure", message));
        }
    };
    let authority = authority.unwrap_or(login).trim_end_matches('/').to_owned();
    Ok(Cloud { authority, management })
}

/// How Entra ID learns who is asking.
pub(crate) enum Proof {
    /// A secret of the application.
    Secret(Secret),
    /// The token of a job.
    Github(Github),
}

/// An application of Entra ID.
pub(crate) struct Application {
    pub(crate) authority: String,
    pub(crate) client_id: String,
    pub(crate) proof: Proof,
    pub(crate) tenant: Tenant,
    pub(crate) servers: TokenServers,
}

/// The directory: given, or told by the workspace's own sign-in page.
pub(crate) struct Tenant {
    host: Url,
    known: OnceCell<String>,
}

impl Tenant {
    pub(crate) fn new(host: Url, given: Option<String>) -> Self {
        Self { host, known: OnceCell::new_with(given) }
    }

    async fn id(&self, servers: &TokenServers) -> Result<&str, Error> {
        self.known.get_or_try_init(|| self.discover(servers)).await.map(String::as_str)
    }

    async fn discover(&self, servers: &TokenServers) -> Result<String, Error> {
        let mut url = self.host.clone();
        url.set_path("/aad/auth");
        let answer = servers.get(url.as_str(), &[]).await?;
        let target = answer.header("location").and_then(|location| Url::parse(location).ok());
        let tenant =
            target.as_ref().and_then(|target| target.path_segments()?.next()).filter(|id| !id.is_empty());
        tenant.map(str::to_owned).ok_or_else(|| {
            refused(
                ErrorCode::Unauthenticated,
                "the workspace does not tell its Azure tenant; set ARM_TENANT_ID",
            )
        })
    }
}

/// A token of an application for one resource.
pub(crate) struct ForResource {
    pub(crate) application: Arc<Application>,
    pub(crate) resource: String,
}

impl ForResource {
    async fn grant(&self) -> Result<Granted, Error> {
        let Application { authority, client_id, proof, tenant, servers } = &*self.application;
        let endpoint = format!("{authority}/{}/oauth2/token", tenant.id(servers).await?);
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_id", client_id.as_str()),
            ("resource", self.resource.as_str()),
        ];
        let proven = match proof {
            Proof::Secret(secret) => secret.clone(),
            Proof::Github(github) => github.token(servers, "api://AzureADTokenExchange").await?,
        };
        match proof {
            Proof::Secret(_) => form.push(("client_secret", proven.reveal())),
            Proof::Github(_) => form.extend([
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                ("client_assertion", proven.reveal()),
            ]),
        }
        servers.grant(&endpoint, None, &form, &[proven.reveal()]).await
    }
}

impl Grant for ForResource {
    fn fetch(&self) -> BoxFuture<'_, Result<Granted, Error>> {
        Box::pin(self.grant())
    }
    fn kind(&self) -> &'static str {
        match self.application.proof {
            Proof::Secret(_) => "azure-client-secret",
            Proof::Github(_) => "github-oidc-azure",
        }
    }
}

/// A token of the machine's managed identity for one resource.
pub(crate) struct ManagedIdentity {
    pub(crate) endpoint: String,
    pub(crate) client_id: Option<String>,
    pub(crate) resource: String,
    pub(crate) servers: TokenServers,
}

impl ManagedIdentity {
    async fn grant(&self) -> Result<Granted, Error> {
        let base = format!("{}/metadata/identity/oauth2/token", self.endpoint.trim_end_matches('/'));
        let mut url = Url::parse(&base).map_err(|e| {
            refused(
                ErrorCode::InvalidArgument,
                format!("the endpoint of managed identities is not a URL: {e}"),
            )
        })?;
        url.query_pairs_mut()
            .append_pair("api-version", "2018-02-01")
            .append_pair("resource", &self.resource);
        if let Some(id) = &self.client_id {
            url.query_pairs_mut().append_pair("client_id", id);
        }
        let answer = self.servers.get(url.as_str(), &[("metadata", "true")]).await?;
        super::server::granted(&answer)
    }
}

impl Grant for ManagedIdentity {
    fn fetch(&self) -> BoxFuture<'_, Result<Granted, Error>> {
        Box::pin(self.grant())
    }
    fn kind(&self) -> &'static str {
        "azure-msi"
    }
}

/// The headers of an Azure identity: the token for the workspace, and with a second one the workspace's resource, so that a
/// service principal that is not yet known there is let in.
pub(crate) struct Azure<G> {
    pub(crate) workspace: Renewed<G>,
    pub(crate) management: Option<Renewed<G>>,
    pub(crate) resource_id: Option<String>,
}

impl<G: Grant> Credentials for Azure<G> {
    fn headers<'a>(&'a self, refused: Option<&'a Headers>) -> BoxFuture<'a, Result<Headers, Error>> {
        Box::pin(async move {
            let mut headers = vec![bearer(&self.workspace.token(refused).await?)];
            if let Some(id) = &self.resource_id {
                headers.push(("x-databricks-azure-workspace-resource-id".to_owned(), id.clone()));
            }
            if let Some(management) = &self.management {
                let token = management.token(refused).await?.reveal().to_owned();
                headers.push(("x-databricks-azure-sp-management-token".to_owned(), token));
            }
            Ok(headers)
        })
    }
    fn can_refresh(&self) -> bool {
        true
    }
    fn kind(&self) -> &'static str {
        self.workspace.grant.kind()
    }
}
