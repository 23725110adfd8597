//! Which fields a form for a schema has.

use super::facts::Facts;
use super::{MAX_FIELDS, MAX_GROUPS};
use crate::cut;
use crate::json::{self, Object, ToJson};
use crate::params::push_step;
use crate::value::{Map, Value};
#[cfg(feature = "whole")]
use serde::{Serialize, Serializer};

/// A form for the parameters of a job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Form {
    /// `title` of the schema.
    pub title: Option<String>,
    /// `description` of the schema.
    pub description: Option<String>,
    /// In the order in which the schema has them.
    pub fields: Vec<Field>,
    /// Parameters that are not listed are allowed.
    pub open: bool,
    /// There are more fields than a form takes; the others are to be given as JSON.
    pub cut: bool,
}

/// The control that suits a field (console reference section 7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Control {
    /// One line of text.
    #[default]
    Text,
    /// Several lines of text.
    Textarea,
    /// Text that is not shown.
    Password,
    /// Up to five choices, side by side.
    Radio,
    /// Up to fifteen choices, in a list.
    Select,
    /// More choices: text with a list to pick from.
    Combobox,
    /// A number, typed as text, so that no digit is lost.
    Number,
    /// True or false.
    Switch,
    /// True, false or not set.
    Tristate,
    /// A day.
    Date,
    /// A day and a time.
    DateTime,
    /// A time of day.
    Time,
    /// One value a line.
    List,
    /// Fields of its own.
    Group,
    /// Shown and not editable.
    Constant,
    /// JSON text: for everything that has no control of its own.
    Json,
}

impl Control {
    /// Its name, as forms call it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Textarea => "textarea",
            Self::Password => "password",
            Self::Radio => "radio",
            Self::Select => "select",
            Self::Combobox => "combobox",
            Self::Number => "number",
            Self::Switch => "switch",
            Self::Tristate => "tristate",
            Self::Date => "date",
            Self::DateTime => "date-time",
            Self::Time => "time",
            Self::List => "list",
            Self::Group => "group",
            Self::Constant => "constant",
            Self::Json => "json",
        }
    }
}

/// One value that may be chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The value.
    pub value: Value,
    /// What is shown.
    pub label: String,
}

/// One field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Field {
    /// The name that a control of a form bears: the parameter's; in a group `group.parameter`.
    pub name: String,
    /// JSON Pointer of the value in the parameters, as violations have it.
    pub path: String,
    /// What is shown: the title, else the parameter's name.
    pub label: String,
    /// What is shown below.
    pub description: Option<String>,
    /// Type as the schema calls it; `None` when it is open.
    pub kind: Option<String>,
    /// Of a list: the type of its items.
    pub items: Option<String>,
    /// Which control suits it.
    pub control: Control,
    /// It must be given.
    pub required: bool,
    /// `null` is allowed.
    pub nullable: bool,
    /// The default.
    pub default: Option<Value>,
    /// The values that are allowed, when they are listed; of a list those of its items.
    pub choices: Vec<Choice>,
    /// Bounds and other limits, by keyword: `minimum`, `maxLength`, `pattern`, `format`, `minItems`, …; those of a list's
    /// items are under `items`.
    pub limits: Map<String, Value>,
    /// Shown, and never stored or put into a link.
    pub write_only: bool,
    /// Not to be changed by the user.
    pub read_only: bool,
    /// Not to be used any more.
    pub deprecated: bool,
    /// Values to show as examples.
    pub examples: Vec<Value>,
    /// Of a group.
    pub fields: Vec<Self>,
}

impl ToJson for Form {
    fn to_json(&self) -> Value {
        let mut object = Object::default();
        object.set_some("title", self.title.as_deref());
        object.set_some("description", self.description.as_deref());
        object.set("fields", self.fields.to_json());
        object.set("open", self.open);
        object.set("cut", self.cut);
        object.into()
    }
}

#[cfg(feature = "whole")]
impl Serialize for Form {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl ToJson for Choice {
    fn to_json(&self) -> Value {
        let mut object = Object::default();
        object.set("value", self.value.clone());
        object.set("label", self.label.as_str());
        object.into()
    }
}

impl ToJson for Field {
    fn to_json(&self) -> Value {
        let mut object = Object::default();
        object.set("name", self.name.as_str());
        object.set("path", self.path.as_str());
        object.set("label", self.label.as_str());
        object.set_some("description", self.description.as_deref());
        object.set_some("type", self.kind.as_deref());
        object.set_some("items", self.items.as_deref());
        object.set("control", self.control.as_str());
        object.set("required", self.required);
        object.set("nullable", self.nullable);
        object.set_some("default", self.default.clone());
        object.set_list("enum", &self.choices);
        if !self.limits.is_empty() {
            object.set("limits", self.limits.clone());
        }
        object.set_true("writeOnly", self.write_only);
        object.set_true("readOnly", self.read_only);
        object.set_true("deprecated", self.deprecated);
        if !self.examples.is_empty() {
            object.set("examples", self.examples.clone());
        }
        object.set_list("fields", &self.fields);
        object.into()
    }
}

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
pub fn describe(schema: &Value) -> Form {
    let facts = Facts::of(schema, schema);
    let mut left = MAX_FIELDS;
    let (fields, cut) = fields(&facts, schema, "", "", 0, &mut left);
    Form {
        title: facts.text("title").map(str::to_owned),
        description: facts.text("description").map(str::to_owned),
        open: facts.allows_others(),
        cut,
        fields,
    }
}

fn fields<'a>(
    facts: &Facts<'a>,
    root: &'a Value,
    name: &str,
    path: &str,
    depth: usize,
    left: &mut usize,
) -> (Vec<Field>, bool) {
    let mut found = Vec::new();
    for (property, schema) in facts.properties() {
        let Some(rest) = left.checked_sub(1) else { return (found, true) };
        *left = rest;
        let place = Place {
            name: if name.is_empty() { property.to_owned() } else { format!("{name}.{property}") },
            path: {
                let mut path = path.to_owned();
                push_step(&mut path, property);
                path
            },
            property,
            required: facts.requires(property),
            depth,
        };
        found.push(field(place, &Facts::of(schema, root), root, left));
    }
    (found, false)
}

