//! One active job run: owns its machine, feeds it, stores what it records, and carries out what it wants.
//!
//! The order is the machine's contract: inputs go in, outputs are drained, everything recorded is stored in one
//! transaction, and only then attempts are started and stopped.

use super::Driver;
use super::compute::Compute;
use super::git;
use super::waiting::Waiting;
use crate::exec::{Attempt, ExecEvent, TaskOutput};
use crate::store::{Commit, RunRow, Standing, TaskRow};
use lakeflow_core::error::Error;
use lakeflow_core::execution::{Exit, Input, Machine, Output, Start};
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::job::TaskKind;
use lakeflow_core::notify::told;
use lakeflow_core::run::{End, Outcome, TerminationCode};
use lakeflow_core::time::Tick;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Inputs taken into one transaction at most, so that a flood of them does not delay the first for long.
const MOST_INPUTS: usize = 256;

/// Where the answer to an input goes.
type Reply = oneshot::Sender<Result<(), Error>>;

/// What an actor is told.
#[derive(Debug)]
pub(super) enum Message {
    /// From the executors.
    Exec(ExecEvent),
    /// From a person or another run; the answer comes once the effect is stored.
    Input(Input, Option<Reply>),
    /// The files of the run's Git source, or why there are none.
    CheckedOut(Result<git::Files, String>),
}

/// What the machine wants done after its records are stored.
#[derive(Debug)]
pub(super) enum Action {
    Start(Box<Start>),
    Stop(RunId),
    Recover(RunId),
}

/// What to do after the actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Wait(Option<Tick>),
    Done,
}

/// The result of feeding the machine: first stored, then carried out.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) commit: Commit,
    pub(super) actions: Vec<Action>,
    pub(super) next: Next,
    /// Answers that are due once the commit is stored.
    pub(super) replies: Vec<(Reply, Result<(), Error>)>,
}

/// An active job run.
#[derive(Debug)]
pub(super) struct Actor {
    driver: Driver,
    pub(super) run: RunId,
    pub(super) parent: Option<RunId>,
    pub(super) machine: Machine,
    /// What tasks name by key.
    compute: Compute,
    /// Number of the next change.
    seq: i64,
    /// Attempts that run another job instead of a process.
    children: BTreeSet<RunId>,
    /// Attempts that wait for the files of a repository.
    waiting: Waiting,
    inbox: mpsc::UnboundedReceiver<Message>,
    /// Where the inbox is filled from.
    pub(super) address: mpsc::UnboundedSender<Message>,
}

impl Actor {
    /// An actor for the machine of a stored run that has recorded `seq` changes so far. It does nothing before
    /// [`Self::run`].
    pub(super) fn new(driver: Driver, machine: Machine, row: &RunRow, seq: i64) -> Self {
        let (address, inbox) = mpsc::unbounded_channel();
        let run = machine.plan().run_id;
        let (parent, compute) = (row.parent_task_run, Compute::of(&row.facts));
        let waiting = Waiting::new(&row.facts);
        let children = BTreeSet::new();
        Self { driver, run, parent, machine, compute, seq, children, waiting, inbox, address }
    }

    pub(super) fn job(&self) -> JobId {
        self.machine.plan().job_id
    }

    /// Feeds messages to the machine and drains it; with none, only drains it.
    pub(super) fn turn(&mut self, messages: Vec<Message>) -> Turn {
        let commit = Commit { first_seq: self.seq, ..Commit::default() };
        let mut turn = Turn { commit, actions: Vec::new(), next: Next::Done, replies: Vec::new() };
        self.drain(&mut turn);
        for message in messages {
            self.feed(message, &mut turn);
            self.drain(&mut turn);
        }
        self.seq += turn.commit.changes.len() as i64;
        let changed = self.machine.take_changed();
        turn.commit.task_runs =
            changed.into_iter().filter_map(|run| TaskRow::of(&self.machine, run)).collect();
        turn.commit.standing = Some(Standing::of(&self.machine.job_view()));
        turn.commit.notices =
            turn.commit.changes.iter().flat_map(|change| told(&self.machine, change)).collect();
        turn
    }

