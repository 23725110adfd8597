//! The command line, as clap reads it.

mod backfill;
mod destinations;
mod dev;
mod sql;
mod triggers;

pub(crate) use backfill::Backfill;
pub(crate) use destinations::{Config, Create, Deliveries, Destinations, Named, Retry, Update};
pub(crate) use dev::Dev;
pub(crate) use sql::Sql;
pub(crate) use triggers::{Triggers, TriggersList, TriggersSwitch};

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Validate, run and watch Lakeflow Jobs: on this machine, or in a Databricks workspace.
#[derive(Debug, Parser)]
#[command(
    name = "lakeflow",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Examples:\n  lakeflow validate .\n  lakeflow run etl --param day=2026-01-01\n  lakeflow next '0 0 6 ? * MON-FRI'\n\n\
                  Exit codes: 0 success, 1 the run did not succeed, 2 usage, invalid parameters or definition,\n\
                  3 the wait timed out, 4 host not reachable or not authorized, 130 interrupted."
)]
pub(crate) struct Cli {
    /// Print results and errors only
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a bundle or a job file and print every problem with its place
    Validate(Validate),
    /// Serve the bundle's jobs on this machine behind the Jobs REST API
    Dev(Dev),
    /// Print a link that opens the pages of the running `lakeflow dev` in a browser
    Console(Console),
    /// Create or update the bundle's jobs on the host
    Deploy(Deploy),
    /// Run a job and wait for its end
    Run(Run),
    /// Look at runs, wait for them, cancel and repair them
    #[command(subcommand)]
    Runs(Runs),
    /// Run a job once for each window of a range of times
    Backfill(Backfill),
    /// Query the tables of the local engine, system.lakeflow among them
    Sql(Sql),
    /// See what starts jobs by itself and what fires next, pause it and let it go on
    #[command(subcommand)]
    Triggers(Triggers),
    /// Manage where notifications go, and see what became of them
    #[command(subcommand)]
    Destinations(Destinations),
    /// Print the next fire times of a Quartz cron expression
    Next(Next),
    /// Print the JSON Schema of a job's parameters
    Schema(Schema),
}

/// Where the bundle is and how it is read.
#[derive(Clone, Debug, Args)]
pub(crate) struct BundleArgs {
    /// Target of the bundle; without it the default target
    #[arg(long, short = 't', value_name = "TARGET")]
    pub(crate) target: Option<String>,
    /// Value of a bundle variable; may be given several times
    #[arg(long = "var", value_name = "NAME=VALUE")]
    pub(crate) variables: Vec<String>,
}

/// Which host is talked to.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct HostArgs {
    /// Workspace or engine to talk to [env: DATABRICKS_HOST]
    #[arg(long, value_name = "URL")]
    pub(crate) host: Option<String>,
    /// Token for the host [env: DATABRICKS_TOKEN]
    #[arg(long, value_name = "TOKEN")]
    pub(crate) token: Option<String>,
    /// Profile of ~/.databrickscfg [env: DATABRICKS_CONFIG_PROFILE]
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Data folder of the local engine; `.lakeflow` beside the bundle when missing
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Bundle folder or file that the job is taken from
    #[arg(long, value_name = "PATH", default_value = ".")]
    pub(crate) bundle: PathBuf,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lakeflow validate examples/medallion\n  lakeflow validate job.json --json"
)]
pub(crate) struct Validate {
    /// Bundle folder, databricks.yml, or a file with one job
    pub(crate) path: PathBuf,
    #[command(flatten)]
    pub(crate) bundle: BundleArgs,
    /// Print one JSON object with all problems
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  lakeflow console\n\nA link signs one browser in, once, within twelve hours."
)]
pub(crate) struct Console {
    /// Bundle folder or databricks.yml of the running `lakeflow dev`
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// Data folder; `.lakeflow` beside the bundle when missing
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lakeflow deploy\n  lakeflow deploy examples/medallion --target dev --profile work"
)]
pub(crate) struct Deploy {
    /// Bundle folder or databricks.yml
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    #[command(flatten)]
    pub(crate) bundle: BundleArgs,
    /// Workspace or engine to talk to [env: DATABRICKS_HOST]
    #[arg(long, value_name = "URL")]
    pub(crate) host: Option<String>,
    /// Token for the host [env: DATABRICKS_TOKEN]
    #[arg(long, value_name = "TOKEN")]
    pub(crate) token: Option<String>,
    /// Profile of ~/.databrickscfg [env: DATABRICKS_CONFIG_PROFILE]
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Data folder of the local engine; `.lakeflow` beside the bundle when missing
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Print one JSON object a job
    #[arg(long)]
    pub(crate) json: bool,
}

/// Parameters of a run.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ParamArgs {
    /// A parameter; may be given several times
    #[arg(long = "param", short = 'p', value_name = "K=V")]
    pub(crate) pairs: Vec<String>,
    /// All parameters as one JSON object
    #[arg(long = "params", value_name = "JSON")]
    pub(crate) object: Option<String>,
}

