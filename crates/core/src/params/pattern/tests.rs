//! Patterns on both engines, and those that must be refused or end.

use super::super::check::Check;
use super::super::node::Program;
use super::Pattern;
use super::ecma::translate;
use super::program::Parts;
use super::text::Text;

fn matches(source: &str, text: &str) -> Result<bool, String> {
    let program = Program { nodes: Vec::new(), root: 0, dynamic: Vec::new() };
    Pattern::compile(source)?.is_match(text, &mut Check::new(&program, None))
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

#[cfg(feature = "quick")]
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
        assert!(translate::<Text>(source).is_err(), "{source}");
    }
}

#[test]
fn patterns_that_grow_without_end_are_refused() {
    for source in ["(((a{100}){100}){100}){100}", "a{99999999}", &"(".repeat(1000), &"a".repeat(3000)] {
        assert!(translate::<Text>(source).is_err(), "{}", &source[..10]);
    }
}

#[cfg(feature = "quick")]
#[test]
fn catastrophic_patterns_end() {
    let long = "a".repeat(5_000) + "b";
    assert_eq!(matches("(a+)+$", &long), Ok(false));
    let message = matches(r"^(?:(a|aa)+)\1+(?!x)$(?<!b)", &long).unwrap_err();
    assert!(message.contains("too many steps"), "{message}");
    let message = matches("(?=a)a", &"a".repeat(20_000)).unwrap_err();
    assert!(message.contains("20000 bytes"), "{message}");
}

/// A generator of patterns and texts over few characters, where engines would differ if they could.
struct Made(u64);

impl Made {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    fn pattern(&mut self, depth: u32, groups: &mut usize) -> String {
        let atom = match self.next(if depth == 0 { 6 } else { 13 }) {
            0 => "a".to_owned(),
            1 => "b".to_owned(),
            2 => "[ab]".to_owned(),
            3 => "[^a]".to_owned(),
            4 => ".".to_owned(),
            5 => r"\w".to_owned(),
            6 => {
                *groups += 1;
                format!("({})", self.pattern(depth - 1, groups))
            }
            7 => format!("(?:{}|{})", self.pattern(depth - 1, groups), self.pattern(depth - 1, groups)),
            8 => {
                return format!("(?={})", self.pattern(depth - 1, groups)) + &self.pattern(depth - 1, groups);
            }
            9 => {
                return format!("(?!{})", self.pattern(depth - 1, groups)) + &self.pattern(depth - 1, groups);
            }
            10 => {
                return ["^", "$", r"\b", r"\B"][self.next(4) as usize].to_owned()
                    + &self.pattern(depth - 1, groups);
            }
            11 => return self.pattern(depth - 1, groups) + &self.pattern(depth - 1, groups),
            _ => {
                return format!("(?<={})", ["a", "b", "ab", "[ab]b"][self.next(4) as usize])
                    + &self.pattern(depth - 1, groups);
            }
        };
        let quantifier =
            ["", "", "", "*", "+", "?", "*?", "+?", "{2}", "{1,2}", "{0,2}?", "{2,}"][self.next(12) as usize];
        atom + quantifier
    }
}

#[cfg(feature = "quick")]
#[test]
fn the_small_engine_agrees_with_the_others() {
    let mut made = Made(7);
    let (mut compared, mut matched) = (0, 0);
    for _ in 0..6_000 {
        let mut groups = 0;
        let source = made.pattern(3, &mut groups);
        let Ok(translation) = translate::<Parts>(&source) else { panic!("{source} is a pattern") };
        let small = super::program::Program::compile(translation.sink).expect("it is valid");
        for _ in 0..4 {
            let length = made.next(7);
            let text: String = (0..length).map(|_| ['a', 'b', 'c', ' '][made.next(4) as usize]).collect();
            let (Ok(other), Ok(ours)) = (matches(&source, &text), super::steps::is_match(&small, &text))
            else {
                continue;
            };
            assert_eq!(ours, other, "{source} on {text:?}");
            compared += 1;
            matched += usize::from(ours);
        }
    }
    assert!(compared > 20_000 && matched > 5_000 && matched < compared - 5_000, "{matched} of {compared}");
}

#[test]
fn the_small_engine_ends() {
    let small = |source: &str, text: &str| {
        let translation = translate::<Parts>(source).expect("a pattern");
        let program = super::program::Program::compile(translation.sink).expect("it is valid");
        super::steps::is_match(&program, text).ok()
    };
    let long = "a".repeat(5_000) + "!";
    for source in ["(a+)+$", "^(a|aa)+$", "^(?:a*)*b$", "(.*a){20}$", "(a*)*b", "^(?:a|a)*$"] {
        assert_eq!(small(source, &long), Some(false), "{source}");
    }
    for (source, text, expected) in [
        (r"^(a|b)\1$", "aa", true),
        (r"^(a|b)\1$", "ab", false),
        (r"^(?<q>['x]).*\k<q>$", "'a'", true),
        (r"(?<=\$)\d+", "cost $5", true),
        (r"^(?!\.)(?!.*\.\.)([a-z'+.]*)[a-z]@([a-z][a-z-]*\.)+[a-z]{2,}$", "a.b@c-d.example", true),
        (r"^(?!\.)(?!.*\.\.)([a-z'+.]*)[a-z]@([a-z][a-z-]*\.)+[a-z]{2,}$", "a..b@c.example", false),
    ] {
        assert_eq!(small(source, text), Some(expected), "{source} on {text:?}");
    }
    // These are cut off.
    assert_eq!(small(r"^(?:(a|aa)+)\1+(?!x)$(?<!b)", &long), None);
    assert_eq!(small(r"^(?=(a+)+$)b", &long), None);
}
