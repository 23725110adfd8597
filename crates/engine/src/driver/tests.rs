//! What a driver does when time passes, when the disk is full, and when things happen at once. Time is given to it; the
//! disk is a limit on the size of the database.

use super::actor::{Actor, Message, Next};
use super::run_now::RunRequest;
use super::triggers::Looked;
use super::{Driver, Firing, actor};
use crate::clock::Clock;
use crate::config::Notice;
use crate::driver::Executor;
use crate::exec::{Attempt, AttemptFiles, ExecEvent, TaskOutput};
use crate::paths::PathMap;
use crate::store::{Commit, JobRow, RunFilter, Store};
use crate::system::SystemTables;
use lakeflow_core::error::ErrorCode;
use lakeflow_core::execution::{Exit, Input, MAX_QUEUE_MS, Machine, WorkspaceFacts, queue_expired};
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::job::Task;
use lakeflow_core::job::wire::Wire;
use lakeflow_core::run::{End, Outcome, Phase, TerminationCode};
use lakeflow_core::system::Table;
use lakeflow_core::time::WallTime;
use lakeflow_core::trigger::{ArrivalState, Kind, Missed, Watch};
use serde_json::{Value, json};
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// Attempts that never end by themselves.
pub(super) struct Held {
    events: UnboundedSender<ExecEvent>,
    started: Mutex<Vec<RunId>>,
    data_dir: PathBuf,
}

impl Executor for Held {
    fn start(&self, attempt: Attempt) {
        self.started.lock().unwrap().push(attempt.run);
        self.events.send(ExecEvent::Started { run: attempt.run, pid: None }).unwrap();
    }
    fn stop(&self, run: RunId) {
        self.exit(run, Outcome::Canceled, TerminationCode::UserCanceled, TaskOutput::default());
    }
    fn supports(&self, _task: &Task) -> Result<(), String> {
        Ok(())
    }
    fn files(&self, run: RunId) -> AttemptFiles {
        AttemptFiles { dir: self.data_dir.join(run.to_string()) }
    }
    fn shutdown(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }
}

impl Held {
    fn exit(&self, run: RunId, outcome: Outcome, code: TerminationCode, output: TaskOutput) {
        let exit = Exit { outcome, code, message: String::new(), output: None };
        self.events.send(ExecEvent::Exited { run, exit, output: Box::new(output) }).unwrap();
    }
}

pub(super) struct Bench {
    pub(super) driver: Driver,
    held: Arc<Held>,
    notices: Arc<Mutex<Vec<String>>>,
    pub(super) job: JobRow,
    _folder: tempfile::TempDir,
}

impl Bench {
    /// A job with one task that is held, and room for one run at a time beside a queue.
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        store.init_counters(Clock::wall()).await.unwrap();
        let (events, reports) = unbounded_channel();
        let held = Arc::new(Held { events, started: Mutex::default(), data_dir: folder.path().to_owned() });
        let notices: Arc<Mutex<Vec<String>>> = Arc::default();
        let told = Arc::clone(&notices);
        let notice = Notice::new(move |line| told.lock().unwrap().push(line.to_owned()));
        let executor = Arc::clone(&held) as Arc<dyn Executor>;
        let driver = Driver::new(
            Clock::start(),
            store,
            executor,
            notice,
            WorkspaceFacts::default(),
            folder.path().to_owned(),
        );
        driver.listen(reports);
        let settings = json!({
            "name": "j",
            "queue": { "enabled": true },
            "tasks": [{ "task_key": "a", "existing_cluster_id": "c", "spark_python_task": { "python_file": "/a" } }],
        });
        let job = JobRow {
            job_id: JobId(1),
            creator: "me".to_owned(),
            run_as: "me".to_owned(),
            created_time: WallTime(0),
            deleted: false,
            settings: serde_json::from_value(settings).unwrap(),
            acl: Value::Null,
        };
        driver.store().put_job(job.clone(), Clock::wall()).await.unwrap();
        Self { driver, held, notices, job, _folder: folder }
    }

    pub(super) async fn run(&self) -> RunId {
        self.driver.run_now(&self.job, RunRequest::default()).await.unwrap().run_id
    }

    /// As a start of the engine does it; nothing fires by itself.
    pub(super) async fn read_triggers(&self) {
        let paths = PathMap::new(self.driver.data_dir(), Vec::new());
        let every = Duration::from_secs(3600);
        self.driver.start_triggers(Firing { on: false, missed: Missed::Skip, paths, every }).await.unwrap();
    }

    /// Gives the job other settings.
    pub(super) async fn change(&mut self, settings: Value) {
        let mut all = self.job.settings.write();
        all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        self.job.settings = serde_json::from_value(all).unwrap();
        self.driver.store().put_job(self.job.clone(), Clock::wall()).await.unwrap();
        self.driver.job_changed(self.job.job_id).await.unwrap();
    }

    pub(super) async fn phase(&self, run: RunId) -> Option<Phase> {
        self.driver.store().run(run).await.unwrap().map(|row| row.standing.phase)
    }

    pub(super) async fn created(&self, run: RunId) -> WallTime {
        self.driver.store().run(run).await.unwrap().unwrap().start_time
    }

    /// Ends the attempt of a run.
    pub(super) async fn finish(&self, run: RunId, output: TaskOutput) {
        let attempt = RunId(run.0 + 1);
        until(async || self.held.started.lock().unwrap().contains(&attempt).then_some(())).await;
        self.held.exit(attempt, Outcome::Success, TerminationCode::Success, output);
    }

    pub(super) async fn end(&self, run: RunId) -> End {
        until(async || match self.phase(run).await {
            Some(Phase::Ended(end)) => Some(end),
            _ => None,
        })
        .await
    }
}

