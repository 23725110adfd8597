//! The `lakeflow` command.
fn main() {}
