//! `lakeflow runs`: looks at runs, waits for them, cancels and repairs them.

use super::{run, target};
use crate::Ended;
use crate::args::{Runs, RunsCancel, RunsGet, RunsList, RunsOutput, RunsRepair, RunsWait};
use crate::failure::{Failure, exit};
use crate::follow::{self, follow};
use crate::host::{self, Connection};
use crate::params;
use crate::print::Printer;
use crate::render;
use crate::report::Report;
use crate::task_logs;
use lakeflow_client::{Clock, TaskOutput};
use lakeflow_core::api::{ListRuns, RepairRun};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::id::RunId;
use lakeflow_core::run::{RunDoc, elapsed};
use lakeflow_core::suggest::did_you_mean;
use serde_json::Value;

pub(crate) async fn run(command: Runs, printer: &Printer) -> Ended {
    let host = match &command {
        Runs::List(RunsList { host, .. })
        | Runs::Get(RunsGet { host, .. })
        | Runs::Wait(RunsWait { host, .. })
        | Runs::Cancel(RunsCancel { host, .. })
        | Runs::Repair(RunsRepair { host, .. })
        | Runs::Output(RunsOutput { host, .. }) => host.clone(),
    };
    let connection = host::reach(&host, printer).await?;
    let ended = match command {
        Runs::List(args) => list(&connection, &args, printer).await,
        Runs::Get(args) => get(&connection, &args, printer).await,
        Runs::Wait(args) => {
            let running = connection.jobs.wait(RunId(args.run), follow::options(args.timeout));
            follow(&connection, running, args.json, printer).await
        }
        Runs::Cancel(args) => cancel(&connection, &args, printer).await,
        Runs::Repair(args) => repair(&connection, &args, printer).await,
        Runs::Output(args) => output(&connection, &args, printer).await,
    };
    connection.close().await;
    ended
}

async fn list(connection: &Connection, args: &RunsList, printer: &Printer) -> Ended {
    let job_id = match &args.job {
        Some(job) => Some(target::find(connection, job).await?.job.id().await?),
        None => None,
    };
    let filter = ListRuns { job_id, active_only: args.active.then_some(true), ..ListRuns::default() };
    let runs = connection.jobs.list_runs(filter, args.limit as usize).await?;
    if args.json {
        for run in &runs {
            printer.json(run)?;
        }
        return Ok(exit::SUCCESS);
    }
    if runs.is_empty() {
        printer.note("there are no such runs");
        return Ok(exit::SUCCESS);
    }
    let now = Clock::wall().0;
    let rows: Vec<Vec<String>> = runs.iter().map(|run| row(run, now)).collect();
    for line in render::table(&["RUN", "JOB", "NAME", "STATE", "STARTED", "DURATION", "TRIGGER"], &rows) {
        printer.line(&line)?;
    }
    Ok(exit::SUCCESS)
}

fn row(run: &RunDoc, now: i64) -> Vec<String> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    vec![
        run.run_id.to_string(),
        run.job_id.map_or_else(String::new, |id| id.to_string()),
        text(&run.run_name),
        run.phase().word().to_owned(),
        render::time(run.start_time),
        render::duration(elapsed(run.start_time, run.end_time, now)),
        text(&run.trigger),
    ]
}

async fn get(connection: &Connection, args: &RunsGet, printer: &Printer) -> Ended {
    let run = connection.jobs.get_run(RunId(args.run)).await?;
    if args.json {
        printer.json(&run)?;
        return Ok(exit::SUCCESS);
    }
    let page = run.run_page_url.as_ref().filter(|_| !connection.local);
    for (name, value) in [("job", run.run_name.as_ref()), ("page", page), ("trigger", run.trigger.as_ref())] {
        if let Some(value) = value {
            printer.line(&format!("{name:8} {value}"))?;
        }
    }
    printer.line(&format!("{:8} {}", "started", render::time(run.start_time)))?;
    for parameter in &run.job_parameters {
        let value =
            parameter.value.as_ref().or(parameter.default.as_ref()).map_or("", |text| text.0.as_str());
        printer.line(&format!("{:8} {} = {value}", "param", parameter.name))?;
    }
    render::summary(printer, &run, Clock::wall().0)?;
    let phase = run.phase();
    if !phase.message().is_empty() {
        printer.line(phase.message())?;
    }
    Ok(exit::SUCCESS)
}

