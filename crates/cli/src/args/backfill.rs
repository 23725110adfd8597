//! Arguments of `lakeflow backfill`.

use super::{BundleArgs, HostArgs};
use clap::Args;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lakeflow backfill etl --param day --from 2026-01-01 --to 2026-01-31 --every 1d --parallel 4\n  \
                  lakeflow backfill etl -p 'since={{backfill.iso_datetime}}' -p region=eu --from 2026-01-01T06:00 --to 2026-01-02 --every 6h\n  \
                  lakeflow backfill etl --param day --from 2026-01-01 --to 2026-01-31 --every 1d --dry-run\n\n\
                  Both ends of the range are in; times are UTC. The same command goes on where it was left, after Ctrl-C and after\n\
                  a kill: a window whose run succeeded is not run again, the failed tasks of one that failed are. --name tells one\n\
                  backfill from another of the same windows."
)]
pub(crate) struct Backfill {
    /// The job's key in the bundle, its name, or its id
    pub(crate) job: String,
    /// A parameter: `NAME` takes the window's date, `NAME=VALUE` may hold {{backfill.iso_date}} and the like
    #[arg(long = "param", short = 'p', value_name = "NAME[=VALUE]", required = true)]
    pub(crate) params: Vec<String>,
    /// Start of the first window: 2026-01-31, 2026-01-31T06:00, or with an offset
    #[arg(long, value_name = "TIME")]
    pub(crate) from: String,
    /// No window starts after this time
    #[arg(long, value_name = "TIME")]
    pub(crate) to: String,
    /// From one window to the next: a number and m, h, d, w, mo or y
    #[arg(long, value_name = "STEP", allow_hyphen_values = true)]
    pub(crate) every: String,
    /// Runs at once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) parallel: u32,
    /// Tells this backfill from another of the same job, windows and parameters
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) name: String,
    /// Windows at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) max: u32,
    /// Leave runs that failed before as they are
    #[arg(long)]
    pub(crate) keep_failed: bool,
    /// Start no further window after one has failed
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// Print the windows and their parameters, and run nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) host: HostArgs,
    #[command(flatten)]
    pub(crate) bundle: BundleArgs,
}
