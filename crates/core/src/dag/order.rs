//! Order and cycles of a graph whose nodes have names. Which tasks run when is not decided here.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

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
        let mut index: BTreeMap<&str, usize> = BTreeMap::new();
        let mut edges = Vec::new();
        for (name, upstream) in nodes {
            if !index.contains_key(name) {
                index.insert(name, edges.len());
                edges.push((name, upstream.into_iter().collect::<Vec<_>>()));
            }
        }
        let upstream = edges.iter().map(|(_, names)| {
            let found: BTreeSet<usize> = names.iter().filter_map(|name| index.get(name).copied()).collect();
            found.into_iter().collect()
        });
        Self {
            upstream: upstream.collect(),
            names: edges.iter().map(|(name, _)| (*name).to_owned()).collect(),
        }
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
        let mut waiting: Vec<usize> = self.upstream.iter().map(Vec::len).collect();
        let mut downstream = vec![Vec::new(); self.names.len()];
        for (node, upstream) in self.upstream.iter().enumerate() {
            for up in upstream {
                downstream[*up].push(node);
            }
        }
        let mut ready: BTreeSet<usize> = (0..waiting.len()).filter(|node| waiting[*node] == 0).collect();
        let mut order = Vec::with_capacity(waiting.len());
        while let Some(node) = ready.pop_first() {
            order.push(self.names[node].as_str());
            for down in &downstream[node] {
                waiting[*down] -= 1;
                if waiting[*down] == 0 {
                    ready.insert(*down);
                }
            }
        }
        if order.len() == self.names.len() {
            Ok(order)
        } else {
            Err(self.cycles().into_iter().next().unwrap_or_default())
        }
    }

    /// The shortest cycle through each node that is on one, without saying a cycle twice. A cycle is the names from
    /// its first node (in the order given) to the last before it closes; each name has the next one upstream. A
    /// node that is its own upstream is a cycle of one.
    pub fn cycles(&self) -> Vec<Vec<&str>> {
        let mut said: BTreeSet<usize> = BTreeSet::new();
        let mut cycles = Vec::new();
        for start in 0..self.names.len() {
            if said.contains(&start) {
                continue;
            }
            if let Some(cycle) = self.shortest_cycle(start) {
                said.extend(&cycle);
                cycles.push(cycle.into_iter().map(|node| self.names[node].as_str()).collect());
            }
        }
        cycles
    }

    fn shortest_cycle(&self, start: usize) -> Option<Vec<usize>> {
        let mut came_from: BTreeMap<usize, usize> = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            for up in &self.upstream[node] {
                if *up == start {
                    let mut cycle = vec![node];
                    while let Some(before) = cycle.last().and_then(|node| came_from.get(node)) {
                        cycle.push(*before);
                    }
                    cycle.reverse();
                    return Some(cycle);
                }
                if let std::collections::btree_map::Entry::Vacant(entry) = came_from.entry(*up) {
                    entry.insert(node);
                    queue.push_back(*up);
                }
            }
        }
        None
    }

    /// The names of all nodes that are upstream of `name`, directly or not. `name` itself is among them only when it
    /// is on a cycle.
    pub fn ancestors(&self, name: &str) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut stack: Vec<usize> = self.names.iter().position(|n| n == name).into_iter().collect();
        while let Some(node) = stack.pop() {
            for up in &self.upstream[node] {
                if found.insert(self.names[*up].as_str()) {
                    stack.push(*up);
                }
            }
        }
        found
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
        assert_eq!(diamond.ancestors("d").into_iter().collect::<Vec<_>>(), ["a", "b", "c"]);
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
