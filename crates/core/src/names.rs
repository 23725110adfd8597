//! Which number a name has. Built at once from all names and searched by halves, which is as quick as a tree of names and a
//! fraction of its code.

use crate::order::sort_by;

/// Names with the number that each has.
pub(crate) struct Names<'a>(Vec<(&'a str, usize)>);

impl<'a> Names<'a> {
    /// Of names that are numbered as they come; a name that comes again keeps the first number.
    pub(crate) fn of(names: &[&'a str]) -> Self {
        Self::sorted(names, false)
    }

    /// The same; a name that comes again has the last number.
    pub(crate) fn last_of(names: &[&'a str]) -> Self {
        Self::sorted(names, true)
    }

    fn sorted(names: &[&'a str], last: bool) -> Self {
        let mut entries = Vec::with_capacity(names.len());
        for (number, name) in names.iter().enumerate() {
            entries.push((*name, number));
        }
        sort_by(&mut entries, &mut |a, b| {
            let (first, second) = if last { (b.1, a.1) } else { (a.1, b.1) };
            a.0.cmp(b.0).then(first.cmp(&second))
        });
        entries.dedup_by(|next, first| next.0 == first.0);
        Self(entries)
    }

    /// The number of a name.
    pub(crate) fn get(&self, name: &str) -> Option<usize> {
        let found = self.0.binary_search_by(|entry| entry.0.cmp(name)).ok()?;
        Some(self.0[found].1)
    }

    /// All names in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'a str, usize)> {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seeded;
    use std::collections::BTreeMap;

    #[test]
    fn names_have_the_numbers_that_a_tree_of_names_gives_them() {
        let mut seed = Seeded::new(5);
        for _ in 0..200 {
            let names: Vec<String> = (0..seed.up_to(60)).map(|_| format!("t{}", seed.up_to(40))).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let (mut first, mut last): (BTreeMap<&str, usize>, BTreeMap<&str, usize>) = Default::default();
            for (number, name) in names.iter().enumerate() {
                first.entry(name).or_insert(number);
                last.insert(name, number);
            }
            for (table, tree) in [(Names::of(&names), first), (Names::last_of(&names), last)] {
                for n in 0..45 {
                    let name = format!("t{n}");
                    assert_eq!(table.get(&name), tree.get(name.as_str()).copied(), "{name} of {names:?}");
                }
                assert!(table.iter().eq(tree));
            }
        }
    }
}
