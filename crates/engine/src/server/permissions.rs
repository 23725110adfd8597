//! Permissions on jobs: stored for all, enforced for the holders of further tokens (reference section 17).

use super::http::{body_of, json_of, respond};
use super::jobs::find;
use super::{App, Caller};
use crate::store::JobRow;
use axum::extract::{Path, Request, State};
use axum::routing::get;
use axum::{Extension, Router};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::id::JobId;
use serde_json::{Map, Value, json};
use std::sync::Arc;

const LEVELS: [(&str, &str); 4] = [
    ("CAN_VIEW", "Can view the job and its runs"),
    ("CAN_MANAGE_RUN", "Can start, cancel and repair runs of the job"),
    ("CAN_MANAGE", "Can edit and delete the job and change its permissions"),
    ("IS_OWNER", "Owns the job"),
];

/// What a call needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    View,
    ManageRun,
    Manage,
    /// As `Manage`; refused in other words.
    Delete,
    /// To read or change permissions.
    Permissions,
}

impl Level {
    /// Place in [`LEVELS`] from which a permission is enough.
    fn rank(self) -> usize {
        match self {
            Self::View => 0,
            Self::ManageRun => 1,
            Self::Manage | Self::Delete | Self::Permissions => 2,
        }
    }
}

const PRINCIPALS: [&str; 3] = ["user_name", "group_name", "service_principal_name"];

/// Who an entry is about: the field and the name.
fn principal(entry: &Value) -> Option<(&'static str, &str)> {
    PRINCIPALS.into_iter().find_map(|field| Some((field, entry.get(field)?.as_str()?)))
}

fn level(entry: &Value) -> &str {
    entry.get("permission_level").and_then(Value::as_str).unwrap_or_default()
}

fn rank_of(level: &str) -> Option<usize> {
    LEVELS.iter().position(|(name, _)| *name == level)
}

/// Refuses a caller whose permission on a job is too small. Everybody belongs to the group `users`; there are no other groups here.
pub(super) fn require(caller: &Caller, job: &JobRow, needed: Level) -> Result<(), Error> {
    require_by(caller, job.job_id, &job.acl, needed)
}

/// As [`require`], by the permission entries of a job or of a one-time run.
pub(super) fn require_by(caller: &Caller, id: JobId, acl: &Value, needed: Level) -> Result<(), Error> {
    let user = &caller.user_name;
    let mine = |entry: &&Value| match principal(entry) {
        Some(("user_name" | "service_principal_name", name)) => name == user,
        Some((_, group)) => group == "users",
        None => false,
    };
    let entries = acl.as_array().into_iter().flatten();
    let best = entries.filter(mine).filter_map(|entry| rank_of(level(entry))).max();
    if caller.admin || best.is_some_and(|best| best >= needed.rank()) {
        return Ok(());
    }
    let message = match needed {
        Level::View => {
            format!("User {user} does not have View or Admin or Manage Run or Owner permissions on job {id}")
        }
        Level::ManageRun => {
            format!("User {user} does not have Manage Run or Admin or Owner permissions on job {id}")
        }
        Level::Manage | Level::Delete => {
            format!("User {user} does not have Admin or Owner permissions on job {id}")
        }
        Level::Permissions => format!(
            "{user} does not have Manage permissions on Job with ID: ElasticJobId({id}). Please contact the owner or an administrator for access."
        ),
    };
    Err(Error::new(ErrorCode::PermissionDenied, "permissions", message))
}

/// Refuses everybody but the holder of the engine's own token.
pub(super) fn admin_only(caller: &Caller) -> Result<(), Error> {
    if caller.admin {
        return Ok(());
    }
    let message = "Only the owner of the engine may do this.";
    Err(Error::new(ErrorCode::PermissionDenied, "permissions", message))
}

/// The entries of a new job: those of the request, and the creator as owner unless the request names one.
pub(super) fn initial(caller: &Caller, request: Option<&Value>) -> Result<Value, Error> {
    let mut entries = request.map_or(Ok(Vec::new()), entries)?;
    if !entries.iter().any(|entry| level(entry) == "IS_OWNER") {
        entries.insert(0, json!({ "user_name": caller.user_name, "permission_level": "IS_OWNER" }));
    }
    one_owner(entries)
}

fn one_owner(entries: Vec<Value>) -> Result<Value, Error> {
    let owners: Vec<&Value> = entries.iter().filter(|entry| level(entry) == "IS_OWNER").collect();
    match owners.as_slice() {
        [owner] if owner.get("group_name").is_none() => Ok(Value::Array(entries)),
        _ => {
            Err(Error::new(ErrorCode::InvalidArgument, "permissions", "The job must have exactly one owner."))
        }
    }
}

