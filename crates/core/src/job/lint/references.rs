//! Dynamic value references: that each names something, and something that has a value by then (reference section 13).

use super::graph::graph;
use super::{Block, Lint, nested, rules};
use crate::cut;
use crate::dag::order::Graph;
use crate::host::{is_letter, is_number};
use crate::job::wire::Path;
use crate::names::Names;
use crate::reference::{FIELDS, Part, Placeholder, Reference, parse};
use crate::suggest::did_you_mean;
use crate::value::Value;
use std::cell::OnceCell;

pub(super) fn judge(lint: &mut Lint<'_>) {
    let graph = graph(&lint.tasks);
    let tasks = lint.tasks.clone();
    // Values set by a nested task are read under its own key once its for-each task has ended.
    let (mut keys, mut numbers) = (Vec::new(), Vec::new());
    for (n, (_, task)) in tasks.iter().enumerate() {
        if let Some(for_each) = task.block("for_each_task") {
            keys.push(nested(for_each).key("task_key"));
            numbers.push(n);
        }
    }
    for (n, (key, _)) in tasks.iter().enumerate() {
        keys.push(*key);
        numbers.push(n);
    }
    let holders = Holders { names: Names::last_of(&keys), numbers };
    let root = Path::Root;
    let list = root.key("parameters");
    for (n, parameter) in lint.job.list("parameters").iter().enumerate() {
        let default = Block::of(parameter).scalar("default");
        let view =
            View { key: None, graph: &graph, upstream: OnceCell::new(), nested: false, holders: &holders };
        judge_text(lint, &list.index(n).key("default"), &default, &view);
    }
    let list = root.key("tasks");
    for (n, (key, task)) in tasks.iter().enumerate() {
        let path = list.index(n);
        let mut view = View::new(key, &graph, &holders);
        fields(*task, &path, &mut |path, text| judge_text(lint, path, text, &view));
        if let Some(for_each) = task.block("for_each_task") {
            let block = path.key("for_each_task");
            view.nested = true;
            fields(nested(for_each), &block.key("task"), &mut |path, text| {
                judge_text(lint, path, text, &view);
            });
        }
    }
}

/// What a text can see.
struct View<'a> {
    /// The task's key, or that of the for-each task that holds it; none of a default of a job parameter, which no task has.
    key: Option<&'a str>,
    graph: &'a Graph,
    /// What is upstream of it, looked for when a reference first asks: for all tasks of a long chain that is the square of its length.
    upstream: OnceCell<Vec<&'a str>>,
    /// True inside a for-each task.
    nested: bool,
    holders: &'a Holders<'a>,
}

/// The tasks that keys lead to.
struct Holders<'a> {
    names: Names<'a>,
    /// The number of the task, by the number of the name.
    numbers: Vec<usize>,
}

impl<'a> View<'a> {
    fn new(key: &'a str, graph: &'a Graph, holders: &'a Holders<'a>) -> Self {
        Self { key: Some(key), graph, upstream: OnceCell::new(), nested: false, holders }
    }

    fn is_upstream(&self, key: &str) -> bool {
        let find = || self.key.map_or_else(Vec::new, |own| self.graph.ancestors(own));
        self.upstream.get_or_init(find).contains(&key)
    }
}

/// Shows every text of a task in the fields that take references.
fn fields(task: Block<'_>, path: &Path<'_>, visit: &mut dyn FnMut(&Path<'_>, &str)) {
    for (kind, field) in FIELDS {
        let Some(found) = task.block(kind) else { continue };
        let block = path.key(kind);
        match cut::once(field, b'/') {
            None => texts(found.get(field), &block.key(field), visit),
            Some((outer, inner)) => {
                let found = found.block(outer).and_then(|outer| outer.get(inner));
                texts(found, &block.key(outer).key(inner), visit);
            }
        }
    }
}

fn texts(value: Option<&Value>, path: &Path<'_>, visit: &mut dyn FnMut(&Path<'_>, &str)) {
    match value {
        Some(Value::String(text)) => visit(path, text),
        Some(Value::Array(items)) => {
            for (n, item) in items.iter().enumerate() {
                texts(Some(item), &path.index(n), visit);
            }
        }
        Some(Value::Object(members)) => {
            for (key, member) in members {
                texts(Some(member), &path.key(key), visit);
            }
        }
        _ => {}
    }
}

