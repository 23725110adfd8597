//! YAML: `granit-parser` gives the events, this module builds the tree with its places and words the errors for people.
//!
//! Aliases and merge keys (`<<`) are expanded, within limits on depth and size; a file holds one document. What a
//! plain scalar means is `scalar`'s work. The tree is built without recursion, so no text can exhaust the stack.

use super::tree::{Data, Mark, Member, Node};
use super::{rules, scalar};
use crate::problem::Problem;
use granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, Tag};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Lists and objects inside each other, those that aliases bring in included.
const MOST_DEEP: usize = 64;

/// Values in all, those that aliases bring in included.
const MOST_VALUES: usize = 250_000;

/// Reads one YAML document. Names that an object has twice are kept; the caller judges them.
pub(super) fn read(file: &Arc<str>, text: &str) -> Result<Node, Vec<Problem>> {
    let options = granit_parser::options! {
        flow_nesting_limit: MOST_DEEP,
        block_nesting_limit: MOST_DEEP,
        emit_comments: false,
    };
    let mut builder = Builder { file, open: Vec::new(), anchors: BTreeMap::new(), values: 0, root: None };
    for event in Parser::new_from_str_with_options(text, options) {
        let done = match event {
            Ok((event, span)) => builder.event(event, span),
            Err(error) => Err(syntax(file, text, &error)),
        };
        done.map_err(|problem| vec![problem])?;
    }
    Ok(builder.root.unwrap_or_else(|| Node::null(Mark::new(file, 1, 1))))
}

/// A value that aliases can name, with what it adds when they do.
#[derive(Clone)]
struct Anchored {
    node: Node,
    values: usize,
    depth: usize,
}

/// A list or an object whose end has not come yet.
struct Open {
    mark: Mark,
    /// Number of its anchor; 0 without one.
    anchor: usize,
    /// Values before it began.
    before: usize,
    /// Lists and objects inside each other in it so far.
    depth: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Object { members: Vec<Member>, merges: Vec<Node>, key: Option<Key> },
}

/// The name whose value comes next.
enum Key {
    Name(String, Mark),
    Merge(Mark),
}

struct Builder<'a> {
    file: &'a Arc<str>,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Anchored>,
    values: usize,
    root: Option<Node>,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        let mark = mark(self.file, span.start);
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                let message = "a second YAML document begins here; a file holds one";
                let hint = "remove the `---` line, or move the second part to a file of its own";
                Err(bad(&mark, message, Some(hint)))
            }
            Event::Scalar(text, style, anchor, tag) => self.scalar(&text, style, anchor, tag, mark),
            Event::SequenceStart(_, anchor, _) => self.begin(mark, anchor, Content::List(Vec::new())),
            Event::MappingStart(_, anchor, _) => {
                let content = Content::Object { members: Vec::new(), merges: Vec::new(), key: None };
                self.begin(mark, anchor, content)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => self.alias(anchor, mark),
            _ => Ok(()),
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<Cow<'_, Tag>>,
        mark: Mark,
    ) -> Result<(), Problem> {
        let plain = style == ScalarStyle::Plain;
        if let Some(key) = self.expected_key() {
            let nameless = plain && tag.is_none() && scalar::is_null(text);
            if nameless {
                return Err(bad(&mark, "the name of a field must be text", None));
            }
            *key =
                Some(if plain && text == "<<" { Key::Merge(mark) } else { Key::Name(text.to_owned(), mark) });
            return Ok(());
        }
        let kind = tag.as_ref().and_then(|tag| match (tag.handle(), tag.suffix()) {
            ("!", "") | ("", "!") => Some("str"),
            _ => tag.core_suffix(),
        });
        let data = match kind {
            None if plain => scalar::resolve(text),
            None | Some("str") => Ok(Data::Text(text.to_owned())),
            Some(kind) => scalar::resolve_as(kind, text),
        };
        let data = data.map_err(|message| {
            bad(&mark, &message, Some("JSON has no such value; quote it to keep it as text"))
        })?;
        self.values += 1;
        self.put(Node::new(data, mark), anchor, self.values - 1, 0)
    }

    /// The place for a name, when an object waits for one.
    fn expected_key(&mut self) -> Option<&mut Option<Key>> {
        match self.open.last_mut().map(|open| &mut open.content) {
            Some(Content::Object { key, .. }) if key.is_none() => Some(key),
            _ => None,
        }
    }

    fn begin(&mut self, mark: Mark, anchor: usize, content: Content) -> Result<(), Problem> {
        if self.expected_key().is_some() {
            let hint = "put quotes around a value that begins with `{{`";
            return Err(bad(&mark, "the name of a field must be text, not a list or an object", Some(hint)));
        }
        self.values += 1;
        self.open.push(Open { mark, anchor, before: self.values - 1, depth: 1, content });
        self.within(0)
    }

    fn end(&mut self) -> Result<(), Problem> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let data = match open.content {
            Content::List(items) => Data::List(items),
            Content::Object { mut members, merges, .. } => {
                for merged in merges.into_iter().flat_map(|node| match node.data {
                    Data::Object(members) => members,
                    _ => Vec::new(),
                }) {
                    if !members.iter().any(|member| member.key == merged.key) {
                        members.push(merged);
                    }
                }
                Data::Object(members)
            }
        };
        self.put(Node::new(data, open.mark), open.anchor, open.before, open.depth)
    }

    fn alias(&mut self, anchor: usize, mark: Mark) -> Result<(), Problem> {
        let Some(anchored) = self.anchors.get(&anchor).cloned() else {
            return Err(bad(&mark, "the alias stands inside the value that it names", None));
        };
        if let Some(key) = self.expected_key() {
            let Data::Text(text) = anchored.node.data else {
                return Err(bad(&mark, "the name of a field must be text", None));
            };
            *key = Some(Key::Name(text, mark));
            return Ok(());
        }
        let before = self.values;
        self.values += anchored.values;
        self.within(anchored.depth).map_err(|problem| mark.put_on(problem))?;
        let mut node = anchored.node;
        place(&mut node, &mark);
        self.put(node, 0, before, anchored.depth)
    }

    /// Judges the limits; `depth` is what comes below the lists and objects that are open.
    fn within(&self, depth: usize) -> Result<(), Problem> {
        let mark = self.open.last().map_or_else(|| Mark::new(self.file, 1, 1), |open| open.mark.clone());
        if self.open.len() + depth > MOST_DEEP {
            return Err(bad(&mark, &format!("lists and objects are nested deeper than {MOST_DEEP}"), None));
        }
        if self.values > MOST_VALUES {
            return Err(bad(
                &mark,
                &format!("the file has more than {MOST_VALUES} values, aliases included"),
                None,
            ));
        }
        Ok(())
    }

    /// Puts a finished value where it belongs. `before` is the number of values before it, `depth` what it nests.
    fn put(&mut self, node: Node, anchor: usize, before: usize, depth: usize) -> Result<(), Problem> {
        if anchor != 0 {
            let anchored = Anchored { node: node.clone(), values: self.values - before, depth };
            self.anchors.insert(anchor, anchored);
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.depth = open.depth.max(depth + 1);
        match &mut open.content {
            Content::List(items) => items.push(node),
            Content::Object { members, merges, key } => match key.take() {
                Some(Key::Name(key, mark)) => members.push(Member { key, mark, value: node }),
                Some(Key::Merge(mark)) => merges.extend(mergeable(node, &mark)?),
                None => {}
            },
        }
        self.within(0)
    }
}

