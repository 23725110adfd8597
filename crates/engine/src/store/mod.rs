//! The engine's memory: SQLite in the data folder. Rooms: [`db`] (threads, errors), `schema` (migrations), `jobs`,
//! `runs`, `pages` of runs, `ends` of runs, `versions` of jobs, `outbox` (destinations and deliveries), `system` (records for the
//! system tables), `triggers`, `kv` (queries), [`folder`] (the data folder itself: lock, token, the file that says where the engine is).
//!
//! No rule of Lakeflow Jobs lives here, and nothing outside of this room writes SQL.

mod briefs;
mod db;
mod ends;
pub(crate) mod folder;
mod jobs;
mod kv;
pub(crate) mod outbox;
mod pages;
mod runs;
mod schema;
mod system;
#[cfg(test)]
mod tests;
mod triggers;
mod versions;

pub(crate) use briefs::TaskBrief;
pub(crate) use db::Store;
pub(crate) use jobs::{JobFilter, JobRow};
pub(crate) use pages::RunFilter;
pub(crate) use runs::{Activity, Commit, RunFacts, RunRow, Standing, StoredProcess, TaskRow};
