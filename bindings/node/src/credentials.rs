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
use std::sync::Arc;

/// Takes and gives JSON text. Weak: a client that is not used keeps no process alive.
pub type Callback = ThreadsafeFunction<String, Promise<String>, String, Status, false, true>;

const OPERATION: &str = "authenticate";

tokio::task_local! {
    /// The header that came along with the request that is being answered, so that JavaScript need not be asked again.
    pub(crate) static AUTHORIZATION: String;
}

/// Asks JavaScript for the headers that say who is calling.
pub(crate) struct JsCredentials(pub(crate) Arc<Callback>);

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

impl Credentials for JsCredentials {
    fn headers<'a>(&'a self, refused: Option<&'a Headers>) -> BoxFuture<'a, Result<Headers, Error>> {
        if refused.is_none()
            && let Ok(authorization) = AUTHORIZATION.try_with(Clone::clone)
        {
            return Box::pin(async move { Ok(vec![("authorization".to_owned(), authorization)]) });
        }
        Box::pin(async move {
            let answer = self.0.call_async(json!({ "refresh": refused.is_some() }).to_string()).await;
            let text = match answer {
                Ok(promise) => promise.await,
                Err(error) => Err(error),
            };
            let text = text.map_err(|e| {
                argument(OPERATION, format!("the credentials cannot be asked for: {}", e.reason))
            })?;
            let told: Told = serde_json::from_str(&text).map_err(|e| argument(OPERATION, e))?;
            let authorization = told.authorization.filter(|header| !header.is_empty());
            let own = authorization.map(|value| ("authorization".to_owned(), value));
            let headers: Headers = own.into_iter().chain(told.headers).collect();
            let named = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
            named.then_some(headers).ok_or_else(|| {
                let why = told.error.unwrap_or_else(|| "it gave no Authorization header".to_owned());
                let error = Error::new(
                    ErrorCode::Unauthenticated,
                    OPERATION,
                    format!("the credentials could not be had: {why}"),
                );
                match told.cause {
                    Some(cause) => error.with("cause", cause),
                    None => error,
                }
            })
        })
    }

    fn can_refresh(&self) -> bool {
        true
    }

    fn kind(&self) -> &'static str {
        "callback"
    }
}
