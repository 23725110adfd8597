//! Keywords that combine schemas on the same value: `$ref`, `$dynamicRef`, `allOf`, `anyOf`, `oneOf`, `not`,
//! `if`/`then`/`else`.

use super::check::Check;
use super::compile::Compiler;
use super::evaluated::Evaluated;
use super::instance::{Instance, Shown};
use super::keywords::Key;
use super::node::{NodeId, Rule, TRUE};
use super::read::Read;
use super::uri::split_fragment;
use super::violation::{Violation, compare, pointer};
use crate::json::Path;
use std::fmt::Write;

/// How subschemas are applied to the same value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// `$ref`, and `$dynamicRef` where that is no more than a `$ref`.
    Ref,
    All,
    Any,
    One,
    Not,
    /// `if`, `then` and `else`; of what is missing the schema is `true`.
    If,
}

/// A `$dynamicRef` whose target depends on the way taken.
#[derive(Debug)]
pub(crate) struct Dynamic {
    /// Where it leads when no resource on the way has the anchor.
    pub(crate) fallback: NodeId,
    /// The resources that have the anchor, and its schema there.
    pub(crate) anchors: Vec<(u32, NodeId)>,
}

const LISTS: [(Key, How); 3] = [(Key::AllOf, How::All), (Key::AnyOf, How::Any), (Key::OneOf, How::One)];

pub(crate) fn compile<'a>(c: &mut Compiler<'a>, read: &mut Read<'a>) {
    for key in &[Key::Ref, Key::DynamicRef] {
        if let Some(reference) = read.text(*key)
            && let Some((id, dynamic)) = c.reference(read.at, *key, reference)
        {
            read.rules.push(if dynamic && *key == Key::DynamicRef {
                c.names.push(split_fragment(reference).1);
                c.dynamic.push(Dynamic { fallback: id, anchors: Vec::new() });
                Rule::Dynamic(c.dynamic.len() - 1)
            } else {
                Rule::Apply(How::Ref, vec![id])
            });
        }
    }
    for (key, how) in &LISTS {
        let ids = c.schemas(read, *key);
        if !ids.is_empty() {
            read.rules.push(Rule::Apply(*how, ids));
        }
    }
    if let Some(id) = c.schema(read, Key::Not) {
        read.rules.push(Rule::Apply(How::Not, vec![id]));
    }
    let (then, otherwise) = (c.schema(read, Key::Then), c.schema(read, Key::Else));
    if let Some(id) = c.schema(read, Key::If) {
        let ids = vec![id, then.unwrap_or(TRUE), otherwise.unwrap_or(TRUE)];
        read.rules.push(Rule::Apply(How::If, ids));
    }
}

pub(crate) fn check<I: Instance>(
    how: How,
    ids: &[NodeId],
    check: &mut Check<'_>,
    instance: &I,
    at: &Path<'_>,
    mut seen: Option<&mut Evaluated>,
) -> bool {
    match (how, ids) {
        (How::Any | How::One, _) => check_alternatives(how == How::One, ids, check, instance, at, seen),
        (How::Not, [id]) => {
            if !check.quick(*id, instance, at, None) {
                return true;
            }
            let shown = Shown(instance);
            check.fail(at, "not", format_args!("{shown} matches a schema that it must not match"))
        }
        (How::If, [condition, then, otherwise]) => {
            let mut own = Evaluated::default();
            let holds = check.quick(*condition, instance, at, seen.is_some().then_some(&mut own));
            if holds && let Some(seen) = seen.as_deref_mut() {
                seen.merge(&own);
            }
            check.node(if holds { *then } else { *otherwise }, instance, at, seen)
        }
        _ => {
            let mut valid = true;
            for id in ids {
                valid = check.also(valid, |check| check.node(*id, instance, at, seen.as_deref_mut()));
            }
            valid
        }
    }
}

impl Dynamic {
    /// The anchor of the outermost resource that has it (JSON Schema 2020-12 core, section 8.2.3.2).
    pub(crate) fn target(&self, scope: &[u32]) -> NodeId {
        let anchor = |resource: &u32| self.anchors.iter().find(|(has, _)| has == resource);
        scope.iter().find_map(anchor).map_or(self.fallback, |(_, id)| *id)
    }
}

/// `anyOf` or `oneOf`.
fn check_alternatives<I: Instance>(
    one: bool,
    ids: &[NodeId],
    check: &mut Check<'_>,
    instance: &I,
    at: &Path<'_>,
    seen: Option<&mut Evaluated>,
) -> bool {
    let mut matches = String::new();
    let mut tried = Vec::new();
    let mut matched = 0;
    // What those looked at that match, and the others.
    let (mut sure, mut unsure) = (Evaluated::default(), Evaluated::default());
    for (n, id) in ids.iter().enumerate() {
        let mut own = Evaluated::default();
        let (valid, violations) = check.apart(*id, instance, at, seen.is_some().then_some(&mut own));
        if valid {
            matched += 1;
            if !one && seen.is_none() {
                return true;
            }
        }
        let into = if valid { &mut sure } else { &mut unsure };
        into.merge(&own);
        if check.collects() {
            tried.push(violations);
            if valid {
                matches += if matches.is_empty() { "" } else { ", " };
                matches += &n.to_string();
            }
        } else if one && matched > 1 {
            return false;
        }
    }
    if let Some(seen) = seen {
        // Without a match the value is refused already: what an alternative covers is not called unevaluated as well.
        seen.merge(if matched == 0 { &unsure } else { &sure });
    }
    if matched == 0 {
        return no_match(check, at, if one { "oneOf" } else { "anyOf" }, instance, &tried);
    }
    if !one || matched == 1 {
        return true;
    }
    let shown = Shown(instance);
    check.fail(
        at,
        "oneOf",
        format_args!("{shown} matches {matched} schemas, exactly one is allowed: {matches}"),
    )
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
) -> bool {
    if !check.collects() {
        return false;
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
    check.fail(at, keyword, format_args!("{short}"))
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
