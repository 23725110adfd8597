//! Triggers over the real store, with a clock that is moved by hand: kills at any step, months of schedules, the queue, tables, ends of runs and
//! continuous jobs.

mod kills;
mod queue;
mod runs;
mod world;
