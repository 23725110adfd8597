//! The parameter schema as a class of JavaScript.

use crate::thrown;
use lakeflow_core::door;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::params::{Formats, Options, ParamSchema};
use lakeflow_core::value::Value;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// A compiled schema. JavaScript frees it by `free()`, or when it is garbage.
#[wasm_bindgen]
pub struct Schema(ParamSchema);

#[wasm_bindgen]
impl Schema {
    /// Compiles the JSON text of a schema. With `annotate` a `format` is a remark; `resources` is the JSON text of an object of
    /// documents that references may lead to, by URI.
    #[wasm_bindgen(constructor)]
    pub fn new(schema: &str, annotate: Option<bool>, resources: Option<String>) -> Result<Schema, JsValue> {
        let schema = parsed("compile_schema", schema)?;
        let resources = match resources {
            Some(text) => parsed("compile_schema", &text)?,
            None => Value::Null,
        };
        let options = Options {
            formats: if annotate == Some(true) { Formats::Annotate } else { Formats::Assert },
            resources: door::resources(resources),
        };
        ParamSchema::compile_with(&schema, &options).map(Self).map_err(|problems| {
            let mut message = String::from("this is not a JSON Schema: ");
            for (n, problem) in problems.iter().enumerate() {
                message += if n == 0 { "" } else { "; " };
                message += &problem.to_string();
            }
            thrown(&Error::new(ErrorCode::InvalidArgument, "compile_schema", message), &problems)
        })
    }

    /// The violations of JSON text, as JSON text; empty when there are none.
    pub fn validate(&self, params: &str) -> Result<String, JsValue> {
        let violations = self.0.validate(&parsed("validate", params)?);
        Ok(if violations.is_empty() { String::new() } else { door::violations_text(&violations) })
    }

    /// Whether JSON text satisfies the schema.
    #[wasm_bindgen(js_name = isValid)]
    pub fn is_valid(&self, params: &str) -> Result<bool, JsValue> {
        Ok(self.0.is_valid(&parsed("validate", params)?))
    }

    /// What has no effect in the schema, as JSON text.
    pub fn warnings(&self) -> String {
        door::problems_text(self.0.warnings())
    }
}

fn parsed(operation: &'static str, text: &str) -> Result<Value, JsValue> {
    door::parse(operation, text).map_err(|error| thrown(&error, &[]))
}
