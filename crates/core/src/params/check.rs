//! One validation: descends into schema and instance together, with a budget of work.
//!
//! It has two modes. The quick one stops at the first violation and allocates nothing on the valid path; the
//! collecting one goes on, and visits members in the order of their names so that what is listed does not
//! depend on the order of a map.

use super::evaluated::Evaluated;
use super::instance::{Instance, Shown, View};
use super::limits::{MAX_DEPTH, MAX_VIOLATIONS, MAX_WORK};
use super::node::{FALSE, NodeId, Program, Rule, TRUE};
use super::violation::{Violation, pointer};
use super::{array, count, logic, object, string, value};
use crate::json::{Path, written};
use crate::order::order;
use std::fmt;

/// Why a validation gave up.
#[derive(Clone, Copy)]
pub(crate) enum Stop {
    Work,
    Depth,
}

impl Stop {
    pub(crate) fn violation(self) -> Violation {
        let message = match self {
            Self::Work => format!("validation takes more than {MAX_WORK} steps"),
            Self::Depth => format!("more than {MAX_DEPTH} schemas are applied inside one another"),
        };
        Violation { path: String::new(), keyword: "limit", message }
    }
}

/// Violations of the collecting mode.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) list: Vec<Violation>,
    /// More were found than are listed.
    pub(crate) more: bool,
}

pub(crate) struct Check<'s> {
    program: &'s Program,
    work: u64,
    depth: usize,
    pub(crate) stopped: Option<Stop>,
    /// `None` in the quick mode.
    pub(crate) found: Option<Found>,
    /// Resources entered, outermost first; empty when no `$dynamicRef` asks for it.
    scope: Vec<u32>,
}

impl<'s> Check<'s> {
    pub(crate) fn new(program: &'s Program, found: Option<Found>) -> Self {
        Self { program, work: MAX_WORK, depth: 0, stopped: None, found, scope: Vec::new() }
    }

    /// Applies a subschema to a value. `outer` learns which parts of the value were evaluated; what it learns
    /// from a subschema that fails is for the caller to drop.
    pub(crate) fn node<I: Instance>(
        &mut self,
        id: NodeId,
        instance: &I,
        at: &Path<'_>,
        outer: Option<&mut Evaluated>,
    ) -> bool {
        if id == TRUE {
            return true;
        }
        if !self.spend(4) || !self.descend() {
            return false;
        }
        let program = self.program;
        let mut id = id;
        while let Some(target) = program.nodes[id as usize].alias {
            id = target;
        }
        let node = &program.nodes[id as usize];
        let entered = !program.dynamic.is_empty() && self.scope.last() != Some(&node.resource);
        if entered {
            self.scope.push(node.resource);
        }
        let valid = if id == FALSE {
            self.fail(at, "false", format_args!("{} is not allowed here", Shown(instance)))
        } else if node.asks_what_was_seen() {
            let mut own = Evaluated::default();
            let valid = self.rules(&node.rules, instance, at, Some(&mut own));
            if let Some(outer) = outer {
                outer.merge(&own);
            }
            valid
        } else {
            self.rules(&node.rules, instance, at, outer)
        };
        if entered {
            self.scope.pop();
        }
        self.ascend();
        valid
    }

    fn rules<I: Instance>(
        &mut self,
        rules: &[Rule],
        instance: &I,
        at: &Path<'_>,
        mut seen: Option<&mut Evaluated>,
    ) -> bool {
        let view = instance.view();
        if let View::Foreign(name) = view {
            return self.fail(at, "json", format_args!("a value of type {name} has no form in JSON"));
        }
        let mut valid = true;
        for rule in rules {
            if !self.rule(rule, &view, instance, at, seen.as_deref_mut()) {
                valid = false;
                if !self.goes_on() {
                    break;
                }
            }
        }
        valid && self.stopped.is_none()
    }

    fn rule<I: Instance>(
        &mut self,
        rule: &Rule,
        view: &View<I::Text>,
        instance: &I,
        at: &Path<'_>,
        seen: Option<&mut Evaluated>,
    ) -> bool {
        match (rule, view) {
            (Rule::Types(types), _) => types.check(self, view, instance, at),
            (Rule::Enum(values), _) => value::check_enum(values, self, instance, at),
            (Rule::Const(value), _) => value::check_const(value, self, instance, at),
            (Rule::Limit(limit, bound), View::Number(value)) => limit.check(*bound, self, *value, at),
            (Rule::MultipleOf(divisor), View::Number(value)) => divisor.check(self, *value, at),
            (Rule::Count(count, limit), _) => count::check(count, *limit, self, view, instance, at),
            (Rule::Pattern(pattern), View::String(text)) => {
                string::check_pattern(pattern, self, text.as_ref(), at)
            }
            (Rule::Format(format), View::String(text)) => {
                string::check_format(*format, self, text.as_ref(), at)
            }
            (Rule::UniqueItems, View::Array) => array::check_unique(self, instance, at),
            (Rule::Items(prefix, rest, others), View::Array) => {
                array::check_items((prefix, *rest, *others), self, instance, at, seen)
            }
            (Rule::Contains(contains), View::Array) => {
                array::check_contains(contains, self, instance, at, seen)
            }
            (Rule::Members(members), View::Object) => object::check(members, self, instance, at, seen),
            (Rule::Needs(name, needs), View::Object) => object::check_needs(name, needs, self, instance, at),
            (Rule::Dependent(name, id), View::Object) => {
                instance.get(name).is_none() || self.node(*id, instance, at, seen)
            }
            (Rule::Apply(how, ids), _) => logic::check(*how, ids, self, instance, at, seen),
            (Rule::Dynamic(n), _) => {
                let id = self.program.dynamic[*n].target(&self.scope);
                self.node(id, instance, at, seen)
            }
            _ => true,
        }
    }

