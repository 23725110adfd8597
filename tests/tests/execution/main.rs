//! The execution machine, rule by rule, with a hand-driven executor (reference sections 9 to 14).
#![expect(clippy::unwrap_used, reason = "a test's helpers")]

mod basics;
mod bench;
mod foreach;
mod health;
mod large;
mod repair;
mod restart;
mod timing;
