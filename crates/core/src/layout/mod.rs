//! Positions of a task graph for drawing: layered from left to right, in a stable order, with routed edges.
//!
//! Integers only and no randomness: the same tasks give the same picture in every language, and since states are no
//! input, nothing moves when a task changes its state. Large graphs are folded first ([`Options::fold_above`]), so that
//! a page never has to draw thousands of nodes. Nothing here knows of runs; [`critical_path`] takes times as numbers.

mod critical;
mod fold;
mod layers;
mod order;
mod place;

pub use critical::{Timed, critical_path};

use crate::json::{Object, ToJson, list};
use crate::names::Names;
use crate::value::Value;
use layers::Layered;
use serde::{Deserialize, Serialize};

/// One task to draw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Its key; of two tasks with one key the first is drawn.
    pub key: String,
    /// What tasks must have in common to be folded together, for example their type.
    #[serde(default)]
    pub group: String,
    /// Keys of the tasks it depends on. Unknown ones are left out; one given twice counts once.
    #[serde(default)]
    pub depends_on: Vec<String>,
}

/// Sizes in pixels, and when to fold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Width of a node.
    pub width: i32,
    /// Height of a node.
    pub height: i32,
    /// Between two layers, where edges bend.
    pub layer_gap: i32,
    /// Between two nodes of a layer.
    pub row_gap: i32,
    /// Around everything.
    pub margin: i32,
    /// More nodes than this are folded; 0 never folds.
    pub fold_above: usize,
}

/// Nodes that a page draws without folding (console reference 3.9).
pub const FOLD_ABOVE: usize = 400;

impl Default for Options {
    fn default() -> Self {
        Self { width: 150, height: 46, layer_gap: 34, row_gap: 26, margin: 14, fold_above: FOLD_ABOVE }
    }
}

/// A drawn graph.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// Of the whole picture.
    pub width: i32,
    /// Of the whole picture.
    pub height: i32,
    /// In order of layers, and from top to bottom within a layer.
    pub nodes: Vec<Placed>,
    /// In order of their sources.
    pub edges: Vec<Routed>,
    /// True when some node stands for several tasks.
    pub folded: bool,
}

/// A node at its place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// The task, or the first one of a folded node.
    pub key: String,
    /// The tasks it stands for, in their order; empty when it is one task.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// From 0 at the left.
    pub layer: usize,
    /// Left edge.
    pub x: i32,
    /// Top edge.
    pub y: i32,
}

/// An edge on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routed {
    /// Key of the node it starts at.
    pub from: String,
    /// Key of the node it ends at.
    pub to: String,
    /// An even number of points. Between the first and the second it bends (a gap between layers), between the second
    /// and the third it is straight (a layer it passes), and so on. Edges of one source share the layers they pass.
    pub points: Vec<(i32, i32)>,
}

/// Lays a graph out. Its cost is a few milliseconds for a thousand tasks. Cycles, which a valid job has none of, lose
/// the edges that close them.
pub fn layout(nodes: &[Node], options: &Options) -> Layout {
    let folded = fold::fold(nodes, options.fold_above);
    let mut layered = Layered::new(folded.upstream);
    let rows = order::order(&layered);
    layered.arrange(rows);
    let tops = place::tops(&layered, options);
    let mut names: Vec<&str> = Vec::with_capacity(folded.members.len());
    let mut drawn = Layout::default();
    for members in &folded.members {
        names.push(nodes[members[0]].key.as_str());
        drawn.folded |= members.len() > 1;
    }
    for (layer, row) in layered.rows.iter().enumerate() {
        for vertex in row.iter().filter(|vertex| **vertex < names.len()) {
            let members = &folded.members[*vertex];
            drawn.nodes.push(Placed {
                key: names[*vertex].to_owned(),
                members: if members.len() > 1 { keys(nodes, members) } else { Vec::new() },
                layer,
                x: place::left(layer, options),
                y: tops[*vertex],
            });
        }
    }
    for (from, to, points) in place::routes(&layered, &tops, options) {
        drawn.edges.push(Routed { from: names[from].to_owned(), to: names[to].to_owned(), points });
    }
    let layers = layered.rows.len() as i32;
    if layers > 0 {
        drawn.width = place::left(layered.rows.len(), options) - options.layer_gap + options.margin;
        let mut bottom = i32::MIN;
        for (vertex, top) in tops.iter().enumerate() {
            bottom = bottom.max(top + place::height(&layered, vertex, options));
        }
        drawn.height = bottom + options.margin;
    }
    drawn
}

/// The keys of some of the tasks.
fn keys(nodes: &[Node], members: &[usize]) -> Vec<String> {
    let mut keys = Vec::with_capacity(members.len());
    for n in members {
        keys.push(nodes[*n].key.clone());
    }
    keys
}

/// The tasks by key, each with its upstream tasks as numbers; of two with one key the first.
fn read(nodes: &[Node]) -> (Vec<usize>, Vec<Vec<usize>>) {
    let mut keys = Vec::with_capacity(nodes.len());
    for node in nodes {
        keys.push(node.key.as_str());
    }
    let first = Names::of(&keys);
    let (mut kept, mut places) = (Vec::new(), Vec::new());
    for (n, key) in keys.iter().enumerate() {
        places.push(kept.len());
        if first.get(key) == Some(n) {
            kept.push(n);
        }
    }
    let mut upstream = Vec::with_capacity(kept.len());
    for (own, n) in kept.iter().enumerate() {
        let mut found: Vec<usize> = Vec::new();
        for key in &nodes[*n].depends_on {
            if let Some(up) = first.get(key).map(|up| places[up]).filter(|up| *up != own) {
                found.push(up);
            }
        }
        found.sort_unstable();
        found.dedup();
        upstream.push(found);
    }
    (kept, upstream)
}

impl ToJson for Layout {
    fn to_json(&self) -> Value {
        let mut told = Object::default();
        told.set("width", self.width);
        told.set("height", self.height);
        told.set("nodes", self.nodes.to_json());
        told.set("edges", self.edges.to_json());
        told.set("folded", self.folded);
        told.into()
    }
}

impl ToJson for Placed {
    fn to_json(&self) -> Value {
        let mut told = Object::default();
        told.set("key", self.key.as_str());
        told.set_list("members", &self.members);
        told.set("layer", self.layer);
        told.set("x", self.x);
        told.set("y", self.y);
        told.into()
    }
}

impl ToJson for Routed {
    fn to_json(&self) -> Value {
        let coordinates = |(x, y): (i32, i32)| list(2, &mut |n| if n == 0 { x.into() } else { y.into() });
        let mut told = Object::default();
        told.set("from", self.from.as_str());
        told.set("to", self.to.as_str());
        told.set("points", list(self.points.len(), &mut |n| coordinates(self.points[n])));
        told.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_form_in_json_is_that_of_serde() {
        let node = |key: &str, up: &[&str]| Node {
            key: key.to_owned(),
            depends_on: up.iter().map(|key| (*key).to_owned()).collect(),
            ..Node::default()
        };
        let nodes =
            [node("a", &[]), node("b", &["a"]), node("c", &["a"]), node("d", &["a"]), node("e", &["b", "a"])];
        for fold_above in [0, 2] {
            let drawn = layout(&nodes, &Options { fold_above, ..Options::default() });
            assert_eq!(serde_json::to_value(&drawn).ok(), Some(drawn.to_json()));
            assert_eq!(drawn.folded, fold_above == 2);
        }
    }
}
