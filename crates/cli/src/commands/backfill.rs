//! `lakeflow backfill`: a run for each window of a range of times. Nothing is kept here: the same tokens lead to the same
//! runs, so that the same command goes on where it was left.

mod report;

use super::{run, target};
use crate::Ended;
use crate::args::Backfill;
use crate::failure::{Failure, exit};
use crate::follow;
use crate::host::{self, Connection};
use crate::interrupt::Interrupts;
use crate::print::Printer;
use futures::StreamExt;
use lakeflow_core::api::fault::about_host;
use lakeflow_core::api::{RepairRun, RunNow};
use lakeflow_core::backfill::{self, Resume};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::time::WallTime;
use lakeflow_core::wait::Verdict;
use report::Report;
use serde_json::{Map, Value};
use std::cell::{Cell, RefCell};

/// Runs of a window that never ran and are followed by another one, at most.
const MOST_ATTEMPTS: u32 = 100;

/// A window with what its run gets.
struct Window {
    start: WallTime,
    name: String,
    params: Map<String, Value>,
}

/// How a window ended.
enum Outcome {
    /// Its run is over; `before` when it was over already.
    Run { run_id: RunId, verdict: Verdict, before: bool, duration: Option<i64> },
    /// No run, or none whose end is known.
    Error(Error),
}

impl Outcome {
    fn is_success(&self) -> bool {
        matches!(self, Self::Run { verdict, .. } if verdict.is_success())
    }
}

pub(crate) async fn run(args: &Backfill, printer: &Printer) -> Ended {
    let windows = plan(args)?;
    if args.dry_run {
        return report::dry(&windows, args.json, printer);
    }
    let mut interrupts = Interrupts::new()?;
    let connection = host::connect(&args.host, &args.bundle, printer).await?;
    let report = RefCell::new(Report::new(printer, args.json, windows.len()));
    let done = tokio::select! {
        done = all(&connection, args, &windows, &report) => done,
        () = interrupts.next() => {
            let left = report.borrow_mut().interrupted(connection.is_embedded());
            left.map(|()| exit::INTERRUPTED).map_err(Failure::from)
        }
    };
    connection.close().await;
    done
}

/// Every window with its parameters; all that is wrong with the range or with a parameter before anything is started.
fn plan(args: &Backfill) -> Result<Vec<Window>, Failure> {
    let starts = backfill::windows(&args.from, &args.to, &args.every, args.max as usize);
    let mut starts = starts.map_err(Failure::Problems)?;
    starts.sort_unstable();
    let templates = backfill::templates(&args.params, &starts).map_err(Failure::Problems)?;
    let window = |start: WallTime| {
        let params = backfill::parameters(&templates, start)?;
        Ok(Window { start, name: backfill::window_name(start), params })
    };
    starts.into_iter().map(window).collect::<Result<_, _>>().map_err(Failure::Problems)
}

async fn all(
    connection: &Connection,
    args: &Backfill,
    windows: &[Window],
    report: &RefCell<Report>,
) -> Ended {
    let target = target::find(connection, &args.job).await?;
    let settings = &target.settings;
    if settings.continuous.is_some() {
        let text = "the job is continuous: each run would cancel the one before it";
        return Err(Failure::Error(Error::new(ErrorCode::InvalidState, "backfill", text)));
    }
    let requests: Vec<Value> = windows
        .iter()
        .map(|window| run::fields(settings, &Value::Object(window.params.clone())).map(Value::Object))
        .collect::<Result<_, _>>()?;
    let job_id = target.job.id().await?;
    // What the host had before; its own clock says what came after.
    let newest = target.job.list_runs(1).await?.first().and_then(|run| run.start_time);
    report.borrow_mut().begin(args, settings.display_name(), windows)?;
    let job = &target.job;
    let worker = Worker { connection, args, job, job_id, newest, report, stop: Cell::new(false) };
    let worker = &worker;
    let mut results = futures::stream::iter(windows.iter().zip(requests))
        .map(|(window, request)| worker.one(window, request))
        .buffer_unordered(args.parallel as usize);
    let mut failed = None;
    while let Some(result) = results.next().await {
        if let Err(failure) = result {
            failed.get_or_insert(failure);
        }
    }
    drop(results);
    let succeeded = report.borrow_mut().finish()?;
    match failed {
        Some(failure) => Err(failure),
        None => Ok(if succeeded { exit::SUCCESS } else { exit::FAILED }),
    }
}

