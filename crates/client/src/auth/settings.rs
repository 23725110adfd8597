//! What is known about host and credential before anything is chosen: explicit values, else environment, else profile.
//!
//! Environment and file are given by the caller as plain values, so that the rule can be tested and used where a process has
//! neither; [`Settings::or_process`] takes those of the process. `choose.rs` makes a credential of it.

use super::{Profiles, Secret};
use lakeflow_core::error::{Error, ErrorCode};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use url::Url;

pub(super) const OPERATION: &str = "configure";

/// What is known before anything is looked up; every field may be missing.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `https://….cloud.databricks.com`, or `http://127.0.0.1:8080`.
    pub host: Option<String>,
    /// Personal access token.
    pub token: Option<Secret>,
    /// Application id of a service principal.
    pub client_id: Option<String>,
    /// Its OAuth secret.
    pub client_secret: Option<Secret>,
    /// Name of a profile; `DEFAULT` is used when nothing else is set.
    pub profile: Option<String>,
    /// One of [`super::AUTH_TYPES`], to choose when several are set.
    pub auth_type: Option<String>,
    /// Azure identities.
    pub azure: AzureSettings,
    /// Google identities.
    pub google: GoogleSettings,
    /// Federation.
    pub oidc: OidcSettings,
    /// The Databricks CLI, whose sign-in is used when nothing else is set.
    pub cli_path: Option<PathBuf>,
}

/// Identities of Entra ID.
#[derive(Clone, Debug, Default)]
pub struct AzureSettings {
    /// Application id of a service principal, or of a managed identity.
    pub client_id: Option<String>,
    /// Its secret.
    pub client_secret: Option<Secret>,
    /// Directory; asked of the workspace when missing.
    pub tenant_id: Option<String>,
    /// `/subscriptions/…/workspaces/…`, for principals that the workspace does not know yet.
    pub workspace_resource_id: Option<String>,
    /// Use the managed identity of the machine.
    pub use_msi: bool,
    /// `public` (when missing), `usgovernment` or `china`.
    pub environment: Option<String>,
    /// Address of Entra ID, for clouds of one's own.
    pub authority: Option<String>,
    /// Address of the machine's identity service.
    pub identity_endpoint: Option<String>,
    /// The Azure CLI is installed.
    pub cli: bool,
}

/// Identities of Google Cloud.
#[derive(Clone, Debug, Default)]
pub struct GoogleSettings {
    /// The key of a service account: JSON, or the path of a file that holds it.
    pub credentials: Option<Secret>,
    /// A service account that the surroundings' own identity may act for.
    pub service_account: Option<String>,
    /// Application default credentials.
    pub default_credentials: Option<PathBuf>,
    /// Name and port of the metadata server.
    pub metadata_host: Option<String>,
    /// Address of the IAM credentials service.
    pub iam_endpoint: Option<String>,
}

/// Tokens of the surroundings that a workspace exchanges for its own.
#[derive(Clone, Debug, Default)]
pub struct OidcSettings {
    /// Audience that a token is asked for; the workspace's token endpoint when missing.
    pub audience: Option<String>,
    /// The token itself, as a variable holds it.
    pub token: Option<Secret>,
    /// A file that holds one.
    pub token_file: Option<PathBuf>,
    /// A job of GitHub Actions.
    pub github: Option<Github>,
    /// A job of Azure DevOps.
    pub devops: Option<Devops>,
}

/// Where a job of GitHub Actions gets its token.
#[derive(Clone, Debug)]
pub struct Github {
    /// `ACTIONS_ID_TOKEN_REQUEST_URL`.
    pub url: String,
    /// `ACTIONS_ID_TOKEN_REQUEST_TOKEN`.
    pub token: Secret,
}

/// Where a job of Azure DevOps gets its token.
#[derive(Clone, Debug)]
pub struct Devops {
    /// Made of the `SYSTEM_…` variables.
    pub url: String,
    /// `SYSTEM_ACCESSTOKEN`.
    pub token: Secret,
}

