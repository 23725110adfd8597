//! `spark` for tasks, started when the first task asks for it: a Spark Connect server on loopback, and the small part
//! of the Unity Catalog REST API that lets tasks share tables and keeps them in the data folder as Delta.
//!
//! `crates/engine/runner/SPARK.md` says what the server needs and which of its gaps the runner bridges. Jobs that
//! touch no `spark` must not pay for any of this.

pub mod catalog;
pub mod server;
pub mod system;
pub(crate) mod versions;
