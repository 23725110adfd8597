//! `${...}` references of bundle files (reference section 19.3). `{{...}}` references are not these and stay.

use super::loader::Problems;
use super::rules;
use crate::source::{Data, Mark, Member, Node};
use crate::suggest::did_you_mean;
use std::collections::BTreeMap;

/// Bytes of text that interpolation may make in all; nothing that people write comes near.
const MOST_BYTES: usize = 16 << 20;

/// References that one may lead through, and lists and objects that a value may nest.
const MOST_NESTED: usize = 64;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Text that stays.
    Literal(&'a str),
    /// What stands between `${` and `}`.
    Reference(&'a str),
}

/// Cuts a text into pieces. What does not follow the grammar of references is literal.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut literal, mut at) = (0, 0);
    while let Some(found) = text[at..].find("${") {
        let start = at + found;
        let inside = &text[start + 2..];
        match inside.find('}').map(|end| &inside[..end]).filter(|path| is_reference(path)) {
            Some(path) => {
                if start > literal {
                    pieces.push(Piece::Literal(&text[literal..start]));
                }
                pieces.push(Piece::Reference(path));
                at = start + 2 + path.len() + 1;
                literal = at;
            }
            None => at = start + 2,
        }
    }
    if literal < text.len() {
        pieces.push(Piece::Literal(&text[literal..]));
    }
    pieces
}

fn is_reference(path: &str) -> bool {
    path.split('.').all(|part| {
        let (name, indexes) = part.split_at(part.find('[').unwrap_or(part.len()));
        is_segment(name) && is_indexes(indexes)
    })
}

/// Starts with a letter; letters, digits and single `-` or `_` between them.
fn is_segment(name: &str) -> bool {
    let mut before = '-';
    for (n, c) in name.chars().enumerate() {
        let good = match c {
            '-' | '_' => before != '-' && before != '_',
            c => c.is_ascii_alphabetic() || (c.is_ascii_digit() && n > 0),
        };
        if !good {
            return false;
        }
        before = c;
    }
    before != '-' && before != '_'
}

fn is_indexes(text: &str) -> bool {
    text.is_empty()
        || text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .is_some_and(|inner| inner.split("][").all(|n| n.parse::<usize>().is_ok()))
}

/// Segments and indexes of a reference, with `var.x` written out.
fn steps(path: &str) -> Vec<String> {
    let mut steps: Vec<String> = path
        .split(['.', '['])
        .map(|step| step.trim_end_matches(']').to_owned())
        .filter(|step| !step.is_empty())
        .collect();
    if steps.first().is_some_and(|first| first == "var") {
        "variables".clone_into(&mut steps[0]);
        steps.insert(2.min(steps.len()), "value".to_owned());
    }
    steps
}

/// A reference to a field of a resource that has it only once it is deployed, such as `resources.jobs.etl.id`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResourceReference {
    /// `jobs`, `pipelines`, …
    pub kind: String,
    /// Key of the resource in the bundle.
    pub key: String,
    /// `id`, mostly.
    pub field: String,
}

impl ResourceReference {
    /// Reads `resources.<kind>.<key>.<field>`.
    pub fn parse(path: &str) -> Option<Self> {
        match steps(path).as_slice() {
            [first, kind, key, field @ ..] if first == "resources" && !field.is_empty() => {
                Some(Self { kind: kind.clone(), key: key.clone(), field: field.join(".") })
            }
            _ => None,
        }
    }
}

/// Every reference to a deployed resource that is left in a tree.
pub(super) fn left_over(node: &Node) -> Vec<(ResourceReference, Mark)> {
    let mut found = Vec::new();
    node.walk(&mut |_, node| {
        for piece in node.as_text().map(pieces).unwrap_or_default() {
            if let Piece::Reference(path) = piece
                && let Some(reference) = ResourceReference::parse(path)
            {
                found.push((reference, node.mark.clone()));
            }
        }
    });
    found
}

/// Replaces all references in a tree by what they name in `root`. References to fields that resources have only once
/// they are deployed are left as they are. Every reference that cannot be resolved is a problem.
pub(super) fn interpolate(root: &Node, problems: &mut Problems) -> Node {
    let mut resolver = Resolver { root, problems, done: BTreeMap::new(), open: Vec::new(), bytes: 0 };
    resolver.node(root, "")
}

struct Resolver<'a> {
    root: &'a Node,
    problems: &'a mut Problems,
    /// What references became; `None` for those on a cycle or too large, which was reported.
    done: BTreeMap<String, Option<Node>>,
    /// References under resolution, outermost first.
    open: Vec<String>,
    bytes: usize,
}

