//! The level of each task: the longest way to it from a task without dependencies.

/// Levels of a graph whose node `n` depends on the nodes in `dependencies[n]`: 0 for nodes without dependencies, else
/// one more than the highest level among them. `None` when there is a cycle. Numbers that are no node are left out.
pub fn levels(dependencies: &[Vec<usize>]) -> Option<Vec<usize>> {
    let count = dependencies.len();
    let mut dependents = vec![Vec::new(); count];
    let mut waiting = vec![0_usize; count];
    for (node, upstream) in dependencies.iter().enumerate() {
        for &from in upstream.iter().filter(|from| **from < count) {
            dependents[from].push(node);
            waiting[node] += 1;
        }
    }
    let mut levels = vec![0; count];
    let mut ready: Vec<usize> = (0..count).filter(|node| waiting[*node] == 0).collect();
    let mut done = 0;
    while let Some(node) = ready.pop() {
        done += 1;
        for &next in &dependents[node] {
            levels[next] = levels[next].max(levels[node] + 1);
            waiting[next] -= 1;
            if waiting[next] == 0 {
                ready.push(next);
            }
        }
    }
    (done == count).then_some(levels)
}
