//! The files that file-arrival triggers watch.

use crate::driver::Driver;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::trigger::{ArrivalTrigger, MOST_FILES};
use std::collections::BTreeSet;
use std::path::Path;

impl Driver {
    /// The files of a trigger as they are now.
    pub(super) async fn files_of(&self, of: &ArrivalTrigger) -> Result<BTreeSet<String>, Error> {
        let folder = self.watched_paths().resolve(&of.url)?;
        let listed = tokio::task::spawn_blocking(move || files_below(&folder)).await;
        let fault = |text: String| Error::new(ErrorCode::Storage, "file_arrival", text);
        listed.map_err(|e| fault(e.to_string()))?.map_err(fault)
    }
}

/// Names of the files below a folder, relative to it. A folder that is not there has none. Links are not followed, and a file
/// that is still being uploaded is not there yet.
fn files_below(root: &Path) -> Result<BTreeSet<String>, String> {
    let mut files = BTreeSet::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(path),
                Ok(kind) if kind.is_file() && path.extension().is_none_or(|ending| ending != "part") => {
                    let name = path.strip_prefix(root).unwrap_or(&path);
                    files.insert(name.to_string_lossy().into_owned());
                }
                _ => {}
            }
            if files.len() > MOST_FILES {
                return Err(format!("{} holds more than {MOST_FILES} files", root.display()));
            }
        }
    }
    Ok(files)
}
