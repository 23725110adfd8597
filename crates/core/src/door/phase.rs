//! The two wire forms of a run's phase.

use super::{Answer, read as input_of};
use crate::run::Phase;
use crate::run::wire::{self, Level, RunState, RunStatus};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Found {
    state: Option<RunState>,
    status: Option<RunStatus>,
}

/// What `state` and `status` of a run mean.
pub(super) fn read(input: Value) -> Answer {
    let Found { state, status } = input_of(input)?;
    let phase = wire::read(state.as_ref(), status.as_ref());
    Ok(json!({ "phase": phase, "terminal": phase.is_terminal(), "success": phase.is_success() }))
}

#[derive(Deserialize)]
struct Written {
    level: String,
    phase: Phase,
}

/// A phase as `state` and `status`.
pub(super) fn write(input: Value) -> Answer {
    let Written { level, phase } = input_of(input)?;
    let (state, status) = wire::write(&phase, if level == "job" { Level::Job } else { Level::Task });
    Ok(json!({ "state": state, "status": status }))
}
