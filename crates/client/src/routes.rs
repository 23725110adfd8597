//! Carries out the core's `/api/jobs` gateway over [`Jobs`]: one function from a request to an answer or a stream of
//! events. What is answered is decided by `lakeflow_core::gateway`; who may ask is the host's affair.

use crate::clock::Clock;
use crate::jobs::Jobs;
use crate::raw;
use crate::wait::{Event, Running, WaitOptions};
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use lakeflow_core::api::Request;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::gateway::{
    CallId, Checked, Claim, Effect, Gateway, HEARTBEAT, HEARTBEAT_MS, Incoming, Registry, Reply, Settings,
    Sse, SseEvent, StreamStart,
};
use lakeflow_core::id::RunId;
use lakeflow_core::time::Tick;
use lakeflow_core::wait::PollSchedule;
use serde_json::Value;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Asks the host's own schema about parameters of the job with this key.
pub type Check = Arc<dyn Fn(String, Value) -> BoxFuture<'static, Checked> + Send + Sync>;

/// Waits under way that one process keeps streams open for, at most; more are answered with 503.
const STREAMS_MAX: usize = 20_000;

/// The routes of an app's jobs. Clones are the same routes.
///
/// ```no_run
/// # async fn example(jobs: lakeflow_client::Jobs) -> Result<(), lakeflow_core::error::Error> {
/// use lakeflow_client::routes::{Answer, Routes};
/// use lakeflow_core::gateway::{Incoming, Registry, Settings};
///
/// let environment: Vec<_> = std::env::vars().collect();
/// let routes = Routes::new(Registry::discover(&environment, &[]), Settings::default())?;
/// let incoming = Incoming { method: "GET".into(), path: "/etl/status".into(), ..Incoming::default() };
/// match routes.handle(&jobs, incoming).await {
///     Answer::Reply(reply) => println!("{} {:?}", reply.status, reply.body),
///     Answer::Stream(mut events) => {
///         while let Some(frame) = events.next_frame().await {
///             print!("{frame}");
///         }
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Routes {
    inner: Arc<Inner>,
}

struct Inner {
    gateway: Mutex<Gateway>,
    clock: Clock,
    check: Option<Check>,
    schedule: Option<PollSchedule>,
    streams: Arc<tokio::sync::Semaphore>,
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gateway = self.gateway();
        let keys = gateway.registry().entries().iter().map(|entry| &entry.key);
        f.debug_tuple("Routes").field(&keys.collect::<Vec<_>>()).finish()
    }
}

/// What a request comes to.
#[derive(Debug)]
pub enum Answer {
    /// A whole answer.
    Reply(Reply),
    /// Server-sent events.
    Stream(Box<EventStream>),
}

impl Routes {
    /// The routes of these jobs.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with every problem of every schema.
    pub fn new(registry: Registry, settings: Settings) -> Result<Self, Error> {
        let gateway = Gateway::new(registry, settings).map_err(|problems| {
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Error::new(ErrorCode::InvalidArgument, "configure", told.join("; "))
        })?;
        let inner = Inner {
            gateway: Mutex::new(gateway),
            clock: Clock::new(),
            check: None,
            schedule: None,
            streams: Arc::new(tokio::sync::Semaphore::new(STREAMS_MAX)),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The same routes with the host's own check for the jobs that ask for one. To be called before the first clone.
    #[must_use]
    pub fn with_check(mut self, check: Check) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.check = Some(check);
        }
        self
    }

