//! One host under one identity: sends the core's requests, with credentials, and tries again as the core's policy says.

use crate::auth::{Credentials, Settings};
use crate::clock::Clock;
use crate::hub::SharedHub;
use crate::transport::{HttpRequest, HttpTransport, Transport};
use lakeflow_core::api::retry::{Retrier, RetryPolicy, Verdict};
use lakeflow_core::api::{Endpoint, Request, Response, fault, read_value};
use lakeflow_core::error::Error;
use lakeflow_core::time::{Tick, WallTime};
use lakeflow_core::wait::Now;
use lakeflow_core::wait::hub::{HubSettings, HubStats};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use url::Url;

/// Requests of one workspace that may be in flight at once.
const IN_FLIGHT: usize = 32;

/// How long one exchange may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A host, a credential and the way to it. Clones share connections, tokens and limits.
#[derive(Clone)]
pub struct Workspace {
    inner: Arc<Inner>,
}

struct Inner {
    host: Url,
    credentials: Arc<dyn Credentials>,
    transport: Arc<dyn Transport>,
    retry: RetryPolicy,
    user_agent: String,
    in_flight: Semaphore,
    clock: Clock,
    limits: HubSettings,
    hub: Arc<SharedHub>,
}

impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Workspace({}, {})", self.inner.host, self.inner.credentials.kind())
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
        // On this machine a refused connection means that nothing listens; only a start that is under way is waited for.
        let local = crate::transport::is_local(&host);
        let retry = if local {
            RetryPolicy { first_contact_ms: 1000, ..RetryPolicy::default() }
        } else {
            RetryPolicy::default()
        };
        let limits = if local { HubSettings::LOCAL } else { HubSettings::WORKSPACE };
        let limits = HubSettings { seed: fresh_seed(), ..limits };
        let user_agent = format!("lakeflow-jobs/{}", env!("CARGO_PKG_VERSION"));
        Self {
            inner: Arc::new(Inner {
                host,
                credentials,
                transport,
                retry,
                user_agent,
                in_flight: Semaphore::new(IN_FLIGHT),
                clock: Clock::new(),
                limits,
                hub: Arc::new(SharedHub::new(limits)),
            }),
        }
    }

    /// The host.
    pub fn host(&self) -> &Url {
        &self.inner.host
    }

    /// True for a host on this machine, where a poll costs next to nothing.
    pub fn is_local(&self) -> bool {
        crate::transport::is_local(&self.inner.host)
    }

    /// The same workspace with other limits of trying again.
    #[must_use]
    pub fn with_retry(self, retry: RetryPolicy) -> Self {
        let limits = self.inner.limits;
        self.changed(retry, limits)
    }

    /// The same workspace with other limits on its calls. Waits that are under way stay with the limits that they began
    /// with.
    #[must_use]
    pub fn with_limits(self, limits: HubSettings) -> Self {
        let retry = self.inner.retry;
        self.changed(retry, limits)
    }

    fn changed(&self, retry: RetryPolicy, limits: HubSettings) -> Self {
        let Inner { host, credentials, transport, user_agent, clock, .. } = &*self.inner;
        Self {
            inner: Arc::new(Inner {
                host: host.clone(),
                credentials: credentials.clone(),
                transport: transport.clone(),
                retry,
                user_agent: user_agent.clone(),
                in_flight: Semaphore::new(IN_FLIGHT),
                clock: *clock,
                limits,
                hub: Arc::new(SharedHub::new(limits)),
            }),
        }
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

    /// Waits for a place under the limit of calls, which waits and other calls share.
    async fn place(&self) {
        let now = self.now();
        let at = self.inner.hub.book(now);
        if at > now.tick {
            tokio::time::sleep_until(self.clock().instant(at)).await;
        }
    }

    pub(crate) fn retry_policy(&self) -> RetryPolicy {
        self.inner.retry
    }

    /// Calls an endpoint, trying again after faults that may pass, at most until `deadline`.
    pub async fn call<E: Endpoint>(&self, endpoint: &E, deadline: Option<Tick>) -> Result<E::Answer, Error> {
        // Answers are large, and so would be every future that holds this one.
        Box::pin(self.repeat(&endpoint.request(), deadline, E::answer)).await
    }

    /// Sends a request beside the Jobs API and reads its answer as JSON, trying again like [`Workspace::call`].
    pub async fn request(&self, request: &Request, deadline: Option<Tick>) -> Result<Value, Error> {
        self.repeat(request, deadline, |answer, now| read_value(request.operation, answer, now)).await
    }

    async fn repeat<T>(
        &self,
        request: &Request,
        deadline: Option<Tick>,
        read: impl Fn(&Response, WallTime) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut retrier = Retrier::new(self.inner.retry, fresh_seed());
        loop {
            self.place().await;
            let answered = self.send(request, deadline).await;
            let error = match answered.and_then(|response| read(&response, Clock::wall())) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match retrier.failed(self.inner.clock.tick(), request, deadline, error) {
                Verdict::Again(at) => tokio::time::sleep_until(self.inner.clock.instant(at)).await,
                Verdict::GiveUp(error) => return Err(self.located(error)),
            }
        }
    }

    /// One exchange. After a 401 the credential is renewed once and the request sent again: it was turned away at the
    /// door, so nothing happens twice.
    pub(crate) async fn send(&self, request: &Request, deadline: Option<Tick>) -> Result<Response, Error> {
        let first = self.exchange(request, deadline, false).await?;
        if first.status == 401 && self.inner.credentials.can_refresh() {
            self.place().await;
            return self.exchange(request, deadline, true).await;
        }
        Ok(first)
    }

    async fn exchange(
        &self,
        request: &Request,
        deadline: Option<Tick>,
        refresh: bool,
    ) -> Result<Response, Error> {
        let left = deadline.map(|deadline| Duration::from_millis(deadline.since(self.inner.clock.tick())));
        let timeout = left.map_or(TIMEOUT, |left| left.min(TIMEOUT));
        let exchange = async {
            let _permit = self.inner.in_flight.acquire().await;
            let authorization = self.inner.credentials.header(refresh).await?;
            let sent = self.inner.transport.send(self.http(request, authorization, timeout)).await;
            sent.map_err(|f| fault::transport(request.operation, f.kind, &f.detail))
        };
        // Also bounds the wait for a permit and for a token, and transports that do not heed the time-out.
        tokio::time::timeout(timeout, exchange).await.unwrap_or_else(|_| {
            let detail = format!("no answer within {} ms", timeout.as_millis());
            Err(fault::transport(request.operation, fault::TransportFault::Timeout, &detail))
        })
    }

    fn http(&self, request: &Request, authorization: String, timeout: Duration) -> HttpRequest {
        let mut url = self.inner.host.clone();
        url.set_path(&request.path);
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let mut headers = vec![
            ("authorization".to_owned(), authorization),
            ("user-agent".to_owned(), self.inner.user_agent.clone()),
            ("accept".to_owned(), "application/json".to_owned()),
        ];
        let body = match &request.body {
            Some(body) => {
                headers.push(("content-type".to_owned(), "application/json".to_owned()));
                body.to_string().into_bytes()
            }
            None => Vec::new(),
        };
        HttpRequest { method: request.method, url: url.into(), headers, body, timeout }
    }

    /// Says which host could not be reached or did not accept the credential.
    pub(crate) fn located(&self, error: Error) -> Error {
        if fault::about_host(error.code) && error.context("host").is_none() {
            return error.with("host", self.inner.host.as_str().trim_end_matches('/'));
        }
        error
    }
}

/// A seed that no other call has.
pub(crate) fn fresh_seed() -> u64 {
    uuid::Uuid::new_v4().as_u64_pair().0
}
