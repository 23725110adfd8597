//! The local Lakeflow Jobs service: REST API, store, triggers and executors behind one handle, [`Engine`].
//!
//! Every rule is in `lakeflow_core`; this crate gives it a clock, a database, processes and a socket. It binds to
//! loopback only.
#![warn(missing_docs)]

mod caches;
mod clock;
mod config;
mod driver;
mod engine;
pub mod exec;
mod live;
mod outbox;
pub mod paths;
mod server;
pub mod spark;
mod store;
mod system;

pub use config::{Config, Notice, Principal, Token};
pub use driver::{Answer, Executor, Upcoming};
pub use engine::{Engine, ExecutorContext};
pub use outbox::Smtp;
pub use paths::PathMap;
pub use server::console::bundle::BundleView;
pub use server::faults::{Fault, FaultKind};
pub use store::folder::EngineFile;
pub use system::SystemTables;

/// Where the mounts of the path map are kept in the store.
const MOUNTS: &str = "mounts";
