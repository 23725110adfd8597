//! Loading: which files there are, which target holds, and what the whole means.

use super::files::{Files, Kind, folder, glob, is_pattern, join};
use super::jobs::Assembly;
use super::merge::merge;
use super::{Bundle, Mode, Options, OtherResource, Shape, Workspace};
use super::{interpolate, presets, rules, targets, variables};
use crate::job::wire::scalar_text;
use crate::job::{Code, JobSettings};
use crate::problem::Problem;
use crate::source::{Data, Document, Format, Mark, Node};
use crate::suggest::did_you_mean;
use std::collections::{BTreeMap, BTreeSet};

/// Names of the root file of a bundle, in the order in which they are looked for.
const ROOT_FILES: [&str; 4] = ["databricks.yml", "databricks.yaml", "bundle.yml", "bundle.yaml"];

const SECTIONS: [&str; 16] = [
    "bundle",
    "include",
    "variables",
    "workspace",
    "artifacts",
    "sync",
    "resources",
    "targets",
    "environments",
    "permissions",
    "presets",
    "run_as",
    "scripts",
    "python",
    "experimental",
    "git",
];

const RESOURCE_KINDS: [&str; 25] = [
    "jobs",
    "job_runs",
    "pipelines",
    "apps",
    "clusters",
    "dashboards",
    "experiments",
    "models",
    "model_serving_endpoints",
    "quality_monitors",
    "registered_models",
    "schemas",
    "volumes",
    "catalogs",
    "secret_scopes",
    "sql_warehouses",
    "alerts",
    "database_instances",
    "database_catalogs",
    "synced_database_tables",
    "external_locations",
    "genie_spaces",
    "postgres_projects",
    "vector_search_endpoints",
    "vector_search_indexes",
];

/// The problems found so far.
#[derive(Default)]
pub(super) struct Problems(pub(super) Vec<Problem>);

impl Problems {
    /// Notes a broken rule at a place.
    pub(super) fn report(
        &mut self,
        rule: &Code,
        mark: &Mark,
        path: &str,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        let problem = Problem { hint, ..rule.problem(path, message) };
        self.0.push(mark.put_on(problem));
    }
}

/// Reads a bundle or a job file and everything that belongs to it.
///
/// `path` is a folder with a `databricks.yml`, such a file, a file with `resources`, or a file that holds one job
/// definition (YAML or JSON); it is relative to `files`, the empty path being their root. Paths in problems are those
/// of the merged document (`resources.jobs.etl.tasks[0].task_key`); positions name the file, line and column.
///
/// The bundle is `None` when nothing useful could be read. With an error among the problems it is good for messages
/// only: it must not be deployed. Problems come in the order of files and lines.
pub fn load(files: &dyn Files, path: &str, options: &Options) -> (Option<Bundle>, Vec<Problem>) {
    let mut problems = Problems::default();
    let bundle = root_file(files, path, &mut problems).and_then(|file| {
        let mut loader = Loader { files, options, problems: &mut problems, read: Vec::new() };
        loader.load(&file)
    });
    let mut problems = problems.0;
    // A reference is met where it stands and again where its value is used.
    let mut seen = BTreeSet::new();
    problems.retain(|p| p.position.is_none() || seen.insert((p.code, p.position.clone(), p.message.clone())));
    let order = |file: &str| bundle.as_ref().and_then(|b| b.files.iter().position(|f| f == file));
    problems.sort_by_key(|problem| {
        let position = problem.position.as_ref();
        position.map(|at| (order(&at.file).unwrap_or(usize::MAX), at.line, at.column))
    });
    (bundle, problems)
}

fn root_file(files: &dyn Files, path: &str, problems: &mut Problems) -> Option<String> {
    let Some(path) = join("", path) else {
        let message = format!("`{path}` leads out of the folder");
        problems.0.push(rules::PATH_OUTSIDE_BUNDLE.problem("", message));
        return None;
    };
    if files.kind(&path) != Kind::Folder {
        return Some(path);
    }
    let found = ROOT_FILES.iter().filter_map(|name| join(&path, name)).find(|p| files.kind(p) == Kind::File);
    if found.is_none() {
        let message = format!("the folder has no {}", ROOT_FILES[0]);
        let hint = "name a bundle folder, a databricks.yml, or a job file in JSON or YAML";
        problems.0.push(rules::NO_BUNDLE_FILE.problem("", message).with_hint(hint));
    }
    found
}

