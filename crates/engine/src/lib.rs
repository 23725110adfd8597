//! The local Lakeflow Jobs service.
#![warn(missing_docs)]

pub mod exec;
pub mod paths;
pub mod spark;
