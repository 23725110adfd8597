//! Follows a run to its end, with progress, Ctrl-C, and the words at the end.

use crate::Ended;
use crate::failure::{Failure, exit, exit_code};
use crate::host::Connection;
use crate::interrupt::Interrupts;
use crate::print::Printer;
use crate::render;
use crate::report::Report;
use crate::task_logs;
use lakeflow_client::{Clock, Event, Running, TaskOutput, WaitOptions};
use lakeflow_core::api::Shown;
use lakeflow_core::api::fault::about_host;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::id::RunId;
use lakeflow_core::run::{RunDoc, elapsed};
use lakeflow_core::wait::{TaskFailure, Verdict, WaitEnd};
use serde_json::{Value, json};
use std::io::{self, BufRead, IsTerminal};
use std::time::Duration;

/// Failed iterations of one for-each task that are told; the others failed most likely for the same reason.
const ITERATIONS_TOLD: usize = 3;

/// What a person wants after Ctrl-C.
enum Choice {
    Cancel,
    Leave,
    GoOn,
}

/// The options of a wait on the command line: interrupting leaves the run as it is.
pub(crate) fn options(timeout: Option<u64>) -> WaitOptions {
    WaitOptions { timeout: timeout.map(Duration::from_secs), ..WaitOptions::default() }
}

/// Follows a run and ends with its exit code.
pub(crate) async fn follow(
    connection: &Connection,
    mut running: Running,
    as_json: bool,
    printer: &Printer,
) -> Ended {
    let mut report = Report::new(printer, as_json, !connection.local);
    let mut interrupts = Interrupts::new()?;
    let mut told = false;
    let mut interrupted = false;
    let mut asked = false;
    let end = loop {
        let event = tokio::select! {
            event = running.next() => event,
            () = interrupts.next() => {
                let choice = if asked {
                    Choice::Leave
                } else {
                    ask(&mut report, running.run_id(), &mut interrupts).await
                };
                asked = true;
                match (choice, running.run_id()) {
                    (Choice::GoOn, _) => asked = false,
                    (Choice::Cancel, Some(run_id)) => {
                        interrupted = true;
                        running = connection.jobs.cancel_and_wait(run_id, options(None));
                    }
                    (Choice::Cancel | Choice::Leave, _) => running.handle().stop(),
                }
                continue;
            }
        };
        match event {
            Some(Event::Started(run_id)) if !told => {
                told = true;
                report.started(run_id)?;
            }
            Some(Event::Started(_)) => {}
            Some(Event::Changed(run)) => report.changed(&run)?,
            Some(Event::Ended(end)) => break *end,
            None => return Ok(exit::FAILED),
        }
    };
    report.clear();
    let code = conclude(connection, &end, &report, printer).await?;
    Ok(if interrupted { exit::INTERRUPTED } else { code })
}

/// Asks on a terminal; elsewhere nobody can answer, and the run is left.
async fn ask(report: &mut Report, run_id: Option<RunId>, interrupts: &mut Interrupts) -> Choice {
    if report.is_json() || run_id.is_none() || !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Choice::Leave;
    }
    report.clear();
    Printer::ask("cancel the run, leave it running, or go on waiting? [c/l/Enter] ");
    let answer = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    tokio::select! {
        () = interrupts.next() => Choice::Leave,
        answer = answer => match answer {
            Ok(Ok(line)) if line.trim().eq_ignore_ascii_case("c") => Choice::Cancel,
            Ok(Ok(line)) if line.trim().eq_ignore_ascii_case("l") || line.is_empty() => Choice::Leave,
            Ok(Ok(_)) => Choice::GoOn,
            _ => Choice::Leave,
        },
    }
}

