//! The machine's surface: new, restore, handle, poll, and how one input becomes records and acts.

use super::change::Change;
use super::io::{Input, Now, Output, Plan, RUNS_PER_JOB_RUN, WaitReason};
use super::state::{AttemptIx, Stage, State};
use super::timers::Timers;
use crate::dag::graph;
use crate::error::{Error, ErrorCode};
use crate::id::RunId;
use crate::job::{Task, TaskKind};
use crate::time::{Tick, WallTime};
use std::collections::{BTreeSet, VecDeque};

/// One job run in execution. See the module's text for the contract.
///
/// # Stages of a task run
///
/// | stage | phase shown | input or event | next stage | acts |
/// |---|---|---|---|---|
/// | blocked | `Blocked` | last dependency final, run condition met | in flight, expanded or ended | `Start` unless a condition or for-each task |
/// | blocked | `Blocked` | run condition not met, task disabled, cancelled, run stopped | ended | |
/// | waiting for retry | `WaitingForRetry` | interval over | in flight | `Start` |
/// | waiting for retry | `WaitingForRetry` | cancelled, run stopped | ended | |
/// | in flight | `Pending` | `Started` | in flight, `Running` | |
/// | in flight | `Pending`, `Running` | time-out, cancelled, run stopped | in flight, `Terminating` | `Stop` |
/// | in flight | any | `Exited` | ended; the next attempt waits for its retry if there is one | |
/// | in flight, restored | any | `StillRunning` | the same | `Stop` if it was being stopped |
/// | in flight, restored | any | `NeverStarted` | the same, or ended if it was being stopped | `Start` |
/// | expanded (for-each) | `Running` | an iteration ended | expanded, or ended after the last | `Start` of iterations |
/// | expanded (for-each) | `Running` | time-out, cancelled, run stopped | expanded, `Terminating` | `Stop` of iterations |
/// | ended | `Ended` | `Timeout`, `Started`, `CancelTask`, `CancelRun` | the same: swallowed | |
/// | ended | `Ended` | `Exited`, `Value`, `StillRunning`, `NeverStarted` | the same: `InvalidTransition` | |
#[derive(Debug)]
pub struct Machine {
    pub(super) plan: Plan,
    pub(super) state: State,
    pub(super) now: Now,
    pub(super) timers: Timers,
    /// Attempts that may have something to decide; what is decided depends on the state alone.
    pub(super) dirty: BTreeSet<AttemptIx>,
    /// Restored attempts whose `Recover` has not been answered.
    pub(super) recovering: BTreeSet<AttemptIx>,
    pub(super) changed: BTreeSet<RunId>,
    pub(super) records: Vec<Change>,
    pub(super) acts: Vec<Output>,
    outputs: VecDeque<Output>,
}

impl Machine {
    /// A job run that begins now. The plan must have between one and `i32::MAX` tasks with distinct keys and without a
    /// cycle, each with exactly one `*_task` block and no for-each inside a for-each (`InvalidDefinition`);
    /// dependencies on tasks that are not part of the plan are treated as absent (reference section 3.7).
    pub fn new(plan: Plan, now: Now) -> Result<Self, Error> {
        Self::restore(plan, std::iter::empty(), now)
    }

    /// A job run as its recorded changes left it, after any prefix of them; with none of them it begins now. Every
    /// attempt that was in flight is asked for by [`Output::Recover`]; everything else goes on at once. Time-outs and
    /// intervals count on over the restart by wall time.
    ///
    /// `Malformed` when the changes do not belong to the plan.
    pub fn restore(plan: Plan, changes: impl IntoIterator<Item = Change>, now: Now) -> Result<Self, Error> {
        check(&plan)?;
        let mut machine = Self {
            state: State::new(&plan),
            plan,
            now,
            timers: Timers::default(),
            dirty: BTreeSet::new(),
            recovering: BTreeSet::new(),
            changed: BTreeSet::new(),
            records: Vec::new(),
            acts: Vec::new(),
            outputs: VecDeque::new(),
        };
        for change in changes {
            machine.apply(&change)?;
        }
        if machine.state.began.is_none() {
            machine.record(Change::Began { at: now.wall })?;
        }
        machine.dirty.clone_from(&machine.state.open);
        let in_flight = |ix: &AttemptIx| machine.state.attempts[*ix].stage == Stage::InFlight;
        machine.recovering = machine.state.open.iter().copied().filter(in_flight).collect();
        let asked: Vec<Output> = machine
            .recovering
            .iter()
            .map(|ix| Output::Recover { run: machine.plan.task_run_id(*ix) })
            .collect();
        machine.acts.extend(asked);
        machine.settle()?;
        Ok(machine)
    }

