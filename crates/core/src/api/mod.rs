//! The Jobs REST API as plain data: each endpoint builds its request and reads its response, and the same types read
//! requests and write responses in the local engine, so that the two cannot drift.
//!
//! Reference sections 2 and 3. Nothing here sends anything, holds a host or a token, or decides what to do after a
//! failure beyond saying whether trying again can help ([`fault`]); [`crate::wait`] and the clients drive it.

mod destinations;
mod endpoint;
pub mod fault;
mod jobs;
mod keep;
mod local;
mod me;
mod output;
mod permissions;
pub mod redact;
pub mod retry;
mod run_text;
mod runs;

pub use destinations::*;
pub use endpoint::*;
pub use jobs::*;
pub use keep::{Keep, Touch};
pub use local::*;
pub use me::*;
pub use output::*;
pub use permissions::*;
pub use run_text::*;
pub use runs::*;
