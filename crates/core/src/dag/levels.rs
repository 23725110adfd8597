//! The graph of a job's tasks, and the level of each task: the longest way to it from a task without dependencies.

use super::Vertex;
use super::order::Graph;
use crate::names::Names;

/// The graph of tasks. Dependencies on tasks that are not given are left out (reference section 3.7).
pub fn graph<'a, V: Vertex + 'a>(tasks: impl IntoIterator<Item = &'a V>) -> Graph {
    let upstream = |task: &'a V| task.upstream().iter().map(|edge| edge.task_key.as_str());
    Graph::new(tasks.into_iter().map(|task| (task.key(), upstream(task))))
}

/// Which number each key has; of two tasks with one key the last counts.
pub(super) fn numbers<V: Vertex>(tasks: &[V]) -> Names<'_> {
    let mut keys = Vec::with_capacity(tasks.len());
    for task in tasks {
        keys.push(task.key());
    }
    Names::last_of(&keys)
}

/// The level of each task, in the order of the keys: 0 without dependencies, else one more than the highest level among them.
///
/// # Errors
/// One cycle, as keys along the edges from downstream to upstream, when there is any.
pub fn levels<V: Vertex>(tasks: &[V]) -> Result<Vec<(&str, usize)>, Vec<String>> {
    let numbers = numbers(tasks);
    let mut levels: Vec<Option<usize>> = vec![None; tasks.len()];
    for n in upstream_first(tasks, &numbers)? {
        let mut level = 0;
        for edge in tasks[n].upstream() {
            if let Some(above) = numbers.get(&edge.task_key).and_then(|up| levels[up]) {
                level = level.max(above + 1);
            }
        }
        levels[n] = Some(level);
    }
    let mut told = Vec::with_capacity(tasks.len());
    for (key, n) in numbers.iter() {
        if let Some(level) = levels[n] {
            told.push((key, level));
        }
    }
    Ok(told)
}

/// The numbers of all tasks, each after those that it waits for.
pub(super) fn upstream_first<V: Vertex>(tasks: &[V], numbers: &Names<'_>) -> Result<Vec<usize>, Vec<String>> {
    let graph = graph(tasks);
    let mut told = Vec::with_capacity(tasks.len());
    match graph.order() {
        Ok(order) => {
            for key in order {
                told.extend(numbers.get(key));
            }
            Ok(told)
        }
        Err(cycle) => Err(cycle.into_iter().map(str::to_owned).collect()),
    }
}
