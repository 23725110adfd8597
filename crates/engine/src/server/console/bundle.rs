//! The bundle that is served, as whoever read it told: names, places of jobs, and problems with their lines.

use crate::server::App;
use crate::store::JobRow;
use lakeflow_core::id::JobId;
use lakeflow_core::job::wire::Wire;
use lakeflow_core::job::{LintOptions, check};
use lakeflow_core::problem::{Position, Problem};
use lakeflow_core::source::{Document, Format};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of a definition that are shown.
const MOST_TEXT: u64 = 1 << 20;

/// What pages show of the bundle that an engine serves.
#[derive(Clone, Debug, Default)]
pub struct BundleView {
    /// Its name.
    pub name: String,
    /// The selected target.
    pub target: String,
    /// The folder that its files are in, absolute.
    pub root: PathBuf,
    /// Its jobs with their keys and where those stand; files are relative to `root`.
    pub jobs: Vec<(JobId, String, Position)>,
    /// Everything wrong with it; files as they are told to people.
    pub problems: Vec<Problem>,
}

/// Holds the bundle as it is now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown(Arc<Mutex<Option<Arc<BundleView>>>>);

impl Shown {
    pub(crate) fn set(&self, view: BundleView) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(view));
    }

    pub(crate) fn set_problems(&self, problems: &[Problem]) {
        let view = self.get().map(|view| (*view).clone()).unwrap_or_default();
        self.set(BundleView { problems: problems.to_vec(), ..view });
    }

    fn get(&self) -> Option<Arc<BundleView>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Name, target, folder and problems.
pub(super) fn shape(app: &App) -> Value {
    let Some(view) = app.bundle.get() else { return Value::Null };
    json!({
        "name": view.name,
        "target": view.target,
        "folder": view.root.display().to_string(),
        "problems": view.problems,
        "jobs": view.jobs.iter().map(|(id, ..)| id.to_string()).collect::<Value>(),
    })
}

/// Key and place of a job of the bundle.
pub(super) fn place(app: &App, job: JobId) -> Option<Value> {
    let view = app.bundle.get()?;
    let (_, key, at) = view.jobs.iter().find(|(id, ..)| *id == job)?;
    Some(json!({ "key": key, "file": at.file, "line": at.line }))
}

/// The text in which a job is defined and what is wrong in it: the file of the bundle, or for other jobs the stored
/// definition as JSON.
pub(super) async fn text(app: &App, job: &JobRow) -> Value {
    if let Some(view) = app.bundle.get()
        && let Some((_, _, at)) = view.jobs.iter().find(|(id, ..)| *id == job.job_id)
        && let Some(text) = read(&view.root, &at.file).await
    {
        let own = |problem: &&Problem| {
            problem.position.as_ref().is_some_and(|place| Path::new(&place.file).ends_with(&at.file))
        };
        let problems: Vec<&Problem> = view.problems.iter().filter(own).collect();
        return json!({ "file": at.file, "line": at.line, "text": text, "problems": problems });
    }
    let written = format!("{:#}", job.settings.write());
    let mut problems = Vec::new();
    if let Ok(document) = Document::parse("", written.as_bytes(), Format::Json) {
        problems = check(&document.value(), &LintOptions::default()).1;
        document.locate(&mut problems);
    }
    json!({ "file": null, "line": 1, "text": written, "problems": problems })
}

/// A file of the bundle; nothing outside of its folder.
async fn read(root: &Path, file: &str) -> Option<String> {
    let root = tokio::fs::canonicalize(root).await.ok()?;
    let path = tokio::fs::canonicalize(root.join(file)).await.ok()?;
    if !path.starts_with(&root) || tokio::fs::metadata(&path).await.ok()?.len() > MOST_TEXT {
        return None;
    }
    tokio::fs::read_to_string(path).await.ok()
}
