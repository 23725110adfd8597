//! The watched runs of one job: how they are polled, and what that may cost.
//!
//! Runs that are due share a round of their job's pages whenever that takes fewer calls than asking for each. Which pages a
//! round reads is chosen here; `round` reads them.

use super::lanes::Want;
use super::members::watches_of;
use super::round::{Reading, Round};
use super::watch::{State, Watch};
use super::{Hub, HubSettings, Timer};
use crate::api::LIST_RUNS_LIMIT;
use crate::id::{JobId, RunId};
use crate::time::Tick;
use crate::wait::PollSchedule;
use crate::wait::history::{History, Plan, REMEMBERED};
use std::collections::{BTreeMap, BTreeSet};

/// Runs on a page.
pub(super) const PAGE: usize = LIST_RUNS_LIMIT as usize;

/// A job's rounds may take this part of the workspace's calls, so that they do not hold up everything else: a fifth.
const PART: u64 = 5;

/// A job of many runs may take more: one call in this many seconds for each run, still less than a tenth of what polling
/// each by itself takes.
const RUN_SECONDS: u64 = 400;

/// Where the limit is far away, rounds of a large crowd take one of this many calls that polling each run by itself would take:
/// mostly the pages of ended runs are read then, more often than all of them could be.
const ALONE_PART: u64 = 40;

/// The same where all active runs fit on a few pages: they are read whenever the schedule wants it, as a single run is.
const FEW_ALONE_PART: u64 = 12;

/// Rounds may take this in any case, in thousandths of a call a second: the part of the limit of a workspace.
const LEAST_RATE: u64 = 3000;

/// Calls that rounds did not make are kept for later for this long, in seconds: when the ends come, there may be more.
const SAVED_SECONDS: i64 = 120;

/// A round that took more than was thought does not hold up the next for longer than this, in thousandths of a call.
const MOST_DEBT: i64 = -100_000;

/// What a job begins with, in seconds of calls.
const FIRST_SECONDS: i64 = 60;

/// Waits seldom come alone: while the first call for a run of a job is under way, the first calls for others wait this long
/// in milliseconds, to share a page.
const GATHER_MS: u64 = 50;

/// The first calls for runs that join a crowd wait so long instead, for the pages that they share to be full: a part of the gap
/// of the schedule, a quarter, and no longer than this many milliseconds.
const CROWD_GATHER_PART: u64 = 4;
const MOST_GATHER_MS: u64 = 500;

/// Rounds have calls to spare when this many may be made within a gap of the schedule.
const SPARE_CALLS: u64 = 10;

/// Gaps of the schedule up to this long, in milliseconds, are quick.
const QUICK_MS: u64 = 250;

/// Readings of what active runs do that are further apart than this, in milliseconds, are seldom.
const SELDOM_MS: u64 = 30_000;

/// Of a large crowd's calls this part, a quarter, may go into reading what the runs that go on are doing; the rest finds
/// those that have ended.
const PROGRESS_PART: u64 = 4;

/// Ended runs that are remembered for the size of their pages; with more, those pages are not worth reading.
const MOST_OVER: usize = 20_000;

/// Plans of one job that are kept: one for each schedule in use.
const PLANS: usize = 4;

/// A plan is made anew after this many ends, and in a crowd, where it serves many runs and is most of what an end costs, after one
/// end for so many runs; at the latest when it knows none of the lengths that are remembered.
const PLAN_ENDS: usize = 4;
const PLAN_RUNS: usize = 16;

/// The watched runs of a job.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) runs: BTreeSet<RunId>,
    pub(super) history: History,
    /// The past was asked for.
    pub(super) asked: bool,
    pub(super) used: Tick,
    plans: Vec<(PollSchedule, u32, Plan)>,
    pub(super) round: Option<Round>,
    /// Active runs of the job that nobody waits for, as of the last round.
    pub(super) strangers: usize,
    /// Watched runs that have ended, by start: they lie on the pages between those that go on.
    over: BTreeSet<(i64, RunId)>,
    /// Ended runs that nobody waited for on the pages from this start on, as of the last time they were read.
    pub(super) strangers_over: (i64, usize),
    /// Ends since the last round began.
    ends: usize,
    /// When the pages of active runs were last read to the end.
    pub(super) read_active: Option<Tick>,
    pub(super) failures: u32,
    pub(super) off_until: Tick,
    /// Rounds that would take too many calls wait until then.
    held_until: Tick,
    /// Calls that rounds may make, in thousandths, as of a tick; below zero when a round took more than was thought.
    credit: i64,
    credited: Option<Tick>,
    /// Thousandths of a call in a second that polling each run by itself would take, as of the last look.
    alone: u64,
}

