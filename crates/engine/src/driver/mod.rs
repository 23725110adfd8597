//! Drives job runs: admits them, owns their machines, connects them to the store, the executors and each other.
//!
//! Rules are in `lakeflow_core::execution`; here is only what they need of the world. One [`actor::Actor`] per active
//! job run; [`Driver::gate`] makes creation, end, repair and deletion of runs one after the other, so that limits are counted right.
//!
//! **Stopping.** [`Driver::freeze`] ends the actors between two turns without recording anything, then the executors end their
//! processes. The runs stay active in the store; the next start restores them and reports every attempt that was
//! running as lost, which its retry policy may answer. A killed engine leaves the same picture, so there is one way back.

mod actor;
mod admission;
mod child;
mod compute;
mod executor;
mod git;
mod process;
mod restore;
pub(crate) mod run_now;
#[cfg(test)]
mod tests;
mod triggers;
mod upkeep;
mod waiting;

pub use executor::{Answer, Executor};
pub(crate) use triggers::Firing;
pub use triggers::Upcoming;

use crate::clock::Clock;
use crate::config::Notice;
use crate::exec::ExecEvent;
use crate::store::{Activity, RunFacts, RunRow, Standing, Store, TaskRow};
use actor::{Actor, Message, Next};
use admission::Verdict;
use futures::future::BoxFuture;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::execution::{Change, Input, Machine, Output, Plan, RUNS_PER_JOB_RUN, Repair};
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::job::GitSource;
use lakeflow_core::notify::told_end;
use lakeflow_core::run::{End, Outcome, Phase, TerminationCode};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{MutexGuard, mpsc, oneshot};
use tokio::task::JoinSet;

/// The job run that a job run id or a task run id belongs to.
pub(crate) fn job_run_of(run: RunId) -> RunId {
    RunId(run.0 - run.0.rem_euclid(RUNS_PER_JOB_RUN))
}

/// A run to create; everything about it but its number and times.
#[derive(Debug)]
pub(crate) struct NewRun {
    /// Its `run_id` is filled in here.
    pub(crate) plan: Plan,
    pub(crate) facts: RunFacts,
    pub(crate) run_type: &'static str,
    pub(crate) parent: Option<RunId>,
    /// The job's limit of active runs; `None` for one-time runs, which have none.
    pub(crate) limit: Option<i64>,
    /// Whether the run waits when the limit is reached.
    pub(crate) queue: bool,
}

/// A created run, or the one that the idempotency token had created before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Started {
    pub(crate) run_id: RunId,
}

struct Inner {
    clock: Clock,
    store: Store,
    executor: Arc<dyn Executor>,
    notice: Notice,
    /// Workspace id and URL for references.
    workspace: lakeflow_core::execution::WorkspaceFacts,
    data_dir: PathBuf,
    gate: tokio::sync::Mutex<()>,
    /// One repository is fetched at a time.
    git: tokio::sync::Mutex<()>,
    active: Mutex<BTreeMap<RunId, mpsc::UnboundedSender<Message>>>,
    /// Told whenever an active run has ended.
    run_ended: tokio::sync::Notify,
    tasks: Mutex<JoinSet<()>>,
    triggers: triggers::Triggers,
}

/// Handle to the driver; clones are the same driver.
#[derive(Clone)]
pub(crate) struct Driver {
    inner: Arc<Inner>,
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Driver")
    }
}

/// The right to create, end or repair runs.
pub(crate) type Gate<'a> = MutexGuard<'a, ()>;

