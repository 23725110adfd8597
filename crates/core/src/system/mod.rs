//! The system tables `system.lakeflow.*`: which columns they have, and the rows that a record of jobs and runs gives
//! (reference section 20).
//!
//! Everything here is a pure function of the record and of the time at which it is looked at. Where rows are kept and
//! who reads them is not this room's affair.
//!
//! Where the reference is silent, these are the decisions, and nowhere else:
//!
//! | open point | decision |
//! |---|---|
//! | a run that is active | its last slice ends now, without a result |
//! | a run that waits in the queue | a slice since its creation, like an active one |
//! | start of the first slice | when the run was created; `queue_duration_seconds` tells how much of it was waiting |
//! | a change of a job within the millisecond of the one before | keeps its order: times are made to rise |
//! | the row of a deletion | the last version once more, with `change_time` and `delete_time` of the deletion |
//! | `trigger_type`, `trigger` and `paused` of a job without a trigger | null |
//! | `parent_run_id` of a task run | the for-each task run of an iteration, else the job run |
//! | `task_parameters` of a task with a list of parameters | by position, from `"0"` |
//! | ids of principals | derived from the name, as `/scim/v2/Me` tells them |
//! | `account_id`, `compute_ids`, `compute` | zeros, and empty lists: jobs are not run by clusters of an account here |

mod columns;
mod history;
mod timeline;

pub use columns::{Column, Kind, Table};
pub use history::{JobVersion, job_rows, task_rows};
pub use timeline::{Execution, JobRunRecord, TaskRunRecord, job_run_rows, result_state, task_run_rows};

use crate::time::WallTime;
use serde_json::{Map, Value, json};

/// The account of everything local.
pub const ACCOUNT: &str = "00000000-0000-0000-0000-000000000000";

/// The id of a user or service principal, from its name.
pub fn principal_id(name: &str) -> String {
    let folded = name.bytes().fold(7_u64, |hash, byte| (hash * 31 + u64::from(byte)) % 9_000_000_000_000);
    (1_000_000_000_000 + folded).to_string()
}

/// The columns that every table begins with.
fn row_of(workspace: &str) -> Map<String, Value> {
    let mut row = Map::new();
    row.insert("account_id".to_owned(), json!(ACCOUNT));
    row.insert("workspace_id".to_owned(), json!(workspace));
    row
}

fn put(row: &mut Map<String, Value>, name: &str, value: impl Into<Value>) {
    row.insert(name.to_owned(), value.into());
}

/// A time as JSON text that SQL engines read as a timestamp; null when the calendar ends before it.
fn stamp(time: WallTime) -> Value {
    jiff::Timestamp::from_millisecond(time.0).map_or(Value::Null, |time| json!(time.to_string()))
}
