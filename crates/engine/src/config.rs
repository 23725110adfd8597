//! What an engine is started with.

use crate::outbox::Smtp;
use crate::server::faults::Fault;
use lakeflow_core::time::WallTime;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Settings of an engine. [`Config::new`] gives defaults for a data folder.
#[derive(Clone)]
pub struct Config {
    /// Where everything is kept; created when missing.
    pub data_dir: PathBuf,
    /// The bundle that the engine serves; its files may be run.
    pub bundle_root: Option<PathBuf>,
    /// TCP port on loopback; `None` or 0 for a free one.
    pub port: Option<u16>,
    /// Python interpreter for tasks; `None` finds one.
    pub python: Option<PathBuf>,
    /// Accept jobs with tasks that cannot run locally; such a task then fails at run time with a message that says why.
    pub allow_unsupported: bool,
    /// User name of the holder of the engine's token.
    pub user_name: String,
    /// Further tokens with the user names they stand for. Permissions are enforced for them.
    pub principals: Vec<Principal>,
    /// Host names, beside the loopback ones, that requests may name in `Host`.
    pub allowed_hosts: Vec<String>,
    /// Folders beside the bundle and the data folder that tasks may name by absolute path.
    pub allowed_paths: Vec<PathBuf>,
    /// How long a stopped attempt may take to end before it is killed; 30 s as on the platform.
    pub grace: Duration,
    /// A JSON file of secrets for `dbutils.secrets`: scope to key to value.
    pub secrets: Option<PathBuf>,
    /// Gives tasks the engine's address and token as `DATABRICKS_HOST` and `DATABRICKS_TOKEN`, so that code in them can
    /// use an SDK against the engine. Without it no task gets a token of the API.
    pub share_token: bool,
    /// Whether schedules and triggers of jobs start runs. Otherwise all of them are as if paused.
    pub fire_triggers: bool,
    /// Lets the newest fire time that passed while no engine was up fire once, however old it is. Otherwise it fires only when it is
    /// no older than ten minutes.
    pub catch_up: bool,
    /// A time that jobs and runs go by, from which only [`crate::Engine::advance`] moves on: for tests of schedules. `None` for the
    /// clock of the machine.
    pub clock: Option<WallTime>,
    /// How often the folders and tables of triggers are looked at.
    pub look_for_files: Duration,
    /// Takes the letters of e-mail notifications; without it they are written to `outbox` in the data folder.
    pub smtp: Option<Smtp>,
    /// Days that ended runs are kept, and installed packages and checkouts that nothing used; 60 as on the platform.
    pub keep_runs_days: u32,
    /// Requests a second over which the engine answers 429 with `Retry-After`; `None` for no limit.
    pub requests_per_second: Option<u32>,
    /// Faults to play to clients from the start.
    pub faults: Vec<Fault>,
    /// Told about faults that no caller can be told about, such as a disk that is full while a run goes on.
    pub notice: Notice,
}

/// A token and who holds it.
#[derive(Clone)]
pub struct Principal {
    /// The bearer token.
    pub token: String,
    /// The user it stands for.
    pub user_name: String,
}

/// A token that is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(pub(crate) String);

impl Token {
    /// From its text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Takes a line for the person who runs the engine.
#[derive(Clone)]
pub struct Notice(Arc<dyn Fn(&str) + Send + Sync>);

impl Notice {
    /// Sends lines to a function.
    pub fn new(sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(sink))
    }

    pub(crate) fn send(&self, line: &str) {
        (self.0)(line);
    }
}

impl Config {
    /// Defaults with a data folder: a free port, no bundle, nothing unsupported.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            bundle_root: None,
            port: None,
            python: None,
            allow_unsupported: false,
            user_name: "local@localhost".to_owned(),
            principals: Vec::new(),
            allowed_hosts: Vec::new(),
            allowed_paths: Vec::new(),
            grace: Duration::from_secs(30),
            secrets: None,
            share_token: false,
            fire_triggers: false,
            catch_up: false,
            clock: None,
            look_for_files: Duration::from_secs(5),
            smtp: None,
            keep_runs_days: 60,
            requests_per_second: None,
            faults: Vec::new(),
            notice: Notice::new(|_| {}),
        }
    }
}

impl fmt::Debug for Config {
    /// Without tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("data_dir", &self.data_dir)
            .field("bundle_root", &self.bundle_root)
            .field("port", &self.port)
            .field("user_name", &self.user_name)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Principal {
    /// Without the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Principal").field("user_name", &self.user_name).finish_non_exhaustive()
    }
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Notice")
    }
}
