//! A run as its JSON text, read where it is asked: what is shown of a run of a thousand tasks is a few fields of each,
//! and host languages parse whole documents better than through types of ours.
//!
//! Reading is lenient (design rule 3): a field of a type that was not expected is absent.

use super::{Phase, RunDoc, RunState, RunStatus, wire};
use crate::error::{Error, ErrorCode, Retry};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::ops::Range;

/// The pages of a run, with the places of its tasks.
#[derive(Clone, Debug)]
pub struct RunText {
    pages: Vec<String>,
    head: RunHead,
    tasks: Vec<Place>,
    iterations: Vec<Place>,
}

#[derive(Clone, Debug)]
struct Place {
    page: usize,
    range: Range<usize>,
}

/// What is known of a run before its tasks are looked at. Times are milliseconds since 1970 and absent before they come.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct RunHead {
    /// Its id.
    #[serde(deserialize_with = "lenient")]
    pub run_id: Option<i64>,
    /// The job.
    #[serde(deserialize_with = "lenient")]
    pub job_id: Option<i64>,
    /// The job's name at the time.
    #[serde(deserialize_with = "lenient")]
    pub run_name: Option<String>,
    /// Where people see it.
    #[serde(deserialize_with = "lenient")]
    pub run_page_url: Option<String>,
    /// What started it.
    #[serde(deserialize_with = "lenient")]
    pub trigger: Option<String>,
    /// Who created it.
    #[serde(deserialize_with = "lenient")]
    pub creator_user_name: Option<String>,
    /// When it started.
    #[serde(deserialize_with = "moment")]
    pub start_time: Option<i64>,
    /// When it ended.
    #[serde(deserialize_with = "moment")]
    pub end_time: Option<i64>,
    #[serde(deserialize_with = "lenient")]
    state: Option<RunState>,
    #[serde(deserialize_with = "lenient")]
    status: Option<RunStatus>,
}

/// What is shown of one attempt of a task. Times are milliseconds since 1970 and absent before they come.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct TaskHead {
    /// Key of the task.
    #[serde(deserialize_with = "lenient")]
    pub task_key: Option<String>,
    /// The attempt's id.
    #[serde(deserialize_with = "lenient")]
    pub run_id: Option<i64>,
    /// From 0.
    #[serde(deserialize_with = "lenient")]
    pub attempt_number: Option<i64>,
    /// Where people see it.
    #[serde(deserialize_with = "lenient")]
    pub run_page_url: Option<String>,
    /// When it started.
    #[serde(deserialize_with = "moment")]
    pub start_time: Option<i64>,
    /// When it ended.
    #[serde(deserialize_with = "moment")]
    pub end_time: Option<i64>,
    #[serde(deserialize_with = "lenient")]
    depends_on: Option<Vec<Dependency>>,
    #[serde(deserialize_with = "lenient")]
    state: Option<RunState>,
    #[serde(deserialize_with = "lenient")]
    status: Option<RunStatus>,
}

#[derive(Clone, Debug, Deserialize)]
struct Dependency {
    task_key: String,
}

/// The arrays of a page as they stand. Everything else is skipped.
#[derive(Deserialize)]
struct Arrays<'a> {
    #[serde(borrow, default)]
    tasks: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    iterations: Vec<&'a RawValue>,
    #[serde(default, deserialize_with = "lenient")]
    next_page_token: Option<String>,
}

fn lenient<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    let raw = <&RawValue>::deserialize(from)?;
    Ok(serde_json::from_str(raw.get()).ok())
}

fn moment<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Ok(lenient::<D, i64>(from)?.filter(|time| *time > 0))
}

impl RunText {
    /// Reads the pages of one run in order, at least one.
    ///
    /// # Errors
    /// `MALFORMED` when a page is no JSON object or its `tasks` are no array.
    pub fn read(pages: Vec<String>) -> Result<Self, Error> {
        let head = pages
            .first()
            .map_or(Ok(RunHead::default()), |page| serde_json::from_str(page).map_err(|e| garbled(&e)))?;
        let (mut tasks, mut iterations) = (Vec::new(), Vec::new());
        for (page, text) in pages.iter().enumerate() {
            let arrays: Arrays<'_> = serde_json::from_str(text).map_err(|e| garbled(&e))?;
            tasks.extend(arrays.tasks.iter().map(|raw| Place::of(page, text, raw)));
            iterations.extend(arrays.iterations.iter().map(|raw| Place::of(page, text, raw)));
        }
        Ok(Self { pages, head, tasks, iterations })
    }

    /// The token of the page after this one; an empty one is none (reference section 2.8).
    ///
    /// # Errors
    /// As [`RunText::read`].
    pub fn next_page(page: &str) -> Result<Option<String>, Error> {
        let arrays: Arrays<'_> = serde_json::from_str(page).map_err(|e| garbled(&e))?;
        Ok(arrays.next_page_token.filter(|token| !token.is_empty()))
    }

    /// The text of a run that was read in full.
    pub fn of(run: &RunDoc) -> Self {
        // A document of ours is an object with arrays.
        Self::read(vec![serde_json::to_string(run).unwrap_or_default()]).unwrap_or_else(|_| Self {
            pages: Vec::new(),
            head: RunHead::default(),
            tasks: Vec::new(),
            iterations: Vec::new(),
        })
    }

    /// The pages as they came.
    pub fn pages(&self) -> &[String] {
        &self.pages
    }

    /// The run without its tasks.
    pub fn head(&self) -> &RunHead {
        &self.head
    }

