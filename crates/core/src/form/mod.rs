//! A form made from a schema of parameters, and the parameters from what was typed into it.
//!
//! [`describe`] says which fields there are and which control suits each (console reference section 7); [`coerce`]
//! turns the texts of a form into JSON values. Neither judges: what does not fit stays as it was typed, so that
//! [`crate::params::ParamSchema`] can say what is wrong with it.

mod coerce;
mod describe;
mod facts;

pub use coerce::coerce;
pub use describe::describe;

/// Objects inside objects that become groups of fields; what is deeper is a field of JSON text.
const MAX_GROUPS: usize = 2;
/// Fields of one form; what is beyond is left out and said to be.
const MAX_FIELDS: usize = 500;
