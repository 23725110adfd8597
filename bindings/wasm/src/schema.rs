//! Schemas over texts, for both doors. Decides nothing.
#![cfg_attr(
    not(any(feature = "every", target_arch = "wasm32")),
    expect(dead_code, reason = "only the module has this door")
)]

use crate::rules::{Told, thrown};
use lakeflow_core::door;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::params::{Formats, Options, ParamSchema};
use lakeflow_core::value::Value;

/// Compiles the JSON text of a schema. With `annotate` a `format` is a remark; `resources` is the JSON text of an object of
/// documents that references may lead to, by URI.
pub(crate) fn compile(schema: &str, annotate: bool, resources: Option<&str>) -> Told<ParamSchema> {
    let schema = parsed("compile_schema", schema)?;
    let resources = match resources {
        Some(text) => parsed("compile_schema", text)?,
        None => Value::Null,
    };
    let options = Options {
        formats: if annotate { Formats::Annotate } else { Formats::Assert },
        resources: door::resources(resources),
    };
    ParamSchema::compile_with(&schema, &options).map_err(|problems| {
        let mut message = String::from("this is not a JSON Schema: ");
        for (n, problem) in problems.iter().enumerate() {
            message += if n == 0 { "" } else { "; " };
            message += &problem.to_string();
        }
        thrown(&Error::new(ErrorCode::InvalidArgument, "compile_schema", message), &problems)
    })
}

/// The violations of JSON text, as JSON text; empty when there are none.
pub(crate) fn validate(schema: &ParamSchema, params: &str) -> Told<String> {
    let violations = schema.validate(&parsed("validate", params)?);
    Ok(if violations.is_empty() { String::new() } else { door::violations_text(&violations) })
}

/// Whether JSON text satisfies the schema.
pub(crate) fn is_valid(schema: &ParamSchema, params: &str) -> Told<bool> {
    Ok(schema.is_valid(&parsed("validate", params)?))
}

fn parsed(operation: &'static str, text: &str) -> Told<Value> {
    door::parse(operation, text).map_err(|error| thrown(&error, &[]))
}
