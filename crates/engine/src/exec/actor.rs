//! The one task that owns every running attempt: it starts them, hears of their ends, bounds their logs and stops them.

use super::command::{Launch, end_of};
use super::internal::Shared;
use super::prepare::{Preparer, Ready};
use super::zygote::{Told, Zygote};
use super::{
    Attempt, AttemptFiles, ExecConfig, ExecEvent, Failure, TaskOutput, attempt_files, log, process, request,
    result, streams, times::Growth,
};
use crate::clock::Clock;
use lakeflow_core::execution::Exit;
use lakeflow_core::id::RunId;
use lakeflow_core::run::TerminationCode;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// How often the lengths of logs are looked at while attempts run.
const LOG_CHECK: Duration = Duration::from_millis(100);

pub(super) enum Command {
    Start(Box<Attempt>),
    Stop(RunId),
    /// Removes what no attempt has used since; fails are told to whoever asked.
    Prune(SystemTime, oneshot::Sender<std::io::Result<()>>),
    Shutdown(oneshot::Sender<()>),
}

/// What the actor hears of the work it has begun.
pub(super) enum Word {
    /// From a zygote, with its generation.
    Zygote(u64, Told),
    /// An attempt can be started, or cannot.
    Ready(RunId, Result<Ready, Failure>),
    /// A process of its own is gone: exit code and signal.
    Over(RunId, Option<i32>, Option<i32>),
}

/// Who runs an attempt.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nobody yet.
    Preparing,
    /// The zygote of this generation.
    Warm(u64),
    /// A process of its own.
    Own,
}

/// An attempt that is not over.
struct Live {
    attempt: Arc<Attempt>,
    token: String,
    place: Place,
    group: Option<i32>,
    /// What runs, when it is a program of its own.
    program: Option<PathBuf>,
    /// Stopping: when the group is killed, unless it ends before.
    kill_at: Option<Instant>,
    /// Bytes of the log that are gone from its beginning.
    trimmed: u64,
    growth: Growth,
}

