//! The one task that owns every running attempt: it starts them, hears of their ends and stops them.

use super::internal::Shared;
use super::zygote::{Told, Zygote};
use super::{Attempt, ExecConfig, ExecEvent, TaskOutput, attempt_files, process, request, result};
use lakeflow_core::error::Error;
use lakeflow_core::execution::Exit;
use lakeflow_core::id::RunId;
use lakeflow_core::run::{Outcome, TerminationCode};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::Instant;

pub(super) enum Command {
    Start(Box<Attempt>),
    Stop(RunId),
    Shutdown(oneshot::Sender<()>),
}

/// A running attempt.
struct Live {
    attempt: Box<Attempt>,
    token: String,
    group: Option<i32>,
    /// Stopping: when the group is killed, unless it ends before.
    kill_at: Option<Instant>,
}

pub(super) struct Actor {
    config: ExecConfig,
    runner: PathBuf,
    events: UnboundedSender<ExecEvent>,
    shared: Arc<Shared>,
    zygote: Option<Zygote>,
    generation: u64,
    live: BTreeMap<RunId, Live>,
    told: UnboundedSender<(u64, Told)>,
    hears: UnboundedReceiver<(u64, Told)>,
}

impl Actor {
    pub(super) fn new(
        config: ExecConfig,
        runner: PathBuf,
        events: UnboundedSender<ExecEvent>,
        shared: Arc<Shared>,
    ) -> Self {
        let (told, hears) = unbounded_channel();
        Self {
            config,
            runner,
            events,
            shared,
            zygote: None,
            generation: 0,
            live: BTreeMap::new(),
            told,
            hears,
        }
    }

    pub(super) async fn run(mut self, mut inbox: UnboundedReceiver<Command>) {
        loop {
            let kill_at = self.live.values().filter_map(|live| live.kill_at).min();
            tokio::select! {
                command = inbox.recv() => match command {
                    Some(Command::Start(attempt)) => self.start(attempt).await,
                    Some(Command::Stop(run)) => self.stop(run),
                    Some(Command::Shutdown(done)) => {
                        self.end_all().await;
                        // Nobody waits any more when the receiver is gone.
                        let _ = done.send(());
                        return;
                    }
                    None => return self.end_all().await,
                },
                Some((generation, word)) = self.hears.recv() => self.hear(generation, word).await,
                () = sleep_until(kill_at) => self.kill_overdue(),
            }
        }
    }

    async fn start(&mut self, attempt: Box<Attempt>) {
        let run = attempt.run;
        let files = attempt_files(&self.config.data_dir, run);
        let token = self.shared.admit(request::catalogs(&attempt.task));
        let started = match request::build(&self.config, &attempt, &files, &token) {
            Ok(request) => {
                self.live.insert(run, Live { attempt, token, group: None, kill_at: None });
                self.ask_zygote(run, &request).await.map_err(|error| (TerminationCode::DriverError, error))
            }
            Err(error) => {
                self.live.insert(run, Live { attempt, token, group: None, kill_at: None });
                Err((TerminationCode::InvalidRunConfiguration, error))
            }
        };
        if let Err((code, error)) = started {
            self.report(run, failed(code, &error.message), failure_output(&error.message));
        }
    }

    async fn ask_zygote(&mut self, run: RunId, request: &serde_json::Value) -> Result<(), Error> {
        if self.zygote.is_none() {
            let interpreter = self.shared.interpreter().await?;
            self.generation += 1;
            self.zygote = Some(Zygote::spawn(interpreter, &self.runner, self.generation, self.told.clone())?);
        }
        match &mut self.zygote {
            Some(zygote) => zygote.start(&run.to_string(), request).await,
            None => Ok(()),
        }
    }

    async fn hear(&mut self, generation: u64, word: Told) {
        let run_of = |id: &str| id.parse::<RunId>().ok();
        match word {
            Told::Started { id, pid } => {
                let Some((run, live)) = run_of(&id).and_then(|run| Some((run, self.live.get_mut(&run)?)))
                else {
                    return;
                };
                live.group = Some(pid);
                if live.kill_at.is_some() {
                    process::terminate(pid);
                }
                self.tell(ExecEvent::Started { run, pid: Some(pid) });
            }
            Told::Exited { id, code, signal } => {
                if let Some(run) = run_of(&id) {
                    self.ended(run, code, signal).await;
                }
            }
            Told::Refused { id, message } => {
                if let Some(run) = run_of(&id) {
                    self.report(
                        run,
                        failed(TerminationCode::DriverError, &message),
                        failure_output(&message),
                    );
                }
            }
            Told::Gone if generation == self.generation => {
                self.zygote = None;
                let lost: Vec<RunId> = self.live.keys().copied().collect();
                for run in lost {
                    // A child that was already done has left its result: its end is known in spite of everything.
                    self.ended(run, None, None).await;
                }
            }
            Told::Gone => {}
        }
    }

    async fn ended(&mut self, run: RunId, code: Option<i32>, signal: Option<i32>) {
        let Some(live) = self.live.get(&run) else { return };
        if let Some(group) = live.group {
            // Whatever the attempt left running in its group ends with it.
            process::kill(group);
        }
        let files = attempt_files(&self.config.data_dir, run);
        let task = live.attempt.task.clone();
        let read = tokio::task::spawn_blocking(move || result::read(&files, &task, code, signal)).await;
        match read {
            Ok(read) => {
                for (key, value) in read.values {
                    self.tell(ExecEvent::Value { run, key, value });
                }
                self.report(run, read.exit, read.output);
            }
            Err(fault) => {
                let message = format!("the result of the attempt cannot be read: {fault}");
                self.report(run, failed(TerminationCode::InternalError, &message), failure_output(&message));
            }
        }
    }

    fn stop(&mut self, run: RunId) {
        let Some(live) = self.live.get_mut(&run) else { return };
        if live.kill_at.is_none() {
            live.kill_at = Some(Instant::now() + self.config.grace);
            if let Some(group) = live.group {
                process::terminate(group);
            }
        }
    }

    fn kill_overdue(&mut self) {
        let now = Instant::now();
        for live in self.live.values_mut() {
            if live.kill_at.is_some_and(|at| at <= now) {
                if let Some(group) = live.group {
                    process::kill(group);
                }
                // Asked again a grace time later, should the group not be known yet.
                live.kill_at = Some(now + self.config.grace);
            }
        }
    }

    /// The engine goes down: every attempt is ended at once and nothing more is told, so that a restart finds them
    /// as attempts that were cut off.
    async fn end_all(&mut self) {
        for live in self.live.values() {
            if let Some(group) = live.group {
                process::kill(group);
            }
        }
        if let Some(zygote) = self.zygote.take() {
            zygote.end().await;
        }
    }

    fn report(&mut self, run: RunId, exit: Exit, output: TaskOutput) {
        if let Some(live) = self.live.remove(&run) {
            self.shared.dismiss(&live.token);
            self.tell(ExecEvent::Exited { run, exit, output: Box::new(output) });
        }
    }

    fn tell(&self, event: ExecEvent) {
        // The driver only goes away with the whole engine.
        let _ = self.events.send(event);
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

pub(super) fn failed(code: TerminationCode, message: &str) -> Exit {
    Exit { outcome: Outcome::Failed, code, message: message.to_owned(), output: None }
}

fn failure_output(message: &str) -> TaskOutput {
    TaskOutput { error: Some(message.to_owned()), ..TaskOutput::default() }
}
