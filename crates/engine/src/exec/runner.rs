//! The Python sources of the runner, carried in this binary and written to the data folder.

use lakeflow_core::error::{Error, ErrorCode};
use rust_embed::RustEmbed;
use std::path::{Path, PathBuf};

#[derive(RustEmbed)]
#[folder = "runner/"]
#[include = "run.py"]
#[include = "lakeflow_runner/*.py"]
struct Sources;

/// Writes the runner below `data_dir` and returns the path of `run.py`. Files that are already right are
/// left alone, so that a running interpreter is not disturbed.
pub(super) fn install(data_dir: &Path) -> Result<PathBuf, Error> {
    let root = data_dir.join("runner").join(env!("CARGO_PKG_VERSION"));
    for name in Sources::iter() {
        let Some(file) = Sources::get(&name) else { continue };
        write_changed(&root.join(name.as_ref()), &file.data)?;
    }
    Ok(root.join("run.py"))
}

fn write_changed(path: &Path, data: &[u8]) -> Result<(), Error> {
    if std::fs::read(path).is_ok_and(|present| present == data) {
        return Ok(());
    }
    let fault = |e: std::io::Error| {
        Error::new(ErrorCode::Storage, "install_runner", format!("cannot write {}: {e}", path.display()))
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(fault)?;
    }
    std::fs::write(path, data).map_err(fault)
}
