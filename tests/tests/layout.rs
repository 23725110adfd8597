//! Positions of task graphs: the vectors of `layout.json`, and what holds for every graph.

#![expect(clippy::unwrap_used, reason = "a test's helpers")]
use lakeflow_core::layout::{FOLD_ABOVE, Layout, Node, Options, Timed, critical_path, layout};
use lakeflow_tests::vectors;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Deserialize)]
struct Input {
    #[serde(default)]
    nodes: Vec<Node>,
    #[serde(default)]
    options: Options,
    times: Option<Vec<Timed>>,
}

/// What a vector says about a picture; what it leaves out it does not judge.
#[derive(Debug, Deserialize)]
struct Expect {
    width: Option<i32>,
    height: Option<i32>,
    layers: Option<Vec<Vec<String>>>,
    places: Option<BTreeMap<String, (i32, i32)>>,
    edges: Option<Vec<lakeflow_core::layout::Routed>>,
    folded: Option<BTreeMap<String, Vec<String>>>,
    critical: Option<Vec<String>>,
}

fn layers(drawn: &Layout) -> Vec<Vec<String>> {
    let mut layers: Vec<Vec<String>> = Vec::new();
    for node in &drawn.nodes {
        layers.resize(layers.len().max(node.layer + 1), Vec::new());
        layers[node.layer].push(node.key.clone());
    }
    layers
}

#[test]
fn vectors_hold() {
    for case in vectors::<Input, Expect>("layout.json") {
        let (name, expect) = (&case.name, case.expect);
        if let Some(times) = case.input.times {
            assert_eq!(Some(critical_path(&times)), expect.critical, "{name}");
            continue;
        }
        let drawn = layout(&case.input.nodes, &case.input.options);
        if let Some(width) = expect.width {
            assert_eq!(drawn.width, width, "{name}");
        }
        if let Some(height) = expect.height {
            assert_eq!(drawn.height, height, "{name}");
        }
        if let Some(wanted) = expect.layers {
            assert_eq!(layers(&drawn), wanted, "{name}");
        }
        for (key, (x, y)) in expect.places.unwrap_or_default() {
            let node = drawn.nodes.iter().find(|node| node.key == key).unwrap();
            assert_eq!((node.x, node.y), (x, y), "{name}: {key}");
        }
        if let Some(edges) = expect.edges {
            assert_eq!(drawn.edges, edges, "{name}");
        }
        if let Some(wanted) = expect.folded {
            let folded: BTreeMap<String, Vec<String>> = drawn
                .nodes
                .iter()
                .filter(|node| !node.members.is_empty())
                .map(|node| (node.key.clone(), node.members.clone()))
                .collect();
            assert_eq!(folded, wanted, "{name}");
            assert_eq!(drawn.folded, !wanted.is_empty(), "{name}");
        }
    }
}

/// A graph without cycles, from a seed: up to two dependencies among the 40 tasks before, in a shuffled order.
fn graph(count: u64, seed: u64) -> Vec<Node> {
    let mut state = seed;
    let mut next = |most: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % most
    };
    let mut nodes: Vec<Node> = (0..count)
        .map(|n| {
            let mut depends_on = Vec::new();
            for _ in 0..next(3) {
                if n > 0 {
                    depends_on.push(format!("t{}", n - 1 - next(n.min(40))));
                }
            }
            let group = ["sql", "notebook"][next(2) as usize].to_owned();
            Node { key: format!("t{n}"), group, depends_on }
        })
        .collect();
    for n in (1..nodes.len()).rev() {
        nodes.swap(n, next(n as u64 + 1) as usize);
    }
    nodes
}

