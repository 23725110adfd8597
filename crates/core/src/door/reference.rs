//! Dynamic value references.

use super::{Answer, Input, unreadable};
use crate::json::{Object, ToJson};
use crate::reference::{Context, Mode, resolve_value};
use crate::value::Value;

/// `{"value": …}` with the values in place of the references in every text of a JSON value, or `{"unresolved": …}`.
pub(super) fn value(input: Value) -> Answer {
    let mut input = Input::of(input)?;
    let context = Context::read(&input.required("context")?).map_err(|e| unreadable(&e.to_string()))?;
    let mode = match input.text("mode")?.as_deref() {
        None | Some("strict") => Mode::Strict,
        Some("lenient") => Mode::Lenient,
        Some(_) => return Err(unreadable("`mode` is neither `strict` nor `lenient`")),
    };
    let mut told = Object::default();
    match resolve_value(&input.required("value")?, mode, &context) {
        Ok(value) => told.set("value", value),
        Err(unresolved) => told.set("unresolved", unresolved.to_json()),
    }
    Ok(told.into())
}
