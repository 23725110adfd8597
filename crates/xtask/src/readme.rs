//! Runs the documents: every ```` ```console ```` block of the README files, one test each, in a copy of the examples.

use crate::counts::Counts;
use crate::markdown::{self, Block};
use crate::place::Place;
use crate::process::Result;
use crate::setup;
use crate::test::Settings;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs the blocks of every `README.md`. Within a document they run in order and share a folder; what one leaves
/// there, the next one finds. `$ cd FOLDER` holds until the block ends.
pub(crate) fn run(place: &Place, settings: &Settings) -> Result<Counts> {
    let mut counts = Counts::default();
    let files = place.files()?;
    for document in files.iter().filter(|file| file.ends_with("README.md")) {
        let text = read(&place.root.join(document))?;
        let blocks = markdown::blocks(&text);
        if blocks.is_empty() {
            continue;
        }
        let scratch = scratch(place, &files)?;
        let home = scratch.join(document.parent().unwrap_or(Path::new("")));
        for block in blocks {
            let name = format!("{}:{}", document.display(), block.line);
            let result = run_block(place, settings, &home, &block);
            match &result {
                Ok(()) => println!("{name}: ok"),
                Err(message) => println!("{name}: FAILED\n{message}"),
            }
            counts.add(Counts::one(result.is_ok()));
        }
    }
    Ok(counts)
}

/// A new folder with a copy of `examples/`, data included.
fn scratch(place: &Place, files: &[PathBuf]) -> Result<PathBuf> {
    let scratch = place.target.join("documents");
    if scratch.exists() {
        fs::remove_dir_all(&scratch).map_err(|e| format!("{}: {e}", scratch.display()))?;
    }
    for file in files.iter().filter(|file| file.starts_with("examples")) {
        copy(&place.root.join(file), &scratch.join(file))?;
    }
    let data = setup::data::example_folder(place).join("data");
    for entry in fs::read_dir(&data).into_iter().flatten().flatten() {
        let table = Path::new("examples/medallion/data").join(entry.file_name());
        copy(&entry.path(), &scratch.join(table))?;
    }
    fs::create_dir_all(&scratch).map_err(|e| format!("{}: {e}", scratch.display()))?;
    Ok(scratch)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let folder = to.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder)
        .and_then(|()| fs::copy(from, to))
        .map(|_| ())
        .map_err(|e| format!("{} cannot be copied to {}: {e}", from.display(), to.display()))
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

fn run_block(place: &Place, settings: &Settings, home: &Path, block: &Block) -> Result<()> {
    let mut folder = home.to_path_buf();
    let last = block.commands.len().saturating_sub(1);
    for (at, typed) in block.commands.iter().enumerate() {
        if let Some(into) = typed.command.strip_prefix("cd ") {
            folder.push(into.trim());
            continue;
        }
        let done = Command::new("sh")
            .args(["-c", &format!("exec 2>&1\n{}", typed.command)])
            .current_dir(&folder)
            .env("PATH", path_with(&place.lakeflow()))
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .output()
            .map_err(|e| format!("sh in {}: {e}", folder.display()))?;
        let output = String::from_utf8_lossy(&done.stdout);
        let wanted = if at == last { block.exit } else { 0 };
        let told = |what: String| format!("$ {}\n{output}\n{what}", typed.command);
        if done.status.code() != Some(wanted) {
            return Err(told(format!("{}, expected {wanted}", done.status)));
        }
        if !markdown::matches(&typed.expect, &output) {
            return Err(told(format!("expected:\n{}", typed.expect.join("\n"))));
        }
    }
    Ok(())
}

/// `PATH` with the folder of our command line tool first.
fn path_with(lakeflow: &Path) -> OsString {
    let ours = lakeflow.parent().map(Path::to_path_buf);
    let old = env::var_os("PATH").unwrap_or_default();
    let all = ours.into_iter().chain(env::split_paths(&old));
    // A folder whose name cannot stand in PATH leaves it as it was; the blocks then fail and say so.
    env::join_paths(all).unwrap_or(old)
}
