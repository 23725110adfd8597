//! An object of a definition, as the rules look at it: what is absent, null or of the wrong type is as if it were not
//! there. That a value has the wrong type is told elsewhere.

use crate::job::wire::{integer, scalar_text};
use crate::json;
use crate::value::{Map, Value};

/// An object; one that could not be read has no fields.
#[derive(Clone, Copy)]
pub(super) struct Block<'a>(Option<&'a Map<String, Value>>);

impl<'a> Block<'a> {
    pub(super) fn of(value: &'a Value) -> Self {
        Self(value.as_object())
    }

    /// An object without fields.
    pub(super) const EMPTY: Self = Self(None);

    pub(super) fn get(self, name: &str) -> Option<&'a Value> {
        self.raw(name).filter(|value| !value.is_null())
    }

    /// A field, even a null one.
    pub(super) fn raw(self, name: &str) -> Option<&'a Value> {
        self.0?.get(name)
    }

    pub(super) fn has(self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Those of the fields that are there.
    pub(super) fn given(self, names: &[&'static str]) -> Vec<&'static str> {
        let mut given = Vec::new();
        for name in names {
            if self.has(name) {
                given.push(*name);
            }
        }
        given
    }

    /// The names of all fields, null ones too.
    pub(super) fn names(self) -> impl Iterator<Item = &'a str> {
        self.0.into_iter().flat_map(Map::keys).map(String::as_str)
    }

    pub(super) fn block(self, name: &str) -> Option<Self> {
        self.get(name)?.as_object().map(|object| Self(Some(object)))
    }

    pub(super) fn text(self, name: &str) -> Option<&'a str> {
        self.get(name)?.as_str()
    }

    /// A text that must be there.
    pub(super) fn key(self, name: &str) -> &'a str {
        self.text(name).unwrap_or_default()
    }

    /// A text that may be written as a number or a boolean.
    pub(super) fn scalar(self, name: &str) -> String {
        self.get(name).and_then(scalar_text).unwrap_or_default()
    }

    pub(super) fn integer(self, name: &str) -> Option<i64> {
        integer(self.get(name)?)
    }

    pub(super) fn flag(self, name: &str) -> bool {
        matches!(self.get(name), Some(Value::Bool(true)))
    }

    pub(super) fn list(self, name: &str) -> &'a [Value] {
        self.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// Names and texts of an object of texts.
    pub(super) fn texts(self, name: &str) -> Vec<(&'a str, String)> {
        let mut texts = Vec::new();
        if let Some(Value::Object(members)) = self.get(name) {
            for (name, value) in members {
                if let Some(text) = scalar_text(value) {
                    texts.push((name.as_str(), text));
                }
            }
        }
        texts
    }

    /// An object of texts as compact JSON, as it goes on the wire; empty when it is.
    pub(super) fn texts_json(self, name: &str) -> String {
        let texts = self.texts(name);
        if texts.is_empty() {
            return String::new();
        }
        let object: Map<_, _> =
            texts.into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect();
        json::write(&Value::Object(object))
    }
}
