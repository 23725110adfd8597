//! Google Cloud: a service account by its key, or one that the surroundings' own identity may act for.
//!
//! A workspace wants an ID token made out for its address, and for some calls an access token beside it.

use super::server::{TokenServers, granted, read, refused};
use super::token::{Grant, Granted, Renewed};
use super::{Credentials, Headers, Secret, bearer};
use crate::clock::Clock;
use base64::Engine as _;
use futures::future::BoxFuture;
use lakeflow_core::error::{Error, ErrorCode};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

const SCOPES: &str = "https://www.googleapis.com/auth/cloud-platform https://www.googleapis.com/auth/compute";

/// Life of the tokens that Google gives.
const LIFE: Duration = Duration::from_secs(3600);

/// What a token is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// An ID token for this audience.
    Id(String),
    /// An access token with [`SCOPES`].
    Access,
}

/// The key of a service account, as Google's console gives it.
#[derive(Deserialize)]
pub(crate) struct ServiceAccount {
    client_email: String,
    private_key: Secret,
    #[serde(default = "google_tokens")]
    token_uri: String,
}

fn google_tokens() -> String {
    "https://oauth2.googleapis.com/token".to_owned()
}

impl ServiceAccount {
    /// Reads the key from JSON, or from the file that the text names.
    pub(crate) fn load(text: &Secret) -> Result<Self, Error> {
        let bad = |why: String| refused(ErrorCode::InvalidArgument, format!("GOOGLE_CREDENTIALS {why}"));
        let json = if text.reveal().trim_start().starts_with('{') {
            text.clone()
        } else {
            let path = text.reveal();
            Secret::new(
                std::fs::read_to_string(path)
                    .map_err(|e| bad(format!("names a file that cannot be read: {e}")))?,
            )
        };
        // What is wrong is not shown: it may be part of the key.
        serde_json::from_str(json.reveal()).map_err(|_| {
            bad("is not the key of a service account, with client_email and private_key".to_owned())
        })
    }

    async fn token(&self, servers: &TokenServers, purpose: &Purpose) -> Result<Granted, Error> {
        let assertion = self.assertion(purpose)?;
        let form = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", &assertion)];
        match purpose {
            Purpose::Access => servers.grant(&self.token_uri, None, &form, &[&assertion]).await,
            Purpose::Id(_) => {
                #[derive(Deserialize)]
                struct Answer {
                    id_token: String,
                }
                let answer = servers.form(&self.token_uri, None, &form).await?;
                Ok(Granted { token: Secret::new(read::<Answer>(&answer)?.id_token), life: LIFE })
            }
        }
    }

    /// A statement signed with the key (RFC 7523).
    fn assertion(&self, purpose: &Purpose) -> Result<String, Error> {
        let now = Clock::wall().0 / 1000;
        let (name, value) = match purpose {
            Purpose::Id(audience) => ("target_audience", audience.as_str()),
            Purpose::Access => ("scope", SCOPES),
        };
        let claims = json!({
            "iss": self.client_email, "aud": self.token_uri, "iat": now, "exp": now + 3600, name: value,
        });
        let part = |value: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(json!({"alg": "RS256", "typ": "JWT"})), part(claims));
        let signature = self.sign(signed.as_bytes()).ok_or_else(|| {
            refused(
                ErrorCode::InvalidArgument,
                "the private_key of GOOGLE_CREDENTIALS is not an RSA key in PEM (PKCS#8)",
            )
        })?;
        Ok(format!("{signed}.{}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(signature)))
    }

    fn sign(&self, text: &[u8]) -> Option<Vec<u8>> {
        let key = PrivatePkcs8KeyDer::from_pem_slice(self.private_key.reveal().as_bytes()).ok()?;
        let key = rustls::crypto::ring::sign::any_supported_type(&PrivateKeyDer::Pkcs8(key)).ok()?;
        key.choose_scheme(&[rustls::SignatureScheme::RSA_PKCS1_SHA256])?.sign(text).ok()
    }
}

/// Who the surroundings are (Google's application default credentials).
pub(crate) enum Ambient {
    /// A key in a file.
    Account(ServiceAccount),
    /// A person, signed in by `gcloud auth application-default login`.
    Person(Person),
    /// The machine, by its metadata server.
    Machine(String),
}

/// What `gcloud` keeps of a person.
#[derive(Deserialize)]
pub(crate) struct Person {
    client_id: String,
    client_secret: Secret,
    refresh_token: Secret,
    #[serde(default = "google_tokens")]
    token_uri: String,
}

impl Ambient {
    /// Reads the file, else asks the machine.
    fn load(file: Option<&Path>, machine: &str) -> Result<Self, Error> {
        let Some(file) = file else { return Ok(Self::Machine(machine.to_owned())) };
        let bad = |why: &str| refused(ErrorCode::InvalidArgument, format!("{}: {why}", file.display()));
        let text = std::fs::read_to_string(file).map_err(|e| bad(&format!("cannot be read: {e}")))?;
        let value: Value = serde_json::from_str(&text).map_err(|_| bad("is not JSON"))?;
        let unreadable = |_| bad("misses fields of its type");
        match value["type"].as_str() {
            Some("service_account") => Ok(Self::Account(serde_json::from_value(value).map_err(unreadable)?)),
            Some("authorized_user") => Ok(Self::Person(serde_json::from_value(value).map_err(unreadable)?)),
            _ => Err(bad("is neither of type service_account nor authorized_user")),
        }
    }

