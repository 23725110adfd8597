//! What the machine knows. Only `apply` changes it.

use super::io::{ForEachStats, LegacyParameters, ParameterValue, Plan, StopReason};
use crate::id::RunId;
use crate::job::Task;
use crate::run::End;
use crate::time::WallTime;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Index of a task in [`State::nodes`].
pub(super) type NodeIx = usize;
/// Index of a task run in [`State::attempts`]: its id is the job run's id plus one plus this.
pub(super) type AttemptIx = usize;

/// State of one job run.
#[derive(Debug)]
pub(super) struct State {
    pub(super) began: Option<WallTime>,
    pub(super) nodes: Vec<Node>,
    pub(super) keys: BTreeMap<String, NodeIx>,
    pub(super) attempts: Vec<Attempt>,
    /// The original run, then its repairs.
    pub(super) rounds: Vec<Round>,
    /// The whole job run is being stopped.
    pub(super) stop: Option<StopReason>,
    /// Something was started in this round.
    pub(super) active: bool,
    /// Attempts that are not over.
    pub(super) open: BTreeSet<AttemptIx>,
    /// How many of them are in the driver's hands.
    pub(super) in_flight: usize,
    /// Job parameters as used by the newest round.
    pub(super) parameters: Vec<ParameterValue>,
    pub(super) legacy: LegacyParameters,
    pub(super) timeout_ms: Option<u64>,
    /// Task values by task key and key.
    pub(super) values: BTreeMap<String, BTreeMap<String, Value>>,
    pub(super) value_count: usize,
}

/// One task of the run.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) task: Arc<Task>,
    /// Runs although it is disabled.
    pub(super) forced: bool,
    pub(super) upstream: Vec<Upstream>,
    pub(super) dependents: Vec<NodeIx>,
    /// Edges whose task is not final yet.
    pub(super) waiting: usize,
    /// All attempts, the newest last; never empty once the run began.
    pub(super) attempts: Vec<AttemptIx>,
}

/// An edge as the dependent task sees it.
#[derive(Clone, Debug)]
pub(super) struct Upstream {
    pub(super) node: NodeIx,
    /// The outcome of a condition task that the edge asks for.
    pub(super) outcome: Option<String>,
}

/// The original run or a repair.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) repair_id: Option<i64>,
    pub(super) start: WallTime,
    /// Start in ticks of this process; negative when it was before the process's origin.
    pub(super) start_tick: i64,
    pub(super) end: Option<(WallTime, End)>,
    pub(super) attempts: Vec<AttemptIx>,
}

/// One task run: an attempt of a task or of an iteration, or a for-each task run.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) node: NodeIx,
    pub(super) iteration: Option<Iteration>,
    pub(super) number: u32,
    /// Earlier attempts of the task or iteration that were started, in all rounds.
    pub(super) runs_before: u32,
    pub(super) round: usize,
    /// As defined; of an iteration, the nested task.
    pub(super) task: Arc<Task>,
    pub(super) stage: Stage,
    pub(super) stop: Option<StopReason>,
    pub(super) started: Option<WallTime>,
    pub(super) started_tick: i64,
    /// When it is to start, if it waits for that.
    pub(super) due: Option<WallTime>,
    pub(super) executing: Option<WallTime>,
    pub(super) ended: Option<WallTime>,
    /// As executed.
    pub(super) resolved: Option<Arc<Task>>,
    pub(super) condition: Option<bool>,
    pub(super) output: Option<Value>,
    pub(super) each: Option<Box<Each>>,
    /// A health rule was exceeded.
    pub(super) warned: bool,
}

/// Which iteration an attempt belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Iteration {
    /// The for-each task run.
    pub(super) parent: AttemptIx,
    pub(super) index: u32,
}

/// Where an attempt stands; `view` makes the phase of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stage {
    /// Waits for dependencies; an iteration, for its turn.
    Blocked,
    /// Waits for the earliest start of a retry.
    WaitingForRetry,
    /// In the driver's hands.
    InFlight,
    /// A for-each task run whose iterations are under way.
    Expanded,
    /// Over.
    Ended(End),
}

/// The iterations of a for-each task run.
#[derive(Debug, Default)]
pub(super) struct Each {
    pub(super) inputs: Vec<Value>,
    pub(super) concurrency: usize,
    /// The newest attempt of each element.
    pub(super) iterations: Vec<AttemptIx>,
    /// Elements whose first attempt has not been started.
    pub(super) unstarted: BTreeSet<u32>,
    pub(super) succeeded: u32,
    pub(super) failed: u32,
    pub(super) errors: BTreeMap<String, u32>,
}

