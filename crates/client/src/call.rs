//! Calls to a workspace: credentials put on, tried again as the core's policy says, ended when the caller's time is over.

use crate::auth::Headers;
use crate::clock::Clock;
use crate::options::{Abort, CallOptions};
use crate::telemetry::Try;
use crate::transport::HttpRequest;
use crate::workspace::{Workspace, fresh_seed};
use futures::future::BoxFuture;
use lakeflow_core::api::redact::{REDACTED, redact};
use lakeflow_core::api::retry::{Retrier, RetryPolicy, Verdict};
use lakeflow_core::api::{Endpoint, Method, Request, Response, Touch, fault, read_value};
use lakeflow_core::error::{Error, ErrorCode, Retry};
use lakeflow_core::time::{Tick, WallTime};
use serde_json::Value;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// One operation of a caller's: several calls under one deadline and one abort handle.
pub(crate) struct Calls<'a> {
    workspace: &'a Workspace,
    deadline: Option<Tick>,
    abort: Option<Abort>,
}

/// What the last try failed with, for the error of an operation that runs out of time.
pub(crate) type LastError = Mutex<Option<Error>>;

impl Workspace {
    /// Calls an endpoint, trying again after faults that may pass. Reads may be answered from what this workspace has kept.
    pub async fn call<E: Endpoint>(&self, endpoint: &E, options: &CallOptions) -> Result<E::Answer, Error> {
        self.begin(options).call(endpoint).await
    }

    /// Sends a request beside the Jobs API and reads its answer as JSON, trying again like [`Workspace::call`].
    pub async fn request(&self, request: &Request, options: &CallOptions) -> Result<Value, Error> {
        let calls = self.begin(options);
        let read = |answer: &Response, now| read_value(request.operation, answer, now);
        let last = LastError::default();
        let work = self.repeat(self.retry_policy(), request, calls.deadline, &last, read);
        calls.bounded(request.operation, &last, work).await
    }

    /// An operation begins: its time runs from now.
    pub(crate) fn begin(&self, options: &CallOptions) -> Calls<'_> {
        let ms = |timeout: Duration| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        let deadline = options.timeout.map(|timeout| self.clock().tick().after(ms(timeout)));
        Calls { workspace: self, deadline, abort: options.abort.clone() }
    }

    /// Sends until there is an answer, or `policy` gives up. Each try takes a place under the limit.
    pub(crate) async fn repeat<T>(
        &self,
        policy: RetryPolicy,
        request: &Request,
        deadline: Option<Tick>,
        last: &LastError,
        read: impl Fn(&Response, WallTime) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut retrier = Retrier::new(policy, fresh_seed());
        loop {
            self.place().await;
            let resend = retrier.failures();
            let answered = self.send_again(request, deadline, resend).await;
            let error = match answered.and_then(|response| read(&response, Clock::wall())) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match retrier.failed(self.clock().tick(), request, deadline, error.clone()) {
                Verdict::Again(at) => {
                    self.telemetry().retry(request.operation, &error);
                    *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    tokio::time::sleep_until(self.clock().instant(at)).await;
                }
                Verdict::GiveUp(error) => return Err(self.located(error)),
            }
        }
    }

    /// Waits for a place under the limit of calls, which waits and other calls share.
    async fn place(&self) {
        let now = self.now();
        let at = self.hub().book(now);
        if at > now.tick {
            tokio::time::sleep_until(self.clock().instant(at)).await;
        }
    }

    /// One exchange. After a 401 the credential is renewed once and the request sent again: it was turned away at the
    /// door, so nothing happens twice. The caller has a place under the limit for it.
    pub(crate) async fn send(&self, request: &Request, deadline: Option<Tick>) -> Result<Response, Error> {
        self.send_again(request, deadline, 0).await
    }

    async fn send_again(
        &self,
        request: &Request,
        deadline: Option<Tick>,
        resend: u32,
    ) -> Result<Response, Error> {
        // Told when it begins and when it is over, however it ends: its effect may be there.
        let _written = Touch::of(request).map(|touch| self.inner.cache.write(touch));
        let (first, used) = self.exchange(request, deadline, None, resend).await?;
        if first.status == 401 && self.inner.config.credentials.can_refresh() {
            self.place().await;
            return Ok(self.exchange(request, deadline, Some(&used), resend).await?.0);
        }
        Ok(first)
    }

    /// `refused` are the credentials that were not accepted a moment ago.
    async fn exchange(
        &self,
        request: &Request,
        deadline: Option<Tick>,
        refused: Option<&Headers>,
        resend: u32,
    ) -> Result<(Response, Headers), Error> {
        let left = deadline.map(|deadline| Duration::from_millis(deadline.since(self.clock().tick())));
        let longest = self.inner.config.exchange;
        let timeout = left.map_or(longest, |left| left.min(longest));
        let exchange = async {
            let _permit = self.inner.in_flight.acquire().await;
            let credentials = self.inner.config.credentials.headers(refused).await?;
            let measured = Try::begin(self.telemetry(), request, resend);
            let sent = measured
                .run(self.inner.config.transport.send(self.http(request, &credentials, timeout)))
                .await;
            match sent {
                Ok(mut response) => {
                    conceal(&mut response, &credentials);
                    Ok((response, credentials))
                }
                Err(f) => {
                    let detail = redact(&f.detail, &secrets(&credentials));
                    let error = fault::transport(request.operation, f.kind, &detail);
                    Err(match f.cause {
                        Some(cause) => error.with("cause", cause),
                        None => error,
                    })
                }
            }
        };
        // Also bounds the wait for a permit and for a token, and transports that do not heed the time-out.
        tokio::time::timeout(timeout, exchange).await.unwrap_or_else(|_| {
            let detail = format!("no answer within {} ms", timeout.as_millis());
            Err(fault::transport(request.operation, fault::TransportFault::Timeout, &detail))
        })
    }

    fn http(&self, request: &Request, credentials: &Headers, timeout: Duration) -> HttpRequest {
        let mut url = self.host().clone();
        url.set_path(&request.path);
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let mut headers = credentials.clone();
        headers.push(("user-agent".to_owned(), self.user_agent().to_owned()));
        headers.push(("accept".to_owned(), "application/json".to_owned()));
        let body = match &request.body {
            Some(body) => {
                headers.push(("content-type".to_owned(), "application/json".to_owned()));
                body.to_string().into_bytes()
            }
            None => Vec::new(),
        };
        HttpRequest { method: request.method, url: url.into(), headers, body, timeout }
    }
}

