//! The addon of Node.js: turns what JavaScript gives into the core's types and back. JSON crosses as text, since a
//! text costs a third of an object. Decides nothing; `node/src` makes it pleasant to use.

pub mod params;

use napi_derive::napi;

/// The version of the addon, to be compared with the package's.
#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