struct Place<'p> {
    name: String,
    path: String,
    property: &'p str,
    required: bool,
    depth: usize,
}

fn field<'a>(place: Place<'_>, facts: &Facts<'a>, root: &'a Value, left: &mut usize) -> Field {
    let kind = facts.kind();
    let items = facts.get("items").filter(|_| kind == Some("array")).map(|items| Facts::of(items, root));
    let inner = match kind {
        Some("object") if place.depth < MAX_GROUPS && !facts.open => {
            fields(facts, root, &place.name, &place.path, place.depth + 1, left).0
        }
        _ => Vec::new(),
    };
    let choices = items.as_ref().map_or_else(|| choices(facts), choices);
    let mut limits = limits_of(facts);
    if let Some(items) = &items {
        let inside = limits_of(items);
        if !inside.is_empty() {
            limits.insert("items".to_owned(), Value::Object(inside));
        }
    }
    Field {
        control: control(facts, items.as_ref(), kind, place.required, choices.len(), !inner.is_empty()),
        name: place.name,
        path: place.path,
        label: facts.text("title").unwrap_or(place.property).to_owned(),
        description: facts.text("description").map(str::to_owned),
        kind: kind.map(str::to_owned),
        items: items.as_ref().and_then(Facts::kind).map(str::to_owned),
        required: place.required,
        nullable: facts.nullable,
        default: facts.get("default").or_else(|| facts.get("const")).cloned(),
        choices,
        limits,
        write_only: facts.flag("writeOnly"),
        read_only: facts.flag("readOnly"),
        deprecated: facts.flag("deprecated"),
        examples: json::items(facts.get("examples")).to_vec(),
        fields: inner,
    }
}

fn choices(facts: &Facts<'_>) -> Vec<Choice> {
    let mut choices = Vec::new();
    for (value, title) in facts.choices() {
        let label = match title.or(value.as_str()) {
            Some(text) => text.to_owned(),
            None => json::write(value),
        };
        choices.push(Choice { value: value.clone(), label });
    }
    choices
}

fn limits_of(facts: &Facts<'_>) -> Map<String, Value> {
    let mut limits = Map::new();
    for keyword in LIMITS {
        if let Some(value) = facts.get(keyword) {
            limits.insert(keyword.to_owned(), value.clone());
        }
    }
    limits
}

/// Characters from which on a text gets several lines.
const LONG_TEXT: u64 = 120;

fn control(
    facts: &Facts<'_>,
    items: Option<&Facts<'_>>,
    kind: Option<&str>,
    required: bool,
    choices: usize,
    group: bool,
) -> Control {
    let scalar = |kind: Option<&str>| matches!(kind, Some("string" | "number" | "integer" | "boolean"));
    if facts.get("const").is_some() {
        return Control::Constant;
    }
    if facts.open {
        return Control::Json;
    }
    match kind {
        Some("array") if items.is_some_and(|items| !items.open && scalar(items.kind())) => Control::List,
        Some("object") if group => Control::Group,
        kind if choices > 0 && scalar(kind) => match choices {
            ..=5 => Control::Radio,
            6..=15 => Control::Select,
            _ => Control::Combobox,
        },
        Some("boolean") if required && !facts.nullable => Control::Switch,
        Some("boolean") => Control::Tristate,
        Some("integer" | "number") => Control::Number,
        Some("string") => text_control(facts),
        _ => Control::Json,
    }
}

fn text_control(facts: &Facts<'_>) -> Control {
    if facts.flag("writeOnly") {
        return Control::Password;
    }
    match facts.text("format") {
        Some("password") => Control::Password,
        Some("date") => Control::Date,
        Some("date-time") => Control::DateTime,
        Some("time") => Control::Time,
        _ => {
            let long = facts.get("maxLength").and_then(Value::as_u64).is_some_and(|most| most > LONG_TEXT);
            let lines = facts.text("default").is_some_and(|default| cut::has(default, b'\n'));
            if long || lines { Control::Textarea } else { Control::Text }
        }
    }
}
