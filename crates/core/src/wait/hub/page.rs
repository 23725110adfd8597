//! A page of a job's runs, read no further than it says something new: a run whose text is what it was last time is where it
//! was, and of a page of which one run has changed, one run is read. Concludes nothing; `round` does.

use super::Hub;
use super::watch::Watch;
use crate::api::{Endpoint, ListRuns, Response, RunsPage};
use crate::error::Error;
use crate::id::RunId;
use crate::job::wire::{Path, Wire};
use crate::run::RunDoc;
use crate::wait::sight::{self, Sight};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The runs of a page as they stand in its text.
#[derive(Deserialize)]
struct Slices<'a> {
    #[serde(borrow, default)]
    runs: Vec<&'a RawValue>,
    #[serde(default)]
    next_page_token: Option<String>,
}

/// What a page says of a run.
pub(super) enum Listed {
    /// Nothing that was not known, or nobody waits for it.
    Known,
    /// What it says now, and the number of its text.
    New(Box<RunDoc>, Option<u64>),
}

/// A page that was read.
pub(super) struct Page {
    pub(super) runs: Vec<(RunId, Listed)>,
    pub(super) token: Option<String>,
}

impl Hub {
    /// Reads the answer to a list.
    pub(super) fn read_page(&mut self, response: &Response) -> Result<Page, Error> {
        if response.status == 200
            && let Some(page) = self.glance(&response.body)
        {
            return Ok(page);
        }
        let page: RunsPage = ListRuns::answer(response, self.now.wall)?;
        let runs = page.runs.into_iter().map(|run| (run.run_id, Listed::New(Box::new(run), None)));
        Ok(Page { runs: runs.collect(), token: page.next_page_token })
    }

    /// Reads what is new on a page; `None` when anything about it is not as it usually is.
    fn glance(&mut self, body: &[u8]) -> Option<Page> {
        let page: Slices<'_> = serde_json::from_slice(body).ok()?;
        let mut runs = Vec::with_capacity(page.runs.len());
        for raw in page.runs {
            let text = raw.get();
            let run_id = match leading_id(text) {
                Some(run_id) => run_id,
                None => serde_json::from_str::<Sight>(text).ok()?.run_id,
            };
            let listed = match self.runs.get_mut(&run_id) {
                None => Listed::Known,
                Some(watch) => look(watch, run_id, text)?,
            };
            runs.push((run_id, listed));
        }
        Some(Page { runs, token: page.next_page_token })
    }
}

fn look(watch: &mut Watch, run_id: RunId, text: &str) -> Option<Listed> {
    let number = sight::number(text);
    if watch.is_same_text(number) {
        return Some(Listed::Known);
    }
    let sight: Sight = serde_json::from_str(text).ok()?;
    if sight.run_id != run_id {
        return None;
    }
    if watch.is_same(sight.fingerprint()) {
        watch.text = Some(number);
        return Some(Listed::Known);
    }
    let value = serde_json::from_str(text).ok()?;
    let run = RunDoc::read(&value, &Path::Root, &mut Vec::new()).filter(|run| run.run_id == run_id)?;
    Some(Listed::New(Box::new(run), Some(number)))
}

