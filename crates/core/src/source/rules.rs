//! The table of the rules about texts.

crate::job::declare_rules! {
    /// Every rule about the texts that people write.
    RULES:

    NOT_UTF8 "not_utf8" Error "A text is UTF-8."
    BAD_JSON "bad_json" Error "A JSON text is JSON."
    BAD_YAML "bad_yaml" Error "A YAML text is one YAML document, within the reader's limits."
    DUPLICATE_FIELD "duplicate_field" Error "An object has each field once."
    YAML_NOT_BUILT_IN "yaml_not_built_in" Error "YAML needs a build that reads it."
}
