//! The machine that executes one job run: readiness, retries, time-outs, cancel, repair, for-each.
//!
//! **Contract.** After every [`Machine::handle`] call [`Machine::poll`] until it gives `Wait` or `Done`, and carry out
//! what it gives in order: a `Record` is stored durably before anything that comes after it is done. `Wait` and
//! `Done` may be asked again with the same answer; an early `Timeout` is harmless; an input that the state does not
//! allow is an error that changes nothing; the same plan and inputs give the same outputs. [`Machine::restore`]
//! rebuilds a machine from its plan and the stored changes, after any prefix of them.
//!
//! **Inside.** `input` and `ready` decide, `apply` alone changes the state, by the [`Change`]s that are recorded. What is
//! decided depends on the state and the time only, so a restored machine decides what the other would have. A timer
//! that is due is looked at before an input of the same moment.
//!
//! Where the platform is not known, these are the decisions, and nowhere else:
//!
//! | open point | decision |
//! |---|---|
//! | task that waits for dependencies when its run is cancelled (section 11.4) | `UPSTREAM_CANCELED`; when the run times out, `UPSTREAM_FAILED` |
//! | task that runs or waits for its retry then | `CANCELED`, `TIMEDOUT`; `SUCCESS` if it succeeds before it is stopped |
//! | a run that was cancelled or timed out, but whose tasks all succeeded | `CANCELED`, `TIMEDOUT` |
//! | a disabled task (section 9.5) | ends when the run begins, without waiting for its dependencies |
//! | retries of condition tasks and of the for-each task itself | none; iterations have the nested task's |
//! | an attempt that fails because of its own definition (references, operands, inputs) | not retried, since nothing would differ |
//! | an iteration that waits for a retry | keeps its place in the concurrency |
//! | repair of a for-each task (section 10.2) | failed iterations only, unless the inputs are now others or it had succeeded |
//! | repair of successful tasks only | refused (section 11.6: not successful in all chosen tasks) |
//! | a repaired task that the job no longer has | runs as the run knows it |
//! | tasks that the job got since the run began | are not part of the run |
//! | a job parameter whose value refers to another job parameter | unresolved |
//! | a for-each element that is null or a list | the task fails (section 10.2 names strings, numbers, booleans, objects) |
//! | a run in which every task is disabled or excluded (section 9.6) | `SKIPPED`, no success |

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
