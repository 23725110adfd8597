//! Keywords for arrays: `prefixItems`, `items`, `contains` with its counts, `minItems`, `maxItems`,
//! `uniqueItems`, `unevaluatedItems`.

use super::check::Check;
use super::compile::{Compiler, Place};
use super::evaluated::Evaluated;
use super::instance::{Instance, Shown};
use super::keywords::slot;
use super::node::{FALSE, NodeId};
use super::read::Read;
use super::value::{equal, hash};
use crate::json::Path;
use crate::order::order;
use crate::value::Value;

/// The keywords for arrays of one schema.
#[derive(Debug)]
pub(crate) struct ArrayRules {
    /// Without the keyword 0, and below the largest number.
    min: u64,
    max: u64,
    unique: bool,
    prefix: Vec<NodeId>,
    items: Option<NodeId>,
    contains: Option<Contains>,
}

#[derive(Debug)]
struct Contains {
    schema: NodeId,
    min: Option<u64>,
    max: Option<u64>,
}

#[inline(never)]
pub(crate) fn compile<'a>(
    c: &mut Compiler<'a>,
    at: Place<'a>,
    read: &mut Read<'a>,
) -> Option<Box<ArrayRules>> {
    let (min, max) = (read.count(slot::MIN_CONTAINS), read.count(slot::MAX_CONTAINS));
    let unique = match read.others[slot::UNIQUE_ITEMS as usize] {
        Some(Value::Bool(flag)) => *flag,
        Some(other) => {
            c.mistyped(at, "uniqueItems", other, "a boolean");
            false
        }
        None => false,
    };
    let rules = ArrayRules {
        min: read.least(slot::MIN_ITEMS),
        max: read.most(slot::MAX_ITEMS),
        unique,
        prefix: read.list(slot::PREFIX_ITEMS).unwrap_or_default(),
        items: read.schema(slot::ITEMS),
        contains: read.schema(slot::CONTAINS).map(|schema| Contains { schema, min, max }),
    };
    let empty = rules.min == 0
        && rules.max == u64::MAX
        && !rules.unique
        && rules.prefix.is_empty()
        && rules.items.is_none()
        && rules.contains.is_none();
    (!empty).then(|| Box::new(rules))
}

pub(crate) fn check<I: Instance>(
    rules: &ArrayRules,
    check: &mut Check<'_>,
    instance: &I,
    at: &Path<'_>,
    mut seen: Option<&mut Evaluated>,
) -> bool {
    let length = instance.len() as u64;
    let mut valid = true;
    if length < rules.min {
        valid = false;
        let relation = ("fewer than the minimum", rules.min);
        if !counted(check, at, "minItems", instance, (length, "item"), relation) {
            return false;
        }
    }
    if length > rules.max {
        valid = false;
        let relation = ("more than the maximum", rules.max);
        if !counted(check, at, "maxItems", instance, (length, "item"), relation) {
            return false;
        }
    }
    if rules.unique
        && let Some((first, second)) = equal_items(check, instance)
    {
        valid = false;
        let shown = Shown(instance);
        if !check.fail(at, "uniqueItems", format_args!("{shown} has equal items at {first} and {second}")) {
            return false;
        }
    }
    if !rules.prefix.is_empty() || rules.items.is_some() {
        valid = check_items(rules, check, instance, at, seen.as_deref_mut()) && valid;
        if !valid && !check.goes_on() {
            return false;
        }
    }
    if let Some(contains) = &rules.contains {
        valid = check_contains(contains, check, instance, at, seen) && valid;
    }
    valid
}

fn check_items<I: Instance>(
    rules: &ArrayRules,
    check: &mut Check<'_>,
    instance: &I,
    at: &Path<'_>,
    seen: Option<&mut Evaluated>,
) -> bool {
    let mut valid = true;
    let prefix = rules.prefix.len();
    for (n, item) in instance.items().enumerate() {
        let Some(id) = rules.prefix.get(n).copied().or(rules.items) else { break };
        let here = Path::Index(at, n);
        let fits = if id == FALSE && n >= prefix {
            not_allowed(check, &here, "items", n, &item)
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
    if let Some(seen) = seen {
        if rules.items.is_some() {
            seen.add_all();
        } else {
            for n in 0..prefix {
                seen.add(n);
            }
        }
    }
    valid
}

fn not_allowed<I: Instance>(
    check: &mut Check<'_>,
    at: &Path<'_>,
    keyword: &'static str,
    position: usize,
    item: &I,
) -> bool {
    check.fail(at, keyword, format_args!("item {position} is not allowed: {}", Shown(item)));
    false
}

fn check_contains<I: Instance>(
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
    let mut valid = true;
    if count < min {
        valid = false;
        if contains.min.is_none() {
            check.fail(at, "contains", format_args!("{} has no matching item", Shown(instance)));
        } else {
            let relation = ("fewer than the minimum", min);
            counted(check, at, "minContains", instance, (count, "matching item"), relation);
        }
    }
    if let Some(max) = contains.max
        && count > max
    {
        valid = false;
        let relation = ("more than the maximum", max);
        counted(check, at, "maxContains", instance, (count, "matching item"), relation);
    }
    valid
}

/// Fails with `value has 1 item, fewer than the minimum 2`.
pub(crate) fn counted<I: Instance>(
    check: &mut Check<'_>,
    at: &Path<'_>,
    keyword: &'static str,
    instance: &I,
    (count, noun): (u64, &str),
    (relation, limit): (&str, u64),
) -> bool {
    let (noun, ending) = match (count, noun) {
        (1, noun) => (noun, ""),
        (_, "property") => ("propert", "ies"),
        (_, noun) => (noun, "s"),
    };
    let shown = Shown(instance);
    check.fail(at, keyword, format_args!("{shown} has {count} {noun}{ending}, {relation} {limit}"))
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

pub(crate) fn check_unevaluated<I: Instance>(
    id: NodeId,
    check: &mut Check<'_>,
    instance: &I,
    at: &Path<'_>,
    own: &mut Evaluated,
) -> bool {
    let mut valid = true;
    for (n, item) in instance.items().enumerate() {
        if own.has(n) {
            continue;
        }
        let here = Path::Index(at, n);
        let fits = if id == FALSE {
            not_allowed(check, &here, "unevaluatedItems", n, &item)
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
    own.add_all();
    valid
}