pub(super) async fn until<T>(ask: impl AsyncFn() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(found) = ask().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), asking).await.expect("in time")
}

// LOCAL[runs] same: a run waits 48 hours in the queue and no longer
#[tokio::test]
async fn a_run_waits_48_hours_in_the_queue_and_no_longer() {
    let bench = Bench::new().await;
    let (active, queued) = (bench.run().await, bench.run().await);
    let due = bench.created(queued).await + MAX_QUEUE_MS as i64;
    bench.driver.upkeep(due - 1, 60).await.unwrap();
    assert!(matches!(bench.phase(queued).await, Some(Phase::Queued { .. })));
    bench.driver.upkeep(due, 60).await.unwrap();
    assert_eq!(bench.phase(queued).await, Some(Phase::Ended(queue_expired())));
    assert_eq!(bench.phase(active).await, Some(Phase::Running), "only runs in the queue expire");
}

// LOCAL[durability] same: ended runs are kept 60 days, or as long as `--keep-days` says
#[tokio::test]
async fn old_runs_are_pruned_with_their_files_once_they_have_ended() {
    let bench = Bench::new().await;
    let old = bench.run().await;
    let files = bench.held.files(RunId(old.0 + 1)).dir;
    std::fs::create_dir_all(&files).unwrap();
    bench.finish(old, TaskOutput::default()).await;
    bench.end(old).await;
    let active = bench.run().await;
    let due = bench.created(active).await + 60 * 24 * 3600 * 1000;
    bench.driver.upkeep(bench.created(old).await + 60 * 24 * 3600 * 1000, 60).await.unwrap();
    assert!(bench.phase(old).await.is_some(), "sixty days are not over");
    bench.driver.upkeep(due + 1, 60).await.unwrap();
    assert_eq!((bench.phase(old).await, files.exists()), (None, false));
    assert_eq!(bench.phase(active).await, Some(Phase::Running), "an active run is kept, however old");
    assert_eq!(bench.driver.store().task_runs(old).await.unwrap().len(), 0);
}

/// A job whose schedule is due every hour, on an engine that has its triggers.
async fn scheduled() -> Bench {
    let mut bench = Bench::new().await;
    let schedule = json!({ "quartz_cron_expression": "0 0 * * * ?", "timezone_id": "UTC" });
    bench.change(json!({ "schedule": schedule })).await;
    bench
}

pub(super) async fn all_runs(bench: &Bench) -> Vec<crate::store::RunRow> {
    let all = RunFilter { limit: 100, ..RunFilter::default() };
    bench.driver.store().runs(all, |_, _| true).await.unwrap()
}

