//! The extension module `lakeflow_jobs._native`: turns what Python gives into the core's and the client's types, and
//! back. It decides nothing: rules are in `lakeflow-core`, what is pleasant to type is in `python/src/lakeflow_jobs`.
#![warn(missing_docs)]
#![expect(
    clippy::doc_link_with_quotes,
    reason = "examples in the documentation are Python, which has lists of texts"
)]

mod client;
mod convert;
mod credentials;
mod door;
mod engine;
mod errors;
mod instance;
mod outcome;
mod request;
mod routes;
mod rules;
mod run;
mod runtime;
mod wait;

use pyo3::prelude::*;

/// The compiled part of `lakeflow_jobs`; import from `lakeflow_jobs` instead.
#[pymodule(gil_used = false)]
mod _native {
    #[pymodule_export]
    use super::client::Client;
    #[pymodule_export]
    use super::door::{_call_rule, WaitMachine};
    #[pymodule_export]
    use super::engine::{Engine, run_command};
    #[pymodule_export]
    use super::outcome::TaskOutput;
    #[pymodule_export]
    use super::routes::{EventStream, Routes};
    #[pymodule_export]
    use super::rules::{
        Fire, ParamSchema, Problem, Violation, map_params, next_fire_times, task_types, validate_job,
    };
    #[pymodule_export]
    use super::run::{Run, TaskFailure, TaskRun};
    #[pymodule_export]
    use super::runtime::after_fork;
    #[pymodule_export]
    use super::wait::{Wait, finish_cancels};

    /// Version of the package.
    #[pymodule_export]
    const __VERSION__: &str = env!("CARGO_PKG_VERSION");
}
