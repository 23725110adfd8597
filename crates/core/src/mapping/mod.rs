//! Task type and parameters to the fields of a run-now request.
