//! The small reader and writer against `serde_json` and the standard library: the same values, the same texts, the same errors.

use super::decimal::Decimal;
use super::{broken, exact, read, write};
use crate::seed::Seeded;
use serde_json::Value;

/// The same value, or the same error. Doubles may differ in the last digit, in which serde_json does not promise to be right.
fn same(text: &str) {
    let (ours, theirs) =
        (read::read(text), serde_json::from_str::<Value>(text).map_err(|error| broken(&error)));
    match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => assert!(alike(ours, theirs), "{text:?}: {ours} and {theirs}"),
        _ => assert_eq!(ours, theirs, "{text:?}"),
    }
}

fn alike(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(a), Value::Number(b)) if a.is_f64() && b.is_f64() => {
            let (a, b) = (a.as_f64().unwrap_or_default(), b.as_f64().unwrap_or_default());
            a.to_bits().abs_diff(b.to_bits()) <= 2
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.keys().eq(b.keys()) && a.values().zip(b.values()).all(|(a, b)| alike(a, b))
        }
        _ => ours == theirs,
    }
}

const TEXTS: &[&str] = &[
    "",
    " ",
    "null",
    "nul",
    "nulx",
    "tru",
    "true ",
    "falsy",
    "truefalse",
    "0",
    "-0",
    "-",
    "-x",
    "01",
    "-01",
    "1.",
    "1.x",
    "1.5",
    "1e",
    "1e+",
    "1e-x",
    "1E5",
    "1e400",
    "-1e400",
    "1e-400",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "-9223372036854775809",
    "[",
    "[]",
    "[1",
    "[1,",
    "[1,]",
    "[1 2]",
    "[,1]",
    "{",
    "{}",
    "{\"a\"",
    "{\"a\":",
    "{\"a\":1",
    "{\"a\":1,",
    "{\"a\":1,}",
    "{\"a\" 1}",
    "{a:1}",
    "{\"a\":1 \"b\":2}",
    "{1:2}",
    "{\"a\":1,1:2}",
    "{\"a\":1,\"a\":2}",
    "\"",
    "\"a",
    "\"\\",
    "\"\\q\"",
    "\"\\u12\"",
    "\"\\u12",
    "\"\\u12g4\"",
    "\"\\ud800\"",
    "\"\\ud800\\n\"",
    "\"\\ud800\\u0041\"",
    "\"\\ud83d\\ude00\"",
    "\"\\udc00\"",
    "\"\\ud800",
    "\"\\ud800\\",
    "\"\\b\\f\\n\\r\\t\\/\\\"\\\\\"",
    "\"a\nb\"",
    "\"é😀\"",
    "[1,\n 2,\n x]",
    "\n\n{\n\"a\":}",
    "1 1",
    "[1]]",
    "\u{feff}1",
    "é",
];

#[test]
fn texts_that_are_json_and_texts_that_are_not() {
    for text in TEXTS {
        same(text);
    }
    for depth in [126, 127, 128, 500] {
        same(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        same(&"{\"a\":".repeat(depth));
    }
}

#[test]
fn texts_that_are_cut_off_or_have_a_byte_too_many() {
    let text = "{\"name\": \"caf\\u00e9 \\ud83d\\ude00\", \"list\": [1, -2.5e-3, true, false, null, {}], \"deep\": {\"a\": [[\"\\n\"]]}}";
    for (at, _) in text.char_indices() {
        same(&text[..at]);
        for more in ["\"", "\\", ",", "}", "]", "1", "-", ".", "e", "\n", "x", "\u{1}"] {
            same(&format!("{}{more}{}", &text[..at], &text[at..]));
        }
        same(&format!("{}{}", &text[..at], text.get(at + 1..).unwrap_or_default()));
    }
}

/// Doubles of all kinds: any bits, near powers of two, near decimals, integers.
fn doubles() -> impl Iterator<Item = f64> {
    let mut seed = Seeded::new(7);
    let edges = [
        0.1,
        1e21,
        1e23,
        5e-324,
        2.225_073_858_507_201_4e-308,
        1.797_693_134_862_315_7e308,
        9_007_199_254_740_993.0,
        1e16,
        1e-5,
        1e-7,
        123_456_789_012_345_680.0,
    ];
    let near = (0..2046_u64)
        .step_by(3)
        .flat_map(|field| [0, 1, (1 << 52) - 1].map(|fraction| f64::from_bits((field << 52) + fraction)));
    let random = (0..3_000).flat_map(move |_| {
        let bits = seed.up_to(u64::MAX);
        [
            f64::from_bits(bits),
            (bits % 1_000_000) as f64 / 1000.0,
            bits as f64,
            (bits % (1 << 53)) as f64 * 1e-9,
        ]
    });
    edges.into_iter().chain(near).chain(random).filter(|value| value.is_finite() && *value != 0.0)
}

#[test]
fn doubles_are_written_as_the_standard_library_and_serde_json_write_them() {
    for value in doubles().map(f64::abs) {
        let decimal = Decimal::shortest(value);
        assert_eq!(exact::shortest(value), (decimal.digits, decimal.exponent), "{value:e}");
        assert_eq!(write::write(&Value::from(value)), Value::from(value).to_string());
        assert_eq!(decimal.scientific("").parse::<f64>(), Ok(value));
        assert_eq!(decimal.plain().parse::<f64>(), Ok(value));
    }
    for value in [
        Value::from(0.0),
        Value::from(-0.0),
        Value::from(u64::MAX),
        Value::from(i64::MIN),
        Value::from("a\"\\\u{8}\u{c}\n\r\t\u{1}\u{7f}é\u{2028}"),
    ] {
        assert_eq!(write::write(&value), value.to_string());
    }
    let value: Value = serde_json::json!({"a": [], "b": {}, "c": [1, {"d": null}], "": true});
    assert_eq!(write::write(&value), value.to_string());
}

#[test]
fn decimals_are_read_as_the_standard_library_reads_them() {
    let mut texts: Vec<String> = doubles().step_by(3).map(|value| format!("{:e}", value.abs())).collect();
    // Halfway between two doubles, a little below and above, and far more digits than a double has.
    texts.extend(
        [
            "9007199254740993",
            "9007199254740992.9999999999999999",
            "9007199254740993.00000000000000000001",
            "2.4703282292062327e-324",
        ]
        .map(str::to_owned),
    );
    texts.push(format!("0.{}1", "0".repeat(400)));
    texts.push(format!("1{}e-400", "0".repeat(400)));
    texts.push(format!("9007199254740993.{}1", "0".repeat(900)));
    texts.push("1".repeat(1000));
    texts.push(format!("{}e-5000", "7".repeat(5100)));
    texts.extend(doubles().step_by(40).map(|value| format!("{:.30e}", value.abs())));
    texts.extend(
        [
            "1e99999999999",
            "1e-99999999999",
            "0e99999999999",
            "0.000",
            "1.7976931348623159e308",
            "1.7976931348623158e308",
        ]
        .map(str::to_owned),
    );
    for text in texts {
        assert_eq!(exact::parse(&text).to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
        // serde_json stops in the middle of an exponent that it cannot hold, and says so.
        if !text.contains("99999999999") {
            same(&text);
            same(&format!("-{text}"));
        }
    }
}
