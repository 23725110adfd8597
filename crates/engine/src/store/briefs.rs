//! Of task runs what a matrix shows. A matrix reads tens of thousands, so only the head of each document is read, by a
//! shape without detours; what that shape does not fit is read whole. It knows documents, not what is made of them.

use super::db::{Db, Store};
use super::runs::collect;
use lakeflow_core::error::Error;
use lakeflow_core::execution::{RUNS_PER_JOB_RUN, TaskRunView};
use lakeflow_core::id::RunId;
use lakeflow_core::run::{End, Phase};
use lakeflow_core::time::WallTime;
use serde::Deserialize;
use std::borrow::Cow;

/// Of a task run what a matrix shows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TaskBrief {
    pub(crate) run_id: RunId,
    pub(crate) task_key: String,
    /// Whether it is an iteration of a for-each task run.
    pub(crate) inner: bool,
    /// Where it stands; of one that is over without the message.
    pub(crate) phase: Phase,
    pub(crate) start_time: Option<WallTime>,
    pub(crate) end_time: Option<WallTime>,
}

/// What begins the definition in a document; text within it has no quotes that are not escaped.
const DEFINITION: &str = ",\"task\":{";

#[derive(Deserialize)]
struct Whole {
    view: TaskRunView,
}

/// The fields before the definition.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    view: HeadView<'a>,
}

#[derive(Deserialize)]
struct HeadView<'a> {
    run_id: i64,
    #[serde(borrow)]
    task_key: Cow<'a, str>,
    iteration_of: Option<i64>,
    #[serde(borrow)]
    phase: Stage<'a>,
    start_time: Option<WallTime>,
    end_time: Option<WallTime>,
}

#[derive(Deserialize)]
struct Stage<'a> {
    #[serde(borrow)]
    phase: Cow<'a, str>,
    #[serde(borrow, default)]
    outcome: Cow<'a, str>,
    #[serde(borrow, default)]
    code: Cow<'a, str>,
}

/// A task run that is over, out of the head of its document; `buffer` is kept between documents.
fn quick(text: &str, buffer: &mut String) -> Option<TaskBrief> {
    let (head, _) = text.split_once(DEFINITION)?;
    buffer.clear();
    buffer.push_str(head);
    buffer.push_str("}}");
    let Head { view } = serde_json::from_str(buffer).ok()?;
    if view.phase.phase != "ended" {
        return None;
    }
    let (outcome, code) = ((&*view.phase.outcome).into(), (&*view.phase.code).into());
    Some(TaskBrief {
        run_id: RunId(view.run_id),
        task_key: view.task_key.into_owned(),
        inner: view.iteration_of.is_some(),
        phase: Phase::Ended(End { outcome, code, message: String::new() }),
        start_time: view.start_time,
        end_time: view.end_time,
    })
}

fn brief(text: &str, buffer: &mut String) -> Db<TaskBrief> {
    if let Some(brief) = quick(text, buffer) {
        return Ok(brief);
    }
    let Whole { view } = serde_json::from_str(text)?;
    Ok(TaskBrief {
        run_id: view.run_id,
        task_key: view.task_key,
        inner: view.iteration_of.is_some(),
        phase: view.phase,
        start_time: view.start_time,
        end_time: view.end_time,
    })
}

impl Store {
    /// Every task run of a job run in order of id, in short.
    pub(crate) async fn task_briefs(&self, run: RunId) -> Result<Vec<TaskBrief>, Error> {
        self.read("task_briefs", move |db| {
            // Ids of one job run lie side by side, and rows in order of id: no index is needed.
            let mut statement = db.prepare_cached(
                "SELECT row FROM task_runs WHERE task_run_id BETWEEN ?1 AND ?2 ORDER BY task_run_id",
            )?;
            let buffer = std::cell::RefCell::new(String::new());
            collect(statement.query([run.0, run.0 + RUNS_PER_JOB_RUN - 1])?, |row| {
                let text = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
                brief(text, &mut buffer.borrow_mut())
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::super::runs::TaskRow;
    use super::*;
    use lakeflow_core::run::wire::Level;

    fn document(key: &str, phase: &str) -> String {
        let task = r#"{"task_key":"a","condition_task":{"op":"EQUAL_TO","left":"1","right":"1"}}"#;
        let text = format!(
            r#"{{"view":{{"run_id":4294967297,"task_key":{},"iteration_of":null,"iteration":null,"attempt_number":0,
            "repair_id":null,"listed":true,"phase":{phase},"start_time":5,"execution_start":null,"end_time":9,
            "task":{task},"resolved":null,"condition_outcome":null,"stats":null}}}}"#,
            serde_json::to_string(key).unwrap()
        );
        // As the store writes it: another order of fields is seen here.
        serde_json::to_string(&serde_json::from_str::<TaskRow>(&text).unwrap()).unwrap()
    }

    #[test]
    fn the_head_says_of_ends_what_the_whole_document_says() {
        let ends = [
            ("SUCCESS", "SUCCESS"),
            ("FAILED", "INTERNAL_ERROR"),
            ("TIMEDOUT", "RUN_EXECUTION_ERROR"),
            ("NEW", "NEWER"),
        ];
        let mut buffer = String::new();
        for (outcome, code) in ends {
            for key in ["plain", r#"","task":{"#, "ä\n\\"] {
                let phase = format!(
                    r#"{{"phase":"ended","outcome":"{outcome}","code":"{code}","message":"{{\",\\\"task\\\":{{"}}"#
                );
                let text = document(key, &phase);
                let whole = serde_json::from_str::<TaskRow>(&text).unwrap().view;
                let brief = quick(&text, &mut buffer).expect("read by its head");
                assert_eq!((brief.task_key.as_str(), brief.run_id), (key, whole.run_id));
                assert_eq!((brief.start_time, brief.end_time), (whole.start_time, whole.end_time));
                assert_eq!(brief.phase.state_key(Level::Task), whole.phase.state_key(Level::Task));
                assert_eq!(brief.phase.is_success(), whole.phase.is_success());
            }
        }
    }

    #[test]
    fn what_is_not_over_is_read_whole() {
        let mut buffer = String::new();
        for phase in [r#"{"phase":"running"}"#, r#"{"phase":"queued","code":"Q","message":"m"}"#] {
            let text = document("a", phase);
            assert_eq!(quick(&text, &mut buffer), None);
            let expected: Phase = serde_json::from_str(phase).unwrap();
            assert_eq!(brief(&text, &mut buffer).unwrap().phase, expected);
        }
    }
}
