//! The jobs of a bundle: bundle fields become fields of the API, each job is linted, and references to other resources
//! stay until those are deployed (reference section 19.1).

use super::files::Files;
use super::interpolate::{Piece, ResourceReference, left_over, pieces};
use super::loader::Problems;
use super::paths::Translator;
use super::{Workspace, rules};
use crate::dag::order::Graph;
use crate::job::wire::{Path, scalar_text};
use crate::job::{JobSettings, LintOptions, check};
use crate::problem::{Position, Problem};
use crate::source::{Data, Mark, Node, Positions};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A job of a bundle, ready to be created once the ids that it needs are known.
#[derive(Clone, Debug)]
pub struct BundleJob {
    /// Its key in the bundle.
    pub key: String,
    /// The file that defines it.
    pub file: String,
    /// Where its key stands.
    pub position: Position,
    /// The definition, to look at; the ids of other resources are 1 in it. [`BundleJob::resolve`] gives what is sent.
    pub settings: JobSettings,
    /// True when the bundle forbids to delete the job (`lifecycle.prevent_destroy`).
    pub prevent_destroy: bool,
    body: Value,
    references: Vec<ResourceReference>,
    positions: Positions,
}

impl BundleJob {
    /// The body of `jobs/create`, with `access_control_list`, in which `${resources.…}` references are still text.
    pub fn body(&self) -> &Value {
        &self.body
    }

    /// The fields of deployed resources that the job needs, in the order of the definition, each once.
    pub fn references(&self) -> &[ResourceReference] {
        &self.references
    }

    /// The places of the values of [`BundleJob::body`], with the job as the root.
    pub fn positions(&self) -> &Positions {
        &self.positions
    }

    /// The body of `jobs/create` with all references replaced. `value_of` gives the field of a deployed resource: for
    /// `resources.jobs.<key>.id` the job's id as a number.
    ///
    /// # Errors
    /// A problem with its place for each reference that `value_of` does not know.
    pub fn resolve(
        &self,
        value_of: &dyn Fn(&ResourceReference) -> Option<Value>,
    ) -> Result<Value, Vec<Problem>> {
        let mut problems = Vec::new();
        let body = replace(&self.body, &Path::Root, &mut |reference, path| {
            let value = value_of(reference);
            if value.is_none() {
                let ResourceReference { kind, key, field } = reference;
                let message =
                    format!("`resources.{kind}.{key}.{field}` is not known: the resource is not deployed");
                problems.push(rules::UNRESOLVED_RESOURCE.problem(path.to_string(), message));
            }
            value
        });
        self.positions.locate(&mut problems);
        if problems.is_empty() { Ok(body) } else { Err(problems) }
    }
}

/// Replaces references in texts; a text that is one reference takes the value with its type.
fn replace(
    value: &Value,
    path: &Path<'_>,
    value_of: &mut dyn FnMut(&ResourceReference, &Path<'_>) -> Option<Value>,
) -> Value {
    match value {
        Value::Array(items) => Value::Array(
            items.iter().enumerate().map(|(n, item)| replace(item, &path.index(n), value_of)).collect(),
        ),
        Value::Object(members) => {
            let members = members.iter();
            Value::Object(
                members.map(|(key, v)| (key.clone(), replace(v, &path.key(key), value_of))).collect(),
            )
        }
        Value::String(text) => {
            let mut find = |reference: &str| value_of(&ResourceReference::parse(reference)?, path);
            let pieces = pieces(text);
            if let [Piece::Reference(reference)] = pieces.as_slice() {
                return find(reference).unwrap_or_else(|| value.clone());
            }
            let whole = pieces.into_iter().map(|piece| match piece {
                Piece::Literal(literal) => literal.to_owned(),
                Piece::Reference(reference) => find(reference)
                    .and_then(|value| scalar_text(&value))
                    .unwrap_or_else(|| format!("${{{reference}}}")),
            });
            Value::String(whole.collect())
        }
        scalar => scalar.clone(),
    }
}

/// What jobs are put together from.
pub(super) struct Assembly<'a> {
    pub(super) files: &'a dyn Files,
    /// The bundle's folder.
    pub(super) folder: &'a str,
    pub(super) workspace: &'a Workspace,
    pub(super) lint: LintOptions,
}

