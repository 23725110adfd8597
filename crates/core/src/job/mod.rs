//! The job definition: a lenient model that keeps unknown fields, and a lint that reports every problem at once.
//!
//! [`JobSettings::read_all`] turns JSON into the model and lists every wrong type; [`lint`] judges the model.
//! Reference sections 4 to 6 and 18. Nothing here touches files or knows of bundles.

mod lint;
mod model;
#[cfg(feature = "whole")]
mod parameters;
pub mod wire;

pub(crate) use lint::declare_rules;
pub use lint::{ApiVersion, Code, LintOptions, RULES, Rule, check, lint, problems};
pub use model::*;
#[cfg(feature = "whole")]
pub use parameters::{parameter_schema, parameter_task_type, run_fields};
