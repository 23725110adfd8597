//! The JSON Schema 2020-12 validator: all violations, each with path, keyword and message.
//!
//! A schema is compiled once into a small program; validating takes any [`Instance`], so objects of a host
//! language are checked where they are. All keywords of the standard are implemented, and `dependencies` of
//! older drafts. Paths are JSON Pointers, in schemas and in instances alike.
//!
//! Nothing is fetched: a `$ref` to another document is found among [`Options::resources`] or is a problem.
//! Hostile schemas, patterns and instances end in bounded time; see [`limits`].

mod array;
mod check;
mod compile;
mod count;
mod evaluated;
pub(crate) mod format;
mod instance;
mod keywords;
pub mod limits;
mod logic;
mod node;
mod notes;
mod number;
mod numbers;
mod object;
mod pattern;
mod read;
mod store;
mod string;
mod uri;
mod value;
mod violation;

pub use instance::{Instance, Number, View};
pub use violation::Violation;

use crate::json::Path;
use crate::problem::Problem;
use crate::value::Value;
use check::{Check, Found};
use node::Program;
pub(crate) use violation::push_step;
use violation::sort;

/// What `format` does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Formats {
    /// It is a rule like others. Parameters of a job are checked against it: a `format` in their schema is
    /// meant.
    #[default]
    Assert,
    /// It is a remark, as the standard has it, unless the schema's dialect asks for assertion.
    Annotate,
}

/// How a schema is compiled.
#[derive(Default)]
pub struct Options {
    /// What `format` does.
    pub formats: Formats,
    /// Documents that references may lead to: each with its URI, without fragment.
    pub resources: Vec<(String, Value)>,
}

/// A compiled schema. It can be used from several threads at once.
#[derive(Debug)]
pub struct ParamSchema {
    program: Program,
    warnings: Vec<Problem>,
}

impl ParamSchema {
    /// Compiles a schema with the default [`Options`].
    ///
    /// # Errors
    /// All problems of the schema, by path (a JSON Pointer): `not_a_schema`, `keyword_type`, `keyword_value`,
    /// `bad_pattern`, `unresolved_ref`, `endless_ref`, `duplicate_id`, `duplicate_anchor`,
    /// `unsupported_dialect`, `schema_too_deep`, `schema_too_large`.
    pub fn compile(schema: &Value) -> Result<Self, Vec<Problem>> {
        Self::compile_with(schema, &Options::default())
    }

    /// Compiles a schema, as [`ParamSchema::compile`] does.
    pub fn compile_with(schema: &Value, options: &Options) -> Result<Self, Vec<Problem>> {
        compile::compile(schema, options).map(|(program, warnings)| Self { program, warnings })
    }

    /// What has no effect in the schema, by path: `unknown_keyword` (the standard makes it a remark; it may be
    /// a typo), `old_keyword`, `unknown_format`, `unchecked_format`.
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// Whether an instance (such as `&serde_json::Value`) satisfies the schema. Allocates nothing, unless the
    /// schema has unevaluated items or properties, or asks for unique items.
    pub fn is_valid<I: Instance>(&self, instance: I) -> bool {
        let mut check = Check::new(&self.program, None);
        check.node(self.program.root, &instance, &Path::Root, None) && check.stopped.is_none()
    }

    /// All violations of an instance, up to [`limits::MAX_VIOLATIONS`]; none when it satisfies the schema.
    ///
    /// They are ordered by path, step for step (steps that are numbers come first and by value, others by code
    /// point; a value comes before what is inside it), then by keyword, then by message. Violations with the
    /// keyword `limit` come last. The order does not depend on the order of members, so it is the same in
    /// every language.
    pub fn validate<I: Instance>(&self, instance: I) -> Vec<Violation> {
        let mut quick = Check::new(&self.program, None);
        if quick.node(self.program.root, &instance, &Path::Root, None) && quick.stopped.is_none() {
            return Vec::new();
        }
        if let Some(stop) = quick.stopped {
            return vec![stop.violation()];
        }
        let mut check = Check::new(&self.program, Some(Found::default()));
        check.node(self.program.root, &instance, &Path::Root, None);
        let found = check.found.unwrap_or_default();
        let mut violations = found.list;
        sort(&mut violations);
        if let Some(stop) = check.stopped {
            violations.push(stop.violation());
        } else if found.more {
            let message = format!(
                "there are more than {} violations, the others are not listed",
                limits::MAX_VIOLATIONS
            );
            violations.push(Violation { path: String::new(), keyword: "limit", message });
        }
        violations
    }
}