impl Settings {
    /// Host and token, as a local engine gives them.
    pub fn new(host: impl Into<String>, token: Secret) -> Self {
        Self { host: Some(host.into()), token: Some(token), ..Self::default() }
    }

    /// True when nothing says where to connect to.
    pub fn is_empty(&self) -> bool {
        self.host.is_none() && self.profile.is_none() && self.client_id.is_none() && !self.has_credential()
    }

    /// Fills what is missing from the environment and the profile file of this process.
    pub fn or_process(self) -> Result<Self, Error> {
        let variable = |name: &str| std::env::var(name).ok();
        self.or_environment(variable).or_profile(&Profiles::load(variable)?)
    }

    /// Fills what is missing from the variables that the official clients read (`DATABRICKS_…`, `ARM_…`,
    /// `GOOGLE_CREDENTIALS`, those of CI jobs); an empty one counts as missing. A credential in hand is not joined by another,
    /// and beside a profile that was named neither host nor credential is taken: they may belong to another workspace.
    #[must_use]
    pub fn or_environment(mut self, variable: impl Fn(&str) -> Option<String>) -> Self {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        if self.profile.is_none() {
            let found = Self::of_environment(&variable);
            self = self.over(found);
            self.profile = variable("DATABRICKS_CONFIG_PROFILE");
        }
        let path = variable("PATH").unwrap_or_default();
        let named = variable("DATABRICKS_CLI_PATH").map(PathBuf::from);
        self.cli_path = self.cli_path.or(named).or_else(|| installed("databricks", &path));
        self.azure.cli |= installed("az", &path).is_some();
        self.azure.authority = self.azure.authority.or_else(|| variable("AZURE_AUTHORITY_HOST"));
        let identity = || variable("AZURE_POD_IDENTITY_AUTHORITY_HOST");
        self.azure.identity_endpoint = self.azure.identity_endpoint.or_else(identity);
        let google = &mut self.google;
        google.default_credentials = google.default_credentials.take().or_else(|| google_defaults(&variable));
        google.metadata_host = google.metadata_host.take().or_else(|| variable("GCE_METADATA_HOST"));
        self
    }

    fn of_environment(variable: &impl Fn(&str) -> Option<String>) -> Self {
        let secret = |name: &str| variable(name).map(Secret::new);
        let token_variable =
            variable("DATABRICKS_OIDC_TOKEN_ENV").unwrap_or_else(|| "DATABRICKS_OIDC_TOKEN".to_owned());
        let file =
            variable("DATABRICKS_OIDC_TOKEN_FILEPATH").or_else(|| variable("DATABRICKS_OIDC_TOKEN_FILE"));
        Self {
            host: variable("DATABRICKS_HOST"),
            token: secret("DATABRICKS_TOKEN"),
            client_id: variable("DATABRICKS_CLIENT_ID"),
            client_secret: secret("DATABRICKS_CLIENT_SECRET"),
            auth_type: variable("DATABRICKS_AUTH_TYPE"),
            azure: AzureSettings {
                client_id: variable("ARM_CLIENT_ID"),
                client_secret: secret("ARM_CLIENT_SECRET"),
                tenant_id: variable("ARM_TENANT_ID"),
                workspace_resource_id: variable("DATABRICKS_AZURE_RESOURCE_ID"),
                use_msi: variable("ARM_USE_MSI").is_some_and(|text| is_true(&text)),
                environment: variable("ARM_ENVIRONMENT"),
                ..AzureSettings::default()
            },
            google: GoogleSettings {
                credentials: secret("GOOGLE_CREDENTIALS"),
                service_account: variable("DATABRICKS_GOOGLE_SERVICE_ACCOUNT"),
                ..GoogleSettings::default()
            },
            oidc: OidcSettings {
                audience: variable("DATABRICKS_TOKEN_AUDIENCE"),
                token: secret(&token_variable),
                token_file: file.map(PathBuf::from),
                github: variable("ACTIONS_ID_TOKEN_REQUEST_URL")
                    .zip(secret("ACTIONS_ID_TOKEN_REQUEST_TOKEN"))
                    .map(|(url, token)| Github { url, token }),
                devops: devops(variable),
            },
            ..Self::default()
        }
    }