/// What the runs of all windows have in common.
struct Worker<'a> {
    connection: &'a Connection,
    args: &'a Backfill,
    job: &'a lakeflow_client::Job,
    job_id: JobId,
    /// Start of the newest run that was there before.
    newest: Option<i64>,
    report: &'a RefCell<Report>,
    /// No further window is begun.
    stop: Cell<bool>,
}

impl Worker<'_> {
    /// One window with what is told of it. Fails when the host is lost, or nobody reads what is told.
    async fn one(&self, window: &Window, request: Value) -> Result<(), Failure> {
        if self.stop.get() {
            return Ok(());
        }
        let outcome = self.window(window, request).await;
        let lost = matches!(&outcome, Outcome::Error(error) if about_host(error.code));
        if lost || (self.args.fail_fast && !outcome.is_success()) {
            self.stop.set(true);
        }
        self.report.borrow_mut().ended(window, &outcome)?;
        match outcome {
            Outcome::Error(error) if lost => Err(Failure::Error(error)),
            _ => Ok(()),
        }
    }

    /// One window, from its token to the end of its run.
    async fn window(&self, window: &Window, request: Value) -> Outcome {
        for attempt in 0..MOST_ATTEMPTS {
            match self.attempt(window, &request, attempt).await {
                Ok(Some(outcome)) => return outcome,
                Ok(None) => {}
                Err(error) => return Outcome::Error(error),
            }
        }
        let text = format!("{MOST_ATTEMPTS} runs of this window were skipped; see the job's limits");
        Outcome::Error(Error::new(ErrorCode::LimitExceeded, "backfill", text))
    }

    /// `None` when the run of this attempt can come to nothing.
    async fn attempt(&self, window: &Window, fields: &Value, attempt: u32) -> Result<Option<Outcome>, Error> {
        let jobs = &self.connection.jobs;
        let token = backfill::token(self.job_id, &self.args.name, window.start, &window.params, attempt);
        let mut request: RunNow = self.job.request(fields).await?;
        request.idempotency_token = Some(token);
        // Windows that the job's limit has no room for wait, whatever the job says of other runs.
        request.queue = serde_json::from_value(serde_json::json!({ "enabled": true })).ok();
        let run_id = self.job.trigger(request).await?;
        let run = jobs.get_run(run_id).await?;
        let before = self.newest.zip(run.start_time).is_some_and(|(newest, start)| start <= newest);
        let resume = backfill::resume(&run, before, self.args.keep_failed);
        // Who cannot print any more has been told so by the line before.
        let _ = self.report.borrow_mut().started(window, run_id, before, resume);
        let running = match resume {
            Resume::Again => return Ok(None),
            Resume::Repair => jobs.repair_run(
                RepairRun {
                    run_id,
                    rerun_all_failed_tasks: Some(true),
                    rerun_dependent_tasks: Some(true),
                    latest_repair_id: run.repair_history.iter().rev().find_map(|repair| repair.id),
                    ..RepairRun::default()
                },
                follow::options(None),
            ),
            // One that is over ends the wait at once.
            Resume::Wait | Resume::Done => jobs.wait(run_id, follow::options(None)),
        };
        let end = running.finish().await;
        if let Verdict::Unfinished(error) = end.verdict {
            return Err(error);
        }
        let duration = end.run.as_ref().and_then(|run| run.run_duration);
        let before = resume == Resume::Done;
        Ok(Some(Outcome::Run { run_id, verdict: end.verdict, before, duration }))
    }
}
