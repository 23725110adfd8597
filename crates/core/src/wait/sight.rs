//! What is kept of a run between two polls: a fingerprint to see changes by, and the little that has to be told when the
//! wait ends before the run does. The documents themselves are not kept; ten thousand of them would be a lot.

use crate::execution::Now;
use crate::id::{JobId, RunId};
use crate::job::wire::{Path, Wire};
use crate::run::wire::{self, Level};
use crate::run::{Outcome, Phase, RunDoc, RunState, RunStatus, TaskDoc};
use serde::Deserialize;
use serde_json::json;

/// The part of a run's document that says where the run stands; everything else is skipped while reading.
#[derive(Debug, Deserialize)]
pub(super) struct Sight {
    pub(super) run_id: RunId,
    #[serde(default)]
    state: Option<RunState>,
    #[serde(default)]
    status: Option<RunStatus>,
    #[serde(default)]
    tasks: Vec<TaskSight>,
}

#[derive(Debug, Deserialize)]
struct TaskSight {
    run_id: RunId,
    #[serde(default)]
    state: Option<RunState>,
    #[serde(default)]
    status: Option<RunStatus>,
}

impl Sight {
    pub(super) fn fingerprint(&self) -> u64 {
        let mut hash = Fingerprint::new();
        hash.phase(&wire::read(self.state.as_ref(), self.status.as_ref()));
        for task in &self.tasks {
            hash.number(task.run_id.0);
            hash.phase(&wire::read(task.state.as_ref(), task.status.as_ref()));
        }
        hash.0
    }
}

/// A number that differs when the run, a task or an attempt is not where it was. That two states share one has a chance
/// of 2^-64, and would hide a change that is not the end.
pub(super) fn fingerprint(run: &RunDoc) -> u64 {
    let mut hash = Fingerprint::new();
    hash.phase(&run.phase());
    for task in &run.tasks {
        hash.number(task.run.run_id.0);
        hash.phase(&task.phase());
    }
    hash.0
}

/// A number for a text, to see by whether it is the same again. It takes eight bytes at a time: pages are read often.
pub(super) fn number(text: &str) -> u64 {
    let mut hash = Fingerprint::new();
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    for word in words {
        hash.0 = (hash.0 ^ u64::from_le_bytes(*word)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        hash.0 ^= hash.0 >> 32;
    }
    hash.bytes(rest);
    hash.number(text.len() as i64);
    hash.0
}

/// FNV-1a, finished by a multiplication that spreads its low bits: the same on every machine and in every version.
struct Fingerprint(u64);

impl Fingerprint {
    fn new() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
        // Ends the text, so that two texts cannot lend each other letters.
        self.0 = (self.0 ^ 0xFF).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn number(&mut self, number: i64) {
        self.bytes(&number.to_le_bytes());
    }

    fn phase(&mut self, phase: &Phase) {
        let (tag, texts): (u8, [&str; 3]) = match phase {
            Phase::Blocked => (0, [""; 3]),
            Phase::Queued { code, message } => (1, [code, message, ""]),
            Phase::Pending => (2, [""; 3]),
            Phase::Running => (3, [""; 3]),
            Phase::WaitingForRetry => (4, [""; 3]),
            Phase::Terminating(end) => (5, [end.outcome.as_str(), end.code.as_str(), &end.message]),
            Phase::Ended(end) => (6, [end.outcome.as_str(), end.code.as_str(), &end.message]),
            Phase::Unknown { state } => (7, [state, "", ""]),
        };
        self.bytes(&[tag]);
        for text in texts {
            self.bytes(text.as_bytes());
        }
    }
}

/// The last known state of a run.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) job_id: Option<JobId>,
    name: Option<Box<str>>,
    page: Option<Box<str>>,
    phase: Phase,
    pub(super) start_time: i64,
    tasks: Box<[KnownTask]>,
}

#[derive(Debug)]
struct KnownTask {
    key: Box<str>,
    run_id: RunId,
    attempt: i64,
    start_time: i64,
    end_time: i64,
    phase: Phase,
}

impl Known {
    pub(super) fn of(run: &RunDoc) -> Self {
        let short = |text: &Option<String>| text.as_deref().map(Box::from);
        let task = |task: &TaskDoc| KnownTask {
            key: task.key().into(),
            run_id: task.run.run_id,
            attempt: task.attempt(),
            start_time: task.run.start_time.unwrap_or(0),
            end_time: task.run.end_time.unwrap_or(0),
            phase: task.phase(),
        };
        Self {
            job_id: run.job_id,
            name: short(&run.run_name),
            page: short(&run.run_page_url),
            phase: run.phase(),
            start_time: run.start_time.unwrap_or(0),
            tasks: run.tasks.iter().map(task).collect(),
        }
    }

    /// A document with what is known: ids, times, states, the name and the page.
    pub(super) fn document(&self, run_id: RunId) -> RunDoc {
        let (state, status) = wire::write(&self.phase, Level::Job);
        RunDoc {
            run_id,
            job_id: self.job_id,
            run_name: self.name.as_deref().map(str::to_owned),
            run_page_url: self.page.as_deref().map(str::to_owned),
            state: Some(state),
            status: Some(status),
            start_time: Some(self.start_time),
            tasks: self.tasks.iter().filter_map(KnownTask::document).collect(),
            ..RunDoc::default()
        }
    }
}

impl KnownTask {
    fn document(&self) -> Option<TaskDoc> {
        let (state, status) = wire::write(&self.phase, Level::Task);
        let fields = json!({
            "task_key": self.key,
            "run_id": self.run_id,
            "attempt_number": self.attempt,
            "state": state,
            "status": status,
            "start_time": self.start_time,
            "end_time": self.end_time,
        });
        TaskDoc::read(&fields, &Path::Root, &mut Vec::new())
    }
}

/// Milliseconds that a run has taken, by the host's own clock where the answer carries it, so that a wrong clock here
/// does no harm; 0 when it has not started, or the clocks contradict each other.
pub(super) fn taken(run: &RunDoc, date: Option<&str>, now: Now) -> u64 {
    let Some(start) = run.start_time.filter(|start| *start > 0) else { return 0 };
    let here = date.and_then(|text| jiff::fmt::rfc2822::parse(text).ok());
    let here = here.map_or(now.wall.0, |date| date.timestamp().as_millisecond());
    u64::try_from(here.saturating_sub(start)).unwrap_or(0)
}

/// The length of a run that has ended by itself, without its time in the queue; `None` for one that says nothing about
/// the next: cancelled, skipped, never started.
pub(super) fn length(run: &RunDoc) -> Option<u64> {
    let phase = run.phase();
    let told = matches!(
        phase.end()?.outcome,
        Outcome::Success | Outcome::SuccessWithFailures | Outcome::Failed | Outcome::TimedOut
    );
    let (start, end) = (run.start_time.filter(|t| *t > 0)?, run.end_time.filter(|t| *t > 0)?);
    let queued = run.queue_duration.unwrap_or(0).max(0);
    let length = end.saturating_sub(start).saturating_sub(queued);
    u64::try_from(length).ok().filter(|length| told && *length > 0)
}
