//! Where things are: the clone, its target folder, and the tool cache outside it. Makes no folder but the cache's.

use crate::process::{self, Result};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folders that every command works with.
pub(crate) struct Place {
    /// The root of the clone.
    pub(crate) root: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
    /// The tool cache; it exists.
    pub(crate) cache: PathBuf,
}

impl Place {
    /// Finds the three folders; fails when there is no place for the cache or cargo cannot read the workspace.
    pub(crate) fn find() -> Result<Place> {
        let manifest =
            env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
        let root = Path::new(&manifest)
            .ancestors()
            .nth(2)
            .ok_or_else(|| format!("{manifest} is not two folders below the workspace"))?
            .to_path_buf();
        let target = target_folder(&root)?;
        let cache = cache_folder()?;
        fs::create_dir_all(&cache).map_err(|e| {
            format!(
                "the tool cache {} cannot be made: {e}; set LAKEFLOW_TOOL_CACHE to a folder that can be written",
                cache.display()
            )
        })?;
        Ok(Place { root, target, cache })
    }

    /// A `cargo` command in the root of the clone.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = cargo();
        command.current_dir(&self.root);
        command
    }

    /// The command line tool as `cargo build` leaves it.
    pub(crate) fn lakeflow(&self) -> PathBuf {
        let name = format!("lakeflow{}", env::consts::EXE_SUFFIX);
        self.target.join("debug").join(name)
    }

    /// The files git knows or would add, relative to the root.
    pub(crate) fn files(&self) -> Result<Vec<PathBuf>> {
        let mut git = Command::new("git");
        git.current_dir(&self.root);
        git.args(["ls-files", "--cached", "--others", "--exclude-standard"]);
        let listed = process::output(&mut git)?;
        Ok(listed.lines().map(PathBuf::from).filter(|file| self.root.join(file).is_file()).collect())
    }
}

/// The cargo that runs us.
fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Asks cargo, since an environment variable, a configuration file or the default may decide.
fn target_folder(root: &Path) -> Result<PathBuf> {
    let mut metadata = cargo();
    metadata.current_dir(root);
    metadata.args(["metadata", "--no-deps", "--format-version", "1"]);
    let text = process::output(&mut metadata)?;
    text.split_once("\"target_directory\":\"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(path, _)| PathBuf::from(path.replace("\\\\", "\\")))
        .ok_or_else(|| "cargo metadata names no target_directory".to_owned())
}

fn cache_folder() -> Result<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    if let Some(folder) = set("LAKEFLOW_TOOL_CACHE") {
        return std::path::absolute(PathBuf::from(folder)).map_err(|e| e.to_string());
    }
    set("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".cache")))
        .map(|folder| folder.join("lakeflow-jobs"))
        .ok_or_else(|| "there is no home folder to keep tools in; set LAKEFLOW_TOOL_CACHE".to_owned())
}
