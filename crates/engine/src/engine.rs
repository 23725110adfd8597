//! Putting the engine together, and taking it apart.

use crate::clock::Clock;
use crate::config::{Config, Principal, Token};
use crate::driver::{Driver, Executor, Firing, Upcoming};
use crate::exec::{ExecConfig, ExecEvent, Executors};
use crate::outbox::Outbox;
use crate::paths::PathMap;
use crate::server::console::bundle::{BundleView, Shown};
use crate::server::console::{SignIn, sign_in_link};
use crate::server::faults::Faults;
use crate::server::links::Signer;
use crate::server::{Access, App, router};
use crate::store::Store;
use crate::store::folder::{DataFolder, EngineFile};
use crate::system::SystemTables;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::execution::WorkspaceFacts;
use lakeflow_core::problem::Problem;
use lakeflow_core::trigger::Missed;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const OPERATION: &str = "start_engine";

/// How long requests under way may take when the engine is shut down.
const LAST_REQUESTS: Duration = Duration::from_secs(5);

/// How long notifications that were never tried may take then; what is left is told at the next start.
const LAST_NOTICES: Duration = Duration::from_secs(3);

/// A running engine. Dropping it without [`Engine::shutdown`] leaves active runs to the next start, like a crash.
#[derive(Debug)]
pub struct Engine {
    url: String,
    token: String,
    sign_in: Arc<SignIn>,
    bundle: Shown,
    paths: PathMap,
    driver: Driver,
    outbox: Outbox,
    folder: DataFolder,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
}

/// What an executor is made with.
#[derive(Debug)]
pub struct ExecutorContext {
    /// The settings of the engine.
    pub config: Config,
    /// The data folder, absolute.
    pub data_dir: PathBuf,
    /// Base URL of the engine.
    pub url: String,
    /// Id of the workspace.
    pub workspace_id: String,
    /// Which local file a workspace path means.
    pub paths: PathMap,
    /// The engine's token, when tasks are to have it.
    pub shared_token: Option<Token>,
    /// Where attempts are reported.
    pub events: UnboundedSender<ExecEvent>,
}

impl Engine {
    /// Starts an engine on a data folder, restores its active runs, and serves. Fails with `Storage` when the data
    /// folder cannot be used or is in use, with `InvalidArgument` when the port is taken.
    pub async fn start(config: Config) -> Result<Self, Error> {
        Self::start_with(config, |context| {
            let exec = ExecConfig {
                data_dir: context.data_dir,
                engine_url: context.url,
                python: context.config.python,
                paths: context.paths,
                grace: context.config.grace,
                secrets: context.config.secrets,
                workspace_id: context.workspace_id,
                shared_token: context.shared_token,
            };
            Ok(Arc::new(Executors::new(exec, context.events)?) as Arc<dyn Executor>)
        })
        .await
    }

