//! The members of an object, in the place of `serde_json`'s.
//!
//! They stay in the order in which they came. They are found by a list of their places sorted by name: no names, however they
//! are chosen, make that slow.
#![cfg_attr(feature = "whole", expect(unnameable_types, reason = "a test beside serde_json's"))]

use super::small::Value;
use crate::order::order;

/// The members of an object.
#[derive(Clone, Debug)]
pub struct Map<K, V> {
    /// In the order in which they came.
    entries: Vec<(K, V)>,
    /// Places in `entries`, sorted by name.
    order: Vec<usize>,
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self { entries: Vec::new(), order: Vec::new() }
    }
}

impl Map<String, Value> {
    /// No members.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True without members.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Where a name stands in `order`, or would.
    fn find(&self, name: &str) -> Result<usize, usize> {
        self.order.binary_search_by(|at| self.entries[*at].0.as_str().cmp(name))
    }

    /// A member by name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let found = self.find(name).ok()?;
        Some(&self.entries[self.order[found]].1)
    }

    /// A member by name, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        let found = self.find(name).ok()?;
        Some(&mut self.entries[self.order[found]].1)
    }

    /// Whether there is a member with this name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.find(name).is_ok()
    }

    /// Sets a member; one with the same name keeps its place. Many at once are quicker with [`Map::from_iter`].
    pub fn insert(&mut self, name: String, value: Value) -> Option<Value> {
        match self.find(&name) {
            Ok(found) => Some(std::mem::replace(&mut self.entries[self.order[found]].1, value)),
            Err(place) => {
                self.order.insert(place, self.entries.len());
                self.entries.push((name, value));
                None
            }
        }
    }

    /// The members in the order in which they came.
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.entries.iter())
    }

    /// The same, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&String, &mut Value)> {
        self.entries.iter_mut().map(|entry| (&entry.0, &mut entry.1))
    }

    /// Their names.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.entries.iter().map(|entry| &entry.0)
    }

    /// Their values.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.entries.iter().map(|entry| &entry.1)
    }

    /// Of members in any order, the last one of each name, at the place of the first.
    pub(crate) fn of(mut entries: Vec<(String, Value)>) -> Self {
        let mut order = order(entries.len(), &mut |a, b| entries[a].0.cmp(&entries[b].0));
        let mut kept = vec![true; entries.len()];
        let mut doubles = false;
        for n in 1..order.len() {
            let (first, next) = (order[n - 1], order[n]);
            if entries[first].0 == entries[next].0 {
                entries.swap(first, next);
                kept[next] = false;
                order[n] = first;
                doubles = true;
            }
        }
        if doubles {
            let mut kept = kept.into_iter();
            entries.retain(|_| kept.next() == Some(true));
            return Self::of(entries);
        }
        Self { entries, order }
    }
}

impl PartialEq for Map<String, Value> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(name, value)| other.get(name) == Some(value))
    }
}

impl Extend<(String, Value)> for Map<String, Value> {
    fn extend<T: IntoIterator<Item = (String, Value)>>(&mut self, entries: T) {
        for (name, value) in entries {
            self.insert(name, value);
        }
    }
}

impl FromIterator<(String, Value)> for Map<String, Value> {
    fn from_iter<T: IntoIterator<Item = (String, Value)>>(entries: T) -> Self {
        Self::of(Vec::from_iter(entries))
    }
}

/// Members as pairs of references.
pub struct Iter<'a>(std::slice::Iter<'a, (String, Value)>);

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a String, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|entry| (&entry.0, &entry.1))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<'a> IntoIterator for &'a Map<String, Value> {
    type Item = (&'a String, &'a Value);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl IntoIterator for Map<String, Value> {
    type Item = (String, Value);
    type IntoIter = std::vec::IntoIter<(String, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}
