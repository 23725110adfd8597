//! Arguments of `lakeflow dev`.

use super::BundleArgs;
use clap::Args;
use lakeflow_core::time::WallTime;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lakeflow dev\n  lakeflow dev examples/medallion --port 8080\n  \
                        lakeflow dev --rate-limit 30 --faults faults.json\n\n\
                        Any client of the Jobs REST API can then use the host and the token that are printed.")]
pub(crate) struct Dev {
    /// Bundle folder or databricks.yml
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 8080)]
    pub(crate) port: u16,
    /// Accept jobs with tasks that cannot run locally; such a task fails at run time and says why
    #[arg(long)]
    pub(crate) allow_unsupported: bool,
    /// Data folder; `.lakeflow` beside the bundle when missing
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Faults to play to clients, as JSON: {"faults": [{"path": "/jobs/run-now", "kind": "reset", "after": true}]}
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
    /// Requests a second over which clients are answered 429 with Retry-After
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate_limit: Option<u32>,
    /// Days that ended runs are kept, and installed packages and checkouts that nothing used
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub(crate) keep_days: u32,
    /// Further users, for whom permissions are enforced, as JSON: {"users": [{"user_name": "ann", "token": "…"}]}
    #[arg(long, value_name = "FILE")]
    pub(crate) users: Option<PathBuf>,
    /// Secrets for dbutils.secrets, as JSON: {"scope": {"key": "value"}}; `secrets.json` of the data folder when missing
    #[arg(long, value_name = "FILE")]
    pub(crate) secrets: Option<PathBuf>,
    /// Server that takes the letters of e-mail notifications: smtp://host:25, smtps://user:password@host, or
    /// smtp://user:password@host:587?tls=required; `outbox` in the data folder gets them when missing [env: LAKEFLOW_SMTP]
    #[arg(long, value_name = "URL")]
    pub(crate) smtp: Option<String>,
    /// Who sends these letters: 'Jobs <jobs@example.com>' [env: LAKEFLOW_MAIL_FROM]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) mail_from: Option<String>,
    /// A further folder whose files tasks may name by absolute path; may be given several times
    #[arg(long = "allow-path", value_name = "DIR")]
    pub(crate) allowed_paths: Vec<PathBuf>,
    /// A further host name that requests may be sent to; may be given several times
    #[arg(long = "allow-host", value_name = "NAME")]
    pub(crate) allowed_hosts: Vec<String>,
    /// Seconds that a stopped task may take to end before it is killed
    #[arg(long, value_name = "S", default_value_t = 30)]
    pub(crate) grace: u64,
    /// Keep all schedules and triggers paused, whatever the jobs say; `lakeflow triggers unpause --all` lets them fire
    #[arg(long)]
    pub(crate) pause_triggers: bool,
    /// Let the newest fire time of a schedule that passed while no engine was up fire, once, however old it is; without it one of
    /// the last ten minutes
    #[arg(long)]
    pub(crate) catch_up: bool,
    /// A clock that starts at this time (RFC 3339) and moves only by POST /api/2.0/lakeflow-local/clock {"advance_ms": N}: for tests
    /// of schedules
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) clock: Option<WallTime>,
    /// Give tasks the engine's address and token, as DATABRICKS_HOST and DATABRICKS_TOKEN
    #[arg(long)]
    pub(crate) share_token: bool,
    #[command(flatten)]
    pub(crate) bundle: BundleArgs,
}

fn time(text: &str) -> Result<WallTime, String> {
    WallTime::parse(text)
        .ok_or_else(|| "expected a time with its zone, such as 2026-03-28T00:00:00Z".to_owned())
}
