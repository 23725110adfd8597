//! Coordinates: every vertex as near to the mean of its neighbours as its row allows, and the ways of edges.

use super::Options;
use super::layers::Layered;

/// Sweeps that move rows towards their neighbours.
const SWEEPS: usize = 6;

/// Height that a passing edge takes up in a layer, of a node's height.
const TRUNK_PART: i32 = 4;

/// Parts of a pixel that are reckoned with, so that rounding does not add up over the sweeps.
const FINE: i64 = 256;

/// Left edge of a layer.
pub(super) fn left(layer: usize, options: &Options) -> i32 {
    options.margin + layer as i32 * (options.width + options.layer_gap)
}

/// Height of a vertex.
pub(super) fn height(graph: &Layered, vertex: usize, options: &Options) -> i32 {
    if vertex < graph.real { options.height } else { options.height / TRUNK_PART }
}

/// Top edge of every vertex.
pub(super) fn tops(graph: &Layered, options: &Options) -> Vec<i32> {
    let size = |vertex: usize| i64::from(height(graph, vertex, options)) * FINE;
    let gap = i64::from(options.row_gap) * FINE;
    let mut centre = vec![0_i64; graph.vertices()];
    for row in &graph.rows {
        let mut sizes = Vec::with_capacity(row.len());
        for vertex in row {
            sizes.push(size(*vertex));
        }
        for (vertex, at) in row.iter().zip(offsets(&sizes, gap)) {
            centre[*vertex] = at;
        }
    }
    let count = graph.rows.len();
    for sweep in 0..SWEEPS {
        for step in 0..count {
            let rightwards = sweep % 2 == 1;
            let row = &graph.rows[if rightwards { step } else { count - 1 - step }];
            let sides = if rightwards { &graph.left } else { &graph.right };
            let (mut wishes, mut sizes) = (Vec::with_capacity(row.len()), Vec::with_capacity(row.len()));
            for vertex in row {
                let near = &sides[*vertex];
                wishes.push(match near.len() as i64 {
                    0 => centre[*vertex],
                    n => near.iter().map(|v| centre[*v]).sum::<i64>() / n,
                });
                sizes.push(size(*vertex));
            }
            for (vertex, at) in row.iter().zip(settle(&wishes, &sizes, gap)) {
                centre[*vertex] = at;
            }
        }
    }
    let mut tops = Vec::with_capacity(centre.len());
    let mut first = i32::MAX;
    for (vertex, centre) in centre.iter().enumerate() {
        let top = (centre - size(vertex) / 2 + FINE / 2).div_euclid(FINE) as i32;
        first = first.min(top);
        tops.push(top);
    }
    for top in &mut tops {
        *top = *top - first + options.margin;
    }
    tops
}

/// The centres of a row whose vertices stand as close as they may, from 0.
fn offsets(sizes: &[i64], gap: i64) -> Vec<i64> {
    let mut y = 0;
    let mut centres = Vec::with_capacity(sizes.len());
    for size in sizes {
        centres.push(y + size / 2);
        y += size + gap;
    }
    centres
}

/// The centres nearest to the wishes at which a row keeps its order and its gaps: pooling of neighbours that want to be
/// closer than they may, each pool at the mean of its wishes.
fn settle(wishes: &[i64], sizes: &[i64], gap: i64) -> Vec<i64> {
    let offsets = offsets(sizes, gap);
    // Pools: sum of wishes less offsets, and how many.
    let mut pools: Vec<(i64, i64)> = Vec::new();
    for (wish, offset) in wishes.iter().zip(&offsets) {
        let mut pool = (wish - offset, 1);
        while let Some((sum, count)) = pools.last().copied()
            && sum * pool.1 >= pool.0 * count
        {
            pools.pop();
            pool = (pool.0 + sum, pool.1 + count);
        }
        pools.push(pool);
    }
    let mut centres = offsets;
    let mut next = 0;
    for (sum, count) in pools {
        let end = next + count as usize;
        for centre in &mut centres[next..end] {
            *centre += sum.div_euclid(count);
        }
        next = end;
    }
    centres
}

/// Source, target and points of an edge.
pub(super) type Route = (usize, usize, Vec<(i32, i32)>);

/// Every edge with its points, in order of sources and then of targets.
pub(super) fn routes(graph: &Layered, tops: &[i32], options: &Options) -> Vec<Route> {
    let middle = |vertex: usize| tops[vertex] + height(graph, vertex, options) / 2;
    let mut routes = Vec::new();
    for from in 0..graph.real {
        for to in &graph.targets[from] {
            let mut points = vec![(left(graph.layer[from], options) + options.width, middle(from))];
            for passed in &graph.trunks[from][..graph.layer[*to] - graph.layer[from] - 1] {
                let (x, y) = (left(graph.layer[*passed], options), middle(*passed));
                points.extend([(x, y), (x + options.width, y)]);
            }
            points.push((left(graph.layer[*to], options), middle(*to)));
            routes.push((from, *to, points));
        }
    }
    routes
}
