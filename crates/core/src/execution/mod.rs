//! The machine that executes one job run: readiness, retries, time-outs, cancel, repair, for-each.
//!
//! **Contract.** After every [`Machine::handle`] call [`Machine::poll`] until it gives `Wait` or `Done`, and carry out
//! what it gives in order: a `Record` is stored durably before anything that comes after it is done. `Wait` and
//! `Done` may be asked again with the same answer; an early `Timeout` is harmless; an input that the state does not
//! allow is an error that changes nothing; the same plan and inputs give the same outputs. [`Machine::restore`]
//! rebuilds a machine from its plan and the stored changes, after any prefix of them.

mod admission;
mod apply;
mod attempts;
mod change;
mod ends;
mod finish;
mod foreach;
mod input;
mod io;
mod machine;
mod parameters;
mod ready;
mod repair;
mod scope;
mod state;
mod timers;
mod view;

pub use admission::{Admission, Admit, MAX_QUEUE_MS, MAX_QUEUED_RUNS, admit, queue_expired};
pub use change::Change;
pub use foreach::{MAX_LITERAL_INPUTS, MAX_PARAMETER_INPUTS, MAX_VALUE_INPUTS};
pub use input::{MAX_VALUE_BYTES, MAX_VALUE_KEY_BYTES, MAX_VALUES};
pub use io::*;
pub use machine::Machine;
pub use parameters::{apply_legacy, child_parameters, push_down, run_parameters};
