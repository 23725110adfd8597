//! Dynamic value references (`{{job.parameters.x}}`): parse, list, resolve, report what cannot be resolved.
//!
//! Reference section 13. A text is read once into a [`Template`]; what the references stand for comes from a
//! [`Scope`], of which [`Context`] is the plain one. A reference without a value is reported and never passed on
//! as text. This room does not decide when a text is resolved, and starts no second pass over a result.
//!
//! Where the platform is not known, these are the decisions, and nowhere else:
//!
//! | open point | decision |
//! |---|---|
//! | `iso_datetime` (open point 19) | `YYYY-MM-DDTHH:MM:SS.ffffff`, UTC, without suffix |
//! | `month`, `day`, `hour`, … (open point 19) | numbers without leading zeros |
//! | `task.execution_count` (open point 20) | 1 in the first run; the caller counts |
//! | `error_code` (open point 20) | the code's name in CamelCase (`RunExecutionError`); empty for success |
//! | `result_state`, `job.trigger.type` | the wire's name in lower case; `ONE_TIME` is `onetime`, a continuous restart is `continuous` |
//! | `job.trigger.time` | rounded down to the minute for type `periodic` |
//! | another task that has not finished | unresolved, whatever is asked of it |
//! | `output.rows` over 1,000 rows or 48 KB | unresolved, not cut short |
//! | segments with a hyphen | accepted without backticks |
//! | a known namespace and a rest that cannot be read | a problem, not literal text, so that no slip reaches a task |
//! | `{{job.start_time}}`, `{{run.id}}` (section 13.6) | accepted in [`Mode::Lenient`] only |
//! | fields that take references (open point 28) | the list in `fields` |

mod context;
mod fields;
mod given;
mod path;
mod resolve;
#[cfg(feature = "whole")]
mod task;
mod template;
mod time_part;

pub use context::{
    Backfill, Context, JobContext, Named, OtherTask, OutputContext, TableUpdate, TaskContext, TriggerContext,
    WorkspaceContext,
};
pub(crate) use fields::FIELDS;
pub use path::{Mode, OtherTaskField, Reference};
pub use resolve::{Found, Missing, Scope, Unresolved, resolve, resolve_value, scan, value_text};
#[cfg(feature = "whole")]
pub use task::{resolve_task, scan_task};
pub use template::{Part, Placeholder, Template, parse, references_in};
pub use time_part::TimePart;
