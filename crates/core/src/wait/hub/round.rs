//! A round: the pages of a job's runs, read one after the other until what is looked for was seen or there are no more.
//!
//! The pages of active runs tell what the watched runs are doing. Those that are not on them have most likely ended: they
//! are read from pages of ended runs, each beginning with one of them, as long as that finds several at once; a single one
//! is read by itself. Nothing is concluded from a run's absence.

use super::group::PAGE;
use super::lanes::Want;
use super::members::each_of;
use super::page::Listed;
use super::watch::{State, Watch};
use super::{Flight, Hub, Timer};
use crate::api::{Endpoint, LIST_RUNS_LIMIT, ListRuns, Request, Response};
use crate::error::{Error, Retry};
use crate::id::{JobId, RunId};
use crate::time::Tick;
use std::collections::BTreeSet;

/// Rounds in a row that may leave a run to the next, because the pages moved while they were read.
const MOST_REPEATS: u8 = 2;

/// How long such runs wait, in milliseconds.
const REPEAT_MS: u64 = 1000;

/// A job whose lists fail twice in a row is polled run by run for this long, in milliseconds.
const OFF_MS: u64 = 60_000;

/// Stands for the start of a run that no page has told of yet: it is among the newest.
const UNKNOWN: i64 = i64::MAX;

/// What a round reads first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// The pages of active runs, for all that are watched.
    Active,
    /// The same, until those were seen that no page has told of yet.
    New,
    /// The pages of ended runs, from the newest to the oldest that is watched.
    Ended,
}

/// One reading of the pages.
#[derive(Debug)]
pub(super) struct Round {
    reading: Reading,
    /// While active runs are read: those that were not seen yet.
    left: BTreeSet<RunId>,
    token: Option<String>,
    /// A page is under way.
    calling: bool,
    listed: usize,
    /// Listed, and not watched.
    strangers: usize,
    /// While ended runs are read.
    gone: Option<Gone>,
    /// Pages of ended runs that nobody waits for are not read for longer than this many pages.
    most: usize,
}

/// What a page had.
struct Seen {
    runs: Vec<RunId>,
    /// Only runs, of those that are watched, that were told of before.
    older: bool,
    token: Option<String>,
}

/// Runs that are looked for among the ended ones.
#[derive(Debug, Default)]
struct Gone {
    /// By start, the newest last: pages can begin with one of them.
    wanted: BTreeSet<(i64, RunId)>,
    /// The starts between which the pages are asked for.
    between: (Option<i64>, Option<i64>),
    /// Pages that were read between these, and what was found on them.
    pages: usize,
    found: usize,
}

impl Gone {
    fn bound(start: i64) -> Option<i64> {
        Some(start).filter(|start| *start != UNKNOWN)
    }

    /// Begins anew at the newest that is looked for.
    fn aim(&mut self) {
        let start = |run: Option<&(i64, RunId)>| run.and_then(|(start, _)| Self::bound(*start));
        self.between = (start(self.wanted.first()), start(self.wanted.last()));
        (self.pages, self.found) = (0, 0);
    }

    /// Takes a page in, and says how many it had of those that are looked for.
    fn take(&mut self, listed: &[RunId]) -> usize {
        let before = self.wanted.len();
        self.wanted.retain(|(_, run_id)| !listed.contains(run_id));
        let found = before - self.wanted.len();
        (self.pages, self.found) = (self.pages + 1, self.found + found);
        found
    }

    /// Which runs are not worth looking for on pages any more, and whether the next page is the one that the token names;
    /// `found` are those of the last page, and `more` says that it named one.
    fn next(&mut self, found: usize, more: bool) -> (Vec<RunId>, bool) {
        if !more {
            // All pages were read: the list lags, or they go on.
            return (std::mem::take(&mut self.wanted).into_iter().map(|(_, run_id)| run_id).collect(), false);
        }
        // Pages that begin at the same start again would be the same again.
        let tied = self.wanted.last().is_some_and(|(start, _)| Self::bound(*start) == self.between.1);
        if !tied {
            // Where ended runs lie close together the next page has more of them; elsewhere it is better to begin at the
            // next that is looked for.
            return (Vec::new(), found * 2 >= PAGE);
        }
        // Pages that found too little have cost as much as reading each by itself would: that is what is left to do.
        if self.pages < self.found + self.wanted.len() {
            return (Vec::new(), true);
        }
        let newest = self.wanted.last().map_or(UNKNOWN, |(start, _)| *start);
        let tied = self.wanted.split_off(&(newest, RunId(i64::MIN)));
        (tied.into_iter().map(|(_, run_id)| run_id).collect(), false)
    }
}

