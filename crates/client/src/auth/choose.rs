//! Which of the ways to authenticate is meant, and the credential for it. Two at once are an error that names both.

use super::azure::{Application, Azure, DATABRICKS, ForResource, ManagedIdentity, Proof, Tenant, cloud};
use super::command::Command;
use super::google::{Google, Source};
use super::m2m::ClientCredentials;
use super::oidc::{Federation, IdToken};
use super::server::TokenServers;
use super::settings::OPERATION;
use super::token::Renewed;
use super::{Credentials, Settings, Token};
use crate::transport::Transport;
use lakeflow_core::error::{Error, ErrorCode};
use std::sync::Arc;
use tokio::sync::OnceCell;
use url::Url;

/// A host and the credential for it.
#[derive(Clone)]
pub struct Identity {
    /// Scheme, name and port; no path.
    pub host: Url,
    /// The credential.
    pub credentials: Arc<dyn Credentials>,
}

/// A way to authenticate.
struct Way {
    /// As `auth_type` names it.
    name: &'static str,
    /// What has to be set for it, for people.
    needs: &'static str,
    /// True when that was set on purpose; the others are what the surroundings offer, in this order, when nothing was.
    deliberate: bool,
    /// Everything that it needs is there.
    ready: fn(&Settings) -> bool,
    make: fn(Settings, Url, TokenServers) -> Made,
}

type Made = Result<Arc<dyn Credentials>, Error>;

