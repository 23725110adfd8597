//! What the local engine answers beyond the platform. A workspace answers 404, which callers take as "not there".

use super::endpoint;
use crate::id::RunId;
use crate::job::wire::wire_struct;

wire_struct! {
    /// `GET /lakeflow-local/run-log`: what a task run has printed so far, of any task type and while it runs. The platform
    /// shows `logs` of scripts alone, and only through `runs/get-output`.
    #[derive(Default)]
    pub struct GetRunLog {
        /// A task run or an iteration.
        pub run_id: RunId,
        /// Bytes to leave out from the beginning; the last megabyte when missing.
        pub offset: Option<i64>,
    }
}
endpoint!(GetRunLog: Get "/lakeflow-local/run-log" as "get_run_log" -> RunLog);

wire_struct! {
    /// Part of a log.
    #[derive(Default)]
    pub struct RunLog {
        /// Standard output and standard error, in the order they were written.
        pub log: String,
        /// Where the part ends, for the next call; in bytes from the beginning.
        pub offset: i64,
    }
}
