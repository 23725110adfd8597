//! The schema documents at hand: which URI, anchor or pointer leads to which subschema.
//!
//! Documents come from the caller; nothing is ever fetched.

use super::keywords::{Takes, Vocabulary, find};
use super::limits::{MAX_SCHEMA_DEPTH, MAX_SCHEMA_VALUES};
use super::notes::Notes;
use super::numbers::{Numbers, address};
use super::uri::{percent_decoded, resolve, split_fragment};
use super::violation::push_step;
use crate::cut;
use crate::json::{self, Quoted, read, unescaped, write};
use crate::order::sort_by;
use crate::value::{Map, Value};
use std::cell::OnceCell;
use std::fmt;

/// The dialect that this validator speaks.
pub(crate) const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

const VOCABULARY: &str = "https://json-schema.org/draft/2020-12/vocab/";

/// A subschema and the resource that it stands in.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) value: &'a Value,
    /// Index of the schema resource that URIs in it are relative to.
    pub(crate) resource: usize,
}

impl<'a> Place<'a> {
    /// A value inside this one.
    pub(crate) fn child(self, value: &'a Value) -> Self {
        Self { value, ..self }
    }

    /// The value of a keyword, for what is noted about it; the subschema where it has none.
    pub(crate) fn keyword(self, keyword: &str) -> &'a Value {
        self.value.get(keyword).unwrap_or(self.value)
    }
}

/// What the meta-schema that `$schema` names leaves out or adds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialect {
    applicator: bool,
    unevaluated: bool,
    validation: bool,
    /// The format-assertion vocabulary is in use.
    pub(crate) asserts_formats: bool,
}

impl Dialect {
    const STANDARD: Self =
        Self { applicator: true, unevaluated: true, validation: true, asserts_formats: false };

    pub(crate) fn knows(self, vocabulary: Vocabulary) -> bool {
        match vocabulary {
            Vocabulary::Applicator => self.applicator,
            Vocabulary::Unevaluated => self.unevaluated,
            Vocabulary::Validation => self.validation,
            Vocabulary::Core | Vocabulary::Format | Vocabulary::Annotation => true,
        }
    }
}

/// A schema resource: a document, or a subschema with an `$id` of its own.
pub(crate) struct Resource<'a> {
    uri: String,
    root: &'a Value,
    /// JSON Pointer in its document, after the document's URI and `#` when that is not the schema itself.
    path: String,
    pub(crate) dialect: Dialect,
}

/// A name for a subschema of a resource.
struct Anchor<'a> {
    resource: usize,
    name: &'a str,
    dynamic: bool,
    place: Place<'a>,
}

impl Anchor<'_> {
    fn key(&self) -> (usize, &str) {
        (self.resource, self.name)
    }
}

pub(crate) struct Store<'a> {
    resources: Vec<Resource<'a>>,
    /// Resources by URI; a document is there under the name that it was given and under its own. Sorted once a document is read.
    uris: Vec<(String, usize)>,
    /// By resource and name, sorted once a document is read.
    anchors: Vec<Anchor<'a>>,
    /// The resource of each subschema, by the address of its value.
    home: Numbers,
    given: &'a [(String, Value)],
    /// The schema of schemas, once it is asked for.
    meta: &'a OnceCell<Value>,
    /// The documents that were read, and the paths of their roots.
    pub(crate) documents: Vec<(String, &'a Value)>,
    pub(crate) problems: Notes,
}

impl<'a> Store<'a> {
    /// A store with the schema to compile as resource 0, when it is within the limits.
    pub(crate) fn new(schema: &'a Value, given: &'a [(String, Value)], meta: &'a OnceCell<Value>) -> Self {
        let mut store = Self {
            resources: Vec::new(),
            uris: Vec::new(),
            anchors: Vec::new(),
            home: Numbers::default(),
            given,
            meta,
            documents: Vec::new(),
            problems: Notes::default(),
        };
        store.load("", schema, String::new());
        store
    }

