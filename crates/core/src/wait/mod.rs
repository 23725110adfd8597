//! From a trigger to an outcome, without IO.
