//! `cargo xtask package [NAME...]`: what users install, in `target/packages/`.

use crate::npm;
use crate::place::Place;
use crate::process::Result;
use crate::wheel;
use std::path::PathBuf;
use std::process::ExitCode;

/// Builds one package and says where it is.
type Make = fn(&Place) -> Result<PathBuf>;

/// What can be named; without a name all but the debug ones are built.
const PACKAGES: [(&str, Make); 4] = [
    ("npm", npm::package),
    ("npm-debug", npm::packed),
    ("wheel", wheel::package),
    ("wheel-debug", wheel::packed),
];

/// Builds the named packages for this platform, or all, and prints where each is.
pub(crate) fn run(names: &[&str]) -> Result<ExitCode> {
    if let Some(unknown) = names.iter().find(|name| !PACKAGES.iter().any(|(known, _)| known == *name)) {
        let known: Vec<&str> = PACKAGES.iter().map(|(name, _)| *name).collect();
        return Err(format!("{unknown:?} is no package; packages are {}", known.join(", ")));
    }
    let place = Place::find()?;
    for (name, make) in PACKAGES {
        if names.contains(&name) || (names.is_empty() && !name.ends_with("-debug")) {
            println!("{name}  {}", make(&place)?.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}
