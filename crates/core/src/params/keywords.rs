//! The keywords of JSON Schema 2020-12, their vocabularies, and what they take.

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

/// What a keyword takes, and the place of its value among those of the same kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Anything: it is a remark, or read elsewhere.
    Nothing,
    Text(u8),
    Count(u8),
    Number(u8),
    Schema(u8),
    List(u8),
    Map(u8),
    /// `dependencies`: schemas beside lists of names.
    Mixed,
    /// What only its family knows.
    Other(u8),
}

/// Places of values.
pub(crate) mod slot {
    // Texts.
    pub(crate) const REF: u8 = 0;
    pub(crate) const DYNAMIC_REF: u8 = 1;
    pub(crate) const PATTERN: u8 = 2;
    pub(crate) const FORMAT: u8 = 3;
    pub(crate) const ID: u8 = 4;
    pub(crate) const SCHEMA: u8 = 5;
    pub(crate) const COMMENT: u8 = 6;
    // Whole numbers from 0.
    pub(crate) const MIN_LENGTH: u8 = 0;
    pub(crate) const MAX_LENGTH: u8 = 1;
    pub(crate) const MIN_ITEMS: u8 = 2;
    pub(crate) const MAX_ITEMS: u8 = 3;
    pub(crate) const MIN_CONTAINS: u8 = 4;
    pub(crate) const MAX_CONTAINS: u8 = 5;
    pub(crate) const MIN_PROPERTIES: u8 = 6;
    pub(crate) const MAX_PROPERTIES: u8 = 7;
    // Numbers.
    pub(crate) const MINIMUM: u8 = 0;
    pub(crate) const MAXIMUM: u8 = 1;
    pub(crate) const EXCLUSIVE_MINIMUM: u8 = 2;
    pub(crate) const EXCLUSIVE_MAXIMUM: u8 = 3;
    pub(crate) const MULTIPLE_OF: u8 = 4;
    // Schemas.
    pub(crate) const NOT: u8 = 0;
    pub(crate) const IF: u8 = 1;
    pub(crate) const THEN: u8 = 2;
    pub(crate) const ELSE: u8 = 3;
    pub(crate) const ITEMS: u8 = 4;
    pub(crate) const CONTAINS: u8 = 5;
    pub(crate) const ADDITIONAL_PROPERTIES: u8 = 6;
    pub(crate) const PROPERTY_NAMES: u8 = 7;
    pub(crate) const UNEVALUATED_ITEMS: u8 = 8;
    pub(crate) const UNEVALUATED_PROPERTIES: u8 = 9;
    pub(crate) const CONTENT_SCHEMA: u8 = 10;
    // Lists of schemas.
    pub(crate) const ALL_OF: u8 = 0;
    pub(crate) const ANY_OF: u8 = 1;
    pub(crate) const ONE_OF: u8 = 2;
    pub(crate) const PREFIX_ITEMS: u8 = 3;
    // Schemas by name.
    pub(crate) const PROPERTIES: u8 = 0;
    pub(crate) const PATTERN_PROPERTIES: u8 = 1;
    pub(crate) const DEPENDENT_SCHEMAS: u8 = 2;
    pub(crate) const DEFS: u8 = 3;
    pub(crate) const DEFINITIONS: u8 = 4;
    // Values that their families read.
    pub(crate) const TYPE: u8 = 0;
    pub(crate) const ENUM: u8 = 1;
    pub(crate) const CONST: u8 = 2;
    pub(crate) const REQUIRED: u8 = 3;
    pub(crate) const UNIQUE_ITEMS: u8 = 4;
    pub(crate) const DEPENDENT_REQUIRED: u8 = 5;
}

pub(crate) struct Keyword {
    pub(crate) name: &'static str,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) takes: Takes,
}

const fn keyword(name: &'static str, vocabulary: Vocabulary, takes: Takes) -> Keyword {
    Keyword { name, vocabulary, takes }
}

use Takes::{Count, List, Map, Mixed, Nothing, Number, Other, Schema, Text};
use Vocabulary::{Annotation, Applicator, Core, Format, Unevaluated, Validation};

