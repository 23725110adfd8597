//! The task graph: order, cycles, run-if, condition outcomes, and the result that the leaves give a run.
//!
//! Pure functions on plain data. Nothing here knows of attempts, retries or time; `execution` does.

mod compare;
mod leaf;
mod levels;
pub mod order;
mod run_if;
mod select;
mod simulate;
mod vertex;

pub(crate) use compare::is_number;
pub use compare::{CompareError, compare};
pub use leaf::{JobOutcome, job_outcome};
pub use levels::{graph, levels};
pub use run_if::{Decision, Edge, decide, edge};
pub use select::{Selection, select};
pub use simulate::{Assumed, Simulated, simulate, simulate_with};
pub(crate) use vertex::Sketch;
pub use vertex::Vertex;
