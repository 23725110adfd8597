//! Forms for parameters.

use super::{Answer, Input, unreadable};
use crate::form::{coerce, describe};
use crate::json;
use crate::value::Value;

/// The form for a schema.
pub(super) fn described(input: Value) -> Answer {
    let mut input = Input::of(input)?;
    Ok(describe(&input.required("schema")?))
}

/// The parameters that a form's entries stand for: names and texts, in the order of the form.
pub(super) fn coerced(input: Value) -> Answer {
    let mut input = Input::of(input)?;
    let (schema, entries) = (input.required("schema")?, input.required("entries")?);
    let mut pairs = Vec::new();
    let mut right = entries.is_array();
    for entry in json::items(Some(&entries)) {
        match json::items(Some(entry)) {
            [Value::String(name), Value::String(text)] => pairs.push((name.clone(), text.clone())),
            _ => right = false,
        }
    }
    if right {
        Ok(coerce(&schema, &pairs))
    } else {
        Err(unreadable("`entries` is a list of pairs of a name and a text"))
    }
}