async fn cancel(connection: &Connection, args: &RunsCancel, printer: &Printer) -> Ended {
    let run_id = RunId(args.run);
    if args.no_wait {
        connection.jobs.cancel_run(run_id).await?;
        printer.note(&format!("run {run_id} is being cancelled"));
        return Ok(exit::SUCCESS);
    }
    let end = connection.jobs.cancel_and_wait(run_id, follow::options(None)).finish().await;
    if let lakeflow_core::wait::Verdict::Unfinished(error) = end.verdict {
        return Err(Failure::Error(error));
    }
    match &end.run {
        Some(run) => render::summary(printer, run, Clock::wall().0)?,
        None => printer.line(&format!("run {run_id} {}", end.verdict.as_str()))?,
    }
    Ok(exit::SUCCESS)
}

async fn repair(connection: &Connection, args: &RunsRepair, printer: &Printer) -> Ended {
    run::refuse_to_leave(connection, args.wait)?;
    let params = params::read(&args.params)?;
    let mut request = repair_request(connection, RunId(args.run), &params).await?;
    request.rerun_tasks.clone_from(&args.tasks);
    request.rerun_all_failed_tasks = args.tasks.is_empty().then_some(true);
    request.rerun_dependent_tasks = args.dependents.then_some(true);
    let running = connection.jobs.repair_run(request, follow::options(args.wait.timeout));
    if !args.wait.no_wait {
        return follow(connection, running, args.wait.json, printer).await;
    }
    let run_id = started(running).await?;
    Report::new(printer, args.wait.json, !connection.local).started(run_id)?;
    for line in follow::resume(connection, run_id) {
        printer.note(&line);
    }
    Ok(exit::SUCCESS)
}

/// Moves a repair on until it is known to have been taken: then the run changes.
async fn started(mut running: lakeflow_client::Running) -> Result<RunId, Failure> {
    use lakeflow_client::Event;
    loop {
        match running.next().await {
            Some(Event::Changed(run)) => return Ok(run.run_id),
            Some(Event::Ended(end)) => {
                return end.into_result().map(|run| run.run_id).map_err(Failure::Error);
            }
            Some(Event::Started(_)) => {}
            None => return Err(Failure::Told(exit::FAILED)),
        }
    }
}

/// A repair with its parameters, which go where those of the run's job go.
async fn repair_request(
    connection: &Connection,
    run_id: RunId,
    params: &Value,
) -> Result<RepairRun, Failure> {
    let mut request = RepairRun { run_id, ..RepairRun::default() };
    if params.as_object().is_none_or(serde_json::Map::is_empty) {
        return Ok(request);
    }
    let run = connection.jobs.get_run(run_id).await?;
    let Some(job_id) = run.job_id else { return Ok(request) };
    let settings = connection.jobs.get_job(job_id).await?.settings;
    if let Some(settings) = settings {
        let mut body = Value::Object(run::fields(&settings, params)?);
        body["run_id"] = Value::from(run_id.0);
        request = serde_json::from_value(body).map_err(|e| Failure::usage(e.to_string()))?;
    }
    Ok(request)
}

async fn output(connection: &Connection, args: &RunsOutput, printer: &Printer) -> Ended {
    let run_id = RunId(args.run);
    let mut outputs = connection.jobs.outputs(run_id).await?;
    task_logs::into_outputs(connection, &mut outputs).await?;
    if let Some(key) = &args.task {
        let known: Vec<String> = outputs.iter().map(|task| task.task_key.clone()).collect();
        outputs.retain(|task| task.task_key == *key || task.iteration_of.as_ref() == Some(key));
        if outputs.is_empty() {
            return Err(Failure::Error(unknown_task(run_id, key, &known)));
        }
    }
    for task in &outputs {
        if args.json {
            printer.json(&follow::output_facts(task))?;
        } else {
            render::output(printer, task, true)?;
        }
    }
    if !args.json && outputs.iter().all(is_empty) {
        printer.note("no task of the run left anything behind");
    }
    Ok(exit::SUCCESS)
}

fn is_empty(task: &TaskOutput) -> bool {
    matches!(&task.output, Ok(output) if output.shown().is_none() && output.error.is_none())
}

fn unknown_task(run_id: RunId, key: &str, known: &[String]) -> Error {
    let hint = did_you_mean(key, known.iter().map(String::as_str));
    let hint = hint.map_or_else(String::new, |hint| format!(" ({hint})"));
    let message = format!("run {run_id} has no task {key:?}; tasks are: {}{hint}", known.join(", "));
    Error::new(ErrorCode::NotFound, "runs_output", message)
}
