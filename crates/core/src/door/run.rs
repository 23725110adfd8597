//! The two wire forms of a run's phase.

use super::{Answer, Input, read as input_of, unreadable};
use crate::json::ToJson;
use crate::run::wire::{self, Level, RunState, RunStatus};
use crate::run::{self, Phase};
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

/// A run as a page shows it at `now`, in milliseconds since 1970.
pub(super) fn view(input: Value) -> Answer {
    let mut input = Input::of(input)?;
    let now = input.integer("now")?.ok_or_else(|| unreadable("missing field `now`"))?;
    match run::view(&input.required("run")?, now) {
        Ok(view) => Ok(view.to_json()),
        Err(problems) => {
            let first = problems.first().map(ToString::to_string).unwrap_or_default();
            Err(unreadable(&first))
        }
    }
}