struct Loader<'a> {
    files: &'a dyn Files,
    options: &'a Options,
    problems: &'a mut Problems,
    read: Vec<String>,
}

impl Loader<'_> {
    fn load(&mut self, file: &str) -> Option<Bundle> {
        let root = self.parse(file)?;
        let shape = shape(&root);
        let stem = file.rsplit('/').next().unwrap_or(file);
        let stem = stem.split_once('.').map_or(stem, |(stem, _)| stem);
        if shape == Shape::Job {
            return self.single_job(&root, file, stem);
        }
        let mut root = root;
        self.sections(&root, "");
        self.include(&mut root, file);
        let (target, mode) = targets::select(&mut root, self.options.target.as_deref(), self.problems);
        if shape == Shape::Bundle && root.get("bundle").and_then(|bundle| bundle.get("name")).is_none() {
            let mark = root.get("bundle").map_or(&root.mark, |bundle| &bundle.mark).clone();
            let hint = Some("add `name:` below `bundle:`".to_owned());
            let message = "`bundle.name` is missing";
            self.problems.report(rules::BUNDLE_NAME_MISSING, &mark, "bundle", message, hint);
        }
        let folder = folder(file);
        let values = variables::assign(&mut root, &target, self.files, folder, self.options, self.problems);
        self.facts(&mut root, stem, &target);
        let mut root = interpolate::interpolate(&root, self.problems);
        presets::apply(&mut root, mode, &self.options.short_name());
        Some(self.assemble(&root, Found { shape, target, mode, values }, folder))
    }

    fn parse(&mut self, file: &str) -> Option<Node> {
        let bytes = match self.files.read(file) {
            Ok(bytes) => bytes,
            Err(why) => {
                let message = format!("`{file}` cannot be read: {why}");
                self.problems.0.push(rules::UNREADABLE_FILE.problem("", message));
                return None;
            }
        };
        self.read.push(file.to_owned());
        match Document::parse(file, &bytes, Format::ByExtension) {
            Ok(document) if matches!(document.root.data, Data::Object(_)) => Some(document.root),
            Ok(document) => {
                let message =
                    if document.root.is_null() { "the file is empty" } else { "the file is not an object" };
                let hint = "a bundle has `bundle` and `resources`, a job file has `name` and `tasks`";
                self.problems.report(
                    rules::NOT_AN_OBJECT,
                    &document.root.mark,
                    "",
                    message,
                    Some(hint.to_owned()),
                );
                None
            }
            Err(problems) => {
                self.problems.0.extend(problems);
                None
            }
        }
    }

    /// Judges the names of sections, and that the sections that are read here are objects.
    fn sections(&mut self, root: &Node, at: &str) {
        for member in root.members() {
            let path = format!("{at}{}", member.key);
            if !SECTIONS.contains(&member.key.as_str()) {
                let message = format!("`{}` is not a known section of a bundle", member.key);
                let hint = did_you_mean(&member.key, SECTIONS);
                self.problems.report(rules::UNKNOWN_SECTION, &member.mark, &path, message, hint);
            }
        }
        for name in ["bundle", "variables", "workspace", "resources", "targets", "environments", "presets"] {
            if let Some(section) = root.get(name)
                && !matches!(section.data, Data::Object(_) | Data::Null)
            {
                let message = format!("`{name}` must be an object");
                self.problems.report(
                    rules::NOT_AN_OBJECT,
                    &section.mark,
                    &format!("{at}{name}"),
                    message,
                    None,
                );
            }
        }
    }

    fn include(&mut self, root: &mut Node, file: &str) {
        let Some(include) = root.remove("include") else { return };
        if !matches!(include.data, Data::List(_) | Data::Null) {
            let message = "`include` must be a list of file names and patterns";
            self.problems.report(rules::NOT_A_LIST, &include.mark, "include", message, None);
        }
        let mut seen = vec![file.to_owned()];
        for (n, entry) in include.items().iter().enumerate() {
            let path = format!("include[{n}]");
            let Some(text) = entry.as_text() else {
                let message = "a file name or a pattern is expected";
                self.problems.report(rules::NOT_A_LIST, &entry.mark, &path, message, None);
                continue;
            };
            let Some(pattern) = join(folder(file), text) else {
                let message = format!("`{text}` leads out of the bundle's folder");
                self.problems.report(rules::PATH_OUTSIDE_BUNDLE, &entry.mark, &path, message, None);
                continue;
            };
            let found = if is_pattern(&pattern) { glob(self.files, &pattern) } else { vec![pattern.clone()] };
            if !is_pattern(&pattern) && self.files.kind(&pattern) != Kind::File {
                let message = format!("the included file `{text}` does not exist");
                self.problems.report(rules::INCLUDE_MISSING, &entry.mark, &path, message, None);
                continue;
            }
            for included in found {
                if seen.contains(&included) {
                    continue;
                }
                if let Some(node) = self.parse(&included) {
                    self.sections(&node, "");
                    self.defined_twice(root, &node);
                    merge(root, node);
                }
                seen.push(included);
            }
        }
    }

    fn defined_twice(&mut self, root: &Node, included: &Node) {
        let resources = included.get("resources").map(Node::members).unwrap_or_default();
        for kind in resources {
            for resource in kind.value.members() {
                let earlier =
                    root.get("resources").and_then(|r| r.get(&kind.key)).and_then(|k| k.get(&resource.key));
                if let Some(earlier) = earlier {
                    let message =
                        format!("`{}` is already defined at {}", resource.key, earlier.mark.position());
                    let path = format!("resources.{}.{}", kind.key, resource.key);
                    self.problems.report(rules::DUPLICATE_RESOURCE, &resource.mark, &path, message, None);
                }
            }
        }
    }

    /// Puts into the tree what `${bundle.*}` and `${workspace.*}` give besides what is written.
    fn facts(&self, root: &mut Node, stem: &str, target: &str) {
        let mark = root.mark.clone();
        let text = |text: &str| Node::text(text, mark.clone());
        let mut bundle = root.remove("bundle").unwrap_or_else(|| Node::null(mark.clone()));
        if bundle.get("name").is_none() {
            bundle.set("name", text(stem));
        }
        bundle.set("target", text(target));
        bundle.set("environment", text(target));
        let mut git = bundle.remove("git").unwrap_or_else(|| Node::null(mark.clone()));
        for (field, value) in &self.options.git {
            if git.get(field).is_none() {
                git.set(field, text(value));
            }
        }
        bundle.set("git", git);
        root.set("bundle", bundle);
        let mut workspace = root.remove("workspace").unwrap_or_else(|| Node::null(mark.clone()));
        let mut user = Node::null(mark.clone());
        user.set("userName", text(&self.options.user_name));
        user.set("short_name", text(&self.options.short_name()));
        workspace.set("current_user", user);
        if let (Some(host), None) = (&self.options.host, workspace.get("host")) {
            workspace.set("host", text(host));
        }
        let home = format!("/Workspace/Users/{}", self.options.user_name);
        if workspace.get("root_path").is_none() {
            workspace.set("root_path", text(&format!("{home}/.bundle/${{bundle.name}}/{target}")));
        }
        let parts = [("file_path", "files"), ("artifact_path", "artifacts"), ("state_path", "state")];
        for (field, part) in parts.into_iter().chain([("resource_path", "resources")]) {
            if workspace.get(field).is_none() {
                workspace.set(field, text(&format!("${{workspace.root_path}}/{part}")));
            }
        }
        for field in ["root_path", "file_path", "artifact_path", "state_path", "resource_path"] {
            if let Some(Node { data: Data::Text(path), .. }) = workspace.get_mut(field)
                && let Some(rest) = path.strip_prefix("~/")
            {
                *path = format!("{home}/{rest}");
            }
        }
        root.set("workspace", workspace);
    }

    fn assemble(&mut self, root: &Node, found: Found, folder: &str) -> Bundle {
        let Found { shape, target, mode, values } = found;
        let workspace = workspace(root);
        let name = root.get("bundle").and_then(|bundle| bundle.get("name")).map(Node::value);
        let name = name.as_ref().and_then(scalar_text).unwrap_or_default();
        let mut others = Vec::new();
        let mut jobs = BTreeMap::new();
        let mut order = Vec::new();
        for kind in root.get("resources").map(Node::members).unwrap_or_default() {
            let path = format!("resources.{}", kind.key);
            if !RESOURCE_KINDS.contains(&kind.key.as_str()) {
                let message = format!("`{}` is not a known kind of resource", kind.key);
                let hint = did_you_mean(&kind.key, RESOURCE_KINDS);
                self.problems.report(rules::UNKNOWN_RESOURCE_KIND, &kind.mark, &path, message, hint);
            }
            if !matches!(kind.value.data, Data::Object(_) | Data::Null) {
                let message = format!("`{}` must be an object", kind.key);
                self.problems.report(rules::NOT_AN_OBJECT, &kind.mark, &path, message, None);
            }
            if kind.key == "jobs" {
                let assembly =
                    Assembly { files: self.files, folder, workspace: &workspace, lint: self.options.lint };
                (jobs, order) = assembly.jobs(&kind.value, self.problems);
                continue;
            }
            others.extend(kind.value.members().iter().map(|resource| OtherResource {
                kind: kind.key.clone(),
                key: resource.key.clone(),
                value: resource.value.value(),
                position: resource.mark.position(),
            }));
        }
        let variables = values.into_iter().map(|name| {
            let value = root.get("variables").and_then(|v| v.get(&name)).and_then(|v| v.get("value"));
            (name, value.map(Node::value).unwrap_or_default())
        });
        let variables = variables.collect();
        let files = std::mem::take(&mut self.read);
        Bundle {
            shape,
            name,
            folder: folder.to_owned(),
            target,
            mode,
            workspace,
            jobs,
            others,
            variables,
            files,
            order,
        }
    }

    fn single_job(&mut self, root: &Node, file: &str, stem: &str) -> Option<Bundle> {
        let job = super::jobs::bare_job(root, file, stem, self.options.lint, self.problems)?;
        Some(Bundle {
            shape: Shape::Job,
            name: stem.to_owned(),
            folder: folder(file).to_owned(),
            target: "default".to_owned(),
            mode: None,
            workspace: Workspace::default(),
            jobs: BTreeMap::from([(stem.to_owned(), job)]),
            others: Vec::new(),
            variables: BTreeMap::new(),
            files: std::mem::take(&mut self.read),
            order: vec![stem.to_owned()],
        })
    }
}

/// What is known of a bundle before its resources are read.
struct Found {
    shape: Shape,
    target: String,
    mode: Option<Mode>,
    values: Vec<String>,
}

/// A job definition has `tasks` or other fields of one and none of the sections that make a bundle.
fn shape(root: &Node) -> Shape {
    let has = |name: &str| root.get(name).is_some();
    let job_field = root.members().iter().any(|member| JobSettings::FIELDS.contains(&member.key.as_str()));
    if has("bundle") {
        Shape::Bundle
    } else if has("resources") || has("targets") || has("variables") || has("include") {
        Shape::Resources
    } else if job_field {
        Shape::Job
    } else {
        Shape::Bundle
    }
}

fn workspace(root: &Node) -> Workspace {
    let text = |field: &str| {
        root.get("workspace").and_then(|w| w.get(field)).and_then(Node::as_text).map(str::to_owned)
    };
    let path = |field: &str| text(field).unwrap_or_default().trim_end_matches('/').to_owned();
    Workspace {
        host: text("host"),
        root_path: path("root_path"),
        file_path: path("file_path"),
        artifact_path: path("artifact_path"),
        state_path: path("state_path"),
        resource_path: path("resource_path"),
    }
}
