//! Who the client is: credentials that put a header on each request.
//!
//! [`Settings`] says how they are found (flags, environment, profile); nothing here sends anything before the first
//! request needs a token.

mod m2m;
mod profile;
mod settings;

pub use profile::Profiles;
pub use settings::{Identity, Settings};

use futures::future::BoxFuture;
use lakeflow_core::error::Error;
use std::fmt;
use std::sync::Arc;

pub(crate) use m2m::ClientCredentials;

/// Gives the value of the `Authorization` header.
pub trait Credentials: Send + Sync + 'static {
    /// The header value for the next request. With `refresh` the last one was refused and a new one is wanted.
    fn header(&self, refresh: bool) -> BoxFuture<'_, Result<String, Error>>;

    /// True when `refresh` can bring another value.
    fn can_refresh(&self) -> bool;

    /// The kind, as `auth_type` names it: `pat`, `oauth-m2m`, `callback`.
    fn kind(&self) -> &'static str;
}

/// Text that is never shown.
#[derive(Clone, PartialEq, Eq)]
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
    fn header(&self, _refresh: bool) -> BoxFuture<'_, Result<String, Error>> {
        Box::pin(async { Ok(format!("Bearer {}", self.0.reveal())) })
    }
    fn can_refresh(&self) -> bool {
        false
    }
    fn kind(&self) -> &'static str {
        "pat"
    }
}

/// A function that gives the header for each request, for hosts that own the credential: notebooks, apps that act for
/// a user.
pub struct HeaderCallback<F>(pub F);

impl<F> Credentials for HeaderCallback<F>
where
    F: Fn(bool) -> BoxFuture<'static, Result<String, Error>> + Send + Sync + 'static,
{
    fn header(&self, refresh: bool) -> BoxFuture<'_, Result<String, Error>> {
        (self.0)(refresh)
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