    /// Takes one input, after whatever was due by `now`. An error changes nothing else: `InvalidTransition` when the state does not allow the input,
    /// `NotFound` for a task run that does not exist, `LimitExceeded` for a task value that is too much, and
    /// for a repair also `InvalidState`, `InvalidArgument` and `InvalidDefinition`.
    ///
    /// Inputs that come too late are swallowed where a race can bring them: `Timeout` and cancels always, `Started`
    /// of an attempt that is over.
    pub fn handle(&mut self, now: Now, input: Input) -> Result<(), Error> {
        self.now = Now { tick: now.tick.max(self.now.tick), wall: now.wall };
        self.settle()?;
        self.take(input)?;
        self.settle()
    }

    /// What the machine wants next. Repeats `Wait` or `Done` when there is nothing else.
    #[must_use]
    pub fn poll(&mut self) -> Output {
        if let Some(output) = self.outputs.pop_front() {
            return output;
        }
        if self.state.run_end().is_some() {
            return Output::Done;
        }
        let until = self.timers.next().map(|tick| Tick(u64::try_from(tick).unwrap_or(0)));
        let reason = match (self.recovering.is_empty(), self.state.in_flight) {
            (false, _) => WaitReason::Recovery,
            (true, 0) => WaitReason::Retry,
            (true, _) => WaitReason::Attempts,
        };
        Output::Wait { until, reason }
    }

    /// What the run is made of, as it was created. Repairs do not change it.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Applies a change and queues its record.
    pub(super) fn record(&mut self, change: Change) -> Result<(), Error> {
        self.apply(&change)?;
        self.records.push(change);
        Ok(())
    }

    /// All records of one input come before all of its acts, so that they can be stored at once.
    pub(super) fn flush(&mut self) {
        self.outputs.extend(self.records.drain(..).map(|change| Output::Record(Box::new(change))));
        self.outputs.append(&mut VecDeque::from(std::mem::take(&mut self.acts)));
    }

    /// The tick of a recorded wall time, now or before a restart.
    pub(super) fn tick_of(&self, at: WallTime) -> i64 {
        self.now_tick().saturating_sub(self.now.wall.since(at).max(0))
    }

    pub(super) fn now_tick(&self) -> i64 {
        i64::try_from(self.now.tick.0).unwrap_or(i64::MAX)
    }
}

/// Checks what the machine relies on; the lint has told people about it before.
fn check(plan: &Plan) -> Result<(), Error> {
    let fault = |message: String| {
        Err(Error::new(ErrorCode::InvalidDefinition, "execute", message).with("run_id", plan.run_id))
    };
    if plan.tasks.is_empty() {
        return fault("the run has no tasks".to_owned());
    }
    if plan.run_id.0 < 0 || plan.run_id.0.checked_add(RUNS_PER_JOB_RUN + 1).is_none() {
        return fault(format!("run id {} leaves no room for task runs", plan.run_id));
    }
    let mut keys = BTreeSet::new();
    for task in &plan.tasks {
        if !keys.insert(task.task_key.as_str()) {
            return fault(format!("duplicate task key {:?}", task.task_key));
        }
        if let Err(message) = check_task(task) {
            return fault(message);
        }
    }
    if let Err(cycle) = graph(&plan.tasks).order() {
        return fault(format!("the tasks depend on each other in a cycle: {}", cycle.join(" <- ")));
    }
    Ok(())
}

/// Checks one task; the error is a sentence for people.
pub(super) fn check_task(task: &Task) -> Result<(), String> {
    let key = &task.task_key;
    match task.kind() {
        None => Err(format!("task {key:?} needs exactly one *_task block")),
        Some(TaskKind::ForEach(each)) => match each.task.kind() {
            Some(TaskKind::ForEach(_)) => Err(format!("for-each task {key:?} nests another for-each task")),
            None => Err(format!("the nested task of {key:?} needs exactly one *_task block")),
            Some(_) => Ok(()),
        },
        Some(_) => Ok(()),
    }
}
