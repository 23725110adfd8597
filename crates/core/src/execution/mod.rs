//! The machine that executes one job run: readiness, retries, time-outs, cancel, repair, for-each.
//!
//! **Contract.** After every [`Machine::handle`] call [`Machine::poll`] until it gives `Wait` or `Done`, and carry out
//! what it gives in order: a `Record` is stored durably before anything that comes after it is done. `Wait` and
//! `Done` may be asked again with the same answer; an early `Timeout` is harmless; an input that the state does not
//! allow is an error that changes nothing; the same plan and inputs give the same outputs. [`Machine::restore`]
//! rebuilds a machine from its plan and the stored changes, after any prefix of them.

mod io;
mod machine;

pub use io::*;
pub use machine::{Change, Machine};
