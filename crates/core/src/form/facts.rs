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
        if let Some(Value::Array(types)) = facts.get("type") {
            let others = types.iter().filter(|name| *name != "null").count();
            facts.nullable |= others < types.len();
            facts.open |= others > 1;
        }
        facts
    }

    fn gather(&mut self, schema: &'a Value, root: &'a Value) {
        let Value::Object(schema) = schema else { return };
        if self.parts.len() == MAX_PARTS || self.parts.iter().any(|part| std::ptr::eq(*part, schema)) {
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
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.gather(part, root);
        }
        for keyword in ["anyOf", "oneOf"] {
            let Some(branches) = schema.get(keyword).and_then(Value::as_array) else { continue };
            let is_null = |branch: &&Value| branch.get("type").is_some_and(|name| name == "null");
            self.nullable |= branches.iter().any(|branch| is_null(&branch));
            let others: Vec<&Value> = branches.iter().filter(|branch| !is_null(branch)).collect();
            match others[..] {
                [one] => self.gather(one, root),
                _ if others.iter().all(|branch| branch.get("const").is_some()) => {}
                _ => self.open = true,
            }
        }
    }

    /// A keyword: the schema's own before those that it refers to.
    pub(super) fn get(&self, keyword: &str) -> Option<&'a Value> {
        self.parts.iter().find_map(|part| part.get(keyword))
    }

    /// A keyword that is text.
    pub(super) fn text(&self, keyword: &str) -> Option<&'a str> {
        self.get(keyword).and_then(Value::as_str)
    }

    /// A keyword that is `true`.
    pub(super) fn flag(&self, keyword: &str) -> bool {
        self.get(keyword) == Some(&Value::Bool(true))
    }

    /// Every value of a keyword, from all parts.
    pub(super) fn all(&self, keyword: &'a str) -> impl Iterator<Item = &'a Value> {
        self.parts.iter().filter_map(move |part| part.get(keyword))
    }

    /// The type: as it is written, else that of `const` or of all values of `enum`, else what the keywords are for.
    pub(super) fn kind(&self) -> Option<&'a str> {
        let written = self.get("type").and_then(|types| match types {
            Value::String(name) => Some(name.as_str()),
            Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
            _ => None,
        });
        if written.is_some() || self.open {
            return written;
        }
        let values = self.choices();
        let mut kinds = values.iter().map(|(value, _)| kind_of(value)).filter(|kind| *kind != "null");
        if let Some(first) = kinds.next() {
            return kinds.all(|kind| kind == first).then_some(first);
        }
        let any = |keywords: &[&str]| keywords.iter().any(|keyword| self.get(keyword).is_some());
        if any(&["properties", "required", "additionalProperties"]) {
            Some("object")
        } else if any(&["items", "prefixItems"]) {
            Some("array")
        } else if any(&["minLength", "maxLength", "pattern", "format"]) {
            Some("string")
        } else if any(&["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]) {
            Some("number")
        } else {
            None
        }
    }

    /// The values that are allowed, each with its title: of `enum`, of `const`, or of branches that are all `const`.
    pub(super) fn choices(&self) -> Vec<(&'a Value, Option<&'a str>)> {
        if let Some(values) = self.get("enum").and_then(Value::as_array) {
            return values.iter().map(|value| (value, None)).collect();
        }
        if let Some(value) = self.get("const") {
            return vec![(value, None)];
        }
        let branches = self.get("oneOf").or_else(|| self.get("anyOf")).and_then(Value::as_array);
        let choice =
            |branch: &'a Value| Some((branch.get("const")?, branch.get("title").and_then(Value::as_str)));
        let consts: Vec<_> = branches.into_iter().flatten().filter_map(choice).collect();
        consts
    }

    /// The properties of an object, each once, in the order in which they are written.
    pub(super) fn properties(&self) -> Vec<(&'a str, &'a Value)> {
        let mut found: Vec<(&str, &Value)> = Vec::new();
        for (name, schema) in self.all("properties").filter_map(Value::as_object).flatten() {
            if !found.iter().any(|(known, _)| known == name) {
                found.push((name, schema));
            }
        }
        found
    }

    /// Whether an object must have this property.
    pub(super) fn requires(&self, name: &str) -> bool {
        self.all("required").filter_map(Value::as_array).flatten().any(|required| required == name)
    }
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
    if steps.next() != Some("") {
        return None;
    }
    steps.try_fold(root, |value, step| json::step(value, &json::unescaped(step)))
}
