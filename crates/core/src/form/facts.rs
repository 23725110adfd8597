//! What a subschema says about one value, with references followed and `allOf` taken together.

use crate::cut;
use crate::json;
use crate::value::{Map, Value};

/// Subschemas that are looked at for one value; a loop of references ends here.
const MAX_PARTS: usize = 64;

/// The objects of a schema that hold for one value together.
pub(super) struct Facts<'a> {
    parts: Vec<&'a Map<String, Value>>,
    /// `null` is allowed beside what the parts say.
    pub(super) nullable: bool,
    /// It cannot be told in one kind of field: several different branches, or a loop.
    pub(super) open: bool,
}

impl<'a> Facts<'a> {
    /// Gathers them. `root` is the document that references of the form `#/…` lead into.
    pub(super) fn of(schema: &'a Value, root: &'a Value) -> Self {
        let mut facts = Self { parts: Vec::new(), nullable: false, open: false };
        facts.gather(schema, root);
        let mut others = 0;
        for name in json::items(facts.get("type")) {
            let null = is_text(name, "null");
            facts.nullable |= null;
            others += usize::from(!null);
        }
        facts.open |= others > 1;
        facts
    }

    fn gather(&mut self, schema: &'a Value, root: &'a Value) {
        let Value::Object(schema) = schema else { return };
        let mut ended = self.parts.len() == MAX_PARTS;
        for part in &self.parts {
            ended |= std::ptr::eq(*part, schema);
        }
        if ended {
            self.open = true;
            return;
        }
        self.parts.push(schema);
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            match target(reference, root) {
                Some(target) => self.gather(target, root),
                None => self.open = true,
            }
        }
        for part in json::items(schema.get("allOf")) {
            self.gather(part, root);
        }
        for &keyword in &["anyOf", "oneOf"] {
            let Some(Value::Array(branches)) = schema.get(keyword) else { continue };
            let (mut count, mut last, mut consts) = (0, None, true);
            for branch in branches {
                if branch.get("type").is_some_and(|name| is_text(name, "null")) {
                    self.nullable = true;
                } else {
                    count += 1;
                    last = Some(branch);
                    consts &= branch.get("const").is_some();
                }
            }
            match last {
                Some(one) if count == 1 => self.gather(one, root),
                _ => self.open |= !consts,
            }
        }
    }

    /// A keyword: the schema's own before those that it refers to.
    pub(super) fn get(&self, keyword: &str) -> Option<&'a Value> {
        for part in &self.parts {
            if let Some(value) = part.get(keyword) {
                return Some(value);
            }
        }
        None
    }

    /// A keyword that is text.
    pub(super) fn text(&self, keyword: &str) -> Option<&'a str> {
        self.get(keyword).and_then(Value::as_str)
    }

    /// A keyword that is `true`.
    pub(super) fn flag(&self, keyword: &str) -> bool {
        matches!(self.get(keyword), Some(Value::Bool(true)))
    }

    /// Whether what is not listed is allowed.
    pub(super) fn allows_others(&self) -> bool {
        for part in &self.parts {
            if let Some(Value::Bool(false)) = part.get("additionalProperties") {
                return false;
            }
        }
        true
    }

    /// The type: as it is written, else that of `const` or of all values of `enum`, else what the keywords are for.
    pub(super) fn kind(&self) -> Option<&'a str> {
        match self.get("type") {
            Some(Value::String(name)) => return Some(name),
            Some(Value::Array(names)) => {
                for name in names {
                    if let Value::String(name) = name
                        && name != "null"
                    {
                        return Some(name);
                    }
                }
            }
            _ => {}
        }
        if self.open {
            return None;
        }
        let mut first = None;
        for (value, _) in &self.choices() {
            let kind = kind_of(value);
            if kind != "null" && *first.get_or_insert(kind) != kind {
                return None;
            }
        }
        if first.is_some() {
            return first;
        }
        for (kind, keywords) in KINDS {
            for keyword in *keywords {
                if self.get(keyword).is_some() {
                    return Some(kind);
                }
            }
        }
        None
    }

    /// The values that are allowed, each with its title: of `enum`, of `const`, or of branches that are all `const`.
    pub(super) fn choices(&self) -> Vec<(&'a Value, Option<&'a str>)> {
        let mut found = Vec::new();
        if let Some(Value::Array(values)) = self.get("enum") {
            for value in values {
                found.push((value, None));
            }
            return found;
        }
        if let Some(value) = self.get("const") {
            found.push((value, None));
            return found;
        }
        for branch in json::items(self.get("oneOf").or_else(|| self.get("anyOf"))) {
            if let Some(value) = branch.get("const") {
                found.push((value, branch.get("title").and_then(Value::as_str)));
            }
        }
        found
    }

    /// The properties of an object, each once, in the order in which they are written.
    pub(super) fn properties(&self) -> Vec<(&'a str, &'a Value)> {
        let mut found: Vec<(&str, &Value)> = Vec::new();
        for part in &self.parts {
            let Some(Value::Object(properties)) = part.get("properties") else { continue };
            for (name, schema) in properties {
                if !found.iter().any(|(known, _)| known == name) {
                    found.push((name, schema));
                }
            }
        }
        found
    }

    /// Whether an object must have this property.
    pub(super) fn requires(&self, name: &str) -> bool {
        for part in &self.parts {
            for required in json::items(part.get("required")) {
                if is_text(required, name) {
                    return true;
                }
            }
        }
        false
    }
}

/// What keywords are for.
const KINDS: &[(&str, &[&str])] = &[
    ("object", &["properties", "required", "additionalProperties"]),
    ("array", &["items", "prefixItems"]),
    ("string", &["minLength", "maxLength", "pattern", "format"]),
    ("number", &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
];

fn is_text(value: &Value, text: &str) -> bool {
    value.as_str() == Some(text)
}

/// The type that JSON Schema gives a value.
fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The schema that a reference into its own document leads to: `#`, `#/$defs/name`.
fn target<'a>(reference: &str, root: &'a Value) -> Option<&'a Value> {
    let mut steps = cut::parts(cut::after(reference, b'#')?, b'/');
    if !steps.next()?.is_empty() {
        return None;
    }
    let mut value = root;
    for step in steps {
        value = json::step(value, &json::unescaped(step))?;
    }
    Some(value)
}