/// What holds for every picture of a graph without cycles.
fn check(nodes: &[Node], options: &Options) {
    let drawn = layout(nodes, options);
    assert_eq!(drawn, layout(nodes, options), "the same tasks give the same picture");
    let mut holder: BTreeMap<&str, &str> = BTreeMap::new();
    for node in &drawn.nodes {
        let own = [node.key.clone()];
        for member in if node.members.is_empty() { &own[..] } else { &node.members } {
            assert_eq!(nodes.iter().filter(|task| task.key == *member).count(), 1);
            assert_eq!(
                holder.insert(
                    nodes.iter().find(|task| task.key == *member).map(|task| task.key.as_str()).unwrap(),
                    &node.key
                ),
                None,
                "{member} is drawn twice"
            );
        }
        assert!(node.x >= options.margin && node.x + options.width + options.margin <= drawn.width);
        assert!(node.y >= options.margin && node.y + options.height + options.margin <= drawn.height);
    }
    assert_eq!(holder.len(), nodes.len(), "every task is drawn");
    for pair in drawn.nodes.windows(2) {
        if pair[0].layer == pair[1].layer {
            assert!(
                pair[1].y - pair[0].y >= options.height + options.row_gap,
                "{} over {}",
                pair[0].key,
                pair[1].key
            );
        } else {
            assert!(pair[1].layer == pair[0].layer + 1, "no layer is empty");
        }
    }
    let place: BTreeMap<&str, _> = drawn.nodes.iter().map(|node| (node.key.as_str(), node)).collect();
    let wanted: BTreeSet<(&str, &str)> = nodes
        .iter()
        .flat_map(|task| task.depends_on.iter().map(|up| (holder[up.as_str()], holder[task.key.as_str()])))
        .filter(|(from, to)| from != to)
        .collect();
    let found: BTreeSet<(&str, &str)> =
        drawn.edges.iter().map(|edge| (edge.from.as_str(), edge.to.as_str())).collect();
    assert_eq!(found, wanted);
    assert_eq!(drawn.edges.len(), wanted.len(), "an edge is drawn once");
    for edge in &drawn.edges {
        let (from, to) = (place[edge.from.as_str()], place[edge.to.as_str()]);
        assert!(from.layer < to.layer, "edges go from left to right");
        assert_eq!(edge.points.first(), Some(&(from.x + options.width, from.y + options.height / 2)));
        assert_eq!(edge.points.last(), Some(&(to.x, to.y + options.height / 2)));
        assert_eq!(edge.points.len(), 2 * (to.layer - from.layer));
        for pair in edge.points.windows(2) {
            assert!(pair[0].0 < pair[1].0, "an edge never turns back");
        }
    }
}

#[test]
fn every_graph_is_drawn_whole_and_without_overlaps() {
    for seed in 0..150 {
        check(&graph(1 + seed % 45, seed), &Options::default());
    }
    check(&graph(300, 7), &Options::default());
}

#[test]
fn large_graphs_are_folded_to_the_limit_and_drawn_whole_on_demand() {
    for (count, seed) in [(401, 1), (1000, 2), (1000, 3)] {
        let nodes = graph(count, seed);
        let drawn = layout(&nodes, &Options::default());
        assert!(drawn.folded && drawn.nodes.len() <= FOLD_ABOVE, "{} nodes", drawn.nodes.len());
        check(&nodes, &Options::default());
        let whole = Options { fold_above: 0, ..Options::default() };
        assert_eq!(layout(&nodes, &whole).nodes.len(), nodes.len());
        check(&nodes, &whole);
    }
    for limit in 1..20 {
        check(&graph(60, limit), &Options { fold_above: limit as usize, ..Options::default() });
    }
}

#[test]
fn a_graph_with_cycles_is_drawn_too() {
    let node = |key: &str, up: &[&str]| Node {
        key: key.to_owned(),
        group: String::new(),
        depends_on: up.iter().map(|up| (*up).to_owned()).collect(),
    };
    let all = ["a", "b", "c", "d"];
    let drawn = layout(&all.map(|key| node(key, &all)), &Options::default());
    assert_eq!(drawn.nodes.len(), 4);
}
