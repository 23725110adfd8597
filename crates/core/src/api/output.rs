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
