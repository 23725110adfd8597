//! The real binary, from the outside: what it prints, on which stream, and how it ends.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod backfill;
mod bad_input;
mod commands;
mod destinations;
mod dev;
mod oracle;
mod support;