impl Driver {
    /// A driver with no active runs yet; [`Self::restore`] brings back those of the store.
    pub(crate) fn new(
        clock: Clock,
        store: Store,
        executor: Arc<dyn Executor>,
        notice: Notice,
        workspace: lakeflow_core::execution::WorkspaceFacts,
        data_dir: PathBuf,
    ) -> Self {
        let inner = Inner {
            clock,
            store,
            executor,
            notice,
            workspace,
            data_dir,
            gate: tokio::sync::Mutex::default(),
            git: tokio::sync::Mutex::default(),
            active: Mutex::default(),
            run_ended: tokio::sync::Notify::new(),
            tasks: Mutex::default(),
            triggers: triggers::Triggers::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    pub(crate) fn executor(&self) -> &dyn Executor {
        &*self.inner.executor
    }

    pub(crate) fn workspace(&self) -> &lakeflow_core::execution::WorkspaceFacts {
        &self.inner.workspace
    }

    /// The data folder.
    pub(super) fn data_dir(&self) -> &Path {
        &self.inner.data_dir
    }

    /// The files of a run's repository.
    async fn check_out(&self, source: &GitSource) -> Result<git::Files, String> {
        let _alone = self.git_lock().await;
        git::check_out(self.data_dir(), source).await
    }

    /// Held while repositories are fetched or pruned.
    async fn git_lock(&self) -> MutexGuard<'_, ()> {
        self.inner.git.lock().await
    }

    pub(crate) fn notice(&self, line: &str) {
        self.inner.notice.send(line);
    }

    pub(crate) async fn gate(&self) -> Gate<'_> {
        self.inner.gate.lock().await
    }

    /// Passes events of the executors on to the runs they belong to, until the executors are gone.
    pub(crate) fn listen(&self, mut events: mpsc::UnboundedReceiver<ExecEvent>) {
        let driver = self.clone();
        self.spawn(async move {
            while let Some(event) = events.recv().await {
                let (ExecEvent::Started { run, .. }
                | ExecEvent::Value { run, .. }
                | ExecEvent::Exited { run, .. }) = &event;
                driver.deliver(*run, Message::Exec(event));
            }
        });
    }

    /// Stops driving: nothing is recorded or started any more.
    pub(crate) async fn freeze(&self) {
        self.abandon().shutdown().await;
    }

    /// As [`Self::freeze`], without waiting for the end: the work ends where it next waits, or when the set is dropped.
    pub(crate) fn abandon(&self) -> JoinSet<()> {
        self.inner.active.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let mut tasks = std::mem::take(&mut *self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.abort_all();
        tasks
    }

    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(work);
    }

