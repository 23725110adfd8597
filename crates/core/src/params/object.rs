//! Keywords for objects: `properties`, `patternProperties`, `additionalProperties`, `propertyNames`,
//! `required`, the dependent ones, `unevaluatedProperties`.
//!
//! One pass over the members serves the first five.

use super::check::{Check, for_each_member};
use super::compile::Compiler;
use super::evaluated::Evaluated;
use super::instance::{Instance, ShownText};
use super::keywords::Key;
use super::node::{FALSE, NodeId, Rule};
use super::pattern::Pattern;
use super::read::Read;
use crate::json::Path;
use crate::order::sort_by;
use crate::suggest::Nearest;
use crate::value::Value;

/// What is asked of each member of an object.
#[derive(Debug)]
pub(crate) struct Members {
    /// Names of `properties` and `required`, sorted by length and then by bytes.
    known: Vec<Property>,
    /// How many of `known` are required.
    required: usize,
    patterns: Vec<(Pattern, NodeId)>,
    /// For members that no other keyword of the schema is for, or that none has looked at.
    rest: Option<NodeId>,
    /// The keyword of `rest`: `additionalProperties` or `unevaluatedProperties`.
    pub(crate) others: Key,
    names: Option<NodeId>,
}

#[derive(Debug)]
struct Property {
    name: Box<str>,
    /// `None` when only `required` names it.
    schema: Option<NodeId>,
    required: bool,
}

impl Members {
    fn find(&self, name: &str) -> Option<&Property> {
        let order = |property: &Property| (property.name.len(), &*property.name).cmp(&(name.len(), name));
        self.known.binary_search_by(order).ok().map(|n| &self.known[n])
    }

    /// The declared property whose name is nearest to one that is not.
    fn nearest(&self, name: &str) -> Option<&str> {
        let mut nearest = Nearest::to(name);
        for property in &self.known {
            if property.schema.is_some() {
                nearest.consider(&property.name);
            }
        }
        nearest.found
    }
}

/// The keywords whose value is an object.
const MAPS: [Key; 7] = [
    Key::Properties,
    Key::PatternProperties,
    Key::DependentSchemas,
    Key::Dependencies,
    Key::DependentRequired,
    Key::Defs,
    Key::Definitions,
];

pub(crate) fn compile<'a>(c: &mut Compiler<'a>, read: &mut Read<'a>) {
    let rest = c.schema(read, Key::AdditionalProperties);
    let mut members = Members::of(rest, Key::AdditionalProperties);
    members.names = c.schema(read, Key::PropertyNames);
    for key in &MAPS {
        let Some(Value::Object(entries)) = read.get(*key) else { continue };
        for (name, value) in entries {
            if *key == Key::DependentRequired || (*key == Key::Dependencies && value.is_array()) {
                let names = c.names(value);
                read.rules.push(Rule::Needs(name.as_str().into(), names));
                continue;
            }
            let id = c.queue(read.at.child(value));
            match key {
                Key::Properties => members.add(name.as_str().into(), Some(id)),
                Key::PatternProperties => {
                    if let Some(pattern) = c.pattern(value, name) {
                        members.patterns.push((pattern, id));
                    }
                }
                Key::Defs | Key::Definitions => {}
                _ => read.rules.push(Rule::Dependent(name.as_str().into(), id)),
            }
        }
    }
    if let Some(value) = read.get(Key::Required) {
        for name in c.names(value) {
            members.add(name, None);
        }
    }
    members.sort();
    if !members.known.is_empty() || !members.patterns.is_empty() || rest.is_some() || members.names.is_some()
    {
        read.rules.push(Rule::Members(Box::new(members)));
    }
}

impl Members {
    pub(crate) fn of(rest: Option<NodeId>, others: Key) -> Self {
        Self { known: Vec::new(), required: 0, patterns: Vec::new(), rest, others, names: None }
    }

    /// Adds a property; without a schema it is one that is required.
    fn add(&mut self, name: Box<str>, schema: Option<NodeId>) {
        self.known.push(Property { name, schema, required: schema.is_none() });
    }

    fn sort(&mut self) {
        // A property comes before the same name of `required`, which it takes in.
        sort_by(&mut self.known, &mut |a, b| (a.name.len(), &a.name).cmp(&(b.name.len(), &b.name)));
        self.known.dedup_by(|later, kept| {
            let same = later.name == kept.name;
            kept.required |= same && later.required;
            same
        });
        for property in &self.known {
            self.required += usize::from(property.required);
        }
    }
}

