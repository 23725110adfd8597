//! A compiled schema: an arena of small nodes, one for each subschema, each a list of rules.

use super::array::Contains;
use super::count::Count;
use super::format::Format;
use super::instance::Number;
use super::keywords::Key;
use super::logic::{Dynamic, How};
use super::number::{Divisor, Limit};
use super::object::Members;
use super::pattern::Pattern;
use super::value::Types;
use crate::value::Value;

/// A node's place in [`Program::nodes`].
pub(crate) type NodeId = u32;
/// The schema `true`.
pub(crate) const TRUE: NodeId = 0;
/// The schema `false`.
pub(crate) const FALSE: NodeId = 1;

/// A schema ready to validate.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) nodes: Vec<Node>,
    pub(crate) root: NodeId,
    /// What needs the dynamic scope to be followed.
    pub(crate) dynamic: Vec<Dynamic>,
}

/// One subschema. Keywords that the schema does not have cost nothing.
#[derive(Debug, Default)]
pub(crate) struct Node {
    /// The schema resource it stands in, for the dynamic scope.
    pub(crate) resource: u32,
    /// Set when the subschema is nothing but a `$ref`.
    pub(crate) alias: Option<NodeId>,
    /// What has to hold, cheap rules first; those about what others have not looked at come last.
    pub(crate) rules: Vec<Rule>,
}

/// What one keyword asks for, or some that need each other.
#[derive(Debug)]
pub(crate) enum Rule {
    Types(Types),
    Enum(Vec<Value>),
    Const(Value),
    Limit(&'static Limit, Number),
    MultipleOf(Box<Divisor>),
    Count(&'static Count, u64),
    Pattern(Box<Pattern>),
    Format(Format),
    UniqueItems,
    /// `prefixItems`, and what holds for the others: `items` or `unevaluatedItems`.
    Items(Vec<NodeId>, Option<NodeId>, Key),
    Contains(Contains),
    Members(Box<Members>),
    /// With the first property the others have to be there.
    Needs(Box<str>, Vec<Box<str>>),
    /// With the property the schema holds for the whole object.
    Dependent(Box<str>, NodeId),
    /// Subschemas that are applied to the same value.
    Apply(How, Vec<NodeId>),
    /// One of [`Program::dynamic`].
    Dynamic(usize),
}

impl Node {
    /// Whether its last rule is about what the others have not looked at.
    pub(crate) fn asks_what_was_seen(&self) -> bool {
        match self.rules.last() {
            Some(Rule::Items(_, _, others)) => *others == Key::UnevaluatedItems,
            Some(Rule::Members(members)) => members.others == Key::UnevaluatedProperties,
            _ => false,
        }
    }
}

impl Rule {
    /// Subschemas that are applied to the same value, so that a loop through them would never end. Those of
    /// `$dynamicRef` are not among them: their targets depend on the way taken.
    pub(crate) fn in_place(&self) -> &[NodeId] {
        match self {
            Self::Apply(_, ids) => ids,
            Self::Dependent(_, id) => std::slice::from_ref(id),
            _ => &[],
        }
    }
}