    /// Fills what is missing from the named profile. Without a name: when neither host nor credential is set from `DEFAULT`;
    /// when only the host is set from the one profile for that host, if there is just one.
    pub fn or_profile(self, profiles: &Profiles) -> Result<Self, Error> {
        let found = match (&self.profile, &self.host) {
            (Some(name), _) => Some(profiles.get(name).ok_or_else(|| {
                let known: Vec<&str> = profiles.names().collect();
                let message = format!("there is no profile {name:?}; profiles are: {}", known.join(", "));
                Error::new(ErrorCode::InvalidArgument, OPERATION, message)
            })?),
            (None, _) if self.has_credential() => None,
            (None, None) => profiles.get("DEFAULT"),
            (None, Some(_)) => self.host_url().ok().and_then(|host| profiles.only_for(&host)),
        };
        Ok(match found {
            Some(profile) => self.over(Self::of_profile(profile)),
            None => self,
        })
    }

    fn of_profile(profile: &BTreeMap<String, String>) -> Self {
        let key = |name: &str| profile.get(name).filter(|value| !value.is_empty()).cloned();
        let secret = |name: &str| key(name).map(Secret::new);
        Self {
            host: key("host"),
            token: secret("token"),
            client_id: key("client_id"),
            client_secret: secret("client_secret"),
            auth_type: key("auth_type"),
            azure: AzureSettings {
                client_id: key("azure_client_id"),
                client_secret: secret("azure_client_secret"),
                tenant_id: key("azure_tenant_id"),
                workspace_resource_id: key("azure_workspace_resource_id"),
                use_msi: key("azure_use_msi").is_some_and(|text| is_true(&text)),
                environment: key("azure_environment"),
                ..AzureSettings::default()
            },
            google: GoogleSettings {
                credentials: secret("google_credentials"),
                service_account: key("google_service_account"),
                ..GoogleSettings::default()
            },
            oidc: OidcSettings {
                audience: key("token_audience"),
                token_file: key("oidc_token_filepath").map(PathBuf::from),
                ..OidcSettings::default()
            },
            cli_path: key("databricks_cli_path").map(PathBuf::from),
            ..Self::default()
        }
    }

    /// True when there is something that proves who is calling.
    fn has_credential(&self) -> bool {
        self.token.is_some()
            || self.client_secret.is_some()
            || self.azure.client_secret.is_some()
            || self.azure.use_msi
            || self.google.credentials.is_some()
            || self.google.service_account.is_some()
            || self.oidc.token.is_some()
            || self.oidc.token_file.is_some()
    }