pub(super) struct Actor {
    config: ExecConfig,
    runner: PathBuf,
    preparer: Arc<Preparer>,
    events: UnboundedSender<ExecEvent>,
    shared: Arc<Shared>,
    zygote: Option<Zygote>,
    generation: u64,
    live: BTreeMap<RunId, Live>,
    /// When the logs are looked at next; only used while something runs.
    log_check: Instant,
    told: UnboundedSender<Word>,
    hears: UnboundedReceiver<Word>,
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
            preparer: Arc::new(Preparer::new(config.clone(), runner.clone(), Arc::clone(&shared))),
            config,
            runner,
            events,
            shared,
            zygote: None,
            generation: 0,
            live: BTreeMap::new(),
            log_check: Instant::now(),
            told,
            hears,
        }
    }

    pub(super) async fn run(mut self, mut inbox: UnboundedReceiver<Command>) {
        loop {
            let kill_at = self.live.values().filter_map(|live| live.kill_at).min();
            let check_at = self.live.values().any(|live| live.group.is_some()).then_some(self.log_check);
            tokio::select! {
                command = inbox.recv() => match command {
                    Some(Command::Start(attempt)) => self.start(attempt),
                    Some(Command::Stop(run)) => self.stop(run),
                    Some(Command::Prune(before, done)) => self.prune(before, done),
                    Some(Command::Shutdown(done)) => {
                        self.end_all().await;
                        // Nobody waits any more when the receiver is gone.
                        let _ = done.send(());
                        return;
                    }
                    None => return self.end_all().await,
                },
                Some(word) = self.hears.recv() => self.hear(word).await,
                () = sleep_until(kill_at) => self.kill_overdue(),
                () = sleep_until(check_at) => self.look_at_logs(),
            }
        }
    }

    /// Begins to prepare an attempt, which may take long, beside everything else.
    fn start(&mut self, attempt: Box<Attempt>) {
        let run = attempt.run;
        let attempt = Arc::<Attempt>::from(attempt);
        let token = self.shared.admit(request::catalogs(&attempt.task));
        let live = Live {
            attempt: Arc::clone(&attempt),
            token: token.clone(),
            place: Place::Preparing,
            group: None,
            program: None,
            kill_at: None,
            trimmed: 0,
            growth: Growth::default(),
        };
        self.live.insert(run, live);
        let (preparer, told) = (Arc::clone(&self.preparer), self.told.clone());
        tokio::spawn(async move {
            let ready = preparer.prepare(&attempt, &token).await;
            // A closed channel means that the engine is going down and starts nothing more.
            let _ = told.send(Word::Ready(run, ready));
        });
    }

    async fn hear(&mut self, word: Word) {
        match word {
            Word::Zygote(generation, told) => self.hear_zygote(generation, told).await,
            // One that was stopped meanwhile is not there any more.
            Word::Ready(run, _) if !self.live.contains_key(&run) => {}
            Word::Ready(run, ready) => {
                let begun = match ready {
                    Ok(Ready::Warm(request)) => self.ask_zygote(run, &request).await,
                    Ok(Ready::Own(launch)) => self.launch(run, &launch),
                    Err(failure) => Err(failure),
                };
                if let Err(failure) = begun {
                    self.fail(run, failure);
                }
            }
            Word::Over(run, code, signal) => self.ended(run, code, signal).await,
        }
    }

    async fn ask_zygote(&mut self, run: RunId, request: &Value) -> Result<(), Failure> {
        let id = run.to_string();
        let mut asked = false;
        if let Some(zygote) = &mut self.zygote {
            // When it died with nothing to do, nothing of the attempt has begun, and another one can be asked.
            asked = zygote.start(&id, request).await.is_ok();
        }
        if !asked {
            let interpreter = self.shared.interpreter().await?;
            self.generation += 1;
            let told = self.told.clone();
            let zygote = Zygote::spawn(interpreter, &self.runner, self.generation, told)?;
            self.zygote.insert(zygote).start(&id, request).await?;
        }
        if let Some(live) = self.live.get_mut(&run) {
            live.place = Place::Warm(self.generation);
        }
        Ok(())
    }

    fn launch(&mut self, run: RunId, launch: &Launch) -> Result<(), Failure> {
        let mut child = launch.start(&attempt_files(&self.config.data_dir, run).log())?;
        let group = child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(live) = self.live.get_mut(&run) {
            live.place = Place::Own;
            live.group = group;
            live.program = Some(launch.program.clone());
        }
        let told = self.told.clone();
        tokio::spawn(async move {
            let (code, signal) = end_of(child.wait().await);
            // A closed channel means that the engine is going down and wants to hear no more.
            let _ = told.send(Word::Over(run, code, signal));
        });
        self.tell(ExecEvent::Started { run, pid: group });
        Ok(())
    }

    async fn hear_zygote(&mut self, generation: u64, told: Told) {
        let run_of = |id: &str| id.parse::<RunId>().ok();
        match told {
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
                    self.fail(run, Failure::new(TerminationCode::DriverError, message));
                }
            }
            Told::Gone => self.lose_zygote(generation).await,
        }
    }

    /// A zygote is gone, and with it the ends of its children.
    async fn lose_zygote(&mut self, generation: u64) {
        if generation == self.generation {
            self.zygote = None;
        }
        let was_its = |live: &Live| live.place == Place::Warm(generation);
        let lost: Vec<RunId> =
            self.live.iter().filter(|(_, live)| was_its(live)).map(|(run, _)| *run).collect();
        for run in lost {
            // A child that was already done has left its result: its end is known in spite of everything.
            self.ended(run, None, None).await;
        }
    }

    async fn ended(&mut self, run: RunId, code: Option<i32>, signal: Option<i32>) {
        let Some(live) = self.live.get(&run) else { return };
        if let Some(group) = live.group {
            // Whatever the attempt left running in its group ends with it.
            process::kill(group);
        }
        let files = attempt_files(&self.config.data_dir, run);
        let (attempt, trimmed, mut growth) = (Arc::clone(&live.attempt), live.trimmed, live.growth);
        let read = tokio::task::spawn_blocking(move || {
            look_at_log(&files, trimmed, &mut growth);
            result::read(&files, &attempt.task, code, signal)
        });
        match read.await {
            Ok(read) => {
                for (key, value) in read.values {
                    self.tell(ExecEvent::Value { run, key, value });
                }
                self.report(run, read.exit, read.output);
            }
            Err(fault) => {
                let message = format!("the result of the attempt cannot be read: {fault}");
                self.fail(run, Failure::internal(message));
            }
        }
    }

    fn stop(&mut self, run: RunId) {
        let Some(live) = self.live.get_mut(&run) else { return };
        if live.place == Place::Preparing {
            let message = "stopped before it was started";
            self.fail(run, Failure::new(TerminationCode::Canceled, message));
        } else if live.kill_at.is_none() {
            live.kill_at = Some(Instant::now() + self.config.grace);
            if let Some(group) = live.group {
                process::terminate(group);
            }
        }
    }

    fn prune(&self, before: SystemTime, done: oneshot::Sender<std::io::Result<()>>) {
        let in_use: Vec<PathBuf> = self.live.values().filter_map(|live| live.program.clone()).collect();
        let preparer = Arc::clone(&self.preparer);
        tokio::task::spawn_blocking(move || {
            // Nobody waits any more when the receiver is gone.
            let _ = done.send(preparer.prune(before, &in_use));
        });
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

    fn look_at_logs(&mut self) {
        for (run, live) in &mut self.live {
            let files = attempt_files(&self.config.data_dir, *run);
            live.trimmed = look_at_log(&files, live.trimmed, &mut live.growth);
        }
        self.log_check = Instant::now() + LOG_CHECK;
    }

    /// The engine goes down: every attempt is ended at once and nothing more is told, so that a restart finds them
    /// as attempts that were cut off.
    async fn end_all(&mut self) {
        self.preparer.end();
        for live in self.live.values() {
            if let Some(group) = live.group {
                process::kill(group);
            }
        }
        if let Some(zygote) = self.zygote.take() {
            zygote.end().await;
        }
        self.live.retain(|_, live| live.place == Place::Own);
        while !self.live.is_empty() {
            if let Some(Word::Over(run, _, _)) = self.hears.recv().await {
                self.live.remove(&run);
            }
        }
    }

    fn fail(&mut self, run: RunId, failure: Failure) {
        let (exit, output) = failure.into_end();
        self.report(run, exit, output);
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

/// Notes when a log has grown, and trims one that has grown too long; returns how much of it is gone. One that is not there, or
/// that cannot be trimmed, is looked at again next time.
fn look_at_log(files: &AttemptFiles, trimmed: u64, growth: &mut Growth) -> u64 {
    let path = files.log();
    streams::trim(&files.marks());
    let length = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
    growth.look(&files.times(), length, Clock::wall().0);
    match log::due(length, trimmed) {
        Some(end) if log::trim(&path, end).is_ok() => end,
        _ => trimmed,
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
