//! What a run is: where it stands, how it ended, and the two forms in which the wire tells it.
//!
//! [`Phase`] is the one truth; `status` and the legacy `state` are both derived from it ([`wire`]), and both are read
//! back into it (design rule 3: a verdict is taken from `status`, with `state` as fallback; an unknown state is never
//! terminal and never success). Reference section 8. Nothing here decides what happens next; `execution` does.

mod doc;
mod phase;
mod progress;
mod state_key;
#[cfg(feature = "whole")]
mod text;
mod view;
pub mod wire;

pub use doc::*;
pub use phase::*;
pub use progress::{Progress, TaskChange, changes, elapsed};
#[cfg(feature = "whole")]
pub use text::{RunHead, RunText, TaskHead};
pub use view::{Bar, RunView, TaskRow, Timeline, TimelineRow, view};
pub use wire::{RunState, RunStatus};
