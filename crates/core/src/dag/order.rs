//! Order and cycles of a graph whose nodes have names. Which tasks run when is not decided here.

use crate::names::Names;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// An order in which every node comes after its upstream nodes; of nodes that are free at the same time the first comes
/// first. Nodes of cycles, and those that wait for them, are left out.
pub(crate) fn upstream_first(upstream: &[Vec<usize>]) -> Vec<usize> {
    let mut waiting: Vec<usize> = upstream.iter().map(Vec::len).collect();
    let downstream = turned(upstream);
    let mut ready = BinaryHeap::new();
    for (node, count) in waiting.iter().enumerate() {
        if *count == 0 {
            ready.push(Reverse(node));
        }
    }
    let mut order = Vec::with_capacity(upstream.len());
    while let Some(Reverse(node)) = ready.pop() {
        order.push(node);
        for down in &downstream[node] {
            waiting[*down] -= 1;
            if waiting[*down] == 0 {
                ready.push(Reverse(*down));
            }
        }
    }
    order
}

/// The nodes that each node leads to, ascending, given those that lead to each.
#[inline(never)]
pub(crate) fn turned(upstream: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut downstream = vec![Vec::new(); upstream.len()];
    for (node, ups) in upstream.iter().enumerate() {
        for up in ups {
            downstream[*up].push(node);
        }
    }
    downstream
}

/// A graph of named nodes and their upstream nodes. Edges to names that are not nodes are left out.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    names: Vec<String>,
    upstream: Vec<Vec<usize>>,
}

impl Graph {
    /// Builds a graph from `(name, names of its upstream nodes)`. Of two nodes with one name the first counts; an edge
    /// given twice counts once.
    pub fn new<'a, U: IntoIterator<Item = &'a str>>(nodes: impl IntoIterator<Item = (&'a str, U)>) -> Self {
        let mut given = Vec::new();
        for (name, upstream) in nodes {
            let mut names = Vec::new();
            for name in upstream {
                names.push(name);
            }
            given.push((name, names));
        }
        Self::of(&given)
    }

    /// Written once, whatever the names come from.
    #[inline(never)]
    fn of(given: &[(&str, Vec<&str>)]) -> Self {
        let mut names = Vec::new();
        for (name, _) in given {
            names.push(*name);
        }
        let index = Names::of(&names);
        let mut graph = Self::default();
        // The number of each node among the first ones of their names.
        let mut numbers = Vec::new();
        for (n, name) in names.iter().enumerate() {
            numbers.push(graph.names.len());
            if index.get(name) == Some(n) {
                graph.names.push((*name).to_owned());
            }
        }
        for (n, (name, upstream)) in given.iter().enumerate() {
            if index.get(name) != Some(n) {
                continue;
            }
            let mut found: Vec<usize> = Vec::new();
            for name in upstream {
                if let Some(up) = index.get(name) {
                    found.push(numbers[up]);
                }
            }
            found.sort_unstable();
            found.dedup();
            graph.upstream.push(found);
        }
        graph
    }

    /// The names, in the order they were given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Every node after all its upstream nodes; nodes that are free at the same time keep the order they were given.
    ///
    /// # Errors
    /// One cycle, as names along the edges from downstream to upstream, when there is any.
    pub fn order(&self) -> Result<Vec<&str>, Vec<&str>> {
        let order = upstream_first(&self.upstream);
        if order.len() == self.names.len() {
            Ok(order.into_iter().map(|node| self.names[node].as_str()).collect())
        } else {
            Err(self.cycles().into_iter().next().unwrap_or_default())
        }
    }

    /// The shortest cycle through each node that is on one, without saying a cycle twice. A cycle is the names from
    /// its first node (in the order given) to the last before it closes; each name has the next one upstream. A
    /// node that is its own upstream is a cycle of one.
    pub fn cycles(&self) -> Vec<Vec<&str>> {
        // Most graphs have none, which is seen at once; to look from every node takes the square of their number.
        if upstream_first(&self.upstream).len() == self.names.len() {
            return Vec::new();
        }
        let mut said = vec![false; self.names.len()];
        let mut cycles = Vec::new();
        for start in 0..self.names.len() {
            if said[start] {
                continue;
            }
            if let Some(cycle) = self.shortest_cycle(start) {
                for node in &cycle {
                    said[*node] = true;
                }
                cycles.push(cycle.into_iter().map(|node| self.names[node].as_str()).collect());
            }
        }
        cycles
    }

    fn shortest_cycle(&self, start: usize) -> Option<Vec<usize>> {
        let mut came_from: Vec<Option<usize>> = vec![None; self.names.len()];
        let mut queue = vec![start];
        let mut next = 0;
        while let Some(node) = queue.get(next).copied() {
            next += 1;
            for up in &self.upstream[node] {
                if *up == start {
                    let mut cycle = vec![node];
                    while let Some(before) = cycle.last().and_then(|node| came_from[*node]) {
                        cycle.push(before);
                    }
                    cycle.reverse();
                    return Some(cycle);
                }
                if came_from[*up].is_none() {
                    came_from[*up] = Some(node);
                    queue.push(*up);
                }
            }
        }
        None
    }

    /// The names of all nodes that are upstream of `name`, directly or not. `name` itself is among them only when it
    /// is on a cycle.
    pub fn ancestors(&self, name: &str) -> Vec<&str> {
        let mut found = vec![false; self.names.len()];
        let mut names = Vec::new();
        let mut stack: Vec<usize> = self.names.iter().position(|n| n == name).into_iter().collect();
        while let Some(node) = stack.pop() {
            for up in &self.upstream[node] {
                if !found[*up] {
                    found[*up] = true;
                    names.push(self.names[*up].as_str());
                    stack.push(*up);
                }
            }
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(nodes: &[(&'static str, &'static [&'static str])]) -> Graph {
        Graph::new(nodes.iter().map(|(name, up)| (*name, up.iter().copied())))
    }

    #[test]
    fn order_puts_upstream_first_and_keeps_the_given_order() {
        let diamond = graph(&[("d", &["b", "c"]), ("b", &["a"]), ("c", &["a"]), ("a", &[]), ("e", &[])]);
        assert_eq!(diamond.order(), Ok(vec!["a", "b", "c", "d", "e"]));
        assert!(diamond.cycles().is_empty());
        let mut ancestors = diamond.ancestors("d");
        ancestors.sort_unstable();
        assert_eq!(ancestors, ["a", "b", "c"]);
    }

    #[test]
    fn each_cycle_is_said_once() {
        let two = graph(&[("a", &["b"]), ("b", &["c"]), ("c", &["a"]), ("x", &["x"]), ("y", &["a"])]);
        assert_eq!(two.cycles(), [vec!["a", "b", "c"], vec!["x"]]);
        assert_eq!(two.order(), Err(vec!["a", "b", "c"]));
    }

    #[test]
    fn the_shortest_cycle_is_shown() {
        let graph = graph(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &["a"])]);
        assert_eq!(graph.cycles(), [vec!["a", "c"], vec!["b", "c", "a"]]);
    }

    #[test]
    fn unknown_names_and_double_edges_are_left_out() {
        let odd = graph(&[("a", &["nobody"]), ("b", &["a", "a"]), ("a", &["b"])]);
        assert_eq!(odd.order(), Ok(vec!["a", "b"]));
    }
}