    /// Returns once no run is active. Queued runs follow active ones, so none is left then that could start.
    pub(super) async fn idle(&self) {
        loop {
            let ended = self.inner.run_ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            // Whoever admits the next queued run holds the gate.
            drop(self.gate().await);
            if self.inner.active.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
                return;
            }
            ended.await;
        }
    }

    /// Tells the run that a job run id or task run id belongs to; false when it is not active.
    fn deliver(&self, run: RunId, message: Message) -> bool {
        let active = self.inner.active.lock().unwrap_or_else(PoisonError::into_inner);
        active.get(&job_run_of(run)).is_some_and(|address| address.send(message).is_ok())
    }

    /// Gives an input to an active run and waits until its effect is stored. `Ok(false)` when the run is not active.
    async fn ask(&self, run: RunId, input: Input) -> Result<bool, Error> {
        let (reply, answer) = oneshot::channel();
        if !self.deliver(run, Message::Input(input, Some(reply))) {
            return Ok(false);
        }
        // A run that ends while it is asked drops the question.
        answer.await.map_or(Ok(false), |result| result.map(|()| true))
    }

    /// Creates a run: starts it, queues it, or stores it as skipped (reference section 11.3). With an idempotency token that is known
    /// already it gives the run of that token.
    pub(crate) async fn create(&self, new: NewRun) -> Result<Started, Error> {
        let gate = self.gate().await;
        if let Some(token) = &new.facts.idempotency_token
            && let Some(run_id) = self.store().run_of_token(token.clone()).await?
        {
            return self.run_of_token(token, run_id).await;
        }
        let job = new.plan.job_id;
        let verdict = match new.limit {
            None => Verdict::Start,
            Some(limit) => admission::decide(&self.store().active_runs(Some(job)).await?, limit, new.queue),
        };
        let mut plan = new.plan;
        plan.run_id = self.store().new_run_id().await?;
        let row = RunRow {
            run_id: plan.run_id,
            job_id: job,
            run_type: new.run_type.to_owned(),
            start_time: self.clock().time(),
            parent_task_run: new.parent,
            facts: new.facts,
            standing: Standing {
                phase: Phase::Pending,
                admitted: None,
                end_time: None,
                parameters: plan.parameters.clone(),
                repairs: Vec::new(),
            },
            acl: Value::Null,
        };
        let run_id = plan.run_id;
        match verdict {
            Verdict::Start => self.create_active(&gate, row, plan).await?,
            Verdict::Queue(phase) => self.create_waiting(row, plan, phase).await?,
            Verdict::Skip(end) => self.create_skipped(row, plan, end).await?,
        }
        Ok(Started { run_id })
    }

    async fn run_of_token(&self, token: &str, run_id: RunId) -> Result<Started, Error> {
        if self.store().run(run_id).await?.is_some() {
            return Ok(Started { run_id });
        }
        let message = format!("The run of idempotency token {token:?} was deleted.");
        Err(Error::new(ErrorCode::InvalidArgument, "run_now", message))
    }

    async fn create_active(&self, gate: &Gate<'_>, mut row: RunRow, plan: Plan) -> Result<(), Error> {
        let machine = Machine::new(plan.clone(), self.clock().now())?;
        let mut actor = Actor::new(self.clone(), machine, &row, 0);
        let mut turn = actor.turn(Vec::new());
        if let Some(standing) = turn.commit.standing.take() {
            row.standing = standing;
        }
        turn.commit = self.store().create_run(row, plan, turn.commit).await?;
        self.begin(gate, actor, turn).await;
        Ok(())
    }

    /// Stores a queued run. Its task runs get their numbers by a machine that is thrown away; the one made at admission
    /// gives the same ones.
    async fn create_waiting(&self, mut row: RunRow, plan: Plan, phase: Phase) -> Result<(), Error> {
        let machine = Machine::new(plan.clone(), self.clock().now())?;
        let mut task_runs = TaskRow::all(&machine);
        for TaskRow { view, .. } in &mut task_runs {
            view.phase = Phase::Blocked;
            view.start_time = None;
        }
        row.standing.phase = phase;
        let commit = crate::store::Commit { task_runs, ..Default::default() };
        self.store().create_run(row, plan, commit).await.map(|_| ())
    }

    async fn create_skipped(&self, mut row: RunRow, plan: Plan, end: End) -> Result<(), Error> {
        row.standing.phase = Phase::Ended(end.clone());
        row.standing.end_time = Some(row.start_time);
        let parent = row.parent_task_run;
        let notices = told_end(&plan, row.start_time, &end);
        let commit = crate::store::Commit { notices, ..Default::default() };
        self.store().create_run(row, plan, commit).await?;
        self.report_to_parent(parent, &end);
        Ok(())
    }

    /// Lets a run live whose first turn has been stored.
    async fn begin(&self, gate: &Gate<'_>, actor: Actor, turn: actor::Turn) {
        self.inner
            .active
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(actor.run, actor.address.clone());
        if turn.next == Next::Done {
            self.ended(gate, &actor).await;
        } else {
            self.spawn(actor.run(turn));
        }
    }

    /// After the end of a run is stored: forgets its actor, tells the run that started it, admits queued runs of its job.
    fn ended<'a>(&'a self, gate: &'a Gate<'_>, actor: &Actor) -> BoxFuture<'a, ()> {
        self.inner.active.lock().unwrap_or_else(PoisonError::into_inner).remove(&actor.run);
        if let Phase::Ended(end) = actor.machine.phase() {
            self.report_to_parent(actor.parent, &end);
        }
        self.wake_triggers();
        self.inner.run_ended.notify_waiters();
        let job = actor.job();
        // A type of its own, since starting a run that is over at once leads back here.
        Box::pin(async move {
            if let Err(error) = self.admit_queued(gate, job).await {
                self.notice(&format!("queued runs of job {job} were not started: {error}"));
            }
        })
    }

    /// After a job's limit may have changed: lets queued runs in that fit now.
    pub(crate) async fn limits_changed(&self, job: JobId) -> Result<(), Error> {
        let gate = self.gate().await;
        self.admit_queued(&gate, job).await
    }

    /// Starts queued runs of a job while its limit allows, oldest first.
    pub(super) async fn admit_queued(&self, gate: &Gate<'_>, job: JobId) -> Result<(), Error> {
        loop {
            let present = self.store().active_runs(Some(job)).await?;
            let limit = self.store().job(job).await?.map_or(1, |row| row.settings.max_concurrent_runs());
            let Some(run) = admission::next(&present, limit) else { return Ok(()) };
            let Some((mut actor, row)) = self.dequeue(run).await? else { return Ok(()) };
            let turn = actor.turn(Vec::new());
            self.store().commit_run(row.run_id, Arc::new(turn.commit)).await?;
            let turn = actor::Turn { commit: crate::store::Commit::default(), ..turn };
            self.begin(gate, actor, turn).await;
        }
    }

    async fn dequeue(&self, run: RunId) -> Result<Option<(Actor, RunRow)>, Error> {
        let (Some(row), Some((plan, _))) = (self.store().run(run).await?, self.store().history(run).await?)
        else {
            return Ok(None);
        };
        let machine = Machine::new(plan, self.clock().now())?;
        Ok(Some((Actor::new(self.clone(), machine, &row, 0), row)))
    }

    /// Cancels a job run or a task run; ended ones are left as they are (reference section 3.12).
    pub(crate) async fn cancel(&self, run: RunId) -> Result<(), Error> {
        let job_run = job_run_of(run);
        let input = if run == job_run { Input::CancelRun } else { Input::CancelTask { run } };
        match self.ask(run, input).await {
            Ok(true) => return Ok(()),
            // A task run that has ended already keeps its result.
            Err(error) if error.code == ErrorCode::InvalidTransition => return Ok(()),
            Err(error) => return Err(error),
            Ok(false) => {}
        }
        let gate = self.gate().await;
        if run == job_run {
            let end = End::new(Outcome::Canceled, TerminationCode::UserCanceled, "Run cancelled.");
            self.cancel_queued(&gate, run, end).await?;
        }
        Ok(())
    }

    /// Ends a queued run; others are left as they are. Its machine runs through a cancelled life of no length, so that
    /// it can be repaired like any other.
    pub(super) async fn cancel_queued(&self, gate: &Gate<'_>, run: RunId, end: End) -> Result<(), Error> {
        let Some((mut actor, row)) = self.dequeue(run).await? else { return Ok(()) };
        if row.standing.activity() != Activity::Queued {
            return Ok(());
        }
        let mut commit = crate::store::Commit::default();
        let mut messages = vec![Message::Input(Input::CancelRun, None)];
        // Attempts that the machine would have started are reported as cancelled before they began.
        loop {
            let turn = actor.turn(std::mem::take(&mut messages));
            messages.extend(turn.starts().into_iter().map(|attempt| actor::exited(attempt, end.clone())));
            commit.changes.extend(turn.commit.changes);
            commit.task_runs = TaskRow::all(&actor.machine);
            commit.standing = turn.commit.standing;
            if turn.next == Next::Done || messages.is_empty() {
                break;
            }
        }
        // The machine only knows that it was cancelled, not why.
        if let Some(standing) = &mut commit.standing {
            standing.phase = Phase::Ended(end.clone());
        }
        // It never began, so its end is all there is to tell.
        commit.notices = told_end(actor.machine.plan(), self.clock().time(), &end);
        self.store().commit_run(run, Arc::new(commit)).await?;
        self.report_to_parent(row.parent_task_run, &end);
        self.admit_queued(gate, actor.job()).await
    }

    /// Changes the time-out of the active runs of a job (reference section 3.2).
    pub(crate) async fn set_timeout(&self, job: JobId, timeout_ms: Option<u64>) -> Result<(), Error> {
        for (run, _, activity) in self.store().active_runs(Some(job)).await? {
            if activity == Activity::Active {
                self.tell(run, Input::SetTimeout { timeout_ms });
            }
        }
        Ok(())
    }

    /// Runs part of an ended run again (reference section 11.6). Returns the repair's id.
    pub(crate) async fn repair(&self, run: RunId, mut repair: Repair) -> Result<i64, Error> {
        let invalid = |text: String| Error::new(ErrorCode::InvalidState, "repair", text);
        let gate = self.gate().await;
        let Some(row) = self.store().run(run).await? else {
            return Err(Error::new(ErrorCode::NotFound, "repair", format!("Run {run} does not exist.")));
        };
        if row.standing.activity() != Activity::Ended {
            return Err(invalid(format!("Run {run} is active; only ended runs can be repaired.")));
        }
        if row.standing.admitted.is_none() {
            return Err(invalid(format!("Run {run} was skipped; there is nothing to repair.")));
        }
        let Some((plan, changes)) = self.store().history(run).await? else {
            return Err(Error::new(ErrorCode::NotFound, "repair", format!("Run {run} does not exist.")));
        };
        let seq = changes.len() as i64;
        repair.repair_id = self.store().new_repair_id().await?;
        let repair_id = repair.repair_id;
        let mut machine = Machine::restore(plan, changes, self.clock().now())?;
        machine.handle(self.clock().now(), Input::Repair(Box::new(repair)))?;
        let mut actor = Actor::new(self.clone(), machine, &row, seq);
        let mut turn = actor.turn(Vec::new());
        turn.commit.task_runs = TaskRow::all(&actor.machine);
        self.store().commit_run(run, Arc::new(turn.commit)).await?;
        turn.commit = crate::store::Commit::default();
        self.begin(&gate, actor, turn).await;
        Ok(repair_id)
    }

    /// The tasks that a repair would run again: those chosen, or all that failed, with what depends on them. Answered by
    /// the machine that would carry it out; nothing is stored.
    pub(crate) async fn repair_plan(&self, run: RunId, tasks: Vec<String>) -> Result<Vec<String>, Error> {
        let missing = || Error::new(ErrorCode::NotFound, "repair", format!("Run {run} does not exist."));
        let row = self.store().run(run).await?.ok_or_else(missing)?;
        let (plan, changes) = self.store().history(run).await?.ok_or_else(missing)?;
        let mut machine = Machine::restore(plan, changes, self.clock().now())?;
        let repair = Repair {
            rerun_all_failed_tasks: tasks.is_empty(),
            rerun_tasks: tasks,
            rerun_dependent_tasks: true,
            latest_repair_id: row.standing.repairs.iter().rev().find_map(|repair| repair.repair_id),
            ..Repair::default()
        };
        machine.handle(self.clock().now(), Input::Repair(Box::new(repair)))?;
        loop {
            match machine.poll() {
                Output::Record(change) => {
                    if let Change::Repaired { tasks, .. } = *change {
                        return Ok(tasks.into_iter().map(|task| task.task_key).collect());
                    }
                }
                Output::Wait { .. } | Output::Done => return Ok(Vec::new()),
                _ => {}
            }
        }
    }

    /// Deletes an ended run and the files of its attempts.
    pub(crate) async fn delete_run(&self, run: RunId) -> Result<(), Error> {
        let _gate = self.gate().await;
        match self.store().run(run).await? {
            None => Err(Error::new(ErrorCode::NotFound, "delete_run", format!("Run {run} does not exist."))),
            Some(row) if row.standing.activity() != Activity::Ended => Err(Error::new(
                ErrorCode::InvalidState,
                "delete_run",
                format!("Run {run} is active; cancel it before it is deleted."),
            )),
            Some(_) => {
                let tasks = self.store().task_runs(run).await?;
                self.store().delete_run(run).await?;
                // A run whose notebooks installed nothing has none.
                let packages = self.data_dir().join("packages").join(run.to_string());
                let _ = tokio::fs::remove_dir_all(packages).await;
                for task in tasks {
                    // Attempts that never ran have no files.
                    let _ = tokio::fs::remove_dir_all(self.executor().files(task.view.run_id).dir).await;
                }
                Ok(())
            }
        }
    }
}
