//! The lint: every problem of a job definition at once, each with its path.
//!
//! One file for each family of rules; [`RULES`] is the table of all. The lint judges what is written; it never changes
//! it, and it knows no workspace: what only a run can tell is not judged here.

mod access;
mod compute;
mod graph;
mod names;
mod references;
mod rules;
mod tasks;
mod triggers;
mod unknown;

pub(crate) use rules::rules as declare_rules;
pub use rules::{RULES, Rule};

use super::{JobSettings, Task};
use crate::job::wire::Path;
use crate::problem::Problem;
use serde_json::Value;
use std::collections::BTreeMap;

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

/// Judges a definition: all problems, family by family. [`check`] also reads and sorts.
pub fn lint(job: &JobSettings, options: &LintOptions) -> Vec<Problem> {
    let mut lint = Lint { job, options: *options, problems: Vec::new() };
    unknown::judge(&mut lint);
    names::judge(&mut lint);
    graph::judge(&mut lint);
    tasks::judge(&mut lint);
    compute::judge(&mut lint);
    triggers::judge(&mut lint);
    references::judge(&mut lint);
    access::judge(&mut lint);
    lint.problems
}

/// Reads and judges a definition: everything that has the wrong type and everything that breaks a rule, in the order of
/// the document. The settings are `None` when the value is not an object; with an error among the problems they are
/// good for nothing but messages.
pub fn check(value: &Value, options: &LintOptions) -> (Option<JobSettings>, Vec<Problem>) {
    let (settings, mut problems) = JobSettings::read_all(value);
    let order = document_order(value);
    if let Some(settings) = &settings {
        let mut judged = lint(settings, options);
        judged.retain(|problem| !follows_from_misreading(problem, &problems, &order));
        problems.extend(judged);
    }
    problems.sort_by_key(|problem| place(&problem.path, &order));
    (settings, problems)
}

/// A problem that the reader caused: on a value of the wrong type, around it, since it was left out, or on a missing
/// field for which a stand-in was read. Reporting it too would be noise.
fn follows_from_misreading(problem: &Problem, misread: &[Problem], order: &BTreeMap<String, usize>) -> bool {
    let path = problem.path.as_str();
    !path.is_empty()
        && misread.iter().any(|bad| {
            let absent = !order.contains_key(path) && parent(path) == Some(&bad.path);
            let wrong = bad.code == rules::WRONG_TYPE.code;
            absent
                || (wrong
                    && bad
                        .path
                        .strip_prefix(path)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '['])))
        })
}

fn parent(path: &str) -> Option<&str> {
    path.get(..path.rfind(['.', '[']).unwrap_or(0))
}

/// The number of each path in the order in which a reader meets the values.
fn document_order(value: &Value) -> BTreeMap<String, usize> {
    fn collect(value: &Value, path: &Path<'_>, order: &mut BTreeMap<String, usize>) {
        order.insert(path.to_string(), order.len());
        match value {
            Value::Array(items) => {
                for (n, item) in items.iter().enumerate() {
                    collect(item, &path.index(n), order);
                }
            }
            Value::Object(members) => {
                for (key, member) in members {
                    collect(member, &path.key(key), order);
                }
            }
            _ => {}
        }
    }
    let mut order = BTreeMap::new();
    collect(value, &Path::Root, &mut order);
    order
}

/// The number of a path, or of its nearest parent that exists.
fn place(path: &str, order: &BTreeMap<String, usize>) -> usize {
    let mut path = path;
    loop {
        match order.get(path) {
            Some(place) => return *place,
            None if path.is_empty() => return 0,
            None => path = parent(path).unwrap_or_default(),
        }
    }
}

/// The definition under judgement, and what was found so far.
struct Lint<'a> {
    job: &'a JobSettings,
    options: LintOptions,
    problems: Vec<Problem>,
}

impl<'a> Lint<'a> {
    /// Notes a broken rule.
    fn report(&mut self, rule: Rule, path: &Path<'_>, message: impl Into<String>) {
        self.report_with(rule, path, message, None::<String>);
    }

    /// Notes a broken rule, with a sentence on what to do when there is one.
    fn report_with(
        &mut self,
        rule: Rule,
        path: &Path<'_>,
        message: impl Into<String>,
        hint: Option<impl Into<String>>,
    ) {
        let problem = rule.problem(path.to_string(), message);
        self.problems.push(Problem { hint: hint.map(Into::into), ..problem });
    }

    /// Shows every task with its path, nested tasks of for-each tasks after their parents.
    fn each_task(&mut self, visit: fn(&mut Self, &Path<'_>, Place<'a>)) {
        let root = Path::Root;
        let tasks = root.key("tasks");
        for (n, task) in self.job.tasks.iter().enumerate() {
            let path = tasks.index(n);
            visit(self, &path, Place { task, parent: None });
            if let Some(for_each) = &task.for_each_task {
                let block = path.key("for_each_task");
                visit(self, &block.key("task"), Place { task: &for_each.task, parent: Some(task) });
            }
        }
    }
}

/// A task and the for-each task that holds it, if any.
#[derive(Clone, Copy)]
struct Place<'a> {
    task: &'a Task,
    parent: Option<&'a Task>,
}
