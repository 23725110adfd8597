//! What stands between the braces: namespaces, segments, and the references of reference section 13.3 and 13.5.

use super::time_part::TimePart;
use crate::cut;
use crate::host::{is_letter, is_number};
use crate::json::{Listed, Quoted};
use crate::problem::Problem;
use crate::suggest::did_you_mean;
use serde::Deserialize;

/// Whether the extras of reference section 13.6 are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Only documented references.
    #[default]
    Strict,
    /// Also `{{job.start_time}}`, read as its `iso_datetime`, and `{{run.id}}`, read as `{{job.run_id}}`.
    Lenient,
}

/// One documented reference. Deprecated forms are read as what replaced them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reference {
    /// `job.id`.
    JobId,
    /// `job.name`.
    JobName,
    /// `job.run_id`; also `parent_run_id`.
    JobRunId,
    /// `job.repair_count`.
    JobRepairCount,
    /// `job.start_time.<arg>`; also `start_date`.
    JobStartTime(TimePart),
    /// `job.parameters.<name>`.
    JobParameter(String),
    /// `job.trigger.type`.
    TriggerType,
    /// `job.trigger.time.<arg>`.
    TriggerTime(TimePart),
    /// `job.trigger.file_arrival.location`.
    FileArrivalLocation,
    /// `job.trigger.table_update.updated_tables`.
    UpdatedTables,
    /// `job.trigger.table_update.<catalog.schema.table>.version`.
    TableVersion(String),
    /// `job.trigger.table_update.<catalog.schema.table>.commit_timestamp.<arg>`.
    TableCommitTime(String, TimePart),
    /// `task.name`; also `task_key`.
    TaskName,
    /// `task.run_id`; also `run_id`.
    TaskRunId,
    /// `task.execution_count`.
    TaskExecutionCount,
    /// `task.notebook_path`.
    TaskNotebookPath,
    /// `start_time`, deprecated and without a successor: when the task run started, in epoch milliseconds.
    TaskStartTime,
    /// `task_retry_count`, deprecated and without a successor.
    TaskRetryCount,
    /// `tasks.<task>.<field>`: of another task of the run.
    OtherTask {
        /// The other task's key.
        task: String,
        /// What of it.
        field: OtherTaskField,
    },
    /// `input`: the for-each element.
    Input,
    /// `input.<key>`: a value of the for-each element.
    InputKey(String),
    /// `workspace.id`.
    WorkspaceId,
    /// `workspace.url`.
    WorkspaceUrl,
    /// `backfill.<arg>`: the start of the backfill window.
    Backfill(TimePart),
}

/// What a reference asks of another task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OtherTaskField {
    /// `run_id`.
    RunId,
    /// `result_state`.
    ResultState,
    /// `error_code`.
    ErrorCode,
    /// `execution_count`.
    ExecutionCount,
    /// `notebook_path`.
    NotebookPath,
    /// `values.<key>`.
    Value(String),
    /// `output.rows`.
    Rows,
    /// `output.first_row`.
    FirstRow,
    /// `output.first_row.<column>`.
    FirstRowColumn(String),
    /// `output.alert_state`.
    AlertState,
}

impl Reference {
    /// The task key that this reference needs the result of, if it does.
    pub fn other_task(&self) -> Option<&str> {
        match self {
            Self::OtherTask { task, .. } => Some(task),
            _ => None,
        }
    }

    /// The job parameter that this reference reads, if it does.
    pub fn job_parameter(&self) -> Option<&str> {
        match self {
            Self::JobParameter(name) => Some(name),
            _ => None,
        }
    }

    /// True for `input` and `input.<key>`, which have a value only inside a for-each task.
    pub fn is_input(&self) -> bool {
        matches!(self, Self::Input | Self::InputKey(_))
    }
}

/// The text between the braces, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// No reference at all: the text stays as it is.
    Literal,
    /// A reference, and the documented form of it when it was written in another one that has a successor.
    Known(Reference, Option<&'static str>),
    /// A known namespace, and a rest that is no reference.
    Unknown(Problem),
}

const NAMESPACES: &[&str] = &["job", "task", "tasks", "input", "workspace", "backfill"];

/// What to propose; other tasks have proposals of their own.
const SHAPES: &[&str] = &[
    "job.id",
    "job.name",
    "job.run_id",
    "job.repair_count",
    "job.start_time.<arg>",
    "job.parameters.<name>",
    "job.trigger.type",
    "job.trigger.time.<arg>",
    "job.trigger.file_arrival.location",
    "job.trigger.table_update.updated_tables",
    "task.name",
    "task.run_id",
    "task.execution_count",
    "task.notebook_path",
    "workspace.id",
    "workspace.url",
];

