//! `lakeflow deploy`: makes the host's jobs be as the bundle says.

use crate::Ended;
use crate::args::{Deploy, HostArgs};
use crate::failure::exit;
use crate::host::{self, Connection};
use crate::print::Printer;
use serde_json::json;

pub(crate) async fn run(args: Deploy, printer: &Printer) -> Ended {
    let host = HostArgs {
        host: args.host,
        token: args.token,
        profile: args.profile,
        data: args.data,
        bundle: args.path,
    };
    let connection = host::connect(&host, &args.bundle, printer).await?;
    let ended = deploy(&connection, args.json, printer).await;
    connection.close().await;
    ended
}

async fn deploy(connection: &Connection, as_json: bool, printer: &Printer) -> Ended {
    if let Some(project) = &connection.project {
        for problem in &project.problems {
            printer.problem(problem);
        }
    }
    let deployed = connection.deploy().await?;
    for job in &deployed {
        if as_json {
            printer.json(&json!({
                "key": job.key, "name": job.name, "job_id": job.job_id, "created": job.created,
            }))?;
        } else {
            let what = if job.created { "created" } else { "updated" };
            printer.line(&format!("{what} {}  job {}  {:?}", job.key, job.job_id, job.name))?;
        }
    }
    if deployed.is_empty() {
        printer.note("the bundle has no jobs");
    } else if !connection.local {
        printer.note("only job definitions were sent; bring the bundle's files to the workspace with `databricks bundle sync`");
    }
    Ok(exit::SUCCESS)
}
