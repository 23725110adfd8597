//! The addon of Node.js: turns what JavaScript gives into the core's types and back. JSON crosses as text, since a
//! text costs a third of an object, and what is long is read and written off the main thread. Decides nothing;
//! `node/src` makes it pleasant to use.

pub mod abort;
pub mod answer;
pub mod appkit;
pub mod client;
pub mod credentials;
pub mod engine;
mod fault;
pub mod inbox;
pub mod machine;
mod operations;
pub mod params;
mod pieces;
pub mod rules;
pub mod run;
pub mod stream;
pub mod transport;
pub mod wait;

use napi_derive::napi;

/// The version of the addon, to be compared with the package's.
#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// Carries out one command line of `lakeflow`, the program's name first, and gives its exit code. It prints to the
/// process's streams and blocks until the command is over: for a process that does nothing else.
#[napi]
pub fn run_command(arguments: Vec<String>) -> u32 {
    lakeflow_cli::run(arguments).into()
}
