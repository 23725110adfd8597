//! What the local engine answers beyond the platform. A workspace answers 404, which callers take as "not there".

use super::endpoint;
use crate::id::RunId;
use crate::job::wire::wire_struct;
use serde_json::Value;

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

wire_struct! {
    /// `POST /lakeflow-local/sql`: statements on the tables of the local catalog and `system.lakeflow`. It may write, so it is
    /// not sent again.
    #[derive(Default)]
    pub struct RunSql {
        /// SQL; of several statements, separated by `;`, the last one's rows are told.
        pub statement: String,
        /// Rows at most, 1 to 1,000,000; 10,000 when missing.
        pub limit: Option<i64>,
    }
}
endpoint!(RunSql: Post "/lakeflow-local/sql" as "sql" -> SqlRows);

wire_struct! {
    /// The rows of a query.
    #[derive(Default)]
    pub struct SqlRows {
        /// Its columns in order.
        pub columns: Vec<SqlColumn>,
        /// An object for each row: names of columns with their values. Times are RFC 3339 text, decimals that a double
        /// does not hold are text.
        pub rows: Vec<Value>,
        /// True when there were more rows than were asked for.
        pub truncated: bool,
    }
}

wire_struct! {
    /// A column of a query.
    #[derive(Default)]
    pub struct SqlColumn {
        /// Its name; of several of one name the later ones have a number.
        pub name: String,
        /// Its type as SQL writes it.
        pub type_text: String,
    }
}

/// Rows that [`RunSql`] gives when it does not say how many.
pub const SQL_ROWS: i64 = 10_000;

/// Rows that [`RunSql`] may ask for.
pub const MOST_SQL_ROWS: i64 = 1_000_000;