/// Judges the references of one text.
fn judge_text(lint: &mut Lint<'_>, path: &Path<'_>, text: &str, view: &View<'_>) {
    for part in parse(text, lint.options.references).parts() {
        match part {
            Part::Literal(literal) => unknown_namespace(lint, path, literal),
            Part::Placeholder(placeholder) => placeholder_of(lint, path, placeholder, view),
        }
    }
}

fn placeholder_of(lint: &mut Lint<'_>, path: &Path<'_>, placeholder: &Placeholder, view: &View<'_>) {
    if let Some(new) = placeholder.replacement {
        let message = format_args!("`{}` is deprecated", placeholder.text);
        lint.report_with(rules::DEPRECATED_REFERENCE, path, message, Some(format!("use `{new}`")));
    }
    let reference = match &placeholder.reference {
        Ok(reference) => reference,
        Err(problem) => {
            let (message, hint) = (problem.message.clone(), problem.hint.clone());
            return lint.report_with(rules::UNKNOWN_REFERENCE, path, message, hint);
        }
    };
    if let Reference::JobParameter(name) = reference {
        parameter(lint, path, placeholder, name);
    } else if reference.is_input() && !view.nested {
        let message =
            format_args!("`{}` has a value in the nested task of a for-each task only", placeholder.text);
        lint.report(rules::INPUT_OUTSIDE_FOR_EACH, path, message);
    } else if let Some(task) = reference.other_task() {
        other_task(lint, path, placeholder, task, view);
    }
}

fn parameter(lint: &mut Lint<'_>, path: &Path<'_>, placeholder: &Placeholder, name: &str) {
    if !lint.has_parameter(name) {
        let declared = lint.job.list("parameters").iter().map(|parameter| Block::of(parameter).key("name"));
        let message = format_args!("`{}`: the job declares no parameter `{name}`", placeholder.text);
        let hint = did_you_mean(name, declared)
            .unwrap_or_else(|| "declare it in `parameters` of the job".to_owned());
        lint.report_with(rules::UNDECLARED_PARAMETER, path, message, Some(hint));
    }
}

fn other_task(lint: &mut Lint<'_>, path: &Path<'_>, placeholder: &Placeholder, key: &str, view: &View<'_>) {
    let Some(n) = view.holders.names.get(key) else {
        let message = format_args!("`{}`: `{key}` is not a task of this job", placeholder.text);
        let hint = did_you_mean(key, view.holders.names.iter().map(|(key, _)| key));
        return lint.report_with(rules::UNKNOWN_TASK_REFERENCE, path, message, hint);
    };
    let (holder, task) = lint.tasks[view.holders.numbers[n]];
    let Some(own) = view.key else { return };
    if !view.is_upstream(holder) {
        let message = format_args!("`{}`: `{key}` is not upstream of `{own}`", placeholder.text);
        let hint = if holder == own {
            "a task cannot read from itself".to_owned()
        } else {
            format!("add `{holder}` to `depends_on` of `{own}`")
        };
        lint.report_with(rules::TASK_NOT_UPSTREAM, path, message, Some(hint));
    } else if task.flag("disabled") {
        let message = format_args!("`{}`: `{key}` is disabled and gives nothing to read", placeholder.text);
        lint.report(rules::DISABLED_DEPENDENCY, path, message);
    }
}

/// What looks like a reference and stays as text, most likely by a slip.
fn unknown_namespace(lint: &mut Lint<'_>, path: &Path<'_>, literal: &str) {
    let mut rest = literal;
    while let Some(open) = cut::twice(rest, b'{') {
        let after = &rest[open + 2..];
        let Some(end) = cut::twice(after, b'}') else { return };
        let (name, next) = (cut::trimmed(&after[..end]), &after[end + 2..]);
        let plain = name.chars().all(|c| is_letter(c) || is_number(c) || cut::has_char("_-.", c));
        if plain && name.starts_with(is_letter) {
            let message = format_args!("`{{{{{name}}}}}` is no reference and stays as text");
            let namespaces = ["job", "task", "tasks", "input", "workspace", "backfill"];
            let (first, others) =
                cut::once(name, b'.').map_or((name, None), |(first, others)| (first, Some(others)));
            let hint = crate::suggest::nearest(first, namespaces).map(|near| match others {
                Some(others) => format!("did you mean `{{{{{near}.{others}}}}}`?"),
                None => format!("did you mean `{{{{{near}}}}}`?"),
            });
            lint.report_with(rules::UNKNOWN_NAMESPACE, path, message, hint);
        }
        rest = next;
    }
}
