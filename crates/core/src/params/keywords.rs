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

/// What a keyword takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Anything: it is a remark, or read elsewhere.
    Nothing,
    /// Anything that its family does not refuse.
    Any,
    Text,
    Flag,
    Count,
    Number,
    Values,
    Schema,
    List,
    /// Schemas by name; `dependencies` has lists of names beside them.
    Map,
    /// Lists of names by name.
    Names,
}

pub(crate) struct Keyword {
    pub(crate) key: Key,
    pub(crate) name: &'static str,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) takes: Takes,
}

macro_rules! keywords {
    ($($key:ident: $name:literal, $vocabulary:ident, $takes:ident;)*) => {
        /// A keyword's place in [`KEYWORDS`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Key { $($key,)* }

        /// All of them; `definitions` and `dependencies` are kept by the 2020-12 meta-schema for older schemas.
        pub(crate) static KEYWORDS: &[Keyword] = &[
            $(Keyword { key: Key::$key, name: $name, vocabulary: Vocabulary::$vocabulary, takes: Takes::$takes },)*
        ];

        /// How many there are.
        pub(crate) const COUNT: usize = [$(Key::$key,)*].len();
    };
}

keywords! {
    Schema: "$schema", Core, Text;
    Id: "$id", Core, Text;
    Ref: "$ref", Core, Text;
    Anchor: "$anchor", Core, Nothing;
    DynamicRef: "$dynamicRef", Core, Text;
    DynamicAnchor: "$dynamicAnchor", Core, Nothing;
    Vocabulary: "$vocabulary", Core, Nothing;
    Comment: "$comment", Core, Text;
    Defs: "$defs", Core, Map;
    Definitions: "definitions", Core, Map;
    AllOf: "allOf", Applicator, List;
    AnyOf: "anyOf", Applicator, List;
    OneOf: "oneOf", Applicator, List;
    Not: "not", Applicator, Schema;
    If: "if", Applicator, Schema;
    Then: "then", Applicator, Schema;
    Else: "else", Applicator, Schema;
    DependentSchemas: "dependentSchemas", Applicator, Map;
    Dependencies: "dependencies", Applicator, Map;
    PrefixItems: "prefixItems", Applicator, List;
    Items: "items", Applicator, Schema;
    Contains: "contains", Applicator, Schema;
    Properties: "properties", Applicator, Map;
    PatternProperties: "patternProperties", Applicator, Map;
    AdditionalProperties: "additionalProperties", Applicator, Schema;
    PropertyNames: "propertyNames", Applicator, Schema;
    UnevaluatedItems: "unevaluatedItems", Unevaluated, Schema;
    UnevaluatedProperties: "unevaluatedProperties", Unevaluated, Schema;
    Type: "type", Validation, Any;
    Enum: "enum", Validation, Values;
    Const: "const", Validation, Any;
    MultipleOf: "multipleOf", Validation, Number;
    Maximum: "maximum", Validation, Number;
    ExclusiveMaximum: "exclusiveMaximum", Validation, Number;
    Minimum: "minimum", Validation, Number;
    ExclusiveMinimum: "exclusiveMinimum", Validation, Number;
    MaxLength: "maxLength", Validation, Count;
    MinLength: "minLength", Validation, Count;
    Pattern: "pattern", Validation, Text;
    MaxItems: "maxItems", Validation, Count;
    MinItems: "minItems", Validation, Count;
    UniqueItems: "uniqueItems", Validation, Flag;
    MaxContains: "maxContains", Validation, Count;
    MinContains: "minContains", Validation, Count;
    MaxProperties: "maxProperties", Validation, Count;
    MinProperties: "minProperties", Validation, Count;
    Required: "required", Validation, Any;
    DependentRequired: "dependentRequired", Validation, Names;
    Format: "format", Format, Text;
    Title: "title", Annotation, Nothing;
    Description: "description", Annotation, Nothing;
    Default: "default", Annotation, Nothing;
    Deprecated: "deprecated", Annotation, Nothing;
    ReadOnly: "readOnly", Annotation, Nothing;
    WriteOnly: "writeOnly", Annotation, Nothing;
    Examples: "examples", Annotation, Nothing;
    ContentEncoding: "contentEncoding", Annotation, Nothing;
    ContentMediaType: "contentMediaType", Annotation, Nothing;
    ContentSchema: "contentSchema", Annotation, Schema;
}

/// Keywords of earlier drafts that 2020-12 no longer knows, and what it has in their place.
pub(crate) const OLD_KEYWORDS: &[(&str, &str)] = &[
    ("id", "2020-12 writes it as \"$id\""),
    ("additionalItems", "2020-12 writes it as \"items\" beside \"prefixItems\""),
    ("$recursiveRef", "2020-12 writes it as \"$dynamicRef\""),
    ("$recursiveAnchor", "2020-12 writes it as \"$dynamicAnchor\""),
];

impl Key {
    /// How schemas write it.
    pub(crate) fn name(self) -> &'static str {
        KEYWORDS[self as usize].name
    }
}

/// A keyword of the standard by its name.
pub(crate) fn find(name: &str) -> Option<&'static Keyword> {
    KEYWORDS.iter().find(|keyword| keyword.name == name)
}