// LOCAL[triggers] same: a run that a schedule started tells its trigger, its schedule and the scheduled time
#[tokio::test]
async fn a_schedule_starts_a_run_for_each_fire_time_and_no_second_one() {
    let bench = scheduled().await;
    let first = bench.driver.upcoming()[0].next.unwrap();
    let waits = |fired: usize, at: WallTime| Looked { fired, next: Some(at) };
    assert_eq!(bench.driver.fire_due(first - 1).await.unwrap(), waits(0, first));
    assert_eq!(all_runs(&bench).await.len(), 0, "nothing is due before its time");
    let hour = 3_600_000;
    assert_eq!(bench.driver.fire_due(first).await.unwrap(), waits(1, first + hour));
    assert_eq!(bench.driver.fire_due(first).await.unwrap(), waits(0, first + hour));
    let runs = all_runs(&bench).await;
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].facts.trigger, "PERIODIC");
    assert_eq!(runs[0].facts.schedule.as_ref().unwrap()["quartz_cron_expression"], "0 0 * * * ?");
    let (plan, _) = bench.driver.store().history(runs[0].run_id).await.unwrap().unwrap();
    assert_eq!((plan.trigger.kind.as_str(), plan.trigger.time), ("periodic", first));
    // The limit of one run at a time holds for triggers as well: the second one waits.
    bench.driver.fire_due(first + hour).await.unwrap();
    let second = all_runs(&bench).await.into_iter().find(|run| run.run_id != runs[0].run_id).unwrap();
    assert!(matches!(second.standing.phase, Phase::Queued { .. }));
}

// LOCAL[triggers] own: an engine that was killed after the run was stored and before that was noted starts no second one
#[tokio::test]
async fn a_fire_time_that_was_not_noted_starts_no_second_run() {
    let bench = scheduled().await;
    let first = bench.driver.upcoming()[0].next.unwrap();
    let definition = lakeflow_core::trigger::triggers(&bench.job.settings).remove(0).definition;
    let read = async || -> Option<lakeflow_core::trigger::TimedState> {
        let state = bench.driver.store().trigger(JobId(1), "schedule".to_owned(), definition.clone());
        state.await.unwrap()
    };
    let before = read().await.unwrap();
    bench.driver.fire_due(first).await.unwrap();
    assert_eq!(read().await.unwrap().fired, Some(first));
    // What a killed engine would have left behind.
    let put = bench.driver.store().put_trigger(JobId(1), "schedule".to_owned(), definition.clone(), before);
    put.await.unwrap();
    bench.read_triggers().await;
    bench.driver.fire_due(first + 1000).await.unwrap();
    assert_eq!(all_runs(&bench).await.len(), 1);
    assert_eq!(read().await.unwrap().fired, Some(first), "and now it is noted");
    // A deleted run stays deleted.
    let run = all_runs(&bench).await[0].run_id;
    bench.finish(run, TaskOutput::default()).await;
    bench.end(run).await;
    bench.driver.delete_run(run).await.unwrap();
    let again = lakeflow_core::trigger::TimedState::new(first - 1);
    bench
        .driver
        .store()
        .put_trigger(JobId(1), "schedule".to_owned(), definition.clone(), again)
        .await
        .unwrap();
    bench.read_triggers().await;
    bench.driver.fire_due(first + 1000).await.unwrap();
    assert_eq!(all_runs(&bench).await.len(), 0);
}

