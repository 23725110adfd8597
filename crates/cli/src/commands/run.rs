//! `lakeflow run`: triggers a job and follows the run.

use super::target;
use crate::Ended;
use crate::args::{Run, WaitArgs};
use crate::failure::{Failure, exit};
use crate::follow::{self, follow};
use crate::host::{self, Connection};
use crate::params;
use crate::print::Printer;
use crate::report::Report;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::job::run_fields;
use lakeflow_core::problem::Problem;
use serde_json::{Map, Value};

pub(crate) async fn run(args: &Run, printer: &Printer) -> Ended {
    let params = params::read(&args.params)?;
    let connection = host::connect(&args.host, &args.bundle, printer).await?;
    let ended = trigger(&connection, args, &params, printer).await;
    connection.close().await;
    ended
}

async fn trigger(connection: &Connection, args: &Run, params: &Value, printer: &Printer) -> Ended {
    refuse_to_leave(connection, args.wait)?;
    let target = target::find(connection, &args.job).await?;
    let mut fields = fields(&target.settings, params)?;
    if let Some(token) = &args.idempotency_token {
        fields.insert("idempotency_token".to_owned(), Value::from(token.as_str()));
    }
    let request = target.job.request(&Value::Object(fields)).await?;
    if args.wait.no_wait {
        let run_id = target.job.trigger(request).await?;
        Report::new(printer, args.wait.json, !connection.local).started(run_id)?;
        for line in follow::resume(connection, run_id) {
            printer.note(&line);
        }
        return Ok(exit::SUCCESS);
    }
    let running = target.job.trigger_and_wait(request, follow::options(args.wait.timeout))?;
    follow(connection, running, args.wait.json, printer).await
}

/// An engine that ends with this command would take the run with it at once.
pub(crate) fn refuse_to_leave(connection: &Connection, wait: WaitArgs) -> Result<(), Failure> {
    if wait.no_wait && connection.is_embedded() {
        return Err(Failure::usage(
            "--no-wait needs an engine that outlives this command; start one with `lakeflow dev`, then run this again",
        ));
    }
    Ok(())
}

/// The fields of the request, or all that is wrong with the parameters in one sentence each.
pub(crate) fn fields(
    settings: &lakeflow_core::job::JobSettings,
    params: &Value,
) -> Result<Map<String, Value>, Failure> {
    run_fields(settings, params).map_err(|problems| {
        let told: Vec<String> = problems.iter().map(told).collect();
        Failure::Error(Error::new(ErrorCode::InvalidParameters, "run_now", told.join("; ")))
    })
}

fn told(problem: &Problem) -> String {
    let hint = problem.hint.as_deref().map_or_else(String::new, |hint| format!(" ({hint})"));
    match problem.path.as_str() {
        "" => format!("{}{hint}", problem.message),
        _ if problem.message.contains(&problem.path) => format!("{}{hint}", problem.message),
        path => format!("{path}: {}{hint}", problem.message),
    }
}
