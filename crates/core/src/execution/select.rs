//! Which tasks a run has when the request names some of them by `only` (reference section 3.7).

use crate::job::Task;
use crate::problem::Problem;
use crate::suggest::did_you_mean;
use std::collections::{BTreeMap, BTreeSet};

/// The tasks of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// In the order of the definition. Their dependencies on tasks that are not selected stay written; the run treats
    /// them as absent.
    pub tasks: Vec<Task>,
    /// Disabled tasks that run because they were named.
    pub forced: BTreeSet<String>,
}

/// Selects tasks. Each item of `only` is a task key, with `+` before it for everything upstream as well, after it for
/// everything downstream, or both. A disabled task is not pulled in by `+`, but runs when it is named itself. A dotted
/// key (`task.table`) selects its task. An empty `only` selects everything.
///
/// The problems name every item that is no task; their path is `only[n]`.
pub fn select_tasks(tasks: &[Task], only: &[String]) -> Result<Selection, Vec<Problem>> {
    if only.is_empty() {
        return Ok(Selection { tasks: tasks.to_vec(), forced: BTreeSet::new() });
    }
    let by_key: BTreeMap<&str, &Task> = tasks.iter().map(|task| (task.task_key.as_str(), task)).collect();
    let mut downstream: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for task in tasks {
        for edge in &task.depends_on {
            downstream.entry(&edge.task_key).or_default().push(&task.task_key);
        }
    }
    let (mut named, mut pulled) = (BTreeSet::new(), BTreeSet::new());
    let mut problems = Vec::new();
    for (index, item) in only.iter().enumerate() {
        let (up, rest) = item.strip_prefix('+').map_or((false, item.as_str()), |rest| (true, rest));
        let (down, key) = rest.strip_suffix('+').map_or((false, rest), |rest| (true, rest));
        let found = by_key.get_key_value(key).or_else(|| by_key.get_key_value(key.split_once('.')?.0));
        let Some((key, _)) = found else {
            let problem =
                Problem::error("unknown_task", format!("only[{index}]"), format!("there is no task {key:?}"));
            problems.push(match did_you_mean(key, by_key.keys().copied()) {
                Some(hint) => problem.with_hint(hint),
                None => problem,
            });
            continue;
        };
        named.insert(*key);
        let upstream = |key: &str| -> Vec<&str> {
            by_key
                .get(key)
                .map_or_else(Vec::new, |task| task.depends_on.iter().map(|d| d.task_key.as_str()).collect())
        };
        if up {
            walk(key, upstream, &mut pulled);
        }
        if down {
            walk(key, |key| downstream.get(key).cloned().unwrap_or_default(), &mut pulled);
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let selected = |task: &&Task| {
        let key = task.task_key.as_str();
        named.contains(key) || (pulled.contains(key) && !task.is_disabled())
    };
    let tasks: Vec<Task> = tasks.iter().filter(selected).cloned().collect();
    let forced = tasks.iter().filter(|task| task.is_disabled()).map(|task| task.task_key.clone()).collect();
    Ok(Selection { tasks, forced })
}

/// Adds everything that can be reached from `from`, through disabled tasks too.
fn walk<'a>(from: &'a str, next: impl Fn(&str) -> Vec<&'a str>, reached: &mut BTreeSet<&'a str>) {
    let mut seen = BTreeSet::new();
    let mut stack = next(from);
    while let Some(key) = stack.pop() {
        if seen.insert(key) {
            stack.extend(next(key));
        }
    }
    reached.extend(seen);
}
