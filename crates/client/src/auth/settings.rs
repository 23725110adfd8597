//! Which host and which credential: explicit values, else environment, else profile (unified authentication).
//!
//! Environment and file are given by the caller as plain values, so that the rule can be tested and used where a
//! process has neither.

use super::{ClientCredentials, Credentials, Profiles, Secret, Token};
use crate::transport::Transport;
use lakeflow_core::error::{Error, ErrorCode};
use std::collections::BTreeMap;
use std::sync::Arc;
use url::Url;

const OPERATION: &str = "configure";

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
    /// `pat` or `oauth-m2m`, to choose when several are set.
    pub auth_type: Option<String>,
}

/// A host and the credential for it.
#[derive(Clone)]
pub struct Identity {
    /// Scheme, name and port; no path.
    pub host: Url,
    /// The credential.
    pub credentials: Arc<dyn Credentials>,
}

impl Settings {
    /// Host and token, as a local engine gives them.
    pub fn new(host: impl Into<String>, token: Secret) -> Self {
        Self { host: Some(host.into()), token: Some(token), ..Self::default() }
    }

    /// True when nothing says where to connect to.
    pub fn is_empty(&self) -> bool {
        self.host.is_none()
            && self.token.is_none()
            && self.profile.is_none()
            && self.client_id.is_none()
            && self.client_secret.is_none()
    }

    /// Fills what is missing from `DATABRICKS_…` variables; an empty variable counts as missing.
    #[must_use]
    pub fn or_environment(self, variable: impl Fn(&str) -> Option<String>) -> Self {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        Self {
            host: self.host.or_else(|| variable("DATABRICKS_HOST")),
            token: self.token.or_else(|| variable("DATABRICKS_TOKEN").map(Secret::new)),
            client_id: self.client_id.or_else(|| variable("DATABRICKS_CLIENT_ID")),
            client_secret: self
                .client_secret
                .or_else(|| variable("DATABRICKS_CLIENT_SECRET").map(Secret::new)),
            profile: self.profile.or_else(|| variable("DATABRICKS_CONFIG_PROFILE")),
            auth_type: self.auth_type.or_else(|| variable("DATABRICKS_AUTH_TYPE")),
        }
    }

    /// Fills what is missing from the named profile, or from `DEFAULT` when no credential is set otherwise.
    pub fn or_profile(mut self, profiles: &Profiles) -> Result<Self, Error> {
        let found = match &self.profile {
            Some(name) => Some(profiles.get(name).ok_or_else(|| {
                let known: Vec<&str> = profiles.names().collect();
                let message = format!("there is no profile {name:?}; profiles are: {}", known.join(", "));
                Error::new(ErrorCode::InvalidArgument, OPERATION, message)
            })?),
            None if self.has_credential() => None,
            None => profiles.get("DEFAULT"),
        };
        if let Some(profile) = found {
            self.fill(profile);
        }
        Ok(self)
    }

    fn has_credential(&self) -> bool {
        self.token.is_some() || self.client_id.is_some()
    }

    /// A credential in hand is not joined by another kind from the profile.
    fn fill(&mut self, profile: &BTreeMap<String, String>) {
        let key = |name: &str| profile.get(name).filter(|value| !value.is_empty()).cloned();
        let fill_credential = !self.has_credential();
        self.host = self.host.take().or_else(|| key("host"));
        self.auth_type = self.auth_type.take().or_else(|| key("auth_type"));
        if fill_credential {
            self.token = key("token").map(Secret::new);
            self.client_id = key("client_id");
            self.client_secret = key("client_secret").map(Secret::new);
        }
    }

    /// The host and the credential. `transport` is used later, when OAuth needs a token.
    pub fn identity(self, transport: &Arc<dyn Transport>) -> Result<Identity, Error> {
        let refused = |message: &str| Error::new(ErrorCode::InvalidArgument, OPERATION, message);
        let host = self.host_url()?;
        let m2m = self.client_id.zip(self.client_secret);
        let credentials: Arc<dyn Credentials> = match (self.auth_type.as_deref(), self.token, m2m) {
            (Some("pat") | None, Some(token), None) | (Some("pat"), Some(token), _) => {
                Arc::new(Token::new(token))
            }
            (Some("oauth-m2m") | None, None, Some((id, secret)))
            | (Some("oauth-m2m"), _, Some((id, secret))) => {
                Arc::new(ClientCredentials::new(host.clone(), id, secret, transport.clone()))
            }
            (None, Some(_), Some(_)) => {
                return Err(refused(
                    "two ways to authenticate are set, a token (pat) and a client secret (oauth-m2m); remove one or \
                     choose with DATABRICKS_AUTH_TYPE",
                ));
            }
            (None | Some("pat" | "oauth-m2m"), _, _) => {
                let message = "no credential is set; give --token or DATABRICKS_TOKEN, a client id and secret, or a \
                               profile";
                return Err(Error::new(ErrorCode::Unauthenticated, OPERATION, message));
            }
            (Some(other), _, _) => {
                return Err(refused(&format!("auth type {other:?} is not supported; use pat or oauth-m2m")));
            }
        };
        Ok(Identity { host, credentials })
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
