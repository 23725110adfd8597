//! Keywords for arrays: `prefixItems`, `items`, `contains` with its counts, `uniqueItems`, `unevaluatedItems`.

use super::check::Check;
use super::compile::Compiler;
use super::count::{self, MAX_CONTAINS, MIN_CONTAINS};
use super::evaluated::Evaluated;
use super::instance::{Instance, Shown};
use super::keywords::Key;
use super::node::{FALSE, NodeId, Rule};
use super::read::{Read, whole};
use super::value::{equal, hash};
use crate::json::Path;
use crate::order::order;
use crate::value::Value;

#[derive(Debug)]
pub(crate) struct Contains {
    schema: NodeId,
    min: Option<u64>,
    max: Option<u64>,
}

pub(crate) fn compile<'a>(c: &mut Compiler<'a>, read: &mut Read<'a>) {
    if let Some(Value::Bool(true)) = read.get(Key::UniqueItems) {
        read.rules.push(Rule::UniqueItems);
    }
    let (prefix, rest) = (c.schemas(read, Key::PrefixItems), c.schema(read, Key::Items));
    if !prefix.is_empty() || rest.is_some() {
        read.rules.push(Rule::Items(prefix, rest, Key::Items));
    }
    if let Some(schema) = c.schema(read, Key::Contains) {
        let (min, max) =
            (read.get(Key::MinContains).and_then(whole), read.get(Key::MaxContains).and_then(whole));
        read.rules.push(Rule::Contains(Contains { schema, min, max }));
    }
}

pub(crate) fn check_unique<I: Instance>(check: &mut Check<'_>, instance: &I, at: &Path<'_>) -> bool {
    let Some((first, second)) = equal_items(check, instance) else { return true };
    let shown = Shown(instance);
    check.fail(at, "uniqueItems", format_args!("{shown} has equal items at {first} and {second}"))
}

/// `others` is the keyword of `rest`; of `unevaluatedItems` it holds for what was not seen.
pub(crate) fn check_items<I: Instance>(
    (prefix, rest, others): (&[NodeId], Option<NodeId>, Key),
    check: &mut Check<'_>,
    instance: &I,
    at: &Path<'_>,
    mut seen: Option<&mut Evaluated>,
) -> bool {
    let mut valid = true;
    for (n, item) in instance.items().enumerate() {
        let Some(id) = prefix.get(n).copied().or(rest) else { break };
        if others == Key::UnevaluatedItems && seen.as_deref().is_some_and(|seen| seen.has(n)) {
            continue;
        }
        let here = Path::Index(at, n);
        let fits = if id == FALSE && n >= prefix.len() {
            let item = Shown(&item);
            check.fail(&here, others.name(), format_args!("item {n} is not allowed: {item}"))
        } else {
            check.node(id, &item, &here, None)
        };
        if !fits {
            valid = false;
            if !check.goes_on() {
                return false;
            }
        }
    }
    if let Some(seen) = &mut seen {
        if rest.is_some() {
            seen.add_all();
        } else {
            for n in 0..prefix.len() {
                seen.add(n);
            }
        }
    }
    valid
}

pub(crate) fn check_contains<I: Instance>(
    contains: &Contains,
    check: &mut Check<'_>,
    instance: &I,
    at: &Path<'_>,
    mut seen: Option<&mut Evaluated>,
) -> bool {
    let min = contains.min.unwrap_or(1);
    let mut count = 0;
    for (n, item) in instance.items().enumerate() {
        if check.quick(contains.schema, &item, &Path::Index(at, n), None) {
            count += 1;
            match &mut seen {
                Some(seen) => seen.add(n),
                None if count >= min && contains.max.is_none() => break,
                None => {}
            }
        }
        if check.stopped.is_some() {
            return false;
        }
    }
    if contains.min.is_none() && count == 0 {
        let message = format_args!("{} has no matching item", Shown(instance));
        return check.fail(at, "contains", message);
    }
    let enough = count::holds(&MIN_CONTAINS, min, check, count, instance, at);
    check.also(enough, |check| {
        contains.max.is_none_or(|max| count::holds(&MAX_CONTAINS, max, check, count, instance, at))
    })
}

/// Items that are compared pair by pair; longer arrays are sorted by hash first.
const PAIRWISE: usize = 8;

/// The first item that comes again, and where it does.
fn equal_items<I: Instance>(check: &mut Check<'_>, instance: &I) -> Option<(usize, usize)> {
    let length = instance.len();
    if length < 2 {
        return None;
    }
    let mut hashed: Vec<(u64, I)> = Vec::with_capacity(length);
    for item in instance.items() {
        // A few are compared with each other as they are.
        let hash = if length <= PAIRWISE { 0 } else { hash(check, &item) };
        hashed.push((hash, item));
    }
    let order = order(length, &mut |a, b| hashed[a].0.cmp(&hashed[b].0));
    let mut first: Option<(usize, usize)> = None;
    for (n, i) in order.iter().enumerate() {
        let (hash, a) = &hashed[*i];
        for j in &order[n + 1..] {
            let (other, b) = &hashed[*j];
            if hash != other {
                break;
            }
            if equal(check, a, b) {
                first = Some(first.map_or((*i, *j), |found| found.min((*i, *j))));
                break;
            }
        }
        if check.stopped.is_some() {
            return None;
        }
        if first.is_some() && length <= PAIRWISE {
            break;
        }
    }
    first
}
