//! JSON values: those of `serde_json`, and in the modules of the browser, where the feature `whole` is off, values of
//! our own with the same names, which weigh a fraction. Rooms that the small module has take them from here.

#[cfg(any(test, not(feature = "whole")))]
mod map;
#[cfg(any(test, not(feature = "whole")))]
mod small;
#[cfg(test)]
mod tests;

#[cfg(not(feature = "whole"))]
pub use map::{Iter, Map};
#[cfg(feature = "whole")]
pub use serde_json::{Map, Number, Value};
#[cfg(not(feature = "whole"))]
pub use small::{Number, Value};