/// Says how it ended.
async fn conclude(connection: &Connection, end: &WaitEnd, report: &Report, printer: &Printer) -> Ended {
    if let Verdict::Unfinished(error) = &end.verdict {
        return unfinished(connection, end, error, report, printer);
    }
    let code = if end.verdict.is_success() { exit::SUCCESS } else { exit::FAILED };
    let Some(run) = &end.run else { return Ok(code) };
    let mut outputs =
        if end.verdict.is_success() { connection.jobs.outputs_of(run).await? } else { Vec::new() };
    // Of a task that never ran there is nothing to show but why, which the summary tells.
    outputs.retain(|task| task.phase.is_success());
    task_logs::into_outputs(connection, &mut outputs).await?;
    let mut failures = end.failures.clone();
    failures.extend(connection.jobs.failed_iterations(run, ITERATIONS_TOLD).await?);
    task_logs::into_failures(connection, &mut failures).await?;
    if report.is_json() {
        for task in &outputs {
            report.event("output", run.run_id, output_facts(task))?;
        }
        report.event("ended", run.run_id, ended_facts(end, run, &failures, code))?;
        return Ok(code);
    }
    for task in &outputs {
        render::output(printer, task, false)?;
    }
    for failure in &failures {
        render::failure(printer, failure);
    }
    let phase = run.phase();
    if end.failures.is_empty() && !end.verdict.is_success() {
        let why = if phase.message().is_empty() { phase.word() } else { phase.message() };
        printer.error(&format!("run {} did not succeed: {why}", run.run_id));
    }
    if !printer.quiet() {
        render::summary(printer, run, Clock::wall().0)?;
    }
    Ok(code)
}

/// The wait is over and the run is not, or is not known to have begun.
fn unfinished(
    connection: &Connection,
    end: &WaitEnd,
    error: &Error,
    report: &Report,
    printer: &Printer,
) -> Ended {
    let code = exit_code(error.code);
    if report.is_json() {
        let facts = json!({
            "verdict": end.verdict.as_str(),
            "exit_code": code,
            "error": {"code": error.code, "message": error.message},
        });
        report.event("ended", end.run_id.unwrap_or_default(), facts)?;
    }
    let failure = Failure::Error(error.clone());
    let Some(run_id) = end.run_id else { return Err(failure) };
    if error.code != ErrorCode::Interrupted {
        failure.report(printer);
    }
    // What the host refused, such as a repair of a run that needs none, leaves nothing to wait for.
    let goes_on =
        matches!(error.code, ErrorCode::Interrupted | ErrorCode::WaitTimedOut) || about_host(error.code);
    for line in resume(connection, run_id).iter().filter(|_| goes_on) {
        printer.note(line);
    }
    Ok(code)
}

/// What happens to a run that nobody waits for, and how to come back to it.
pub(crate) fn resume(connection: &Connection, run_id: RunId) -> Vec<String> {
    let command = match &connection.data {
        Some(data) => format!("lakeflow runs wait {run_id} --data {}", data.display()),
        None => format!("lakeflow runs wait {run_id}"),
    };
    if connection.is_embedded() {
        return vec![
            "the local engine ends with this command: tasks that are running now are stopped and count as failed, with \
             their retries left"
                .to_owned(),
            format!("the run goes on from there when an engine is started again: {command}"),
        ];
    }
    vec![format!("the run goes on; wait for it with: {command}")]
}

fn ended_facts(end: &WaitEnd, run: &RunDoc, failures: &[TaskFailure], code: u8) -> Value {
    json!({
        "verdict": end.verdict.as_str(),
        "exit_code": code,
        "message": run.phase().message(),
        "failures": failures,
        "run_page_url": run.run_page_url,
        "duration_ms": elapsed(run.start_time, run.end_time, Clock::wall().0),
        "progress": run.progress(),
    })
}

/// An output as a JSON object: the field says what kind it is.
pub(crate) fn output_facts(task: &TaskOutput) -> Value {
    let mut facts = json!({"task_key": task.task_key, "run_id": task.run_id, "state": task.phase.word()});
    if let Some(key) = &task.iteration_of {
        facts["iteration_of"] = Value::from(key.as_str());
    }
    match &task.output {
        Err(error) => facts["unreadable"] = Value::from(error.message.as_str()),
        Ok(output) => {
            match output.shown() {
                Some(Shown::Result(text)) => facts["result"] = Value::from(text),
                Some(Shown::Rows { columns, rows, truncated }) => {
                    facts["columns"] = json!(columns);
                    facts["rows"] = json!(rows);
                    facts["truncated"] = Value::from(truncated);
                }
                Some(Shown::Json(value)) => facts["output"] = value.clone(),
                Some(Shown::Logs(text)) => facts["logs"] = Value::from(text),
                None => {}
            }
            for (name, text) in [("error", &output.error), ("error_trace", &output.error_trace)] {
                if let Some(text) = text {
                    facts[name] = Value::from(text.as_str());
                }
            }
        }
    }
    facts
}
