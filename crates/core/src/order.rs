//! Sorting without a copy of the sorting code for each type of list: one sorting of numbers serves all, which keeps small
//! programs small.

use std::cmp::Ordering;

/// The places of so many things in their order; equal ones as they were.
pub(crate) fn order(count: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|a, b| compare(*a, *b));
    order
}

/// Sorts a list, equal ones as they were.
pub(crate) fn sort_by<T>(list: &mut [T], compare: &mut dyn FnMut(&T, &T) -> Ordering) {
    let order = order(list.len(), &mut |a, b| compare(&list[a], &list[b]));
    let mut ranks = vec![0; order.len()];
    for (rank, n) in order.into_iter().enumerate() {
        ranks[n] = rank;
    }
    for n in 0..ranks.len() {
        while ranks[n] != n {
            let rank = ranks[n];
            list.swap(n, rank);
            ranks.swap(n, rank);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorting_keeps_equal_ones_as_they_were() {
        let mut list = vec![(2, 'a'), (1, 'b'), (2, 'c'), (0, 'd'), (1, 'e'), (0, 'f')];
        sort_by(&mut list, &mut |a, b| a.0.cmp(&b.0));
        assert_eq!(list, [(0, 'd'), (0, 'f'), (1, 'b'), (1, 'e'), (2, 'a'), (2, 'c')]);
    }
}
