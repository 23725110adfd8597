//! Calls around the Jobs API that clients make (reference sections 2.4, 3.20 and 21.5).

use super::http::{body_of, endpoint, json_of, respond};
use super::jobs::find;
use super::permissions::{Level, admin_only, require};
use super::{App, Call, Caller};
use axum::extract::{Query, Request, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use lakeflow_core::api::{MOST_SQL_ROWS, RunSql, SQL_ROWS, SqlRows};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::id::JobId;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;

pub(super) fn routes(router: Router<Arc<App>>) -> Router<Arc<App>> {
    endpoint(router, sql)
        .route("/.well-known/databricks-config", get(config))
        .route("/oidc/.well-known/oauth-authorization-server", get(oidc))
        .route("/oidc/v1/token", post(token))
        .route("/api/2.0/preview/scim/v2/Me", get(me))
        .route("/api/2.0/sql/warehouses", get(warehouses))
        .route("/api/2.0/policies/jobs/get-compliance", get(compliance))
        .route("/api/2.0/policies/jobs/list-compliance", get(list_compliance))
        .route("/api/2.0/policies/jobs/enforce-compliance", post(enforce_compliance))
        .route("/api/2.0/lakeflow-local/triggers", get(triggers).post(switch_triggers))
        .route("/api/2.0/lakeflow-local/clock", get(clock).post(advance))
        .route("/api/2.0/lakeflow-local/mounts", get(mounts).post(mount))
}

async fn config(State(app): State<Arc<App>>) -> Response {
    let (id, url) = (&app.driver.workspace().id, &app.url);
    std::future::ready(respond(
        &app,
        Ok(json!({ "oidc_endpoint": format!("{url}/oidc"), "workspace_id": id })),
    ))
    .await
}

async fn oidc(State(app): State<Arc<App>>) -> Response {
    let url = &app.url;
    let document = json!({
        "issuer": format!("{url}/oidc"),
        "authorization_endpoint": format!("{url}/oidc/v1/authorize"),
        "token_endpoint": format!("{url}/oidc/v1/token"),
    });
    std::future::ready(respond(&app, Ok(document))).await
}

/// Client credentials: the secret is a token of the engine, which is given back for an hour.
async fn token(State(app): State<Arc<App>>, request: Request) -> Response {
    respond(&app, client_credentials(&app, request).await)
}

async fn client_credentials(app: &App, request: Request) -> Result<Value, Error> {
    let basic = request
        .headers()
        .get(axum::http::header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok()?.strip_prefix("Basic ").map(str::to_owned));
    let body = body_of(request).await?;
    let form = form_of(&body);
    let field = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    if field("grant_type").as_deref() != Some("client_credentials") {
        let text = "grant_type must be client_credentials";
        return Err(Error::new(ErrorCode::InvalidArgument, "token", text));
    }
    let secret = field("client_secret").or_else(|| {
        let pair = String::from_utf8(BASE64.decode(basic?.trim()).ok()?).ok()?;
        pair.split_once(':').map(|(_, secret)| secret.to_owned())
    });
    let secret = secret.filter(|secret| app.access.principal(secret).is_some());
    let secret = secret
        .ok_or_else(|| Error::new(ErrorCode::Unauthenticated, "token", "Client authentication failed."))?;
    Ok(json!({ "access_token": secret, "token_type": "Bearer", "expires_in": 3600, "scope": "all-apis" }))
}

fn form_of(body: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(body);
    let uri: Option<axum::http::Uri> = format!("/?{text}").parse().ok();
    uri.and_then(|uri| axum::extract::Query::try_from_uri(&uri).ok()).map_or_else(Vec::new, |pairs| pairs.0)
}

async fn me(State(app): State<Arc<App>>, Extension(caller): Extension<Caller>) -> Response {
    let name = &caller.user_name;
    let document = json!({
        "id": lakeflow_core::system::principal_id(name),
            "userName": name,
            "displayName": name,
            "active": true,
            "emails": [{ "value": name, "type": "work", "primary": true }],
            "groups": [{ "display": if caller.admin { "admins" } else { "users" } }],
    });
    std::future::ready(respond(&app, Ok(document))).await
}

/// One warehouse that is always on: SQL tasks run locally whatever warehouse they name.
async fn warehouses(State(app): State<Arc<App>>) -> Response {
    let local =
        json!({ "id": "local", "name": "local", "state": "RUNNING", "enable_serverless_compute": true });
    std::future::ready(respond(&app, Ok(json!({ "warehouses": [local] })))).await
}

type Pairs = Query<Vec<(String, String)>>;

async fn compliance(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Query(query): Pairs,
) -> Response {
    let answer = async {
        let id = query.iter().find(|(key, _)| key == "job_id").map(|(_, value)| Value::from(value.as_str()));
        require(&caller, &find(&app, id_of(id.as_ref())?).await?, Level::View)?;
        Ok(json!({ "is_compliant": true, "violations": {} }))
    };
    respond(&app, answer.await)
}

async fn list_compliance(State(app): State<Arc<App>>) -> Response {
    std::future::ready(respond(&app, Ok(json!({})))).await
}

async fn enforce_compliance(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let answer = async {
        let body = json_of(&body_of(request).await?)?;
        let job = find(&app, id_of(body.get("job_id"))?).await?;
        require(&caller, &job, Level::Manage)?;
        Ok(json!({ "has_changes": false, "job_cluster_changes": [] }))
    };
    respond(&app, answer.await)
}

fn id_of(value: Option<&Value>) -> Result<JobId, Error> {
    value
        .and_then(|value| serde_json::from_value(value.clone()).ok())
        .ok_or_else(|| Error::new(ErrorCode::InvalidArgument, "policies", "job_id must be the id of a job"))
}

/// What fires next, of the jobs that the caller may see.
async fn triggers(State(app): State<Arc<App>>, Extension(caller): Extension<Caller>) -> Response {
    let answer = async {
        let mut shown = Vec::new();
        for one in app.driver.upcoming() {
            let job = app.driver.store().job(one.job_id).await?;
            if job.is_some_and(|job| require(&caller, &job, Level::View).is_ok()) {
                shown.push(json!({
                    "job_id": one.job_id,
                    "job_name": one.job_name,
                    "place": one.place,
                    "trigger": one.kind,
                    "waits_for": one.waits_for,
                    "paused": one.paused,
                    "next_fire_time": one.next,
                    "last_fire_time": one.last,
                    "last_run_id": one.last_run,
                    "fault": one.fault,
                }));
            }
        }
        Ok(json!({ "firing": app.driver.triggers_on(), "triggers": shown }))
    };
    respond(&app, answer.await)
}

/// `{"firing": false}` keeps all triggers as if paused, `true` lets them fire again; for the holder of the engine's own token.
async fn switch_triggers(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let answer = async {
        admin_only(&caller)?;
        let body = json_of(&body_of(request).await?)?;
        let on = body.get("firing").and_then(Value::as_bool).ok_or_else(|| {
            Error::new(ErrorCode::InvalidArgument, "triggers", "firing must be true or false")
        })?;
        app.driver.switch_triggers(on);
        Ok(json!({ "firing": on }))
    };
    respond(&app, answer.await)
}

/// The time that jobs and runs go by.
async fn clock(State(app): State<Arc<App>>) -> Response {
    let clock = app.driver.clock();
    let shown = json!({ "now": clock.time(), "by_hand": clock.is_set_by_hand() });
    std::future::ready(respond(&app, Ok(shown))).await
}

/// `{"advance_ms": 3600000}` moves a clock that is moved by hand, and answers when every run that this started is over.
async fn advance(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let answer = async {
        admin_only(&caller)?;
        let body = json_of(&body_of(request).await?)?;
        let ms = body.get("advance_ms").and_then(Value::as_i64).filter(|ms| *ms >= 0).ok_or_else(|| {
            Error::new(
                ErrorCode::InvalidArgument,
                "clock",
                "advance_ms must be a number of milliseconds, 0 or more",
            )
        })?;
        let started = app.driver.advance(ms).await?;
        Ok(json!({ "now": app.driver.clock().time(), "runs_started": started }))
    };
    respond(&app, answer.await)
}

/// Only for the holder of the engine's own token: every table can be read and written.
async fn sql(call: Call, request: RunSql) -> Result<SqlRows, Error> {
    admin_only(&call.caller)?;
    let limit = request.limit.unwrap_or(SQL_ROWS);
    if !(1..=MOST_SQL_ROWS).contains(&limit) {
        let text = format!("limit must be 1 to {MOST_SQL_ROWS}, not {limit}");
        return Err(Error::new(ErrorCode::InvalidArgument, "sql", text));
    }
    call.app.driver.executor().sql(request.statement, limit).await
}

async fn mounts(State(app): State<Arc<App>>) -> Response {
    let mounts = app.paths.mounts();
    std::future::ready(respond(&app, Ok(json!({ "mounts": mounts })))).await
}

/// Lets workspace folders stand for local ones: `{"mounts": {"/Workspace/…": "/local/folder"}}`. Only for the holder of the
/// engine's own token, since it opens local files to tasks.
async fn mount(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    respond(&app, add_mounts(&app, &caller, request).await)
}

async fn add_mounts(app: &App, caller: &Caller, request: Request) -> Result<Value, Error> {
    let fault = |text: String| Error::new(ErrorCode::InvalidArgument, "mounts", text);
    admin_only(caller)?;
    let body = json_of(&body_of(request).await?)?;
    let Some(wanted) = body.get("mounts").and_then(Value::as_object) else {
        return Err(fault("mounts must be an object of workspace folders and local folders".to_owned()));
    };
    let mut checked = Vec::new();
    for (folder, local) in wanted {
        let local = PathBuf::from(local.as_str().unwrap_or_default());
        if !folder.starts_with('/') || folder.trim_end_matches('/').is_empty() {
            return Err(fault(format!("{folder:?} is not an absolute workspace folder")));
        }
        let found = tokio::fs::canonicalize(&local).await;
        let found = found.map_err(|e| fault(format!("{} cannot be mounted: {e}", local.display())))?;
        if !found.is_dir() {
            return Err(fault(format!("{} is not a folder", local.display())));
        }
        checked.push((folder, found));
    }
    for (folder, local) in checked {
        app.paths.mount(folder, local);
    }
    app.driver.store().set_setting(crate::MOUNTS, json!(app.paths.mounts()).to_string()).await?;
    Ok(json!({ "mounts": app.paths.mounts() }))
}
