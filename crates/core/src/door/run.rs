//! Runs as pages show them.

use super::{Answer, Input, unreadable};
use crate::json::ToJson;
use crate::run;
use crate::value::Value;

/// A run as a page shows it at `now`, in milliseconds since 1970.
pub(super) fn view(input: Value) -> Answer {
    let mut input = Input::of(input)?;
    let now = input.integer("now")?.ok_or_else(|| unreadable("missing field `now`"))?;
    match run::view(&input.required("run")?, now) {
        Ok(view) => Ok(view.to_json()),
        Err(problems) => {
            let first = problems.first().map(ToString::to_string).unwrap_or_default();
            Err(unreadable(&first))
        }
    }
}
