//! The engine as its clients see it: a real server on loopback, with attempts that the tests control.

mod common;
mod jobs;
mod runs;
