//! From a schema as JSON to a [`Program`]: walks the documents, collects all problems, resolves references.
//!
//! The walk is a queue, not a recursion, so that no schema can exhaust the stack. What a keyword means is in
//! the file of its family; here are the readers of its value that all families share.

pub(crate) use super::store::Place;

use super::format::Format;
use super::instance::{Number, shown};
use super::keywords::{KEYWORDS, OLD_KEYWORDS, Vocabulary, find};
use super::limits::MAX_SUBSCHEMAS;
use super::node::{FALSE, Node, NodeId, Program, TRUE};
use super::pattern::{Pattern, PatternEngine};
use super::store::Store;
use super::violation::compare_pointers;
use super::{Formats, Options, array, logic, number, object, string, value};
use crate::problem::Problem;
use crate::suggest::did_you_mean;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) struct Compiler<'a> {
    store: Store<'a>,
    nodes: Vec<Node>,
    queue: Vec<(NodeId, Place<'a>)>,
    /// Where each node stands.
    paths: Vec<String>,
    /// Nodes by the address of their value.
    known: BTreeMap<usize, NodeId>,
    /// Nodes with a `$dynamicRef`, and its anchor's name.
    dynamic: Vec<(NodeId, &'a str)>,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    formats: Formats,
    patterns: Option<&'a dyn PatternEngine>,
    /// Hints that wait for a problem of a keyword, by path.
    hints: BTreeMap<String, &'static str>,
}

/// Compiles a schema; gives the program and its warnings, or all problems.
pub(crate) fn compile<'a>(
    schema: &'a Value,
    options: &'a Options<'a>,
) -> Result<(Program, Vec<Problem>), Vec<Problem>> {
    let store = Store::new(schema, &options.resources);
    let mut compiler = Compiler {
        store,
        nodes: vec![Node::default(), Node::default()],
        queue: Vec::new(),
        paths: vec![String::new(); 2],
        known: BTreeMap::new(),
        dynamic: Vec::new(),
        problems: Vec::new(),
        warnings: Vec::new(),
        formats: options.formats,
        patterns: options.patterns,
        hints: BTreeMap::new(),
    };
    if !compiler.store.problems.is_empty() {
        return Err(sorted(compiler.store.problems));
    }
    let root = compiler.store.root();
    let root = compiler.queue(root);
    compiler.run();
    compiler.finish(root)
}

impl<'a> Compiler<'a> {
    /// The node of a subschema; it is compiled later if it is new.
    pub(crate) fn queue(&mut self, place: Place<'a>) -> NodeId {
        match place.value {
            Value::Bool(true) => return TRUE,
            Value::Bool(false) => return FALSE,
            Value::Object(schema) if schema.is_empty() => return TRUE,
            _ => {}
        }
        let address = std::ptr::from_ref(place.value) as usize;
        if let Some(id) = self.known.get(&address) {
            return *id;
        }
        let id = self.nodes.len() as NodeId;
        self.nodes.push(Node::default());
        self.paths.push(place.path.clone());
        self.known.insert(address, id);
        self.queue.push((id, place));
        id
    }

    fn run(&mut self) {
        loop {
            while let Some((id, place)) = self.queue.pop() {
                if self.nodes.len() > MAX_SUBSCHEMAS {
                    let message = format!("the schema has more than {MAX_SUBSCHEMAS} subschemas");
                    self.problems.push(Problem::error("schema_too_large", "", message));
                    return;
                }
                self.nodes[id as usize] = self.node(id, &place);
            }
            // Documents that were loaded meanwhile can add targets for dynamic references.
            self.link_dynamic();
            if self.queue.is_empty() {
                return;
            }
        }
    }