/// The objects that a merge key brings in.
fn mergeable(node: Node, mark: &Mark) -> Result<Vec<Node>, Problem> {
    let nodes = match node.data {
        Data::List(items) => items,
        _ => vec![node],
    };
    if nodes.iter().all(|node| matches!(node.data, Data::Object(_))) {
        Ok(nodes)
    } else {
        Err(bad(mark, "`<<` takes an object or a list of objects", Some("name an object, as in `<<: *name`")))
    }
}

/// What an alias brings in stands where the alias stands.
fn place(node: &mut Node, mark: &Mark) {
    node.mark = mark.clone();
    match &mut node.data {
        Data::List(items) => items.iter_mut().for_each(|item| place(item, mark)),
        Data::Object(members) => {
            for member in members {
                member.mark = mark.clone();
                place(&mut member.value, mark);
            }
        }
        _ => {}
    }
}

fn mark(file: &Arc<str>, at: Marker) -> Mark {
    Mark::new(file, at.line().max(1) as u32, at.col() as u32 + 1)
}

fn bad(mark: &Mark, message: &str, hint: Option<&str>) -> Problem {
    let problem = rules::BAD_YAML.problem("", message);
    mark.put_on(match hint {
        Some(hint) => problem.with_hint(hint),
        None => problem,
    })
}

/// Words and a hint for the parser's error.
fn syntax(file: &Arc<str>, text: &str, error: &ScanError) -> Problem {
    let mark = mark(file, *error.marker());
    let said = error.info();
    let line = text.lines().nth(mark.line as usize - 1).unwrap_or_default();
    let rest: String = line.chars().skip(mark.column as usize - 1).collect();
    let hint = if said.contains("tab") {
        Some("indent with spaces")
    } else if said.contains("unknown anchor") {
        Some("define the anchor with `&name` above its first use")
    } else if said.contains("recursion limit") {
        Some("lists and objects are nested too deeply")
    } else if rest.starts_with(['@', '%', '`', '*', '&', '!']) {
        Some("put quotes around a value that begins with this character")
    } else if said.contains("mapping values are not allowed") || said.contains("':'") {
        Some("put quotes around a value that contains `: `, and close every bracket above")
    } else if said.contains("expected key") || said.contains("indent") {
        Some("check the indentation of this line and of the one above")
    } else {
        None
    };
    bad(&mark, &format!("the YAML is broken: {said}"), hint)
}
