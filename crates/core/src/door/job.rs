//! Definitions.

use super::{Answer, Input};
use crate::job::{LintOptions, problems};
use crate::json::ToJson;
use crate::source::{Document, Format};
use crate::value::Value;

/// All problems of a definition, a value `job` or YAML or JSON `text`; with their places when it is text. `file` is the name that
/// positions carry; what ends in `.json` is read as JSON alone.
pub(super) fn validate(input: Value) -> Answer {
    let mut input = Input::of(input)?;
    let options = LintOptions::default();
    let found = match input.text("text")? {
        None => problems(&input.optional("job").unwrap_or_default(), &options),
        Some(text) => {
            let file = input.text("file")?.unwrap_or_default();
            match Document::of(&file, &text, Format::ByExtension) {
                Err(problems) => problems,
                Ok(document) => {
                    let mut found = problems(&document.value(), &options);
                    document.locate(&mut found);
                    found
                }
            }
        }
    };
    Ok(found.to_json())
}
