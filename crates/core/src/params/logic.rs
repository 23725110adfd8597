//! Keywords that combine schemas on the same value: `$ref`, `$dynamicRef`, `allOf`, `anyOf`, `oneOf`, `not`,
//! `if`/`then`/`else`.

use super::check::Check;
use super::compile::{Compiler, Place};
use super::evaluated::Evaluated;
use super::instance::{Instance, Shown};
use super::keywords::slot;
use super::node::NodeId;
use super::read::Read;
use super::violation::{Violation, compare, pointer};
use crate::json::Path;
use std::fmt::Write;

/// The combining keywords of one schema.
#[derive(Debug, Default)]
pub(crate) struct Logic {
    /// Targets of `$ref`, and of `$dynamicRef` where that is no more than a `$ref`.
    pub(crate) refs: Vec<NodeId>,
    pub(crate) dynamic: Option<Dynamic>,
    all_of: Vec<NodeId>,
    any_of: Option<Vec<NodeId>>,
    one_of: Option<Vec<NodeId>>,
    not: Option<NodeId>,
    /// `if`, `then`, `else`
    condition: Option<(NodeId, Option<NodeId>, Option<NodeId>)>,
}

/// A `$dynamicRef` whose target depends on the way taken.
#[derive(Debug)]
pub(crate) struct Dynamic {
    /// Where it leads when no resource on the way has the anchor.
    pub(crate) fallback: NodeId,
    /// The resources that have the anchor, and its schema there.
    pub(crate) anchors: Vec<(u32, NodeId)>,
}

impl Logic {
    /// Adds the subschemas that are applied to the same value.
    pub(crate) fn in_place(&self, into: &mut Vec<NodeId>) {
        into.extend_from_slice(&self.refs);
        for list in &[Some(&self.all_of), self.any_of.as_ref(), self.one_of.as_ref()] {
            into.extend_from_slice(list.map_or(&[][..], |list| list));
        }
        let (condition, then, otherwise) =
            self.condition.map_or((None, None, None), |(a, b, c)| (Some(a), b, c));
        for id in &[self.not, condition, then, otherwise] {
            into.extend_from_slice(id.as_slice());
        }
    }

    fn all_in_place(&self) -> Vec<NodeId> {
        let mut all = Vec::new();
        self.in_place(&mut all);
        all
    }

    pub(crate) fn only_ref(&self) -> Option<NodeId> {
        match self.refs[..] {
            [target] if self.dynamic.is_none() && self.all_in_place().len() == 1 => Some(target),
            _ => None,
        }
    }
}

#[inline(never)]
pub(crate) fn compile<'a>(c: &mut Compiler<'a>, at: Place<'a>, read: &mut Read<'a>) -> Option<Box<Logic>> {
    let mut refs = Vec::new();
    if let Some(reference) = read.texts[slot::REF as usize] {
        refs.extend_from_slice(c.reference(at, "$ref", reference).as_slice());
    }
    let mut dynamic = None;
    if let Some(reference) = read.texts[slot::DYNAMIC_REF as usize]
        && let Some(fallback) = c.reference(at, "$dynamicRef", reference)
    {
        if c.is_dynamic(at, reference) {
            dynamic = Some(Dynamic { fallback, anchors: Vec::new() });
        } else {
            refs.push(fallback);
        }
    }
    let (then, otherwise) = (read.schema(slot::THEN), read.schema(slot::ELSE));
    let logic = Logic {
        refs,
        dynamic,
        all_of: read.list(slot::ALL_OF).unwrap_or_default(),
        any_of: read.list(slot::ANY_OF),
        one_of: read.list(slot::ONE_OF),
        not: read.schema(slot::NOT),
        condition: read.schema(slot::IF).map(|condition| (condition, then, otherwise)),
    };
    (!logic.all_in_place().is_empty() || logic.dynamic.is_some()).then(|| Box::new(logic))
}

pub(crate) fn check<I: Instance>(
    rules: &Logic,
    check: &mut Check<'_>,
    instance: &I,
    at: &Path<'_>,
    mut seen: Option<&mut Evaluated>,
) -> bool {
    let mut valid = true;
    let dynamic = rules.dynamic.as_ref().map(|dynamic| dynamic.target(check.scope()));
    for list in &[&rules.refs[..], dynamic.as_slice(), &rules.all_of] {
        for id in *list {
            if !check.node(*id, instance, at, seen.as_deref_mut()) {
                valid = false;
                if !check.goes_on() {
                    return false;
                }
            }
        }
    }
    if let Some(ids) = &rules.any_of {
        valid = check_any(ids, check, instance, at, seen.as_deref_mut()) && valid;
    }
    if let Some(ids) = &rules.one_of {
        valid = check.also(valid, |check| check_one(ids, check, instance, at, seen.as_deref_mut()));
    }
    if let Some(id) = rules.not
        && (valid || check.goes_on())
        && check.quick(id, instance, at, None)
    {
        valid = false;
        check.fail(at, "not", format_args!("{} matches a schema that it must not match", Shown(instance)));
    }
    if let Some((condition, then, otherwise)) = rules.condition
        && (valid || check.goes_on())
    {
        let mut own = Evaluated::default();
        let chosen = if check.quick(condition, instance, at, seen.is_some().then_some(&mut own)) {
            if let Some(seen) = seen.as_deref_mut() {
                seen.merge(&own);
            }
            then
        } else {
            otherwise
        };
        if let Some(id) = chosen {
            valid = check.node(id, instance, at, seen) && valid;
        }
    }
    valid && check.stopped.is_none()
}

