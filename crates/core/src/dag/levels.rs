//! The graph of a job's tasks, and the level of each task: the longest way to it from a task without dependencies.

use super::Vertex;
use super::order::Graph;
use std::collections::BTreeMap;

/// The graph of tasks. Dependencies on tasks that are not given are left out (reference section 3.7).
pub fn graph<'a, V: Vertex + 'a>(tasks: impl IntoIterator<Item = &'a V>) -> Graph {
    let upstream = |task: &'a V| task.upstream().iter().map(|edge| edge.task_key.as_str());
    Graph::new(tasks.into_iter().map(|task| (task.key(), upstream(task))))
}

/// The level of each task by key: 0 without dependencies, else one more than the highest level among them.
///
/// # Errors
/// One cycle, as keys along the edges from downstream to upstream, when there is any.
pub fn levels<V: Vertex>(tasks: &[V]) -> Result<BTreeMap<&str, usize>, Vec<String>> {
    let mut index: BTreeMap<&str, usize> = BTreeMap::new();
    for (n, task) in tasks.iter().enumerate() {
        index.insert(task.key(), n);
    }
    let graph = graph(tasks);
    let order = graph.order().map_err(|cycle| cycle.into_iter().map(str::to_owned).collect::<Vec<_>>())?;
    let mut levels: BTreeMap<&str, usize> = BTreeMap::new();
    for n in order.iter().filter_map(|key| index.get(key)) {
        let task = &tasks[*n];
        let upstream = task.upstream().iter().filter_map(|edge| levels.get(edge.task_key.as_str()));
        let level = upstream.max().map_or(0, |highest| highest + 1);
        levels.insert(task.key(), level);
    }
    Ok(levels)
}
