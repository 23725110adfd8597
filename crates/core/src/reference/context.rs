//! The plain scope: what a task run knows when it starts, as data that can be stored and sent.

use super::path::{OtherTaskField, Reference};
use super::resolve::{Missing, Scope};
use super::time_part::TimePart;
use crate::id::{JobId, RunId};
use crate::json::{self, Quoted, list};
use crate::time::WallTime;
use crate::value::{Map, Value};
#[cfg(feature = "whole")]
use serde::Serialize;
use std::fmt;

/// Rows of an upstream query that `output.rows` carries at most (reference section 18).
const MAX_ROWS: usize = 1000;
/// Bytes of JSON that `output.rows` carries at most (reference section 18).
const MAX_ROWS_BYTES: usize = 48 * 1024;

/// Things by name: few of them, so that they are looked for one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<T>(Vec<(String, T)>);

impl<T> Named<T> {
    /// What has a name.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, thing)| thing)
    }
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> FromIterator<(String, T)> for Named<T> {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(things: I) -> Self {
        Self(things.into_iter().collect())
    }
}

#[cfg(feature = "whole")]
impl<T: Serialize> Serialize for Named<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, thing)| (name, thing)))
    }
}

/// Everything that references can name. What is left out is reported when a reference asks for it.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "whole", derive(Serialize))]
pub struct Context {
    /// The job and its run.
    pub job: JobContext,
    /// The task whose texts are resolved.
    pub task: TaskContext,
    /// All tasks of the run by task key; those that have not finished are there, too.
    pub tasks: Named<OtherTask>,
    /// The for-each element; `Some(Value::Null)` is an element that is null.
    #[cfg_attr(feature = "whole", serde(skip_serializing_if = "Option::is_none"))]
    pub input: Option<Value>,
    /// The workspace.
    pub workspace: WorkspaceContext,
    /// The backfill that started the run, if one did.
    pub backfill: Option<Backfill>,
}

/// The job and its run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "whole", derive(Serialize))]
pub struct JobContext {
    /// `job_id`.
    pub id: Option<JobId>,
    /// The job's name at the time of the run.
    pub name: Option<String>,
    /// `run_id` of the job run.
    pub run_id: Option<RunId>,
    /// Repairs of this run so far, 0 in the original run.
    pub repair_count: u32,
    /// When the job run started.
    pub start_time: Option<WallTime>,
    /// Values of the job parameters in this run, resolved.
    pub parameters: Named<String>,
    /// What started the run.
    pub trigger: TriggerContext,
}

/// What started the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "whole", derive(Serialize))]
pub struct TriggerContext {
    /// The run's `trigger` as on the wire: `PERIODIC`, `ONE_TIME`, …
    #[cfg_attr(feature = "whole", serde(rename = "type"))]
    pub kind: Option<String>,
    /// The scheduled time, or the run's creation time where there is no schedule.
    pub time: Option<WallTime>,
    /// The watched URL of a file-arrival trigger.
    pub file_arrival_location: Option<String>,
    /// Tables changed since the last run, of a table-update trigger.
    pub table_update: Option<Vec<TableUpdate>>,
}

/// A table that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "whole", derive(Serialize))]
pub struct TableUpdate {
    /// `catalog.schema.table`.
    pub name: String,
    /// Newest commit version.
    pub version: i64,
    /// Newest commit time.
    pub commit_time: WallTime,
}

/// The task whose texts are resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "whole", derive(Serialize))]
pub struct TaskContext {
    /// The task key.
    pub name: Option<String>,
    /// `run_id` of the task run of the current attempt.
    pub run_id: Option<RunId>,
    /// How often the task has been run in this job run, this time included.
    pub execution_count: Option<u32>,
    /// Notebook path, of notebook tasks.
    pub notebook_path: Option<String>,
    /// When the task run started.
    pub start_time: Option<WallTime>,
    /// Retries so far, 0 for the first attempt.
    pub retry_count: u32,
}

/// Another task of the run.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "whole", derive(Serialize))]
pub struct OtherTask {
    /// `run_id` of its task run.
    pub run_id: Option<RunId>,
    /// Its result as on the wire: `SUCCESS`, `UPSTREAM_FAILED`, …; `None` while it has not finished.
    pub result_state: Option<String>,
    /// Its termination code as on the wire: `RUN_EXECUTION_ERROR`, …; `None` or `SUCCESS` for success.
    pub error_code: Option<String>,
    /// How often it has been run in this job run.
    pub execution_count: Option<u32>,
    /// Its notebook path, of notebook tasks.
    pub notebook_path: Option<String>,
    /// Its task values.
    pub values: Named<Value>,
    /// What a SQL or alert task gave out.
    pub output: OutputContext,
}

