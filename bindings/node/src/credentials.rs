//! Credentials that a function of JavaScript gives, asked for each request.

use crate::fault::argument;
use futures::future::BoxFuture;
use lakeflow_client::auth::{Credentials, Headers};
use lakeflow_core::error::{Error, ErrorCode};
use napi::Status;
use napi::bindgen_prelude::Promise;
use napi::threadsafe_function::ThreadsafeFunction;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Takes and gives JSON text. Weak: a client that is not used keeps no process alive.
pub type Callback = ThreadsafeFunction<String, Promise<String>, String, Status, false, true>;

const OPERATION: &str = "authenticate";

tokio::task_local! {
    /// The header that came along with the request that is being answered, so that JavaScript need not be asked again.
    pub(crate) static AUTHORIZATION: String;
}

/// Asks JavaScript for the headers that say who is calling.
pub(crate) struct JsCredentials {
    callback: Callback,
    /// How long an answer is good for further requests; zero: each asks.
    share: Duration,
    recent: Mutex<Option<(Instant, Headers)>>,
    /// Those who ask at once share one answer.
    asking: tokio::sync::Mutex<()>,
}

impl JsCredentials {
    pub(crate) fn new(callback: Callback, share: Duration) -> Self {
        Self { callback, share, recent: Mutex::default(), asking: tokio::sync::Mutex::default() }
    }

    /// JavaScript has said by itself what the header is now; without one nothing is known any more.
    pub(crate) fn learn(&self, authorization: Option<&str>) {
        let header = authorization.map(|value| vec![("authorization".to_owned(), value.to_owned())]);
        self.keep(header);
    }

    fn keep(&self, headers: Option<Headers>) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        *recent = headers.filter(|_| !self.share.is_zero()).map(|headers| (Instant::now(), headers));
    }

    /// What was given a moment ago, unless it is what was refused.
    fn recent(&self, refused: Option<&Headers>) -> Option<Headers> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, headers) = recent.as_ref()?;
        (since.elapsed() < self.share && Some(headers) != refused).then(|| headers.clone())
    }

    async fn ask(&self, refresh: bool) -> Result<Headers, Error> {
        let answer = self.callback.call_async(json!({ "refresh": refresh }).to_string()).await;
        let text = match answer {
            Ok(promise) => promise.await,
            Err(error) => Err(error),
        };
        let text = text
            .map_err(|e| argument(OPERATION, format!("the credentials cannot be asked for: {}", e.reason)))?;
        let told: Told = serde_json::from_str(&text).map_err(|e| argument(OPERATION, e))?;
        told.headers()
    }
}

/// What the function answers. It never throws: what went wrong is told, with the number under which JavaScript keeps it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    authorization: Option<String>,
    /// Further ones, such as Azure wants.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    error: Option<String>,
    cause: Option<u32>,
}

impl Told {
    fn headers(self) -> Result<Headers, Error> {
        let authorization = self.authorization.filter(|header| !header.is_empty());
        let own = authorization.map(|value| ("authorization".to_owned(), value));
        let headers: Headers = own.into_iter().chain(self.headers).collect();
        let named = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        named.then_some(headers).ok_or_else(|| {
            let why = self.error.unwrap_or_else(|| "it gave no Authorization header".to_owned());
            let error = Error::new(
                ErrorCode::Unauthenticated,
                OPERATION,
                format!("the credentials could not be had: {why}"),
            );
            match self.cause {
                Some(cause) => error.with("cause", cause),
                None => error,
            }
        })
    }
}

impl Credentials for JsCredentials {
    fn headers<'a>(&'a self, refused: Option<&'a Headers>) -> BoxFuture<'a, Result<Headers, Error>> {
        if refused.is_none()
            && let Ok(authorization) = AUTHORIZATION.try_with(Clone::clone)
        {
            return Box::pin(async move { Ok(vec![("authorization".to_owned(), authorization)]) });
        }
        if let Some(headers) = self.recent(refused) {
            return Box::pin(async move { Ok(headers) });
        }
        Box::pin(async move {
            if self.share.is_zero() {
                return self.ask(refused.is_some()).await;
            }
            let _first = self.asking.lock().await;
            if let Some(headers) = self.recent(refused) {
                return Ok(headers);
            }
            let headers = self.ask(refused.is_some()).await?;
            self.keep(Some(headers.clone()));
            Ok(headers)
        })
    }

    fn can_refresh(&self) -> bool {
        true
    }

    fn kind(&self) -> &'static str {
        "callback"
    }
}