impl Hub {
    /// Runs of the job that are between polls are on the round's pages: all, or those that no page has told of yet.
    pub(super) fn begin_round(&mut self, job_id: JobId, reading: Reading) {
        let Some(group) = self.jobs.get_mut(&job_id) else { return };
        let mut left = BTreeSet::new();
        each_of(&group.runs, &mut self.runs, |run_id, watch| {
            if !watch.listable() || watch.hurried || (reading == Reading::New && watch.start_time().is_some())
            {
                return;
            }
            match watch.state {
                State::Waiting(at, _) => drop(self.timers.remove(&(at, Timer::Run(run_id)))),
                State::Queued | State::Parked => {}
                State::Calling | State::BackOff(_) | State::Listed | State::Finishing(_) => return,
            }
            watch.state = State::Listed;
            left.insert(run_id);
        });
        group.round_begins();
        let mut round = Round {
            reading,
            left,
            token: None,
            calling: false,
            listed: 0,
            strangers: 0,
            gone: None,
            most: group.pages() * 2,
        };
        if reading == Reading::Ended {
            let left = std::mem::take(&mut round.left);
            let mut gone = Gone { wanted: self.by_start(left), ..Gone::default() };
            gone.aim();
            // Runs that began since the last page was read are newer than all that are known.
            gone.between.1 = None;
            round.gone = Some(gone);
        }
        if let Some(group) = self.jobs.get_mut(&job_id) {
            group.round = Some(round);
        }
    }

    fn by_start(&self, runs: BTreeSet<RunId>) -> BTreeSet<(i64, RunId)> {
        let start = |run_id: &RunId| self.runs.get(run_id).and_then(Watch::start_time).unwrap_or(UNKNOWN);
        runs.into_iter().map(|run_id| (start(&run_id), run_id)).collect()
    }

    /// The request of the round's next page.
    pub(super) fn sweep_request(&mut self, job_id: JobId) -> Option<Request> {
        let group = self.jobs.get_mut(&job_id)?;
        let round = group.round.as_mut().filter(|round| !round.calling)?;
        round.calling = true;
        let list = ListRuns {
            job_id: Some(job_id),
            expand_tasks: Some(true),
            limit: Some(LIST_RUNS_LIMIT),
            page_token: round.token.clone(),
            ..ListRuns::default()
        };
        let list = match &round.gone {
            None => ListRuns { active_only: Some(true), ..list },
            Some(gone) => ListRuns {
                completed_only: Some(true),
                start_time_from: gone.between.0,
                start_time_to: gone.between.1,
                ..list
            },
        };
        group.spend();
        Some(list.request())
    }

    pub(super) fn sweep_answered(&mut self, job_id: JobId, flight: &Flight, result: Result<Response, Error>) {
        match result.and_then(|response| self.take_page(&response, flight.sent)) {
            Ok(Seen { runs, older, token }) => {
                if let Some(group) = self.jobs.get_mut(&job_id) {
                    group.failures = 0;
                }
                self.page_taken(job_id, &runs, older, token);
            }
            Err(error) => self.round_failed(job_id, &error),
        }
    }

    /// Believes what a page says about watched runs.
    fn take_page(&mut self, response: &Response, sent: Tick) -> Result<Seen, Error> {
        let page = self.read_page(response)?;
        let listed: Vec<RunId> = page.runs.iter().map(|(run_id, _)| *run_id).collect();
        let known = |run_id: &RunId| self.runs.get(run_id).map(|watch| watch.start_time().is_some());
        let (told, new): (Vec<bool>, Vec<bool>) = listed.iter().filter_map(known).partition(|known| *known);
        let older = !told.is_empty() && new.is_empty();
        for (run_id, told) in page.runs {
            self.listed(run_id, told, sent);
        }
        Ok(Seen { runs: listed, older, token: page.token })
    }