/// What there is to know of a job's watched runs before a round is chosen.
struct Crowd {
    /// Runs that are due, or nearly.
    ready: usize,
    /// Of those, the ones that no page has told of yet.
    unseen: usize,
    /// The first call for a run is under way.
    begins: bool,
    /// When the oldest began.
    oldest: i64,
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

/// Thousandths of a call in a second that the limit leaves to the rounds of one job.
fn most_rate(settings: &HubSettings) -> u64 {
    settings.per_second.map_or(u64::MAX, |limit| u64::from(limit) * 1000 / PART)
}

impl Group {
    /// The plan for a schedule, made anew when enough has been learned.
    pub(super) fn plan(&mut self, schedule: &PollSchedule) -> Option<&Plan> {
        let version = self.history.version();
        let ends = (self.runs.len() / PLAN_RUNS).clamp(PLAN_ENDS, REMEMBERED);
        let stale = |made: u32| {
            let learned = version.wrapping_sub(made);
            learned > 0 && (self.history.len() < 8 || learned as usize >= ends)
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

    /// Pages of the job's active runs.
    pub(super) fn pages(&self) -> usize {
        (self.runs.len() + self.strangers).div_ceil(PAGE).max(1)
    }

    /// A watched run has ended.
    pub(super) fn run_over(&mut self, run_id: RunId, start: Option<i64>) {
        self.ends += 1;
        if let Some(start) = start.filter(|_| self.over.len() < MOST_OVER) {
            self.over.insert((start, run_id));
        }
    }

    /// Ended runs that were watched; pages of ended runs have these too.
    pub(super) fn over(&self) -> usize {
        self.over.len()
    }

    /// A round begins.
    pub(super) fn round_begins(&mut self) {
        self.ends = 0;
    }

    /// Looks the watched runs over.
    fn crowd(&mut self, watches: &BTreeMap<RunId, Watch>, now: Tick) -> Crowd {
        let mut crowd = Crowd { ready: 0, unseen: 0, begins: false, oldest: i64::MAX };
        self.alone = 0;
        for watch in watches_of(&self.runs, watches) {
            self.alone += 1_000_000 / watch.nominal(now).max(1);
            crowd.ready += usize::from(watch.ready(now));
            if let Some(start) = watch.start_time() {
                crowd.oldest = crowd.oldest.min(start);
            } else {
                crowd.unseen += usize::from(watch.ready(now));
                crowd.begins |= matches!(watch.state, State::Calling);
            }
        }
        // Those that began before every run that goes on are not on its pages any more.
        self.over = self.over.split_off(&(crowd.oldest, RunId(i64::MIN)));
        crowd
    }

    /// Which pages the next round reads.
    fn reading(&self, crowd: &Crowd, now: Tick, settings: &HubSettings) -> Reading {
        let pages = self.pages();
        if pages <= settings.few_pages {
            return Reading::Active;
        }
        let rate = self.rate(settings);
        // A reading of all active runs is paid for by the calls of the time until the next.
        let every = pages as u64 * 1_000_000 * PROGRESS_PART / rate.unsigned_abs().max(1);
        // While runs end it comes half as often: those who wait for an end wait for all of these pages. What is seldom read
        // anyway is not: it also finds runs that ended unseen.
        let every = if self.ends > 0 { every.max((every * 2).min(SELDOM_MS)) } else { every };
        if self.read_active.is_none_or(|read| now.since(read) >= every) {
            return Reading::Active;
        }
        if crowd.unseen > 1 {
            return Reading::New;
        }
        // Reading the active ones is followed by reading those that are gone, as many as went last time.
        let active = pages + self.ends.min(self.ended_pages(crowd));
        if self.ended_pages(crowd) < active { Reading::Ended } else { Reading::Active }
    }

    /// Pages of the runs that ended since the oldest began that goes on.
    fn ended_pages(&self, crowd: &Crowd) -> usize {
        let (oldest, strangers) = self.strangers_over;
        let strangers = if oldest == crowd.oldest { strangers } else { 0 };
        (self.over.len() + self.ends + strangers).div_ceil(PAGE).max(1)
    }

    /// Calls that a round is going to take.
    fn cost(&self, reading: Reading, crowd: &Crowd) -> usize {
        match reading {
            Reading::Active => self.pages(),
            Reading::New => crowd.unseen.div_ceil(PAGE),
            Reading::Ended => self.ended_pages(crowd),
        }
    }

    /// The gap of a run in a crowd. Where the limit is far away, rounds that come quickly come twice as often as each run by
    /// itself would be polled: most of them are a single page, and what they tell is late by the reading of all pages as well.
    pub(super) fn hastened(&self, gap: u64, settings: &HubSettings) -> u64 {
        let crowd = self.pages() > settings.few_pages && most_rate(settings) > LEAST_RATE;
        let calls = self.rate(settings).unsigned_abs().saturating_mul(gap) / 1_000_000;
        if crowd && gap <= QUICK_MS && calls >= SPARE_CALLS { gap / 2 } else { gap }
    }

    /// Thousandths of a call that rounds may make in a second.
    fn rate(&self, settings: &HubSettings) -> i64 {
        let most = most_rate(settings);
        let part = if self.pages() > settings.few_pages { ALONE_PART } else { FEW_ALONE_PART };
        let wanted = (self.alone / part).max(LEAST_RATE);
        let rate = wanted.min(most).max(self.runs.len() as u64 * 1000 / RUN_SECONDS).max(1);
        i64::try_from(rate).unwrap_or(i64::MAX)
    }

    /// Lets credit grow with time.
    fn grow(&mut self, now: Tick, settings: &HubSettings) {
        let rate = self.rate(settings);
        let span = self.credited.map(|before| i64::try_from(now.since(before)).unwrap_or(i64::MAX));
        let grown = span.map_or(rate.saturating_mul(FIRST_SECONDS), |span| rate.saturating_mul(span) / 1000);
        if grown > 0 {
            self.credited = Some(now);
        }
        self.credit = self.credit.saturating_add(grown).min(rate.saturating_mul(SAVED_SECONDS));
    }

    /// A page of a round is asked for.
    pub(super) fn spend(&mut self) {
        self.credit = self.credit.saturating_sub(1000).max(MOST_DEBT);
    }

    /// Ticks until the credit covers this many calls.
    fn lacks(&self, calls: usize, settings: &HubSettings) -> u64 {
        let rate = self.rate(settings);
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
        group.over.clear();
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
        let listable = watch.listable() && !watch.hurried && self.settings.share_lists;
        let Some(job_id) = watch.job.filter(|_| listable) else { return Way::Alone };
        let Some(group) = self.jobs.get_mut(&job_id) else { return Way::Alone };
        if now < group.off_until {
            return Way::Alone;
        }
        if group.round.is_some() {
            watch.state = State::Parked;
            return Way::Later;
        }
        if group.runs.len() > PAGE && !watch.gathered && watch.start_time().is_none() {
            watch.gathered = true;
            let most = (watch.nominal(now) / CROWD_GATHER_PART).clamp(GATHER_MS, MOST_GATHER_MS);
            self.hold(run_id, now.after(most));
            return Way::Later;
        }
        if now >= group.held_until {
            let crowd = group.crowd(&self.runs, now);
            let reading = group.reading(&crowd, now, &self.settings);
            let cost = group.cost(reading, &crowd);
            if crowd.ready <= cost {
                if !crowd.begins || self.gathered(run_id) {
                    return Way::Alone;
                }
                self.hold(run_id, now.after(GATHER_MS));
                return Way::Later;
            }
            group.grow(now, &self.settings);
            let lacks = group.lacks(cost, &self.settings);
            if lacks == 0 {
                self.begin_round(job_id, reading);
                if let Some(watch) = self.runs.get_mut(&run_id).filter(|w| matches!(w.state, State::Queued)) {
                    // The round is about others.
                    watch.state = State::Parked;
                }
                return Way::Round(job_id);
            }
            group.held_until = now.after(lacks);
        }
        let until = group.held_until;
        self.hold(run_id, until);
        Way::Later
    }

    /// True for a run whose first call has waited for others, or that is known.
    fn gathered(&mut self, run_id: RunId) -> bool {
        let Some(watch) = self.runs.get_mut(&run_id) else { return true };
        std::mem::replace(&mut watch.gathered, true) || watch.start_time().is_some()
    }

    /// Lets a run wait for the job's next round.
    pub(super) fn hold(&mut self, run_id: RunId, until: Tick) {
        let Some(watch) = self.runs.get_mut(&run_id) else { return };
        watch.state = State::Waiting(until, u64::MAX);
        self.timers.insert((until, Timer::Run(run_id)));
    }
}

impl Watch {
    /// True when the run is due, or will be before half of its gap is over: then a page may have it now.
    fn ready(&self, now: Tick) -> bool {
        self.listable()
            && !self.hurried
            && match self.state {
                State::Queued | State::Parked => true,
                State::Waiting(due, gap) => due <= now.after(gap / 2),
                State::Calling | State::BackOff(_) | State::Listed | State::Finishing(_) => false,
            }
    }
}
