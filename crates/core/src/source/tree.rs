//! The tree of values with their places, and the places by path.

use crate::cut;
use crate::job::wire::Path;
use crate::names::Names;
use crate::order::sort_by;
use crate::problem::{Position, Problem};
use crate::value::{Map, Number, Value};
use std::sync::Arc;

/// A place in a file. Cheap to copy around: the name is shared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// File name.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Mark {
    /// A place; line and column count from 1.
    pub fn new(file: &Arc<str>, line: u32, column: u32) -> Self {
        Self { file: Arc::clone(file), line, column }
    }

    /// The place of the character that follows `text`, when `text` is how the file begins.
    pub fn after(file: &Arc<str>, text: &str) -> Self {
        let line = text.matches('\n').count();
        let last = text.rsplit('\n').next().unwrap_or_default();
        Self::new(file, line as u32 + 1, last.chars().count() as u32 + 1)
    }

    /// The same place as problems carry it.
    pub fn position(&self) -> Position {
        Position { file: self.file.to_string(), line: self.line, column: self.column }
    }

    /// The problem with this place.
    #[must_use]
    pub fn put_on(&self, mut problem: Problem) -> Problem {
        problem.position = Some(self.position());
        problem
    }
}

/// A value and where it begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub data: Data,
    /// Where it begins; for an alias, where the alias stands.
    pub mark: Mark,
}

/// A value of JSON. Objects keep their order, and may hold a name twice until [`super::Document::parse`] refused that.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// null
    Null,
    /// true or false
    Bool(bool),
    /// A number; 64-bit integers are exact.
    Number(Number),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Node>),
    /// An object.
    Object(Vec<Member>),
}

/// A name and its value in an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The name.
    pub key: String,
    /// Where the name begins.
    pub mark: Mark,
    /// The value.
    pub value: Node,
}

impl Node {
    /// A value at a place.
    pub fn new(data: Data, mark: Mark) -> Self {
        Self { data, mark }
    }

    /// Null, without a place of its own.
    pub fn null(mark: Mark) -> Self {
        Self::new(Data::Null, mark)
    }

    /// A string.
    pub fn text(text: impl Into<String>, mark: Mark) -> Self {
        Self::new(Data::Text(text.into()), mark)
    }

    /// A tree whose every value has one place.
    pub fn from_value(value: &Value, mark: &Mark) -> Self {
        let data = match value {
            Value::Null => Data::Null,
            Value::Bool(value) => Data::Bool(*value),
            Value::Number(number) => Data::Number(number.to_owned()),
            Value::String(text) => Data::Text(text.clone()),
            Value::Array(items) => {
                Data::List(items.iter().map(|item| Self::from_value(item, mark)).collect())
            }
            Value::Object(members) => Data::Object(
                members
                    .iter()
                    .map(|(key, value)| Member {
                        key: key.clone(),
                        mark: mark.clone(),
                        value: Self::from_value(value, mark),
                    })
                    .collect(),
            ),
        };
        Self::new(data, mark.clone())
    }