/// Reads what stands between the braces, blanks at its ends already removed.
pub(super) fn read(inner: &str, mode: Mode) -> Reading {
    if let Some(reading) = single_name(inner, mode) {
        return reading;
    }
    let (head, _) = cut::or_all(inner, b'.');
    if !NAMESPACES.contains(&head) {
        return Reading::Literal;
    }
    let Some(segments) = segments(inner) else {
        return Reading::Unknown(
            Problem::error("unknown_reference", "", format!("reference \"{{{{{inner}}}}}\" cannot be read")).with_hint(
                "segments are separated by dots; other characters than letters, digits, _ and - need backticks, \
                 as in {{job.parameters.`a.b`}}; there are no expressions",
            ),
        );
    };
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match reference(&segments) {
        Ok(reference) => Reading::Known(reference, None),
        Err(hint) => Reading::Unknown(
            Problem::error("unknown_reference", "", format!("reference \"{{{{{inner}}}}}\" is not known"))
                .with_hint(hint),
        ),
    }
}

/// The deprecated names without dots, and the lenient extras.
fn single_name(inner: &str, mode: Mode) -> Option<Reading> {
    let (reference, new) = match inner {
        "job_id" => (Reference::JobId, Some("{{job.id}}")),
        "run_id" => (Reference::TaskRunId, Some("{{task.run_id}}")),
        "parent_run_id" => (Reference::JobRunId, Some("{{job.run_id}}")),
        "task_key" => (Reference::TaskName, Some("{{task.name}}")),
        "start_date" => (Reference::JobStartTime(TimePart::IsoDate), Some("{{job.start_time.iso_date}}")),
        "start_time" => (Reference::TaskStartTime, None),
        "task_retry_count" => (Reference::TaskRetryCount, None),
        "job.start_time" if mode == Mode::Lenient => {
            (Reference::JobStartTime(TimePart::IsoDatetime), Some("{{job.start_time.iso_datetime}}"))
        }
        "run.id" if mode == Mode::Lenient => (Reference::JobRunId, Some("{{job.run_id}}")),
        _ => return None,
    };
    Some(Reading::Known(reference, new))
}

/// Splits a path at its dots. A segment is letters, digits, `_` and `-`, or anything between backticks.
fn segments(path: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let mut rest = path;
    loop {
        let quoted = cut::after(rest, b'`');
        let (segment, after) = match quoted {
            Some(quoted) => cut::once(quoted, b'`')?,
            None => rest.split_at(cut::place(rest, b'.').unwrap_or(rest.len())),
        };
        let is_quoted = quoted.is_some();
        let is_plain = segment.chars().all(|c| is_letter(c) || is_number(c) || c == '_' || c == '-');
        if segment.is_empty() || !(is_quoted || is_plain) {
            return None;
        }
        found.push(segment.to_owned());
        if after.is_empty() {
            return Some(found);
        }
        rest = cut::after(after, b'.')?;
    }
}

/// The reference of a path in a known namespace, or a hint on what would be one.
fn reference(path: &[&str]) -> Result<Reference, String> {
    if let Some(reference) = plain(path) {
        return Ok(reference);
    }
    Ok(match path {
        ["job", "start_time", part @ ..] => Reference::JobStartTime(time_part(part)?),
        ["job", "parameters", name] => Reference::JobParameter((*name).to_owned()),
        ["job", "parameters", parts @ ..] => return Err(one_name("job.parameters", parts)),
        ["job", "trigger", "time", part @ ..] => Reference::TriggerTime(time_part(part)?),
        ["job", "trigger", "table_update", rest @ ..] => table_update(rest)?,
        ["tasks", task, field @ ..] => {
            Reference::OtherTask { task: (*task).to_owned(), field: other_task_field(task, field)? }
        }
        ["tasks"] => {
            return Err("name the task and what of it, as in {{tasks.ingest.values.count}}".to_owned());
        }
        ["input", key] => Reference::InputKey((*key).to_owned()),
        ["input", parts @ ..] => return Err(one_name("input", parts)),
        ["backfill", part @ ..] => Reference::Backfill(time_part(part)?),
        _ => return Err(unknown(path)),
    })
}

