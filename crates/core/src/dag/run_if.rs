//! The six run conditions (reference sections 9.2 to 9.5), as a function of how the dependencies ended.

use crate::job::RunIf;
use crate::run::Outcome;
use serde::{Deserialize, Serialize};

/// How one dependency stands once its task is final: the classes of reference section 9.2, with an excluded edge
/// split in two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    /// Class S.
    Succeeded,
    /// Class X: the task was excluded. Counts as success.
    Excluded,
    /// The task is a condition that took the other branch (section 9.4). Like `Excluded`, but no success.
    Unmet,
    /// Class F.
    Failed,
    /// Class C. Counts as failure.
    Canceled,
    /// Class D. Neither success nor failure.
    Disabled,
}

/// What becomes of a task whose dependencies are all final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It runs.
    Run,
    /// It ends as `EXCLUDED`.
    Excluded,
    /// It ends as `UPSTREAM_FAILED`.
    UpstreamFailed,
    /// It ends as `UPSTREAM_CANCELED`.
    UpstreamCanceled,
    /// It ends as `DISABLED`.
    Disabled,
}

/// The class of a dependency: how its task ended, which outcome of a condition the edge asks for (`wanted`), and
/// which one the condition had (`"true"`, `"false"`, or `None` when it is no condition or did not succeed).
///
/// An outcome that this version does not know counts as failed: it is never success (design rule 3).
pub fn edge(outcome: &Outcome, wanted: Option<&str>, had: Option<&str>) -> Edge {
    match outcome {
        Outcome::Success | Outcome::SuccessWithFailures if wanted.is_none() || wanted == had => {
            Edge::Succeeded
        }
        Outcome::Success | Outcome::SuccessWithFailures => Edge::Unmet,
        Outcome::Excluded => Edge::Excluded,
        Outcome::Canceled | Outcome::UpstreamCanceled => Edge::Canceled,
        Outcome::Disabled => Edge::Disabled,
        Outcome::Failed
        | Outcome::TimedOut
        | Outcome::UpstreamFailed
        | Outcome::MaximumConcurrentRunsReached
        | Outcome::Other(_) => Edge::Failed,
    }
}

/// Decides about a task from its run condition and its dependencies, all of them final (reference section 9.3).
///
/// A task without dependencies runs, whatever its condition (section 9.1). A run condition that this version does
/// not know is taken as the default.
pub fn decide(run_if: &RunIf, edges: &[Edge]) -> Decision {
    let any = |edge: Edge| edges.contains(&edge);
    if edges.is_empty() {
        return Decision::Run;
    }
    // Rule 0: exclusion runs down the graph, whatever the condition.
    if edges.iter().all(|edge| matches!(edge, Edge::Excluded | Edge::Unmet)) {
        return Decision::Excluded;
    }
    match run_if {
        RunIf::AllSuccess | RunIf::Other(_) => {
            failure(edges).or(unmet(edges)).or(disabled(edges)).unwrap_or(Decision::Run)
        }
        RunIf::AtLeastOneSuccess if any(Edge::Succeeded) || any(Edge::Excluded) => Decision::Run,
        RunIf::AtLeastOneSuccess => failure(edges).or(unmet(edges)).unwrap_or(Decision::Disabled),
        // A disabled and a skipped parent together are enough; disabled parents alone are not.
        RunIf::NoneFailed if edges.iter().all(|edge| *edge == Edge::Disabled) => Decision::Disabled,
        RunIf::NoneFailed => failure(edges).unwrap_or(Decision::Run),
        RunIf::AllDone => Decision::Run,
        RunIf::AtLeastOneFailed if failure(edges).is_some() => Decision::Run,
        RunIf::AtLeastOneFailed => Decision::Excluded,
        RunIf::AllFailed => {
            let failed = |edge: &Edge| matches!(edge, Edge::Failed | Edge::Canceled);
            disabled(edges).unwrap_or(if edges.iter().all(failed) {
                Decision::Run
            } else {
                Decision::Excluded
            })
        }
    }
}

/// With both a failed and a cancelled dependency the failure is told (open point 6).
fn failure(edges: &[Edge]) -> Option<Decision> {
    if edges.contains(&Edge::Failed) {
        Some(Decision::UpstreamFailed)
    } else {
        edges.contains(&Edge::Canceled).then_some(Decision::UpstreamCanceled)
    }
}

fn unmet(edges: &[Edge]) -> Option<Decision> {
    edges.contains(&Edge::Unmet).then_some(Decision::Excluded)
}

fn disabled(edges: &[Edge]) -> Option<Decision> {
    edges.contains(&Edge::Disabled).then_some(Decision::Disabled)
}

impl Decision {
    /// The outcome of a task that does not run; `None` when it runs.
    pub fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Run => None,
            Self::Excluded => Some(Outcome::Excluded),
            Self::UpstreamFailed => Some(Outcome::UpstreamFailed),
            Self::UpstreamCanceled => Some(Outcome::UpstreamCanceled),
            Self::Disabled => Some(Outcome::Disabled),
        }
    }
}
