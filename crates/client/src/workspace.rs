//! One host under one identity: what is needed to reach it, and what its calls share.
//!
//! `call.rs` makes calls with it.

use crate::auth::{Credentials, Settings};
use crate::cache::{Cache, CacheOptions};
use crate::clock::Clock;
use crate::hub::SharedHub;
use crate::telemetry::{Metrics, Telemetry};
use crate::transport::{HttpTransport, Transport};
use lakeflow_core::api::fault;
use lakeflow_core::api::retry::RetryPolicy;
use lakeflow_core::error::Error;
use lakeflow_core::id::RunId;
use lakeflow_core::wait::Now;
use lakeflow_core::wait::hub::{HubInput, HubSettings, HubStats};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use url::Url;

/// Requests of one workspace that may be in flight at once.
const IN_FLIGHT: usize = 32;

/// How long one exchange may take, unless it is said otherwise.
const EXCHANGE: Duration = Duration::from_secs(60);

/// A host, a credential and the way to it. Clones share connections, tokens, limits and cached answers. One workspace is
/// one identity: a program that acts for several users has one for each, by [`Workspace::acting_as`].
#[derive(Clone)]
pub struct Workspace {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) in_flight: Semaphore,
    pub(crate) cache: Cache,
    pub(crate) clock: Clock,
    hub: Arc<SharedHub>,
}

#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) host: Url,
    pub(crate) credentials: Arc<dyn Credentials>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) retry: RetryPolicy,
    pub(crate) user_agent: String,
    pub(crate) telemetry: Telemetry,
    cache: CacheOptions,
    limits: HubSettings,
    pub(crate) exchange: Duration,
}

impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Workspace({}, {})", self.inner.config.host, self.inner.config.credentials.kind())
    }
}