/// All of them; `definitions` and `dependencies` are kept by the 2020-12 meta-schema for older schemas.
pub(crate) static KEYWORDS: &[Keyword] = &[
    keyword("$schema", Core, Text(slot::SCHEMA)),
    keyword("$id", Core, Text(slot::ID)),
    keyword("$ref", Core, Text(slot::REF)),
    keyword("$anchor", Core, Nothing),
    keyword("$dynamicRef", Core, Text(slot::DYNAMIC_REF)),
    keyword("$dynamicAnchor", Core, Nothing),
    keyword("$vocabulary", Core, Nothing),
    keyword("$comment", Core, Text(slot::COMMENT)),
    keyword("$defs", Core, Map(slot::DEFS)),
    keyword("definitions", Core, Map(slot::DEFINITIONS)),
    keyword("allOf", Applicator, List(slot::ALL_OF)),
    keyword("anyOf", Applicator, List(slot::ANY_OF)),
    keyword("oneOf", Applicator, List(slot::ONE_OF)),
    keyword("not", Applicator, Schema(slot::NOT)),
    keyword("if", Applicator, Schema(slot::IF)),
    keyword("then", Applicator, Schema(slot::THEN)),
    keyword("else", Applicator, Schema(slot::ELSE)),
    keyword("dependentSchemas", Applicator, Map(slot::DEPENDENT_SCHEMAS)),
    keyword("dependencies", Applicator, Mixed),
    keyword("prefixItems", Applicator, List(slot::PREFIX_ITEMS)),
    keyword("items", Applicator, Schema(slot::ITEMS)),
    keyword("contains", Applicator, Schema(slot::CONTAINS)),
    keyword("properties", Applicator, Map(slot::PROPERTIES)),
    keyword("patternProperties", Applicator, Map(slot::PATTERN_PROPERTIES)),
    keyword("additionalProperties", Applicator, Schema(slot::ADDITIONAL_PROPERTIES)),
    keyword("propertyNames", Applicator, Schema(slot::PROPERTY_NAMES)),
    keyword("unevaluatedItems", Unevaluated, Schema(slot::UNEVALUATED_ITEMS)),
    keyword("unevaluatedProperties", Unevaluated, Schema(slot::UNEVALUATED_PROPERTIES)),
    keyword("type", Validation, Other(slot::TYPE)),
    keyword("enum", Validation, Other(slot::ENUM)),
    keyword("const", Validation, Other(slot::CONST)),
    keyword("multipleOf", Validation, Number(slot::MULTIPLE_OF)),
    keyword("maximum", Validation, Number(slot::MAXIMUM)),
    keyword("exclusiveMaximum", Validation, Number(slot::EXCLUSIVE_MAXIMUM)),
    keyword("minimum", Validation, Number(slot::MINIMUM)),
    keyword("exclusiveMinimum", Validation, Number(slot::EXCLUSIVE_MINIMUM)),
    keyword("maxLength", Validation, Count(slot::MAX_LENGTH)),
    keyword("minLength", Validation, Count(slot::MIN_LENGTH)),
    keyword("pattern", Validation, Text(slot::PATTERN)),
    keyword("maxItems", Validation, Count(slot::MAX_ITEMS)),
    keyword("minItems", Validation, Count(slot::MIN_ITEMS)),
    keyword("uniqueItems", Validation, Other(slot::UNIQUE_ITEMS)),
    keyword("maxContains", Validation, Count(slot::MAX_CONTAINS)),
    keyword("minContains", Validation, Count(slot::MIN_CONTAINS)),
    keyword("maxProperties", Validation, Count(slot::MAX_PROPERTIES)),
    keyword("minProperties", Validation, Count(slot::MIN_PROPERTIES)),
    keyword("required", Validation, Other(slot::REQUIRED)),
    keyword("dependentRequired", Validation, Other(slot::DEPENDENT_REQUIRED)),
    keyword("format", Format, Text(slot::FORMAT)),
    keyword("title", Annotation, Nothing),
    keyword("description", Annotation, Nothing),
    keyword("default", Annotation, Nothing),
    keyword("deprecated", Annotation, Nothing),
    keyword("readOnly", Annotation, Nothing),
    keyword("writeOnly", Annotation, Nothing),
    keyword("examples", Annotation, Nothing),
    keyword("contentEncoding", Annotation, Nothing),
    keyword("contentMediaType", Annotation, Nothing),
    keyword("contentSchema", Annotation, Schema(slot::CONTENT_SCHEMA)),
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