impl Resolver<'_> {
    fn node(&mut self, node: &Node, path: &str) -> Node {
        let data = match &node.data {
            Data::Text(text) if text.contains("${") => return self.text(text, &node.mark, path),
            Data::List(items) => {
                let items = items.iter().enumerate();
                Data::List(items.map(|(n, item)| self.node(item, &format!("{path}[{n}]"))).collect())
            }
            Data::Object(members) => Data::Object(
                members
                    .iter()
                    .map(|member| {
                        let dot = if path.is_empty() { "" } else { "." };
                        let value = self.node(&member.value, &format!("{path}{dot}{}", member.key));
                        Member { key: member.key.clone(), mark: member.mark.clone(), value }
                    })
                    .collect(),
            ),
            scalar => scalar.clone(),
        };
        Node::new(data, node.mark.clone())
    }

    fn text(&mut self, text: &str, mark: &Mark, path: &str) -> Node {
        let pieces = pieces(text);
        if let [Piece::Reference(reference)] = pieces.as_slice() {
            let found = self.reference(reference, mark, path);
            return found.map_or_else(|| Node::text(text, mark.clone()), |found| placed(found, mark));
        }
        let mut whole = String::new();
        for piece in pieces {
            match piece {
                Piece::Literal(literal) => whole.push_str(literal),
                Piece::Reference(reference) => match self.reference(reference, mark, path) {
                    None => whole.extend(["${", reference, "}"]),
                    Some(found) => match crate::job::wire::scalar_text(&found.value()) {
                        Some(text) => whole.push_str(&text),
                        None if found.is_null() => {}
                        None => {
                            let message =
                                format!("`${{{reference}}}` is a list or an object and stands inside text");
                            self.problems.report(rules::INTERPOLATION_TYPE, mark, path, message, None);
                        }
                    },
                },
            }
        }
        if !self.spend(whole.len(), mark, path) {
            whole.clear();
        }
        Node::text(whole, mark.clone())
    }

    /// Notes how much was made; false, with a problem, when it is too much.
    fn spend(&mut self, bytes: usize, mark: &Mark, path: &str) -> bool {
        let before = self.bytes;
        self.bytes = before.saturating_add(bytes);
        if before <= MOST_BYTES && self.bytes > MOST_BYTES {
            let message = format!("interpolation made more than {MOST_BYTES} bytes");
            self.problems.report(rules::INTERPOLATION_TOO_LARGE, mark, path, message, None);
        }
        self.bytes <= MOST_BYTES
    }

    /// What a reference names, resolved itself; `None` when it is left as it is.
    fn reference(&mut self, reference: &str, mark: &Mark, path: &str) -> Option<Node> {
        if let Some(known) = self.done.get(reference) {
            return known.clone();
        }
        if let Some(at) = self.open.iter().position(|open| open == reference) {
            let cycle: Vec<String> = self.open[at..].iter().map(|open| format!("${{{open}}}")).collect();
            let message = format!("the references form a cycle: {} → ${{{reference}}}", cycle.join(" → "));
            self.problems.report(rules::INTERPOLATION_CYCLE, mark, path, message, None);
            self.done.extend(self.open[at..].iter().map(|open| (open.clone(), None)));
            return None;
        }
        if self.open.len() >= MOST_NESTED {
            let message = format!("references lead through more than {MOST_NESTED} others");
            self.problems.report(rules::INTERPOLATION_TOO_LARGE, mark, path, message, None);
            return None;
        }
        let steps = steps(reference);
        self.open.push(reference.to_owned());
        let found = match self.find(&steps).cloned() {
            Some(found) => Some(self.node(&found, &steps.join("."))),
            None => self.find_through(&steps, mark, path),
        };
        self.open.pop();
        if self.done.contains_key(reference) {
            return None;
        }
        let Some(found) = found else {
            self.missing(reference, &steps, mark, path);
            return None;
        };
        // Objects count too: a chain of variables that repeat each other grows without any long text.
        let (size, deep) = extent(&found);
        if deep > MOST_NESTED {
            let message = format!("`${{{reference}}}` nests lists and objects deeper than {MOST_NESTED}");
            self.problems.report(rules::INTERPOLATION_TOO_LARGE, mark, path, message, None);
        }
        let found = (self.spend(size, mark, path) && deep <= MOST_NESTED).then_some(found);
        self.done.insert(reference.to_owned(), found.clone());
        found
    }

    /// Follows the steps when one on the way is itself a reference: the rest are followed in what that names.
    fn find_through(&mut self, steps: &[String], mark: &Mark, path: &str) -> Option<Node> {
        let (n, inner) = (1..steps.len()).rev().find_map(|n| {
            let text = self.find(&steps[..n])?.as_text()?.to_owned();
            match pieces(&text).as_slice() {
                [Piece::Reference(inner)] => Some((n, (*inner).to_owned())),
                _ => None,
            }
        })?;
        let through = self.reference(&inner, mark, path)?;
        find_in(&through, &steps[n..]).cloned()
    }

    fn find(&self, steps: &[String]) -> Option<&Node> {
        find_in(self.root, steps)
    }

    /// Reports a reference to nothing, unless only deployment can tell.
    fn missing(&mut self, reference: &str, steps: &[String], mark: &Mark, path: &str) {
        let names = |node: Option<&Node>| -> Vec<String> {
            node.map(|node| node.members().iter().map(|member| member.key.clone()).collect())
                .unwrap_or_default()
        };
        if steps.first().is_some_and(|first| first == "variables") && steps.len() > 1 {
            let declared = names(self.root.get("variables"));
            if declared.contains(&steps[1]) {
                // A variable without a value was reported where values are given.
                if self.find(&["variables".to_owned(), steps[1].clone(), "value".to_owned()]).is_some() {
                    let message =
                        format!("`${{{reference}}}` names a field that the variable's value does not have");
                    self.problems.report(rules::UNKNOWN_INTERPOLATION, mark, path, message, None);
                } else if self
                    .find(&["variables".to_owned(), steps[1].clone(), "lookup".to_owned()])
                    .is_some()
                {
                    let message =
                        format!("the variable `{}` is looked up in a workspace, and there is none", steps[1]);
                    let hint = format!("give it a value: BUNDLE_VAR_{} or --var", steps[1]);
                    self.problems.report(rules::VARIABLE_LOOKUP, mark, path, message, Some(hint));
                }
            } else {
                let message = format!("the variable `{}` is not declared", steps[1]);
                let hint = did_you_mean(&steps[1], declared.iter().map(String::as_str))
                    .or_else(|| Some("declare it in `variables`".to_owned()));
                self.problems.report(rules::UNKNOWN_VARIABLE, mark, path, message, hint);
            }
            return;
        }
        let deployed = ResourceReference::parse(reference);
        if deployed.is_some() && self.find(&steps[..3]).is_some() {
            return;
        }
        // The nearest name at the first step that fails.
        let known = (0..steps.len()).rev().find(|n| self.find(&steps[..*n]).is_some()).unwrap_or(0);
        let beside = names(self.find(&steps[..known]));
        let step = steps.get(known).map(String::as_str).unwrap_or_default();
        let hint = did_you_mean(step, beside.iter().map(String::as_str));
        let message = format!("`${{{reference}}}` names nothing: there is no `{step}`");
        self.problems.report(rules::UNKNOWN_INTERPOLATION, mark, path, message, hint);
    }
}

