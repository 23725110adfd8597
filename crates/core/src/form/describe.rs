//! Which fields a form for a schema has.
//!
//! A form is JSON, as every language has it: `title` and `description` of the schema, `fields` in the order in which the
//! schema has them, `open` when parameters that are not listed are allowed, `cut` when there are more fields than a form takes.
//! A field has
//!
//! - `name`, which its control bears: the parameter's; in a group `group.parameter`,
//! - `path`, the JSON Pointer of the value in the parameters, as violations have it,
//! - `label`, which is shown: the title, else the parameter's name; and `description`,
//! - `type`, when it is not open; of a list the type of its `items`,
//! - `control`, which suits it (console reference section 7): `text`, `textarea`, `password`; `radio` up to five choices, `select`
//!   up to fifteen, `combobox` above; `number`, typed as text, so that no digit is lost; `switch`, `tristate`, `date`,
//!   `date-time`, `time`; `list` of one value a line, `group` of fields of its own, `constant`, which is shown and not
//!   editable, and `json` for everything that has no control of its own,
//! - `required`, `nullable`, `default`, and `enum`: the values that are allowed, each with its `value` and `label`, when they are
//!   listed; of a list those of its items,
//! - `limits` by keyword; those of a list's items are under `items`,
//! - `writeOnly` when it is never stored or put into a link, `readOnly`, `deprecated`, `examples`,
//! - `fields`, of a group.

use super::facts::Facts;
use super::{MAX_FIELDS, MAX_GROUPS};
use crate::cut;
use crate::json::{self, Object};
use crate::params::push_step;
use crate::value::Value;

/// The limits that are told as they are written.
const LIMITS: [&str; 14] = [
    "format",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "exclusiveMinimum",
    "maximum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
];

/// The form for a schema. Any JSON gives a form: what is no schema of an object gives one without fields that is open.
pub fn describe(schema: &Value) -> Value {
    let facts = Facts::of(schema, schema);
    let mut left = MAX_FIELDS;
    let fields = fields(&facts, schema, ("", ""), 0, &mut left);
    let cut = fields.len() < facts.properties().len();
    let mut form = Object::default();
    add_text(&mut form, "title", facts.text("title"));
    add_text(&mut form, "description", facts.text("description"));
    form.set("fields", fields);
    form.set("open", facts.allows_others());
    form.set("cut", cut);
    form.into()
}

fn add_text(object: &mut Object, name: &str, text: Option<&str>) {
    object.set_some(name, text);
}

/// The fields of an object with this name and path, as many as are left.
fn fields<'a>(
    facts: &Facts<'a>,
    root: &'a Value,
    (name, path): (&str, &str),
    depth: usize,
    left: &mut usize,
) -> Vec<Value> {
    let mut found = Vec::new();
    for (property, schema) in &facts.properties() {
        if *left == 0 {
            break;
        }
        *left -= 1;
        let dot = if name.is_empty() { "" } else { "." };
        let name = name.to_owned() + dot + property;
        let mut path = path.to_owned();
        push_step(&mut path, property);
        let place = Place { name: &name, path: &path, required: facts.requires(property), depth };
        found.push(field(&place, property, &Facts::of(schema, root), root, left));
    }
    found
}

struct Place<'p> {
    name: &'p str,
    path: &'p str,
    required: bool,
    depth: usize,
}

fn field<'a>(
    place: &Place<'_>,
    property: &str,
    facts: &Facts<'a>,
    root: &'a Value,
    left: &mut usize,
) -> Value {
    let kind = facts.kind();
    let items = facts.get("items").filter(|_| kind == Some("array")).map(|items| Facts::of(items, root));
    let items = items.as_ref();
    let mut inner = Vec::new();
    if kind == Some("object") && place.depth < MAX_GROUPS && !facts.open {
        inner = fields(facts, root, (place.name, place.path), place.depth + 1, left);
    }
    let choices = choices(items.unwrap_or(facts));
    let mut limits = limits_of(facts);
    if let Some(items) = items {
        add(&mut limits, "items", limits_of(items).into());
    }
    let mut field = Object::default();
    field.set("name", place.name);
    field.set("path", place.path);
    field.set("label", facts.text("title").unwrap_or(property));
    add_text(&mut field, "description", facts.text("description"));
    add_text(&mut field, "type", kind);
    add_text(&mut field, "items", items.and_then(Facts::kind));
    field.set("control", control(facts, items, kind, place.required, choices.len(), !inner.is_empty()));
    field.set("required", place.required);
    field.set("nullable", facts.nullable);
    field.set_some("default", facts.get("default").or_else(|| facts.get("const")).cloned());
    add(&mut field, "enum", choices.into());
    add(&mut field, "limits", limits.into());
    for name in &["writeOnly", "readOnly", "deprecated"] {
        field.set_true(name, facts.flag(name));
    }
    add(&mut field, "examples", json::items(facts.get("examples")).to_vec().into());
    add(&mut field, "fields", inner.into());
    field.into()
}

/// Adds a list or an object that is not empty.
fn add(object: &mut Object, name: &str, value: Value) {
    let empty = match &value {
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    };
    if !empty {
        object.set(name, value);
    }
}

fn choices(facts: &Facts<'_>) -> Vec<Value> {
    let mut choices = Vec::new();
    for (value, title) in &facts.choices() {
        let mut choice = Object::default();
        choice.set("value", (*value).clone());
        match title.or(value.as_str()) {
            Some(text) => choice.set("label", text),
            None => choice.set("label", json::write(value)),
        }
        choices.push(choice.into());
    }
    choices
}

fn limits_of(facts: &Facts<'_>) -> Object {
    let mut limits = Object::default();
    for keyword in &LIMITS {
        limits.set_some(keyword, facts.get(keyword).cloned());
    }
    limits
}

/// Characters from which on a text gets several lines.
const LONG_TEXT: u64 = 120;

fn control<'a>(
    facts: &Facts<'a>,
    items: Option<&Facts<'_>>,
    kind: Option<&str>,
    required: bool,
    choices: usize,
    group: bool,
) -> &'a str {
    let scalar = |kind: Option<&str>| matches!(kind, Some("string" | "number" | "integer" | "boolean"));
    if facts.get("const").is_some() {
        return "constant";
    }
    if facts.open {
        return "json";
    }
    match kind {
        Some("array") if items.is_some_and(|items| !items.open && scalar(items.kind())) => "list",
        Some("object") if group => "group",
        kind if choices > 0 && scalar(kind) => match choices {
            ..=5 => "radio",
            6..=15 => "select",
            _ => "combobox",
        },
        Some("boolean") if required && !facts.nullable => "switch",
        Some("boolean") => "tristate",
        Some("integer" | "number") => "number",
        Some("string") => text_control(facts),
        _ => "json",
    }
}

fn text_control<'a>(facts: &Facts<'a>) -> &'a str {
    if facts.flag("writeOnly") {
        return "password";
    }
    if let Some(format @ ("password" | "date" | "date-time" | "time")) = facts.text("format") {
        return format;
    }
    let long = facts.get("maxLength").and_then(Value::as_u64).is_some_and(|most| most > LONG_TEXT);
    let lines = facts.text("default").is_some_and(|default| cut::has(default, b'\n'));
    if long || lines { "textarea" } else { "text" }
}
