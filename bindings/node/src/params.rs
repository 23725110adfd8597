//! The parameter schema as a class of JavaScript.

use crate::fault::{thrown, thrown_with};
use lakeflow_core::door;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::params::ParamSchema as Compiled;
use napi::Result;
use napi_derive::napi;
use std::sync::Arc;

/// A compiled schema.
#[napi]
pub struct Schema(pub(crate) Arc<Compiled>);

#[napi]
impl Schema {
    /// Compiles the JSON text of a schema.
    #[napi(constructor)]
    pub fn new(schema: String) -> Result<Self> {
        let schema = door::parse("compile_schema", &schema).map_err(|e| thrown(&e))?;
        Compiled::compile(&schema).map(|schema| Self(Arc::new(schema))).map_err(|problems| {
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            let message = format!("this is not a JSON Schema: {}", told.join("; "));
            thrown_with(&Error::new(ErrorCode::InvalidArgument, "compile_schema", message), &problems)
        })
    }

    /// The violations of JSON text, as JSON text; `null` when there are none.
    #[napi]
    pub fn validate(&self, instance: String) -> Result<Option<String>> {
        let instance = door::parse("validate", &instance).map_err(|e| thrown(&e))?;
        let violations = self.0.validate(&instance);
        Ok(if violations.is_empty() { None } else { Some(door::js_text(&violations)) })
    }

    /// Whether JSON text satisfies the schema.
    #[napi]
    pub fn is_valid(&self, instance: String) -> Result<bool> {
        let instance = door::parse("validate", &instance).map_err(|e| thrown(&e))?;
        Ok(self.0.is_valid(&instance))
    }

    /// What has no effect in the schema, as JSON text.
    #[napi]
    pub fn warnings(&self) -> String {
        door::js_text(&self.0.warnings())
    }
}
