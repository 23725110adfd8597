//! What pages see of runs while they happen: the changes in order (`feed`), and the compact form that snapshots and
//! changes have in common (`shapes`), so that a page applies a change to a snapshot by replacing parts of it.

mod feed;
pub(crate) mod shapes;

pub(crate) use feed::{Feed, Kept};