    async fn access(&self, servers: &TokenServers) -> Result<Granted, Error> {
        match self {
            Self::Account(account) => account.token(servers, &Purpose::Access).await,
            Self::Person(person) => {
                let (secret, refresh) = (person.client_secret.reveal(), person.refresh_token.reveal());
                let form = [
                    ("grant_type", "refresh_token"),
                    ("client_id", person.client_id.as_str()),
                    ("client_secret", secret),
                    ("refresh_token", refresh),
                ];
                servers.grant(&person.token_uri, None, &form, &[secret, refresh]).await
            }
            Self::Machine(host) => {
                let url = format!("http://{host}/computeMetadata/v1/instance/service-accounts/default/token");
                granted(&servers.get(&url, &[("metadata-flavor", "Google")]).await?)
            }
        }
    }
}

/// Where a token comes from.
pub(crate) enum Source {
    /// The key itself.
    Key(Secret),
    /// The surroundings' identity acts for this service account.
    Impersonated {
        /// Its e-mail address.
        account: String,
        /// Application default credentials.
        file: Option<PathBuf>,
        /// Name and port of the metadata server.
        machine: String,
        /// Address of Google's IAM credentials service.
        iam: String,
    },
}

/// A token of a service account.
pub(crate) struct ServiceToken {
    pub(crate) source: Arc<Source>,
    pub(crate) purpose: Purpose,
    pub(crate) servers: TokenServers,
}

impl ServiceToken {
    async fn grant(&self) -> Result<Granted, Error> {
        match &*self.source {
            Source::Key(key) => ServiceAccount::load(key)?.token(&self.servers, &self.purpose).await,
            Source::Impersonated { account, file, machine, iam } => {
                let own = Ambient::load(file.as_deref(), machine)?.access(&self.servers).await?;
                let (verb, body, field) = match &self.purpose {
                    Purpose::Id(audience) => {
                        ("generateIdToken", json!({"audience": audience, "includeEmail": true}), "token")
                    }
                    Purpose::Access => {
                        let scopes: Vec<&str> = SCOPES.split(' ').collect();
                        ("generateAccessToken", json!({ "scope": scopes }), "accessToken")
                    }
                };
                let url = format!("{iam}/v1/projects/-/serviceAccounts/{account}:{verb}");
                let bearer = format!("Bearer {}", own.token.reveal());
                let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
                let answer = self.servers.post(&url, &headers, body.to_string().into_bytes()).await?;
                let answer: Value = read(&answer)?;
                let token = answer[field].as_str().ok_or_else(|| {
                    refused(ErrorCode::Malformed, format!("the answer to {verb} has no {field}"))
                })?;
                Ok(Granted { token: Secret::new(token), life: LIFE })
            }
        }
    }
}

impl Grant for ServiceToken {
    fn fetch(&self) -> BoxFuture<'_, Result<Granted, Error>> {
        Box::pin(self.grant())
    }
    fn kind(&self) -> &'static str {
        match *self.source {
            Source::Key(_) => "google-credentials",
            Source::Impersonated { .. } => "google-id",
        }
    }
}

/// The headers of a Google identity.
pub(crate) struct Google {
    pub(crate) id: Renewed<ServiceToken>,
    pub(crate) access: Renewed<ServiceToken>,
}

impl Google {
    pub(crate) fn new(source: Source, host: &url::Url, servers: &TokenServers) -> Self {
        let source = Arc::new(source);
        let audience = host.as_str().trim_end_matches('/').to_owned();
        let token = |purpose| {
            Renewed::new(ServiceToken { source: Arc::clone(&source), purpose, servers: servers.clone() })
        };
        Self { id: token(Purpose::Id(audience)), access: token(Purpose::Access) }
    }
}

impl Credentials for Google {
    fn headers<'a>(&'a self, refused: Option<&'a Headers>) -> BoxFuture<'a, Result<Headers, Error>> {
        Box::pin(async move {
            let mut headers = vec![bearer(&self.id.token(refused).await?)];
            // Only some calls need it, and not every account may have it: without it those calls are refused.
            if let Ok(token) = self.access.token(refused).await {
                headers.push(("x-databricks-gcp-sa-access-token".to_owned(), token.reveal().to_owned()));
            }
            Ok(headers)
        })
    }
    fn can_refresh(&self) -> bool {
        true
    }
    fn kind(&self) -> &'static str {
        self.id.grant.kind()
    }
}