// LOCAL[triggers] own: files that arrive while no engine is up are not missed, and none starts two runs
#[tokio::test]
async fn new_files_start_one_run_and_those_of_a_killed_engine_no_second_one() {
    let mut bench = Bench::new().await;
    let folder = bench.driver.data_dir().join("volumes/a/b/c/deep");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("old.csv"), "").unwrap();
    bench.change(json!({ "trigger": { "file_arrival": { "url": "/Volumes/a/b/c" } } })).await;
    let trigger = lakeflow_core::trigger::triggers(&bench.job.settings).remove(0);
    let looked = async || {
        bench.driver.look_at(&bench.job, &trigger, Clock::wall()).await.unwrap();
        all_runs(&bench).await.len()
    };
    assert_eq!(looked().await, 0, "what is there when the trigger is saved is not new");
    std::fs::write(folder.join("a.csv"), "").unwrap();
    std::fs::write(folder.join("b.csv.part"), "").unwrap();
    assert_eq!((looked().await, looked().await), (1, 1));
    std::fs::write(folder.join("a.csv"), "another text").unwrap();
    assert_eq!(looked().await, 1, "an overwritten file is not a new one");
    std::fs::rename(folder.join("b.csv.part"), folder.join("b.csv")).unwrap();
    // Killed after the run was stored and before that was noted.
    let place = || "trigger".to_owned();
    let read = async || -> ArrivalState {
        let state = bench.driver.store().trigger(JobId(1), place(), trigger.definition.clone());
        state.await.unwrap().unwrap()
    };
    let mut begun = read().await;
    let names = ["deep/old.csv", "deep/a.csv", "deep/b.csv"].map(str::to_owned);
    begun.look(&names.into(), Clock::wall());
    let Kind::Files(of) = &trigger.kind else { panic!("{trigger:?}") };
    begun.begin(of, JobId(1), "trigger", Clock::wall());
    let put = bench.driver.store().put_trigger(JobId(1), place(), trigger.definition.clone(), begun.clone());
    put.await.unwrap();
    assert_eq!(looked().await, 2);
    bench.driver.store().put_trigger(JobId(1), place(), trigger.definition.clone(), begun).await.unwrap();
    assert_eq!(looked().await, 2, "the run of these files is there");
    std::fs::write(folder.join("c.csv"), "").unwrap();
    assert_eq!(looked().await, 3);
    assert!(all_runs(&bench).await.iter().all(|run| run.facts.trigger == "FILE_ARRIVAL"));
}

// LOCAL[triggers] same: pausing, unpausing and changing a trigger; a deleted job does not fire
#[tokio::test]
async fn paused_changed_and_deleted_triggers_do_not_fire() {
    let mut bench = scheduled().await;
    let first = bench.driver.upcoming()[0].next.unwrap();
    let mut change = async |schedule: Value| {
        bench.job.settings.schedule = serde_json::from_value(schedule).unwrap();
        bench.driver.store().put_job(bench.job.clone(), Clock::wall()).await.unwrap();
        bench.driver.job_changed(bench.job.job_id).await.unwrap();
    };
    change(
        json!({ "quartz_cron_expression": "0 0 * * * ?", "timezone_id": "UTC", "pause_status": "PAUSED" }),
    )
    .await;
    change(
        json!({ "quartz_cron_expression": "0 0 * * * ?", "timezone_id": "UTC", "pause_status": "PAUSED" }),
    )
    .await;
    let bench = &bench;
    assert_eq!((bench.driver.upcoming()[0].paused, bench.driver.upcoming()[0].next), (true, None));
    assert_eq!(bench.driver.fire_due(first).await.unwrap(), Looked::default());
    bench.driver.store().delete_job(JobId(1), first).await.unwrap();
    bench.driver.job_changed(JobId(1)).await.unwrap();
    assert_eq!(bench.driver.upcoming(), Vec::new());
    assert_eq!(bench.driver.fire_due(first).await.unwrap(), Looked::default());
    assert_eq!(all_runs(bench).await.len(), 0);
}

#[tokio::test]
async fn packages_of_deleted_runs_and_files_that_no_run_owns_go() {
    let bench = Bench::new().await;
    let run = bench.run().await;
    let root = bench.driver.data_dir().to_owned();
    let folders = ["packages", "runs"]
        .map(|name| [run, RunId(run.0 + (1 << 20))].map(|id| root.join(name).join(id.to_string())));
    for folder in folders.iter().flatten() {
        std::fs::create_dir_all(folder).unwrap();
    }
    bench.driver.prune_files(SystemTime::now()).await.unwrap();
    for [owned, orphan] in &folders {
        assert_eq!((owned.exists(), orphan.exists()), (true, false), "{}", owned.display());
    }
    bench.finish(run, TaskOutput::default()).await;
    bench.end(run).await;
    bench.driver.delete_run(run).await.unwrap();
    assert!(!folders[0][0].exists(), "what its notebooks installed goes with a run");
}

