//! Finds text in the whole of a log, as far as it is kept, in the lines that a page shows: without escapes, and with what
//! a carriage return left of them. Patterns take time in proportion to the log, whatever they are.

use lakeflow_core::error::{Error, ErrorCode};
use regex::{Regex, RegexBuilder};
use std::path::Path;
use std::sync::LazyLock;

/// Matches that are told; all are counted.
const MOST: usize = 10_000;
/// Characters that are looked for at most.
const LONGEST: usize = 1000;
/// Bytes of a compiled pattern.
const SIZE: usize = 1 << 20;

/// What a terminal does not show of a line.
#[expect(clippy::expect_used, reason = "a constant, compiled by the tests")]
static ESCAPE: LazyLock<Regex> = LazyLock::new(|| {
    let all = [
        r"\x1b\[[0-?]*[ -/]*[@-~]",
        r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?",
        r"\x1b[PX^_][^\x1b]*(?:\x1b\\)?",
        r"\x1b[ -/]*[0-~]?",
        r"[\x00-\x08\x0b-\x1f\x7f]",
    ];
    Regex::new(&all.join("|")).expect("a pattern")
});

/// What was found: matches as line (from 1), column and length in UTF-16 units.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) all: u64,
    pub(crate) hits: Vec<[u64; 3]>,
}

/// What is looked for: plain text or a pattern. Without `case` upper and lower case are the same.
pub(crate) fn wanted(text: &str, pattern: bool, case: bool) -> Result<Regex, Error> {
    let refused = |told: String| Error::new(ErrorCode::InvalidArgument, "log", told);
    if text.is_empty() || text.chars().count() > LONGEST {
        return Err(refused(format!("What is looked for has 1 to {LONGEST} characters.")));
    }
    let escaped = if pattern { text.to_owned() } else { regex::escape(text) };
    let built =
        RegexBuilder::new(&escaped).case_insensitive(!case).size_limit(SIZE).dfa_size_limit(SIZE).build();
    built.map_err(|error| {
        let told = error.to_string();
        // The last line says what is wrong; those before it draw the pattern.
        refused(told.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned())
    })
}

/// All matches in a log. Blocks.
pub(crate) fn search(path: &Path, wanted: &Regex) -> Found {
    let (_, bytes) = super::log::kept(path).unwrap_or_default();
    let mut found = Found::default();
    for (n, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let text = String::from_utf8_lossy(line);
        let text = shown(&text);
        for one in wanted.find_iter(&text).filter(|one| !one.is_empty()) {
            found.all += 1;
            if found.hits.len() < MOST {
                let units = |text: &str| text.encode_utf16().count() as u64;
                found.hits.push([n as u64 + 1, units(&text[..one.start()]), units(one.as_str())]);
            }
        }
    }
    found
}

/// A line as it is shown.
fn shown(line: &str) -> std::borrow::Cow<'_, str> {
    let line = line.strip_suffix('\r').unwrap_or(line);
    let line = line.rsplit('\r').next().unwrap_or(line);
    ESCAPE.replace_all(line, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str, words: &str, pattern: bool, case: bool) -> Vec<[u64; 3]> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        std::fs::write(&path, text).unwrap();
        search(&path, &wanted(words, pattern, case).unwrap()).hits
    }

    #[test]
    fn matches_have_their_place_in_what_is_shown() {
        assert_eq!(find("one\ntwo one\n", "one", false, true), [[1, 0, 3], [2, 4, 3]]);
        assert_eq!(
            find("\x1b[31mred\x1b[0m ones\n", "one", false, true),
            [[1, 4, 3]],
            "escapes are not shown"
        );
        assert_eq!(
            find("10 %\r50 %\r100 %\r\n", " %", false, true),
            [[1, 3, 2]],
            "a carriage return writes over"
        );
        assert_eq!(find("é 💧 one\n", "one", false, true), [[1, 5, 3]], "columns are those of the browser");
        assert_eq!(find("a.b\naxb\n", "a.b", false, true), [[1, 0, 3]], "plain text is no pattern");
        assert_eq!(find("Error\nerror\n", "error", false, false).len(), 2);
        assert_eq!(find("Error\nerror\n", "error", false, true), [[2, 0, 5]]);
        assert_eq!(find("run 12 of 345\n", r"\d+", true, true), [[1, 4, 2], [1, 10, 3]]);
        assert_eq!(find("abc\n", "x*", true, true), [] as [[u64; 3]; 0], "nothing is no match");
    }

    #[test]
    fn a_pattern_that_is_none_is_refused_in_words() {
        let told = wanted("a(", true, true).unwrap_err().message;
        assert_eq!(told, "unclosed group");
        assert!(wanted("", false, true).is_err());
        assert!(wanted(&"x".repeat(LONGEST + 1), false, true).is_err());
        assert!(wanted(r"\w{1000}{1000}", true, true).is_err(), "one that would need much memory");
    }

    #[test]
    fn there_is_a_limit_to_what_is_told_and_none_to_what_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        std::fs::write(&path, "x\n".repeat(MOST + 5)).unwrap();
        let found = search(&path, &wanted("x", false, true).unwrap());
        assert_eq!((found.all, found.hits.len()), (MOST as u64 + 5, MOST));
        // The kind of pattern and text that a backtracking engine never ends with.
        std::fs::write(&path, "a".repeat(20_000)).unwrap();
        assert_eq!(search(&path, &wanted("(a+)+b", true, true).unwrap()).all, 0);
    }
}
