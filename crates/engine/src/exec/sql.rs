//! A query for people: statements that run outside of any job, on the same `spark` as tasks, with their rows as JSON.
//!
//! Each query is a process of its own, which is ended with its group when nobody waits for the rows any more.

use super::command::Launch;
use super::internal::Shared;
use super::{ExecConfig, process, variables};
use lakeflow_core::api::SqlRows;
use lakeflow_core::error::{Error, ErrorCode};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const OPERATION: &str = "sql";

/// Bytes of the rows of one query at most: they are held in memory.
const MOST_BYTES: u64 = 256 << 20;

#[derive(Deserialize)]
struct Left {
    status: String,
    #[serde(default)]
    error_kind: String,
    error: Option<String>,
    rows: Option<Value>,
}

/// Ends a process group when it is dropped.
struct Group(Option<i32>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            process::kill(group);
        }
    }
}

/// Runs statements and gives the rows of the last one, at most `limit`. Fails with `INVALID_ARGUMENT` and what the Spark
/// server said when a statement fails, with `UNSUPPORTED` where there is no `spark`.
pub(super) async fn run(
    config: &ExecConfig,
    runner: &Path,
    shared: &Shared,
    statement: &str,
    limit: i64,
) -> Result<SqlRows, Error> {
    let fault = |text: String| Error::new(ErrorCode::Internal, OPERATION, text);
    let interpreter = shared.interpreter().await?;
    let token = shared.admit(BTreeSet::new());
    let folder = config.data_dir.join("queries-run").join(uuid::Uuid::new_v4().to_string());
    let scratch = Scratch::new(&folder, shared, &token)?;
    let request = json!({
        "kind": "query",
        "query": statement,
        "limit": limit,
        "context": {},
        "roots": [config.data_dir.join("workspace")],
        "mounts": config.paths.mounts(),
        "data_root": config.data_dir,
        "result_path": scratch.result(),
        "engine_url": config.engine_url,
        "task_token": token,
    });
    let path = folder.join("request.json");
    write_private(&path, &request).map_err(|e| fault(format!("cannot write {}: {e}", path.display())))?;
    let launch = Launch {
        program: interpreter.path.clone(),
        arguments: vec!["-I".into(), "-u".into(), runner.into(), "task".into(), path.into()],
        variables: variables::inherited(),
        folder: folder.clone(),
    };
    let mut child = launch.start(&scratch.log()).map_err(|failure| fault(failure.message))?;
    let mut group = Group(child.id().and_then(|id| i32::try_from(id).ok()));
    let ended = child.wait().await;
    let rows = scratch.read();
    // What the query left in its group ends with it; the group is not another's yet, since it is only now told as gone.
    drop(Group(group.0.take()));
    rows.unwrap_or_else(|| {
        let said = std::fs::read_to_string(scratch.log()).unwrap_or_default();
        let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no output");
        let how = ended.map_or_else(|e| e.to_string(), |status| status.to_string());
        Err(fault(format!("the query's process ended without rows ({how}): {last}")))
    })
}

/// The folder of a query, and its right to ask for `spark`: both end with it.
struct Scratch<'a> {
    folder: PathBuf,
    shared: &'a Shared,
    token: String,
}

impl<'a> Scratch<'a> {
    fn new(folder: &Path, shared: &'a Shared, token: &str) -> Result<Self, Error> {
        let scratch = Self { folder: folder.to_owned(), shared, token: token.to_owned() };
        std::fs::create_dir_all(folder).map_err(|e| {
            let text = format!("cannot create {}: {e}", folder.display());
            Error::new(ErrorCode::Storage, OPERATION, text)
        })?;
        Ok(scratch)
    }

    fn result(&self) -> PathBuf {
        self.folder.join("result.json")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("output.log")
    }

    /// What the query left; `None` when it left nothing.
    fn read(&self) -> Option<Result<SqlRows, Error>> {
        let path = self.result();
        let size = std::fs::metadata(&path).ok()?.len();
        if size > MOST_BYTES {
            let text = format!(
                "the rows take {} MB, {} MB are the most; ask for fewer rows or columns",
                size >> 20,
                MOST_BYTES >> 20
            );
            return Some(Err(Error::new(ErrorCode::LimitExceeded, OPERATION, text)));
        }
        let left: Left = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
        if left.status == "success" {
            return serde_json::from_value(left.rows?).ok().map(Ok);
        }
        let code = match left.error_kind.as_str() {
            "unsupported" => ErrorCode::Unsupported,
            "runner_fault" => ErrorCode::Unavailable,
            _ => ErrorCode::InvalidArgument,
        };
        Some(Err(Error::new(code, OPERATION, left.error.unwrap_or_else(|| "the query failed".to_owned()))))
    }
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        self.shared.dismiss(&self.token);
        // What cannot be removed only takes space.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The request holds a token.
fn write_private(path: &Path, request: &Value) -> std::io::Result<()> {
    let options = &mut std::fs::OpenOptions::new();
    let file = options.create(true).write(true).truncate(true).mode(0o600).open(path)?;
    serde_json::to_writer(file, request).map_err(std::io::Error::from)
}