    /// Fills what is missing from `lower`. What proves who is calling comes from one of the two alone.
    fn over(self, lower: Self) -> Self {
        let lower = if self.has_credential() { lower.without_credential() } else { lower };
        let (azure, google, oidc) = (lower.azure, lower.google, lower.oidc);
        Self {
            host: self.host.or(lower.host),
            token: self.token.or(lower.token),
            client_id: self.client_id.or(lower.client_id),
            client_secret: self.client_secret.or(lower.client_secret),
            profile: self.profile.or(lower.profile),
            auth_type: self.auth_type.or(lower.auth_type),
            azure: AzureSettings {
                client_id: self.azure.client_id.or(azure.client_id),
                client_secret: self.azure.client_secret.or(azure.client_secret),
                tenant_id: self.azure.tenant_id.or(azure.tenant_id),
                workspace_resource_id: self.azure.workspace_resource_id.or(azure.workspace_resource_id),
                use_msi: self.azure.use_msi || azure.use_msi,
                environment: self.azure.environment.or(azure.environment),
                authority: self.azure.authority.or(azure.authority),
                identity_endpoint: self.azure.identity_endpoint.or(azure.identity_endpoint),
                cli: self.azure.cli || azure.cli,
            },
            google: GoogleSettings {
                credentials: self.google.credentials.or(google.credentials),
                service_account: self.google.service_account.or(google.service_account),
                default_credentials: self.google.default_credentials.or(google.default_credentials),
                metadata_host: self.google.metadata_host.or(google.metadata_host),
                iam_endpoint: self.google.iam_endpoint.or(google.iam_endpoint),
            },
            oidc: OidcSettings {
                audience: self.oidc.audience.or(oidc.audience),
                token: self.oidc.token.or(oidc.token),
                token_file: self.oidc.token_file.or(oidc.token_file),
                github: self.oidc.github.or(oidc.github),
                devops: self.oidc.devops.or(oidc.devops),
            },
            cli_path: self.cli_path.or(lower.cli_path),
        }
    }

    /// Client ids stay: a secret above may belong to them, and alone they prove nothing.
    fn without_credential(self) -> Self {
        Self {
            token: None,
            client_secret: None,
            auth_type: None,
            azure: AzureSettings { client_secret: None, use_msi: false, ..self.azure },
            google: GoogleSettings { credentials: None, service_account: None, ..self.google },
            oidc: OidcSettings { audience: self.oidc.audience, ..OidcSettings::default() },
            ..self
        }
    }

    /// The host as a URL without path: a missing scheme is `https`, what follows the host's name is dropped, so that
    /// the address line of a browser may be pasted.
    pub fn host_url(&self) -> Result<Url, Error> {
        let refused = |message: String| Error::new(ErrorCode::InvalidArgument, OPERATION, message);
        let host = self.host.as_deref().map(str::trim).filter(|host| !host.is_empty()).ok_or_else(|| {
            refused("no host is set; give --host or DATABRICKS_HOST, or a profile".to_owned())
        })?;
        let text = if host.contains("://") { host.to_owned() } else { format!("https://{host}") };
        let mut url =
            Url::parse(&text).map_err(|e| refused(format!("the host {host:?} is not a URL: {e}")))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(refused(format!("the host {host:?} is not an http or https URL")));
        }
        url.set_path("");
        url.set_query(None);
        url.set_fragment(None);
        Ok(url)
    }
}

fn is_true(text: &str) -> bool {
    matches!(text.to_lowercase().as_str(), "1" | "true" | "yes")
}

/// The program in one of the folders of `PATH`.
fn installed(program: &str, path: &str) -> Option<PathBuf> {
    let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(path).map(|folder| folder.join(&name)).find(|candidate| candidate.is_file())
}

/// Where application default credentials are: the variable, else the file that `gcloud` writes.
fn google_defaults(variable: &impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let named = variable("GOOGLE_APPLICATION_CREDENTIALS").map(PathBuf::from);
    named.or_else(|| {
        let home = variable("HOME")?;
        let file = Path::new(&home).join(".config/gcloud/application_default_credentials.json");
        file.is_file().then_some(file)
    })
}

fn devops(variable: &impl Fn(&str) -> Option<String>) -> Option<Devops> {
    let part = |name: &str| variable(&format!("SYSTEM_{name}"));
    let url = format!(
        "{}{}/_apis/distributedtask/hubs/{}/plans/{}/jobs/{}/oidctoken?api-version=7.2-preview.1",
        part("TEAMFOUNDATIONCOLLECTIONURI")?,
        part("TEAMPROJECTID")?,
        part("HOSTTYPE")?,
        part("PLANID")?,
        part("JOBID")?,
    );
    Some(Devops { url, token: Secret::new(part("ACCESSTOKEN")?) })
}
