//! Keywords for objects: `properties`, `patternProperties`, `additionalProperties`, `propertyNames`,
//! `required`, the dependent ones, `minProperties`, `maxProperties`, `unevaluatedProperties`.
//!
//! One pass over the members serves all of them.

use super::array::counted;
use super::check::{Check, for_each_member};
use super::compile::{Compiler, Place};
use super::evaluated::Evaluated;
use super::instance::{Instance, ShownText};
use super::keywords::slot;
use super::node::{FALSE, NodeId};
use super::pattern::Pattern;
use super::read::Read;
use crate::json::Path;
use crate::order::sort_by;
use crate::suggest::Nearest;
use crate::value::Value;

/// The keywords for objects of one schema.
#[derive(Debug, Default)]
pub(crate) struct ObjectRules {
    /// Without the keyword 0, and below the largest number.
    min: u64,
    max: u64,
    /// Names of `properties` and `required`, sorted by length and then by bytes.
    known: Vec<Property>,
    /// How many of `known` are required.
    required: usize,
    patterns: Vec<(Pattern, NodeId)>,
    additional: Option<NodeId>,
    names: Option<NodeId>,
    dependent_required: Vec<Needs>,
    dependent_schemas: Vec<(Box<str>, NodeId)>,
}

/// With the first property the others have to be there.
type Needs = (Box<str>, Vec<Box<str>>);

#[derive(Debug)]
struct Property {
    name: Box<str>,
    /// `None` when only `required` names it.
    schema: Option<NodeId>,
    required: bool,
}

impl ObjectRules {
    pub(crate) fn in_place(&self, into: &mut Vec<NodeId>) {
        for (_, id) in &self.dependent_schemas {
            into.push(*id);
        }
    }

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

    /// Whether anything is to be done with each member.
    fn visits_members(&self) -> bool {
        !self.known.is_empty()
            || !self.patterns.is_empty()
            || self.additional.is_some()
            || self.names.is_some()
    }
}

#[inline(never)]
pub(crate) fn compile<'a>(
    c: &mut Compiler<'a>,
    at: Place<'a>,
    read: &mut Read<'a>,
) -> Option<Box<ObjectRules>> {
    let (known, required) = compile_known(c, read);
    let mut patterns = Vec::new();
    for (source, id) in &read.maps[slot::PATTERN_PROPERTIES as usize] {
        let about = at.keyword("patternProperties");
        if let Some(pattern) = c.pattern(about.get(source).unwrap_or(about), source) {
            patterns.push((pattern, *id));
        }
    }
    let mut dependent_schemas = Vec::new();
    for (name, id) in &read.maps[slot::DEPENDENT_SCHEMAS as usize] {
        dependent_schemas.push(((*name).into(), *id));
    }
    let mut dependent_required = Vec::new();
    for (name, names) in std::mem::take(&mut read.needs) {
        dependent_required.push((name.into(), names));
    }
    let rules = ObjectRules {
        min: read.least(slot::MIN_PROPERTIES),
        max: read.most(slot::MAX_PROPERTIES),
        known,
        required,
        patterns,
        additional: read.schema(slot::ADDITIONAL_PROPERTIES),
        names: read.schema(slot::PROPERTY_NAMES),
        dependent_required,
        dependent_schemas,
    };
    let empty = rules.min == 0
        && rules.max == u64::MAX
        && !rules.visits_members()
        && rules.dependent_required.is_empty()
        && rules.dependent_schemas.is_empty();
    (!empty).then(|| Box::new(rules))
}

fn compile_known<'a>(c: &mut Compiler<'a>, read: &mut Read<'a>) -> (Vec<Property>, usize) {
    let mut known: Vec<Property> = Vec::new();
    for (name, id) in &read.maps[slot::PROPERTIES as usize] {
        known.push(Property { name: (*name).into(), schema: Some(*id), required: false });
    }
    if let Some(value) = read.others[slot::REQUIRED as usize] {
        let names = c.names(value);
        for name in names {
            known.push(Property { name, schema: None, required: true });
        }
    }
    // A property comes before the same name of `required`, which it takes in.
    sort_by(&mut known, &mut |a, b| (a.name.len(), &a.name).cmp(&(b.name.len(), &b.name)));
    known.dedup_by(|later, kept| {
        let same = later.name == kept.name;
        kept.required |= same && later.required;
        same
    });
    let mut count = 0;
    for property in &known {
        count += usize::from(property.required);
    }
    (known, count)
}

