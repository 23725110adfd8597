//! The types of a job definition, field by field as reference sections 4 to 6, 15 and 16 list them.
//!
//! They hold what was written and nothing else: defaults are given by methods where they are used, never stored, so a
//! definition that is read and written again is the same.

mod compute;
mod notify;
mod settings;
mod task;
mod task_types;
mod trigger;

pub use compute::*;
pub use notify::*;
pub use settings::*;
pub use task::*;
pub use task_types::*;
pub use trigger::*;