    fn feed(&mut self, message: Message, turn: &mut Turn) {
        let now = self.driver.clock().now();
        match message {
            Message::Input(input, reply) => {
                let result = self.machine.handle(now, input);
                if let Some(reply) = reply {
                    turn.replies.push((reply, result));
                }
            }
            Message::Exec(event) => self.feed_event(event, turn),
            Message::CheckedOut(Ok(files)) => {
                turn.commit.checked_out = Some(files.commit.clone());
                let starts = self.waiting.over(Some(files));
                turn.actions.extend(starts.into_iter().map(|start| Action::Start(Box::new(start))));
            }
            Message::CheckedOut(Err(reason)) => {
                for start in self.waiting.over(None) {
                    let text = format!("The repository could not be checked out: {reason}");
                    let end = End::new(Outcome::Failed, TerminationCode::RepositoryCheckoutFailed, text);
                    self.feed(exited(start.run, end), turn);
                }
            }
        }
    }

    /// Events of attempts that the machine does not know as running come late and are dropped.
    fn feed_event(&mut self, event: ExecEvent, turn: &mut Turn) {
        let now = self.driver.clock().now();
        match event {
            ExecEvent::Started { run, pid } => {
                let known = self.machine.handle(now, Input::Started { run }).is_ok();
                if let Some(process) =
                    pid.filter(|_| known).and_then(|pid| super::process::identify(run, pid))
                {
                    turn.commit.started.push(process);
                }
            }
            ExecEvent::Value { run, key, value } => {
                if let Err(error) = self.machine.handle(now, Input::Value { run, key, value }) {
                    self.driver.notice(&format!("a task value of task run {run} was dropped: {error}"));
                }
            }
            ExecEvent::Exited { run, exit, output } => {
                if self.machine.handle(now, Input::Exited { run, exit }).is_ok() {
                    turn.commit.outputs.push((run, *output));
                    turn.commit.exited.push(run);
                    self.children.remove(&run);
                }
            }
        }
    }

    fn drain(&mut self, turn: &mut Turn) {
        loop {
            match self.machine.poll() {
                Output::Record(change) => turn.commit.changes.push(*change),
                Output::Start(start) => turn.actions.push(Action::Start(start)),
                Output::Stop { run, .. } => turn.actions.push(Action::Stop(run)),
                Output::Recover { run } => turn.actions.push(Action::Recover(run)),
                Output::Wait { until, .. } => {
                    turn.next = Next::Wait(until);
                    return;
                }
                Output::Done => {
                    turn.next = Next::Done;
                    return;
                }
            }
        }
    }

    /// Lives until the run is over or the engine stops. `turn` has been stored already.
    pub(super) async fn run(mut self, turn: Turn) {
        let Turn { mut actions, mut next, .. } = turn;
        loop {
            let mut messages = self.perform(actions).await;
            if messages.is_empty() {
                match next {
                    Next::Done => return,
                    Next::Wait(until) => messages = self.wait(until).await,
                }
            }
            let turn = self.turn(messages);
            // Actions beside an end are stops of attempts that have exited meanwhile; they are harmless.
            if turn.next == Next::Done {
                // The end and the freed slot become visible together, so that nobody repairs or counts a run in between.
                let gate = self.driver.gate().await;
                self.store(turn.commit).await;
                self.driver.ended(&gate, &self).await;
            } else {
                self.store(turn.commit).await;
            }
            for (reply, result) in turn.replies {
                // The asker may have gone away.
                let _ = reply.send(result);
            }
            (actions, next) = (turn.actions, turn.next);
        }
    }

    /// Stores one turn. A store that fails, a full disk for example, holds the run back until it works again: what was
    /// recorded is kept, and nothing that comes after it is done.
    async fn store(&self, commit: Commit) {
        let commit = Arc::new(commit);
        let mut delay = Duration::from_millis(250);
        while let Err(error) = self.driver.store().commit_run(self.run, Arc::clone(&commit)).await {
            self.driver.notice(&format!("run {} is held back: {error}", self.run));
            tokio::time::sleep(delay).await;
            delay = (delay * 2).min(Duration::from_secs(30));
        }
    }

