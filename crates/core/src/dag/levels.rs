//! The graph of a job's tasks, and the level of each task: the longest way to it from a task without dependencies.

use super::order::Graph;
use crate::job::Task;
use std::collections::BTreeMap;

/// The graph of tasks. Dependencies on tasks that are not given are left out (reference section 3.7).
pub fn graph<'a>(tasks: impl IntoIterator<Item = &'a Task>) -> Graph {
    Graph::new(
        tasks
            .into_iter()
            .map(|task| (task.task_key.as_str(), task.depends_on.iter().map(|edge| edge.task_key.as_str()))),
    )
}

/// The level of each task by key: 0 without dependencies, else one more than the highest level among them.
///
/// # Errors
/// One cycle, as keys along the edges from downstream to upstream, when there is any.
pub fn levels(tasks: &[Task]) -> Result<BTreeMap<&str, usize>, Vec<String>> {
    let by_key: BTreeMap<&str, &Task> = tasks.iter().map(|task| (task.task_key.as_str(), task)).collect();
    let graph = graph(tasks);
    let order = graph.order().map_err(|cycle| cycle.into_iter().map(str::to_owned).collect::<Vec<_>>())?;
    let mut levels: BTreeMap<&str, usize> = BTreeMap::new();
    for task in order.iter().filter_map(|key| by_key.get(key)) {
        let upstream = task.depends_on.iter().filter_map(|edge| levels.get(edge.task_key.as_str()));
        let level = upstream.max().map_or(0, |highest| highest + 1);
        levels.insert(task.task_key.as_str(), level);
    }
    Ok(levels)
}
