//! State and transitions of one job run.

use super::Plan;
use serde::{Deserialize, Serialize};

/// One recorded step; the machine's state is the fold of its changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Change {}

/// One job run in execution.
#[derive(Debug)]
pub struct Machine {
    /// What the run is made of.
    pub plan: Plan,
}
