//! Reads how many tests ran from the summary lines of the runners. Each runner has its own summary; a line that
//! is none adds nothing.

/// Numbers of tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
}

impl Counts {
    /// One check that passed or did not.
    pub(crate) fn one(passed: bool) -> Counts {
        Counts { passed: usize::from(passed), failed: usize::from(!passed), skipped: 0 }
    }

    /// Adds another suite's numbers.
    pub(crate) fn add(&mut self, other: Counts) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// `test result: ok. 3 passed; 0 failed; 1 ignored; …`, once for each test binary.
pub(crate) fn libtest(text: &str) -> Counts {
    sum(text, |line| line.starts_with("test result: "))
}

/// `Summary [ 0.1s] 4 tests run: 3 passed, 1 failed, 2 skipped`.
pub(crate) fn nextest(text: &str) -> Counts {
    sum(text, |line| line.starts_with("Summary [") && line.contains(" run: "))
}

/// `3 passed, 1 skipped in 0.12s`, with or without a frame of `=`.
pub(crate) fn pytest(text: &str) -> Counts {
    let last = text.lines().rfind(|line| {
        line.contains(" in ")
            && line.trim_end_matches(['=', ' ', ')']).ends_with(|c: char| c == 's' || c.is_ascii_digit())
    });
    last.map_or(Counts::default(), words)
}

/// `# pass 3`, `# fail 1`, each of Node's words on its line, as its TAP reporter writes them at the end.
pub(crate) fn node(text: &str) -> Counts {
    let number = |word: &str| {
        let line = text.lines().rev().find_map(|line| line.strip_prefix("# ")?.strip_prefix(word));
        line.and_then(|rest| rest.trim().parse().ok()).unwrap_or(0)
    };
    Counts {
        passed: number("pass "),
        failed: number("fail ") + number("cancelled "),
        skipped: number("skipped ") + number("todo "),
    }
}

fn sum(text: &str, is_summary: impl Fn(&str) -> bool) -> Counts {
    let mut counts = Counts::default();
    for line in text.lines().map(str::trim).filter(|line| is_summary(line)) {
        counts.add(words(line));
    }
    counts
}

/// Adds up the pairs of a number and a word that the runners use.
fn words(line: &str) -> Counts {
    let mut counts = Counts::default();
    let parts: Vec<&str> = line.split([' ', ',', ';', '(', ')']).filter(|part| !part.is_empty()).collect();
    for pair in parts.windows(2) {
        let Ok(number) = pair[0].parse::<usize>() else {
            continue;
        };
        match pair[1] {
            "passed" => counts.passed += number,
            // A test that was expected to fail and passes is a test whose text is wrong.
            "failed" | "error" | "errors" | "xpassed" | "timed" | "exec" => {
                counts.failed += number;
            }
            "skipped" | "ignored" | "xfailed" => counts.skipped += number,
            _ => {}
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: usize, failed: usize, skipped: usize) -> Counts {
        Counts { passed, failed, skipped }
    }

    #[test]
    fn libtest_binaries_are_added_up() {
        let text = "running 3 tests\ntest result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.00s\n\
                    test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n";
        assert_eq!(libtest(text), counts(7, 2, 1));
    }

    #[test]
    fn nextest_says_it_once() {
        let text =
            "   Summary [   0.010s] 5 tests run: 3 passed (1 slow), 1 failed, 1 timed out, 2 skipped\n";
        assert_eq!(nextest(text), counts(3, 2, 2));
        let text = "     Summary [   0.010s] 1 test run: 1 passed, 0 skipped\n";
        assert_eq!(nextest(text), counts(1, 0, 0));
    }

    #[test]
    fn node_has_a_line_for_each_word() {
        let text = "ok 1 - a\n1..5\n# tests 5\n# suites 0\n# pass 2\n# fail 1\n# cancelled 1\n# skipped 1\n# todo 0\n";
        assert_eq!(node(text), counts(2, 2, 1));
        assert_eq!(node(""), counts(0, 0, 0));
    }

    #[test]
    fn pytest_with_and_without_frame() {
        assert_eq!(pytest("..s\n2 passed, 1 skipped in 0.12s\n"), counts(2, 0, 1));
        assert_eq!(pytest("==== 1 failed, 2 passed, 3 errors in 61.20s (0:01:01) ====\n"), counts(2, 4, 0));
        assert_eq!(pytest("no tests ran in 0.01s\n"), counts(0, 0, 0));
    }
}
