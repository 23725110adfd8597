//! From a schema as JSON to a [`Program`]: walks the documents, collects all problems, resolves references.
//!
//! The walk is a queue, not a recursion, so that no schema can exhaust the stack. What a keyword means is in
//! the file of its family; the readers of its value that all families share are in `read`.

pub(crate) use super::store::Place;

use super::instance::Shown;
use super::keywords::{KEYWORDS, Key, OLD_KEYWORDS};
use super::limits::MAX_SUBSCHEMAS;
use super::logic::{Dynamic, How};
use super::node::{FALSE, Node, NodeId, Program, Rule, TRUE};
use super::notes::Notes;
use super::numbers::{Numbers, address};
use super::object::Members;
use super::store::Store;
use super::{Formats, Options, array, count, logic, number, object, string, value};
use crate::json::Quoted;
use crate::problem::Problem;
use crate::suggest::Nearest;
use crate::value::Value;
use std::cell::OnceCell;

pub(crate) struct Compiler<'a> {
    pub(super) store: Store<'a>,
    nodes: Vec<Node>,
    queue: Vec<(NodeId, Place<'a>)>,
    /// The value of each node.
    values: Vec<&'a Value>,
    /// Nodes by the address of their value.
    known: Numbers,
    /// What became of each `$dynamicRef`, and its anchor's name.
    pub(super) dynamic: Vec<Dynamic>,
    pub(super) names: Vec<&'a str>,
    pub(super) warnings: Notes,
    pub(super) formats: Formats,
    /// Addresses of lists under `items`, as earlier drafts have them.
    pub(super) old_items: Numbers,
}

/// Compiles a schema; gives the program and its warnings, or all problems.
pub(crate) fn compile(schema: &Value, options: &Options) -> Result<(Program, Vec<Problem>), Vec<Problem>> {
    let meta = OnceCell::new();
    let store = Store::new(schema, &options.resources, &meta);
    let mut compiler = Compiler {
        store,
        nodes: vec![Node::default(), Node::default()],
        queue: Vec::new(),
        values: vec![schema, schema],
        known: Numbers::default(),
        dynamic: Vec::new(),
        names: Vec::new(),
        warnings: Notes::default(),
        formats: options.formats,
        old_items: Numbers::default(),
    };
    if !compiler.store.problems.is_empty() {
        return Err(compiler.store.problems.placed(&compiler.store.documents));
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
        let address = address(place.value);
        if let Some(id) = self.known.get(address) {
            return id;
        }
        let id = self.nodes.len() as NodeId;
        self.nodes.push(Node::default());
        self.values.push(place.value);
        self.known.insert(address, id);
        self.queue.push((id, place));
        id
    }

    fn run(&mut self) {
        loop {
            while let Some((id, place)) = self.queue.pop() {
                if self.nodes.len() > MAX_SUBSCHEMAS {
                    let message = format_args!("the schema has more than {MAX_SUBSCHEMAS} subschemas");
                    self.store.problems.add("schema_too_large", self.values[0], message);
                    return;
                }
                self.nodes[id as usize] = self.node(place);
            }
            // Documents that were loaded meanwhile can add targets for dynamic references.
            self.link_dynamic();
            if self.queue.is_empty() {
                return;
            }
        }
    }

    fn node(&mut self, mut at: Place<'a>) -> Node {
        let value = at.value;
        let Value::Object(schema) = value else {
            let message = format_args!("a schema is an object or a boolean, not {}", Shown(&value));
            let problem = self.store.problems.add("not_a_schema", value, message);
            if self.old_items.get(address(value)).is_some() {
                problem.hint = Some("2020-12 writes a list of schemas as \"prefixItems\"".to_owned());
            }
            return Node::default();
        };
        if let Some(home) = self.store.home(value) {
            at.resource = home;
        }
        let mut read = self.read(at, schema);
        for family in &[
            value::compile,
            number::compile,
            count::compile,
            string::compile,
            array::compile,
            object::compile,
            logic::compile,
        ] {
            family(self, &mut read);
        }
        if let Some(id) = self.schema(&read, Key::UnevaluatedItems) {
            read.rules.push(Rule::Items(Vec::new(), Some(id), Key::UnevaluatedItems));
        }
        if let Some(id) = self.schema(&read, Key::UnevaluatedProperties) {
            let members = Members::of(Some(id), Key::UnevaluatedProperties);
            read.rules.push(Rule::Members(Box::new(members)));
        }
        Node { resource: at.resource as u32, alias: None, rules: read.rules }
    }

    pub(super) fn warn_unknown(&mut self, name: &str, value: &Value) {
        let quoted = Quoted(name);
        if let Some((_, hint)) = OLD_KEYWORDS.iter().find(|(old, _)| *old == name) {
            let message = format_args!("{quoted} is a keyword of an earlier draft and has no effect");
            self.warning("old_keyword", value, message).hint = Some((*hint).to_owned());
            return;
        }
        let message = format_args!("{quoted} is not a keyword of JSON Schema 2020-12 and has no effect");
        let mut nearest = Nearest::to(name);
        for keyword in KEYWORDS {
            nearest.consider(keyword.name);
        }
        self.warning("unknown_keyword", value, message).hint = nearest.hint();
    }

    fn link_dynamic(&mut self) {
        for n in 0..self.names.len() {
            let mut anchors = Vec::new();
            for place in &self.store.dynamic_anchors(self.names[n]) {
                anchors.push((place.resource as u32, self.queue(*place)));
            }
            self.dynamic[n].anchors = anchors;
        }
    }

    fn finish(mut self, root: NodeId) -> Result<(Program, Vec<Problem>), Vec<Problem>> {
        let documents = &self.store.documents;
        let mut problems = self.store.problems;
        if problems.is_empty()
            && let Some(id) = endless(&self.nodes)
        {
            let message = format_args!("the schema applies itself to the same value without end");
            problems.add("endless_ref", self.values[id as usize], message);
        }
        if !problems.is_empty() {
            return Err(problems.placed(documents));
        }
        if self.dynamic.is_empty() {
            for node in &mut self.nodes {
                if let [Rule::Apply(How::Ref, ids)] = &node.rules[..] {
                    node.alias = ids.first().copied();
                }
            }
        }
        Ok((Program { nodes: self.nodes, root, dynamic: self.dynamic }, self.warnings.placed(documents)))
    }
}

/// A node on a loop of subschemas that are applied to the same value, if there is one.
fn endless(nodes: &[Node]) -> Option<NodeId> {
    const NEW: u8 = 0;
    const OPEN: u8 = 1;
    const DONE: u8 = 2;
    let mut states = vec![NEW; nodes.len()];
    for start in 0..nodes.len() as NodeId {
        let mut stack = vec![(start, false)];
        while let Some((id, left)) = stack.pop() {
            let state = &mut states[id as usize];
            if left {
                *state = DONE;
            } else if *state == OPEN {
                return Some(id);
            } else if *state == NEW {
                *state = OPEN;
                stack.push((id, true));
                for rule in &nodes[id as usize].rules {
                    for id in rule.in_place() {
                        stack.push((*id, false));
                    }
                }
            }
        }
    }
    None
}
