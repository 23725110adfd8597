//! Parameters from the texts of a form.

use super::describe::describe;
use crate::cut;
use crate::json::{self, unescaped};
use crate::value::{Map, Number, Value};

/// The parameters that a form's entries stand for: names and texts, in the order of the form; a name may come several
/// times.
///
/// A text that stands for a value of the field's type becomes that value; any other stays text, for the validator to
/// refuse. Blanks around numbers, dates, choices and JSON are cut, around free text never. An empty text is "not set",
/// but for a required text without choices, where it is the empty text; U+0000 alone is the empty text everywhere. A required switch without an entry is `false`,
/// as a check box of HTML has it; a constant needs no entry. Names that the schema does not list are texts.
pub fn coerce(schema: &Value, entries: &[(String, String)]) -> Value {
    let form = describe(schema);
    let fields = json::items(form.get("fields"));
    let mut params = Map::new();
    fill(fields, entries, &mut params);
    for (name, text) in entries {
        if !is_known(fields, name) && !params.contains_key(name) {
            let mut all = Vec::new();
            for text in &texts(entries, name) {
                all.push(Value::from(meant(text)));
            }
            let value = if all.len() > 1 { Value::Array(all) } else { Value::from(meant(text)) };
            params.insert(name.clone(), value);
        }
    }
    Value::Object(params)
}

/// The texts of a name.
fn texts<'e>(entries: &'e [(String, String)], name: &str) -> Vec<&'e str> {
    let mut texts = Vec::new();
    for (entry, text) in entries {
        if entry == name {
            texts.push(text.as_str());
        }
    }
    texts
}

/// The text that stands for the empty text, where none would be "not set".
const EMPTY: &str = "\0";

/// A text as it is meant.
fn meant(text: &str) -> &str {
    if text == EMPTY { "" } else { text }
}

/// What a field says under a name; the empty text when that is nothing.
fn says<'f>(field: &'f Value, name: &str) -> &'f str {
    field.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn is_known(fields: &[Value], name: &str) -> bool {
    for field in fields {
        if says(field, "name") == name || is_known(json::items(field.get("fields")), name) {
            return true;
        }
    }
    false
}

fn fill(fields: &[Value], entries: &[(String, String)], into: &mut Map<String, Value>) {
    for field in fields {
        let key = unescaped(cut::last(says(field, "path"), b'/').map_or("", |(_, step)| step));
        if let Some(value) = value(field, entries) {
            into.insert(key, value);
        }
    }
}

fn value(field: &Value, entries: &[(String, String)]) -> Option<Value> {
    let given = texts(entries, says(field, "name"));
    let required = field.get("required").and_then(Value::as_bool) == Some(true);
    let control = says(field, "control");
    match control {
        "group" => {
            let mut inner = Map::new();
            fill(json::items(field.get("fields")), entries, &mut inner);
            (required || !inner.is_empty()).then_some(Value::Object(inner))
        }
        "constant" => {
            let given = given.iter().any(|text| !text.is_empty());
            if required || given { field.get("default").cloned() } else { None }
        }
        "list" => {
            let mut items = Vec::new();
            for text in &given {
                // The end of a line that has two characters is cut as a blank.
                for line in cut::parts(text, b'\n') {
                    let line = cut::trimmed(line);
                    if !line.is_empty() {
                        items.push(item(field, line));
                    }
                }
            }
            (required || !items.is_empty()).then_some(Value::Array(items))
        }
        "switch" => Some(given.last().map_or(Value::Bool(false), |text| scalar(field, text))),
        _ => {
            let text = given.last()?;
            let free = matches!(control, "text" | "textarea" | "password");
            if *text == EMPTY {
                return Some(choice(field, "").unwrap_or_else(|| Value::from("")));
            }
            match (cut::trimmed(text).is_empty(), free) {
                (true, true) if text.is_empty() => required.then(|| Value::from("")),
                (true, false) => None,
                (_, true) => Some(Value::from(*text)),
                (_, false) => Some(scalar(field, text)),
            }
        }
    }
}

/// An item of a list: a choice, else what its line stands for.
fn item(field: &Value, line: &str) -> Value {
    if let Some(choice) = choice(field, line) {
        return choice;
    }
    typed(says(field, "items"), line)
}

fn scalar(field: &Value, text: &str) -> Value {
    let text = cut::trimmed(text);
    choice(field, text).unwrap_or_else(|| match says(field, "control") {
        "json" => json::read(text).unwrap_or_else(|_| Value::from(text)),
        _ => typed(says(field, "type"), text),
    })
}

fn choice(field: &Value, text: &str) -> Option<Value> {
    for choice in json::items(field.get("enum")) {
        let value = choice.get("value")?;
        let is = match value {
            Value::String(own) => own == text,
            other => json::write(other) == text,
        };
        if is {
            return Some(value.clone());
        }
    }
    None
}

fn typed(kind: &str, text: &str) -> Value {
    let read = match kind {
        "integer" | "number" => number(text).map(Value::Number),
        "boolean" => match text {
            "true" | "on" => Some(Value::Bool(true)),
            "false" | "off" => Some(Value::Bool(false)),
            _ => None,
        },
        _ => None,
    };
    read.unwrap_or_else(|| Value::from(text))
}

/// A decimal number as JSON writes it, also with a `+` before it or without a digit before the point. A whole number
/// beyond 64 bits stays text, since its digits would be lost.
fn number(text: &str) -> Option<Number> {
    let plain = cut::after(text, b'+').unwrap_or(text);
    let decimal = match cut::after(plain, b'-') {
        Some(rest) if cut::after(rest, b'.').is_some() => format!("-0{rest}"),
        None if cut::after(plain, b'.').is_some() => format!("0{plain}"),
        _ => plain.to_owned(),
    };
    let whole = cut::all(&decimal, |b| b.is_ascii_digit() || b == b'-');
    match json::read(&decimal) {
        Ok(Value::Number(number)) if !(whole && number.is_f64()) => Some(number),
        _ => None,
    }
}