    fn node(&mut self, id: NodeId, place: &Place<'a>) -> Node {
        let mut place = place.clone();
        let value = place.value;
        let Value::Object(schema) = value else {
            let message = format!("a schema is an object or a boolean, not {}", shown(&value));
            self.problems.push(Problem::error("not_a_schema", place.path.clone(), message));
            return Node::default();
        };
        if let Some(home) = self.store.home(value) {
            place.resource = home;
        }
        let at = &place;
        self.warn_unknown(at, schema);
        let node = Node {
            resource: at.resource as u32,
            alias: None,
            types: value::compile_types(self, at, schema),
            values: value::compile(self, at, schema),
            number: number::compile(self, at, schema),
            string: string::compile(self, at, schema),
            array: array::compile(self, at, schema),
            object: object::compile(self, at, schema),
            logic: logic::compile(self, at, schema),
            unevaluated_items: self.schema(at, schema, "unevaluatedItems"),
            unevaluated_properties: self.schema(at, schema, "unevaluatedProperties"),
        };
        // Compiled although nothing refers to them yet: their problems are the writer's problems too.
        for keyword in ["$defs", "definitions"] {
            self.schema_map(at, schema, keyword);
        }
        for keyword in ["$id", "$schema", "$comment"] {
            self.text(at, schema, keyword);
        }
        if node.logic.as_ref().is_some_and(|logic| logic.dynamic.is_some())
            && let Some(reference) = schema.get("$dynamicRef").and_then(Value::as_str)
            && let Some((_, name)) = reference.split_once('#')
        {
            self.dynamic.push((id, name));
        }
        node
    }

    fn warn_unknown(&mut self, at: &Place<'a>, schema: &'a Map<String, Value>) {
        for name in schema.keys().filter(|name| find(name).is_none()) {
            let path = at.keyword(name);
            if let Some((_, hint)) = OLD_KEYWORDS.iter().find(|(old, _)| old == name) {
                let message = format!("{name:?} is a keyword of an earlier draft and has no effect");
                self.warnings.push(Problem::warning("old_keyword", path, message).with_hint(*hint));
                continue;
            }
            let message = format!("{name:?} is not a keyword of JSON Schema 2020-12 and has no effect");
            let mut warning = Problem::warning("unknown_keyword", path, message);
            warning.hint = did_you_mean(name, KEYWORDS.iter().map(|keyword| keyword.name));
            self.warnings.push(warning);
        }
    }

    fn link_dynamic(&mut self) {
        for (id, name) in self.dynamic.clone() {
            let places: Vec<_> = self.store.dynamic_anchors(name).collect();
            let anchors = places.into_iter().map(|(resource, place)| (resource, self.queue(place))).collect();
            if let Some(dynamic) =
                self.nodes[id as usize].logic.as_mut().and_then(|logic| logic.dynamic.as_mut())
            {
                dynamic.anchors = anchors;
            }
        }
    }

    fn finish(mut self, root: NodeId) -> Result<(Program, Vec<Problem>), Vec<Problem>> {
        self.problems.append(&mut self.store.problems);
        if self.problems.is_empty()
            && let Some(id) = endless(&self.nodes)
        {
            let path = self.paths.get(id as usize).cloned().unwrap_or_default();
            let message = "the schema applies itself to the same value without end";
            self.problems.push(Problem::error("endless_ref", path, message));
        }
        if !self.problems.is_empty() {
            for problem in &mut self.problems {
                problem.hint =
                    problem.hint.take().or_else(|| self.hints.get(&problem.path).map(|h| (*h).to_owned()));
            }
            return Err(sorted(self.problems));
        }
        let dynamic = !self.dynamic.is_empty();
        if !dynamic {
            for node in &mut self.nodes {
                node.alias = node.only_ref();
            }
        }
        Ok((Program { nodes: self.nodes, root, dynamic }, sorted(self.warnings)))
    }
}

fn sorted(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by(|a, b| compare_pointers(&a.path, &b.path).then_with(|| a.code.cmp(b.code)));
    problems.dedup();
    problems
}