    /// Applies a subschema without listing its violations.
    pub(crate) fn quick<I: Instance>(
        &mut self,
        id: NodeId,
        instance: &I,
        at: &Path<'_>,
        seen: Option<&mut Evaluated>,
    ) -> bool {
        let found = self.found.take();
        let valid = self.node(id, instance, at, seen);
        self.found = found;
        valid
    }

    /// Applies a subschema and, in the collecting mode, keeps its violations apart.
    pub(crate) fn apart<I: Instance>(
        &mut self,
        id: NodeId,
        instance: &I,
        at: &Path<'_>,
        seen: Option<&mut Evaluated>,
    ) -> (bool, Vec<Violation>) {
        let collecting = self.found.is_some();
        let found = std::mem::replace(&mut self.found, collecting.then(Found::default));
        let valid = self.node(id, instance, at, seen);
        let apart = std::mem::replace(&mut self.found, found);
        (valid, apart.map(|found| found.list).unwrap_or_default())
    }

    /// Notes a violation, where they are listed and there is room. Returns false, as the rule that is broken does.
    #[cold]
    pub(crate) fn fail(&mut self, at: &Path<'_>, keyword: &'static str, message: fmt::Arguments<'_>) -> bool {
        let stopped = self.stopped.is_some();
        if let Some(found) = &mut self.found
            && !stopped
        {
            if found.list.len() < MAX_VIOLATIONS {
                found.list.push(Violation { path: pointer(at), keyword, message: written(message) });
            } else {
                found.more = true;
            }
        }
        false
    }

    /// Applies one rule more, unless an earlier one failed and that ends the search.
    pub(crate) fn also(&mut self, valid: bool, rule: impl FnOnce(&mut Self) -> bool) -> bool {
        if !valid && !self.goes_on() {
            return false;
        }
        rule(self) && valid
    }

    /// Whether to look for more violations after one was found.
    pub(crate) fn goes_on(&self) -> bool {
        self.stopped.is_none() && self.found.as_ref().is_some_and(|found| !found.more)
    }

    /// True in the mode that lists violations.
    pub(crate) fn collects(&self) -> bool {
        self.found.is_some()
    }

    /// Takes from the budget of work; false when it is used up.
    pub(crate) fn spend(&mut self, steps: u64) -> bool {
        match self.work.checked_sub(steps) {
            Some(left) if self.stopped.is_none() => {
                self.work = left;
                true
            }
            _ => {
                self.stopped.get_or_insert(Stop::Work);
                false
            }
        }
    }

    /// One level deeper; false when that is too deep, and then nothing has to be undone.
    pub(crate) fn descend(&mut self) -> bool {
        if self.depth == MAX_DEPTH {
            self.stopped.get_or_insert(Stop::Depth);
            return false;
        }
        self.depth += 1;
        true
    }

    pub(crate) fn ascend(&mut self) {
        self.depth -= 1;
    }
}

/// The members of an object with their positions, ordered by name when `sorted`. The iterator allocates only then.
pub(crate) fn for_each_member<I: Instance>(
    instance: &I,
    sorted: bool,
    mut visit: impl FnMut(usize, &str, &I) -> bool,
) -> bool {
    if !sorted {
        for (n, (name, value)) in instance.members().enumerate() {
            if !visit(n, name.as_ref(), &value) {
                return false;
            }
        }
        return true;
    }
    let members = members(instance);
    for n in order(members.len(), &mut |a, b| members[a].0.as_ref().cmp(members[b].0.as_ref())) {
        let (name, value) = &members[n];
        if !visit(n, name.as_ref(), value) {
            return false;
        }
    }
    true
}

/// The members of an object as a list.
pub(crate) fn members<I: Instance>(instance: &I) -> Vec<(I::Text, I)> {
    let mut members = Vec::new();
    for member in instance.members() {
        members.push(member);
    }
    members
}
