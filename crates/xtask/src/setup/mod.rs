//! Setting up: each piece is fetched once into the tool cache and is quick when it is there. A piece is complete
//! when its stamp is; one that was interrupted is made anew.

pub(crate) mod bindgen;
pub(crate) mod chromium;
pub(crate) mod data;
pub(crate) mod debian;
pub(crate) mod node;
pub(crate) mod python;
pub(crate) mod sdist;
pub(crate) mod suite;
pub(crate) mod wasm;

use crate::place::Place;
use crate::process::Result;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// `cargo xtask setup`.
pub(crate) fn run() -> Result<ExitCode> {
    let place = Place::find()?;
    let python = python::ready(&place, &python::Set::ALL)?;
    let schemas = suite::ready(&place)?;
    let flights = data::ready(&place)?;
    wasm::ready(&place)?;
    node::tests_ready(&place)?;
    chromium::ready()?;
    node::package_ready(&place)?;
    println!("tool cache         {}", place.cache.display());
    println!("python             {}", python.display());
    println!("JSON Schema suite  {}", schemas.display());
    println!("flights data       {}", flights.display());
    Ok(ExitCode::SUCCESS)
}

/// Says in one line what is being fetched, before it takes its time.
pub(crate) fn say(what: &str) {
    eprintln!("setup: {what}");
}

/// Holds the cache's lock until dropped, so that two commands do not fetch the same piece into each other.
pub(crate) fn lock(place: &Place) -> Result<File> {
    let path = place.cache.join("lock");
    let open = || {
        let file = File::create(&path)?;
        if file.try_lock().is_err() {
            say("waiting for another `cargo xtask` that is setting up");
            file.lock()?;
        }
        Ok::<File, std::io::Error>(file)
    };
    open().map_err(|e| format!("{} cannot be locked: {e}", path.display()))
}

/// A folder of the cache that `make` fills once for each `version`. `make` gets an empty folder and a Python with
/// pip; what it leaves in the folder takes the final name only when it is complete.
pub(crate) fn folder(
    place: &Place,
    name: &str,
    version: &str,
    make: impl FnOnce(&Path, &Path) -> Result<()>,
) -> Result<PathBuf> {
    let done = place.cache.join(name);
    let is_current = || fs::read_to_string(done.join(VERSION_FILE)).is_ok_and(|made| made == version);
    if is_current() {
        return Ok(done);
    }
    let python = python::ready(place, &[])?;
    let _lock = lock(place)?;
    if is_current() {
        return Ok(done);
    }
    let part = place.cache.join(format!("{name}.part"));
    let io = |e: std::io::Error| format!("{}: {e}", part.display());
    clear(&part).and_then(|()| fs::create_dir_all(&part)).map_err(io)?;
    make(&part, &python)?;
    fs::write(part.join(VERSION_FILE), version).map_err(io)?;
    clear(&done).and_then(|()| fs::rename(&part, &done)).map_err(io)?;
    Ok(done)
}

/// Says which version a folder holds.
const VERSION_FILE: &str = "VERSION";

fn clear(folder: &Path) -> std::io::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(())
}

/// A short name for a text: FNV-1a, the same on every machine and with every compiler.
pub(crate) fn key(text: &str) -> String {
    key_of(text.as_bytes())
}

/// The same for bytes.
pub(crate) fn key_of(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_fnv_1a() {
        // Test values of the FNV reference.
        assert_eq!(key(""), "cbf29ce484222325");
        assert_eq!(key("a"), "af63dc4c8601ec8c");
        assert_eq!(key("foobar"), "85944171f73967e8");
    }
}
