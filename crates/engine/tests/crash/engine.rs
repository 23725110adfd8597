//! The engine that is killed: this test binary once more, started by `process` with a folder in its environment.
//!
//! Its attempts are shell commands, named by the file of a Python task: quick, yet real process groups with a log.

use lakeflow_core::execution::Exit;
use lakeflow_core::id::RunId;
use lakeflow_core::job::Task;
use lakeflow_core::run::{Outcome, TerminationCode};
use lakeflow_engine::exec::process::kill;
use lakeflow_engine::exec::{Attempt, AttemptFiles, ExecEvent, TaskOutput};
use lakeflow_engine::{Config, Engine, Executor, ExecutorContext, Notice};
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::future::{Future, pending, ready};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::process::Command;
use tokio::sync::mpsc::UnboundedSender;

/// The data folder of the engine to be; without it the test below has nothing to do.
pub(crate) const FOLDER: &str = "CRASH_FOLDER";
/// Where it dies beside the point that is armed in its database: `before-start N`, `after-start N`; `mute`: it never gets to
/// record a process; `real`: it runs attempts as the engine of users does; `triggers`: its triggers fire.
pub(crate) const DEATH: &str = "CRASH_DEATH";
/// Message of the trigger that stands for the instruction at which the engine is killed.
pub(crate) const POINT: &str = "crash point";
/// Ids of attempts that ran, a line each, below the data folder.
pub(crate) const RAN: &str = "ran.txt";

/// The process that is killed. Run by itself it returns at once.
#[tokio::test]
async fn engine_process() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let death = std::env::var(DEATH).unwrap_or_default();
    let notice = Notice::new(|line| {
        if line.contains(POINT) {
            die();
        }
    });
    let fire_triggers = death == "triggers";
    let look_for_files = Duration::from_millis(5);
    let config = Config { notice, fire_triggers, look_for_files, ..Config::new(&folder) };
    let started = if death == "real" {
        Engine::start(config).await
    } else {
        let shell = |context| Ok(Arc::new(Shell::new(context, &death)) as Arc<dyn Executor>);
        Engine::start_with(config, shell).await
    };
    match started {
        Ok(_engine) => pending::<()>().await,
        Err(error) if error.message.contains(POINT) => die(),
        Err(error) => panic!("{error}"),
    }
}

/// As `kill -9` from outside: nothing is run or written any more.
fn die() {
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).unwrap();
}

/// What an attempt does: `$1` is its id, `$2` the file of ids, `$3` its number.
const COMMANDS: &[(&str, &str)] = &[
    ("/ok", "echo $1 >> $2"),
    ("/slow", "echo $1 >> $2; sleep 0.03"),
    ("/fail", "echo $1 >> $2; exit 1"),
    ("/once", "echo $1 >> $2; [ $3 -gt 0 ]"),
    ("/hold", "echo $1 >> $2; [ $3 -gt 0 ] && exit 0; trap '' TERM; setsid sleep 600 & sleep 600 & wait"),
];

struct Shell {
    events: UnboundedSender<ExecEvent>,
    data_dir: PathBuf,
    death: Vec<String>,
    starts: AtomicU32,
    groups: Arc<Mutex<BTreeMap<RunId, i32>>>,
}

impl Shell {
    fn new(context: ExecutorContext, death: &str) -> Self {
        Self {
            events: context.events,
            data_dir: context.data_dir,
            death: death.split(' ').map(str::to_owned).collect(),
            starts: AtomicU32::new(0),
            groups: Arc::default(),
        }
    }

    fn dies(&self, place: &str, start: u32) -> bool {
        self.death.first().is_some_and(|word| word == place)
            && self.death.get(1).is_some_and(|number| *number == start.to_string())
    }
}

fn command(attempt: &Attempt, data_dir: &Path, log: &Path) -> Command {
    let file = &attempt.task.spark_python_task.as_ref().unwrap().python_file;
    let (_, script) = COMMANDS.iter().find(|(name, _)| name == file).unwrap();
    let output = OpenOptions::new().create(true).append(true).open(log).unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh", &attempt.run.to_string()]).arg(data_dir.join(RAN));
    command.arg(attempt.attempt_number.to_string()).stdin(std::process::Stdio::null());
    command.stdout(output.try_clone().unwrap()).stderr(output).process_group(0);
    command
}

impl Executor for Shell {
    fn start(&self, attempt: Attempt) {
        let start = self.starts.fetch_add(1, Ordering::SeqCst) + 1;
        if self.dies("before-start", start) {
            die();
        }
        let (run, files) = (attempt.run, self.files(attempt.run));
        std::fs::create_dir_all(&files.dir).unwrap();
        let mut child = command(&attempt, &self.data_dir, &files.log()).spawn().unwrap();
        if self.dies("after-start", start) {
            die();
        }
        let pid = child.id().unwrap() as i32;
        self.groups.lock().unwrap().insert(run, pid);
        // A mute engine has the process but never gets to record it.
        if self.death != ["mute"] {
            self.events.send(ExecEvent::Started { run, pid: Some(pid) }).unwrap();
        }
        let (events, groups) = (self.events.clone(), Arc::clone(&self.groups));
        tokio::spawn(async move {
            let ok = child.wait().await.unwrap().success();
            groups.lock().unwrap().remove(&run);
            let (outcome, code) = if ok {
                (Outcome::Success, TerminationCode::Success)
            } else {
                (Outcome::Failed, TerminationCode::RunExecutionError)
            };
            let exit = Exit { outcome, code, message: String::new(), output: None };
            events.send(ExecEvent::Exited { run, exit, output: Box::new(TaskOutput::default()) }).unwrap();
        });
    }

    fn stop(&self, run: RunId) {
        if let Some(group) = self.groups.lock().unwrap().get(&run) {
            kill(*group);
        }
    }

    fn supports(&self, task: &Task) -> Result<(), String> {
        task.spark_python_task.as_ref().map(|_| ()).ok_or_else(|| "no command".to_owned())
    }

    fn files(&self, run: RunId) -> AttemptFiles {
        AttemptFiles { dir: self.data_dir.join("runs").join(run.to_string()) }
    }

    fn shutdown(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(ready(()))
    }
}