    /// The value without places.
    pub fn value(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Bool(value) => Value::Bool(*value),
            Data::Number(number) => Value::Number(number.to_owned()),
            Data::Text(text) => Value::String(text.clone()),
            Data::List(items) => Value::Array(items.iter().map(Self::value).collect()),
            Data::Object(members) => {
                Value::Object(members.iter().map(|m| (m.key.clone(), m.value.value())).collect::<Map<_, _>>())
            }
        }
    }

    /// The string, when it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The elements; none when it is not an array.
    pub fn items(&self) -> &[Self] {
        match &self.data {
            Data::List(items) => items,
            _ => &[],
        }
    }

    /// The members; none when it is not an object.
    pub fn members(&self) -> &[Member] {
        match &self.data {
            Data::Object(members) => members,
            _ => &[],
        }
    }

    /// The value of a name of an object.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.members().iter().find(|member| member.key == key).map(|member| &member.value)
    }

    /// The value of a name of an object, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        match &mut self.data {
            Data::Object(members) => {
                members.iter_mut().find(|member| member.key == key).map(|member| &mut member.value)
            }
            _ => None,
        }
    }

    /// Sets a name of an object: in place when it is there, else at the end. Null becomes an object; other values
    /// stay as they are.
    pub fn set(&mut self, key: &str, value: Self) {
        if matches!(self.data, Data::Null) {
            self.data = Data::Object(Vec::new());
        }
        match self.get_mut(key) {
            Some(place) => *place = value,
            None => {
                if let Data::Object(members) = &mut self.data {
                    members.push(Member { key: key.to_owned(), mark: value.mark.clone(), value });
                }
            }
        }
    }

    /// Takes a name out of an object.
    pub fn remove(&mut self, key: &str) -> Option<Self> {
        match &mut self.data {
            Data::Object(members) => {
                let at = members.iter().position(|member| member.key == key)?;
                Some(members.remove(at).value)
            }
            _ => None,
        }
    }

    /// True for null.
    pub fn is_null(&self) -> bool {
        matches!(self.data, Data::Null)
    }

    /// The places of this value and everything in it, with this value as the root.
    pub fn positions(&self) -> Positions {
        self.positions_from(&self.mark)
    }

    /// The same, with a place for the root itself: that of the name under which the value stands, for example.
    pub fn positions_from(&self, root: &Mark) -> Positions {
        let mut places = Vec::new();
        collect(self, root, &Path::Root, &mut places);
        Positions::new(places)
    }

    /// Calls `f` for each value in the tree, parents first, with its path from this value.
    pub fn walk(&self, f: &mut dyn FnMut(&Path<'_>, &Self)) {
        walk(self, &Path::Root, f);
    }

    /// Lists every name that an object has twice.
    pub(crate) fn duplicates(&self, problems: &mut Vec<Problem>) {
        self.walk(&mut |path, node| {
            let members = node.members();
            let mut names = Vec::with_capacity(members.len());
            for member in members {
                names.push(member.key.as_str());
            }
            let first = Names::of(&names);
            for (n, member) in members.iter().enumerate() {
                if let Some(earlier) = first.get(&member.key).filter(|earlier| *earlier != n) {
                    let Mark { line, column, .. } = members[earlier].mark;
                    let message = format!("`{}` is given twice; the first is at {line}:{column}", member.key);
                    let problem = super::rules::DUPLICATE_FIELD
                        .problem(path.key(&member.key).to_string(), message)
                        .with_hint("remove one of the two");
                    problems.push(member.mark.put_on(problem));
                }
            }
        });
    }
}

fn walk(node: &Node, path: &Path<'_>, f: &mut dyn FnMut(&Path<'_>, &Node)) {
    f(path, node);
    for (n, item) in node.items().iter().enumerate() {
        walk(item, &path.index(n), f);
    }
    for member in node.members() {
        walk(&member.value, &path.key(&member.key), f);
    }
}

/// A scalar's place is its own, since that is what a message quotes. A list or an object in an object begins on the
/// lines below its name, so its name's place is shown.
fn collect(node: &Node, shown: &Mark, path: &Path<'_>, into: &mut Vec<(String, Mark)>) {
    into.push((path.to_string(), shown.clone()));
    for (n, item) in node.items().iter().enumerate() {
        collect(item, &item.mark, &path.index(n), into);
    }
    for member in node.members() {
        let block = matches!(member.value.data, Data::List(_) | Data::Object(_) | Data::Null);
        let shown = if block { &member.mark } else { &member.value.mark };
        collect(&member.value, shown, &path.key(&member.key), into);
    }
}

/// Places by path, as [`Path`] shows paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Positions(Vec<(String, Mark)>);

impl Positions {
    fn new(mut places: Vec<(String, Mark)>) -> Self {
        sort_by(&mut places, &mut |a, b| a.0.cmp(&b.0));
        Self(places)
    }

    /// The place of exactly this path; of several the last.
    fn get(&self, path: &str) -> Option<&Mark> {
        let end = self.0.partition_point(|(known, _)| known.as_str() <= path);
        let (known, mark) = self.0.get(end.checked_sub(1)?)?;
        (known == path).then_some(mark)
    }

    /// The place of a path, or of its nearest parent that has one. The root's path is empty.
    pub fn find(&self, path: &str) -> Option<&Mark> {
        let mut path = path;
        loop {
            if let Some(mark) = self.get(path) {
                return Some(mark);
            }
            if path.is_empty() {
                return None;
            }
            path = cut::holder(path);
        }
    }

    /// Gives every problem without a position the place of its path.
    pub fn locate(&self, problems: &mut [Problem]) {
        for problem in problems.iter_mut().filter(|problem| problem.position.is_none()) {
            problem.position = self.find(&problem.path).map(Mark::position);
        }
    }

    /// The same places for the part of the tree below `path`, which becomes the root.
    #[must_use]
    pub fn below(&self, path: &str) -> Self {
        let below = self.0.iter().filter_map(|(key, mark)| {
            let rest = key.strip_prefix(path)?;
            if rest.is_empty() || rest.starts_with('[') || path.is_empty() {
                Some((rest.to_owned(), mark.clone()))
            } else {
                rest.strip_prefix('.').map(|rest| (rest.to_owned(), mark.clone()))
            }
        });
        Self::new(below.collect())
    }

    /// Paths and places, in the order of the paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Mark)> {
        self.0.iter().map(|(path, mark)| (path.as_str(), mark))
    }
}