    /// Starts an engine whose attempts run behind an executor of the caller's making: for tests and simulations, and
    /// for other ways to run tasks. Fails as [`Self::start`] does.
    pub async fn start_with(
        config: Config,
        executor: impl FnOnce(ExecutorContext) -> Result<Arc<dyn Executor>, Error>,
    ) -> Result<Self, Error> {
        let clock = config.clock.map_or_else(Clock::start, Clock::by_hand);
        let path = config.data_dir.clone();
        let opened = tokio::task::spawn_blocking(move || {
            let folder = DataFolder::open(&path)?;
            let token = folder.token()?;
            let store = Store::open(folder.path())?;
            Ok::<_, Error>((folder, token, store))
        });
        let (folder, token, store) = opened.await.map_err(internal)??;
        store.init_counters(clock.time()).await?;
        let (listener, address) = listen(config.port.unwrap_or(0)).await?;
        let url = format!("http://{address}");
        let paths = paths(&config, &folder, &store).await?;
        let workspace = WorkspaceFacts { id: workspace_id(&store).await?, url: url.clone() };
        let (events, reports) = unbounded_channel();
        let executor = executor(ExecutorContext {
            config: config.clone(),
            data_dir: folder.path().to_owned(),
            url: url.clone(),
            workspace_id: workspace.id.clone(),
            paths: paths.clone(),
            shared_token: config.share_token.then(|| Token::new(token.clone())),
            events,
        })?;
        executor.serve(SystemTables::new(store.clone(), clock.clone(), folder.path(), &workspace.id));
        let driver =
            Driver::new(clock, store, executor, config.notice.clone(), workspace, folder.path().to_owned());
        let outbox = outbox(&driver, &config, &folder)?;
        driver.listen(reports);
        driver.restore().await?;
        driver.keep_up(config.keep_runs_days);
        driver.spawn(outbox.clone().run());
        let missed = if config.catch_up { Missed::CatchUp } else { Missed::Skip };
        let (on, every) = (config.fire_triggers, config.look_for_files);
        driver.start_triggers(Firing { on, missed, paths: paths.clone(), every }).await?;
        let access = access(&config, &token, address.port());
        let (sign_in, bundle) = (Arc::new(SignIn::new(&token, address.port())), Shown::default());
        let app = App {
            driver: driver.clone(),
            outbox: outbox.clone(),
            access,
            sign_in: Arc::clone(&sign_in),
            bundle: bundle.clone(),
            paths: paths.clone(),
            faults: Faults::new(config.faults),
            links: Signer::new()?,
            url: url.clone(),
            allow_unsupported: config.allow_unsupported,
        };
        folder.announce(&EngineFile { url: url.clone(), pid: std::process::id() })?;
        let (stop, stopped) = oneshot::channel::<()>();
        let server = serve(listener, Arc::new(app), stopped);
        Ok(Self {
            url,
            token,
            sign_in,
            bundle,
            paths,
            driver,
            outbox,
            folder,
            stop: Some(stop),
            server: Some(server),
        })
    }

    /// Base URL, for example `http://127.0.0.1:8080`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The bearer token that the API asks for.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A link that signs one browser in to the console, once, within twelve hours.
    pub fn sign_in_link(&self) -> Result<String, Error> {
        sign_in_link(&self.url, &self.sign_in)
    }

    /// Tells the pages about the bundle that is served; again after each change of it.
    pub fn show_bundle(&self, view: BundleView) {
        self.bundle.set(view);
        self.driver.store().feed().publish(|| serde_json::json!({ "t": "bundle" }));
    }

    /// Tells the pages what is wrong with the bundle while its jobs stay as they were.
    pub fn show_problems(&self, problems: &[Problem]) {
        self.bundle.set_problems(problems);
        self.driver.store().feed().publish(|| serde_json::json!({ "t": "bundle" }));
    }

    /// The map of workspace paths, to mount folders in.
    pub fn paths(&self) -> &PathMap {
        &self.paths
    }

    /// Every trigger, the next one first, then those that wait for something else than time. Whether they fire is
    /// [`Self::triggers_on`].
    pub fn upcoming(&self) -> Vec<Upcoming> {
        self.driver.upcoming()
    }

    /// Whether triggers start runs.
    pub fn triggers_on(&self) -> bool {
        self.driver.triggers_on()
    }

    /// Lets triggers start runs from now on, or keeps all of them as if paused.
    pub fn switch_triggers(&self, on: bool) {
        self.driver.switch_triggers(on);
    }