const WAYS: [Way; 13] = [
    Way {
        name: "pat",
        needs: "a token (DATABRICKS_TOKEN)",
        deliberate: true,
        ready: |settings| settings.token.is_some(),
        make: |settings, _, _| {
            let token = settings.token.ok_or_else(|| missing("pat"))?;
            Ok(Arc::new(Token::new(token)))
        },
    },
    Way {
        name: "oauth-m2m",
        needs: "a client id and a client secret (DATABRICKS_CLIENT_ID, DATABRICKS_CLIENT_SECRET)",
        deliberate: true,
        ready: |settings| settings.client_id.is_some() && settings.client_secret.is_some(),
        make: |settings, host, servers| {
            let (client_id, client_secret) =
                settings.client_id.zip(settings.client_secret).ok_or_else(|| missing("oauth-m2m"))?;
            let endpoint = OnceCell::new();
            Ok(Arc::new(Renewed::new(ClientCredentials {
                host,
                client_id,
                client_secret,
                servers,
                endpoint,
            })))
        },
    },
    Way {
        name: "azure-client-secret",
        needs: "an Azure client id and secret (ARM_CLIENT_ID, ARM_CLIENT_SECRET)",
        deliberate: true,
        ready: |settings| settings.azure.client_id.is_some() && settings.azure.client_secret.is_some(),
        make: |settings, host, servers| {
            let secret =
                settings.azure.client_secret.clone().ok_or_else(|| missing("azure-client-secret"))?;
            entra(settings, host, servers, Proof::Secret(secret), true)
        },
    },
    Way {
        name: "azure-msi",
        needs: "the managed identity of the machine (ARM_USE_MSI)",
        deliberate: true,
        ready: |settings| settings.azure.use_msi,
        make: managed,
    },
    Way {
        name: "google-credentials",
        needs: "the key of a Google service account (GOOGLE_CREDENTIALS)",
        deliberate: true,
        ready: |settings| settings.google.credentials.is_some(),
        make: |settings, host, servers| {
            let key = settings.google.credentials.ok_or_else(|| missing("google-credentials"))?;
            Ok(Arc::new(Google::new(Source::Key(key), &host, &servers)))
        },
    },
    Way {
        name: "google-id",
        needs: "a Google service account to act for (DATABRICKS_GOOGLE_SERVICE_ACCOUNT)",
        deliberate: true,
        ready: |settings| settings.google.service_account.is_some(),
        make: |settings, host, servers| {
            let google = settings.google;
            let source = Source::Impersonated {
                account: google.service_account.ok_or_else(|| missing("google-id"))?,
                file: google.default_credentials,
                machine: google.metadata_host.unwrap_or_else(|| "metadata.google.internal".to_owned()),
                iam: google
                    .iam_endpoint
                    .unwrap_or_else(|| "https://iamcredentials.googleapis.com".to_owned()),
            };
            Ok(Arc::new(Google::new(source, &host, &servers)))
        },
    },
    Way {
        name: "env-oidc",
        needs: "a token in a variable (DATABRICKS_OIDC_TOKEN)",
        deliberate: true,
        ready: |settings| settings.oidc.token.is_some(),
        make: |settings, host, servers| {
            let token = settings.oidc.token.clone().ok_or_else(|| missing("env-oidc"))?;
            Ok(federation(settings, host, servers, IdToken::Variable(token)))
        },
    },
    Way {
        name: "file-oidc",
        needs: "a token in a file (DATABRICKS_OIDC_TOKEN_FILEPATH)",
        deliberate: true,
        ready: |settings| settings.oidc.token_file.is_some(),
        make: |settings, host, servers| {
            let file = settings.oidc.token_file.clone().ok_or_else(|| missing("file-oidc"))?;
            Ok(federation(settings, host, servers, IdToken::File(file)))
        },
    },
    Way {
        name: "github-oidc",
        needs: "a job of GitHub Actions with `id-token: write`, and a client id (DATABRICKS_CLIENT_ID)",
        deliberate: false,
        ready: |settings| settings.client_id.is_some() && settings.oidc.github.is_some(),
        make: |settings, host, servers| {
            let github = settings.oidc.github.clone().ok_or_else(|| missing("github-oidc"))?;
            Ok(federation(settings, host, servers, IdToken::Github(github)))
        },
    },
    Way {
        name: "azure-devops-oidc",
        needs: "a job of Azure DevOps with SYSTEM_ACCESSTOKEN, and a client id (DATABRICKS_CLIENT_ID)",
        deliberate: false,
        ready: |settings| settings.client_id.is_some() && settings.oidc.devops.is_some(),
        make: |settings, host, servers| {
            let devops = settings.oidc.devops.clone().ok_or_else(|| missing("azure-devops-oidc"))?;
            Ok(federation(settings, host, servers, IdToken::Devops(devops)))
        },
    },
    Way {
        name: "github-oidc-azure",
        needs: "a job of GitHub Actions with `id-token: write`, and an Azure client id (ARM_CLIENT_ID)",
        deliberate: false,
        ready: |settings| settings.azure.client_id.is_some() && settings.oidc.github.is_some(),
        make: |settings, host, servers| {
            let github = settings.oidc.github.clone().ok_or_else(|| missing("github-oidc-azure"))?;
            entra(settings, host, servers, Proof::Github(github), false)
        },
    },
    Way {
        name: "databricks-cli",
        needs: "the Databricks CLI, signed in with `databricks auth login`",
        deliberate: false,
        ready: |settings| settings.cli_path.is_some(),
        make: |settings, host, _| {
            let host = host.as_str().trim_end_matches('/');
            let command = Command::databricks(settings.cli_path, host, settings.profile.as_deref());
            Ok(Arc::new(Renewed::new(command)))
        },
    },
    Way {
        name: "azure-cli",
        needs: "the Azure CLI, signed in with `az login`",
        deliberate: false,
        ready: |settings| settings.azure.cli && settings.azure.workspace_resource_id.is_some(),
        make: |settings, _, _| {
            let workspace = Renewed::new(Command::azure(DATABRICKS, settings.azure.tenant_id.as_deref()));
            let resource_id = settings.azure.workspace_resource_id;
            Ok(Arc::new(Azure { workspace, management: None, resource_id }))
        },
    },
];

/// The values of `auth_type`.
pub const AUTH_TYPES: [&str; WAYS.len()] = {
    let mut names = [""; WAYS.len()];
    let mut n = 0;
    while n < names.len() {
        names[n] = WAYS[n].name;
        n += 1;
    }
    names
};

impl Settings {
    /// The host and the credential. Nothing is sent: `transport` is used when a request needs a token.
    pub fn identity(self, transport: &Arc<dyn Transport>) -> Result<Identity, Error> {
        let host = self.host_url()?;
        let way = self.way()?;
        let credentials = (way.make)(self, host.clone(), TokenServers(Arc::clone(transport)))?;
        Ok(Identity { host, credentials })
    }