    /// A run was seen on a page.
    fn listed(&mut self, run_id: RunId, told: Listed, sent: Tick) {
        let Some(watch) = self.runs.get_mut(&run_id).filter(|watch| watch.newer(sent)) else { return };
        match watch.state {
            State::Listed => {}
            // Also what the round does not look for, such as a run that a wait has come for meanwhile.
            State::Queued | State::Parked if !watch.hurried => {}
            State::Waiting(at, _) => drop(self.timers.remove(&(at, Timer::Run(run_id)))),
            State::Queued | State::Parked | State::Calling | State::BackOff(_) | State::Finishing(_) => {
                return;
            }
        }
        watch.state = State::Listed;
        if !watch.listable() {
            self.alone(run_id);
            return;
        }
        match told {
            Listed::Known => self.unchanged(run_id, sent),
            // An end is only told with everything that belongs to it.
            Listed::New(run, _) if run.has_more == Some(true) && run.phase().is_terminal() => {
                self.alone(run_id);
            }
            Listed::New(run, text) => {
                self.observe(run_id, *run, sent, None);
                if let Some(watch) = self.runs.get_mut(&run_id) {
                    watch.text = text;
                }
            }
        }
    }

    /// The run is read by itself.
    fn alone(&mut self, run_id: RunId) {
        let Some(watch) = self.runs.get_mut(&run_id).filter(|w| matches!(w.state, State::Listed)) else {
            return;
        };
        (watch.state, watch.hurried) = (State::Queued, true);
        self.lanes.express(Want::Poll(run_id));
    }

    /// Goes on to the next page, to the runs that were not seen, or to the end of the round.
    fn page_taken(&mut self, job_id: JobId, listed: &[RunId], older: bool, token: Option<String>) {
        let now = self.now.tick;
        let Some(group) = self.jobs.get_mut(&job_id) else { return };
        let Some(round) = group.round.as_mut() else { return };
        round.calling = false;
        round.listed += listed.len();
        round.strangers += listed.iter().filter(|run_id| !self.runs.contains_key(run_id)).count();
        let token = token.filter(|token| !token.is_empty());
        if round.gone.is_some() {
            self.gone_taken(job_id, listed, token);
            return;
        }
        for run_id in listed {
            round.left.remove(run_id);
        }
        // The newest come first: a page of runs that were told of before has only older ones after it.
        let over = round.reading == Reading::New && older;
        if token.is_some() && !round.left.is_empty() && !over {
            round.token = token;
            self.lanes.routine(Want::Sweep(job_id));
            return;
        }
        round.token = None;
        let left = std::mem::take(&mut round.left);
        if round.reading == Reading::Active {
            group.strangers = round.strangers;
            group.read_active = Some(now);
        }
        let gone = Gone { wanted: self.by_start(left), ..Gone::default() };
        if let Some(round) = self.round(job_id) {
            round.gone = Some(gone);
        }
        self.gone_next(job_id);
    }

    fn round(&mut self, job_id: JobId) -> Option<&mut Round> {
        self.jobs.get_mut(&job_id)?.round.as_mut()
    }

    /// A page of ended runs was read.
    fn gone_taken(&mut self, job_id: JobId, listed: &[RunId], token: Option<String>) {
        let Some(group) = self.jobs.get_mut(&job_id) else { return };
        let Some(round) = group.round.as_mut() else { return };
        let Some(gone) = round.gone.as_mut() else { return };
        if round.reading == Reading::Ended {
            gone.take(listed);
            let (pages, from) = (gone.pages, gone.between.0);
            round.token = token.filter(|_| pages < round.most);
            if round.token.is_some() {
                self.lanes.routine(Want::Sweep(job_id));
                return;
            }
            let (listed, wanted) = (round.listed, std::mem::take(&mut gone.wanted));
            group.strangers_over = (from.unwrap_or(UNKNOWN), listed.saturating_sub(group.over()));
            for (_, run_id) in wanted {
                // It goes on, as far as is known.
                if self.runs.get(&run_id).is_some_and(|watch| matches!(watch.state, State::Listed)) {
                    self.schedule(run_id);
                }
            }
            self.end_round(job_id);
            return;
        }
        let found = gone.take(listed);
        let (alone, on) = gone.next(found, token.is_some());
        round.token = token.filter(|_| on);
        self.left_over(job_id, alone);
        self.gone_next(job_id);
    }

