//! The core for the browser. JSON text in, JSON text out; the TypeScript of `node/src/web` makes objects of it.
//!
//! Nothing is decided here: a module carries some of the rules of `lakeflow_core::door`. Without features they are those of
//! parameters; `full` adds definitions, schedules, graphs, references and runs. `extra` has definitions and schedules alone, with
//! YAML and time zones, `every` all rules.
//! The modules that a page loads have a door of their own (`small`), which weighs a few hundred bytes; the others have wasm-bindgen's.

#[cfg(feature = "extra")]
mod bound;
#[cfg(feature = "extra")]
mod host;
#[cfg(any(test, all(feature = "extra", target_arch = "wasm32")))]
mod memory;
#[cfg(any(test, target_arch = "wasm32"))]
mod pages;
#[cfg(any(test, all(not(feature = "extra"), target_arch = "wasm32")))]
mod region;
mod rules;
#[cfg(any(feature = "every", not(feature = "extra")))]
mod schema;
#[cfg(all(not(feature = "extra"), target_arch = "wasm32"))]
mod small;

#[cfg(feature = "every")]
pub use bound::Schema;
#[cfg(feature = "extra")]
pub use bound::{call_rule, rules};
