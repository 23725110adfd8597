//! The Spark Connect server as a side process: started when a task first needs it, ended with the engine.
//!
//! Sail is told its catalogs when it starts. A task that needs another one gets a newer server that knows it as well;
//! tables are the same in all of them, since names and data live outside the server.

use super::catalog::Catalog;
use super::system;
use crate::exec::python::Interpreter;
use lakeflow_core::error::{Error, ErrorCode};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

/// Where the server listens and which catalog takes names of one or two parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// `sc://127.0.0.1:PORT`
    pub url: String,
    /// The default catalog.
    pub catalog: String,
}

/// The catalog of names without one.
pub const DEFAULT_CATALOG: &str = "main";

/// How long a server may take from its start until it accepts connections.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// The running servers, newest last.
#[derive(Debug)]
pub struct Servers {
    settings: Settings,
    running: Mutex<Vec<Running>>,
}

/// What a server is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The Python that has `pysail`.
    pub interpreter: Interpreter,
    /// Base URL of the engine, for the catalog's REST API.
    pub engine_url: String,
    /// Bearer token of the catalog's REST API; not the engine's.
    pub catalog_token: String,
    /// Names and locations of tables.
    pub catalog: Arc<Catalog>,
    /// The server's own output goes to `sail.log` here.
    pub data_dir: PathBuf,
}

#[derive(Debug)]
struct Running {
    child: Child,
    port: u16,
    catalogs: BTreeSet<String>,
}

impl Servers {
    /// Starts nothing yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings, running: Mutex::new(Vec::new()) }
    }

    /// The address of a server that knows `catalogs`; starts one when there is none. Fails with `UNSUPPORTED` when
    /// the interpreter has no `pysail`, and with `UNAVAILABLE` when the server does not come up.
    pub async fn remote(&self, catalogs: &BTreeSet<String>) -> Result<Remote, Error> {
        let mut running = self.running.lock().await;
        let mut wanted = catalogs.clone();
        wanted.extend([DEFAULT_CATALOG.to_owned(), system::CATALOG.to_owned()]);
        for server in running.iter_mut().rev() {
            let alive = matches!(server.child.try_wait(), Ok(None));
            if alive && wanted.is_subset(&server.catalogs) {
                return Ok(remote(server.port));
            }
        }
        if let Some(newest) = running.last() {
            wanted.extend(newest.catalogs.iter().cloned());
        }
        let server = self.start(wanted).await?;
        let address = remote(server.port);
        running.push(server);
        Ok(address)
    }

    async fn start(&self, catalogs: BTreeSet<String>) -> Result<Running, Error> {
        let port = free_port()?;
        let mut child = self.command(port, &catalogs)?.spawn().map_err(|e| {
            unavailable(format!("cannot start {}: {e}", self.settings.interpreter.path.display()))
        })?;
        let deadline = tokio::time::Instant::now() + START_TIMEOUT;
        loop {
            if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Ok(Running { child, port, catalogs });
            }
            if let Ok(Some(status)) = child.try_wait() {
                return Err(self.ended_early(status));
            }
            if tokio::time::Instant::now() > deadline {
                return Err(unavailable(format!("the Spark server does not listen after {START_TIMEOUT:?}")));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn command(&self, port: u16, catalogs: &BTreeSet<String>) -> Result<Command, Error> {
        let settings = &self.settings;
        let log = settings.data_dir.join("sail.log");
        let output = std::fs::File::options().create(true).append(true).open(&log);
        let output = output.map_err(|e| unavailable(format!("cannot write {}: {e}", log.display())))?;
        let errors =
            output.try_clone().map_err(|e| unavailable(format!("cannot write {}: {e}", log.display())))?;
        let mut command = Command::new(&settings.interpreter.path);
        for (name, _) in std::env::vars_os() {
            // Sail would take the host and token of a workspace from these.
            if ["DATABRICKS_", "UNITY_", "UC_"]
                .iter()
                .any(|prefix| name.to_string_lossy().starts_with(prefix))
            {
                command.env_remove(name);
            }
        }
        command
            .args(["-m", "pysail", "spark", "server", "--ip", "127.0.0.1", "--port", &port.to_string()])
            .env("SAIL_CATALOG__LIST", catalog_list(settings, catalogs))
            .env("SAIL_CATALOG__DEFAULT_CATALOG", DEFAULT_CATALOG)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .process_group(0)
            .kill_on_drop(true);
        Ok(command)
    }

    fn ended_early(&self, status: std::process::ExitStatus) -> Error {
        let log = self.settings.data_dir.join("sail.log");
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        if text.contains("No module named pysail") {
            return missing_pysail(&self.settings.interpreter);
        }
        let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no output");
        unavailable(format!("the Spark server ended at its start ({status}): {last}"))
            .with("log", log.display())
    }

    /// Ends every server.
    pub async fn shutdown(&self) {
        for mut server in self.running.lock().await.drain(..) {
            // A server that is already gone needs no ending.
            let _ = server.child.kill().await;
        }
    }
}

fn remote(port: u16) -> Remote {
    Remote { url: format!("sc://127.0.0.1:{port}"), catalog: DEFAULT_CATALOG.to_owned() }
}

/// Sail's setting, in its own notation. Names come from job definitions: characters that could end the text are out.
fn catalog_list(settings: &Settings, catalogs: &BTreeSet<String>) -> String {
    let uri = format!("{}/api/2.1/unity-catalog", settings.engine_url);
    let token = &settings.catalog_token;
    let entries: Vec<String> = catalogs
        .iter()
        .filter(|name| is_catalog_name(name))
        .map(|name| {
            format!(
                r#"{{type="unity", name="{name}", uri="{uri}", default_catalog="{name}", token="{token}"}}"#
            )
        })
        .collect();
    format!("[{}]", entries.join(", "))
}

/// True for a plain identifier that is not Sail's own: a second catalog called `system` breaks every session.
pub fn is_catalog_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        && name != "system"
}

/// A port that was free a moment ago. Sail cannot be given an open socket; a lost race shows as an early end.
fn free_port() -> Result<u16, Error> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0));
    let port = listener.and_then(|listener| listener.local_addr()).map(|address| address.port());
    port.map_err(|e| unavailable(format!("no free port on 127.0.0.1: {e}")))
}

fn unavailable(message: String) -> Error {
    Error::new(ErrorCode::Unavailable, "start_spark", message)
}

fn missing_pysail(interpreter: &Interpreter) -> Error {
    let message = format!(
        "`spark` needs the package pysail, which {} does not have: run `{} -m pip install pysail pyspark-client`, or \
         name another interpreter with LAKEFLOW_PYTHON",
        interpreter.path.display(),
        interpreter.path.display()
    );
    Error::new(ErrorCode::Unsupported, "start_spark", message)
}

#[cfg(test)]
mod tests {
    use super::is_catalog_name;

    #[test]
    fn catalog_names_are_plain_identifiers() {
        assert!(is_catalog_name("retail_dev") && is_catalog_name("c-1") && is_catalog_name("_x"));
        for bad in ["", "1a", "a\"b", "a b", "system", "a.b", "<YOUR_CATALOG>"] {
            assert!(!is_catalog_name(bad), "{bad}");
        }
    }
}
