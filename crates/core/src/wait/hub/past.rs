//! What is known of a job's past runs: asked for once, when a run turns out to take long enough for it to matter, and
//! learned from every end that is seen.

use super::lanes::Want;
use super::{Flight, Hub};
use crate::api::{Endpoint, LIST_RUNS_LIMIT, ListRuns, Request, Response, RunsPage};
use crate::error::Error;
use crate::id::{JobId, RunId};
use crate::wait::history::History;
use crate::wait::{Aim, sight};

/// Runs shorter than this are over before the past could help, in milliseconds.
const LONG_ENOUGH_MS: u64 = 5000;

/// Jobs without waits whose past is remembered.
const REMEMBERED: usize = 1024;

impl Hub {
    /// Asks for the job's past, if the run has taken long enough and there is nothing more urgent to do.
    pub(super) fn wonder(&mut self, run_id: RunId, elapsed: u64) {
        let Some(watch) = self.runs.get(&run_id) else { return };
        let worth = elapsed >= LONG_ENOUGH_MS || watch.is_particular();
        let Some(job_id) = watch.job.filter(|_| self.settings.learn && worth) else { return };
        let busy = self.settings.per_second.is_some_and(|most| self.lanes.len() > most as usize);
        let wanted = watch.wants_past();
        let Some(group) = self.jobs.get_mut(&job_id) else { return };
        if wanted && !busy && !group.asked {
            group.asked = true;
            self.lanes.routine(Want::Past(job_id));
        }
    }

    pub(super) fn past_request(&mut self, job_id: JobId) -> Option<Request> {
        let group = self.jobs.get(&job_id)?;
        if group.runs.is_empty() {
            return None;
        }
        let list = ListRuns {
            job_id: Some(job_id),
            completed_only: Some(true),
            limit: Some(LIST_RUNS_LIMIT),
            ..ListRuns::default()
        };
        Some(list.request())
    }

    /// The lengths of the past. A failure costs nothing but the knowledge.
    pub(super) fn past_answered(&mut self, job_id: JobId, _flight: &Flight, result: Result<Response, Error>) {
        let page: Result<RunsPage, Error> =
            result.and_then(|response| ListRuns::answer(&response, self.now.wall));
        let (Ok(page), Some(group)) = (page, self.jobs.get_mut(&job_id)) else { return };
        // The page has the newest first; what was learned while it was under way is newer still.
        let mut history = History::default();
        for run in page.runs.iter().rev() {
            history.learn(sight::length(run).unwrap_or(0));
        }
        history.learn_all(&group.history);
        group.history = history;
    }

    /// A run of the job has ended after this long.
    pub(super) fn learn(&mut self, job: Option<JobId>, length: Option<u64>) {
        let Some(group) = job.and_then(|job_id| self.jobs.get_mut(&job_id)) else { return };
        if self.settings.learn {
            group.history.learn(length.unwrap_or(0));
        }
    }

    /// A job has no waits any more. Once there are too many of those, the ones that were not used for longest are
    /// forgotten.
    pub(super) fn idle(&mut self) {
        self.idle += 1;
        if self.idle <= REMEMBERED {
            return;
        }
        let mut idle: Vec<_> = self
            .jobs
            .iter()
            .filter(|(_, group)| group.runs.is_empty())
            .map(|(job_id, group)| (group.used, *job_id))
            .collect();
        idle.sort_unstable();
        idle.truncate(REMEMBERED / 2);
        self.idle -= idle.len();
        for (_, job_id) in idle {
            self.jobs.remove(&job_id);
        }
    }
}

impl super::watch::Watch {
    /// A number of calls or a delay was asked for: without the past it cannot be kept to.
    fn is_particular(&self) -> bool {
        self.schedules().any(|schedule| matches!(schedule.aim, Aim::Calls(_) | Aim::Delay(_)))
    }

    fn wants_past(&self) -> bool {
        self.schedules().any(|schedule| schedule.aim != Aim::Elapsed)
    }
}
