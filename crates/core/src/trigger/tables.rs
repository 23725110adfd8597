//! Table-update triggers (reference section 15.5): a newer version of a table fires. The versions are given; where they come from is the
//! caller's work.

use super::watch::Shots;
use super::{Begun, Due, Pace, Watch};
use crate::execution::TriggerFacts;
use crate::id::JobId;
use crate::job::TableUpdateTrigger;
use crate::reference::TableUpdate;
use crate::time::WallTime;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The table-update trigger of a job.
#[derive(Clone, Debug)]
pub struct TableTrigger {
    /// Names of three parts, as they are written.
    pub tables: Vec<String>,
    /// `ALL_UPDATED`: each table has changed since the last run. Otherwise one is enough.
    pub all: bool,
    /// How often it fires.
    pub pace: Pace,
}

impl TableTrigger {
    pub(super) fn of(written: &TableUpdateTrigger) -> Self {
        let pace =
            Pace::of(written.min_time_between_triggers_seconds, written.wait_after_last_change_seconds);
        let all = written.condition.as_deref() == Some("ALL_UPDATED");
        Self { tables: written.table_names.clone(), all, pace }
    }

    pub(super) fn words(&self) -> String {
        let tables = self.tables.join(", ");
        match (self.tables.len(), self.all) {
            (0 | 1, _) => format!("changes of {tables}"),
            (_, true) => format!("changes of all of {tables}"),
            (_, false) => format!("changes of any of {tables}"),
        }
    }
}

/// A table as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableVersion {
    /// Tells a table from one of the same name that was there before it.
    pub id: String,
    /// Newest commit version.
    pub version: i64,
    /// Newest commit time.
    pub commit_time: WallTime,
}

/// What is known of the watched tables; kept by whoever looks at them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableState {
    /// False until the tables were looked at for the first time: what is there then is no update.
    begun: bool,
    /// The versions that need no run any more.
    settled: BTreeMap<String, TableVersion>,
    /// The updates of the run that is being started.
    firing: BTreeMap<String, TableVersion>,
    /// Updates without a run.
    pending: BTreeMap<String, TableVersion>,
    /// When an update was seen last.
    changed: Option<WallTime>,
    shots: Shots,
}

impl TableState {
    /// Takes in the tables that there are now, by their names as the trigger writes them. True when something is new.
    pub fn look(&mut self, tables: &BTreeMap<String, TableVersion>, now: WallTime) -> bool {
        if !self.begun {
            self.begun = true;
            self.settled.clone_from(tables);
            return true;
        }
        // A table that is gone is no update; one that is made again under its name is.
        self.pending.retain(|name, _| tables.contains_key(name));
        let mut new = self.shots.not_ahead(&mut self.changed, now);
        for (name, table) in tables {
            let known = self.pending.get(name).or(self.firing.get(name)).or(self.settled.get(name));
            // A table that goes back to an older version, by a restore for example, has a newer commit too.
            if known.is_none_or(|known| known.id != table.id || known.version < table.version) {
                self.pending.insert(name.clone(), table.clone());
                self.changed = Some(now);
                new = true;
            }
        }
        new
    }

    /// `last_seen_table_states` (reference section 15.5).
    pub fn shown(&self, of: &TableTrigger) -> Value {
        of.tables
            .iter()
            .map(|name| json!({ "table_name": name, "has_seen_updates": self.pending.contains_key(name) }))
            .collect()
    }
}

impl Watch for TableState {
    type Of = TableTrigger;

    fn poll(&self, of: &TableTrigger, now: WallTime) -> Due {
        if self.shots.under_way {
            return Due::Fire(self.shots.fired.unwrap_or(now));
        }
        let enough = if of.all {
            of.tables.iter().all(|name| self.pending.contains_key(name))
        } else {
            !self.pending.is_empty()
        };
        let changed = self.changed.filter(|_| enough);
        changed.map_or(Due::Wait(None), |changed| of.pace.due(&self.shots, changed, now))
    }

    fn begin(&mut self, of: &TableTrigger, job: JobId, place: &str, now: WallTime) -> Begun {
        if self.shots.begin(now) {
            self.firing = std::mem::take(&mut self.pending);
        }
        let update = |name: &String| {
            let table = self.firing.get(name)?;
            let (version, commit_time) = (table.version, table.commit_time);
            Some(TableUpdate { name: name.clone(), version, commit_time })
        };
        let updates: Vec<TableUpdate> = of.tables.iter().filter_map(update).collect();
        let facts = TriggerFacts {
            kind: "table".to_owned(),
            time: now,
            table_update: Some(json!(updates)),
            ..TriggerFacts::default()
        };
        Begun { token: self.shots.token(job, place), facts, info: None }
    }

    fn end(&mut self) {
        self.settled.append(&mut self.firing);
        self.shots.under_way = false;
    }
}