impl State {
    /// The state before the run began.
    pub(super) fn new(plan: &Plan) -> Self {
        let keys = plan.tasks.iter().enumerate().map(|(n, task)| (task.task_key.clone(), n)).collect();
        let nodes = plan
            .tasks
            .iter()
            .map(|task| Node {
                task: Arc::new(task.clone()),
                forced: plan.forced.contains(&task.task_key),
                upstream: Vec::new(),
                dependents: Vec::new(),
                waiting: 0,
                attempts: Vec::new(),
            })
            .collect();
        let mut state = Self {
            began: None,
            nodes,
            keys,
            attempts: Vec::new(),
            rounds: Vec::new(),
            stop: None,
            active: false,
            open: BTreeSet::new(),
            in_flight: 0,
            parameters: plan.parameters.clone(),
            legacy: plan.legacy.clone(),
            timeout_ms: plan.timeout_ms,
            values: BTreeMap::new(),
            value_count: 0,
        };
        state.link();
        state
    }

    /// Rebuilds the edges from the tasks' definitions. Dependencies on tasks that are not part of the run are treated
    /// as absent (reference section 3.7).
    pub(super) fn link(&mut self) {
        let mut dependents = vec![Vec::new(); self.nodes.len()];
        for (ix, node) in self.nodes.iter_mut().enumerate() {
            let edges = node.task.depends_on.iter().filter_map(|d| {
                let node = *self.keys.get(&d.task_key)?;
                Some(Upstream { node, outcome: d.outcome.clone() })
            });
            node.upstream = edges.collect();
            for edge in &node.upstream {
                dependents[edge.node].push(ix);
            }
        }
        for (node, dependents) in self.nodes.iter_mut().zip(dependents) {
            node.dependents = dependents;
        }
    }

    /// The newest attempt of a task.
    pub(super) fn latest(&self, node: NodeIx) -> Option<&Attempt> {
        self.nodes[node].attempts.last().map(|ix| &self.attempts[*ix])
    }

    /// How a task ended, once it is final: its newest attempt is over.
    pub(super) fn node_end(&self, node: NodeIx) -> Option<&End> {
        self.latest(node).and_then(Attempt::end)
    }

    /// The newest round.
    pub(super) fn round(&self) -> Option<&Round> {
        self.rounds.last()
    }

    /// How the job run ended, while no round is active.
    pub(super) fn run_end(&self) -> Option<&End> {
        self.round().and_then(|round| round.end.as_ref()).map(|(_, end)| end)
    }
}

impl Attempt {
    /// A task run that has not been started.
    pub(super) fn new(node: NodeIx, task: Arc<Task>, round: usize) -> Self {
        Self {
            node,
            iteration: None,
            number: 0,
            runs_before: 0,
            round,
            task,
            stage: Stage::Blocked,
            stop: None,
            started: None,
            started_tick: 0,
            due: None,
            executing: None,
            ended: None,
            resolved: None,
            condition: None,
            output: None,
            each: None,
            warned: false,
        }
    }

    /// How often the task or iteration was started, this attempt included.
    pub(super) fn runs_after(&self) -> u32 {
        self.runs_before + u32::from(self.started.is_some())
    }

    /// How it ended.
    pub(super) fn end(&self) -> Option<&End> {
        match &self.stage {
            Stage::Ended(end) => Some(end),
            _ => None,
        }
    }

    /// Key as shown: of an iteration, the nested key with its index (open point 7).
    pub(super) fn key(&self) -> String {
        match self.iteration {
            Some(iteration) => format!("{}_{}", self.task.task_key, iteration.index),
            None => self.task.task_key.clone(),
        }
    }
}

impl Each {
    /// True once every element is over.
    pub(super) fn is_complete(&self) -> bool {
        (self.succeeded + self.failed) as usize == self.iterations.len()
    }

    /// Elements that run or wait for a retry.
    pub(super) fn active(&self) -> usize {
        self.iterations.len() - self.unstarted.len() - (self.succeeded + self.failed) as usize
    }

    /// The counts as the wire shows them.
    pub(super) fn stats(&self) -> ForEachStats {
        let mut errors: Vec<(String, u32)> = self.errors.clone().into_iter().collect();
        errors.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        errors.truncate(3);
        ForEachStats {
            total_iterations: self.iterations.len() as u32,
            scheduled_iterations: self.unstarted.len() as u32,
            active_iterations: self.active() as u32,
            completed_iterations: self.succeeded + self.failed,
            succeeded_iterations: self.succeeded,
            failed_iterations: self.failed,
            errors,
        }
    }
}

impl Plan {
    /// The id of a task run by its index.
    pub(super) fn task_run_id(&self, ix: AttemptIx) -> RunId {
        RunId(self.run_id.0 + 1 + ix as i64)
    }

    /// The index that a task run's id stands for, whether or not the run exists.
    pub(super) fn attempt_ix(&self, run: RunId) -> Option<AttemptIx> {
        run.0.checked_sub(self.run_id.0)?.checked_sub(1).and_then(|ix| usize::try_from(ix).ok())
    }
}