/// A node on a loop of subschemas that are applied to the same value, if there is one.
fn endless(nodes: &[Node]) -> Option<NodeId> {
    let mut done: BTreeSet<NodeId> = BTreeSet::new();
    for start in 0..nodes.len() as NodeId {
        let mut open: BTreeSet<NodeId> = BTreeSet::new();
        let mut stack = vec![(start, false)];
        while let Some((id, left)) = stack.pop() {
            if left {
                open.remove(&id);
                done.insert(id);
                continue;
            }
            if open.contains(&id) {
                return Some(id);
            }
            if done.contains(&id) {
                continue;
            }
            open.insert(id);
            stack.push((id, true));
            stack.extend(nodes[id as usize].in_place().map(|id| (id, false)));
        }
    }
    None
}

/// Readers of a keyword's value. Each gives `None` when the keyword is absent, when the dialect does not have
/// it, and after noting a problem.
impl<'a> Compiler<'a> {
    pub(crate) fn keyword(
        &self,
        at: &Place<'a>,
        schema: &'a Map<String, Value>,
        name: &str,
    ) -> Option<&'a Value> {
        let value = schema.get(name)?;
        let vocabulary = find(name).map_or(Vocabulary::Annotation, |keyword| keyword.vocabulary);
        self.store.resource(at.resource).dialect.knows(vocabulary).then_some(value)
    }

    pub(crate) fn number(
        &mut self,
        at: &Place<'a>,
        schema: &'a Map<String, Value>,
        name: &str,
    ) -> Option<Number> {
        match self.keyword(at, schema, name)? {
            Value::Number(number) => Some(Number::of(number)),
            other => self.wrong_type(at, name, other, "a number"),
        }
    }

    /// A whole number from 0; `2.0` is one.
    pub(crate) fn count(
        &mut self,
        at: &Place<'a>,
        schema: &'a Map<String, Value>,
        name: &str,
    ) -> Option<u64> {
        let value = self.keyword(at, schema, name)?;
        let count = match value {
            Value::Number(number) => match Number::of(number) {
                Number::Int(value) => u64::try_from(value).ok(),
                Number::Float(value) => (value >= 0.0 && value.fract() == 0.0).then_some(value as u64),
            },
            _ => None,
        };
        count.or_else(|| self.wrong_type(at, name, value, "a whole number from 0"))
    }

    pub(crate) fn text(
        &mut self,
        at: &Place<'a>,
        schema: &'a Map<String, Value>,
        name: &str,
    ) -> Option<&'a str> {
        match self.keyword(at, schema, name)? {
            Value::String(text) => Some(text),
            other => self.wrong_type(at, name, other, "a string"),
        }
    }

    pub(crate) fn flag(&mut self, at: &Place<'a>, schema: &'a Map<String, Value>, name: &str) -> bool {
        match self.keyword(at, schema, name) {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(other) => self.wrong_type::<bool>(at, name, other, "a boolean").unwrap_or_default(),
        }
    }

    pub(crate) fn schema(
        &mut self,
        at: &Place<'a>,
        schema: &'a Map<String, Value>,
        name: &str,
    ) -> Option<NodeId> {
        let value = self.keyword(at, schema, name)?;
        Some(self.queue(at.child(name, value)))
    }

    pub(crate) fn schemas(
        &mut self,
        at: &Place<'a>,
        schema: &'a Map<String, Value>,
        name: &str,
    ) -> Option<Box<[NodeId]>> {
        match self.keyword(at, schema, name)? {
            Value::Array(list) if !list.is_empty() => {
                let place = |n: usize, value| at.entry(name, &n.to_string()).of(value);
                Some(list.iter().enumerate().map(|(n, value)| self.queue(place(n, value))).collect())
            }
            other => self.wrong_type(at, name, other, "an array of at least one schema"),
        }
    }

    /// The entries of a keyword whose value is an object.
    pub(crate) fn map(
        &mut self,
        at: &Place<'a>,
        schema: &'a Map<String, Value>,
        name: &str,
    ) -> Vec<(&'a str, &'a Value)> {
        match self.keyword(at, schema, name) {
            None => Vec::new(),
            Some(Value::Object(map)) => map.iter().map(|(name, value)| (name.as_str(), value)).collect(),
            Some(other) => self.wrong_type(at, name, other, "an object").unwrap_or_default(),
        }
    }

    pub(crate) fn schema_map(
        &mut self,
        at: &Place<'a>,
        schema: &'a Map<String, Value>,
        name: &str,
    ) -> Vec<(&'a str, NodeId)> {
        let entries = self.map(at, schema, name);
        entries
            .into_iter()
            .map(|(entry, value)| (entry, self.queue(at.entry(name, entry).of(value))))
            .collect()
    }

    /// A list of property names; `place` is where the list stands.
    pub(crate) fn names(&mut self, place: &Place<'a>, value: &'a Value) -> Box<[Box<str>]> {
        let names = value.as_array().and_then(|list| {
            list.iter().map(|name| name.as_str().map(Box::from)).collect::<Option<Box<[Box<str>]>>>()
        });
        names.unwrap_or_else(|| {
            let message = format!("{} is not an array of strings", shown(&value));
            self.problems.push(Problem::error("keyword_type", place.path.clone(), message));
            Box::default()
        })
    }

    /// The target of a reference.
    pub(crate) fn reference(&mut self, at: &Place<'a>, keyword: &str, reference: &str) -> Option<NodeId> {
        match self.store.find(at.resource, reference) {
            Ok(place) => Some(self.queue(place)),
            Err(why) => {
                let message = format!("{reference:?} leads to no schema: {why}");
                let problem = Problem::error("unresolved_ref", at.keyword(keyword), message);
                self.problems.push(problem);
                None
            }
        }
    }

    pub(crate) fn is_dynamic(&mut self, at: &Place<'a>, reference: &str) -> bool {
        self.store.is_dynamic(at.resource, reference)
    }

    pub(crate) fn pattern(&mut self, path: String, source: &str) -> Option<Pattern> {
        match Pattern::compile(source, self.patterns) {
            Ok(pattern) => Some(pattern),
            Err(why) => {
                let message = format!("the pattern {} is not valid: {why}", shown(&&Value::from(source)));
                self.problems.push(Problem::error("bad_pattern", path, message));
                None
            }
        }
    }

    /// The check of a `format`, when formats are asserted and this one can be.
    pub(crate) fn format(&mut self, at: &Place<'a>, name: &str) -> Option<Format> {
        if self.formats == Formats::Annotate && !self.store.resource(at.resource).dialect.asserts_formats {
            return None;
        }
        let format = Format::find(name);
        if format.is_none() {
            let warning = if Format::UNCHECKED.contains(&name) {
                Problem::warning(
                    "unchecked_format",
                    at.keyword("format"),
                    format!("the format {name:?} is not checked"),
                )
            } else {
                let message = format!("{name:?} is not a format of JSON Schema 2020-12 and is not checked");
                let mut warning = Problem::warning("unknown_format", at.keyword("format"), message);
                warning.hint = did_you_mean(name, Format::names());
                warning
            };
            self.warnings.push(warning);
        }
        format
    }

    /// Notes that a keyword's value has the wrong type.
    pub(crate) fn wrong_type<T>(
        &mut self,
        at: &Place<'a>,
        keyword: &str,
        value: &Value,
        wanted: &str,
    ) -> Option<T> {
        let message = format!("{keyword} is {}, not {wanted}", shown(&value));
        self.problems.push(Problem::error("keyword_type", at.keyword(keyword), message));
        None
    }

    /// Notes that a keyword's value has the right type and makes no sense.
    pub(crate) fn wrong_value(
        &mut self,
        at: &Place<'a>,
        keyword: &str,
        message: String,
        hint: Option<String>,
    ) {
        self.problems.push(Problem { hint, ..Problem::error("keyword_value", at.keyword(keyword), message) });
    }

    /// Adds a hint to the problem that a keyword's value is going to raise.
    pub(crate) fn hint_for(&mut self, at: &Place<'a>, keyword: &str, hint: &'static str) {
        self.hints.insert(at.keyword(keyword), hint);
    }
}
