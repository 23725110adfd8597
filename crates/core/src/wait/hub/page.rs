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
