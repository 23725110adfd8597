//! The core for the browser. JSON text in, JSON text out; the TypeScript of `node/src/web` makes objects of it.
//!
//! Nothing is decided here: a module carries some of the rules of `lakeflow_core::door`. Without features they are those of
//! parameters; `full` adds graphs, references and runs. `definitions` has definitions and schedules alone, `extra` the same with YAML
//! and time zones, `every` all rules.
//! The module of parameters has a door of its own (`small`), which weighs a few hundred bytes; the others have wasm-bindgen's.

#[cfg(any(feature = "full", feature = "definitions"))]
mod bound;
#[cfg(any(feature = "full", feature = "definitions"))]
mod host;
#[cfg(any(test, all(any(feature = "full", feature = "definitions"), target_arch = "wasm32")))]
mod memory;
#[cfg(any(test, all(not(any(feature = "full", feature = "definitions")), target_arch = "wasm32")))]
mod region;
mod rules;
#[cfg(any(feature = "every", not(feature = "definitions")))]
mod schema;
#[cfg(all(not(any(feature = "full", feature = "definitions")), target_arch = "wasm32"))]
mod small;

#[cfg(any(feature = "every", all(feature = "full", not(feature = "definitions"))))]
pub use bound::Schema;
#[cfg(any(feature = "full", feature = "definitions"))]
pub use bound::{call_rule, rules};
