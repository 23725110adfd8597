//! Limits of the validator, so that hostile schemas and instances end in bounded time and space.
//!
//! They are far above what parameters of a job need; reference section 18 has the platform's own limits.

/// JSON nesting of a schema document.
pub const MAX_SCHEMA_DEPTH: usize = 128;
/// JSON values in one schema document.
pub const MAX_SCHEMA_VALUES: usize = 100_000;
/// Subschemas of a compiled schema, referenced documents included.
pub const MAX_SUBSCHEMAS: usize = 20_000;
/// Characters of one regular expression.
pub const MAX_PATTERN_LENGTH: usize = 2_000;
/// Steps a regular expression has once its counted repetitions are written out.
pub const MAX_PATTERN_WEIGHT: u64 = 10_000;
/// Bytes of a text that is matched against a pattern with look-around or back-references, which needs a
/// backtracking engine.
pub const MAX_BACKTRACKED_TEXT: usize = 10_000;
/// Steps back that such a match may take.
pub const MAX_BACKTRACKS: usize = 100_000;
/// Schemas applied inside one another during a validation: nesting of the instance and of the schema
/// together.
pub const MAX_DEPTH: usize = 256;
/// Steps of work of one validation. A subschema applied to a value is 4 steps; a character matched against a
/// pattern is as many steps as the pattern has parts.
pub const MAX_WORK: u64 = 20_000_000;
/// Violations listed; one more then says that there are others.
pub const MAX_VIOLATIONS: usize = 100;
