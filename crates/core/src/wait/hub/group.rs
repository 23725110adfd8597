//! The watched runs of one job, and the pages of lists that they share.
//!
//! A round reads the pages of the job's active runs until each watched run was seen. Runs that were not seen have most
//! likely ended: they are read from pages of ended runs, each beginning with one of them, as long as that finds several at
//! once; a single one is read by itself. Nothing is concluded from a run's absence.

use super::lanes::Want;
use super::watch::State;
use super::{Flight, Hub, HubSettings, Timer};
use crate::api::{Endpoint, LIST_RUNS_LIMIT, ListRuns, Request, Response, RunsPage};
use crate::error::{Error, Retry};
use crate::id::{JobId, RunId};
use crate::run::RunDoc;
use crate::time::Tick;
use crate::wait::PollSchedule;
use crate::wait::history::{History, Plan};
use crate::wait::sight::PageSight;
use std::collections::BTreeSet;

/// Runs on a page.
const PAGE: usize = LIST_RUNS_LIMIT as usize;

/// A job's rounds may take this part of the workspace's calls, so that they do not hold up everything else: a fifth.
const PART: u64 = 5;

/// A job of many runs may take more: one call in this many seconds for each run, still less than a tenth of what polling
/// each by itself takes.
const RUN_SECONDS: u64 = 400;

/// Calls that rounds did not make are kept for later for this long, in seconds: when the ends come, there may be more.
const SAVED_SECONDS: i64 = 120;

/// A round that took more than was thought does not hold up the next for longer than this, in thousandths of a call.
const MOST_DEBT: i64 = -100_000;

/// What a job begins with, in seconds of calls.
const FIRST_SECONDS: i64 = 60;

/// Rounds in a row that may find nothing and leave many runs to the next, because the pages moved while they were read.
const MOST_REPEATS: u32 = 2;

/// How long such runs wait, in milliseconds.
const REPEAT_MS: u64 = 1000;

/// A job whose lists fail twice in a row is polled run by run for this long, in milliseconds.
const OFF_MS: u64 = 60_000;

/// Plans of one job that are kept: one for each schedule in use.
const PLANS: usize = 4;

/// The watched runs of a job.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) runs: BTreeSet<RunId>,
    pub(super) history: History,
    /// The past was asked for.
    pub(super) asked: bool,
    pub(super) used: Tick,
    plans: Vec<(PollSchedule, u32, Plan)>,
    round: Option<Round>,
    /// Active runs of the job that nobody waits for, as of the last round.
    strangers: usize,
    failures: u32,
    /// Rounds in a row that left many runs to the next.
    repeats: u32,
    off_until: Tick,
    /// Rounds that would take too many calls wait until then.
    held_until: Tick,
    /// Calls that rounds may make, in thousandths, as of a tick; below zero when a round took more than was thought.
    credit: i64,
    credited: Option<Tick>,
}

/// How a run that is due is polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// By itself.
    Alone,
    /// In a round of its job's pages, which begins now.
    Round(JobId),
    /// Not now, or not any more.
    Later,
}

/// One reading of the pages.
#[derive(Debug)]
struct Round {
    /// Not seen yet.
    left: BTreeSet<RunId>,
    token: Option<String>,
    /// A page is under way.
    calling: bool,
    listed: usize,
    seen: usize,
    /// Found among the ended ones.
    ended: usize,
    /// Once all active runs were read: those that were not seen.
    gone: Option<Gone>,
}

/// Runs that were not among the active ones.
#[derive(Debug)]
struct Gone {
    /// Those whose start is known, the newest last: a page of ended runs can begin with one of them.
    dated: Vec<RunId>,
    /// Those that were never seen. They are looked for on pages of ended runs from the newest on, as long as each page has
    /// several.
    unseen: BTreeSet<RunId>,
    /// The starts between which the page was asked for that the token goes on from.
    between: (Option<i64>, Option<i64>),
}

