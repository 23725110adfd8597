//! The schema documents at hand: which URI, anchor or pointer leads to which subschema.
//!
//! Documents come from the caller; nothing is ever fetched.

use super::keywords::{Takes, Vocabulary, find};
use super::limits::{MAX_SCHEMA_DEPTH, MAX_SCHEMA_VALUES};
use super::notes::Notes;
use super::numbers::{Numbers, address};
use super::uri::{percent_decoded, resolve, split_fragment};
use super::violation::{pointer, push_step};
use crate::cut;
use crate::json::{self, Path, Quoted, read, unescaped, write};
use crate::order::sort_by;
use crate::value::{Map, Value};
use std::cell::OnceCell;

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

/// A name for a subschema.
struct Known<'a> {
    /// The resource that has the anchor, or [`URIS`].
    scope: usize,
    name: String,
    dynamic: bool,
    place: Place<'a>,
}

/// The scope of names that are URIs.
const URIS: usize = usize::MAX;

impl Known<'_> {
    fn key(&self) -> (usize, &str) {
        (self.scope, &self.name)
    }
}

pub(crate) struct Store<'a> {
    resources: Vec<Resource<'a>>,
    /// URIs and anchors, sorted once a document is read. A document is there under the name that it was given and under its own.
    names: Vec<Known<'a>>,
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
            names: Vec::new(),
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
    pub(crate) fn dynamic_anchors(&self, name: &str) -> Vec<Place<'a>> {
        let mut found = Vec::new();
        for anchor in &self.names {
            if anchor.dynamic && anchor.name == name {
                found.push(anchor.place);
            }
        }
        found
    }

    fn load(&mut self, uri: &str, document: &'a Value, path: String) {
        let place = Place { value: document, resource: self.resources.len() };
        self.add_resource(uri.to_owned(), document, path.clone());
        self.documents.push((path, document));
        let mut left = MAX_SCHEMA_VALUES + 1;
        let too_deep = measure(document, MAX_SCHEMA_DEPTH - 1, &mut left);
        if left == 0 {
            let message = format_args!("the schema has more than {MAX_SCHEMA_VALUES} values");
            self.problems.add("schema_too_large", document, message);
        } else if too_deep {
            let message = format_args!("the schema is nested deeper than {MAX_SCHEMA_DEPTH}");
            self.problems.add("schema_too_deep", document, message);
        } else {
            self.scan(place, &Path::Root);
            self.sort();
        }
    }

    fn add_resource(&mut self, uri: String, root: &'a Value, path: String) {
        self.add_uri(uri.clone(), Place { value: root, resource: self.resources.len() });
        self.resources.push(Resource { uri, root, path, dialect: Dialect::STANDARD });
    }

    fn add_uri(&mut self, name: String, place: Place<'a>) {
        self.names.push(Known { scope: URIS, name, dynamic: false, place });
    }

    /// Puts the names in order, and refuses those that are there twice.
    fn sort(&mut self) {
        sort_by(&mut self.names, &mut |a, b| a.key().cmp(&b.key()));
        let problems = &mut self.problems;
        self.names.dedup_by(|later, kept| {
            let same = later.key() == kept.key();
            if same && !std::ptr::eq(later.place.value, kept.place.value) {
                let name = Quoted(&later.name);
                if later.scope == URIS {
                    let message = format_args!("two schemas have the id {name}");
                    problems.add("duplicate_id", later.place.keyword("$id"), message);
                } else {
                    let message = format_args!("the anchor {name} is there twice");
                    let keyword = if later.dynamic { "$dynamicAnchor" } else { "$anchor" };
                    problems.add("duplicate_anchor", later.place.keyword(keyword), message);
                }
            }
            kept.dynamic |= same && later.dynamic;
            same
        });
    }

    /// Registers the ids and anchors of a subschema and of those inside it. `at` is where it stands in its document.
    fn scan(&mut self, mut place: Place<'a>, at: &Path<'_>) {
        let value = place.value;
        let Value::Object(schema) = value else {
            self.home.insert(address(value), place.resource as u32);
            return;
        };
        if let Some(about) = schema.get("$id")
            && let Value::String(id) = about
        {
            let (id, fragment) = split_fragment(id);
            if !fragment.is_empty() {
                let message = format_args!("an id has no fragment, found \"#{fragment}\"");
                let problem = self.problems.add("keyword_value", about, message);
                problem.hint = Some("2020-12 writes it as \"$anchor\"".to_owned());
            }
            self.enter(&mut place, id, at);
        }
        if let Some(dialect) = schema.get("$schema") {
            self.resources[place.resource].dialect = self.dialect(dialect);
        }
        self.scan_anchors(place, schema);
        self.home.insert(address(value), place.resource as u32);
        for (name, value) in schema {
            let at = Path::Key(at, name);
            let takes = find(name).map_or(Takes::Nothing, |keyword| keyword.takes);
            match (takes, value) {
                (Takes::Schema, _) => self.scan(place.child(value), &at),
                (Takes::List, Value::Array(list)) => {
                    for (n, value) in list.iter().enumerate() {
                        self.scan(place.child(value), &Path::Index(&at, n));
                    }
                }
                (Takes::Map, Value::Object(map)) => {
                    for (entry, value) in map {
                        self.scan(place.child(value), &Path::Key(&at, entry));
                    }
                }
                _ => {}
            }
        }
    }

    fn enter(&mut self, place: &mut Place<'a>, id: &str, at: &Path<'_>) {
        let resource = &mut self.resources[place.resource];
        let uri = resolve(&resource.uri, id);
        if std::ptr::eq(resource.root, place.value) {
            // A document is known by the name it was given under and by its own.
            resource.uri.clone_from(&uri);
            self.add_uri(uri, *place);
        } else {
            place.resource = self.resources.len();
            let document = self.documents.last().map_or("", |(path, _)| path);
            let path = document.to_owned() + &pointer(at);
            self.add_resource(uri, place.value, path);
        }
    }

    fn scan_anchors(&mut self, place: Place<'a>, schema: &'a Map<String, Value>) {
        for &(dynamic, keyword) in &[(false, "$anchor"), (true, "$dynamicAnchor")] {
            let Some(value) = schema.get(keyword) else { continue };
            match value {
                Value::String(name) if is_anchor(name) => {
                    let name = Known { scope: place.resource, name: name.clone(), dynamic, place };
                    self.names.push(name);
                }
                _ => {
                    let message = format_args!("{} is not the name of an anchor", write(value));
                    self.problems.add("keyword_value", value, message);
                }
            }
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

    /// The subschema that a reference leads to from `base`, and whether it is found by its `$dynamicAnchor`; or why there is none.
    pub(crate) fn find(&mut self, base: usize, reference: &str) -> Result<(Place<'a>, bool), String> {
        let (uri, fragment) = split_fragment(reference);
        let uri = resolve(&self.resources[base].uri, uri);
        let root =
            self.by_uri(&uri).ok_or_else(|| format!("no schema with the id {} is at hand", Quoted(&uri)))?;
        let fragment = percent_decoded(fragment).ok_or_else(|| "its fragment is not valid".to_owned())?;
        if fragment.is_empty() {
            return Ok((root, false));
        }
        if cut::after(&fragment, b'/').is_some() {
            return self.walk(root, &fragment).map(|place| (place, false));
        }
        let anchor = self.named(root.resource, &fragment);
        let anchor = anchor.ok_or_else(|| format!("there is no anchor {}", Quoted(&fragment)))?;
        Ok((anchor.place, anchor.dynamic))
    }

    fn named(&self, scope: usize, name: &str) -> Option<&Known<'a>> {
        let found = self.names.binary_search_by(|known| known.key().cmp(&(scope, name)));
        self.names.get(found.ok()?)
    }

    fn given(&self, uri: &str) -> Option<&'a Value> {
        self.given.iter().find(|(name, _)| name == uri).map(|(_, document)| document)
    }

    /// The root of a resource.
    fn by_uri(&mut self, uri: &str) -> Option<Place<'a>> {
        if let Some(known) = self.named(URIS, uri) {
            return Some(known.place);
        }
        let document = match self.given(uri) {
            Some(document) => document,
            None if uri == DIALECT => {
                self.meta.get_or_init(|| read(include_str!("metaschema.json")).unwrap_or_default())
            }
            None => return None,
        };
        let resource = self.resources.len();
        self.load(uri, document, uri.to_owned() + "#");
        Some(Place { value: document, resource })
    }

    fn walk(&self, mut place: Place<'a>, pointer: &str) -> Result<Place<'a>, String> {
        let mut path = self.resources[place.resource].path.clone();
        let mut steps = cut::parts(pointer, b'/');
        steps.next();
        for step in steps {
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

/// Counts the values of a document down, and says whether there are some inside so many others.
fn measure(value: &Value, depth: usize, left: &mut usize) -> bool {
    *left = left.saturating_sub(1);
    if depth == 0 || *left == 0 {
        return true;
    }
    let mut deeper = false;
    match value {
        Value::Array(items) => {
            for item in items {
                deeper |= measure(item, depth - 1, left);
            }
        }
        Value::Object(members) => {
            for (_, member) in members {
                deeper |= measure(member, depth - 1, left);
            }
        }
        _ => {}
    }
    deeper
}
