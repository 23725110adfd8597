//! A browser for the tests that need one: the developer's own Chromium, else Debian's.

use super::debian;
use crate::process::Result;
use std::path::PathBuf;

/// Names under which a Chromium is found; `CHROMIUM` in the environment comes before them.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The program of a Chromium.
pub(crate) fn ready() -> Result<PathBuf> {
    if let Some(found) = find() {
        return Ok(found);
    }
    if debian::can_install() {
        debian::install(&["chromium", "fonts-dejavu-core"])?;
    }
    find().ok_or_else(|| {
        "there is no Chromium: install one, or set CHROMIUM to its program, then run the command again"
            .to_owned()
    })
}

fn find() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM").map(PathBuf::from).filter(|path| path.is_file()) {
        return Some(named);
    }
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| path.is_file())
}