impl Group {
    /// The plan for a schedule, made anew when enough has been learned.
    pub(super) fn plan(&mut self, schedule: &PollSchedule) -> Option<&Plan> {
        let version = self.history.version();
        let stale = |made: u32| {
            let learned = version.wrapping_sub(made);
            learned > 0 && (self.history.len() < 8 || learned >= 4)
        };
        let known = self.plans.iter().position(|(other, _, _)| other == schedule);
        let place = match known {
            Some(place) if !stale(self.plans[place].1) => place,
            known => {
                let plan = self.history.plan(schedule)?;
                let place = known.unwrap_or(self.plans.len());
                if known.is_some() {
                    self.plans.remove(place);
                } else if self.plans.len() == PLANS {
                    self.plans.remove(0);
                }
                let place = place.min(self.plans.len());
                self.plans.insert(place, (*schedule, version, plan));
                place
            }
        };
        self.plans.get(place).map(|(_, _, plan)| plan)
    }

    /// Pages that a round is going to take.
    fn pages(&self) -> usize {
        (self.runs.len() + self.strangers).div_ceil(PAGE).max(1)
    }

    /// Thousandths of a call that rounds may make in a second; `None` without a limit.
    fn rate(&self, settings: &HubSettings) -> Option<i64> {
        let part = u64::from(settings.per_second?) * 1000 / PART;
        let rate = part.max(self.runs.len() as u64 * 1000 / RUN_SECONDS).max(1);
        Some(i64::try_from(rate).unwrap_or(i64::MAX))
    }

    /// Lets credit grow with time.
    fn grow(&mut self, now: Tick, settings: &HubSettings) {
        let Some(rate) = self.rate(settings) else { return };
        let span = self.credited.map(|before| i64::try_from(now.since(before)).unwrap_or(i64::MAX));
        let grown = span.map_or(rate.saturating_mul(FIRST_SECONDS), |span| rate.saturating_mul(span) / 1000);
        if grown > 0 {
            self.credited = Some(now);
        }
        self.credit = self.credit.saturating_add(grown).min(rate.saturating_mul(SAVED_SECONDS));
    }

    /// Ticks until the credit covers this many calls.
    fn lacks(&self, calls: usize, settings: &HubSettings) -> u64 {
        let Some(rate) = self.rate(settings) else { return 0 };
        // No round is so large that it never begins.
        let wanted = (calls as i64 * 1000).min(rate.saturating_mul(SAVED_SECONDS));
        u64::try_from((wanted - self.credit).saturating_mul(1000) / rate).unwrap_or(0)
    }
}

impl Hub {
    /// A run becomes one of its job's.
    pub(super) fn join(&mut self, run_id: RunId, job: Option<JobId>) {
        let Some(job_id) = job else { return };
        if !self.settings.share_lists && !self.settings.learn {
            return;
        }
        let known = self.jobs.contains_key(&job_id);
        let group = self.jobs.entry(job_id).or_default();
        self.idle -= usize::from(known && group.runs.is_empty());
        group.runs.insert(run_id);
        group.used = self.now.tick;
    }

    /// A run is no longer watched, or has ended.
    pub(super) fn part(&mut self, run_id: RunId, job: Option<JobId>) {
        let Some(group) = job.and_then(|job_id| self.jobs.get_mut(&job_id)) else { return };
        if !group.runs.remove(&run_id) || !group.runs.is_empty() {
            return;
        }
        if group.round.take().is_some() {
            self.abandon(|want| job.is_some_and(|job_id| *want == Want::Sweep(job_id)));
        }
        self.idle();
    }