    /// Moves the clock of an engine that was started with [`Config::clock`] on by milliseconds, from one due time to the next: what is
    /// due is started, and the clock stands still until every run is over. Gives the number of runs that triggers started.
    ///
    /// Fails with `InvalidState` for an engine that goes by the clock of the machine.
    pub fn advance(&self, ms: i64) -> impl Future<Output = Result<usize, Error>> + Send + 'static {
        let driver = self.driver.clone();
        async move { driver.advance(ms).await }
    }

    /// Stops serving, ends every process that the engine started, and closes the store. Active runs stay active in
    /// the store: the next start reports what was running as lost and goes on.
    pub async fn shutdown(mut self) {
        self.driver.store().feed().close();
        if let Some(stop) = self.stop.take() {
            // The server may have ended already.
            let _ = stop.send(());
        }
        if let Some(mut server) = self.server.take()
            && tokio::time::timeout(LAST_REQUESTS, &mut server).await.is_err()
        {
            server.abort();
        }
        self.outbox.tried(LAST_NOTICES).await;
        self.driver.freeze().await;
        self.driver.executor().shutdown().await;
        self.driver.end_unrecorded().await;
    }
}

impl Drop for Engine {
    /// Stops driving and serving at once, since the folder's lock goes with the handle.
    fn drop(&mut self) {
        drop(self.driver.abandon());
        if let Some(server) = self.server.take() {
            server.abort();
        }
        self.folder.withdraw();
    }
}

/// Serves until it is told to stop; a dropped handle stops it as well.
fn serve(listener: TcpListener, app: Arc<App>, stopped: oneshot::Receiver<()>) -> JoinHandle<()> {
    let serve = axum::serve(listener, router(app)).with_graceful_shutdown(async {
        let _ = stopped.await;
    });
    tokio::spawn(async move {
        // Serving only ends by the signal; accept errors are retried inside.
        let _ = serve.await;
    })
}

async fn listen(port: u16) -> Result<(TcpListener, SocketAddr), Error> {
    let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let fault = |e: std::io::Error| {
        let text = match e.kind() {
            std::io::ErrorKind::AddrInUse => format!("port {port} is in use; choose another one"),
            _ => format!("the engine cannot listen on {wanted}: {e}"),
        };
        Error::new(ErrorCode::InvalidArgument, OPERATION, text).with("port", port)
    };
    let listener = TcpListener::bind(wanted).await.map_err(fault)?;
    let address = listener.local_addr().map_err(fault)?;
    Ok((listener, address))
}

fn access(config: &Config, token: &str, port: u16) -> Access {
    let own = Principal { token: token.to_owned(), user_name: config.user_name.clone() };
    let principals = std::iter::once(own).chain(config.principals.iter().cloned()).collect();
    Access::new(principals, port, &config.allowed_hosts, config.requests_per_second)
}

fn outbox(driver: &Driver, config: &Config, folder: &DataFolder) -> Result<Outbox, Error> {
    let (store, notice, smtp) = (driver.store().clone(), config.notice.clone(), config.smtp.as_ref());
    Outbox::new(store, notice, driver.workspace().clone(), folder.path(), smtp)
}

async fn paths(config: &Config, folder: &DataFolder, store: &Store) -> Result<PathMap, Error> {
    let allowed = config.bundle_root.iter().chain(&config.allowed_paths);
    let allowed = allowed.filter_map(|path| path.canonicalize().ok()).collect();
    let paths = PathMap::new(folder.path(), allowed);
    if let Some(text) = store.setting(crate::MOUNTS).await? {
        let stored: BTreeMap<String, PathBuf> = serde_json::from_str(&text).unwrap_or_default();
        for (workspace, local) in stored {
            paths.mount(&workspace, local);
        }
    }
    Ok(paths)
}

/// Sixteen digits that stay with the data folder.
async fn workspace_id(store: &Store) -> Result<String, Error> {
    const KEY: &str = "workspace_id";
    if let Some(id) = store.setting(KEY).await? {
        return Ok(id);
    }
    let mut bytes = [0_u8; 8];
    getrandom::fill(&mut bytes).map_err(internal)?;
    let id = (1_000_000_000_000_000 + u64::from_le_bytes(bytes) % 8_000_000_000_000_000).to_string();
    store.set_setting(KEY, id.clone()).await?;
    Ok(id)
}

fn internal(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorCode::Internal, OPERATION, error.to_string())
}