    /// The same routes with other distances of polls. To be called before the first clone.
    #[must_use]
    pub fn with_schedule(mut self, schedule: PollSchedule) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.schedule = Some(schedule);
        }
        self
    }

    fn gateway(&self) -> MutexGuard<'_, Gateway> {
        self.inner.gateway.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something that is known of the jobs.
    pub fn registry<T>(&self, read: impl FnOnce(&Registry) -> T) -> T {
        read(self.gateway().registry())
    }

    /// Answers a request with the credential of these jobs. An empty `nonce` is filled in. Never fails: what goes wrong is
    /// an answer, with the error beside it for the host's log.
    pub async fn handle(&self, jobs: &Jobs, incoming: Incoming) -> Answer {
        self.handle_within(jobs, incoming, None).await
    }

    /// As [`Routes::handle`], with a limit on the time until a whole answer is there or a stream is opened.
    pub async fn handle_within(
        &self,
        jobs: &Jobs,
        mut incoming: Incoming,
        timeout: Option<Duration>,
    ) -> Answer {
        let ms = timeout.map(|timeout| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX));
        let deadline = ms.map(|ms| jobs.workspace().clock().tick().after(ms));
        if incoming.nonce.is_empty() {
            incoming.nonce = uuid::Uuid::new_v4().to_string();
        }
        let mut exchange = self.gateway().accept(self.inner.clock.tick(), incoming);
        let mut calls = FuturesUnordered::new();
        loop {
            match exchange.poll() {
                Effect::Call { call, request } => calls.push(answer(jobs, call, request, deadline)),
                Effect::Check { key, params } => {
                    let checked = match &self.inner.check {
                        Some(check) => check(key, params).await,
                        None => Checked::Broken(format!("the host has no check for the job {key:?}")),
                    };
                    exchange.checked(checked);
                }
                Effect::Notify(runs) => runs.into_iter().for_each(|run_id| jobs.notify(run_id)),
                Effect::Reply(reply) => return Answer::Reply(reply),
                Effect::Stream(start) => return self.open(jobs, *start),
                Effect::Wait => {
                    // An exchange that waits has calls under way.
                    let Some((call, answer)) = calls.next().await else { return broken() };
                    exchange.answered(call, answer);
                }
            }
        }
    }

    fn open(&self, jobs: &Jobs, start: StreamStart) -> Answer {
        let Ok(permit) = self.inner.streams.clone().try_acquire_owned() else {
            let told = format!("{STREAMS_MAX} streams are open");
            let mut reply = empty(503, Error::new(ErrorCode::LimitExceeded, "stream", told));
            reply.headers.push(("retry-after", "10".to_owned()));
            return Answer::Reply(reply);
        };
        let options = WaitOptions {
            timeout: start.timeout_ms.map(Duration::from_millis),
            schedule: self.inner.schedule,
            job: Some(start.job_id),
            cancel_on_stop: start.cancel_on_stop,
            cancel_on_timeout: start.cancel_on_timeout,
        };
        let running = jobs.follow(start.goal, options);
        Answer::Stream(Box::new(EventStream {
            routes: self.clone(),
            running,
            sse: start.sse,
            sent: false,
            _permit: permit,
        }))
    }
}

async fn answer(
    jobs: &Jobs,
    call: CallId,
    request: Box<Request>,
    deadline: Option<Tick>,
) -> (CallId, Result<Value, Error>) {
    (call, raw::call(jobs.workspace(), &request, deadline).await)
}

fn empty(status: u16, error: Error) -> Reply {
    let body = serde_json::json!({"error": lakeflow_core::gateway::reason(status), "plugin": "jobs", "code": error.code});
    Reply { status, headers: Vec::new(), body: lakeflow_core::gateway::Body::Json(body), error: Some(error) }
}

fn broken() -> Answer {
    Answer::Reply(empty(500, Error::new(ErrorCode::Internal, "route", "the exchange waits for nothing")))
}

/// The events of a wait. Dropping it leaves the run as it is; when nothing of it was delivered, the next request like the
/// one that opened it is taken for its retry.
pub struct EventStream {
    routes: Routes,
    running: Running,
    sse: Sse,
    sent: bool,
    _permit: tokio::sync::OwnedSemaphorePermit,
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventStream({:?})", self.running.run_id())
    }
}

impl EventStream {
    /// Status and headers.
    pub fn head(&self) -> (u16, &'static [(&'static str, &'static str)]) {
        self.sse.head()
    }

    /// The run, once it is known.
    pub fn run_id(&self) -> Option<RunId> {
        self.running.run_id()
    }

    /// The next event as it goes over the wire, or a heartbeat; `None` at the end. A future that is dropped halfway loses
    /// nothing.
    pub async fn next_frame(&mut self) -> Option<String> {
        let heartbeat = Duration::from_millis(HEARTBEAT_MS);
        match tokio::time::timeout(heartbeat, self.next_event()).await {
            Ok(event) => event.map(|event| event.frame()),
            Err(_) => Some(HEARTBEAT.to_owned()),
        }
    }

    /// The next event as data, however long it takes; `None` at the end.
    pub async fn next_event(&mut self) -> Option<SseEvent> {
        loop {
            let event = self.running.next().await?;
            let now = Clock::wall();
            let told = match event {
                Event::Started(run_id) => self.sse.started(now, run_id),
                Event::Changed(run) => self.sse.changed(now, &run),
                Event::Ended(end) => self.sse.ended(now, &end),
            };
            if told.is_some() {
                self.sent = true;
                return told;
            }
        }
    }

    /// True once the last event was given.
    pub fn is_over(&self) -> bool {
        self.running.is_over()
    }

    /// The client was gone before it received any of what was sent.
    pub fn undelivered(&mut self) {
        self.sent = false;
    }

    /// Ends the wait; with `cancel` the run is cancelled too.
    pub fn stop(&self) {
        self.running.handle().stop();
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        let claim: Option<Claim> = self.sse.claim().filter(|_| !self.sent).cloned();
        if let Some(claim) = claim {
            let now: Tick = self.routes.inner.clock.tick();
            self.routes.gateway().abandoned(now, claim);
        }
    }
}
