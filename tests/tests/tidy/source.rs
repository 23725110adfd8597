//! Rules over source files: sizes, heads, words that must not be there.

use crate::rust_text::{code_only, functions};
use crate::{assert_none, has_extension, texts};

/// Lines of a source file.
const FILE_LINES_MAX: usize = 600;
/// Lines of a function.
const FUNCTION_LINES_MAX: usize = 70;
/// Files that may be longer, each with the reason.
const LONG_FILES: [(&str, &str); 0] = [];

/// Source files with their text.
fn sources(extensions: &[&str]) -> Vec<(String, String)> {
    let mut sources = texts();
    sources.retain(|(file, _)| has_extension(file, extensions));
    sources
}

/// `file:line` of every line for which `is_fault` holds.
fn lines_where(sources: &[(String, String)], is_fault: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut faults = Vec::new();
    for (file, text) in sources {
        for (at, line) in text.lines().enumerate() {
            if let Some(what) = is_fault(line) {
                faults.push(format!("{file}:{}: {what}", at + 1));
            }
        }
    }
    faults
}

#[test]
fn files_are_short() {
    let faults: Vec<String> = sources(&["rs", "py", "ts"])
        .iter()
        .filter(|(file, _)| !LONG_FILES.iter().any(|(long, _)| long == file))
        .map(|(file, text)| (file, text.lines().count()))
        .filter(|(_, lines)| *lines > FILE_LINES_MAX)
        .map(|(file, lines)| format!("{file}: {lines} lines"))
        .collect();
    assert_none(&format!("a source file has at most {FILE_LINES_MAX} lines"), &faults);
}

#[test]
fn functions_are_short() {
    let mut faults = Vec::new();
    for (file, text) in sources(&["rs"]) {
        for function in functions(&text) {
            if function.lines > FUNCTION_LINES_MAX {
                let (name, line, lines) = (function.name, function.line, function.lines);
                faults.push(format!("{file}:{line}: {name} has {lines} lines"));
            }
        }
    }
    assert_none(&format!("a function has at most {FUNCTION_LINES_MAX} lines"), &faults);
}

#[test]
fn rust_files_say_what_they_are_for() {
    let faults: Vec<String> = sources(&["rs"])
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(file, _)| file)
        .collect();
    assert_none("a Rust file opens with `//!`", &faults);
}

#[test]
fn ignored_tests_have_a_reason() {
    let mark = ["#[", "ignore]"].concat();
    let faults = lines_where(&sources(&["rs"]), |line| line.contains(&mark).then(|| mark.clone()));
    assert_none("a test is ignored only with `= \"reason\"`", &faults);
}

#[test]
fn nothing_is_left_to_do() {
    let marks = [["TO", "DO"], ["FIX", "ME"], ["XX", "X:"]].map(|parts| parts.concat());
    let mut faults = lines_where(&sources(&["rs", "py", "ts", "md", "toml"]), |line| {
        marks.iter().find(|mark| line.contains(*mark)).cloned()
    });
    let macros = ["todo!", "unimplemented!", "dbg!"];
    let code: Vec<(String, String)> =
        sources(&["rs"]).into_iter().map(|(file, text)| (file, code_only(&text))).collect();
    faults.extend(lines_where(&code, |line| {
        macros.iter().find(|name| line.contains(**name)).map(|name| (*name).to_owned())
    }));
    assert_none("what is merged is finished", &faults);
}

#[test]
fn no_paths_of_one_machine() {
    let folders = [["/wo", "rk/"], ["/ro", "ot/"]].map(|parts| parts.concat());
    let faults = lines_where(&texts(), |line| folders.iter().find(|folder| has_path(line, folder)).cloned());
    assert_none("no absolute path of somebody's machine", &faults);
}

/// `folder` at the start of a path, not within one.
fn has_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "_.-}>*".contains(c))
    })
}

#[test]
fn no_hosts_of_package_registries() {
    let hosts = [
        ["crates", ".io"],
        ["pypi", ".org"],
        ["pythonhosted", ".org"],
        ["npmjs", ".com"],
        ["npmjs", ".org"],
        ["deb.debian", ".org"],
    ]
    .map(|parts| parts.concat());
    let faults = lines_where(&texts(), |line| hosts.iter().find(|host| line.contains(*host)).cloned());
    assert_none("packages are named, not the hosts they come from", &faults);
}
