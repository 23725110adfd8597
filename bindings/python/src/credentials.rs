//! Where to connect to and as whom: values from Python, else the environment, else the profile file; or a callable of
//! Python that gives the headers of each request.

use crate::errors;
use futures::FutureExt;
use futures::future::BoxFuture;
use lakeflow_client::auth::{HeaderCallback, Headers, Profiles, Secret, Settings};
use lakeflow_client::transport::HttpTransport;
use lakeflow_client::{Jobs, Workspace};
use lakeflow_core::api::fault;
use lakeflow_core::error::{Error, ErrorCode};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use std::path::PathBuf;
use std::sync::Arc;

const OPERATION: &str = "authenticate";

/// All that is needed to connect, and to connect anew after a fork.
#[derive(Clone)]
pub(crate) struct Recipe {
    settings: Settings,
    headers: Option<Arc<Py<PyAny>>>,
}

impl Recipe {
    /// Completes what was given from the environment and the profile file, and checks the host. Nothing is sent. With a
    /// callable the host alone is looked for.
    pub(crate) fn new(given: Settings, headers: Option<Py<PyAny>>) -> Result<Self, Error> {
        let settings = if headers.is_some() && given.host.is_some() {
            given
        } else {
            given.or_environment(|name| std::env::var(name).ok()).or_profile(&profiles()?)?
        };
        if settings.is_empty() {
            let message = "no host is set: give host and token, a WorkspaceClient, a Config or a callable that returns \
                           headers; or set DATABRICKS_HOST and DATABRICKS_TOKEN, or a profile in ~/.databrickscfg; \
                           notebooks on Databricks bring their own credential";
            return Err(Error::new(ErrorCode::InvalidArgument, "configure", message));
        }
        let recipe = Self { settings, headers: headers.map(Arc::new) };
        // What is wrong is told now, not at the first request.
        recipe.connect()?;
        Ok(recipe)
    }

    /// The same host with a user's token.
    pub(crate) fn with_token(&self, token: &str) -> Result<Self, Error> {
        let settings = Settings::new(self.settings.host_url()?, Secret::new(token));
        let recipe = Self { settings, headers: None };
        recipe.connect()?;
        Ok(recipe)
    }

    /// A connection of its own.
    pub(crate) fn connect(&self) -> Result<Jobs, Error> {
        let workspace = match &self.headers {
            None => Workspace::new(self.settings.clone())?,
            Some(callable) => {
                let host = self.settings.host_url()?;
                let transport = HttpTransport::new(&host)
                    .map_err(|fault| fault::transport("configure", fault.kind, &fault.detail))?;
                let callable = callable.clone();
                let ask = move |refresh| header(callable.clone(), refresh);
                Workspace::with_credentials(host, Arc::new(HeaderCallback(ask)), Arc::new(transport))
            }
        };
        Ok(Jobs::new(workspace))
    }
}

fn profiles() -> Result<Profiles, Error> {
    let named = std::env::var_os("DATABRICKS_CONFIG_FILE").map(PathBuf::from);
    let Some(path) = named.or_else(|| std::env::home_dir().map(|home| home.join(".databrickscfg"))) else {
        return Ok(Profiles::default());
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => Profiles::parse(&text),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Profiles::default()),
        Err(e) => {
            let message = format!("the profile file {} cannot be read: {e}", path.display());
            Err(Error::new(ErrorCode::InvalidArgument, "configure", message))
        }
    }
}

/// Asks Python for the header, on a thread that may wait: getting a token can be a request of its own.
fn header(callable: Arc<Py<PyAny>>, _refresh: bool) -> BoxFuture<'static, Result<Headers, Error>> {
    async move {
        let asked = tokio::task::spawn_blocking(move || Python::attach(|py| ask(callable.bind(py)))).await;
        asked.unwrap_or_else(|_| {
            Err(Error::new(ErrorCode::Internal, OPERATION, "the credential's callable was not called"))
        })
    }
    .boxed()
}

fn ask(callable: &Bound<'_, PyAny>) -> Result<Headers, Error> {
    let py = callable.py();
    let refused = |message: String| Error::new(ErrorCode::Unauthenticated, OPERATION, message);
    let answer = callable.call0().map_err(|raised| {
        let kind = raised.get_type(py).name().map(|name| name.to_string()).unwrap_or_default();
        refused(format!("the credential's callable raised {kind}: {}", raised.value(py)))
    })?;
    if let Ok(text) = answer.cast::<PyString>() {
        return Ok(vec![("authorization".to_owned(), bearer(&text.to_string_lossy())?)]);
    }
    let given = answer.cast::<PyDict>().map_err(|_| {
        let kind = answer.get_type().name().map(|name| name.to_string()).unwrap_or_default();
        refused(format!("the credential's callable returned {kind}, not a dict of headers"))
    })?;
    let mut headers = Headers::new();
    for (name, value) in given {
        let pair = name.extract::<String>().and_then(|name| Ok((name, value.extract::<String>()?)));
        let (name, value) = pair.map_err(|_| refused("the headers are not all text".to_owned()))?;
        let is_credential = name.eq_ignore_ascii_case("authorization");
        headers.push((name.to_lowercase(), if is_credential { bearer(&value)? } else { value }));
    }
    if headers.iter().any(|(name, _)| name == "authorization") {
        Ok(headers)
    } else {
        Err(refused("the headers have no Authorization".to_owned()))
    }
}

/// The value of the header; a bare token becomes one.
fn bearer(text: &str) -> Result<String, Error> {
    let text = text.trim();
    if text.is_empty() || text.eq_ignore_ascii_case("bearer") || text.contains(['\r', '\n']) {
        return Err(Error::new(ErrorCode::Unauthenticated, OPERATION, "the credential is empty"));
    }
    Ok(if text.contains(' ') { text.to_owned() } else { format!("Bearer {text}") })
}

/// Settings from what Python gave.
pub(crate) fn settings(options: &Bound<'_, PyDict>) -> PyResult<Settings> {
    let text = |name: &str| -> PyResult<Option<String>> {
        let value = options.get_item(name)?.filter(|value| !value.is_none());
        value.map(|value| value.extract::<String>()).transpose().map_err(|_| {
            let message = format!("{name} is not text");
            errors::raised(options.py(), &Error::new(ErrorCode::InvalidArgument, "configure", message))
        })
    };
    Ok(Settings {
        host: text("host")?,
        token: text("token")?.map(Secret::new),
        client_id: text("client_id")?,
        client_secret: text("client_secret")?.map(Secret::new),
        profile: text("profile")?,
        auth_type: text("auth_type")?,
        ..Settings::default()
    })
}