    /// The next messages, or a time-out at the machine's timer.
    async fn wait(&mut self, until: Option<Tick>) -> Vec<Message> {
        let timer = async {
            match until {
                Some(tick) => tokio::time::sleep_until(self.driver.clock().deadline(tick)).await,
                None => std::future::pending().await,
            }
        };
        let mut messages = Vec::new();
        tokio::select! {
            // The actor holds its own address, so the inbox never closes.
            _ = self.inbox.recv_many(&mut messages, MOST_INPUTS) => messages,
            () = timer => vec![Message::Input(Input::Timeout, None)],
        }
    }

    /// Carries out actions in order. Returns what is known about them at once.
    async fn perform(&mut self, actions: Vec<Action>) -> Vec<Message> {
        let mut answers = Vec::new();
        for action in actions {
            match action {
                Action::Start(start) => answers.extend(self.start(*start).await),
                Action::Stop(run) if self.children.contains(&run) => self.driver.stop_child(run).await,
                Action::Stop(run) if self.waiting.forget(run) => {
                    let text = "stopped before it had begun";
                    let end = End::new(Outcome::Canceled, TerminationCode::UserCanceled, text);
                    answers.push(exited(run, end));
                }
                Action::Stop(run) => self.driver.executor().stop(run),
                Action::Recover(run) => answers.push(self.recover(run).await),
            }
        }
        answers
    }

    async fn start(&mut self, start: Start) -> Option<Message> {
        let run = start.run;
        if let Some(TaskKind::RunJob(task)) = start.task.kind() {
            self.children.insert(run);
            return match self.driver.start_child(self.run, run, task, &start.parameters).await {
                Ok(()) => Some(Message::Exec(ExecEvent::Started { run, pid: None })),
                Err(end) => Some(exited(run, end)),
            };
        }
        if let Err(reason) = self.driver.executor().supports(&start.task) {
            let message = format!("Task {} cannot run locally: {reason}", start.task_key);
            return Some(exited(run, End::new(Outcome::Failed, TerminationCode::FeatureDisabled, message)));
        }
        if let Some(start) = self.waiting.ready(&self.driver, &self.address, start) {
            self.driver.executor().start(self.attempt(start));
        }
        None
    }

    fn attempt(&self, start: Start) -> Attempt {
        let plan = self.machine.plan();
        Attempt {
            run: start.run,
            job_run: plan.run_id,
            job_id: plan.job_id,
            job_name: plan.job_name.clone(),
            task_key: start.task_key,
            attempt_number: start.attempt_number,
            environment: self.compute.environment(&start.task),
            environment_variables: self.compute.variables(&start.task),
            cluster: self.compute.cluster(&start.task),
            task: start.task,
            task_values: self.machine.task_values().clone(),
            values_left: self.machine.values_left() as u32,
        }
    }

    /// What became of an attempt that was recorded as started before the engine stopped. A child run is found in the store; a process
    /// is gone, since strays are ended before runs are restored, and whether it had done its work is not known.
    async fn recover(&mut self, run: RunId) -> Message {
        if let Ok(Some(child)) = self.driver.store().child_of(run).await {
            self.children.insert(run);
            return match child.standing.phase.end() {
                Some(end) => exited(run, super::child::parent_end(end)),
                None => Message::Input(Input::StillRunning { run }, None),
            };
        }
        let text = "the local engine was stopped while this attempt was running";
        exited(run, End::new(Outcome::Failed, TerminationCode::InternalError, text))
    }
}

/// The report of an attempt that has no process.
pub(super) fn exited(run: RunId, end: End) -> Message {
    let output = TaskOutput {
        error: (!end.outcome.is_success()).then(|| end.message.clone()),
        ..TaskOutput::default()
    };
    let exit = Exit { outcome: end.outcome, code: end.code, message: end.message, output: None };
    Message::Exec(ExecEvent::Exited { run, exit, output: Box::new(output) })
}

impl Turn {
    /// Attempts that this turn would start.
    pub(super) fn starts(&self) -> Vec<RunId> {
        self.actions
            .iter()
            .filter_map(|action| match action {
                Action::Start(start) => Some(start.run),
                Action::Stop(_) | Action::Recover(_) => None,
            })
            .collect()
    }
}