    fn way(&self) -> Result<&'static Way, Error> {
        if let Some(name) = self.auth_type.as_deref() {
            let way = WAYS.iter().find(|way| way.name == name).ok_or_else(|| {
                let known = AUTH_TYPES.join(", ");
                refused(format!("auth type {name:?} is not supported; use one of {known}"))
            })?;
            // The programs are looked for when they are used, so that the error says what is missing.
            let program = matches!(way.name, "databricks-cli" | "azure-cli");
            return if program || (way.ready)(self) { Ok(way) } else { Err(missing(way.name)) };
        }
        let deliberate: Vec<&Way> = WAYS.iter().filter(|way| way.deliberate && (way.ready)(self)).collect();
        match deliberate.as_slice() {
            [way] => Ok(way),
            [] => WAYS.iter().find(|way| !way.deliberate && (way.ready)(self)).ok_or_else(|| {
                let message = "no credential is set; give --token or DATABRICKS_TOKEN, a client id and secret, a \
                               profile, or sign in with the Databricks CLI";
                Error::new(ErrorCode::Unauthenticated, OPERATION, message)
            }),
            several => {
                let told: Vec<String> =
                    several.iter().map(|way| format!("{}: {}", way.name, way.needs)).collect();
                Err(refused(format!(
                    "{} ways to authenticate are set ({}); remove all but one, or choose with DATABRICKS_AUTH_TYPE",
                    if told.len() == 2 { "two".to_owned() } else { told.len().to_string() },
                    told.join("; ")
                )))
            }
        }
    }
}

fn refused(message: String) -> Error {
    Error::new(ErrorCode::InvalidArgument, OPERATION, message)
}

fn missing(name: &'static str) -> Error {
    let needs = WAYS.iter().find(|way| way.name == name).map_or("", |way| way.needs);
    Error::new(ErrorCode::Unauthenticated, OPERATION, format!("auth type {name} needs {needs}"))
}

fn federation(settings: Settings, host: Url, servers: TokenServers, source: IdToken) -> Arc<dyn Credentials> {
    let (client_id, audience, endpoint) = (settings.client_id, settings.oidc.audience, OnceCell::new());
    Arc::new(Renewed::new(Federation { host, client_id, audience, source, servers, endpoint }))
}

/// An application of Entra ID; with a secret also the token for managing Azure's resources, as the official clients send it.
fn entra(settings: Settings, host: Url, servers: TokenServers, proof: Proof, manages: bool) -> Made {
    let azure = settings.azure;
    let cloud = cloud(azure.environment.as_deref(), azure.authority.as_deref())?;
    let application = Arc::new(Application {
        authority: cloud.authority,
        client_id: azure.client_id.ok_or_else(|| missing("azure-client-secret"))?,
        proof,
        tenant: Tenant::new(host, azure.tenant_id),
        servers,
    });
    let token = |resource: &str| {
        let resource = resource.to_owned();
        Renewed::new(ForResource { application: Arc::clone(&application), resource })
    };
    let management = manages.then(|| token(cloud.management));
    Ok(Arc::new(Azure { workspace: token(DATABRICKS), management, resource_id: azure.workspace_resource_id }))
}

fn managed(settings: Settings, _: Url, servers: TokenServers) -> Made {
    let azure = settings.azure;
    let cloud = cloud(azure.environment.as_deref(), azure.authority.as_deref())?;
    let endpoint = azure.identity_endpoint.unwrap_or_else(|| "http://169.254.169.254".to_owned());
    let token = |resource: &str| {
        Renewed::new(ManagedIdentity {
            endpoint: endpoint.clone(),
            client_id: azure.client_id.clone(),
            resource: resource.to_owned(),
            servers: servers.clone(),
        })
    };
    let management = azure.workspace_resource_id.is_some().then(|| token(cloud.management));
    Ok(Arc::new(Azure {
        workspace: token(DATABRICKS),
        management,
        resource_id: azure.workspace_resource_id.clone(),
    }))
}
