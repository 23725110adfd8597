//! The keywords of JSON Schema 2020-12, their vocabularies, and where they hold subschemas.

/// Vocabularies that a dialect can leave out (`$vocabulary` of its meta-schema). Core is always there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vocabulary {
    Core,
    Applicator,
    Unevaluated,
    Validation,
    Format,
    /// Metadata and content: never asserted.
    Annotation,
}

/// How a keyword holds subschemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Nothing,
    Schema,
    List,
    Map,
    /// `dependencies`: schemas beside lists of names.
    MixedMap,
}

pub(crate) struct Keyword {
    pub(crate) name: &'static str,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) holds: Holds,
}

const fn keyword(name: &'static str, vocabulary: Vocabulary, holds: Holds) -> Keyword {
    Keyword { name, vocabulary, holds }
}

use Holds::{List, Map, MixedMap, Nothing, Schema};
use Vocabulary::{Annotation, Applicator, Core, Format, Unevaluated, Validation};

/// All of them; `definitions` and `dependencies` are kept by the 2020-12 meta-schema for older schemas.
pub(crate) const KEYWORDS: &[Keyword] = &[
    keyword("$schema", Core, Nothing),
    keyword("$id", Core, Nothing),
    keyword("$ref", Core, Nothing),
    keyword("$anchor", Core, Nothing),
    keyword("$dynamicRef", Core, Nothing),
    keyword("$dynamicAnchor", Core, Nothing),
    keyword("$vocabulary", Core, Nothing),
    keyword("$comment", Core, Nothing),
    keyword("$defs", Core, Map),
    keyword("definitions", Core, Map),
    keyword("allOf", Applicator, List),
    keyword("anyOf", Applicator, List),
    keyword("oneOf", Applicator, List),
    keyword("not", Applicator, Schema),
    keyword("if", Applicator, Schema),
    keyword("then", Applicator, Schema),
    keyword("else", Applicator, Schema),
    keyword("dependentSchemas", Applicator, Map),
    keyword("dependencies", Applicator, MixedMap),
    keyword("prefixItems", Applicator, List),
    keyword("items", Applicator, Schema),
    keyword("contains", Applicator, Schema),
    keyword("properties", Applicator, Map),
    keyword("patternProperties", Applicator, Map),
    keyword("additionalProperties", Applicator, Schema),
    keyword("propertyNames", Applicator, Schema),
    keyword("unevaluatedItems", Unevaluated, Schema),
    keyword("unevaluatedProperties", Unevaluated, Schema),
    keyword("type", Validation, Nothing),
    keyword("enum", Validation, Nothing),
    keyword("const", Validation, Nothing),
    keyword("multipleOf", Validation, Nothing),
    keyword("maximum", Validation, Nothing),
    keyword("exclusiveMaximum", Validation, Nothing),
    keyword("minimum", Validation, Nothing),
    keyword("exclusiveMinimum", Validation, Nothing),
    keyword("maxLength", Validation, Nothing),
    keyword("minLength", Validation, Nothing),
    keyword("pattern", Validation, Nothing),
    keyword("maxItems", Validation, Nothing),
    keyword("minItems", Validation, Nothing),
    keyword("uniqueItems", Validation, Nothing),
    keyword("maxContains", Validation, Nothing),
    keyword("minContains", Validation, Nothing),
    keyword("maxProperties", Validation, Nothing),
    keyword("minProperties", Validation, Nothing),
    keyword("required", Validation, Nothing),
    keyword("dependentRequired", Validation, Nothing),
    keyword("format", Format, Nothing),
    keyword("title", Annotation, Nothing),
    keyword("description", Annotation, Nothing),
    keyword("default", Annotation, Nothing),
    keyword("deprecated", Annotation, Nothing),
    keyword("readOnly", Annotation, Nothing),
    keyword("writeOnly", Annotation, Nothing),
    keyword("examples", Annotation, Nothing),
    keyword("contentEncoding", Annotation, Nothing),
    keyword("contentMediaType", Annotation, Nothing),
    keyword("contentSchema", Annotation, Schema),
];

/// Keywords of earlier drafts that 2020-12 no longer knows, and what it has in their place.
pub(crate) const OLD_KEYWORDS: &[(&str, &str)] = &[
    ("id", "2020-12 writes it as \"$id\""),
    ("additionalItems", "2020-12 writes it as \"items\" beside \"prefixItems\""),
    ("$recursiveRef", "2020-12 writes it as \"$dynamicRef\""),
    ("$recursiveAnchor", "2020-12 writes it as \"$dynamicAnchor\""),
];

/// A keyword of the standard by its name.
pub(crate) fn find(name: &str) -> Option<&'static Keyword> {
    KEYWORDS.iter().find(|keyword| keyword.name == name)
}
