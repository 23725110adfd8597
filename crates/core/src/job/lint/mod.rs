//! The lint: every problem of a job definition at once, each with its path.
//!
//! One file for each family of rules; [`RULES`] is the table of all. The lint judges what is written; it never changes
//! it, and it knows no workspace: what only a run can tell is not judged here.

mod access;
mod block;
mod compute;
mod graph;
mod names;
mod references;
mod rules;
mod tasks;
mod triggers;
mod unknown;

pub(crate) use rules::rules as declare_rules;
pub use rules::{Code, RULES, Rule};

use super::JobSettings;
use crate::cut;
use crate::job::wire::{Misfit, Path, Wire, compare, missing_field, wrong_type};
use crate::order::sort_by;
use crate::problem::Problem;
use crate::value::Value;
use block::Block;
use std::fmt;

/// Which version of the Jobs API the definition is for; the number of tasks that it takes differs (section 2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApiVersion {
    /// At most 100 tasks.
    V2_1,
    /// At most 1000 tasks.
    #[default]
    V2_2,
}

/// What the lint needs to know besides the definition.
#[derive(Clone, Copy, Debug, Default)]
pub struct LintOptions {
    /// Whose limits hold.
    pub api: ApiVersion,
    /// Whether the extra references of section 13.6 are read.
    pub references: crate::reference::Mode,
}

/// Judges a definition that was read: all problems, in the order of the document. [`check`] also reads.
pub fn lint(job: &JobSettings, options: &LintOptions) -> Vec<Problem> {
    problems(&job.write(), options)
}

/// Reads and judges a definition: everything that has the wrong type and everything that breaks a rule, in the order of
/// the document. The settings are `None` when the value is not an object; with an error among the problems they are
/// good for nothing but messages.
pub fn check(value: &Value, options: &LintOptions) -> (Option<JobSettings>, Vec<Problem>) {
    (JobSettings::read_all(value).0, problems(value, options))
}

/// The problems of [`check`] alone.
pub fn problems(value: &Value, options: &LintOptions) -> Vec<Problem> {
    let mut lint = Lint::new(value, *options);
    let mut misread = Vec::new();
    compare(value, JobSettings::KIND, &Path::Root, &mut |path, misfit| match misfit {
        Misfit::WrongType { value, wanted } => {
            misread.push(lint.found(path, wrong_type(value, path, wanted)));
        }
        Misfit::Missing(name) => misread.push(lint.found(path, missing_field(name, path))),
        Misfit::UnknownField { name, shape } => unknown::field(&mut lint, path, name, shape),
        Misfit::UnknownValue { text, known } => unknown::value(&mut lint, path, text, known),
    });
    if value.is_object() {
        unknown::judge(&mut lint);
        names::judge(&mut lint);
        graph::judge(&mut lint);
        tasks::judge(&mut lint);
        compute::judge(&mut lint);
        triggers::judge(&mut lint);
        references::judge(&mut lint);
        access::judge(&mut lint);
    }
    let mut found = std::mem::take(&mut lint.found);
    found.retain(|judged| !misread.iter().any(|bad| follows_from(judged, &bad.problem)));
    misread.append(&mut found);
    sort_by(&mut misread, &mut |a, b| a.place.cmp(&b.place));
    misread.into_iter().map(|found| found.problem).collect()
}

/// A problem with its place in the document.
struct Found {
    problem: Problem,
    /// The numbers of the members that lead to its path, or to the nearest parent of it that exists.
    place: Vec<usize>,
    /// The path itself exists.
    exists: bool,
}

/// A problem that misreading caused: on a value of the wrong type, in it or around it, since it was left out, or on a
/// missing field. Reporting it too would be noise.
fn follows_from(judged: &Found, bad: &Problem) -> bool {
    fn holds(outer: &str, inner: &str) -> bool {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }
    let path = judged.problem.path.as_str();
    if path.is_empty() {
        return false;
    }
    if bad.code == rules::MISSING_FIELD.code {
        !judged.exists && cut::holder(path) == bad.path
    } else {
        holds(path, &bad.path) || holds(&bad.path, path)
    }
}

