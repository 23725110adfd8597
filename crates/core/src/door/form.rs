//! Forms for parameters.

use super::{Answer, Input, unreadable};
use crate::form::{coerce, describe};
use crate::json::ToJson;
use crate::value::Value;

/// The form for a schema.
pub(super) fn described(input: Value) -> Answer {
    let mut input = Input::of(input)?;
    Ok(describe(&input.required("schema")?).to_json())
}

/// The parameters that a form's entries stand for: names and texts, in the order of the form.
pub(super) fn coerced(input: Value) -> Answer {
    let mut input = Input::of(input)?;
    let (schema, entries) = (input.required("schema")?, input.required("entries")?);
    let pair = |entry: &Value| {
        let pair = entry.as_array()?;
        let [name, text] = pair.as_slice() else { return None };
        Some((name.as_str()?.to_owned(), text.as_str()?.to_owned()))
    };
    let entries = entries.as_array().and_then(|entries| entries.iter().map(pair).collect::<Option<Vec<_>>>());
    let entries = entries.ok_or_else(|| unreadable("`entries` is a list of pairs of a name and a text"))?;
    Ok(coerce(&schema, &entries))
}
