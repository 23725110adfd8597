//! The functions and the class that wasm-bindgen shows to JavaScript. What they throw is the JSON text of an error.

use crate::rules::{self as told, RULES};
use lakeflow_core::door;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// Calls a rule of the core with JSON text.
#[wasm_bindgen(js_name = callRule)]
pub fn call_rule(rule: &str, input: &str) -> Result<String, JsValue> {
    told::call(rule, input).map_err(JsValue::from)
}

/// JSON text of the names of the rules that this module carries.
#[wasm_bindgen]
pub fn rules() -> String {
    door::names_text(RULES)
}

#[cfg(feature = "every")]
pub use of_schema::Schema;

#[cfg(feature = "every")]
mod of_schema {
    use crate::schema;
    use lakeflow_core::door;
    use lakeflow_core::params::ParamSchema;
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
        pub fn new(
            schema: &str,
            annotate: Option<bool>,
            resources: Option<String>,
        ) -> Result<Schema, JsValue> {
            schema::compile(schema, annotate == Some(true), resources.as_deref())
                .map(Self)
                .map_err(JsValue::from)
        }

        /// The violations of JSON text, as JSON text; empty when there are none.
        pub fn validate(&self, params: &str) -> Result<String, JsValue> {
            schema::validate(&self.0, params).map_err(JsValue::from)
        }

        /// Whether JSON text satisfies the schema.
        #[wasm_bindgen(js_name = isValid)]
        pub fn is_valid(&self, params: &str) -> Result<bool, JsValue> {
            schema::is_valid(&self.0, params).map_err(JsValue::from)
        }

        /// What has no effect in the schema, as JSON text.
        pub fn warnings(&self) -> String {
            door::problems_text(self.0.warnings())
        }
    }
}
