//! `cargo xtask local`: writes `LOCAL.md`, the page about what runs locally and how faithful it is, from the tests. A test
//! says what it shows in a line above it, `LOCAL[area] level: what`; the page has nothing but those lines, so it can
//! promise nothing that no test shows. A test of this file holds the page in step.

use crate::place::Place;
use crate::process::Result;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

/// The areas in the order of the page, with their titles.
const AREAS: &[(&str, &str)] = &[
    ("clients", "Official clients"),
    ("rest", "REST API"),
    ("permissions", "Permissions and access"),
    ("notebooks", "Notebooks"),
    ("python", "Python scripts and wheels"),
    ("sql", "SQL and `spark`"),
    ("tables", "System tables and queries"),
    ("programs", "JARs and dbt"),
    ("control", "Condition, for-each, run-job"),
    ("graph", "Task graph, run-if, parameters, references"),
    ("runs", "Retries, time-outs, queue, cancel, repair"),
    ("compute", "Compute, libraries, environments, Git"),
    ("triggers", "Schedules and triggers"),
    ("notifications", "Notifications and health rules"),
    ("durability", "Restarts, crashes, disk"),
    ("processes", "Processes of tasks"),
    ("refused", "What does not run locally"),
];

/// How near to the platform something is, and what the page says.
const LEVELS: &[(&str, &str)] = &[
    ("same", "as documented"),
    ("close", "works, with a difference"),
    ("own", "of the engine alone"),
    ("refused", "refused, with the reason"),
];

/// One thing that a test shows.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    area: String,
    level: String,
    what: String,
    /// `file::test`
    test: String,
}

/// `cargo xtask local`.
pub(crate) fn run() -> Result<ExitCode> {
    let place = Place::find()?;
    let path = place.root.join("LOCAL.md");
    fs::write(&path, page(&place)?).map_err(|e| format!("{}: {e}", path.display()))?;
    println!("written to {}", path.display());
    Ok(ExitCode::SUCCESS)
}

/// The page as the tests have it.
fn page(place: &Place) -> Result<String> {
    let mut shown = Vec::new();
    for file in place.files()? {
        let name = file.to_string_lossy().replace('\\', "/");
        let is_test = name.contains("tests/") || name.contains("/test/") || name.ends_with("/tests.rs");
        let is_code = ["rs", "py", "js", "ts"].iter().any(|ending| has_ending(&file, ending));
        if is_test && is_code {
            let text = fs::read_to_string(place.root.join(&file)).map_err(|e| format!("{name}: {e}"))?;
            shown.extend(read(&name, &text)?);
        }
    }
    Ok(table(&shown))
}

fn has_ending(file: &Path, ending: &str) -> bool {
    file.extension().is_some_and(|found| found == ending)
}

/// What the tests of one file show.
fn read(file: &str, text: &str) -> Result<Vec<Shown>> {
    let mut found = Vec::new();
    let mut open: Vec<(String, String, String)> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(said) = line.strip_prefix("// LOCAL[").or_else(|| line.strip_prefix("# LOCAL[")) {
            let parts = said.split_once("] ").and_then(|(area, rest)| Some((area, rest.split_once(": ")?)));
            let Some((area, (level, what))) = parts else {
                return Err(format!("{file}:{}: expected `LOCAL[area] level: what`", number + 1));
            };
            if !AREAS.iter().any(|(key, _)| *key == area) || !LEVELS.iter().any(|(key, _)| *key == level) {
                return Err(format!("{file}:{}: area {area:?} or level {level:?} is not known", number + 1));
            }
            open.push((area.to_owned(), level.to_owned(), what.to_owned()));
        } else if line.contains("ignore") && line.starts_with("#[") {
            return Err(format!("{file}:{}: an ignored test shows nothing", number + 1));
        } else if let Some(name) = test_name(line).filter(|_| !open.is_empty()) {
            let test = format!("{file}::{name}");
            found.extend(open.drain(..).map(|(area, level, what)| Shown {
                area,
                level,
                what,
                test: test.clone(),
            }));
        }
    }
    match open.first() {
        Some((_, _, what)) => Err(format!("{file}: no test follows `{what}`")),
        None => Ok(found),
    }
}

/// The name of the test that begins in a line.
fn test_name(line: &str) -> Option<&str> {
    let rust = ["fn ", "async fn ", "pub(crate) fn "].iter().find_map(|start| line.strip_prefix(start));
    if let Some(rest) = rust.or_else(|| line.strip_prefix("def ")) {
        return rest.split('(').next();
    }
    let rest = line.strip_prefix("test(").or_else(|| line.strip_prefix("it("))?;
    rest.split(['"', '\'']).nth(1)
}

fn table(shown: &[Shown]) -> String {
    let mut text = String::from(
        "# What runs locally\n\nWhich parts of Lakeflow Jobs the local engine has, and how faithful each is. Written by `cargo xtask local` from the tests: \
         each row is what a test says it shows, and that test has to pass.\n\n",
    );
    // Writing to a String cannot fail.
    for (level, meaning) in LEVELS {
        let number = shown.iter().filter(|row| row.level == *level).count();
        let _ = writeln!(text, "- {meaning}: {number}");
    }
    for (key, title) in AREAS {
        let rows: Vec<&Shown> = shown.iter().filter(|row| row.area == *key).collect();
        if rows.is_empty() {
            continue;
        }
        let _ = write!(text, "\n## {title}\n\n| what | how faithful | shown by |\n|---|---|---|\n");
        for (level, meaning) in LEVELS {
            for row in rows.iter().filter(|row| row.level == *level) {
                let _ = writeln!(text, "| {} | {meaning} | `{}` |", row.what.replace('|', "\\|"), row.test);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_what_the_tests_say() {
        let place = Place::find().unwrap();
        let written = fs::read_to_string(place.root.join("LOCAL.md")).unwrap_or_default();
        assert!(written == page(&place).unwrap(), "LOCAL.md is not in step: run `cargo xtask local`");
    }

    #[test]
    fn lines_are_read_in_every_language() {
        let rust =
            "// LOCAL[rest] same: a\n// LOCAL[sql] close: b\n#[tokio::test]\nasync fn x() {}\nfn y() {}\n";
        let found = read("f.rs", rust).unwrap();
        assert_eq!(found.iter().map(|row| row.test.as_str()).collect::<Vec<_>>(), ["f.rs::x", "f.rs::x"]);
        assert_eq!((found[1].area.as_str(), found[1].what.as_str()), ("sql", "b"));
        assert_eq!(read("f.py", "# LOCAL[rest] same: a\ndef test_x(a):\n").unwrap()[0].test, "f.py::test_x");
        assert_eq!(
            read("f.js", "// LOCAL[rest] same: a\ntest(\"x y\", () => {\n").unwrap()[0].test,
            "f.js::x y"
        );
    }

    #[test]
    fn what_no_test_shows_is_refused() {
        for bad in [
            "// LOCAL[nowhere] same: a\nfn x() {}",
            "// LOCAL[rest] maybe: a\nfn x() {}",
            "// LOCAL[rest] same\nfn x() {}",
            "// LOCAL[rest] same: a\n",
            "// LOCAL[rest] same: a\n#[test]\n#[ignore = \"slow\"]\nfn x() {}",
        ] {
            assert!(read("f.rs", bad).is_err(), "{bad}");
        }
    }
}
