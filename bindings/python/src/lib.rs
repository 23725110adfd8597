//! The extension module `lakeflow_jobs._native`: turns what Python gives into the core's and the client's types, and
//! back. It decides nothing: rules are in `lakeflow-core`, what is pleasant to type is in `python/src/lakeflow_jobs`.
#![warn(missing_docs)]

mod convert;
mod errors;
mod instance;
mod rules;

use pyo3::prelude::*;

/// The compiled part of `lakeflow_jobs`; import from `lakeflow_jobs` instead.
#[pymodule(gil_used = false)]
mod _native {
    #[pymodule_export]
    use super::rules::{
        Fire, ParamSchema, Problem, Violation, map_params, next_fire_times, task_types, validate_job,
    };

    /// Version of the package.
    #[pymodule_export]
    const __VERSION__: &str = env!("CARGO_PKG_VERSION");
}