fn find_in<'a>(node: &'a Node, steps: &[String]) -> Option<&'a Node> {
    let mut node = node;
    for step in steps {
        node = match &node.data {
            Data::List(items) => items.get(step.parse::<usize>().ok()?)?,
            _ => node.get(step)?,
        };
    }
    Some(node)
}

/// The bytes that a value takes, about, and how deep it nests.
fn extent(node: &Node) -> (usize, usize) {
    let below = node.items().iter().chain(node.members().iter().map(|member| &member.value)).map(extent);
    let (size, deep) = below.fold((0, 0), |(size, deep), (s, d)| (size + s, deep.max(d)));
    (size + 16 + node.as_text().map_or(0, str::len), deep + 1)
}

/// The value at the place where it is used, since that is where its problems are to be shown.
fn placed(mut node: Node, mark: &Mark) -> Node {
    node.mark = mark.clone();
    node
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_of_references() {
        for good in ["a", "var.x-y_z9", "resources.jobs.a.tasks[0].task_key", "a[1][2].b"] {
            assert!(is_reference(good), "{good}");
        }
        for bad in ["", "1a", "a_", "a--b", "a.", ".a", "a b", "a[x]", "a[1", "ENV:X", "a[]"] {
            assert!(!is_reference(bad), "{bad}");
        }
    }

    #[test]
    fn texts_are_cut_into_pieces() {
        use Piece::{Literal, Reference};
        assert_eq!(pieces("a${b.c}d"), [Literal("a"), Reference("b.c"), Literal("d")]);
        assert_eq!(pieces("${a}${b}"), [Reference("a"), Reference("b")]);
        assert_eq!(pieces("${A B}${"), [Literal("${A B}${")]);
        assert_eq!(pieces("{{job.id}}"), [Literal("{{job.id}}")]);
        assert_eq!(pieces("${${a}}"), [Literal("${"), Reference("a"), Literal("}")]);
    }
}
