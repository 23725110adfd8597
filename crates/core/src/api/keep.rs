//! How long an answer stays true, and what a write makes untrue: the rules of a client's cache as plain data.
//!
//! Nothing here keeps anything.

use super::endpoint::{Method, Request};
use crate::id::RunId;
use crate::job::wire::{Path, Wire};

/// How long an answer may be given out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Not at all.
    Not,
    /// About as long as the gap between two polls: it may change at any time.
    Briefly,
    /// Long: this run is over. Only a repair or its deletion changes what is said about it.
    Run(RunId),
}

/// What a write may have changed, besides everything that is kept briefly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// Nothing that is kept long.
    Active,
    /// What is said about this run.
    Run(RunId),
    /// Any run.
    AllRuns,
}

impl Touch {
    /// What sending a request may change; a read changes nothing.
    pub fn of(request: &Request) -> Option<Self> {
        if request.method == Method::Get {
            return None;
        }
        // The outputs of a deleted run's tasks go with it, and its task runs are not known here.
        if request.operation == "delete_run" {
            return Some(Self::AllRuns);
        }
        let run_id = request.body.as_ref().and_then(|body| body.get("run_id"));
        let run_id = run_id.and_then(|id| RunId::read(id, &Path::Root, &mut Vec::new()));
        Some(run_id.map_or(Self::Active, Self::Run))
    }
}