pub(crate) fn check<I: Instance>(
    rules: &Members,
    check: &mut Check<'_>,
    instance: &I,
    at: &Path<'_>,
    mut seen: Option<&mut Evaluated>,
) -> bool {
    let mut valid = true;
    let mut required = 0;
    let sorted = check.collects();
    for_each_member(instance, sorted, |n, name, value| {
        if rules.others == Key::UnevaluatedProperties && seen.as_deref().is_some_and(|seen| seen.has(n)) {
            return true;
        }
        let member = Member { name, value, position: n };
        if !check_member(rules, check, &member, at, seen.as_deref_mut(), &mut required) {
            valid = false;
            return check.goes_on();
        }
        true
    });
    if required < rules.required && (valid || check.goes_on()) {
        valid = false;
        for property in &rules.known {
            if property.required && instance.get(&property.name).is_none() {
                let name = ShownText(&property.name);
                check.fail(at, "required", format_args!("property {name} is missing"));
            }
        }
    }
    valid
}

struct Member<'a, I> {
    name: &'a str,
    value: &'a I,
    position: usize,
}

fn check_member<I: Instance>(
    rules: &Members,
    check: &mut Check<'_>,
    member: &Member<'_, I>,
    at: &Path<'_>,
    seen: Option<&mut Evaluated>,
    required: &mut usize,
) -> bool {
    let Member { name, value, position } = *member;
    let here = Path::Key(at, name);
    let mut valid = true;
    let mut evaluated = false;
    if let Some(property) = rules.find(name) {
        *required += usize::from(property.required);
        if let Some(id) = property.schema {
            evaluated = true;
            valid = check.node(id, value, &here, None);
        }
    }
    for (pattern, id) in &rules.patterns {
        match pattern.is_match(name, check) {
            Ok(false) => {}
            Ok(true) => {
                evaluated = true;
                valid = check.also(valid, |check| check.node(*id, value, &here, None));
            }
            Err(why) => {
                valid = false;
                check.fail(at, "patternProperties", format_args!("{why}"));
            }
        }
    }
    if let Some(id) = rules.rest
        && !evaluated
    {
        evaluated = true;
        valid = check.also(valid, |check| {
            if id == FALSE {
                not_allowed(rules, check, name, &here)
            } else {
                check.node(id, value, &here, None)
            }
        });
    }
    if let Some(id) = rules.names {
        valid = check.also(valid, |check| check_name(id, check, name, at));
    }
    if let Some(seen) = seen
        && evaluated
    {
        seen.add(position);
    }
    valid
}

/// Fails for a member that must not be there.
fn not_allowed(rules: &Members, check: &mut Check<'_>, name: &str, at: &Path<'_>) -> bool {
    let keyword = rules.others.name();
    let meant = if check.collects() && name.len() > 2 { rules.nearest(name) } else { None };
    let name = ShownText(name);
    match meant.map(ShownText) {
        Some(meant) => {
            check.fail(at, keyword, format_args!("property {name} is not allowed, did you mean {meant}"))
        }
        None => check.fail(at, keyword, format_args!("property {name} is not allowed")),
    }
}

fn check_name(id: NodeId, check: &mut Check<'_>, name: &str, at: &Path<'_>) -> bool {
    // As a value like others: the validator is not built once more for names.
    let (valid, violations) = check.apart(id, &&Value::from(name), at, None);
    if valid {
        return true;
    }
    let (colon, why) = violations.first().map_or(("", ""), |first| (": ", &first.message));
    check.fail(
        at,
        "propertyNames",
        format_args!("property name {} is not valid{colon}{why}", ShownText(name)),
    )
}

pub(crate) fn check_needs<I: Instance>(
    name: &str,
    needs: &[Box<str>],
    check: &mut Check<'_>,
    instance: &I,
    at: &Path<'_>,
) -> bool {
    let mut valid = true;
    if instance.get(name).is_some() {
        for need in needs {
            if instance.get(need).is_none() {
                let (need, name) = (ShownText(need), ShownText(name));
                let message = format_args!("property {need} is missing, {name} needs it");
                valid = check.fail(at, "dependentRequired", message);
            }
        }
    }
    valid
}
