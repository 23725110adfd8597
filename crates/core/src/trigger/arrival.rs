//! File-arrival triggers (reference section 15.4): new files fire. What is seen of the folder is given; the names are the caller's.

use super::watch::Shots;
use super::{Begun, Due, Pace, Watch};
use crate::execution::TriggerFacts;
use crate::id::JobId;
use crate::job::FileArrivalTrigger;
use crate::time::WallTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Files of one location that are watched at most (reference section 18).
pub const MOST_FILES: usize = 10_000;

/// The file-arrival trigger of a job.
#[derive(Clone, Debug)]
pub struct ArrivalTrigger {
    /// The watched folder, as it is written.
    pub url: String,
    /// How often it fires.
    pub pace: Pace,
}

impl ArrivalTrigger {
    pub(super) fn of(written: &FileArrivalTrigger) -> Self {
        let pace =
            Pace::of(written.min_time_between_triggers_seconds, written.wait_after_last_change_seconds);
        Self { url: written.url.clone(), pace }
    }
}

/// What is known of the watched folder; kept by whoever looks at it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrivalState {
    /// False until the folder was looked at for the first time: what is there then is not new.
    begun: bool,
    /// Files that need no run any more.
    seen: BTreeSet<String>,
    /// Files of the run that is being started.
    firing: BTreeSet<String>,
    /// New files without a run.
    pending: BTreeSet<String>,
    /// When a new file was seen last.
    changed: Option<WallTime>,
    shots: Shots,
}

impl ArrivalState {
    /// Takes in what is in the folder now. True when something is new.
    pub fn look(&mut self, files: &BTreeSet<String>, now: WallTime) -> bool {
        if !self.begun {
            self.begun = true;
            self.seen.clone_from(files);
            return true;
        }
        let moved = self.shots.not_ahead(&mut self.changed, now);
        // A file that is gone and comes again is a new one.
        self.seen.retain(|file| files.contains(file));
        self.pending.retain(|file| files.contains(file));
        let known = |file: &&String| {
            self.seen.contains(*file) || self.firing.contains(*file) || self.pending.contains(*file)
        };
        let new: Vec<String> = files.iter().filter(|file| !known(file)).cloned().collect();
        if new.is_empty() {
            return moved;
        }
        self.pending.extend(new);
        self.changed = Some(now);
        true
    }
}

impl Watch for ArrivalState {
    type Of = ArrivalTrigger;

    fn poll(&self, of: &ArrivalTrigger, now: WallTime) -> Due {
        if self.shots.under_way {
            return Due::Fire(self.shots.fired.unwrap_or(now));
        }
        let changed = self.changed.filter(|_| !self.pending.is_empty());
        changed.map_or(Due::Wait(None), |changed| of.pace.due(&self.shots, changed, now))
    }

    fn begin(&mut self, of: &ArrivalTrigger, job: JobId, place: &str, now: WallTime) -> Begun {
        if self.shots.begin(now) {
            self.firing = std::mem::take(&mut self.pending);
        }
        let facts = TriggerFacts {
            kind: "file_arrival".to_owned(),
            time: now,
            file_arrival_location: Some(of.url.clone()),
            ..TriggerFacts::default()
        };
        Begun { token: self.shots.token(job, place), facts, info: None }
    }

    fn end(&mut self) {
        self.seen.append(&mut self.firing);
        self.shots.under_way = false;
    }
}
