//! The parameter schema as a class of JavaScript.

use lakeflow_core::params::ParamSchema as Compiled;
use napi::{Error, Result};
use napi_derive::napi;
use serde_json::Value;

/// A compiled schema.
#[napi]
pub struct ParamSchema(Compiled);

#[napi]
impl ParamSchema {
    /// Compiles the JSON text of a schema.
    #[napi(constructor)]
    pub fn new(schema: String) -> Result<Self> {
        let schema: Value = serde_json::from_str(&schema).map_err(|e| Error::from_reason(e.to_string()))?;
        Compiled::compile(&schema)
            .map(Self)
            .map_err(|problems| Error::from_reason(serde_json::to_string(&problems).unwrap_or_default()))
    }

    /// The violations of an instance as JSON text; `null` when there are none.
    #[napi]
    pub fn validate(&self, instance: String) -> Result<Option<String>> {
        let instance: Value =
            serde_json::from_str(&instance).map_err(|e| Error::from_reason(e.to_string()))?;
        let violations = self.0.validate(&instance);
        if violations.is_empty() {
            return Ok(None);
        }
        serde_json::to_string(&violations).map(Some).map_err(|e| Error::from_reason(e.to_string()))
    }
}
