//! Arguments of `lakeflow destinations`.

use super::HostArgs;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  lakeflow destinations create on-call --webhook https://example.com/hook\n  \
                  lakeflow destinations test on-call\n  lakeflow destinations deliveries --state given-up"
)]
pub(crate) enum Destinations {
    /// List destinations
    #[command(after_help = "Example:\n  lakeflow destinations list")]
    List(List),
    /// Add a destination and print its id, which jobs name in `webhook_notifications`
    Create(Create),
    /// Change a destination; what is not named stays
    #[command(
        after_help = "Example:\n  lakeflow destinations update on-call --webhook https://example.com/other"
    )]
    Update(Update),
    /// Remove a destination
    #[command(after_help = "Example:\n  lakeflow destinations delete on-call")]
    Delete(Named),
    /// Send a test at once and say what became of it (local engine)
    #[command(after_help = "Example:\n  lakeflow destinations test on-call")]
    Test(Named),
    /// List what was or is to be told, newest first, with what went wrong (local engine)
    #[command(
        after_help = "Examples:\n  lakeflow destinations deliveries\n  lakeflow destinations deliveries --run 1048577 --json"
    )]
    Deliveries(Deliveries),
    /// Try a delivery that waits or was given up again at once (local engine)
    #[command(after_help = "Example:\n  lakeflow destinations retry 12")]
    Retry(Retry),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Print one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) host: HostArgs,
}

/// What a destination is.
#[derive(Debug, Args)]
pub(crate) struct Config {
    /// A receiver of HTTP
    #[arg(long, value_name = "URL", group = "kind")]
    pub(crate) webhook: Option<String>,
    /// An incoming webhook of Slack
    #[arg(long, value_name = "URL", group = "kind")]
    pub(crate) slack: Option<String>,
    /// A webhook of a Teams workflow
    #[arg(long, value_name = "URL", group = "kind")]
    pub(crate) teams: Option<String>,
    /// An e-mail address; may be given several times
    #[arg(long, value_name = "ADDRESS", group = "kind")]
    pub(crate) email: Vec<String>,
    /// User name that a --webhook asks for
    #[arg(long, value_name = "NAME")]
    pub(crate) username: Option<String>,
    /// File with the password that a --webhook asks for; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// File with a secret that signs what a --webhook gets; `-` reads standard input (local engine)
    #[arg(long, value_name = "FILE")]
    pub(crate) signing_secret_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lakeflow destinations create on-call --webhook https://example.com/hook --username jobs --password-file pw\n  \
                  lakeflow destinations create team --slack https://hooks.slack.com/services/…\n  \
                  lakeflow destinations create data --email ann@example.com --email bob@example.com"
)]
pub(crate) struct Create {
    /// Name for people
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) config: Config,
    /// Id that jobs name it by; one is made when missing (local engine)
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    #[command(flatten)]
    pub(crate) host: HostArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Update {
    /// Its id or its name
    pub(crate) destination: String,
    /// A new name
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) config: Config,
    #[command(flatten)]
    pub(crate) host: HostArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Named {
    /// Its id or its name
    pub(crate) destination: String,
    #[command(flatten)]
    pub(crate) host: HostArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Deliveries {
    /// Only of this run
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<i64>,
    /// Only those that wait, have arrived, or were given up
    #[arg(long, value_parser = ["waiting", "sent", "given-up"])]
    pub(crate) state: Option<String>,
    /// Print at most this many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) limit: u32,
    /// Print one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) host: HostArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Retry {
    /// Its number in `lakeflow destinations deliveries`
    pub(crate) delivery: i64,
    #[command(flatten)]
    pub(crate) host: HostArgs,
}
