//! Which tasks a run-now request selects by `only` (reference section 3.7).

use crate::job::Task;
use std::collections::{BTreeMap, BTreeSet};

/// What a request selects.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// The tasks of the run, in definition order.
    pub tasks: Vec<Task>,
    /// Those of them that are disabled and run all the same, because the request names them.
    pub forced: BTreeSet<String>,
}

/// Selects tasks. An empty `only` selects all. An entry is a task key; a `+` before it also takes in everything upstream, a
/// `+` after it everything downstream. Disabled tasks are not taken in that way; what lies beyond them is. A dotted entry
/// such as `task.table` stands for its task.
///
/// Fails with the entries that name no task.
pub fn select(tasks: &[Task], only: &[String]) -> Result<Selection, Vec<String>> {
    if only.is_empty() {
        return Ok(Selection { tasks: tasks.to_vec(), forced: BTreeSet::new() });
    }
    let index: BTreeMap<&str, usize> =
        tasks.iter().enumerate().map(|(n, task)| (task.task_key.as_str(), n)).collect();
    let upstream: Vec<Vec<usize>> = tasks
        .iter()
        .map(|task| task.depends_on.iter().filter_map(|d| index.get(d.task_key.as_str()).copied()).collect())
        .collect();
    let mut downstream = vec![Vec::new(); tasks.len()];
    for (n, edges) in upstream.iter().enumerate() {
        for edge in edges {
            downstream[*edge].push(n);
        }
    }
    let (mut chosen, mut forced, mut unknown) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for entry in only {
        let key = entry.strip_prefix('+').unwrap_or(entry);
        let key = key.strip_suffix('+').unwrap_or(key);
        let task_key = key.split_once('.').map_or(key, |(task, _)| task);
        let Some(start) = index.get(task_key).copied() else {
            unknown.push(entry.clone());
            continue;
        };
        chosen.insert(start);
        if tasks[start].is_disabled() {
            forced.insert(task_key.to_owned());
        }
        for (wanted, edges) in [(entry.starts_with('+'), &upstream), (entry.ends_with('+'), &downstream)] {
            if wanted {
                chosen.extend(reached(start, edges).into_iter().filter(|n| !tasks[*n].is_disabled()));
            }
        }
    }
    if !unknown.is_empty() {
        return Err(unknown);
    }
    Ok(Selection { tasks: chosen.into_iter().map(|n| tasks[n].clone()).collect(), forced })
}

/// Everything that edges lead to, `start` itself excluded.
fn reached(start: usize, edges: &[Vec<usize>]) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut open = edges[start].clone();
    while let Some(n) = open.pop() {
        if reached.insert(n) {
            open.extend(&edges[n]);
        }
    }
    reached
}