impl<'a> Calls<'a> {
    /// Calls that have to be over by `deadline`.
    pub(crate) fn until(workspace: &'a Workspace, deadline: Option<Tick>) -> Self {
        Self { workspace, deadline, abort: None }
    }

    /// Calls an endpoint within the operation. Answers are large, and so would be every future that holds this one.
    pub(crate) fn call<'b, E: Endpoint>(
        &'b self,
        endpoint: &'b E,
    ) -> BoxFuture<'b, Result<E::Answer, Error>> {
        if E::METHOD == Method::Get { Box::pin(self.read(endpoint)) } else { Box::pin(self.write(endpoint)) }
    }

    async fn write<E: Endpoint>(&self, endpoint: &E) -> Result<E::Answer, Error> {
        let (request, last) = (endpoint.request(), LastError::default());
        let policy = self.workspace.retry_policy();
        let work = self.workspace.repeat(policy, &request, self.deadline, &last, E::answer);
        self.bounded(E::OPERATION, &last, work).await
    }

    async fn read<E: Endpoint>(&self, endpoint: &E) -> Result<E::Answer, Error> {
        let (request, last) = (endpoint.request(), LastError::default());
        // Others may wait for the same answer, so that it is not cut short by this caller's deadline.
        let load = async {
            let read = |response: &Response, now| Ok((E::answer(response, now)?, response.body.len()));
            self.workspace.repeat(self.workspace.retry_policy(), &request, None, &last, read).await
        };
        let work = self.workspace.inner.cache.read(endpoint, &request, load);
        self.bounded(E::OPERATION, &last, work).await
    }

    /// Ends the work when the caller's time is over or it is called off.
    pub(crate) async fn bounded<T>(
        &self,
        operation: &'static str,
        last: &LastError,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let clock = self.workspace.clock();
        let deadline = async {
            match self.deadline {
                Some(tick) => tokio::time::sleep_until(clock.instant(tick)).await,
                None => std::future::pending().await,
            }
        };
        let aborted = async {
            match &self.abort {
                Some(abort) => abort.aborted().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = aborted => Err(Error::new(ErrorCode::Interrupted, operation, "the call was aborted")),
            () = deadline => {
                // What went wrong says more than that the time is over.
                let failed = last.lock().unwrap_or_else(PoisonError::into_inner).take();
                Err(self.workspace.located(failed.map_or_else(
                    || Error::new(ErrorCode::DeadlineExceeded, operation, "no answer came in the time that was given"),
                    |error| error.retry(Retry::Spent),
                )))
            }
            result = work => result,
        }
    }
}

/// The parts of credentials that must not be shown: values, and what follows `Bearer` or `Basic`.
fn secrets(credentials: &Headers) -> Vec<&str> {
    credentials
        .iter()
        .map(|(_, value)| value.split_once(' ').map_or(value.as_str(), |(_, secret)| secret))
        .collect()
}

/// A host that repeats the credential in an error must not make the client print it.
fn conceal(response: &mut Response, credentials: &Headers) {
    if (200..300).contains(&response.status) {
        return;
    }
    for secret in secrets(credentials).into_iter().filter(|secret| secret.len() >= 4) {
        if let Ok(text) = std::str::from_utf8(&response.body)
            && text.contains(secret)
        {
            response.body = text.replace(secret, REDACTED).into_bytes();
        }
    }
}
