//! The chain of tasks that a run's duration is made of.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A task of a run with its times, in milliseconds of one clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timed {
    /// Its key.
    pub key: String,
    /// Keys of the tasks it depends on.
    #[serde(default)]
    pub depends_on: Vec<String>,
    /// When it ended, or now while it runs; `None` when it did not run.
    pub end: Option<i64>,
}

/// The tasks on the critical path, from first to last: from the task that ended last back over the dependency that
/// ended last, as long as there is one that ran. Ties go to the task that is defined first.
pub fn critical_path(tasks: &[Timed]) -> Vec<String> {
    let by_key: BTreeMap<&str, &Timed> = tasks.iter().rev().map(|task| (task.key.as_str(), task)).collect();
    let latest = |candidates: &mut dyn Iterator<Item = &'_ Timed>| -> Option<String> {
        let mut found: Option<(i64, &str)> = None;
        for task in candidates {
            if let Some(end) = task.end
                && found.is_none_or(|(best, _)| end > best)
            {
                found = Some((end, &task.key));
            }
        }
        found.map(|(_, key)| key.to_owned())
    };
    let mut path = Vec::new();
    let mut next = latest(&mut tasks.iter());
    while let Some(key) = next.take() {
        // Longer than the graph means round in circles, which a valid job cannot.
        if path.len() >= tasks.len() {
            break;
        }
        if let Some(task) = by_key.get(key.as_str()) {
            next = latest(&mut task.depends_on.iter().filter_map(|up| by_key.get(up.as_str()).copied()));
        }
        path.push(key);
    }
    path.reverse();
    path
}