/// Reads `access_control_list`; one entry for each principal, the last one counts.
fn entries(list: &Value) -> Result<Vec<Value>, Error> {
    let fault = |text: String| Error::new(ErrorCode::InvalidArgument, "permissions", text);
    let Some(list) = list.as_array() else {
        return Err(fault("access_control_list must be a list".to_owned()));
    };
    let mut read: Vec<Value> = Vec::new();
    for (n, entry) in list.iter().enumerate() {
        let Some((field, name)) = principal(entry) else {
            return Err(fault(format!("access_control_list[{n}] names no user, group or service principal")));
        };
        let level = level(entry);
        if rank_of(level).is_none() {
            return Err(fault(format!("access_control_list[{n}].permission_level is {level:?}")));
        }
        if (field, name) == ("group_name", "admins") {
            return Err(fault("The permissions of the group admins cannot be changed.".to_owned()));
        }
        read.retain(|known| principal(known) != Some((field, name)));
        read.push(json!({ field: name, "permission_level": level }));
    }
    Ok(read)
}

/// `JobPermissions`.
fn document(job: &JobRow) -> Value {
    let direct = job.acl.as_array().into_iter().flatten().filter_map(|entry| {
        let (field, name) = principal(entry)?;
        let mut shown = Map::new();
        shown.insert(field.to_owned(), json!(name));
        shown.insert("display_name".to_owned(), json!(name));
        let all = json!([{ "permission_level": level(entry), "inherited": false }]);
        shown.insert("all_permissions".to_owned(), all);
        Some(Value::Object(shown))
    });
    let admins = json!({
        "group_name": "admins",
        "all_permissions": [
            { "permission_level": "CAN_MANAGE", "inherited": true, "inherited_from_object": ["/jobs/"] }
        ],
    });
    json!({
        "object_id": format!("/jobs/{}", job.job_id),
        "object_type": "job",
        "access_control_list": direct.chain([admins]).collect::<Vec<Value>>(),
    })
}

pub(super) fn routes(router: Router<Arc<App>>) -> Router<Arc<App>> {
    router
        .route("/api/2.0/permissions/jobs/{job_id}", get(read).put(set).patch(change))
        .route("/api/2.0/permissions/jobs/{job_id}/permissionLevels", get(levels))
}

type Answer = axum::response::Response;

async fn job_of(app: &App, id: &str, caller: &Caller) -> Result<JobRow, Error> {
    let number: JobId = id.parse().map_err(|_| {
        Error::new(ErrorCode::InvalidArgument, "permissions", format!("{id:?} is not the id of a job"))
    })?;
    let job = find(app, number).await?;
    require(caller, &job, Level::Permissions)?;
    Ok(job)
}

type Asked = (State<Arc<App>>, Path<String>, Extension<Caller>);

async fn read((State(app), Path(id), Extension(caller)): Asked) -> Answer {
    let job = job_of(&app, &id, &caller).await;
    respond(&app, job.map(|job| document(&job)))
}

async fn levels((State(app), Path(id), Extension(caller)): Asked) -> Answer {
    let all = LEVELS.map(|(name, text)| json!({ "permission_level": name, "description": text }));
    respond(&app, job_of(&app, &id, &caller).await.map(|_| json!({ "permission_levels": all })))
}

async fn set((State(app), Path(id), Extension(caller)): Asked, request: Request) -> Answer {
    let answer = write(&app, &id, &caller, request, true);
    respond(&app, answer.await)
}

async fn change((State(app), Path(id), Extension(caller)): Asked, request: Request) -> Answer {
    let answer = write(&app, &id, &caller, request, false);
    respond(&app, answer.await)
}

/// PUT replaces all entries, PATCH adds to them. A PATCH without a list changes nothing: some clients lose their bodies
/// (reference section 22.3).
async fn write(
    app: &App,
    id: &str,
    caller: &Caller,
    request: Request,
    replace: bool,
) -> Result<Value, Error> {
    let mut job = job_of(app, id, caller).await?;
    let body = json_of(&body_of(request).await?)?;
    let new = body.get("access_control_list").map_or(Ok(Vec::new()), entries)?;
    if new.is_empty() && !replace {
        return Ok(document(&job));
    }
    let mut all = if replace { Vec::new() } else { job.acl.as_array().cloned().unwrap_or_default() };
    let takes_over = new.iter().any(|entry| level(entry) == "IS_OWNER");
    let replaced = |known: &Value| new.iter().any(|entry| principal(entry) == principal(known));
    all.retain(|known| !(replaced(known) || takes_over && level(known) == "IS_OWNER"));
    all.extend(new);
    job.acl = one_owner(all)?;
    app.driver.store().put_job(job.clone(), app.driver.clock().time()).await?;
    Ok(document(&job))
}