/// What a SQL or alert task gave out.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "whole", derive(Serialize))]
pub struct OutputContext {
    /// Rows of the last query, column names in order.
    pub rows: Option<Vec<Map<String, Value>>>,
    /// `OK`, `TRIGGERED` or `UNKNOWN`.
    pub alert_state: Option<String>,
}

/// The workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "whole", derive(Serialize))]
pub struct WorkspaceContext {
    /// Workspace id.
    pub id: Option<i64>,
    /// Base URL.
    pub url: Option<String>,
}

/// The backfill that started the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "whole", derive(Serialize))]
pub struct Backfill {
    /// Start of the window.
    pub time: WallTime,
}

impl Scope for Context {
    fn get(&self, reference: &Reference) -> Result<Value, Missing> {
        let (job, task) = (&self.job, &self.task);
        match reference {
            Reference::JobId => known(job.id.map(|id| id.0), &"the job id"),
            Reference::JobName => known(job.name.clone(), &"the job's name"),
            Reference::JobRunId => known(job.run_id.map(|id| id.0), &"the job run id"),
            Reference::JobRepairCount => Ok(job.repair_count.into()),
            Reference::JobStartTime(part) => moment(job.start_time, *part, &"the job run's start time"),
            Reference::JobParameter(name) => {
                job.parameters.get(name).cloned().map(Value::from).ok_or_else(|| {
                    Missing::of(
                        "unknown_job_parameter",
                        format_args!("the run has no job parameter {name}", name = Quoted(name)),
                    )
                })
            }
            Reference::TriggerType
            | Reference::TriggerTime(_)
            | Reference::FileArrivalLocation
            | Reference::UpdatedTables
            | Reference::TableVersion(_)
            | Reference::TableCommitTime(..) => job.trigger.get(reference),
            Reference::TaskName => known(task.name.clone(), &"the task's name"),
            Reference::TaskRunId => known(task.run_id.map(|id| id.0), &"the task run id"),
            Reference::TaskExecutionCount => known(task.execution_count, &"the task's execution count"),
            Reference::TaskNotebookPath => known(task.notebook_path.clone(), &"a notebook path of this task"),
            Reference::TaskStartTime => {
                moment(task.start_time, TimePart::TimestampMs, &"the task run's start time")
            }
            Reference::TaskRetryCount => Ok(task.retry_count.into()),
            Reference::OtherTask { task, field } => match self.tasks.get(task) {
                Some(other) => other.get(task, field),
                None => {
                    Err(Missing::of("unknown_task", format_args!("the run has no task {}", Quoted(task))))
                }
            },
            Reference::Input => known(self.input.clone(), &"a for-each element"),
            Reference::InputKey(key) => match &self.input {
                Some(Value::Object(element)) => element.get(key).cloned().ok_or_else(|| {
                    let reason = format_args!("the for-each element has no key {}", Quoted(key));
                    Missing::of("unknown_input_key", reason)
                }),
                Some(_) => Err(Missing::new("unknown_input_key", "the for-each element is not an object")),
                None => known(None::<Value>, &"a for-each element"),
            },
            Reference::WorkspaceId => known(self.workspace.id, &"the workspace id"),
            Reference::WorkspaceUrl => known(self.workspace.url.clone(), &"the workspace's URL"),
            Reference::Backfill(part) => {
                moment(self.backfill.map(|backfill| backfill.time), *part, &"a backfill")
            }
        }
    }
}

impl TriggerContext {
    fn get(&self, reference: &Reference) -> Result<Value, Missing> {
        let kind = self.kind.as_deref().map(trigger_name);
        match reference {
            Reference::TriggerTime(part) => {
                let rounded = |at: WallTime| match kind.as_deref() {
                    Some("periodic") => WallTime(at.0 - at.0.rem_euclid(60_000)),
                    _ => at,
                };
                moment(self.time.map(rounded), *part, &"the trigger time")
            }
            Reference::FileArrivalLocation => {
                known(self.file_arrival_location.clone(), &"a file-arrival trigger")
            }
            Reference::UpdatedTables => {
                let names =
                    |tables: &Vec<TableUpdate>| list(tables.len(), &mut |n| tables[n].name.as_str().into());
                known(self.table_update.as_ref().map(names), &"a table-update trigger")
            }
            Reference::TableVersion(name) => Ok(self.table(name)?.version.into()),
            Reference::TableCommitTime(name, part) => {
                moment(Some(self.table(name)?.commit_time), *part, &"the table's commit time")
            }
            _ => known(kind, &"a trigger"),
        }
    }

    fn table(&self, name: &str) -> Result<&TableUpdate, Missing> {
        let Some(tables) = &self.table_update else { return Err(not_available(&"a table-update trigger")) };
        tables.iter().find(|table| table.name == name).ok_or_else(|| {
            Missing::of(
                "unknown_table",
                format_args!("table {name} did not start this run", name = Quoted(name)),
            )
        })
    }
}

