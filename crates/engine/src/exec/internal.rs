//! What tasks and the Spark server call back: the address of `spark`, and the catalog. Each has a token of its own;
//! the engine's token never reaches a task.

use super::ExecConfig;
use super::python::{Environment, Interpreter};
use crate::spark::catalog::Catalog;
use crate::spark::server::{Servers, Settings};
use crate::spark::system::aliases;
use crate::system::SystemTables;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use lakeflow_core::error::{Error, ErrorCode};
use serde::Deserialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// What the routes and the actor share.
#[derive(Debug)]
pub(super) struct Shared {
    config: ExecConfig,
    catalog: Arc<Catalog>,
    catalog_token: String,
    interpreter: OnceCell<Interpreter>,
    servers: OnceCell<Servers>,
    /// Catalogs that an attempt's parameters name, by the attempt's token.
    attempts: Mutex<BTreeMap<String, BTreeSet<String>>>,
}

impl Shared {
    pub(super) fn new(catalog: Arc<Catalog>, config: ExecConfig) -> Self {
        Self {
            config,
            catalog,
            catalog_token: secret(),
            interpreter: OnceCell::new(),
            servers: OnceCell::new(),
            attempts: Mutex::new(BTreeMap::new()),
        }
    }

    /// The Python of this engine, looked for once; a failure is looked for again next time.
    pub(super) async fn interpreter(&self) -> Result<&Interpreter, Error> {
        let environment = Environment::of_process();
        self.interpreter
            .get_or_try_init(|| Interpreter::find(self.config.python.as_deref(), &environment))
            .await
    }

    /// Puts the system tables into the catalog.
    pub(super) fn serve(&self, tables: SystemTables) {
        self.catalog.serve(tables);
    }

    /// Admits an attempt to the routes; returns its token.
    pub(super) fn admit(&self, catalogs: BTreeSet<String>) -> String {
        let token = secret();
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).insert(token.clone(), catalogs);
        token
    }

    /// Ends an attempt's right to call.
    pub(super) fn dismiss(&self, token: &str) {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).remove(token);
    }

    fn catalogs_of(&self, token: &str) -> Option<BTreeSet<String>> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
    }

    async fn servers(&self) -> Result<&Servers, Error> {
        let interpreter = self.interpreter().await?.clone();
        let settings = || async {
            Servers::new(Settings {
                interpreter,
                engine_url: self.config.engine_url.clone(),
                catalog_token: self.catalog_token.clone(),
                catalog: Arc::clone(&self.catalog),
                data_dir: self.config.data_dir.clone(),
            })
        };
        Ok(self.servers.get_or_init(settings).await)
    }

    pub(super) async fn shutdown(&self) {
        if let Some(servers) = self.servers.get() {
            servers.shutdown().await;
        }
    }
}

/// 32 hexadecimal digits that nobody can guess.
fn secret() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

pub(super) fn routes(shared: &Arc<Shared>) -> Router {
    let catalog = shared.catalog.router().layer(from_fn_with_state(Arc::clone(shared), catalog_only));
    Router::new()
        .route("/internal/spark", post(spark))
        .with_state(Arc::clone(shared))
        .nest("/api/2.1/unity-catalog", catalog)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

async fn catalog_only(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    if bearer(request.headers()) == Some(shared.catalog_token.as_str()) {
        return next.run(request).await;
    }
    let refused =
        json!({ "error_code": "UNAUTHENTICATED", "message": "the local catalog is for the Spark server" });
    (StatusCode::UNAUTHORIZED, Json(refused)).into_response()
}

#[derive(Deserialize)]
struct SparkRequest {
    /// Catalogs that the task's source names.
    #[serde(default)]
    catalogs: BTreeSet<String>,
}

async fn spark(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Json(request): Json<SparkRequest>,
) -> Response {
    let Some(mut catalogs) = bearer(&headers).and_then(|token| shared.catalogs_of(token)) else {
        let refused =
            json!({ "error_code": "UNAUTHENTICATED", "message": "only a running task may ask for spark" });
        return (StatusCode::UNAUTHORIZED, Json(refused)).into_response();
    };
    catalogs.extend(request.catalogs);
    let remote = match shared.servers().await {
        Ok(servers) => servers.remote(&catalogs).await,
        Err(error) => Err(error),
    };
    match remote {
        Ok(remote) => Json(json!({
            "remote": remote.url,
            "default_catalog": remote.catalog,
            "default_schema": "default",
            "warehouse": shared.catalog.warehouse(),
            "aliases": aliases(),
            // Without it tables that name no format are Parquet, which cannot be updated.
            "conf": { "spark.sql.sources.default": "delta" },
        }))
        .into_response(),
        Err(error) => {
            let missing = error.code == ErrorCode::Unsupported;
            let code = if missing { "SPARK_NOT_INSTALLED" } else { error.code.as_str() };
            let refused = json!({ "error_code": code, "message": error.message });
            (StatusCode::SERVICE_UNAVAILABLE, Json(refused)).into_response()
        }
    }
}
