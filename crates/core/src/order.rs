//! Sorting without a copy of the sorting code for each type of list: one sorting of numbers serves all, which keeps small
//! programs small.

use std::cmp::Ordering;

/// The places of so many things in their order; equal ones as they were.
pub(crate) fn order(count: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::with_capacity(count);
    for n in 0..count {
        order.push(n);
    }
    sort(&mut order, compare);
    order
}

#[cfg(feature = "quick")]
fn sort(order: &mut [usize], compare: &mut dyn FnMut(usize, usize) -> Ordering) {
    order.sort_by(|a, b| compare(*a, *b));
}

#[cfg(not(feature = "quick"))]
use merged as sort;

/// By merging runs of twice the length each time. The standard library's own is quicker and ten times as large.
#[cfg(any(test, not(feature = "quick")))]
fn merged(order: &mut Vec<usize>, compare: &mut dyn FnMut(usize, usize) -> Ordering) {
    let count = order.len();
    let mut length = 1;
    while length < count {
        let mut next = Vec::with_capacity(count);
        let mut start = 0;
        while start < count {
            let middle = count.min(start + length);
            let end = count.min(middle + length);
            let (mut left, mut right) = (start, middle);
            while next.len() < end {
                let from_right =
                    left == middle || (right < end && compare(order[right], order[left]) == Ordering::Less);
                let from = if from_right { &mut right } else { &mut left };
                next.push(order[*from]);
                *from += 1;
            }
            start = end;
        }
        *order = next;
        length *= 2;
    }
}

/// Sorts a list, equal ones as they were.
pub(crate) fn sort_by<T>(list: &mut [T], compare: &mut dyn FnMut(&T, &T) -> Ordering) {
    for (a, b) in swaps(list.len(), &mut |a, b| compare(&list[a], &list[b])) {
        list.swap(a, b);
    }
}

/// The swaps that put so many things in order, one after the other.
fn swaps(count: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<(usize, usize)> {
    let order = order(count, compare);
    let mut ranks = vec![0; count];
    for (rank, n) in order.into_iter().enumerate() {
        ranks[n] = rank;
    }
    let mut swaps = Vec::new();
    for n in 0..count {
        while ranks[n] != n {
            let rank = ranks[n];
            swaps.push((n, rank));
            ranks.swap(n, rank);
        }
    }
    swaps
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

    #[test]
    fn merging_is_the_sorting_of_the_standard_library() {
        let mut seed = crate::seed::Seeded::new(3);
        for count in (0..70).chain([1_000]) {
            let keys: Vec<u64> = (0..count).map(|_| seed.up_to(count / 2)).collect();
            let compare = &mut |a: usize, b: usize| keys[a].cmp(&keys[b]);
            let mut order: Vec<usize> = (0..keys.len()).collect();
            merged(&mut order, compare);
            let mut expected: Vec<usize> = (0..keys.len()).collect();
            expected.sort_by(|a, b| compare(*a, *b));
            assert_eq!(order, expected, "{keys:?}");
        }
    }
}
