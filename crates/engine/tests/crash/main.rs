//! An engine that is killed, and the one after it on the same folder (issue: durable and closed). The killed engine is a process
//! of its own with real process groups as attempts; what it leaves is what `kill -9` leaves.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod engine;
mod jobs;
mod process;
mod strays;
mod sweep;
mod triggers;
mod truth;
