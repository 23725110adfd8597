//! The recorded steps of a job run: the machine's state is the fold of its changes, and nothing else changes it.

use super::io::{LegacyParameters, ParameterValue, StopReason};
use crate::id::RunId;
use crate::job::Task;
use crate::run::End;
use crate::time::WallTime;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One recorded step, for storing as JSON. Its meaning never depends on the time at which it is read back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// The job run began; the first task run of every task exists from here on.
    Began {
        /// When.
        at: WallTime,
    },
    /// An attempt was given to the driver.
    Started {
        /// The attempt.
        run: RunId,
        /// When.
        at: WallTime,
        /// The task as executed.
        task: Box<Task>,
    },
    /// After a crash, an attempt that had been recorded but never started was given to the driver again.
    Restarted {
        /// The attempt.
        run: RunId,
        /// When.
        at: WallTime,
    },
    /// User code of an attempt began to run.
    Executing {
        /// The attempt.
        run: RunId,
        /// When.
        at: WallTime,
    },
    /// A condition task was evaluated and succeeded.
    Compared {
        /// The attempt.
        run: RunId,
        /// When.
        at: WallTime,
        /// The task with both operands resolved.
        task: Box<Task>,
        /// What the comparison gave.
        outcome: bool,
    },
    /// A for-each task got its elements; the task runs of its iterations exist from here on.
    Expanded {
        /// The for-each task run.
        run: RunId,
        /// When.
        at: WallTime,
        /// The resolved inputs: text of a JSON array.
        inputs: String,
        /// Id of the first new iteration; the others follow.
        first: RunId,
        /// In a repair the indices that run again; all others keep their result. `None`: every element runs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rerun: Option<Vec<u32>>,
    },
    /// An attempt set a task value.
    Valued {
        /// The attempt.
        run: RunId,
        /// The key.
        key: String,
        /// The value.
        value: Value,
    },
    /// An attempt or a for-each task run is to be stopped.
    Stopping {
        /// The attempt.
        run: RunId,
        /// When.
        at: WallTime,
        /// Why.
        why: StopReason,
    },
    /// An attempt is over.
    Ended {
        /// The attempt.
        run: RunId,
        /// When.
        at: WallTime,
        /// How.
        end: End,
        /// Output that references may read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        output: Option<Value>,
        /// Id of the next attempt, which waits for its start from here on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<RunId>,
    },
    /// The whole job run is to be stopped: nothing starts any more.
    RunStopping {
        /// When.
        at: WallTime,
        /// [`StopReason::RunCanceled`] or [`StopReason::RunTimeout`].
        why: StopReason,
    },
    /// The time-out of the job run changed.
    TimeoutSet {
        /// In milliseconds from the start of the run or repair; `None` for none.
        timeout_ms: Option<u64>,
    },
    /// A job run or a task run has run for longer than a health rule allows; it goes on (reference section 16.5).
    Warned {
        /// The job run or the task run.
        run: RunId,
        /// When.
        at: WallTime,
        /// The seconds of the rule.
        threshold_seconds: i64,
    },
    /// Every task of the job run is over, and so is the job run.
    RunEnded {
        /// When.
        at: WallTime,
        /// How.
        end: End,
    },
    /// Part of the job run begins again.
    Repaired {
        /// When.
        at: WallTime,
        /// Id of the repair.
        repair_id: i64,
        /// The tasks that run again, as now defined, in the order of the run's tasks.
        tasks: Vec<Task>,
        /// Disabled tasks among them that run because the request named them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        forced: Vec<String>,
        /// Id of the first new task run; the others follow.
        first: RunId,
        /// Job parameters of this repair.
        parameters: Vec<ParameterValue>,
        /// Legacy task parameters of this repair.
        #[serde(default)]
        legacy: LegacyParameters,
    },
}