    /// Decides how a run that is due is polled.
    pub(super) fn share(&mut self, run_id: RunId) -> Way {
        let now = self.now.tick;
        let Some(watch) = self.runs.get_mut(&run_id).filter(|watch| matches!(watch.state, State::Queued))
        else {
            return Way::Later;
        };
        let listable = watch.listable() && self.settings.share_lists;
        let Some(job_id) = watch.job.filter(|_| listable) else { return Way::Alone };
        let Some(group) = self.jobs.get_mut(&job_id) else { return Way::Alone };
        if now < group.off_until {
            return Way::Alone;
        }
        if group.round.is_some() {
            watch.state = State::Parked;
            return Way::Later;
        }
        if now >= group.held_until {
            let ready = |run: &&RunId| self.runs.get(run).is_some_and(|watch| watch.ready(now));
            let pages = group.pages();
            if group.runs.iter().filter(ready).count() <= pages {
                return Way::Alone;
            }
            group.grow(now, &self.settings);
            let lacks = group.lacks(pages, &self.settings);
            if lacks == 0 {
                self.begin_round(job_id);
                return Way::Round(job_id);
            }
            group.held_until = now.after(lacks);
        }
        let until = group.held_until;
        self.hold(run_id, until);
        Way::Later
    }

    /// Lets a run wait for the job's next round.
    fn hold(&mut self, run_id: RunId, until: Tick) {
        let Some(watch) = self.runs.get_mut(&run_id) else { return };
        watch.state = State::Waiting(until, u64::MAX);
        self.timers.insert((until, Timer::Run(run_id)));
    }

