//! Arguments of `lakeflow triggers`.

use super::HostArgs;
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Triggers {
    /// What starts jobs by itself, and what fires next
    List(TriggersList),
    /// Keep a job, or all of them, from starting by itself
    Pause(TriggersSwitch),
    /// Let a job, or all of them, start by itself again
    Unpause(TriggersSwitch),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lakeflow triggers list\n  lakeflow triggers list --json")]
pub(crate) struct TriggersList {
    /// Print one JSON object a trigger
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) host: HostArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lakeflow triggers pause nightly\n  lakeflow triggers unpause nightly\n  \
                        lakeflow triggers pause --all\n\n\
                        A job's own setting is changed in its definition on the host, until the bundle is deployed again.\n\
                        --all switches the running local engine and leaves the definitions as they are."
)]
pub(crate) struct TriggersSwitch {
    /// The job's key in the bundle, its name, or its id
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub(crate) job: Option<String>,
    /// All triggers of the local engine, as long as it runs
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) host: HostArgs,
}
