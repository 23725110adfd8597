//! Parameters to the fields of a run-now request.

use super::{Answer, Input, parse};
use crate::error::{Error, ErrorCode};
use crate::json::{Object, ToJson};
use crate::mapping::{TaskType, map_params};
use crate::value::Value;

/// `{"fields": …}` of a run-now request for `params`, or for `params_text`, which is JSON; or `{"problems": …}`.
pub(super) fn mapped(input: Value) -> Answer {
    let mut input = Input::of(input)?;
    let task_type = input.text("task_type")?;
    let task_type = match task_type.map(|name| name.parse::<TaskType>()) {
        Some(Err(unknown)) => {
            return Err(Error::new(ErrorCode::InvalidArgument, "map_params", unknown.to_string()));
        }
        Some(Ok(task_type)) => Some(task_type),
        None => None,
    };
    let params = match input.text("params_text")? {
        Some(text) => parse("map_params", &text)?,
        None => input.optional("params").unwrap_or_default(),
    };
    let mut answer = Object::default();
    match map_params(task_type, &params) {
        Ok(fields) => answer.set("fields", fields),
        Err(problems) => answer.set("problems", problems.to_json()),
    }
    Ok(answer.into())
}
