//! Tidy: the house rules that a test can hold, over the files of the repository and the crates of the workspace.
//! Looks at nothing that git would not add. Tests no behaviour.

mod crates;
mod documents;
mod rust_text;
mod source;

use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the repository.
fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the tests are one folder below the root").to_path_buf()
}

/// What a program prints when run in the root.
fn output(program: &str, args: &[&str]) -> String {
    let done = Command::new(program)
        .args(args)
        .current_dir(root())
        .output()
        .unwrap_or_else(|e| panic!("{program}: {e}"));
    assert!(done.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("the output is UTF-8")
}

/// The files git knows or would add, relative to the root, with `/` between folders.
fn files() -> Vec<String> {
    let listed = output("git", &["ls-files", "--cached", "--others", "--exclude-standard"]);
    let mut files: Vec<String> =
        listed.lines().filter(|file| root().join(file).is_file()).map(str::to_owned).collect();
    files.sort();
    files.dedup();
    assert!(files.len() > 10, "git lists too few files: {files:?}");
    files
}

/// The text of a file of the repository.
fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

/// The text files among `files()` that are written by hand, each with its text.
fn texts() -> Vec<(String, String)> {
    let made = ["Cargo.lock", "package-lock.json", "LICENSE"];
    files()
        .into_iter()
        .filter(|file| !made.iter().any(|name| file.ends_with(name)))
        .filter_map(|file| {
            let bytes = std::fs::read(root().join(&file)).ok()?;
            Some((file, String::from_utf8(bytes).ok()?))
        })
        .collect()
}

/// Fails with all faults, not the first.
fn assert_none(rule: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{rule}:\n  {}", faults.join("\n  "));
}

/// Whether the name of `file` ends in one of `extensions`.
fn has_extension(file: &str, extensions: &[&str]) -> bool {
    Path::new(file)
        .extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| extensions.contains(&extension))
}
