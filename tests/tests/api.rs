//! The vectors of the REST API: requests built and received, errors classified.

use lakeflow_core::api::{self, Endpoint, Response, fault};
use lakeflow_core::error::{Error, ErrorCode, Retry};
use lakeflow_core::time::WallTime;
use lakeflow_tests::vectors;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct RequestInput {
    operation: String,
    fields: Value,
}

/// Builds the request from its fields, and receives it again as the engine's server does: both must agree.
fn both_ways<E: Endpoint + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(
    fields: &Value,
) -> Value {
    let typed: E = serde_json::from_value(fields.clone()).expect("the fields of a vector are valid");
    let request = typed.request();
    // A limit beyond the largest page is not sent as it was asked for.
    if fields["limit"].as_i64().is_some_and(|limit| !(1..=E::LARGEST_PAGE.unwrap_or(limit)).contains(&limit))
    {
        return one_way::<E>(fields);
    }
    let body = request.body.as_ref().map(ToString::to_string).unwrap_or_default();
    let received = E::receive(&request.query, body.as_bytes()).expect("what is sent can be received");
    assert_eq!(received, typed);
    one_way::<E>(fields)
}

/// Builds the request alone: the engine reads these by routes of its own.
fn one_way<E: Endpoint + serde::de::DeserializeOwned>(fields: &Value) -> Value {
    let typed: E = serde_json::from_value(fields.clone()).expect("the fields of a vector are valid");
    let mut told = serde_json::to_value(typed.request()).expect("a request is JSON");
    let operation = told.as_object_mut().and_then(|fields| fields.remove("operation"));
    assert_eq!(operation, Some(json!(E::OPERATION)));
    told
}

fn build(operation: &str, fields: &Value) -> Value {
    match operation {
        "create" => both_ways::<api::CreateJob>(fields),
        "reset" => both_ways::<api::ResetJob>(fields),
        "update" => both_ways::<api::UpdateJob>(fields),
        "delete" => both_ways::<api::DeleteJob>(fields),
        "get" => both_ways::<api::GetJob>(fields),
        "list" => both_ways::<api::ListJobs>(fields),
        "run_now" => both_ways::<api::RunNow>(fields),
        "submit" => both_ways::<api::SubmitRun>(fields),
        "get_run" => both_ways::<api::GetRun>(fields),
        "get_run_output" => both_ways::<api::GetRunOutput>(fields),
        "list_runs" => both_ways::<api::ListRuns>(fields),
        "cancel_run" => both_ways::<api::CancelRun>(fields),
        "cancel_all_runs" => both_ways::<api::CancelAllRuns>(fields),
        "delete_run" => both_ways::<api::DeleteRun>(fields),
        "export_run" => both_ways::<api::ExportRun>(fields),
        "repair_run" => both_ways::<api::RepairRun>(fields),
        "get_permissions" => one_way::<api::GetPermissions>(fields),
        "set_permissions" => one_way::<api::SetPermissions>(fields),
        "update_permissions" => one_way::<api::UpdatePermissions>(fields),
        "get_permission_levels" => one_way::<api::GetPermissionLevels>(fields),
        "get_compliance" => one_way::<api::GetCompliance>(fields),
        "list_compliance" => one_way::<api::ListCompliance>(fields),
        "enforce_compliance" => one_way::<api::EnforceCompliance>(fields),
        other => panic!("no endpoint {other}"),
    }
}

#[test]
fn requests_are_built_and_received_alike() {
    for case in vectors::<RequestInput, Value>("api_requests.json") {
        assert_eq!(build(&case.input.operation, &case.input.fields), case.expect, "{}", case.name);
    }
}

#[derive(Deserialize)]
struct Answer {
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: String,
    #[serde(default)]
    now: i64,
}

fn told(error: &Error) -> Value {
    let mut told = error.to_json();
    let operation = told.as_object_mut().and_then(|fields| fields.remove("operation"));
    assert_eq!(operation, Some(json!("get_run")));
    told
}

#[test]
fn error_answers_are_classified() {
    for case in vectors::<Answer, Value>("errors.json") {
        let Answer { status, headers, body, now } = case.input;
        let response = Response { status, headers: headers.into_iter().collect(), body: body.into_bytes() };
        let error = fault::classify("get_run", &response, WallTime(now));
        assert_eq!(told(&error), case.expect, "{}", case.name);
        assert_eq!(error.context("status"), Some(status.to_string().as_str()), "{}", case.name);
    }
}

/// What the engine answers is read back as the same code, apart from those that say more than the wire can.
#[test]
fn a_server_answer_is_read_back_as_its_code() {
    for &code in ErrorCode::ALL {
        let (status, body) = fault::answer(&Error::new(code, "get_run", "something"));
        let response = Response { status, headers: Vec::new(), body: serde_json::to_vec(&body).unwrap() };
        let read = fault::classify("get_run", &response, WallTime(0)).code;
        let expected = match code {
            ErrorCode::InvalidParameters | ErrorCode::InvalidDefinition => ErrorCode::InvalidArgument,
            ErrorCode::InvalidTransition => ErrorCode::InvalidState,
            ErrorCode::Unreachable
            | ErrorCode::DeadlineExceeded
            | ErrorCode::WaitTimedOut
            | ErrorCode::Interrupted
            | ErrorCode::RunFailed
            | ErrorCode::Storage
            | ErrorCode::Internal => ErrorCode::ServerError,
            same => same,
        };
        assert_eq!(read, expected, "{code}");
    }
}

#[test]
fn a_bad_request_is_refused_with_everything_that_is_wrong() {
    let refused = |body: &str| api::RunNow::receive(&[], body.as_bytes()).unwrap_err();
    assert_eq!(refused("{\"job_id\": 7").code, ErrorCode::Malformed);
    let error = refused(r#"{"job_parameters": [], "python_params": "x"}"#);
    assert_eq!(error.code, ErrorCode::InvalidArgument);
    for part in ["job_id", "job_parameters", "python_params"] {
        assert!(error.message.contains(part), "{part} in {}", error.message);
    }
}

#[test]
fn a_garbled_answer_may_pass() {
    let read = |body: &str| {
        let response = Response { status: 200, headers: Vec::new(), body: body.as_bytes().to_vec() };
        api::RunNow::answer(&response, WallTime(0))
    };
    assert_eq!(read(r#"{"run_id": 5, "number_in_job": 5}"#).unwrap().run_id.0, 5);
    for broken in [r#"{"run_id": 5"#, "", "{}", "[]", r#"{"run_id": "x"}"#, "<html>"] {
        let error = read(broken).unwrap_err();
        assert_eq!((error.code, error.retry), (ErrorCode::Malformed, Retry::After(0)), "{broken:?}");
    }
}
