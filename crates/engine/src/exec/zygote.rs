//! The warm interpreter: one Python process that forks a clean child for each attempt, so that interpreter start is
//! paid once. It speaks one JSON document a line (`crates/engine/runner/PROTOCOL.md`).
//!
//! When it dies, its children's ends can no longer be seen: everything it had started is reported as lost, and the
//! next attempt gets a new one.

use super::actor::Word;
use super::python::Interpreter;
use lakeflow_core::error::{Error, ErrorCode};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc::UnboundedSender;

/// What a zygote says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The child runs as its own process group.
    Started {
        /// As given to [`Zygote::start`].
        id: String,
        /// Process and group id.
        pid: i32,
    },
    /// The child is gone.
    Exited {
        /// As given to [`Zygote::start`].
        id: String,
        /// Exit code, unless a signal ended it.
        code: Option<i32>,
        /// The signal that ended it.
        signal: Option<i32>,
    },
    /// No child was made.
    Refused {
        /// As given to [`Zygote::start`].
        id: String,
        /// Why.
        message: String,
    },
    /// The zygote itself is gone.
    Gone,
}

/// A running zygote.
#[derive(Debug)]
pub(super) struct Zygote {
    input: ChildStdin,
    child: Child,
}

impl Zygote {
    /// Starts one; everything it says goes to `told`, in order, with `generation` so that a late word of an earlier
    /// zygote is not taken for this one's.
    pub(super) fn spawn(
        interpreter: &Interpreter,
        runner: &Path,
        generation: u64,
        told: UnboundedSender<Word>,
    ) -> Result<Self, Error> {
        let fault = |message: String| Error::new(ErrorCode::Internal, "start_runner", message);
        let mut child = Command::new(&interpreter.path)
            .args(["-I", "-u"])
            .arg(runner)
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| fault(format!("cannot start {}: {e}", interpreter.path.display())))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(fault("the runner has no pipes".to_owned()));
        };
        tokio::spawn(listen(output, generation, told));
        Ok(Self { input, child })
    }

    /// Asks for a child that carries out `request`. The answer comes as [`Told`].
    pub(super) async fn start(&mut self, id: &str, request: &Value) -> Result<(), Error> {
        let mut line = json!({ "op": "start", "id": id, "request": request }).to_string();
        line.push('\n');
        let written = self.input.write_all(line.as_bytes()).await;
        written
            .map_err(|e| Error::new(ErrorCode::Internal, "start_attempt", format!("the runner is gone: {e}")))
    }
}

impl Zygote {
    /// Ends the zygote and waits until it is gone.
    pub(super) async fn end(mut self) {
        // One that is gone already needs no ending.
        let _ = self.child.kill().await;
    }
}

async fn listen(output: ChildStdout, generation: u64, told: UnboundedSender<Word>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(word) = serde_json::from_str(&line).ok().as_ref().and_then(understand) {
            // A closed channel means that the engine is going down and wants to hear no more.
            let _ = told.send(Word::Zygote(generation, word));
        }
    }
    let _ = told.send(Word::Zygote(generation, Told::Gone));
}

fn understand(word: &Value) -> Option<Told> {
    let id = word["id"].as_str()?.to_owned();
    let int = |key: &str| word[key].as_i64().and_then(|n| i32::try_from(n).ok());
    match word["event"].as_str()? {
        "started" => Some(Told::Started { id, pid: int("pid")? }),
        "exited" => Some(Told::Exited { id, code: int("exit_code"), signal: int("signal") }),
        "refused" => {
            Some(Told::Refused { id, message: word["message"].as_str().unwrap_or_default().to_owned() })
        }
        _ => None,
    }
}
