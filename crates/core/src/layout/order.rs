//! The order within layers: barycentre sweeps in both directions, of which the one with the fewest crossings is taken.

use super::layers::Layered;
use crate::order::sort_by;

/// Sweeps in all; odd ones go from right to left.
const SWEEPS: usize = 8;

/// Vertices by layer, top to bottom. The order in which tasks are defined decides where nothing else does.
pub(super) fn order(graph: &Layered) -> Vec<Vec<usize>> {
    let mut rows = graph.rows.clone();
    let mut best = rows.clone();
    // Of the vertices of one row at a time. One list serves all: there may be as many rows as vertices.
    let mut place = vec![0; graph.vertices()];
    let mut fewest = crossings(graph, &rows, &mut place);
    for sweep in 0..SWEEPS {
        if fewest == 0 {
            break;
        }
        let count = rows.len();
        for step in 1..count {
            let rightwards = sweep % 2 == 0;
            let (layer, fixed) = if rightwards { (step, step - 1) } else { (count - 1 - step, count - step) };
            note_places(&rows[fixed], &mut place);
            let sides = if rightwards { &graph.left } else { &graph.right };
            arrange(&mut rows[layer], sides, &place);
        }
        let found = crossings(graph, &rows, &mut place);
        if found < fewest {
            fewest = found;
            best.clone_from(&rows);
        }
    }
    best
}

fn note_places(row: &[usize], place: &mut [usize]) {
    for (n, vertex) in row.iter().enumerate() {
        place[*vertex] = n;
    }
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
fn crossings(graph: &Layered, rows: &[Vec<usize>], place: &mut [usize]) -> u64 {
    let mut total = 0;
    let mut ends = Vec::new();
    for pair in rows.windows(2) {
        note_places(&pair[1], place);
        // A tree of counts over the places at the right (Fenwick), so that each step asks for those below it.
        let mut tree = vec![0_u64; pair[1].len() + 1];
        let mut seen = 0;
        for vertex in &pair[0] {
            ends.clear();
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
