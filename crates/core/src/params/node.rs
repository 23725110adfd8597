//! A compiled schema: an arena of small nodes, one for each subschema.

use super::array::ArrayRules;
use super::logic::Logic;
use super::number::NumberRules;
use super::object::ObjectRules;
use super::string::StringRules;
use super::value::{Types, Values};

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
    /// Whether any `$dynamicRef` needs the dynamic scope to be followed.
    pub(crate) dynamic: bool,
}

/// One subschema. Keywords that the schema does not have cost nothing but a look at an empty slot.
#[derive(Debug, Default)]
pub(crate) struct Node {
    /// The schema resource it stands in, for the dynamic scope.
    pub(crate) resource: u32,
    /// Set when the subschema is nothing but a `$ref`.
    pub(crate) alias: Option<NodeId>,
    pub(crate) types: Types,
    pub(crate) values: Option<Box<Values>>,
    pub(crate) number: Option<Box<NumberRules>>,
    pub(crate) string: Option<Box<StringRules>>,
    pub(crate) array: Option<Box<ArrayRules>>,
    pub(crate) object: Option<Box<ObjectRules>>,
    pub(crate) logic: Option<Box<Logic>>,
    pub(crate) unevaluated_items: Option<NodeId>,
    pub(crate) unevaluated_properties: Option<NodeId>,
}

impl Node {
    /// Subschemas that are applied to the same value, so that a loop through them would never end. Those of
    /// `$dynamicRef` are not among them: their targets depend on the way taken.
    pub(crate) fn in_place(&self) -> Vec<NodeId> {
        let mut all = Vec::new();
        if let Some(logic) = &self.logic {
            logic.in_place(&mut all);
        }
        if let Some(object) = &self.object {
            object.in_place(&mut all);
        }
        all
    }

    /// The target when this is nothing but one `$ref`.
    pub(crate) fn only_ref(&self) -> Option<NodeId> {
        let bare = self.types == Types::default()
            && self.values.is_none()
            && self.number.is_none()
            && self.string.is_none()
            && self.array.is_none()
            && self.object.is_none()
            && self.unevaluated_items.is_none()
            && self.unevaluated_properties.is_none();
        self.logic.as_ref().filter(|_| bare).and_then(|logic| logic.only_ref())
    }
}
