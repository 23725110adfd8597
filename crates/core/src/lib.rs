//! Every rule of Lakeflow Jobs, with no IO: plain data in, plain data out.
//!
//! This crate reads no clock, no environment, no file; it starts no thread and holds no async runtime.
//! Time, randomness and bytes are arguments. The same inputs give the same outputs in Rust, Python, Node
//! and the browser. The crate builds for `wasm32-unknown-unknown`.
//!
//! Modules are rooms with one noun each; `ARCHITECTURE.md` at the root of the repository draws them.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod api;
pub mod backfill;
pub mod bundle;
mod civil;
pub mod dag;
pub mod door;
pub mod error;
pub mod execution;
pub mod form;
pub mod gateway;
pub mod id;
pub mod job;
mod json;
pub mod layout;
pub mod mapping;
pub mod notify;
pub mod params;
pub mod problem;
pub mod reference;
pub mod run;
pub mod schedule;
mod seed;
pub mod source;
pub mod suggest;
pub mod system;
pub mod time;
pub mod trigger;
pub mod wait;
