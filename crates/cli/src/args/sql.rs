//! Arguments of `lakeflow sql`.

use super::HostArgs;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lakeflow sql 'SELECT run_name, result_state FROM system.lakeflow.job_run_timeline'\n  \
                  lakeflow sql 'SELECT * FROM main.gold.daily' --json\n  lakeflow sql --file report.sql --limit 50\n\n\
                  Statements run on the local engine's Spark, like those of SQL tasks: its own tables and\n\
                  system.lakeflow.{jobs,job_tasks,job_run_timeline,job_task_run_timeline}. Needs pysail and pyspark-client."
)]
pub(crate) struct Sql {
    /// SQL; of several statements, separated by `;`, the rows of the last one are printed. `-` reads standard input
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    pub(crate) statement: Option<String>,
    /// Read the SQL from a file
    #[arg(long, short = 'f', value_name = "PATH")]
    pub(crate) file: Option<PathBuf>,
    /// Print a JSON array with an object for each row
    #[arg(long)]
    pub(crate) json: bool,
    /// Print at most this many rows
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
    pub(crate) limit: i64,
    /// Give up after this many seconds; the query is ended
    #[arg(long, value_name = "S", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) timeout: u64,
    #[command(flatten)]
    pub(crate) host: HostArgs,
}
