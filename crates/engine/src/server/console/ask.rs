//! A call of a page: what it asks with, and who may ask.

use super::Answer;
use crate::server::http::{body_of, json_of, query_of, respond};
use crate::server::permissions::admin_only;
use crate::server::{App, Caller};
use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use lakeflow_core::error::Error;
use serde_json::Value;
use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

/// One call.
pub(super) struct Ask {
    pub(super) app: Arc<App>,
    pub(super) caller: Caller,
    path: BTreeMap<String, String>,
    query: Vec<(String, String)>,
    pub(super) body: Value,
}

impl Ask {
    /// The id in the path.
    pub(super) fn id<T: FromStr>(&self) -> Result<T, Error> {
        super::id_of(self.path.get("id").map(String::as_str), "object")
    }

    /// A field of the query.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|v| !v.is_empty())
    }

    /// Whether a field of the query is `1`.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.query(name) == Some("1")
    }

    /// A number of the query, held within limits.
    pub(super) fn number(&self, name: &str, least: i64, most: i64) -> Option<i64> {
        self.query(name).and_then(|text| text.parse().ok()).map(|number: i64| number.clamp(least, most))
    }
}

type Extracted = (State<Arc<App>>, Extension<Caller>, Path<BTreeMap<String, String>>);

async fn read(parts: Extracted, request: Request) -> Result<Ask, Error> {
    let (State(app), Extension(caller), Path(path)) = parts;
    // Pages are for the person at this machine; other users have the API.
    admin_only(&caller)?;
    let query = query_of(&request)?;
    let body = json_of(&body_of(request).await?)?;
    Ok(Ask { app, caller, path, query, body })
}

macro_rules! door {
    ($(#[$doc:meta])* $name:ident, $method:ident) => {
        $(#[$doc])*
        pub(super) fn $name<F>(work: fn(Ask) -> F) -> MethodRouter<Arc<App>>
        where
            F: Future<Output = Answer> + Send + 'static,
        {
            $method(move |app: State<Arc<App>>, caller: Extension<Caller>, path: Path<BTreeMap<String, String>>, request: Request| async move {
                let shared = Arc::clone(&app.0);
                let answer = async { work(read((app, caller, path), request).await?).await };
                respond(&shared, answer.await) as Response
            })
        }
    };
}
door!(
    /// A call that reads.
    reads, get
);
door!(
    /// A call that changes something, or that asks with a body.
    writes, post
);
