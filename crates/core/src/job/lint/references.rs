//! Dynamic value references: that each names something, and something that has a value by then (reference section 13).

use super::graph::graph;
use super::{Lint, rules};
use crate::dag::order::Graph;
use crate::job::Task;
use crate::job::wire::{Path, Wire};
use crate::reference::{FIELDS, Part, Placeholder, Reference, parse};
use crate::suggest::did_you_mean;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn judge(lint: &mut Lint<'_>) {
    let job = lint.job;
    let graph = graph(&job.tasks);
    let root = Path::Root;
    let list = root.key("parameters");
    for (n, parameter) in job.parameters.iter().enumerate() {
        let item = list.index(n);
        let default = Value::from(parameter.default.0.as_str());
        texts(&default, &item.key("default"), &mut |path, text| judge_text(lint, path, text, None));
    }
    let tasks = root.key("tasks");
    for (n, task) in job.tasks.iter().enumerate() {
        let path = tasks.index(n);
        let view = View::new(task, &graph);
        fields(task, &path, &mut |path, text| judge_text(lint, path, text, Some(&view)));
        if let Some(for_each) = &task.for_each_task {
            let block = path.key("for_each_task");
            let inner = View { nested: true, ..view };
            fields(&for_each.task, &block.key("task"), &mut |path, text| {
                judge_text(lint, path, text, Some(&inner));
            });
        }
    }
}

/// What a task can see.
struct View<'a> {
    /// Its key, or that of the for-each task that holds it.
    key: &'a str,
    upstream: BTreeSet<&'a str>,
    /// True inside a for-each task.
    nested: bool,
}

impl<'a> View<'a> {
    fn new(task: &'a Task, graph: &'a Graph) -> Self {
        Self { key: &task.task_key, upstream: graph.ancestors(&task.task_key), nested: false }
    }
}

/// Shows every text of a task in the fields that take references.
fn fields(task: &Task, path: &Path<'_>, visit: &mut dyn FnMut(&Path<'_>, &str)) {
    let value = task.write();
    for (kind, field) in FIELDS {
        let Some(found) = value.pointer(&format!("/{kind}/{field}")) else { continue };
        let block = path.key(kind);
        match field.split_once('/') {
            None => texts(found, &block.key(field), visit),
            Some((outer, inner)) => texts(found, &block.key(outer).key(inner), visit),
        }
    }
}

fn texts(value: &Value, path: &Path<'_>, visit: &mut dyn FnMut(&Path<'_>, &str)) {
    match value {
        Value::String(text) => visit(path, text),
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                texts(item, &path.index(n), visit);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                texts(member, &path.key(key), visit);
            }
        }
        _ => {}
    }
}

/// Judges the references of one text. Without a view the text is a default of a job parameter, which no task has.
fn judge_text(lint: &mut Lint<'_>, path: &Path<'_>, text: &str, view: Option<&View<'_>>) {
    for part in parse(text, lint.options.references).parts() {
        match part {
            Part::Literal(literal) => unknown_namespace(lint, path, literal),
            Part::Placeholder(placeholder) => placeholder_of(lint, path, placeholder, view),
        }
    }
}

fn placeholder_of(lint: &mut Lint<'_>, path: &Path<'_>, placeholder: &Placeholder, view: Option<&View<'_>>) {
    if let Some(new) = placeholder.replacement {
        let message = format!("`{}` is deprecated", placeholder.text);
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
    } else if reference.is_input() && !view.is_some_and(|view| view.nested) {
        let message =
            format!("`{}` has a value in the nested task of a for-each task only", placeholder.text);
        lint.report(rules::INPUT_OUTSIDE_FOR_EACH, path, message);
    } else if let Some(task) = reference.other_task() {
        other_task(lint, path, placeholder, task, view);
    }
}

fn parameter(lint: &mut Lint<'_>, path: &Path<'_>, placeholder: &Placeholder, name: &str) {
    let declared = || lint.job.parameters.iter().map(|parameter| parameter.name.as_str());
    if !declared().any(|known| known == name) {
        let message = format!("`{}`: the job declares no parameter `{name}`", placeholder.text);
        let hint = did_you_mean(name, declared())
            .unwrap_or_else(|| "declare it in `parameters` of the job".to_owned());
        lint.report_with(rules::UNDECLARED_PARAMETER, path, message, Some(hint));
    }
}

fn other_task(
    lint: &mut Lint<'_>,
    path: &Path<'_>,
    placeholder: &Placeholder,
    key: &str,
    view: Option<&View<'_>>,
) {
    // Values set by a nested task are read under its own key once its for-each task has ended.
    let mut holders: BTreeMap<&str, &Task> = BTreeMap::new();
    for task in &lint.job.tasks {
        if let Some(for_each) = &task.for_each_task {
            holders.insert(&for_each.task.task_key, task);
        }
    }
    holders.extend(lint.job.tasks.iter().map(|task| (task.task_key.as_str(), task)));
    let Some(holder) = holders.get(key) else {
        let message = format!("`{}`: `{key}` is not a task of this job", placeholder.text);
        let hint = did_you_mean(key, holders.keys().copied());
        return lint.report_with(rules::UNKNOWN_TASK_REFERENCE, path, message, hint);
    };
    let Some(view) = view else { return };
    if !view.upstream.contains(holder.task_key.as_str()) {
        let message = format!("`{}`: `{key}` is not upstream of `{}`", placeholder.text, view.key);
        let hint = if holder.task_key == view.key {
            "a task cannot read from itself".to_owned()
        } else {
            format!("add `{}` to `depends_on` of `{}`", holder.task_key, view.key)
        };
        lint.report_with(rules::TASK_NOT_UPSTREAM, path, message, Some(hint));
    } else if holder.is_disabled() {
        let message = format!("`{}`: `{key}` is disabled and gives nothing to read", placeholder.text);
        lint.report(rules::DISABLED_DEPENDENCY, path, message);
    }
}

/// What looks like a reference and stays as text, most likely by a slip.
fn unknown_namespace(lint: &mut Lint<'_>, path: &Path<'_>, literal: &str) {
    let mut rest = literal;
    while let Some((_, after)) = rest.split_once("{{") {
        let Some((inner, next)) = after.split_once("}}") else { return };
        let name = inner.trim();
        let plain = name.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c));
        if plain && name.starts_with(|c: char| c.is_alphabetic()) {
            let message = format!("`{{{{{name}}}}}` is no reference and stays as text");
            let namespaces = ["job", "task", "tasks", "input", "workspace", "backfill"];
            let (first, others) =
                name.split_once('.').map_or((name, None), |(first, others)| (first, Some(others)));
            let hint = crate::suggest::nearest(first, namespaces).map(|near| match others {
                Some(others) => format!("did you mean `{{{{{near}.{others}}}}}`?"),
                None => format!("did you mean `{{{{{near}}}}}`?"),
            });
            lint.report_with(rules::UNKNOWN_NAMESPACE, path, message, hint);
        }
        rest = next;
    }
}