/// The references that hold nothing of their own.
fn plain(path: &[&str]) -> Option<Reference> {
    // A segment with a dot, in backticks, would look like two.
    if path.iter().any(|segment| cut::has(segment, b'.')) {
        return None;
    }
    Some(match Listed(path, ".").to_string().as_str() {
        "job.id" => Reference::JobId,
        "job.name" => Reference::JobName,
        "job.run_id" => Reference::JobRunId,
        "job.repair_count" => Reference::JobRepairCount,
        "job.trigger.type" => Reference::TriggerType,
        "job.trigger.file_arrival.location" => Reference::FileArrivalLocation,
        "task.name" => Reference::TaskName,
        "task.run_id" => Reference::TaskRunId,
        "task.execution_count" => Reference::TaskExecutionCount,
        "task.notebook_path" => Reference::TaskNotebookPath,
        "input" => Reference::Input,
        "workspace.id" => Reference::WorkspaceId,
        "workspace.url" => Reference::WorkspaceUrl,
        _ => return None,
    })
}

fn unknown(path: &[&str]) -> String {
    let namespace = path[0];
    let mut shapes = Vec::new();
    for shape in SHAPES {
        if cut::or_all(shape, b'.').0 == namespace {
            shapes.push(*shape);
        }
    }
    did_you_mean(&Listed(path, ".").to_string(), shapes.iter().copied()).unwrap_or_else(|| {
        format!("the references of {namespace} are: {}", Listed(&shapes, ", "), namespace = Quoted(namespace))
    })
}

/// Reads one time argument.
fn time_part(path: &[&str]) -> Result<TimePart, String> {
    let all = || TimePart::ALL.iter().map(|part| part.as_str());
    let one_of = || format!("ends with one of {}", Listed(&all().collect::<Vec<_>>(), ", "));
    let [name] = path else { return Err(one_of()) };
    TimePart::parse(name).ok_or_else(|| did_you_mean(name, all()).unwrap_or_else(one_of))
}

fn one_name(parent: &str, parts: &[&str]) -> String {
    if parts.is_empty() {
        return format!("name the value, as in {{{{{parent}.name}}}}");
    }
    format!("a name with a dot needs backticks: {{{{{parent}.`{}`}}}}", Listed(parts, "."))
}

/// The table is three names, or all of them in one pair of backticks.
fn table_update(path: &[&str]) -> Result<Reference, String> {
    match path {
        ["updated_tables"] => Ok(Reference::UpdatedTables),
        [table @ .., "version"] if !table.is_empty() => {
            Ok(Reference::TableVersion(Listed(table, ".").to_string()))
        }
        [table @ .., "commit_timestamp", part] if !table.is_empty() => {
            Ok(Reference::TableCommitTime(Listed(table, ".").to_string(), time_part(&[part])?))
        }
        _ => Err("one of updated_tables, <catalog.schema.table>.version and \
                  <catalog.schema.table>.commit_timestamp.<arg>"
            .to_owned()),
    }
}

/// The fields of a task that have one name.
fn single(name: &str) -> Option<OtherTaskField> {
    Some(match name {
        "run_id" => OtherTaskField::RunId,
        "result_state" => OtherTaskField::ResultState,
        "error_code" => OtherTaskField::ErrorCode,
        "execution_count" => OtherTaskField::ExecutionCount,
        "notebook_path" => OtherTaskField::NotebookPath,
        _ => return None,
    })
}

fn other_task_field(task: &str, path: &[&str]) -> Result<OtherTaskField, String> {
    const FIELDS: [&str; 7] =
        ["run_id", "result_state", "error_code", "execution_count", "notebook_path", "values", "output"];
    if let [name] = path
        && let Some(field) = single(name)
    {
        return Ok(field);
    }
    Ok(match path {
        ["values", key] => OtherTaskField::Value((*key).to_owned()),
        ["values", parts @ ..] => return Err(one_name(&format!("tasks.{task}.values"), parts)),
        ["output", "rows"] => OtherTaskField::Rows,
        ["output", "first_row"] => OtherTaskField::FirstRow,
        ["output", "first_row", column] => OtherTaskField::FirstRowColumn((*column).to_owned()),
        ["output", "first_row", parts @ ..] => {
            return Err(one_name(&format!("tasks.{task}.output.first_row"), parts));
        }
        ["output", "alert_state"] => OtherTaskField::AlertState,
        ["output", ..] => {
            return Err(
                "one of output.rows, output.first_row, output.first_row.<column>, output.alert_state"
                    .to_owned(),
            );
        }
        [field, ..] if !FIELDS.contains(field) => {
            return Err(did_you_mean(field, FIELDS)
                .unwrap_or_else(|| format!("what of the task is one of {}", Listed(&FIELDS, ", "))));
        }
        _ => return Err(format!("what of the task is one of {}", Listed(&FIELDS, ", "))),
    })
}