// LOCAL[durability] own: packages and checkouts that nothing used are pruned
#[tokio::test]
async fn checkouts_that_no_run_used_for_long_go_but_not_those_of_active_runs() {
    let mut bench = Bench::new().await;
    let source = json!({ "git_url": "https://x.example/r", "git_provider": "gitHub" });
    bench.job.settings.git_source = serde_json::from_value(source).unwrap();
    let run = bench.run().await;
    let checked_out = Commit { checked_out: Some("aa11".to_owned()), ..Commit::default() };
    bench.driver.store().commit_run(run, Arc::new(checked_out)).await.unwrap();
    let repository = bench.driver.data_dir().join("git/repository");
    for commit in ["aa11", "bb22", "objects.git"] {
        std::fs::create_dir_all(repository.join(commit)).unwrap();
    }
    let later = SystemTime::now() + Duration::from_secs(60);
    bench.driver.prune_files(SystemTime::UNIX_EPOCH).await.unwrap();
    assert!(repository.join("bb22").exists(), "it was used since");
    bench.driver.prune_files(later).await.unwrap();
    assert!(repository.join("aa11").exists() && repository.join("objects.git").exists());
    assert!(!repository.join("bb22").exists());
    bench.finish(run, TaskOutput::default()).await;
    bench.end(run).await;
    bench.driver.prune_files(later).await.unwrap();
    assert!(!repository.exists(), "nothing of it is left to be used");
}

// LOCAL[durability] own: a full disk holds a run back; nothing half-written is seen
#[tokio::test]
async fn a_full_disk_holds_a_run_back_until_there_is_room() {
    let bench = Bench::new().await;
    let run = bench.run().await;
    until(async || (bench.phase(run).await == Some(Phase::Running)).then_some(())).await;
    bench.driver.store().leave_room(Some(3)).await;
    let large = TaskOutput { error_trace: Some("x".repeat(1 << 20)), ..TaskOutput::default() };
    bench.finish(run, large).await;
    let held_back = async || bench.notices.lock().unwrap().first().cloned();
    let notice = until(held_back).await;
    assert!(notice.contains("is held back") && notice.contains("the disk is full"), "{notice}");
    assert_eq!(bench.phase(run).await, Some(Phase::Running), "what is not stored has not happened");
    bench.driver.store().leave_room(None).await;
    assert!(bench.end(run).await.outcome.is_success());
    let output = bench.driver.store().output(RunId(run.0 + 1)).await.unwrap().unwrap();
    assert_eq!(output.error_trace.unwrap().len(), 1 << 20, "nothing was lost");
}

#[tokio::test]
async fn a_run_that_does_not_fit_on_the_disk_is_refused_whole() {
    let mut bench = Bench::new().await;
    bench.job.settings.description = Some("x".repeat(1 << 20));
    bench.driver.store().leave_room(Some(3)).await;
    let error = bench.driver.run_now(&bench.job, RunRequest::default()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Storage);
    bench.driver.store().leave_room(None).await;
    let all = RunFilter { limit: 10, ..RunFilter::default() };
    assert_eq!(bench.driver.store().runs(all, |_, _| true).await.unwrap().len(), 0);
    assert_eq!(*bench.held.started.lock().unwrap(), [], "nothing was started");
    let run = bench.run().await;
    bench.finish(run, TaskOutput::default()).await;
    assert!(bench.end(run).await.outcome.is_success(), "it counts against no limit");
}

#[tokio::test]
async fn a_cancel_and_an_exit_in_one_turn_end_the_run_once() {
    let bench = Bench::new().await;
    let run = bench.run().await;
    let (plan, _) = bench.driver.store().history(run).await.unwrap().unwrap();
    let row = bench.driver.store().run(run).await.unwrap().unwrap();
    for cancel_first in [true, false] {
        let machine = Machine::new(plan.clone(), bench.driver.clock().now()).unwrap();
        let mut actor = Actor::new(bench.driver.clone(), machine, &row, 0);
        let [attempt] = actor.turn(Vec::new()).starts()[..] else { panic!("one task, one attempt") };
        let mut messages =
            vec![Message::Input(Input::CancelRun, None), actor::exited(attempt, End::success())];
        if !cancel_first {
            messages.reverse();
        }
        let turn = actor.turn(messages);
        assert_eq!(turn.next, Next::Done, "cancel first: {cancel_first}");
        let Some(Phase::Ended(end)) = turn.commit.standing.map(|standing| standing.phase) else {
            panic!("the run is over")
        };
        let expect = if cancel_first { Outcome::Canceled } else { Outcome::Success };
        assert_eq!((end.outcome, turn.commit.exited), (expect, vec![attempt]));
    }
}

