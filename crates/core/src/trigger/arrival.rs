//! File-arrival triggers (reference section 15.4): new files fire, after a quiet time and no more often than a minimum time. What
//! is seen of the folder is given; the names are the caller's.
//!
//! A run is started between [`ArrivalState::begin`] and [`ArrivalState::end`], and the state is to be kept at both. Files of a
//! begun run stay its own over a crash, those that came later belong to the next run: none is missed, none fires twice.

use super::{Due, paused};
use crate::id::JobId;
use crate::job::JobSettings;
use crate::job::wire::Wire;
use crate::time::WallTime;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;

/// Files of one location that are watched at most (reference section 18).
pub const MOST_FILES: usize = 10_000;

/// The file-arrival trigger of a job.
#[derive(Clone, Debug)]
pub struct ArrivalTrigger {
    /// The watched folder, as it is written.
    pub url: String,
    /// Milliseconds between two runs at least.
    pub min_between_ms: i64,
    /// Milliseconds without a new file before a run.
    pub quiet_ms: i64,
    /// It does not fire while it is paused.
    pub paused: bool,
    /// The definition as text: when it changes, the trigger begins anew.
    pub definition: String,
}

impl ArrivalTrigger {
    /// That of a definition, if it has one.
    pub fn of(settings: &JobSettings) -> Option<Self> {
        let trigger = settings.trigger.as_ref()?;
        let arrival = trigger.file_arrival.as_ref()?;
        let ms = |seconds: Option<i64>| seconds.unwrap_or_default().clamp(0, i64::MAX / 1000) * 1000;
        let paused = paused(trigger.pause_status.as_ref());
        Some(Self {
            url: arrival.url.clone(),
            min_between_ms: ms(arrival.min_time_between_triggers_seconds),
            quiet_ms: ms(arrival.wait_after_last_change_seconds),
            paused,
            definition: json!([arrival.write(), paused]).to_string(),
        })
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
    /// When a run was begun last.
    fired: Option<WallTime>,
    /// Runs begun.
    runs: u64,
}

impl ArrivalState {
    /// Takes in what is in the folder now. True when something is new.
    pub fn look(&mut self, files: &BTreeSet<String>, now: WallTime) -> bool {
        if !self.begun {
            self.begun = true;
            self.seen.clone_from(files);
            return true;
        }
        // A file that is gone and comes again is a new one.
        self.seen.retain(|file| files.contains(file));
        self.pending.retain(|file| files.contains(file));
        let known = |file: &&String| {
            self.seen.contains(*file) || self.firing.contains(*file) || self.pending.contains(*file)
        };
        let new: Vec<String> = files.iter().filter(|file| !known(file)).cloned().collect();
        if new.is_empty() {
            return false;
        }
        self.pending.extend(new);
        self.changed = Some(now);
        true
    }

    /// Whether a run is due. One that was begun and not ended is due at once.
    pub fn poll(&self, trigger: &ArrivalTrigger, now: WallTime) -> Due {
        if !self.firing.is_empty() {
            return Due::Fire(self.fired.unwrap_or(now));
        }
        let Some(changed) = self.changed.filter(|_| !self.pending.is_empty()) else { return Due::Wait(None) };
        // A clock that was set back must not hold the files until it has caught up.
        let quiet = WallTime(changed.0.min(now.0)) + trigger.quiet_ms;
        let apart = self.fired.map(|fired| WallTime(fired.0.min(now.0)) + trigger.min_between_ms);
        let at = apart.map_or(quiet, |apart| apart.max(quiet));
        if at <= now { Due::Fire(now) } else { Due::Wait(Some(at)) }
    }

    /// Begins the run that is due: the files that came up to now are its own. Gives the token that makes it happen once.
    pub fn begin(&mut self, job: JobId, now: WallTime) -> String {
        if self.firing.is_empty() {
            self.firing = std::mem::take(&mut self.pending);
            self.fired = Some(now);
            self.runs += 1;
        }
        // The folder may be watched anew after a change of the definition, so the count alone is not enough.
        format!("trigger.{job}.files.{}.{}", self.fired.unwrap_or(now).0, self.runs)
    }

    /// The run is there.
    pub fn end(&mut self) {
        self.seen.append(&mut self.firing);
    }
}
