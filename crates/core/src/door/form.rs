//! Forms for parameters.

use super::{Answer, read, write};
use crate::form::{coerce, describe};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Described {
    schema: Value,
}

/// The form for a schema.
pub(super) fn described(input: Value) -> Answer {
    let Described { schema } = read(input)?;
    write(describe(&schema))
}

#[derive(Deserialize)]
struct Typed {
    schema: Value,
    /// Names and texts, in the order of the form.
    entries: Vec<(String, String)>,
}

/// The parameters that a form's entries stand for.
pub(super) fn coerced(input: Value) -> Answer {
    let Typed { schema, entries } = read(input)?;
    Ok(coerce(&schema, &entries))
}
