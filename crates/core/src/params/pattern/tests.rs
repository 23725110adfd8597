//! Patterns on both engines, and those that must be refused or end.

use super::super::check::Check;
use super::super::node::Program;
use super::Pattern;
use super::ecma::translate;

fn matches(source: &str, text: &str) -> Result<bool, String> {
    let program = Program { nodes: Vec::new(), root: 0, dynamic: false };
    Pattern::compile(source, None)?.is_match(text, &mut Check::new(&program, None))
}

#[test]
fn patterns_mean_what_ecma_262_says() {
    for (source, text, expected) in [
        (r"^\d+$", "42", true),
        (r"^\d+$", "৪২", false),
        (r"^.$", "\u{2028}", false),
        (r"^[^]$", "\n", true),
        (r"[]", "a", false),
        (r"^\s$", "\u{feff}", true),
        (r"^\cC$", "\u{3}", true),
        (r"^\u{1F432}*$", "🐲🐲", true),
        (r"^\uD83D\uDC32$", "🐲", true),
        (r"^[\w-.]+$", "a-b.c", true),
        (r"^[a-\d]+$", "a-1", true),
        (r"^[\b]$", "\u{8}", true),
        (r"\bcat\b", "a cat.", true),
        (r"\bcat\b", "cats", false),
        (r"^a{2,3}?$", "aaa", true),
        (r"^{}$", "{}", true),
        (r"^a$", "a\n", false),
        (r"^(?<year>\d{4})-\d\d$", "2024-05", true),
    ] {
        assert_eq!(matches(source, text), Ok(expected), "{source} on {text:?}");
    }
}

#[cfg(feature = "fancy")]
#[test]
fn look_around_and_back_references_backtrack() {
    for (source, text, expected) in [
        (r"^(?!foo)\w+$", "food", false),
        (r"^(?!foo)\w+$", "bar", true),
        (r"^(?=.*\d)(?=.*[a-z]).{4,}$", "ab12", true),
        (r"(?<=\$)\d+", "cost $5", true),
        (r"^(a|b)\1$", "aa", true),
        (r"^(a|b)\1$", "ab", false),
        (r"^(?<q>['x]).*\k<q>$", "'a'", true),
        (r"^\p{Lu}\p{Ll}+$", "Émile", true),
        (r"^[\p{L}\d_]+$", "é1_", true),
        (r"(?=x)\bx\b", "é x", true),
    ] {
        assert_eq!(matches(source, text), Ok(expected), "{source} on {text:?}");
    }
}

#[test]
fn what_ecma_262_does_not_have_is_refused() {
    for source in [
        r"\Z", r"\Aa", "(?i)a", "a++", "*a", "a)", "(a", "[a", r"\", "a{3,1}", "[b-a]", r"(a)\2", r"\k<n>",
        r"\p{}", r"\x1",
    ] {
        assert!(translate(source).is_err(), "{source}");
    }
}

#[test]
fn patterns_that_grow_without_end_are_refused() {
    for source in ["(((a{100}){100}){100}){100}", "a{99999999}", &"(".repeat(1000), &"a".repeat(3000)] {
        assert!(translate(source).is_err(), "{}", &source[..10]);
    }
}

#[cfg(feature = "fancy")]
#[test]
fn catastrophic_patterns_end() {
    let long = "a".repeat(5_000) + "b";
    assert_eq!(matches("(a+)+$", &long), Ok(false));
    let message = matches(r"^(?:(a|aa)+)\1+(?!x)$(?<!b)", &long).unwrap_err();
    assert!(message.contains("too many steps"), "{message}");
    let message = matches("(?=a)a", &"a".repeat(20_000)).unwrap_err();
    assert!(message.contains("20000 bytes"), "{message}");
}
