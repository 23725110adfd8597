//! The order within layers: barycentre sweeps in both directions, of which the one with the fewest crossings is taken.

use super::layers::Layered;
use crate::order::sort_by;

/// Sweeps in all; odd ones go from right to left.
const SWEEPS: usize = 8;

/// Vertices by layer, top to bottom. The order in which tasks are defined decides where nothing else does.
pub(super) fn order(graph: &Layered) -> Vec<Vec<usize>> {
    let mut rows = graph.rows.clone();
    let mut best = rows.clone();
    let mut fewest = crossings(graph, &rows);
    for sweep in 0..SWEEPS {
        if fewest == 0 {
            break;
        }
        let count = rows.len();
        for step in 1..count {
            let rightwards = sweep % 2 == 0;
            let (layer, fixed) = if rightwards { (step, step - 1) } else { (count - 1 - step, count - step) };
            let place = places(graph, &rows[fixed]);
            let sides = if rightwards { &graph.left } else { &graph.right };
            arrange(&mut rows[layer], sides, &place);
        }
        let found = crossings(graph, &rows);
        if found < fewest {
            fewest = found;
            best.clone_from(&rows);
        }
    }
    best
}

fn places(graph: &Layered, row: &[usize]) -> Vec<usize> {
    let mut place = vec![0; graph.vertices()];
    for (n, vertex) in row.iter().enumerate() {
        place[*vertex] = n;
    }
    place
}

/// Sorts a row by the mean place of the neighbours on one side; what has none there keeps its place.
fn arrange(row: &mut [usize], sides: &[Vec<usize>], place: &[usize]) {
    // Means as whole numbers of a fine grid.
    const GRID: usize = 1 << 16;
    // Places in the row, with the mean and the vertex that are there.
    let (mut slots, mut sorted) = (Vec::new(), Vec::new());
    for (n, vertex) in row.iter().enumerate() {
        let near = &sides[*vertex];
        if !near.is_empty() {
            let sum: usize = near.iter().map(|v| place[*v]).sum();
            slots.push(n);
            sorted.push((sum * GRID / near.len(), *vertex));
        }
    }
    sort_by(&mut sorted, &mut |a, b| a.0.cmp(&b.0));
    for (slot, (_, vertex)) in slots.into_iter().zip(sorted) {
        row[slot] = vertex;
    }
}

/// Number of pairs of steps that cross, over all gaps.
fn crossings(graph: &Layered, rows: &[Vec<usize>]) -> u64 {
    let mut total = 0;
    for pair in rows.windows(2) {
        let place = places(graph, &pair[1]);
        // A tree of counts over the places at the right (Fenwick), so that each step asks for those below it.
        let mut tree = vec![0_u64; pair[1].len() + 1];
        let mut seen = 0;
        for vertex in &pair[0] {
            let mut ends = Vec::new();
            for next in &graph.right[*vertex] {
                ends.push(place[*next]);
            }
            ends.sort_unstable();
            for end in &ends {
                let mut above = 0;
                let mut n = end + 1;
                while n > 0 {
                    above += tree[n];
                    n &= n - 1;
                }
                total += seen - above;
            }
            for end in &ends {
                let mut n = end + 1;
                while n < tree.len() {
                    tree[n] += 1;
                    n += n & n.wrapping_neg();
                }
                seen += 1;
            }
        }
    }
    total
}