impl OtherTask {
    fn get(&self, task: &str, field: &OtherTaskField) -> Result<Value, Missing> {
        let Some(result) = &self.result_state else {
            return Err(Missing::of(
                "task_not_finished",
                format_args!("task {task} has not finished", task = Quoted(task)),
            ));
        };
        let what = |what: &'static str| Of(what, task);
        match field {
            OtherTaskField::RunId => known(self.run_id.map(|id| id.0), &what("a run")),
            OtherTaskField::ResultState => Ok(result.to_ascii_lowercase().into()),
            OtherTaskField::ErrorCode => {
                Ok(error_name(self.error_code.as_deref().unwrap_or_default()).into())
            }
            OtherTaskField::ExecutionCount => known(self.execution_count, &what("the execution count")),
            OtherTaskField::NotebookPath => known(self.notebook_path.clone(), &what("a notebook path")),
            OtherTaskField::Value(key) => self.values.get(key).cloned().ok_or_else(|| {
                Missing::of(
                    "value_not_set",
                    format_args!(
                        "task {task} has not set the task value {key}",
                        task = Quoted(task),
                        key = Quoted(key)
                    ),
                )
            }),
            OtherTaskField::Rows => self.rows(task).map(Value::Array),
            OtherTaskField::FirstRow => self.first_row(task).cloned().map(Value::Object),
            OtherTaskField::FirstRowColumn(column) => {
                self.first_row(task)?.get(column).cloned().ok_or_else(|| {
                    Missing::of(
                        "unknown_column",
                        format_args!(
                            "the output of task {task} has no column {column}",
                            task = Quoted(task),
                            column = Quoted(column)
                        ),
                    )
                })
            }
            OtherTaskField::AlertState => known(self.output.alert_state.clone(), &what("an alert state")),
        }
    }

    fn rows(&self, task: &str) -> Result<Vec<Value>, Missing> {
        let Some(rows) = &self.output.rows else {
            return Err(not_available(&format_args!("query output of task {}", Quoted(task))));
        };
        let too_large = |has: fmt::Arguments<'_>| {
            Missing::of(
                "output_too_large",
                format_args!(
                    "the output of task {task} has {has}; the limit is {MAX_ROWS} rows and {MAX_ROWS_BYTES} bytes",
                    task = Quoted(task)
                ),
            )
        };
        if rows.len() > MAX_ROWS {
            return Err(too_large(format_args!("{} rows", rows.len())));
        }
        let rows: Vec<Value> = rows.iter().cloned().map(Value::Object).collect();
        // Brackets and commas add one byte a row, and one.
        let bytes = rows.iter().map(|row| json::write(row).len() + 1).sum::<usize>() + 1;
        if bytes > MAX_ROWS_BYTES { Err(too_large(format_args!("{bytes} bytes"))) } else { Ok(rows) }
    }

    fn first_row(&self, task: &str) -> Result<&Map<String, Value>, Missing> {
        let Some(rows) = &self.output.rows else {
            return Err(not_available(&format_args!("query output of task {}", Quoted(task))));
        };
        rows.first().ok_or_else(|| {
            Missing::of("no_rows", format_args!("the query of task {task} gave no row", task = Quoted(task)))
        })
    }
}

/// The text of `job.trigger.type` for a run's `trigger` as on the wire.
fn trigger_name(wire: &str) -> String {
    match wire {
        "ONE_TIME" => "onetime".to_owned(),
        "CONTINUOUS_RESTART" => "continuous".to_owned(),
        other => other.to_ascii_lowercase(),
    }
}

/// `RUN_EXECUTION_ERROR` as `RunExecutionError`; empty for success. A name in CamelCase stays.
fn error_name(wire: &str) -> String {
    if wire == "SUCCESS" {
        return String::new();
    }
    if wire.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return wire.to_owned();
    }
    let mut name = String::with_capacity(wire.len());
    let mut begins = true;
    for c in wire.chars() {
        if c != '_' {
            name.push(if begins { c } else { c.to_ascii_lowercase() });
        }
        begins = c == '_';
    }
    name
}

/// What of a task, for messages.
struct Of<'a>(&'static str, &'a str);

impl fmt::Display for Of<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of task {}", self.0, Quoted(self.1))
    }
}

fn known<T: Into<Value>>(value: Option<T>, what: &dyn fmt::Display) -> Result<Value, Missing> {
    value.map(Into::into).ok_or_else(|| not_available(what))
}

fn moment(at: Option<WallTime>, part: TimePart, what: &dyn fmt::Display) -> Result<Value, Missing> {
    at.and_then(|at| part.of(at)).ok_or_else(|| not_available(what))
}

#[inline(never)]
fn not_available(what: &dyn fmt::Display) -> Missing {
    Missing::of("not_available", format_args!("{what} is not known to this run"))
}