/// What a path leads to, and the numbers of the members on the way, in the order in which a reader meets them; `None` when
/// it leads nowhere: then the numbers are those of its nearest parent.
fn follow<'a>(root: &'a Value, path: &Path<'_>, place: &mut Vec<usize>) -> Option<&'a Value> {
    let (number, value) = match *path {
        Path::Root => return Some(root),
        Path::Key(parent, name) => {
            let members = follow(root, parent, place)?.as_object()?;
            (members.keys().position(|key| key == name)?, members.get(name)?)
        }
        Path::Index(parent, index) => (index, follow(root, parent, place)?.as_array()?.get(index)?),
    };
    place.push(number);
    Some(value)
}

/// The definition under judgement, and what was found so far.
struct Lint<'a> {
    document: &'a Value,
    job: Block<'a>,
    /// Its tasks with their keys.
    tasks: Vec<(&'a str, Block<'a>)>,
    options: LintOptions,
    found: Vec<Found>,
}

impl<'a> Lint<'a> {
    fn new(document: &'a Value, options: LintOptions) -> Self {
        let job = Block::of(document);
        let task = |task: &'a Value| (Block::of(task).key("task_key"), Block::of(task));
        let tasks = job.list("tasks").iter().map(task).collect();
        Self { document, job, tasks, options, found: Vec::new() }
    }

    fn found(&self, path: &Path<'_>, problem: Problem) -> Found {
        let mut place = Vec::new();
        let exists = follow(self.document, path, &mut place).is_some();
        Found { problem, place, exists }
    }

    /// Notes a broken rule.
    fn report(&mut self, rule: &'static Code, path: &Path<'_>, message: impl fmt::Display) {
        self.note(rule, path, &message, None);
    }

    /// Notes a broken rule, with a sentence on what to do when there is one.
    fn report_with(
        &mut self,
        rule: &'static Code,
        path: &Path<'_>,
        message: impl fmt::Display,
        hint: Option<impl Into<String>>,
    ) {
        self.note(rule, path, &message, hint.map(Into::into));
    }

    /// The texts are made here and not where something is found, which is shorter.
    #[inline(never)]
    fn note(
        &mut self,
        rule: &'static Code,
        path: &Path<'_>,
        message: &dyn fmt::Display,
        hint: Option<String>,
    ) {
        let problem = rule.problem(path.to_string(), message.to_string());
        let found = self.found(path, Problem { hint, ..problem });
        self.found.push(found);
    }

    /// The task with a key.
    fn task(&self, key: &str) -> Option<Block<'a>> {
        self.tasks.iter().find(|(known, _)| *known == key).map(|(_, task)| *task)
    }

    /// Whether the job declares a parameter.
    fn has_parameter(&self, name: &str) -> bool {
        self.job.list("parameters").iter().any(|parameter| Block::of(parameter).key("name") == name)
    }

    /// Shows every task with its path, nested tasks of for-each tasks after their parents.
    fn each_task(&mut self, visit: fn(&mut Self, &Path<'_>, Place<'a>)) {
        let root = Path::Root;
        let list = root.key("tasks");
        for n in 0..self.tasks.len() {
            let path = list.index(n);
            let task = self.tasks[n].1;
            visit(self, &path, Place { task, parent: None });
            if let Some(for_each) = task.block("for_each_task") {
                let block = path.key("for_each_task");
                visit(self, &block.key("task"), Place { task: nested(for_each), parent: Some(task) });
            }
        }
    }
}

/// The task inside a for-each task.
fn nested(for_each: Block<'_>) -> Block<'_> {
    for_each.block("task").unwrap_or(Block::EMPTY)
}

/// A task and the for-each task that holds it, if any.
#[derive(Clone, Copy)]
struct Place<'a> {
    task: Block<'a>,
    parent: Option<Block<'a>>,
}
