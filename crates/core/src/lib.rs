//! Every rule of Lakeflow Jobs, with no IO: plain data in, plain data out.
//!
//! This crate reads no clock, no environment, no file; it starts no thread and holds no async runtime.
//! Time, randomness and bytes are arguments. The same inputs give the same outputs in Rust, Python, Node
//! and the browser. The crate builds for `wasm32-unknown-unknown`.
//!
//! Modules are rooms with one noun each; `ARCHITECTURE.md` at the root of the repository draws them.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

/// The standard library's own measures a text before it writes it, which is code that small programs do without.
#[cfg(not(feature = "whole"))]
macro_rules! format {
    ($($text:tt)*) => { $crate::json::written(format_args!($($text)*)) };
}

#[cfg(feature = "whole")]
pub mod api;
#[cfg(feature = "whole")]
pub mod backfill;
#[cfg(feature = "whole")]
pub mod bundle;
#[cfg(feature = "page")]
mod civil;
mod cut;
#[cfg(feature = "page")]
pub mod dag;
pub mod door;
pub mod error;
#[cfg(feature = "whole")]
pub mod execution;
pub mod form;
#[cfg(feature = "whole")]
pub mod gateway;
pub mod host;
pub mod id;
#[cfg(feature = "page")]
pub mod job;
mod json;
#[cfg(feature = "page")]
pub mod layout;
pub mod mapping;
#[cfg(feature = "page")]
mod names;
#[cfg(feature = "whole")]
pub mod notify;
mod order;
pub mod params;
pub mod problem;
#[cfg(feature = "page")]
pub mod reference;
#[cfg(feature = "page")]
pub mod run;
#[cfg(feature = "page")]
pub mod schedule;
#[cfg(any(test, feature = "whole"))]
mod seed;
#[cfg(feature = "page")]
pub mod source;
pub mod suggest;
#[cfg(feature = "whole")]
pub mod system;
#[cfg(feature = "page")]
pub mod time;
#[cfg(feature = "whole")]
pub mod trigger;
pub mod value;
#[cfg(feature = "whole")]
pub mod wait;
