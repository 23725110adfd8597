//! The chain of tasks that a run's duration is made of.

use crate::names::Names;
use serde::{Deserialize, Serialize};

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
    let mut keys = Vec::with_capacity(tasks.len());
    for task in tasks {
        keys.push(task.key.as_str());
    }
    let by_key = Names::of(&keys);
    // The one of these tasks that ended last.
    let latest = |candidates: &mut dyn Iterator<Item = usize>| -> Option<usize> {
        let mut found: Option<(i64, usize)> = None;
        for n in candidates {
            if let Some(end) = tasks[n].end
                && found.is_none_or(|(best, _)| end > best)
            {
                found = Some((end, n));
            }
        }
        found.map(|(_, n)| n)
    };
    let mut path = Vec::new();
    let mut next = latest(&mut (0..tasks.len()));
    while let Some(n) = next {
        // Longer than the graph means round in circles, which a valid job cannot.
        if path.len() >= tasks.len() {
            break;
        }
        path.push(tasks[n].key.clone());
        // Of two with one key the first counts.
        let first = by_key.get(&tasks[n].key).unwrap_or(n);
        next = latest(&mut tasks[first].depends_on.iter().filter_map(|up| by_key.get(up)));
    }
    path.reverse();
    path
}
