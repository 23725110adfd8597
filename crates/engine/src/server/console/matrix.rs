//! The matrix of a job: its tasks and its newest runs, a letter for each cell. Reads the heads of task runs, not whole ones.

use super::Answer;
use super::ask::Ask;
use super::jobs::{COLUMNS, MOST_RUNS, head, ordered};
use super::run::{duration, median};
use super::task::line;
use crate::clock::Clock;
use crate::live::shapes;
use crate::server::jobs::find;
use crate::store::{RunFilter, RunRow, TaskBrief};
use lakeflow_core::run::wire::Level;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// Letters of states in the cells of a matrix, in this order from `a`; what is not among them is `?`.
const CODES: [&str; 17] = [
    "QUEUED",
    "PENDING",
    "BLOCKED",
    "RUNNING",
    "WAITING_FOR_RETRY",
    "TERMINATING",
    "SUCCESS",
    "SUCCESS_WITH_FAILURES",
    "FAILED",
    "TIMEDOUT",
    "INTERNAL_ERROR",
    "CANCELED",
    "UPSTREAM_FAILED",
    "UPSTREAM_CANCELED",
    "SKIPPED",
    "EXCLUDED",
    "DISABLED",
];

/// `GET jobs/ID/matrix`: the newest runs as columns, or those up to `with=RUN` or before `before=RUN`. Of a
/// cell there are a letter, its milliseconds and its attempt, both 0 where there is none: `ids` count from the run's id.
/// `tries` has the letters of all attempts of what was tried more than once, by the number of its row.
pub(super) async fn matrix(ask: Ask) -> Answer {
    let app = &ask.app;
    let store = app.driver.store();
    let seq = store.feed().last();
    let job = find(app, ask.id()?).await?;
    let limit = ask.number("count", 1, MOST_RUNS).unwrap_or(COLUMNS);
    let mut filter = RunFilter { job_id: Some(job.job_id), limit, ..RunFilter::default() };
    if let Some(at) = ask.query("with").or(ask.query("before")) {
        let run = store.run(super::id_of(Some(at), "run")?).await?;
        // The page is chosen so that the linked run is in it, with a few newer ones beside it.
        let step = i64::from(ask.query("with").is_some());
        filter.before = run.map(|run| (run.start_time.0, run.run_id.0 + step));
    }
    let mut runs = store.runs(filter, |_, _| true).await?;
    let older = match runs.last() {
        Some(oldest) => {
            let before = Some((oldest.start_time.0, oldest.run_id.0));
            let filter = RunFilter { job_id: Some(job.job_id), before, limit: 1, ..RunFilter::default() };
            !store.runs(filter, |_, _| true).await?.is_empty()
        }
        None => false,
    };
    runs.reverse();
    let mut lines = Lines::default();
    for task in ordered(&job.settings.tasks) {
        lines.place.insert(task.task_key.clone(), lines.rows.len());
        lines.rows.push(line(app, task));
    }
    let mut columns = Vec::with_capacity(runs.len());
    for run in &runs {
        columns.push(lines.column(run, store.task_briefs(run.run_id).await?));
    }
    let total = store.count_runs(Some(job.job_id)).await?;
    Ok(json!({
        "instance": store.feed().instance(), "seq": seq, "now": Clock::wall(),
        "job": head(app, &job).await?, "rows": lines.finish(), "runs": columns, "older": older, "total": total,
        "figures": figures(&runs),
    }))
}

/// The rows of a matrix, which are the job's tasks and those that its runs had.
#[derive(Default)]
struct Lines {
    rows: Vec<Value>,
    /// The number of a task's row.
    place: HashMap<String, usize>,
    /// Milliseconds of what succeeded, by row.
    took: BTreeMap<usize, Vec<i64>>,
}

impl Lines {
    /// The number of a task's row; a row is added for a task that the job no longer has.
    fn row(&mut self, key: &str) -> usize {
        if let Some(row) = self.place.get(key) {
            return *row;
        }
        self.rows.push(json!({ "key": key, "type": "", "gone": true }));
        self.place.insert(key.to_owned(), self.rows.len() - 1);
        self.rows.len() - 1
    }

    /// A run with its cells.
    fn column(&mut self, run: &RunRow, briefs: Vec<TaskBrief>) -> Value {
        let mut cells: Vec<Option<(char, i64, i64)>> = vec![None; self.rows.len()];
        let mut tries: BTreeMap<usize, String> = BTreeMap::new();
        for brief in briefs.into_iter().filter(|brief| !brief.inner) {
            let row = self.row(&brief.task_key);
            let ms = brief.start_time.zip(brief.end_time).map(|(from, to)| to.since(from).max(0));
            if let (Some(ms), true) = (ms, brief.phase.is_success()) {
                self.took.entry(row).or_default().push(ms);
            }
            cells.resize(cells.len().max(row + 1), None);
            let letter = letter(brief.phase.state_key(Level::Task));
            tries.entry(row).or_default().push(letter);
            cells[row] = Some((letter, ms.unwrap_or(0), brief.run_id.0 - run.run_id.0));
        }
        tries.retain(|_, letters| letters.len() > 1);
        let mut column = shapes::run(run);
        let letters: String = cells.iter().map(|cell| cell.map_or('.', |cell| cell.0)).collect();
        column.insert("cells".to_owned(), json!(letters));
        if !tries.is_empty() {
            column.insert("tries".to_owned(), json!(tries));
        }
        column.insert("ms".to_owned(), cells.iter().map(|cell| cell.map_or(0, |cell| cell.1)).collect());
        column.insert("ids".to_owned(), cells.iter().map(|cell| cell.map_or(0, |cell| cell.2)).collect());
        Value::Object(column)
    }

    /// The rows, with what each usually takes.
    fn finish(mut self) -> Vec<Value> {
        for (row, times) in self.took {
            self.rows[row]["usual"] = json!(median(times));
        }
        self.rows
    }
}

fn letter(state: &str) -> char {
    CODES.iter().position(|code| *code == state).map_or('?', |n| char::from(b'a' + n as u8))
}

/// What the strip above the matrix tells about its runs.
fn figures(runs: &[RunRow]) -> Value {
    let mut times: Vec<i64> = runs.iter().filter_map(duration).collect();
    times.sort_unstable();
    let p95 = times.get((times.len() * 95).div_ceil(100).saturating_sub(1)).copied();
    json!({ "median": median(times), "p95": p95 })
}
