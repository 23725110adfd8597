//! Loaders of the shared vectors in `tests/vectors/`, for the suites in `tests/tests/`.
//!
//! A vector file is a JSON array of objects `{ "name", "why", "input", "expect" }`; every language runs the
//! same files.

use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// One case of a vector file.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Vector<I, E> {
    /// Unique in its file.
    pub name: String,
    /// The rule it shows, with the section of the reference where there is one.
    #[serde(default)]
    pub why: String,
    /// What goes in.
    pub input: I,
    /// What must come out.
    pub expect: E,
}

/// The folder of the shared vectors.
pub fn vectors_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// Reads `tests/vectors/<file>`; panics with the file's name when it cannot be read, since a suite without its
/// vectors proves nothing.
#[expect(clippy::panic, reason = "a test loader")]
pub fn vectors<I: DeserializeOwned, E: DeserializeOwned>(file: &str) -> Vec<Vector<I, E>> {
    let path = vectors_dir().join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let cases: Vec<Vector<I, E>> =
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert!(!cases.is_empty(), "{} has no cases", path.display());
    cases
}

/// The value with every object `{"$repeat": [text, times], "before": …, "after": …}` replaced by the long text that it
/// stands for, so that vectors about limits stay readable.
#[expect(clippy::panic, reason = "a test loader")]
pub fn expand(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(expand).collect(),
        Value::Object(members) => match members.get("$repeat") {
            None => {
                Value::Object(members.iter().map(|(key, member)| (key.clone(), expand(member))).collect())
            }
            Some(repeat) => {
                let (text, times): (String, usize) =
                    serde_json::from_value(repeat.clone()).unwrap_or_else(|e| panic!("$repeat: {e}"));
                let side = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default();
                Value::String(format!("{}{}{}", side("before"), text.repeat(times), side("after")))
            }
        },
        scalar => scalar.clone(),
    }
}
