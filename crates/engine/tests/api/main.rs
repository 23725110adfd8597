//! The engine as its clients see it: a real server on loopback, with attempts that the tests control.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod common;
mod compute;
mod console;
mod console_reads;
mod durable;
mod files;
mod git;
mod jobs;
mod notify;
mod real;
mod receiver;
mod runs;
mod triggers;
