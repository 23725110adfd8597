//! Values as `serde_json` has them, with the part of its functions that the small module needs, in little code.
//!
//! Members of an object stay in the order in which they came. They are found by a list of their places sorted by name: no
//! names, however they are chosen, make that slow.
#![cfg_attr(feature = "whole", expect(unnameable_types, reason = "a test beside serde_json's"))]

use crate::order::order;

/// A JSON value.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// Any number.
    Number(Number),
    /// A text.
    String(String),
    /// An array.
    Array(Vec<Self>),
    /// An object.
    Object(Map<String, Self>),
}

impl Value {
    /// True for `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// True for an array.
    pub fn is_array(&self) -> bool {
        matches!(self, Self::Array(_))
    }

    /// True for a text.
    pub fn is_string(&self) -> bool {
        matches!(self, Self::String(_))
    }

    /// The text; `None` for every other kind, as below.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The items.
    pub fn as_array(&self) -> Option<&Vec<Self>> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// The members.
    pub fn as_object(&self) -> Option<&Map<String, Self>> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    /// The whole number from 0.
    pub fn as_u64(&self) -> Option<u64> {
        if let Self::Number(number) = self { number.as_u64() } else { None }
    }

    /// A member by name.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_object()?.get(name)
    }

    /// Leaves `null` behind.
    pub fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}

impl PartialEq<str> for Value {
    fn eq(&self, text: &str) -> bool {
        self.as_str() == Some(text)
    }
}

impl PartialEq<&str> for Value {
    fn eq(&self, text: &&str) -> bool {
        *self == **text
    }
}

macro_rules! values {
    ($($type:ty => |$from:ident| $value:expr,)*) => {
        $(impl From<$type> for Value {
            fn from($from: $type) -> Self {
                $value
            }
        })*
    };
}

values! {
    bool => |flag| Self::Bool(flag),
    u32 => |value| Self::Number(u64::from(value).into()),
    f64 => |value| Number::from_f64(value).map_or(Self::Null, Self::Number),
    &str => |text| Self::String(text.to_owned()),
    String => |text| Self::String(text),
    Vec<Value> => |items| Self::Array(items),
    Map<String, Value> => |members| Self::Object(members),
}

/// A number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number(N);

#[derive(Clone, Copy, Debug, PartialEq)]
enum N {
    /// From 0.
    Whole(u64),
    /// Less than 0.
    Negative(i64),
    /// Finite.
    Float(f64),
}

impl Number {
    /// A double; `None` when it is not finite.
    pub fn from_f64(value: f64) -> Option<Self> {
        if value.is_finite() { Some(Self(N::Float(value))) } else { None }
    }

    /// True for what was written with a fraction or an exponent, or has more than 64 bits.
    pub fn is_f64(&self) -> bool {
        matches!(self.0, N::Float(_))
    }

    /// As a whole number from 0.
    pub fn as_u64(&self) -> Option<u64> {
        if let N::Whole(value) = self.0 { Some(value) } else { None }
    }

    /// As a whole number.
    pub fn as_i64(&self) -> Option<i64> {
        match self.0 {
            N::Whole(value) => i64::try_from(value).ok(),
            N::Negative(value) => Some(value),
            N::Float(_) => None,
        }
    }

    /// As the nearest double, which every number has.
    #[expect(clippy::unnecessary_wraps, reason = "as serde_json has it")]
    pub fn as_f64(&self) -> Option<f64> {
        Some(match self.0 {
            N::Whole(value) => value as f64,
            N::Negative(value) => value as f64,
            N::Float(value) => value,
        })
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self(N::Whole(value))
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(u64::try_from(value).map_or(N::Negative(value), N::Whole))
    }
}

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
