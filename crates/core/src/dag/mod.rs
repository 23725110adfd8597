//! The task graph: order, cycles, run-if, condition outcomes, and the result that the leaves give a run.

pub mod order;
