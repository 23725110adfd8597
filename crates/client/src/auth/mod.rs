//! Who the client is: credentials that put a header on each request.
//!
//! [`Settings`] says how they are found (flags, environment, profile); nothing here sends anything before the first
//! request needs a token.

mod azure;
mod choose;
mod command;
mod google;
mod m2m;
mod oidc;
mod profile;
mod server;
mod settings;
mod token;

pub use choose::{AUTH_TYPES, Identity};
pub use profile::Profiles;
pub use settings::{AzureSettings, Devops, Github, GoogleSettings, OidcSettings, Settings};

use futures::future::BoxFuture;
use lakeflow_core::error::Error;
use serde::Deserialize;
use std::fmt;
use std::sync::Arc;

/// Names and values of HTTP headers.
pub type Headers = Vec<(String, String)>;

/// Gives the headers that say who is calling: `Authorization`, and what some clouds want beside it. One value is one
/// identity.
pub trait Credentials: Send + Sync + 'static {
    /// The headers for the next request. `refused` are those that were answered with 401 a moment ago: others are wanted, if
    /// there are any.
    fn headers<'a>(&'a self, refused: Option<&'a Headers>) -> BoxFuture<'a, Result<Headers, Error>>;

    /// True when other headers may be had after a refusal.
    fn can_refresh(&self) -> bool;

    /// The kind, as `auth_type` names it: `pat`, `oauth-m2m`, `callback`.
    fn kind(&self) -> &'static str;
}

/// The header of a bearer token.
pub(crate) fn bearer(token: &Secret) -> (String, String) {
    ("authorization".to_owned(), format!("Bearer {}", token.reveal()))
}

/// Text that is never shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Keeps the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, to be sent and not to be printed.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// A personal access token.
#[derive(Clone, Debug)]
pub struct Token(Secret);

impl Token {
    /// Uses this token for every request.
    pub fn new(token: Secret) -> Self {
        Self(token)
    }
}

impl Credentials for Token {
    fn headers<'a>(&'a self, _refused: Option<&'a Headers>) -> BoxFuture<'a, Result<Headers, Error>> {
        Box::pin(async { Ok(vec![bearer(&self.0)]) })
    }
    fn can_refresh(&self) -> bool {
        false
    }
    fn kind(&self) -> &'static str {
        "pat"
    }
}

/// A function that is asked for the headers of each request, for hosts that own the credential: notebooks, apps that act
/// for a user. It is told whether the last ones were refused. It must stand for one identity.
pub struct HeaderCallback<F>(pub F);

impl<F> Credentials for HeaderCallback<F>
where
    F: Fn(bool) -> BoxFuture<'static, Result<Headers, Error>> + Send + Sync + 'static,
{
    fn headers<'a>(&'a self, refused: Option<&'a Headers>) -> BoxFuture<'a, Result<Headers, Error>> {
        (self.0)(refused.is_some())
    }
    fn can_refresh(&self) -> bool {
        true
    }
    fn kind(&self) -> &'static str {
        "callback"
    }
}

/// Credentials that clones of a client share.
pub type SharedCredentials = Arc<dyn Credentials>;
