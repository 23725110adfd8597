//! Folding a large graph: several tasks become one node until few enough are left to draw.

use super::{Node, layers, read};
use crate::dag::order::{turned, upstream_first};
use crate::order::order;

/// A graph whose nodes stand for one or more tasks.
pub(super) struct Folded {
    /// Places in the list of tasks, in order; never empty.
    pub(super) members: Vec<Vec<usize>>,
    /// Upstream nodes of each node, ascending and without cycles.
    pub(super) upstream: Vec<Vec<usize>>,
}

/// Equal siblings are folded from this many on; fewer are clearer side by side.
const SIBLINGS: usize = 3;

/// What equal siblings have in common: group, upstream nodes, downstream nodes.
type Alike<'a> = (&'a str, &'a [usize], &'a [usize]);

/// Folds a graph of more than `most` nodes: equal siblings first, then chains, and again while that helps; what is still
/// too many is folded by neighbourhood within its layers.
pub(super) fn fold(nodes: &[Node], most: usize) -> Folded {
    let (kept, mut upstream) = read(nodes);
    layers::drop_cycles(&mut upstream);
    let mut folded = Folded { members: Vec::with_capacity(kept.len()), upstream };
    for n in kept {
        folded.members.push(vec![n]);
    }
    if most == 0 {
        return folded;
    }
    while folded.members.len() > most {
        let before = folded.members.len();
        let parts = siblings(&folded, nodes);
        folded = merge(&folded, &parts);
        if folded.members.len() > most {
            let parts = chains(&folded);
            folded = merge(&folded, &parts);
        }
        if folded.members.len() == before {
            break;
        }
    }
    if folded.members.len() > most {
        let parts = neighbours(&folded, most);
        folded = merge(&folded, &parts);
    }
    folded
}

/// The part each node goes to: nodes of one group with the same neighbours on both sides share one.
fn siblings(graph: &Folded, nodes: &[Node]) -> Vec<usize> {
    let down = turned(&graph.upstream);
    let alike = |node: usize| -> Alike<'_> {
        (nodes[graph.members[node][0]].group.as_str(), &graph.upstream[node], &down[node])
    };
    let sorted = order(graph.members.len(), &mut |a, b| alike(a).cmp(&alike(b)));
    let mut parts: Vec<usize> = (0..graph.members.len()).collect();
    for same in sorted.chunk_by(|a, b| alike(*a) == alike(*b)).filter(|same| same.len() >= SIBLINGS) {
        for node in same {
            parts[*node] = same[0];
        }
    }
    parts
}

/// The part each node goes to: a connected run of nodes with one way in and one way out shares one.
fn chains(graph: &Folded) -> Vec<usize> {
    let down = turned(&graph.upstream);
    let mut parts: Vec<usize> = (0..graph.members.len()).collect();
    for node in upstream_first(&graph.upstream) {
        if let [up] = graph.upstream[node][..]
            && down[up].len() == 1
            && down[node].len() <= 1
            && graph.upstream[up].len() <= 1
        {
            parts[node] = parts[up];
        }
    }
    parts
}

/// The part each node goes to: neighbours within a layer, as many as it takes. Parts stay in their layer, so no cycle
/// can come of it.
fn neighbours(graph: &Folded, most: usize) -> Vec<usize> {
    let layer = layers::longest(&graph.upstream);
    let count = layer.iter().max().map_or(0, |last| last + 1);
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (node, layer) in layer.iter().enumerate() {
        rows[*layer].push(node);
    }
    // Every layer keeps at least one node, so more layers than `most` stay more nodes than `most`.
    let spare = most.saturating_sub(count).max(1);
    let size = graph.members.len().div_ceil(spare).max(2);
    let mut parts: Vec<usize> = (0..graph.members.len()).collect();
    for part in rows.iter().flat_map(|row| row.chunks(size)) {
        for node in part {
            parts[*node] = part[0];
        }
    }
    parts
}

/// The graph of the parts; each keeps the place of its first node.
fn merge(graph: &Folded, parts: &[usize]) -> Folded {
    let mut number: Vec<Option<usize>> = vec![None; parts.len()];
    let mut count = 0;
    for part in parts {
        if number[*part].is_none() {
            number[*part] = Some(count);
            count += 1;
        }
    }
    let number = |node: usize| number[parts[node]].unwrap_or_default();
    let mut members = vec![Vec::new(); count];
    let mut upstream = vec![Vec::new(); count];
    for node in 0..parts.len() {
        let own = number(node);
        members[own].extend_from_slice(&graph.members[node]);
        for up in &graph.upstream[node] {
            if number(*up) != own {
                upstream[own].push(number(*up));
            }
        }
    }
    for list in &mut members {
        list.sort_unstable();
    }
    for list in &mut upstream {
        list.sort_unstable();
        list.dedup();
    }
    Folded { members, upstream }
}
