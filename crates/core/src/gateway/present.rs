//! Run documents as the routes show them: as the workspace sent them, with a legacy `state` where it sent `status` alone,
//! since that is what pages read.

use crate::job::wire::{Path, Wire};
use crate::run::wire::{Level, RunStatus, read, write};
use crate::run::{Phase, RunDoc};
use serde_json::{Value, json};

/// Largest run in one event, in bytes; tasks of a larger one are cut to what says where they stand.
const EVENT_LIMIT: usize = 1 << 20;

/// What of a task is kept in an event that would be too large.
const BRIEF: [&str; 8] =
    ["run_id", "task_key", "attempt_number", "state", "status", "start_time", "end_time", "run_page_url"];

/// Adds `state` to a run and its tasks where only `status` was sent.
pub(super) fn with_state(mut run: Value) -> Value {
    fill(&mut run, Level::Job);
    for list in ["tasks", "iterations"] {
        let tasks = run.get_mut(list).and_then(Value::as_array_mut);
        tasks.into_iter().flatten().for_each(|task| fill(task, Level::Task));
    }
    run
}

fn fill(doc: &mut Value, level: Level) {
    let Some(fields) = doc.as_object_mut() else { return };
    if fields.get("state").is_some_and(Value::is_object) {
        return;
    }
    let Some(status) = fields.get("status") else { return };
    let Ok(status) = serde_json::from_value::<RunStatus>(status.clone()) else { return };
    let (state, _) = write(&read(None, Some(&status)), level);
    fields.insert("state".to_owned(), json!(state));
}

/// The typed form of a run; `None` for what is no run.
pub(super) fn document(run: &Value) -> Option<RunDoc> {
    RunDoc::read(run, &Path::Root, &mut Vec::new())
}

/// The life cycle state of a run that has a `state`, or null.
pub(super) fn life_cycle(run: &Value) -> Value {
    let state = run.get("state").and_then(|state| state.get("life_cycle_state"));
    state.filter(|state| state.is_string()).cloned().unwrap_or(Value::Null)
}

/// Bytes that a value is as JSON text, or more: nearly all runs are so small that they need not be written to know it.
fn at_most(value: &Value) -> usize {
    // A character in a string takes six bytes at most, a number or a word fewer than these; a comma or a bracket follows.
    let text = |text: &str| text.len() * 6 + 4;
    match value {
        Value::String(string) => text(string),
        Value::Array(items) => items.iter().map(at_most).sum::<usize>() + 3,
        Value::Object(members) => {
            members.iter().map(|(name, member)| text(name) + at_most(member)).sum::<usize>() + 3
        }
        Value::Number(number) if number.is_f64() => number.to_string().len() + 1,
        Value::Null | Value::Bool(_) | Value::Number(_) => 24,
    }
}

/// The run for an event.
pub(super) fn for_event(run: &RunDoc) -> Value {
    let whole = with_state(run.write());
    if run.tasks.len() <= 100 && (at_most(&whole) <= EVENT_LIMIT || whole.to_string().len() <= EVENT_LIMIT) {
        return whole;
    }
    let mut brief = whole;
    for list in ["tasks", "iterations"] {
        let tasks = brief.get_mut(list).and_then(Value::as_array_mut);
        for task in tasks.into_iter().flatten().filter_map(Value::as_object_mut) {
            task.retain(|name, _| BRIEF.contains(&name.as_str()));
        }
    }
    brief["shortened"] = Value::Bool(true);
    brief
}

/// A number for what is seen of a run: its phase and those of its attempts. The same for the same, in every process.
pub(super) fn digest(run: &RunDoc) -> u64 {
    let mut hash = Fnv::default();
    hash.phase(&run.phase());
    for task in run.tasks.iter().chain(&run.iterations) {
        hash.bytes(&task.run.run_id.0.to_le_bytes());
        hash.phase(&task.phase());
    }
    hash.0
}

/// FNV-1a: small, and stable for ever, which the standard library's hash does not promise.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn phase(&mut self, phase: &Phase) {
        let kind = match phase {
            Phase::Terminating(_) => "TERMINATING ",
            Phase::Ended(_) => "ENDED ",
            _ => "",
        };
        self.bytes(kind.as_bytes());
        self.bytes(phase.word().as_bytes());
        self.bytes(&[0]);
    }
}

/// A number for texts, for comparing requests.
pub(super) fn fingerprint(texts: &[&[u8]]) -> u64 {
    let mut hash = Fnv::default();
    for text in texts {
        hash.bytes(&(text.len() as u64).to_le_bytes());
        hash.bytes(text);
    }
    hash.0
}