    /// How many attempts of tasks are listed, or iterations in the document of a for-each task run.
    pub fn len(&self) -> usize {
        self.attempts().len()
    }

    /// True for a run without tasks.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text of an attempt, in the order of the document; empty beyond the last.
    pub fn attempt_text(&self, n: usize) -> &str {
        let place = self.attempts().get(n);
        place.and_then(|place| self.pages[place.page].get(place.range.clone())).unwrap_or_default()
    }

    /// An attempt, in the order of the document.
    pub fn attempt(&self, n: usize) -> TaskHead {
        serde_json::from_str(self.attempt_text(n)).unwrap_or_default()
    }

    /// The numbers of the newest attempts of each task, in the order in which the tasks are listed first.
    pub fn newest(&self) -> Vec<usize> {
        let mut order: Vec<(usize, i64)> = Vec::with_capacity(self.len());
        let mut place: BTreeMap<String, usize> = BTreeMap::new();
        for n in 0..self.len() {
            let (key, attempt) = key_of(self.attempt_text(n));
            match place.get(&key) {
                None => {
                    place.insert(key, order.len());
                    order.push((n, attempt));
                }
                Some(&at) if order[at].1 <= attempt => order[at] = (n, attempt),
                Some(_) => {}
            }
        }
        order.into_iter().map(|(n, _)| n).collect()
    }

    fn attempts(&self) -> &[Place] {
        if self.tasks.is_empty() { &self.iterations } else { &self.tasks }
    }
}

fn key_of(text: &str) -> (String, i64) {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Key {
        #[serde(deserialize_with = "lenient")]
        task_key: Option<String>,
        #[serde(deserialize_with = "lenient")]
        attempt_number: Option<i64>,
    }
    let Key { task_key, attempt_number } = serde_json::from_str(text).unwrap_or_default();
    (task_key.unwrap_or_default(), attempt_number.unwrap_or(0))
}

impl Place {
    fn of(page: usize, text: &str, raw: &RawValue) -> Self {
        let start = raw.get().as_ptr() as usize - text.as_ptr() as usize;
        Self { page, range: start..start + raw.get().len() }
    }
}

impl RunHead {
    /// Where the run stands.
    pub fn phase(&self) -> Phase {
        wire::read(self.state.as_ref(), self.status.as_ref())
    }
}

impl TaskHead {
    /// Where the attempt stands.
    pub fn phase(&self) -> Phase {
        wire::read(self.state.as_ref(), self.status.as_ref())
    }

    /// Keys of the tasks that it waits for.
    pub fn depends_on(&self) -> impl Iterator<Item = &str> {
        self.depends_on.iter().flatten().map(|dependency| dependency.task_key.as_str())
    }
}

fn garbled(error: &serde_json::Error) -> Error {
    Error::new(ErrorCode::Malformed, "read_run", format!("the run cannot be read: {error}"))
        .retry(Retry::After(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"{"run_id": 7, "job_id": "wrong", "start_time": 0, "run_name": "a\u0020b",
        "status": {"state": "RUNNING"}, "later": [1],
        "tasks": [{"task_key": "x", "run_id": 8, "attempt_number": 0, "state": {"life_cycle_state": "TERMINATED",
            "result_state": "FAILED"}}, {"task_key": "y", "run_id": 10, "depends_on": [{"task_key": "x"}], "state": 5},
            {"task_key": "x", "run_id": 9, "attempt_number": 1}], "next_page_token": "t"}"#;

    #[test]
    fn fields_of_another_type_are_absent() {
        let run = RunText::read(vec![PAGE.to_owned()]).unwrap();
        assert_eq!((run.head().run_id, run.head().job_id, run.head().start_time), (Some(7), None, None));
        assert_eq!(run.head().run_name.as_deref(), Some("a b"));
        assert_eq!(run.head().phase(), Phase::Running);
        assert_eq!(run.attempt(1).phase(), Phase::Unknown { state: String::new() });
        assert_eq!(run.attempt(1).depends_on().collect::<Vec<_>>(), ["x"]);
    }

    #[test]
    fn the_newest_attempt_keeps_the_place_of_the_first_and_pages_follow_each_other() {
        let more = r#"{"tasks": [{"task_key": "z"}]}"#.to_owned();
        let run = RunText::read(vec![PAGE.to_owned(), more]).unwrap();
        assert_eq!(run.newest(), [2, 1, 3]);
        assert_eq!(run.attempt_text(3), r#"{"task_key": "z"}"#);
        assert!(!run.attempt(0).phase().is_success() && run.attempt(0).phase().is_terminal());
        assert_eq!(RunText::next_page(PAGE).unwrap().as_deref(), Some("t"));
    }

    #[test]
    fn what_is_no_run_is_an_error() {
        for text in ["", "[1]", "{\"tasks\": 5}", "{"] {
            assert_eq!(
                RunText::read(vec![text.to_owned()]).unwrap_err().code,
                ErrorCode::Malformed,
                "{text}"
            );
        }
    }

    #[test]
    fn a_document_and_its_text_say_the_same() {
        let run: RunDoc =
            serde_json::from_str(&PAGE.replace("\"wrong\"", "5").replace(", \"state\": 5", "")).unwrap();
        let text = RunText::of(&run);
        assert_eq!(text.head().phase(), run.phase());
        let keys: Vec<_> = text.newest().into_iter().map(|n| text.attempt(n).run_id).collect();
        let wanted: Vec<_> = run.newest_attempts().iter().map(|task| Some(task.run.run_id.0)).collect();
        assert_eq!(keys, wanted);
    }
}
