//! What a task left behind: the answer of `runs/get-output` (reference section 3.10).

use crate::id::RunId;
use crate::job::wire::wire_struct;
use crate::run::RunDoc;
use serde_json::Value;

wire_struct! {
    /// The output of one task run. Outputs of rarer task types are in `unknown`.
    #[derive(Default)]
    pub struct RunOutput {
        /// The task run.
        pub metadata: Option<RunDoc>,
        /// Short message of a failure; for Python the last line of the traceback.
        pub error: Option<String>,
        /// Stack trace of a failure.
        pub error_trace: Option<String>,
        /// Standard output and error, the last 5 MB; not of notebooks.
        pub logs: Option<String>,
        /// True when the beginning of `logs` is missing.
        pub logs_truncated: Option<bool>,
        /// Free text.
        pub info: Option<String>,
        /// Of notebook tasks.
        pub notebook_output: Option<NotebookOutput>,
        /// Of SQL tasks: one of `query_output`, `file_output`, `dashboard_output`, `alert_output`.
        pub sql_output: Option<Value>,
        /// Of dbt tasks.
        pub dbt_output: Option<Value>,
        /// Of run-job tasks.
        pub run_job_output: Option<RunJobOutput>,
    }
}

wire_struct! {
    /// What a notebook returned.
    #[derive(Default)]
    pub struct NotebookOutput {
        /// The text given to `dbutils.notebook.exit`, the first 5 MB; absent when it was not called.
        pub result: Option<String>,
        /// True when the end of `result` is missing.
        pub truncated: Option<bool>,
    }
}

wire_struct! {
    /// The run that a run-job task started.
    #[derive(Default)]
    pub struct RunJobOutput {
        /// A job run.
        pub run_id: RunId,
    }
}

/// The part of an output that people want to see.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown<'a> {
    /// What a notebook returned.
    Result(&'a str),
    /// The rows of a SQL statement.
    Rows {
        /// Names of the columns.
        columns: Vec<&'a str>,
        /// One text for each column; null is `None`.
        rows: Vec<Vec<Option<&'a str>>>,
        /// True when rows are missing at the end.
        truncated: bool,
    },
    /// Anything else that has a shape of its own.
    Json(&'a Value),
    /// Standard output and error.
    Logs(&'a str),
}

impl RunOutput {
    /// What to show of a successful task, as the official command line chooses (reference section 3.10): a notebook's result
    /// or else its logs, SQL and dbt output, else the logs. `None` when there is nothing.
    pub fn shown(&self) -> Option<Shown<'_>> {
        let notebook = self.notebook_output.as_ref().and_then(|notebook| notebook.result.as_deref());
        let result = notebook.filter(has_text).map(Shown::Result);
        let sql = || self.sql_output.as_ref().map(|sql| rows(sql).unwrap_or(Shown::Json(sql)));
        let dbt = || self.dbt_output.as_ref().map(Shown::Json);
        result.or_else(sql).or_else(dbt).or_else(|| self.logs.as_deref().filter(has_text).map(Shown::Logs))
    }
}

fn has_text(text: &&str) -> bool {
    !text.trim().is_empty()
}

/// The rows of a SQL file task: `file_output.query_result`.
fn rows(sql: &Value) -> Option<Shown<'_>> {
    let result = sql.get("file_output")?.get("query_result")?;
    let columns = result.get("columns")?.as_array()?;
    let rows = result.get("rows").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    Some(Shown::Rows {
        columns: columns.iter().map(|column| column["name"].as_str().unwrap_or_default()).collect(),
        rows: rows
            .iter()
            .map(|row| {
                let values = row["values"].as_array().map_or(&[][..], Vec::as_slice);
                values.iter().map(|value| value["string_value"].as_str()).collect()
            })
            .collect(),
        truncated: result["truncated"].as_bool().unwrap_or(false),
    })
}