    /// Runs that the pages did not have. A few are read by themselves. Many are left to the next round, since pages move
    /// while runs begin and end; so are those that no page has told of yet, which may be newer than the first page was.
    fn left_over(&mut self, job_id: JobId, runs: Vec<RunId>) {
        let Some(group) = self.jobs.get_mut(&job_id) else { return };
        let many = runs.len() > group.pages();
        let whole = group.round.as_ref().is_none_or(|round| round.reading == Reading::Active);
        if many && !whole {
            // More began than were read meanwhile: there are some behind those that were told of before.
            group.read_active = None;
        }
        let until = self.now.tick.after(REPEAT_MS);
        for run_id in &runs {
            let Some(watch) = self.runs.get_mut(run_id).filter(|w| matches!(w.state, State::Listed)) else {
                continue;
            };
            watch.unlisted = watch.unlisted.saturating_add(u8::from(whole || !many));
            let newer = runs.len() > 1 && watch.start_time().is_none();
            if watch.unlisted <= MOST_REPEATS && (many || newer) {
                self.hold(*run_id, until);
            } else {
                self.alone(*run_id);
            }
        }
    }

    fn gone_next(&mut self, job_id: JobId) {
        let Some(round) = self.jobs.get_mut(&job_id).and_then(|group| group.round.as_mut()) else { return };
        let Some(gone) = round.gone.as_mut() else { return };
        // Those that nobody waits for any more are not looked for.
        let listed = |run: &RunId| self.runs.get(run).is_some_and(|w| matches!(w.state, State::Listed));
        gone.wanted.retain(|(_, run_id)| listed(run_id));
        if gone.wanted.len() > 1 {
            if round.token.is_none() {
                gone.aim();
            }
            self.lanes.express(Want::Sweep(job_id));
            return;
        }
        if let Some((_, run_id)) = gone.wanted.pop_first() {
            self.alone(run_id);
        }
        self.end_round(job_id);
    }

    /// Runs that became due meanwhile stand in line again.
    fn end_round(&mut self, job_id: JobId) {
        let Some(group) = self.jobs.get_mut(&job_id) else { return };
        group.round = None;
        each_of(&group.runs, &mut self.runs, |run_id, watch| {
            if matches!(watch.state, State::Parked) {
                watch.state = State::Queued;
                self.lanes.routine(Want::Due(run_id));
            }
        });
    }

    /// A list that fails ends no wait: its runs are polled again a little later, after a second failure each by itself.
    fn round_failed(&mut self, job_id: JobId, error: &Error) {
        let now = self.now.tick;
        let Some(group) = self.jobs.get_mut(&job_id) else { return };
        let Some(round) = group.round.take() else { return };
        group.failures += 1;
        let asked = match error.retry {
            Retry::After(ms) => ms,
            Retry::Never | Retry::Spent => 0,
        };
        if group.failures > 1 || error.retry == Retry::Never {
            group.off_until = now.after(OFF_MS);
        }
        let until = now.after(asked.min(OFF_MS) + self.seeded.up_to(1000).max(1));
        let gone = round.gone.into_iter().flat_map(|gone| gone.wanted.into_iter().map(|(_, run_id)| run_id));
        for run_id in round.left.into_iter().chain(gone) {
            if self.runs.get(&run_id).is_some_and(|watch| matches!(watch.state, State::Listed)) {
                self.hold(run_id, until);
            }
        }
        self.end_round(job_id);
    }
}
