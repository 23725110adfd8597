//! Requests as they are sent, and error answers as what they mean.

use super::{Answer, read, write};
use crate::api::{self, Endpoint, Response, fault};
use crate::error::{Error, ErrorCode};
use crate::time::WallTime;
use crate::value::Value;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct RequestInput {
    operation: String,
    fields: Value,
}

/// The request of an operation with these fields.
pub(super) fn request(input: Value) -> Answer {
    let RequestInput { operation, fields } = read(input)?;
    let build = match operation.as_str() {
        "create" => sent::<api::CreateJob>,
        "reset" => sent::<api::ResetJob>,
        "update" => sent::<api::UpdateJob>,
        "delete" => sent::<api::DeleteJob>,
        "get" => sent::<api::GetJob>,
        "list" => sent::<api::ListJobs>,
        "run_now" => sent::<api::RunNow>,
        "submit" => sent::<api::SubmitRun>,
        "get_run" => sent::<api::GetRun>,
        "get_run_output" => sent::<api::GetRunOutput>,
        "list_runs" => sent::<api::ListRuns>,
        "cancel_run" => sent::<api::CancelRun>,
        "cancel_all_runs" => sent::<api::CancelAllRuns>,
        "delete_run" => sent::<api::DeleteRun>,
        "export_run" => sent::<api::ExportRun>,
        "repair_run" => sent::<api::RepairRun>,
        "get_permissions" => sent::<api::GetPermissions>,
        "set_permissions" => sent::<api::SetPermissions>,
        "update_permissions" => sent::<api::UpdatePermissions>,
        "get_permission_levels" => sent::<api::GetPermissionLevels>,
        "get_compliance" => sent::<api::GetCompliance>,
        "list_compliance" => sent::<api::ListCompliance>,
        "enforce_compliance" => sent::<api::EnforceCompliance>,
        other => {
            let message = format!("{other:?} is not an operation of the Jobs API");
            return Err(Error::new(ErrorCode::InvalidArgument, "call_rule", message));
        }
    };
    build(fields)
}

fn sent<E: Endpoint + DeserializeOwned>(fields: Value) -> Answer {
    let request = read::<E>(fields)?.request();
    let mut told = write(&request)?;
    if let Some(fields) = told.as_object_mut() {
        fields.remove("operation");
    }
    Ok(told)
}

#[derive(Deserialize)]
struct AnswerInput {
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: String,
    #[serde(default)]
    now: i64,
}

/// What an answer with an error status means.
pub(super) fn error(input: Value) -> Answer {
    let AnswerInput { status, headers, body, now } = read(input)?;
    let response = Response { status, headers: headers.into_iter().collect(), body: body.into_bytes() };
    let error = fault::classify("get_run", &response, WallTime(now));
    let mut told = error.to_json();
    if let Some(fields) = told.as_object_mut() {
        fields.remove("operation");
    }
    Ok(told)
}
