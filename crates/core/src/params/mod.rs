//! The JSON Schema 2020-12 validator: all violations, each with path, keyword and message.
