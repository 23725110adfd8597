//! `databricks.yml`: variables, targets, includes, jobs; positions are kept for messages (reference section 19).
//!
//! [`load`] reads a bundle, or a single job file, through [`Files`] that the caller gives, and returns what it means
//! for one target together with *all* problems. Nothing is deployed here: a [`BundleJob`] gives the body of
//! `jobs/create` once the ids of other resources are known.

mod files;
mod interpolate;
mod jobs;
mod loader;
mod merge;
mod paths;
mod presets;
mod rules;
mod targets;
mod variables;

pub use files::{Files, Kind, MemoryFiles};
pub use interpolate::ResourceReference;
pub use jobs::BundleJob;
pub use loader::load;
pub use rules::RULES;

use crate::job::LintOptions;
use crate::problem::Position;
use serde_json::Value;
use std::collections::BTreeMap;

/// What decides how a bundle is read, besides its files.
#[derive(Clone, Debug)]
pub struct Options {
    /// The target that is asked for.
    pub target: Option<String>,
    /// Values of variables from the command line; they win over everything.
    pub variables: BTreeMap<String, String>,
    /// The environment; of it only `BUNDLE_VAR_<name>` is used.
    pub environment: BTreeMap<String, String>,
    /// Who deploys, usually an e-mail address. It becomes part of workspace paths.
    pub user_name: String,
    /// The workspace, when the bundle does not name one: `https://…`.
    pub host: Option<String>,
    /// What `${bundle.git.*}` gives: `branch`, `commit`, `origin_url`.
    pub git: BTreeMap<String, String>,
    /// How the jobs are judged.
    pub lint: LintOptions,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            target: None,
            variables: BTreeMap::new(),
            environment: BTreeMap::new(),
            user_name: "local".to_owned(),
            host: None,
            git: BTreeMap::new(),
            lint: LintOptions::default(),
        }
    }
}

impl Options {
    /// The part of the user name before the `@`, with `_` for everything but letters and digits.
    pub fn short_name(&self) -> String {
        let name = self.user_name.split('@').next().unwrap_or_default();
        name.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect()
    }
}

/// What a file turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A bundle with a `bundle` section.
    Bundle,
    /// A file with `resources` alone, such as one that a bundle includes.
    Resources,
    /// One bare job definition: the body of `jobs/create`.
    Job,
}

/// How a target is meant (reference section 19.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Names are prefixed and triggers paused.
    Development,
    /// Jobs are as they are written.
    Production,
}

/// Where a bundle lives in a workspace (reference section 19.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workspace {
    /// `https://…`, when one is named.
    pub host: Option<String>,
    /// `/Workspace/Users/<user>/.bundle/<name>/<target>` when not set.
    pub root_path: String,
    /// Where the bundle's files are: `<root_path>/files` when not set. A local engine maps this folder to the bundle's
    /// own folder.
    pub file_path: String,
    /// Where built libraries are.
    pub artifact_path: String,
    /// Where the state of deployments is.
    pub state_path: String,
    /// Where resources with paths are.
    pub resource_path: String,
}

/// A resource that is not a job: kept as it is written, with references resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct OtherResource {
    /// `apps`, `pipelines`, …
    pub kind: String,
    /// Its key.
    pub key: String,
    /// What is written. References to fields that exist only after deployment are still in it.
    pub value: Value,
    /// Where its key stands.
    pub position: Position,
}

/// A bundle as it is for one target.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// What kind of file it came from.
    pub shape: Shape,
    /// `bundle.name`; for other files the file's name without extension.
    pub name: String,
    /// The bundle's folder, from the root of the files that were given; empty for the root itself.
    pub folder: String,
    /// The selected target; `default` when the bundle has none.
    pub target: String,
    /// The target's mode.
    pub mode: Option<Mode>,
    /// Paths in the workspace.
    pub workspace: Workspace,
    /// The jobs by key.
    pub jobs: BTreeMap<String, BundleJob>,
    /// Every other resource, in the order of kinds and keys as they are written.
    pub others: Vec<OtherResource>,
    /// The values of all variables.
    pub variables: BTreeMap<String, Value>,
    /// The files that were read, in order; a change of one changes the bundle.
    pub files: Vec<String>,
    order: Vec<String>,
}

impl Bundle {
    /// The keys of the jobs, each after the jobs whose ids it needs. Empty when there is a cycle, which was a problem
    /// when the bundle was loaded.
    pub fn deployment_order(&self) -> &[String] {
        &self.order
    }

    /// The path in [`Bundle::folder`] of a workspace path below `workspace.file_path`; `None` for other paths. Paths of
    /// notebooks come without their extension.
    pub fn local_path<'a>(&self, workspace_path: &'a str) -> Option<&'a str> {
        workspace_path.strip_prefix(&self.workspace.file_path)?.strip_prefix('/')
    }
}