/// How a run is waited for.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct WaitArgs {
    /// Print the run id and leave
    #[arg(long, conflicts_with = "timeout")]
    pub(crate) no_wait: bool,
    /// Stop waiting after this many seconds; the run goes on
    #[arg(long, value_name = "S")]
    pub(crate) timeout: Option<u64>,
    /// Print one JSON object a line; the first has the run id
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lakeflow run etl\n  lakeflow run etl --param day=2026-01-01 --timeout 600\n  \
                        lakeflow run etl --params '{\"day\": \"2026-01-01\"}' --json\n\n\
                        Without --host, DATABRICKS_HOST and a profile the job runs on this machine."
)]
pub(crate) struct Run {
    /// The job's key in the bundle, its name, or its id
    pub(crate) job: String,
    #[command(flatten)]
    pub(crate) params: ParamArgs,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
    #[command(flatten)]
    pub(crate) host: HostArgs,
    #[command(flatten)]
    pub(crate) bundle: BundleArgs,
    /// Makes the trigger happen once however often the command is repeated; at most 64 characters
    #[arg(long, value_name = "TOKEN")]
    pub(crate) idempotency_token: Option<String>,
}

#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  lakeflow runs list\n  lakeflow runs output 42 --task report")]
pub(crate) enum Runs {
    /// List runs, newest first
    #[command(after_help = "Examples:\n  lakeflow runs list\n  lakeflow runs list --job etl --active --json")]
    List(RunsList),
    /// Show a run and its tasks
    #[command(after_help = "Example:\n  lakeflow runs get 1048577")]
    Get(RunsGet),
    /// Wait for the end of a run
    #[command(after_help = "Example:\n  lakeflow runs wait 1048577 --timeout 600")]
    Wait(RunsWait),
    /// Cancel a run and wait until it is over
    #[command(after_help = "Example:\n  lakeflow runs cancel 1048577")]
    Cancel(RunsCancel),
    /// Run the failed tasks of a finished run again
    #[command(
        after_help = "Examples:\n  lakeflow runs repair 1048577\n  lakeflow runs repair 1048577 --task load --dependents"
    )]
    Repair(RunsRepair),
    /// Print what the tasks of a run left behind
    #[command(
        after_help = "Examples:\n  lakeflow runs output 1048577\n  lakeflow runs output 1048577 --task load"
    )]
    Output(RunsOutput),
}

#[derive(Debug, Args)]
pub(crate) struct RunsList {
    /// Only runs of this job: key in the bundle, name, or id
    #[arg(long, value_name = "JOB")]
    pub(crate) job: Option<String>,
    /// Only runs that have not ended
    #[arg(long)]
    pub(crate) active: bool,
    /// Print at most this many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) limit: u32,
    /// Print one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) host: HostArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RunsGet {
    /// Id of the run
    pub(crate) run: i64,
    /// Print the run as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) host: HostArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RunsWait {
    /// Id of the run
    pub(crate) run: i64,
    /// Stop waiting after this many seconds; the run goes on
    #[arg(long, value_name = "S")]
    pub(crate) timeout: Option<u64>,
    /// Print one JSON object a line; the first has the run id
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) host: HostArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RunsCancel {
    /// Id of the run
    pub(crate) run: i64,
    /// Ask for the cancel and leave
    #[arg(long)]
    pub(crate) no_wait: bool,
    #[command(flatten)]
    pub(crate) host: HostArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RunsRepair {
    /// Id of the run
    pub(crate) run: i64,
    /// Run this task again; may be given several times. Without it every task that is not successful
    #[arg(long = "task", value_name = "KEY")]
    pub(crate) tasks: Vec<String>,
    /// Also run everything downstream again
    #[arg(long)]
    pub(crate) dependents: bool,
    #[command(flatten)]
    pub(crate) params: ParamArgs,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
    #[command(flatten)]
    pub(crate) host: HostArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RunsOutput {
    /// Id of the run
    pub(crate) run: i64,
    /// Only of this task
    #[arg(long, value_name = "KEY")]
    pub(crate) task: Option<String>,
    /// Print one JSON object a task
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) host: HostArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lakeflow next '0 0 6 ? * MON-FRI' --timezone Europe/Berlin\n  \
                        lakeflow next '0 0/15 * * * ?' --count 3 --after 2026-03-01T00:00:00Z --json")]
pub(crate) struct Next {
    /// Quartz expression: seconds minutes hours day-of-month month day-of-week, then a year if wanted
    pub(crate) cron: String,
    /// Java time zone id
    #[arg(long, value_name = "TZ", default_value = "UTC")]
    pub(crate) timezone: String,
    /// How many times
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) count: usize,
    /// Times after this one: RFC 3339, a local time of the zone, or epoch seconds; now when missing
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) after: Option<String>,
    /// Print a JSON array of {"utc", "local"}
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  lakeflow schema etl > etl.schema.json")]
pub(crate) struct Schema {
    /// The job's key in the bundle, its name, or its id
    pub(crate) job: String,
    #[command(flatten)]
    pub(crate) host: HostArgs,
    #[command(flatten)]
    pub(crate) bundle: BundleArgs,
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound_and_every_command_has_an_example() {
        let command = Cli::command();
        command.clone().debug_assert();
        let mut left: Vec<_> = command.get_subcommands().cloned().collect();
        while let Some(command) = left.pop() {
            if command.has_subcommands() {
                left.extend(command.get_subcommands().cloned());
            } else {
                let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains("Example"), "{}", command.get_name());
            }
        }
    }
}
