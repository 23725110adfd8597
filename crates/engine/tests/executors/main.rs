//! Attempts run by the real runner in real processes.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod bench;
mod libraries;
mod limits;
mod programs;
mod running;
mod variables;