impl Bench {
    fn tables(&self) -> SystemTables {
        let (store, clock) = (self.driver.store().clone(), self.driver.clock().clone());
        SystemTables::new(store, clock, &self.held.data_dir, "42")
    }
}

/// The rows of a system table, in order of their files.
async fn rows(tables: &SystemTables, table: Table) -> Vec<Value> {
    let folder = tables.rows(table).await.unwrap();
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let texts: Vec<String> = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    texts.iter().flat_map(|text| text.lines()).map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn told(rows: &[Value], column: &str) -> Vec<Value> {
    rows.iter().map(|row| row[column].clone()).collect()
}

// LOCAL[tables] same: `system.lakeflow.job_run_timeline` and `job_task_run_timeline` show each run as soon as it begins, repairs as further rows
#[tokio::test]
async fn the_timeline_follows_runs_their_repairs_and_their_deletion() {
    let bench = Bench::new().await;
    let tables = bench.tables();
    assert_eq!(rows(&tables, Table::JobRunTimeline).await.len(), 0);
    let run = bench.run().await;
    let active = rows(&tables, Table::JobRunTimeline).await;
    assert_eq!(told(&active, "run_id"), [json!(run.to_string())]);
    assert_eq!((&active[0]["result_state"], &active[0]["workspace_id"]), (&Value::Null, &json!("42")));
    until(async || bench.held.started.lock().unwrap().first().copied()).await;
    bench.held.exit(
        RunId(run.0 + 1),
        Outcome::Failed,
        TerminationCode::RunExecutionError,
        TaskOutput::default(),
    );
    bench.end(run).await;
    assert_eq!(told(&rows(&tables, Table::JobRunTimeline).await, "result_state"), ["FAILED"]);
    let unchanged = tables.rows(Table::JobRunTimeline).await.unwrap();
    assert_eq!(tables.rows(Table::JobRunTimeline).await.unwrap(), unchanged, "nothing was made anew");
    let repair = lakeflow_core::execution::Repair { rerun_all_failed_tasks: true, ..Default::default() };
    bench.driver.repair(run, repair).await.unwrap();
    bench.finish(RunId(run.0 + 1), TaskOutput::default()).await;
    bench.end(run).await;
    assert_eq!(told(&rows(&tables, Table::JobRunTimeline).await, "result_state"), ["FAILED", "SUCCEEDED"]);
    let tasks = rows(&tables, Table::JobTaskRunTimeline).await;
    assert_eq!(told(&tasks, "result_state"), ["FAILED", "SUCCEEDED"]);
    assert_eq!(told(&tasks, "job_run_id"), [json!(run.to_string()), json!(run.to_string())]);
    bench.driver.delete_run(run).await.unwrap();
    assert_eq!(rows(&tables, Table::JobRunTimeline).await.len(), 0);
    assert!(unchanged.join("0-none.json").exists(), "a state that a query may be reading stays");
}

// LOCAL[tables] same: `system.lakeflow.jobs` and `job_tasks` keep a row for each change of a job, its end too
#[tokio::test]
async fn a_job_has_a_row_for_each_change_and_none_for_what_is_no_change() {
    let mut bench = Bench::new().await;
    let tables = bench.tables();
    let store = bench.driver.store().clone();
    store.put_job(bench.job.clone(), WallTime(1)).await.unwrap();
    assert_eq!(rows(&tables, Table::Jobs).await.len(), 1, "deployed again as it was");
    bench.job.settings.description = Some("daily".to_owned());
    // The clock was set back: the order of changes is theirs all the same.
    store.put_job(bench.job.clone(), WallTime(2)).await.unwrap();
    store.delete_job(bench.job.job_id, WallTime(3)).await.unwrap();
    let jobs = rows(&tables, Table::Jobs).await;
    assert_eq!(told(&jobs, "description"), [Value::Null, json!("daily"), json!("daily")]);
    let times: Vec<i64> =
        jobs.iter().map(|row| WallTime::parse(row["change_time"].as_str().unwrap()).unwrap().0).collect();
    assert!(times[0] < times[1] && times[1] < times[2], "{times:?}");
    assert_eq!(jobs[2]["delete_time"], jobs[2]["change_time"]);
    assert_eq!(told(&rows(&tables, Table::JobTasks).await, "task_key"), ["a", "a"], "made, and gone");
    assert_eq!(rows(&tables, Table::Pipelines).await.len(), 0);
}