/// The id of a run where only other ids and numbers stand before it, which is how workspaces write it.
fn leading_id(text: &str) -> Option<RunId> {
    let mut rest = text.strip_prefix('{')?;
    loop {
        let (name, after) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
        let value = after.trim_start().strip_prefix(':')?.trim_start();
        let end = value.find(|letter: char| !letter.is_ascii_digit())?;
        let (digits, after) = value.split_at(end);
        rest = after.trim_start().strip_prefix(',')?;
        if name == "run_id" {
            return digits.parse().ok().map(RunId);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Tick, WallTime};
    use crate::wait::hub::HubSettings;
    use crate::wait::{Goal, Now, PollSchedule, WaitOptions};

    const RUNNING: &str = r#""state":{"life_cycle_state":"RUNNING"}"#;
    const ENDED: &str = r#""state":{"life_cycle_state":"TERMINATED","result_state":"SUCCESS"}"#;

    /// A hub in which somebody waits for run 7.
    fn hub() -> Hub {
        let mut hub = Hub::new(HubSettings::WORKSPACE);
        let now = Now { tick: Tick(0), wall: WallTime(0) };
        hub.begin(now, Goal::Adopt(RunId(7)), WaitOptions::new(PollSchedule::WORKSPACE, 0));
        hub
    }

    /// What a page with these runs says: for each its id, and its state when that is news.
    fn says(hub: &mut Hub, runs: &str) -> Vec<(i64, Option<String>)> {
        let body = format!(r#"{{"runs":[{runs}],"next_page_token":"more"}}"#).into_bytes();
        let page = hub.read_page(&Response { status: 200, headers: Vec::new(), body }).expect("a page");
        assert_eq!(page.token.as_deref(), Some("more"));
        let told = |listed| match listed {
            Listed::Known => None,
            Listed::New(run, _) => Some(run.phase().word().to_owned()),
        };
        page.runs.into_iter().map(|(run_id, listed)| (run_id.0, told(listed))).collect()
    }

    /// Takes in what a page says of run 7, as a round does.
    fn take(hub: &mut Hub, run: &str) {
        let body = format!(r#"{{"runs":[{run}]}}"#).into_bytes();
        let page = hub.read_page(&Response { status: 200, headers: Vec::new(), body }).expect("a page");
        for (run_id, listed) in page.runs {
            if let Listed::New(run, text) = listed {
                hub.observe(run_id, *run, Tick(0), None);
                hub.runs.get_mut(&run_id).expect("it is watched").text = text;
            }
        }
    }

    #[test]
    fn the_id_is_found_behind_other_ids_and_nowhere_else() {
        let found = [
            (r#"{"run_id":7,"x":1}"#, Some(7)),
            (r#"{ "job_id" : 1 , "run_id" : 7 , "x": 1 }"#, Some(7)),
            (r#"{"job_id":1,"run_id":9007199254740993,"x":[]}"#, Some(9_007_199_254_740_993)),
            (r#"{"run_name":"a","run_id":7}"#, None),
            (r#"{"tasks":[{"run_id":8}],"run_id":7}"#, None),
            (r#"{"run_id":"7"}"#, None),
            (r#"{"run_id":99999999999999999999,"x":1}"#, None),
            (r#"{"run_id":7}"#, None),
            ("{}", None),
            ("[]", None),
        ];
        for (text, id) in found {
            assert_eq!(leading_id(text), id.map(RunId), "{text}");
        }
    }

    #[test]
    fn what_nobody_waits_for_is_not_news() {
        let page = format!(r#"{{"run_id":8,{ENDED}}},{{"run_id":7,{RUNNING}}}"#);
        let running = Some("RUNNING".to_owned());
        assert_eq!(says(&mut hub(), &page), [(8, None), (7, running)]);
    }

    #[test]
    fn a_state_is_news_once_and_another_is_news_again() {
        let mut hub = hub();
        let first = format!(r#"{{"run_id":7,"start_time":5,{RUNNING}}}"#);
        take(&mut hub, &first);
        assert_eq!(says(&mut hub, &first), [(7, None)], "the same text");
        let renamed = format!(r#"{{"run_id":7,"start_time":5,"run_name":"n",{RUNNING}}}"#);
        assert_eq!(says(&mut hub, &renamed), [(7, None)], "another text of the same state");
        let ended = format!(r#"{{"run_id":7,"start_time":5,{ENDED}}}"#);
        assert!(says(&mut hub, &ended)[0].1.is_some(), "another state");
    }

    #[test]
    fn a_page_that_is_written_otherwise_is_read_all_the_same() {
        // The id stands behind a text, or the page holds what is no run and is read as a whole.
        let behind = format!(r#"{{"run_name":"a","run_id":7,{RUNNING}}}"#);
        assert_eq!(says(&mut hub(), &behind).len(), 1);
        assert!(says(&mut hub(), &behind)[0].1.is_some());
        let failed = Response { status: 503, headers: Vec::new(), body: b"{}".to_vec() };
        assert!(hub().read_page(&failed).is_err());
    }
}