impl Workspace {
    /// Connects over sockets. Sends nothing yet.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let host = settings.host_url()?;
        let transport =
            HttpTransport::new(&host).map_err(|f| fault::transport("configure", f.kind, &f.detail))?;
        Self::with_transport(settings, Arc::new(transport))
    }

    /// Uses a transport of the caller's.
    pub fn with_transport(settings: Settings, transport: Arc<dyn Transport>) -> Result<Self, Error> {
        let identity = settings.identity(&transport)?;
        Ok(Self::with_credentials(identity.host, identity.credentials, transport))
    }

    /// Uses a credential and a transport of the caller's.
    pub fn with_credentials(
        host: Url,
        credentials: Arc<dyn Credentials>,
        transport: Arc<dyn Transport>,
    ) -> Self {
        let local = crate::transport::is_local(&host);
        // On this machine a refused connection means that nothing listens; only a start that is under way is waited for.
        let retry = if local {
            RetryPolicy { first_contact_ms: 1000, ..RetryPolicy::default() }
        } else {
            RetryPolicy::default()
        };
        let telemetry = Telemetry::new(&host);
        let limits = if local { HubSettings::LOCAL } else { HubSettings::WORKSPACE };
        Self::of(Config {
            host,
            credentials,
            transport,
            retry,
            user_agent: concat!("lakeflow-jobs/", env!("CARGO_PKG_VERSION")).to_owned(),
            telemetry,
            cache: if local { CacheOptions::LOCAL } else { CacheOptions::WORKSPACE },
            exchange: EXCHANGE,
            limits: HubSettings { seed: fresh_seed(), ..limits },
        })
    }

    fn of(config: Config) -> Self {
        let clock = Clock::new();
        let cache = Cache::new(config.cache, clock);
        let hub = Arc::new(SharedHub::new(config.limits));
        Self { inner: Arc::new(Inner { config, in_flight: Semaphore::new(IN_FLIGHT), cache, clock, hub }) }
    }

    /// The same host with something changed. Connections and tokens are shared with the one it came from; limits and cached
    /// answers are its own.
    fn changed(&self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = self.inner.config.clone();
        change(&mut config);
        Self::of(config)
    }

    /// The same workspace with other limits of trying again.
    #[must_use]
    pub fn with_retry(self, retry: RetryPolicy) -> Self {
        self.changed(|config| config.retry = retry)
    }

    /// The same workspace where one exchange may take so long; 60 seconds otherwise. After it the host counts as silent, and
    /// what may be sent again is.
    #[must_use]
    pub fn with_exchange_timeout(self, timeout: Duration) -> Self {
        self.changed(|config| config.exchange = timeout)
    }

    /// The same workspace with other limits on its calls. Waits that are under way stay with the limits that they began
    /// with.
    #[must_use]
    pub fn with_limits(self, limits: HubSettings) -> Self {
        self.changed(|config| config.limits = limits)
    }

    /// Adds products to the user agent, each as `name/version`, separated by blanks. `INVALID_ARGUMENT` for anything that a
    /// header cannot hold.
    pub fn with_user_agent(self, products: &str) -> Result<Self, Error> {
        crate::user_agent::check(products)?;
        Ok(self.changed(|config| config.user_agent = format!("{} {products}", config.user_agent)))
    }

    /// The same workspace with other rules of keeping answers.
    #[must_use]
    pub fn with_cache(self, options: CacheOptions) -> Self {
        self.changed(|config| config.cache = options)
    }

    /// Measurements of calls and waits go there.
    #[must_use]
    pub fn with_metrics(self, metrics: Arc<dyn Metrics>) -> Self {
        self.changed(|config| config.telemetry = config.telemetry.clone().with(metrics))
    }

    /// The same host for somebody else. Connections are shared; limits and cached answers are not.
    #[must_use]
    pub fn acting_as(&self, credentials: Arc<dyn Credentials>) -> Self {
        self.changed(|config| config.credentials = credentials)
    }

    /// The host.
    pub fn host(&self) -> &Url {
        &self.inner.config.host
    }

    /// How the client authenticates, as `auth_type` names it: `pat`, `oauth-m2m`, `callback`.
    pub fn auth_type(&self) -> &'static str {
        self.inner.config.credentials.kind()
    }

    /// What the client calls itself.
    pub fn user_agent(&self) -> &str {
        &self.inner.config.user_agent
    }

    /// True for a host on this machine, where a poll costs next to nothing.
    pub fn is_local(&self) -> bool {
        crate::transport::is_local(self.host())
    }

    pub(crate) fn clock(&self) -> Clock {
        self.inner.clock
    }

    /// How many waits there are, and what they cost.
    pub fn wait_stats(&self) -> HubStats {
        self.inner.hub.stats()
    }

    pub(crate) fn hub(&self) -> &Arc<SharedHub> {
        &self.inner.hub
    }

    pub(crate) fn now(&self) -> Now {
        Now { tick: self.clock().tick(), wall: Clock::wall() }
    }

    /// Something has been heard about a run: waits for it poll at once.
    pub(crate) fn notify(&self, run_id: RunId) {
        self.hub().put(self.now(), HubInput::Notify(run_id));
    }

    pub(crate) fn retry_policy(&self) -> RetryPolicy {
        self.inner.config.retry
    }

    pub(crate) fn telemetry(&self) -> &Telemetry {
        &self.inner.config.telemetry
    }

    /// A run is known not to be as it was: nothing that was kept about it, and no list, is given out any more.
    pub fn run_changed(&self, run_id: RunId) {
        self.inner.cache.touch(Some(run_id));
    }

    /// Says which host could not be reached or did not accept the credential.
    pub(crate) fn located(&self, error: Error) -> Error {
        if fault::about_host(error.code) && error.context("host").is_none() {
            return error.with("host", self.host().as_str().trim_end_matches('/'));
        }
        error
    }
}

/// A seed that no other call has.
pub(crate) fn fresh_seed() -> u64 {
    uuid::Uuid::new_v4().as_u64_pair().0
}
