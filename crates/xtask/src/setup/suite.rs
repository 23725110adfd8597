//! The official JSON Schema test suite, as the source package of Python's `jsonschema` carries it.

use crate::place::Place;
use crate::process::Result;
use crate::setup::{self, sdist};
use std::fs;
use std::path::PathBuf;

const VERSION: &str = "4.26.0";

/// The folder with the suite's `tests/` and `remotes/`.
pub(crate) fn ready(place: &Place) -> Result<PathBuf> {
    setup::folder(place, "json-schema-suite", VERSION, |part, python| {
        setup::say("JSON Schema test suite");
        let package = sdist::unpack(python, part, "jsonschema", VERSION)?;
        let io = |e: std::io::Error| format!("{}: {e}", package.display());
        for name in ["tests", "remotes"] {
            fs::rename(package.join("json").join(name), part.join(name)).map_err(io)?;
        }
        fs::remove_dir_all(&package).map_err(io)
    })
}
