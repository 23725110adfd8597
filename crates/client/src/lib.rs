//! The client of the Lakeflow Jobs API: drives the core's machines against a workspace or a local engine.
//!
//! What is asked, what an answer means and when to try again are decided by `lakeflow-core`; this crate brings
//! sockets, clocks, randomness and credentials.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

/// The example of the front page compiles.
#[cfg(doctest)]
#[expect(
    rustdoc::invalid_codeblock_attributes,
    reason = "the blocks that the document's own test runs name exit codes"
)]
#[doc = include_str!("../../../README.md")]
mod readme {}

pub mod auth;
mod cache;
mod call;
mod clock;
mod hub;
mod job;
mod jobs;
mod options;
mod outputs;
mod raw;
pub mod routes;
mod runs;
pub mod telemetry;
pub mod transport;
mod user_agent;
mod wait;
mod workspace;

pub use cache::CacheOptions;
pub use clock::Clock;
pub use job::{Job, JobConfig};
pub use jobs::Jobs;
pub use options::{Abort, CallOptions};
pub use outputs::TaskOutput;
pub use wait::{Event, Handle, Running, WaitOptions};
pub use workspace::Workspace;

pub use lakeflow_core::wait::hub::{HubSettings, HubStats};
pub use lakeflow_core::wait::{Aim, PollSchedule};
