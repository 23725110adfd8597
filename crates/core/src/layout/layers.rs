//! Layers, and the vertices that long edges pass on their way: one chain for all edges of a source, so that they share
//! a trunk.

use crate::dag::order::{turned, upstream_first};

/// A graph with a layer for every vertex and an edge only from one layer to the next. Vertices from [`Self::real`] on
/// are passed by edges and not drawn.
pub(super) struct Layered {
    /// Number of nodes; they are the first vertices.
    pub(super) real: usize,
    /// Vertices in the layer before that lead here.
    pub(super) left: Vec<Vec<usize>>,
    /// Vertices in the layer after that this leads to.
    pub(super) right: Vec<Vec<usize>>,
    /// Layer of each vertex.
    pub(super) layer: Vec<usize>,
    /// Vertices by layer, top to bottom.
    pub(super) rows: Vec<Vec<usize>>,
    /// Per node: its passed vertices by distance (first in the next layer).
    pub(super) trunks: Vec<Vec<usize>>,
    /// Per node: where its edges end, ascending.
    pub(super) targets: Vec<Vec<usize>>,
}

/// Takes edges away until there is no cycle: of the first node that waits for itself, those that it waits for.
pub(super) fn drop_cycles(upstream: &mut [Vec<usize>]) {
    loop {
        let order = upstream_first(upstream);
        if order.len() == upstream.len() {
            return;
        }
        let mut free = vec![false; upstream.len()];
        for node in order {
            free[node] = true;
        }
        if let Some(first) = free.iter().position(|free| !free) {
            upstream[first].retain(|up| free[*up]);
        }
    }
}

/// The layer of each node: the longest way to it.
pub(super) fn longest(upstream: &[Vec<usize>]) -> Vec<usize> {
    let mut layer = vec![0; upstream.len()];
    for node in upstream_first(upstream) {
        layer[node] = upstream[node].iter().map(|up| layer[*up] + 1).max().unwrap_or(0);
    }
    layer
}

impl Layered {
    /// Of a graph without cycles.
    pub(super) fn new(upstream: Vec<Vec<usize>>) -> Self {
        let real = upstream.len();
        let mut layer = longest(&upstream);
        let targets = turned(&upstream);
        // A source stands beside the first that needs it.
        for node in 0..real {
            if upstream[node].is_empty()
                && let Some(first) = targets[node].iter().map(|next| layer[*next]).min()
            {
                layer[node] = first - 1;
            }
        }
        let mut graph = Self {
            real,
            left: vec![Vec::new(); real],
            right: vec![Vec::new(); real],
            layer,
            rows: Vec::new(),
            trunks: vec![Vec::new(); real],
            targets,
        };
        for node in 0..real {
            graph.pass(node);
        }
        let count = graph.layer.iter().max().map_or(0, |last| last + 1);
        graph.rows = vec![Vec::new(); count];
        for vertex in 0..graph.vertices() {
            graph.rows[graph.layer[vertex]].push(vertex);
        }
        graph
    }

    pub(super) fn vertices(&self) -> usize {
        self.layer.len()
    }

    /// Adds the vertices that the edges of a node pass, and the steps between them.
    fn pass(&mut self, node: usize) {
        let from = self.layer[node];
        let targets = self.targets[node].clone();
        let last = targets.iter().map(|to| self.layer[*to]).max().unwrap_or(from);
        for layer in from + 1..last {
            let vertex = self.vertices();
            self.layer.push(layer);
            self.left.push(Vec::new());
            self.right.push(Vec::new());
            let before = self.trunks[node].last().copied().unwrap_or(node);
            self.link(before, vertex);
            self.trunks[node].push(vertex);
        }
        for to in targets {
            let steps = self.layer[to] - from;
            let before = if steps == 1 { node } else { self.trunks[node][steps - 2] };
            self.link(before, to);
        }
    }

    fn link(&mut self, left: usize, right: usize) {
        self.right[left].push(right);
        self.left[right].push(left);
    }

    /// Takes over an order of the layers.
    pub(super) fn arrange(&mut self, rows: Vec<Vec<usize>>) {
        self.rows = rows;
    }
}