impl Dynamic {
    /// The anchor of the outermost resource that has it (JSON Schema 2020-12 core, section 8.2.3.2).
    fn target(&self, scope: &[u32]) -> NodeId {
        let anchor = |resource: &u32| self.anchors.iter().find(|(has, _)| has == resource);
        scope.iter().find_map(anchor).map_or(self.fallback, |(_, id)| *id)
    }
}

fn check_any<I: Instance>(
    ids: &[NodeId],
    check: &mut Check<'_>,
    instance: &I,
    at: &Path<'_>,
    mut seen: Option<&mut Evaluated>,
) -> bool {
    let mut matched = false;
    let mut tried = Vec::new();
    let mut unsure = Evaluated::default();
    for id in ids {
        let mut own = Evaluated::default();
        let (valid, violations) = check.apart(*id, instance, at, seen.is_some().then_some(&mut own));
        matched |= valid;
        match seen.as_deref_mut() {
            Some(seen) if valid => seen.merge(&own),
            Some(_) => unsure.merge(&own),
            None if valid => return true,
            None => {}
        }
        if check.collects() {
            tried.push(violations);
        }
    }
    if !matched {
        // The value is refused already: what an alternative covers is not called unevaluated as well.
        if let Some(seen) = seen {
            seen.merge(&unsure);
        }
        no_match(check, at, "anyOf", instance, &tried);
    }
    matched
}

fn check_one<I: Instance>(
    ids: &[NodeId],
    check: &mut Check<'_>,
    instance: &I,
    at: &Path<'_>,
    seen: Option<&mut Evaluated>,
) -> bool {
    let mut matches = String::new();
    let mut tried = Vec::new();
    let mut matched = 0;
    let mut all = Evaluated::default();
    let mut of_match = Evaluated::default();
    for (n, id) in ids.iter().enumerate() {
        let mut own = Evaluated::default();
        let (valid, violations) = check.apart(*id, instance, at, seen.is_some().then_some(&mut own));
        all.merge(&own);
        if valid {
            matched += 1;
            of_match.merge(&own);
        }
        if check.collects() {
            tried.push(violations);
            if valid {
                matches += if matches.is_empty() { "" } else { ", " };
                matches += &n.to_string();
            }
        } else if matched > 1 {
            return false;
        }
    }
    if let Some(seen) = seen {
        seen.merge(if matched == 0 { &all } else { &of_match });
    }
    if matched == 0 {
        no_match(check, at, "oneOf", instance, &tried);
    } else if matched > 1 {
        let shown = Shown(instance);
        check.fail(
            at,
            "oneOf",
            format_args!("{shown} matches {matched} schemas, exactly one is allowed: {matches}"),
        );
    }
    matched == 1
}

/// Alternatives whose reason a message gives.
const REASONS: usize = 3;

/// Characters of such a message; alternatives within alternatives would make it grow without end.
const MESSAGE: usize = 500;

/// Says for each alternative, by its number from 0, the first thing that is wrong.
fn no_match<I: Instance>(
    check: &mut Check<'_>,
    at: &Path<'_>,
    keyword: &'static str,
    instance: &I,
    tried: &[Vec<Violation>],
) {
    if !check.collects() {
        return;
    }
    let base = pointer(at);
    let mut message = format!("{}", Shown(instance));
    // Writing to a `String` cannot fail, here and below.
    let _ = match tried.len() {
        1 => write!(message, " does not match the only schema"),
        count => write!(message, " does not match any of {count} schemas"),
    };
    let mut between = ": ";
    for (n, violations) in tried.iter().enumerate() {
        if n == REASONS {
            message += between;
            message += "…";
            break;
        }
        let Some(first) = least(violations) else { continue };
        let place = first.path.strip_prefix(&base).unwrap_or_default();
        let (at, comma) = if place.is_empty() { ("", "") } else { ("at ", ", ") };
        let _ = write!(message, "{between}({n}) {at}{place}{comma}{}", first.message);
        between = "; ";
    }
    let mut short = String::new();
    for (n, c) in message.chars().enumerate() {
        if n == MESSAGE {
            short.push('…');
            break;
        }
        short.push(c);
    }
    check.fail(at, keyword, format_args!("{short}"));
}

/// The one that is told first.
fn least(violations: &[Violation]) -> Option<&Violation> {
    let (mut least, others) = violations.split_first()?;
    for violation in others {
        if compare(violation, least).is_lt() {
            least = violation;
        }
    }
    Some(least)
}
