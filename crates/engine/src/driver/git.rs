//! Tasks whose files are in a Git repository (reference section 6.6): which those are, and how the files get here. The
//! `git` program does the work, with the credentials that the person who runs the engine has set up for it.
//!
//! `DATA/git/<repository>/` holds the objects fetched so far and a folder of files for each commit that a run used.

use crate::caches;
use crate::exec::hex;
use lakeflow_core::job::{GitSource, Source, Task};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::SystemTime;
use tokio::process::Command;

/// The files of one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Files {
    pub(super) commit: String,
    pub(super) folder: PathBuf,
}

/// The path in a task that is relative to the repository; `None` when the task's files are elsewhere. For runs with a
/// `git_source` (reference sections 5.1 to 5.5).
fn path_of(task: &mut Task) -> Option<&mut String> {
    // Without a source, a Python file is only in the repository when its path is relative.
    let relative = |path: &str| !path.starts_with('/') && !path.contains(':');
    let from_git = |source: &Option<Source>| source.as_ref().is_none_or(|source| *source == Source::Git);
    if let Some(block) = &mut task.notebook_task {
        return from_git(&block.source).then_some(&mut block.notebook_path);
    }
    if let Some(block) = &mut task.spark_python_task {
        let named = block.source == Some(Source::Git);
        let assumed = block.source.is_none() && relative(&block.python_file);
        return (named || assumed).then_some(&mut block.python_file);
    }
    if let Some(file) = task.sql_task.as_mut().and_then(|block| block.file.as_mut()) {
        return from_git(&file.source).then_some(&mut file.path);
    }
    let block = task.dbt_task.as_mut().filter(|block| from_git(&block.source))?;
    Some(block.project_directory.get_or_insert_default())
}

/// Whether a task of a run with a `git_source` needs the repository.
pub(super) fn needs(task: &Task) -> bool {
    path_of(&mut task.clone()).is_some()
}

/// Lets a task's path name the checked out file. Paths that lead out of the repository are refused where files are read.
pub(super) fn place(task: &mut Task, files: &Files) {
    if let Some(path) = path_of(task) {
        *path = files.folder.join(path.trim_start_matches('/')).to_string_lossy().into_owned();
    }
}

/// What is fetched, as `git fetch` names it: the commit that the run used before, else what the source says, else the
/// repository's default branch.
fn wanted(source: &GitSource) -> Result<String, String> {
    let used = source.git_snapshot.as_ref().and_then(|snapshot| snapshot.get("used_commit")?.as_str());
    if let Some(commit) = used.or(source.git_commit.as_deref()) {
        let hexadecimal = !commit.is_empty() && commit.chars().all(|c| c.is_ascii_hexdigit());
        return hexadecimal.then(|| commit.to_owned()).ok_or_else(|| format!("{commit:?} is not a commit"));
    }
    let named = |kind: &str, name: &Option<String>| name.as_ref().map(|name| format!("refs/{kind}/{name}"));
    Ok(named("heads", &source.git_branch)
        .or_else(|| named("tags", &source.git_tag))
        .unwrap_or_else(|| "HEAD".to_owned()))
}

/// Brings the files of a source below `data_dir`. Fails with a text for people. Not to be called twice at a time.
pub(super) async fn check_out(data_dir: &Path, source: &GitSource) -> Result<Files, String> {
    let url = source.git_url.as_deref().unwrap_or_default();
    if url.is_empty() || url.starts_with('-') {
        return Err(format!("{url:?} is not the address of a repository"));
    }
    let root = data_dir.join("git").join(hex(&Sha256::digest(url)[..16]));
    std::fs::create_dir_all(&root).map_err(|e| format!("{} cannot be created: {e}", root.display()))?;
    let repository = root.join("objects.git");
    if !repository.join("HEAD").exists() {
        git(&[], &["init", "--quiet", "--bare", &repository.to_string_lossy()]).await?;
    }
    let place = [("GIT_DIR", repository.as_path())];
    let wanted = wanted(source)?;
    let known = git(&place, &["rev-parse", "--verify", "--quiet", &format!("{wanted}^{{commit}}")]).await;
    let commit = match known {
        // Only a commit stays what it is.
        Ok(commit) if !wanted.contains('/') && wanted != "HEAD" => commit,
        _ => {
            git(&place, &["fetch", "--quiet", "--no-tags", "--depth=1", url, &wanted]).await?;
            git(&place, &["rev-parse", "--verify", "FETCH_HEAD^{commit}"]).await?
        }
    };
    let folder = root.join(&commit);
    if !folder.exists() {
        write_files(&root, &repository, &commit, &folder).await?;
    }
    caches::touch(&folder);
    Ok(Files { commit, folder })
}

/// Removes the files of commits that no run has used since `before` and that `in_use` does not name, and repositories of
/// which nothing is left. A run that needs one again fetches it again. Blocks; not to be called during a checkout.
pub(super) fn prune(data_dir: &Path, before: SystemTime, in_use: &BTreeSet<String>) -> std::io::Result<()> {
    let commits = |root: &Path| {
        let entries = std::fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path());
        entries.filter(|path| path.is_dir() && path.extension().is_none()).count()
    };
    for root in std::fs::read_dir(data_dir.join("git")).into_iter().flatten().flatten() {
        let root = root.path();
        for folder in caches::unused(&root, before) {
            let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if folder.extension().is_none() && !in_use.contains(name) {
                caches::remove(&folder)?;
            }
        }
        let fetched = std::fs::metadata(root.join("objects.git")).and_then(|found| found.modified());
        if commits(&root) == 0 && fetched.is_ok_and(|at| at < before) {
            std::fs::remove_dir_all(&root)?;
        }
    }
    Ok(())
}

/// Writes the files of a commit beside their place first, so that half of them are never taken for all.
async fn write_files(root: &Path, repository: &Path, commit: &str, folder: &Path) -> Result<(), String> {
    let (draft, index) = (root.join("draft"), root.join("draft.index"));
    // What an engine that was killed left here.
    let _ = std::fs::remove_dir_all(&draft);
    let _ = std::fs::remove_file(&index);
    let fault = |e: std::io::Error| format!("{} cannot be written: {e}", draft.display());
    std::fs::create_dir(&draft).map_err(fault)?;
    let place =
        [("GIT_DIR", repository), ("GIT_WORK_TREE", draft.as_path()), ("GIT_INDEX_FILE", index.as_path())];
    git(&place, &["read-tree", commit]).await?;
    git(&place, &["checkout-index", "--all", "--force"]).await?;
    std::fs::rename(&draft, folder).map_err(fault)
}

/// What `git` prints, without the line's end. Fails with what it says.
async fn git(place: &[(&str, &Path)], arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new("git");
    // A server that says nothing for half a minute is given up.
    command.args(["-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=30"]).args(arguments);
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(name);
    }
    command.envs(place.iter().copied()).env("GIT_TERMINAL_PROMPT", "0");
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await;
    let output = output.map_err(|e| format!("the program `git` cannot be run: {e}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let step = arguments.first().copied().unwrap_or_default();
    Err(if said.is_empty() { format!("`git {step}` failed") } else { said })
}

/// The `git_source` of a run, if it has one that can be read.
pub(super) fn source_of(value: Option<&Value>) -> Option<GitSource> {
    serde_json::from_value(value?.clone()).ok()
}
