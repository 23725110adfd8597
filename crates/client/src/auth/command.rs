//! Tokens that another program gives: the Databricks CLI and the Azure CLI, which hold what a person signed in with.

use super::Secret;
use super::server::refused;
use super::token::{Grant, Granted, UNKNOWN_LIFE};
use crate::clock::Clock;
use futures::future::BoxFuture;
use lakeflow_core::api::redact::redact;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::time::WallTime;
use serde::Deserialize;
use serde_json::Value;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

/// How long the program may take: it may have to ask a token server.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Longest part of its complaint that is passed on, in characters.
const COMPLAINT: usize = 500;

/// A program that prints a token as JSON.
pub(crate) struct Command {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) kind: &'static str,
    /// What to do when it gives none.
    pub(crate) hint: String,
}

/// What `databricks auth token` and `az account get-access-token` print.
#[derive(Deserialize)]
struct Printed {
    #[serde(alias = "accessToken")]
    access_token: String,
    /// Of the Databricks CLI: a time with its offset.
    #[serde(default)]
    expiry: Option<String>,
    /// Of newer Azure CLIs: seconds since 1970. Older ones give a local time alone, which is not used.
    #[serde(default)]
    expires_on: Option<Value>,
}

impl Printed {
    fn life(&self, now: WallTime) -> Duration {
        let seconds = |value: &Value| value.as_i64().or_else(|| value.as_str()?.parse().ok());
        let end = match (&self.expiry, &self.expires_on) {
            (Some(text), _) => WallTime::parse(text),
            (None, Some(value)) => seconds(value).map(|seconds| WallTime(seconds.saturating_mul(1000))),
            (None, None) => None,
        };
        end.map_or(UNKNOWN_LIFE, |end| Duration::from_millis(u64::try_from(end.since(now)).unwrap_or(0)))
    }
}

impl Command {
    /// The Databricks CLI, for the profile if there is one, else for the host.
    pub(crate) fn databricks(program: Option<PathBuf>, host: &str, profile: Option<&str>) -> Self {
        let mut arguments: Vec<OsString> = ["auth", "token"].map(OsString::from).into();
        let (flag, value) = profile.map_or(("--host", host), |name| ("--profile", name));
        arguments.extend([flag.into(), value.into()]);
        Self {
            program: program.unwrap_or_else(|| "databricks".into()),
            arguments,
            kind: "databricks-cli",
            hint: format!("sign in with `databricks auth login {flag} {value}`"),
        }
    }

    /// The Azure CLI.
    pub(crate) fn azure(resource: &str, tenant: Option<&str>) -> Self {
        let mut arguments: Vec<OsString> =
            ["account", "get-access-token", "--resource", resource, "--output", "json"]
                .map(OsString::from)
                .into();
        if let Some(tenant) = tenant {
            arguments.extend(["--tenant".into(), tenant.into()]);
        }
        Self {
            program: "az".into(),
            arguments,
            kind: "azure-cli",
            hint: "sign in with `az login`".to_owned(),
        }
    }

    async fn grant(&self) -> Result<Granted, Error> {
        let name = self.program.display();
        let mut command = tokio::process::Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::null()).kill_on_drop(true);
        let ended = tokio::time::timeout(TIMEOUT, command.output()).await.map_err(|_| {
            let message = format!("{name} gave no token within {} seconds", TIMEOUT.as_secs());
            refused(ErrorCode::Unauthenticated, message)
        })?;
        let output = ended.map_err(|e| {
            refused(
                ErrorCode::Unauthenticated,
                format!("{name} cannot be run: {e}; install it, or {}", self.hint),
            )
        })?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let said: String = redact(said.trim(), &[]).chars().take(COMPLAINT).collect();
            return Err(refused(
                ErrorCode::Unauthenticated,
                format!("{name} gives no token: {said}; {}", self.hint),
            ));
        }
        // What it printed is not shown: a token may be part of it.
        let printed: Printed = serde_json::from_slice(&output.stdout).map_err(|_| {
            refused(ErrorCode::Malformed, format!("what {name} printed cannot be read as a token"))
        })?;
        let life = printed.life(Clock::wall());
        Ok(Granted { token: Secret::new(printed.access_token), life })
    }
}

impl Grant for Command {
    fn fetch(&self) -> BoxFuture<'_, Result<Granted, Error>> {
        Box::pin(self.grant())
    }
    fn kind(&self) -> &'static str {
        self.kind
    }
}