impl Assembly<'_> {
    /// All jobs, and their keys in the order of deployment (empty with a cycle, which is a problem).
    pub(super) fn jobs(
        &self,
        jobs: &Node,
        problems: &mut Problems,
    ) -> (BTreeMap<String, BundleJob>, Vec<String>) {
        let mut built = BTreeMap::new();
        let mut edges: Vec<(&str, Vec<(ResourceReference, Mark)>)> = Vec::new();
        for member in jobs.members() {
            let path = format!("resources.jobs.{}", member.key);
            if !matches!(member.value.data, Data::Object(_)) {
                let message = format!("the job `{}` must be an object", member.key);
                problems.report(rules::NOT_AN_OBJECT, &member.mark, &path, message, None);
                continue;
            }
            let mut references = left_over(&member.value);
            references.retain(|(reference, _)| reference.kind == "jobs");
            edges.push((&member.key, references));
            built.extend(
                self.job(&member.key, &member.mark, &member.value, &path, problems)
                    .map(|j| (j.key.clone(), j)),
            );
        }
        let graph = Graph::new(edges.iter().map(|(key, up)| (*key, up.iter().map(|(r, _)| r.key.as_str()))));
        for cycle in graph.cycles() {
            let (Some(first), Some(next)) = (cycle.first(), cycle.get(1).or(cycle.first())) else { continue };
            let found = edges.iter().find(|(key, _)| key == first);
            let edge = found.and_then(|(_, up)| up.iter().find(|(reference, _)| reference.key == **next));
            let Some((_, mark)) = edge else { continue };
            let message = format!("the jobs need each other's ids: {} → {first}", cycle.join(" → "));
            let path = format!("resources.jobs.{first}");
            problems.report(rules::JOB_CYCLE, mark, &path, message, None);
        }
        let order = graph.order().map(|order| order.into_iter().map(str::to_owned).collect());
        (built, order.unwrap_or_default())
    }

    fn job(
        &self,
        key: &str,
        mark: &Mark,
        written: &Node,
        path: &str,
        problems: &mut Problems,
    ) -> Option<BundleJob> {
        let mut job = written.clone();
        let lifecycle = job.remove("lifecycle");
        let prevent =
            lifecycle.as_ref().and_then(|l| l.get("prevent_destroy")).map(|p| p.data == Data::Bool(true));
        let mut translator = Translator {
            files: self.files,
            folder: self.folder,
            file_path: &self.workspace.file_path,
            problems,
        };
        translator.job(&mut job, path);
        access_control(&mut job);
        self.defaults(&mut job);
        let positions = job.positions_from(mark);
        let body = job.value();
        let (settings, found) = judge(&body, self.lint);
        for mut problem in found {
            problem.position = positions.find(&problem.path).map(Mark::position);
            problem.path = bundle_path(path, &problem.path);
            problems.0.push(problem);
        }
        let mut references: Vec<ResourceReference> = Vec::new();
        for (reference, _) in left_over(&job) {
            if !references.contains(&reference) {
                references.push(reference);
            }
        }
        Some(BundleJob {
            key: key.to_owned(),
            file: mark.file.to_string(),
            position: mark.position(),
            settings: settings?,
            prevent_destroy: prevent.unwrap_or(false),
            body,
            references,
            positions,
        })
    }

    /// What the tool sets on jobs that it deploys.
    fn defaults(&self, job: &mut Node) {
        let mark = job.mark.clone();
        let metadata = format!("{}/metadata.json", self.workspace.state_path);
        let defaults = json!({
            "queue": {"enabled": true},
            "edit_mode": "UI_LOCKED",
            "format": "MULTI_TASK",
            "deployment": {"kind": "BUNDLE", "metadata_file_path": metadata},
        });
        for member in Node::from_value(&defaults, &mark).members() {
            if job.get(&member.key).is_none() {
                job.set(&member.key, member.value.clone());
            }
        }
    }
}

/// A job file that is no bundle: the body of `jobs/create` as it is.
pub(super) fn bare_job(
    root: &Node,
    file: &str,
    key: &str,
    options: LintOptions,
    problems: &mut Problems,
) -> Option<BundleJob> {
    let body = root.value();
    let positions = root.positions();
    let (settings, mut found) = judge(&body, options);
    positions.locate(&mut found);
    problems.0.extend(found);
    Some(BundleJob {
        key: key.to_owned(),
        file: file.to_owned(),
        position: root.mark.position(),
        settings: settings?,
        prevent_destroy: false,
        body,
        references: Vec::new(),
        positions,
    })
}

/// Lints a body in which ids that are not known yet stand as 1.
fn judge(body: &Value, options: LintOptions) -> (Option<JobSettings>, Vec<Problem>) {
    let known = replace(body, &Path::Root, &mut |_, _| Some(Value::from("1")));
    check(&known, &options)
}

/// `permissions` of the bundle as the list that the API takes.
fn access_control(job: &mut Node) {
    let Some(mut list) = job.remove("permissions") else { return };
    if let Data::List(entries) = &mut list.data {
        for entry in entries {
            if let Some(level) = entry.remove("level") {
                entry.set("permission_level", level);
            }
        }
    }
    job.set("access_control_list", list);
}

/// A path of the body as it is in the bundle.
fn bundle_path(job: &str, path: &str) -> String {
    let path = match path.strip_prefix("access_control_list") {
        Some(rest) => format!("permissions{}", rest.replace("permission_level", "level")),
        None => path.to_owned(),
    };
    match path.chars().next() {
        None => job.to_owned(),
        Some('[') => format!("{job}{path}"),
        Some(_) => format!("{job}.{path}"),
    }
}