pub(crate) fn check<I: Instance>(
    rules: &ObjectRules,
    check: &mut Check<'_>,
    instance: &I,
    at: &Path<'_>,
    mut seen: Option<&mut Evaluated>,
) -> bool {
    let mut valid = check_size(rules, check, instance, at);
    if !valid && !check.goes_on() {
        return false;
    }
    if rules.visits_members() {
        let mut required = 0;
        let sorted = check.collects();
        for_each_member(instance, sorted, |n, name, value| {
            let member = Member { name, value, position: n };
            if !check_member(rules, check, &member, at, seen.as_deref_mut(), &mut required) {
                valid = false;
                return check.goes_on();
            }
            true
        });
        if !valid && !check.goes_on() {
            return false;
        }
        if required < rules.required {
            valid = false;
            for property in &rules.known {
                if !property.required || instance.get(&property.name).is_some() {
                    continue;
                }
                if !check.fail(
                    at,
                    "required",
                    format_args!("property {} is missing", ShownText(&property.name)),
                ) {
                    return false;
                }
            }
        }
    }
    check_dependent(rules, check, instance, at, seen) && valid
}

fn check_size<I: Instance>(rules: &ObjectRules, check: &mut Check<'_>, instance: &I, at: &Path<'_>) -> bool {
    let count = instance.len() as u64;
    let mut valid = true;
    if count < rules.min {
        valid = false;
        let relation = ("fewer than the minimum", rules.min);
        counted(check, at, "minProperties", instance, (count, "property"), relation);
    }
    if count > rules.max {
        valid = false;
        let relation = ("more than the maximum", rules.max);
        counted(check, at, "maxProperties", instance, (count, "property"), relation);
    }
    valid
}

struct Member<'a, I> {
    name: &'a str,
    value: &'a I,
    position: usize,
}

fn check_member<I: Instance>(
    rules: &ObjectRules,
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
    if let Some(id) = rules.additional
        && !evaluated
    {
        evaluated = true;
        valid = check.also(valid, |check| check_extra(id, "additionalProperties", rules, check, member, at));
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

/// A member that no other keyword of the schema covers.
fn check_extra<I: Instance>(
    id: NodeId,
    keyword: &'static str,
    rules: &ObjectRules,
    check: &mut Check<'_>,
    member: &Member<'_, I>,
    at: &Path<'_>,
) -> bool {
    let here = Path::Key(at, member.name);
    if id != FALSE {
        return check.node(id, member.value, &here, None);
    }
    if check.collects() {
        let name = member.name;
        let meant = if name.len() > 2 { rules.nearest(name) } else { None };
        match meant {
            Some(meant) => check.fail(
                &here,
                keyword,
                format_args!(
                    "property {} is not allowed, did you mean {}",
                    ShownText(name),
                    ShownText(meant)
                ),
            ),
            None => check.fail(&here, keyword, format_args!("property {} is not allowed", ShownText(name))),
        };
    }
    false
}

fn check_name(id: NodeId, check: &mut Check<'_>, name: &str, at: &Path<'_>) -> bool {
    // As a value like others: the validator is not built once more for names.
    let (valid, violations) = check.apart(id, &&Value::from(name), at, None);
    if !valid {
        let (colon, why) = violations.first().map_or(("", ""), |first| (": ", &first.message));
        check.fail(
            at,
            "propertyNames",
            format_args!("property name {} is not valid{colon}{why}", ShownText(name)),
        );
    }
    valid
}

fn check_dependent<I: Instance>(
    rules: &ObjectRules,
    check: &mut Check<'_>,
    instance: &I,
    at: &Path<'_>,
    mut seen: Option<&mut Evaluated>,
) -> bool {
    let mut valid = true;
    for (name, needs) in &rules.dependent_required {
        if instance.get(name).is_none() {
            continue;
        }
        for need in needs {
            if instance.get(need).is_some() {
                continue;
            }
            valid = false;
            let (need, name) = (ShownText(need), ShownText(name));
            if !check.fail(
                at,
                "dependentRequired",
                format_args!("property {need} is missing, {name} needs it"),
            ) {
                return false;
            }
        }
    }
    for (name, id) in &rules.dependent_schemas {
        if instance.get(name).is_some() && !check.node(*id, instance, at, seen.as_deref_mut()) {
            valid = false;
            if !check.goes_on() {
                return false;
            }
        }
    }
    valid
}

pub(crate) fn check_unevaluated<I: Instance>(
    id: NodeId,
    check: &mut Check<'_>,
    instance: &I,
    at: &Path<'_>,
    own: &mut Evaluated,
) -> bool {
    let rules = ObjectRules::default();
    let mut valid = true;
    let sorted = check.collects();
    for_each_member(instance, sorted, |position, name, value| {
        let member = Member { name, value, position };
        if own.has(position) || check_extra(id, "unevaluatedProperties", &rules, check, &member, at) {
            return true;
        }
        valid = false;
        check.goes_on()
    });
    own.add_all();
    valid
}
