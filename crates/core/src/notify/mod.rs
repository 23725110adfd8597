//! Who is told what about runs, in which words, and when a delivery that failed is tried again (reference section 16). Nothing
//! here sends anything: who sends is given bodies and times.
//!
//! A [`Notice`] is one event of one run. [`told`] makes notices of a machine's changes, so that they can be stored together
//! with them; [`Destination`] says where a notice goes and in which shape; [`Tries`] says when it is tried.
//!
//! Where the platform is not known, these are the decisions, and nowhere else:
//!
//! | open point | decision |
//! |---|---|
//! | a repair | the job run begins again: `on_start`, and its new end |
//! | a run that was cancelled or skipped before it began | its end alone is told |
//! | tasks that never ran (upstream failed or cancelled, run condition not met) | skipped: `on_failure` unless muted |
//! | disabled tasks | nobody is told |
//! | condition tasks | nobody is told (section 10.1) |
//! | iterations of a for-each task | task runs of the nested task, told as it says |
//! | an attempt that is started again after a crash of the engine | the same start, not told again |
//! | several `RUN_DURATION_SECONDS` rules | the smallest counts; one warning a job run, repair or task run |
//! | streaming rules and `on_streaming_backlog_exceeded` | stored, never exceeded: nothing here streams |
//! | a duration warning's payload | that of the other events |
//! | a destination that does not exist | the job is stored all the same; the delivery waits for it and says so |

mod audience;
mod destination;
mod notice;
mod shape;
mod told;
mod tries;

pub use audience::{Audience, Event, Happening, Recipient, recipients};
pub use destination::{Destination, DestinationKind, MOST_ADDRESSES, StoredDestination};
pub use notice::{Notice, TaskNotice};
pub use shape::{Letter, json_body, letter, test_notice};
pub use told::{told, told_end};
pub use tries::{FIRST_PAUSE_MS, GIVE_UP_MS, LEAST_TRIES, LONGEST_PAUSE_MS, Next, Tries, TriesState};