    pub(crate) fn resource(&self, index: usize) -> &Resource<'a> {
        &self.resources[index]
    }

    /// The resource of a subschema, when the scan has met it.
    pub(crate) fn home(&self, value: &Value) -> Option<usize> {
        self.home.get(address(value)).map(|home| home as usize)
    }

    /// The place of the schema to compile.
    pub(crate) fn root(&self) -> Place<'a> {
        Place { value: self.resources[0].root, resource: 0 }
    }

    /// All places with a `$dynamicAnchor` of this name.
    pub(crate) fn dynamic_anchors(&self, name: &str) -> Vec<(u32, Place<'a>)> {
        let mut found = Vec::new();
        for anchor in &self.anchors {
            if anchor.dynamic && anchor.name == name {
                found.push((anchor.resource as u32, anchor.place));
            }
        }
        found
    }

    fn load(&mut self, uri: &str, document: &'a Value, mut path: String) {
        let resource = self.resources.len();
        self.documents.push((path.clone(), document));
        self.add_resource(uri.to_owned(), document, &path);
        if !measure(document, &mut self.problems) {
            return;
        }
        self.scan(Place { value: document, resource }, &mut path);
        self.sort();
    }

    fn add_resource(&mut self, uri: String, root: &'a Value, path: &str) {
        self.uris.push((uri.clone(), self.resources.len()));
        self.resources.push(Resource { uri, root, path: path.to_owned(), dialect: Dialect::STANDARD });
    }

    /// Puts the names in order, and refuses those that are there twice.
    fn sort(&mut self) {
        sort_by(&mut self.uris, &mut Ord::cmp);
        let (resources, problems) = (&self.resources, &mut self.problems);
        self.uris.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same && later.1 != kept.1 {
                let message = format_args!("two schemas have the id {}", Quoted(&later.0));
                let root = Place { value: resources[later.1].root, resource: 0 };
                problems.add("duplicate_id", root.keyword("$id"), message);
            }
            same
        });
        sort_by(&mut self.anchors, &mut |a, b| a.key().cmp(&b.key()));
        self.anchors.dedup_by(|later, kept| {
            let same = later.key() == kept.key();
            if same && !std::ptr::eq(later.place.value, kept.place.value) {
                let message = format_args!("the anchor {} is there twice", Quoted(later.name));
                let keyword = if later.dynamic { "$dynamicAnchor" } else { "$anchor" };
                problems.add("duplicate_anchor", later.place.keyword(keyword), message);
            }
            kept.dynamic |= same && later.dynamic;
            same
        });
    }

    /// Registers the ids and anchors of a subschema and of those inside it.
    fn scan(&mut self, mut place: Place<'a>, path: &mut String) {
        let value = place.value;
        if let Value::Object(schema) = value {
            if let Some(about) = schema.get("$id")
                && let Value::String(id) = about
            {
                let (id, fragment) = split_fragment(id);
                if !fragment.is_empty() {
                    let message = format_args!("an id has no fragment, found \"#{fragment}\"");
                    let problem = self.problems.add("keyword_value", about, message);
                    problem.hint = Some("2020-12 writes it as \"$anchor\"".to_owned());
                }
                self.enter(&mut place, id, path);
            }
            if let Some(dialect) = schema.get("$schema") {
                self.resources[place.resource].dialect = self.dialect(dialect);
            }
            self.scan_anchors(place, schema);
        }
        self.home.insert(address(value), place.resource as u32);
        let Value::Object(schema) = value else { return };
        let end = path.len();
        for (name, value) in schema {
            push_step(path, name);
            let keyword = path.len();
            let takes = find(name).map_or(Takes::Nothing, |keyword| keyword.takes);
            match (takes, value) {
                (Takes::Schema, _) => self.scan(place.child(value), path),
                (Takes::List, Value::Array(list)) => {
                    for (n, value) in list.iter().enumerate() {
                        push_step(path, &n.to_string());
                        self.scan(place.child(value), path);
                        path.truncate(keyword);
                    }
                }
                (Takes::Map, Value::Object(map)) => {
                    for (entry, value) in map {
                        push_step(path, entry);
                        self.scan(place.child(value), path);
                        path.truncate(keyword);
                    }
                }
                _ => {}
            }
            path.truncate(end);
        }
    }

    fn enter(&mut self, place: &mut Place<'a>, id: &str, path: &str) {
        let uri = resolve(&self.resources[place.resource].uri, id);
        let is_document = std::ptr::eq(self.resources[place.resource].root, place.value);
        if is_document {
            // A document is known by the name it was given under and by its own.
            self.uris.push((uri.clone(), place.resource));
            self.resources[place.resource].uri = uri;
        } else {
            place.resource = self.resources.len();
            self.add_resource(uri, place.value, path);
        }
    }

    fn scan_anchors(&mut self, place: Place<'a>, schema: &'a Map<String, Value>) {
        for (dynamic, keyword) in &[(false, "$anchor"), (true, "$dynamicAnchor")] {
            let Some(value) = schema.get(*keyword) else { continue };
            let Some(name) = value.as_str().filter(|name| is_anchor(name)) else {
                let message = format_args!("{} is not the name of an anchor", write(value));
                self.problems.add("keyword_value", value, message);
                continue;
            };
            self.anchors.push(Anchor { resource: place.resource, name, dynamic: *dynamic, place });
        }
    }

    /// Reads `$schema`; a dialect that is not 2020-12 or built on it is refused.
    fn dialect(&mut self, named: &Value) -> Dialect {
        let uri = named.as_str().unwrap_or_default();
        let uri = match cut::last(uri, b'#') {
            Some((uri, "")) => uri,
            _ => uri,
        };
        if uri == DIALECT
            || uri.strip_prefix("http").is_some_and(|rest| DIALECT.strip_prefix("https") == Some(rest))
        {
            return Dialect::STANDARD;
        }
        let Some(meta) = self.given(uri) else {
            let message = format_args!("the dialect {} is not known", write(named));
            let problem = self.problems.add("unsupported_dialect", named, message);
            problem.hint = Some(format!("schemas are read as {DIALECT}"));
            return Dialect::STANDARD;
        };
        let Some(vocabularies) = meta.get("$vocabulary").and_then(Value::as_object) else {
            return Dialect::STANDARD;
        };
        let uses = |name: &str| vocabularies.contains_key(&(VOCABULARY.to_owned() + name));
        Dialect {
            applicator: uses("applicator"),
            unevaluated: uses("unevaluated"),
            validation: uses("validation"),
            asserts_formats: uses("format-assertion"),
        }
    }

    /// The subschema that a reference leads to from `base`, and the name of the `$dynamicAnchor` that it is found by if it is; or
    /// why there is none.
    pub(crate) fn find(
        &mut self,
        base: usize,
        reference: &str,
    ) -> Result<(Place<'a>, Option<&'a str>), String> {
        let (uri, fragment) = split_fragment(reference);
        let uri = resolve(&self.resources[base].uri, uri);
        let index =
            self.by_uri(&uri).ok_or_else(|| format!("no schema with the id {} is at hand", Quoted(&uri)))?;
        let fragment = percent_decoded(fragment).ok_or_else(|| "its fragment is not valid".to_owned())?;
        let root = Place { value: self.resources[index].root, resource: index };
        if fragment.is_empty() {
            return Ok((root, None));
        }
        if cut::after(&fragment, b'/').is_some() {
            return self.walk(root, &fragment).map(|place| (place, None));
        }
        let found = self.anchors.binary_search_by(|anchor| anchor.key().cmp(&(index, &fragment)));
        let anchor = found.ok().and_then(|n| self.anchors.get(n));
        let anchor = anchor.ok_or_else(|| format!("there is no anchor {}", Quoted(&fragment)))?;
        Ok((anchor.place, anchor.dynamic.then_some(anchor.name)))
    }

    fn given(&self, uri: &str) -> Option<&'a Value> {
        self.given.iter().find(|(name, _)| name == uri).map(|(_, document)| document)
    }

    fn by_uri(&mut self, uri: &str) -> Option<usize> {
        if let Ok(found) = self.uris.binary_search_by(|(known, _)| known.as_str().cmp(uri)) {
            return self.uris.get(found).map(|(_, index)| *index);
        }
        let document = match self.given(uri) {
            Some(document) => document,
            None if uri == DIALECT => {
                self.meta.get_or_init(|| read(include_str!("metaschema.json")).unwrap_or_default())
            }
            None => return None,
        };
        let index = self.resources.len();
        self.load(uri, document, uri.to_owned() + "#");
        Some(index)
    }

    fn walk(&self, mut place: Place<'a>, pointer: &str) -> Result<Place<'a>, String> {
        let mut path = self.resources[place.resource].path.clone();
        for step in cut::parts(pointer, b'/').skip(1) {
            let name = unescaped(step);
            let next = json::step(place.value, &name);
            let next = next.ok_or_else(|| format!("{} has no {}", Quoted(&path), Quoted(&name)))?;
            push_step(&mut path, &name);
            place = place.child(next);
            if let Some(home) = self.home(next) {
                place.resource = home;
            }
        }
        Ok(place)
    }
}

/// `[A-Za-z_][-A-Za-z0-9._]*` (JSON Schema 2020-12 core, section 8.2.2).
fn is_anchor(name: &str) -> bool {
    name.as_bytes().first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
        && cut::all(name, |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// Refuses documents beyond the limits, before anything descends into them.
fn measure(document: &Value, problems: &mut Notes) -> bool {
    let mut level = vec![document];
    let mut values = 0;
    let mut add = |code, message: fmt::Arguments<'_>| {
        problems.add(code, document, message);
        false
    };
    for _ in 0..MAX_SCHEMA_DEPTH {
        if level.is_empty() {
            return true;
        }
        values += level.len();
        if values > MAX_SCHEMA_VALUES {
            let message = format_args!("the schema has more than {MAX_SCHEMA_VALUES} values");
            return add("schema_too_large", message);
        }
        let mut below = Vec::new();
        for value in level {
            match value {
                Value::Array(items) => {
                    for item in items {
                        below.push(item);
                    }
                }
                Value::Object(members) => {
                    for (_, member) in members {
                        below.push(member);
                    }
                }
                _ => {}
            }
        }
        level = below;
    }
    add("schema_too_deep", format_args!("the schema is nested deeper than {MAX_SCHEMA_DEPTH}"))
}