    /// All runs of the job that are between polls are on the round's pages.
    fn begin_round(&mut self, job_id: JobId) {
        let Some(group) = self.jobs.get_mut(&job_id) else { return };
        let mut left = BTreeSet::new();
        for run_id in &group.runs {
            let Some(watch) = self.runs.get_mut(run_id).filter(|watch| watch.listable()) else { continue };
            match watch.state {
                State::Waiting(at, _) => drop(self.timers.remove(&(at, Timer::Run(*run_id)))),
                State::Queued | State::Parked => {}
                State::Calling | State::BackOff(_) | State::Listed | State::Finishing(_) => continue,
            }
            watch.state = State::Listed;
            left.insert(*run_id);
        }
        group.round =
            Some(Round { left, token: None, calling: false, listed: 0, seen: 0, ended: 0, gone: None });
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
            ..ListRuns::default()
        };
        let start = |run_id: &RunId| self.runs.get(run_id).and_then(super::watch::Watch::start_time);
        let list = match &mut round.gone {
            None => ListRuns { active_only: Some(true), page_token: round.token.clone(), ..list },
            Some(gone) if !gone.unseen.is_empty() => {
                ListRuns { completed_only: Some(true), page_token: round.token.clone(), ..list }
            }
            Some(gone) => {
                if round.token.is_none() {
                    gone.between = (gone.dated.first().and_then(start), gone.dated.last().and_then(start));
                }
                ListRuns {
                    completed_only: Some(true),
                    start_time_from: gone.between.0,
                    start_time_to: gone.between.1,
                    page_token: round.token.clone(),
                    ..list
                }
            }
        };
        group.credit = group.credit.saturating_sub(1000).max(MOST_DEBT);
        Some(list.request())
    }

    pub(super) fn sweep_answered(&mut self, job_id: JobId, flight: &Flight, result: Result<Response, Error>) {
        match result.and_then(|response| self.take_page(&response, flight.sent)) {
            Ok((runs, token)) => {
                if let Some(group) = self.jobs.get_mut(&job_id) {
                    group.failures = 0;
                }
                self.page_taken(job_id, &runs, token);
            }
            Err(error) => self.round_failed(job_id, &error),
        }
    }

    /// Believes what a page says about watched runs; gives the runs that it names and the token of the next page.
    fn take_page(&mut self, response: &Response, sent: Tick) -> Result<(Vec<RunId>, Option<String>), Error> {
        if response.status == 200
            && let Ok(page) = serde_json::from_slice::<PageSight>(&response.body)
            && page.runs.iter().all(|sight| match self.runs.get(&sight.run_id) {
                Some(watch) => watch.is_same(sight.fingerprint()),
                None => true,
            })
        {
            let listed: Vec<RunId> = page.runs.iter().map(|sight| sight.run_id).collect();
            for run_id in &listed {
                self.listed(*run_id, None, sent);
            }
            return Ok((listed, page.next_page_token));
        }
        let page: RunsPage = ListRuns::answer(response, self.now.wall)?;
        let listed: Vec<RunId> = page.runs.iter().map(|run| run.run_id).collect();
        for run in page.runs {
            self.listed(run.run_id, Some(run), sent);
        }
        Ok((listed, page.next_page_token))
    }

    /// A run was seen on a page; without a document it is where it was.
    fn listed(&mut self, run_id: RunId, run: Option<RunDoc>, sent: Tick) {
        let Some(watch) = self.runs.get_mut(&run_id) else { return };
        if !matches!(watch.state, State::Listed) || !watch.newer(sent) {
            return;
        }
        if !watch.listable() {
            self.alone(run_id);
            return;
        }
        match run {
            None => self.unchanged(run_id, sent),
            // An end is only told with everything that belongs to it.
            Some(run) if run.has_more == Some(true) && run.phase().is_terminal() => self.alone(run_id),
            Some(run) => self.observe(run_id, run, sent, None),
        }
    }

    /// The run is read by itself.
    fn alone(&mut self, run_id: RunId) {
        let Some(watch) = self.runs.get_mut(&run_id).filter(|w| matches!(w.state, State::Listed)) else {
            return;
        };
        watch.state = State::Queued;
        self.lanes.express(Want::Poll(run_id));
    }

    /// Goes on to the next page, to the runs that were not seen, or to the end of the round.
    fn page_taken(&mut self, job_id: JobId, listed: &[RunId], token: Option<String>) {
        let Some(group) = self.jobs.get_mut(&job_id) else { return };
        let Some(round) = group.round.as_mut() else { return };
        round.calling = false;
        let token = token.filter(|token| !token.is_empty());
        if round.gone.is_some() {
            self.gone_taken(job_id, listed, token);
            return;
        }
        for run_id in listed {
            round.seen += usize::from(round.left.remove(run_id));
        }
        round.listed += listed.len();
        if token.is_some() && !round.left.is_empty() {
            round.token = token;
            self.lanes.routine(Want::Sweep(job_id));
            return;
        }
        group.strangers = round.listed.saturating_sub(round.seen);
        let left = std::mem::take(&mut round.left);
        let start = |run_id: &RunId| self.runs.get(run_id).and_then(super::watch::Watch::start_time);
        let (mut dated, unseen): (Vec<_>, Vec<_>) = left.into_iter().partition(|run| start(run).is_some());
        dated.sort_by_key(|run_id| (start(run_id), *run_id));
        round.token = None;
        round.gone = Some(Gone { dated, unseen: unseen.into_iter().collect(), between: (None, None) });
        self.gone_next(job_id);
    }

    /// A page of ended runs was read.
    fn gone_taken(&mut self, job_id: JobId, listed: &[RunId], token: Option<String>) {
        let Some(round) = self.jobs.get_mut(&job_id).and_then(|group| group.round.as_mut()) else { return };
        let Some(gone) = round.gone.as_mut() else { return };
        let by_token = !gone.unseen.is_empty();
        let (before, newest) = (gone.dated.len() + gone.unseen.len(), gone.dated.last().copied());
        gone.dated.retain(|run_id| !listed.contains(run_id));
        gone.unseen.retain(|run_id| !listed.contains(run_id));
        let found = before - gone.dated.len() - gone.unseen.len();
        round.ended += found;
        // Another page from the same start on would be this one again.
        let start = |run_id: &RunId| self.runs.get(run_id).and_then(super::watch::Watch::start_time);
        let tied = gone.dated.last().is_some_and(|run_id| start(run_id) == gone.between.1);
        let mut alone: Vec<RunId> = Vec::new();
        if by_token {
            if found < 2 || token.is_none() {
                alone.extend(std::mem::take(&mut gone.unseen));
            }
            round.token = token.filter(|_| !gone.unseen.is_empty());
        } else if tied && token.is_some() {
            round.token = token;
        } else if found == 0 {
            // The list does not have them: it lags, or they go on.
            alone = std::mem::take(&mut gone.dated);
        } else {
            if round.token.is_none() && gone.dated.last().copied() == newest {
                // The page begins at this one and does not have it; the next would be the same.
                alone.extend(gone.dated.pop());
            }
            // Where ended runs lie close together the next page has more of them; elsewhere it is better to begin at the
            // next that is looked for.
            round.token = token.filter(|_| found * 2 >= PAGE);
        }
        self.left_over(job_id, alone);
        self.gone_next(job_id);
    }

    /// Runs that the pages did not have. A few are read by themselves; many are left to the next round, since pages move
    /// while runs begin and end.
    fn left_over(&mut self, job_id: JobId, runs: Vec<RunId>) {
        let Some(group) = self.jobs.get_mut(&job_id) else { return };
        if runs.is_empty() {
            return;
        }
        // A round that found others has shrunk what is left; one that found nothing does so once or twice.
        let progress = group.round.as_ref().is_some_and(|round| round.seen + round.ended > 0);
        group.repeats = if progress { 0 } else { group.repeats + 1 };
        let many = runs.len() > group.pages() && group.repeats <= MOST_REPEATS;
        let until = self.now.tick.after(REPEAT_MS);
        for run_id in runs {
            if !many {
                self.alone(run_id);
            } else if self.runs.get(&run_id).is_some_and(|watch| matches!(watch.state, State::Listed)) {
                self.hold(run_id, until);
            }
        }
    }

    fn gone_next(&mut self, job_id: JobId) {
        let Some(group) = self.jobs.get_mut(&job_id) else { return };
        let Some(gone) = group.round.as_mut().and_then(|round| round.gone.as_mut()) else { return };
        // Those that nobody waits for any more are not looked for.
        let listed = |run: &RunId| self.runs.get(run).is_some_and(|w| matches!(w.state, State::Listed));
        gone.dated.retain(listed);
        gone.unseen.retain(listed);
        if gone.unseen.len() > 1 || (gone.unseen.is_empty() && gone.dated.len() > 1) {
            self.lanes.express(Want::Sweep(job_id));
            return;
        }
        if let Some(run_id) = gone.unseen.pop_first() {
            self.alone(run_id);
            self.gone_next(job_id);
            return;
        }
        let last = gone.dated.pop();
        if let Some(run_id) = last {
            self.alone(run_id);
        }
        self.end_round(job_id);
    }

    /// Runs that became due meanwhile stand in line again.
    fn end_round(&mut self, job_id: JobId) {
        let Some(group) = self.jobs.get_mut(&job_id) else { return };
        group.round = None;
        let runs: Vec<RunId> = group.runs.iter().copied().collect();
        for run_id in runs {
            let Some(watch) = self.runs.get_mut(&run_id) else { continue };
            if matches!(watch.state, State::Parked) {
                watch.state = State::Queued;
                self.lanes.routine(Want::Due(run_id));
            }
        }
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
        let gone = round.gone.into_iter().flat_map(|gone| gone.dated.into_iter().chain(gone.unseen));
        for run_id in round.left.into_iter().chain(gone) {
            if self.runs.get(&run_id).is_some_and(|watch| matches!(watch.state, State::Listed)) {
                self.hold(run_id, until);
            }
        }
        self.end_round(job_id);
    }
}

impl super::watch::Watch {
    /// True when the run is due, or will be before half of its gap is over: then a page may have it now.
    fn ready(&self, now: Tick) -> bool {
        self.listable()
            && match self.state {
                State::Queued | State::Parked => true,
                State::Waiting(due, gap) => due <= now.after(gap / 2),
                State::Calling | State::BackOff(_) | State::Listed | State::Finishing(_) => false,
            }
    }
}
