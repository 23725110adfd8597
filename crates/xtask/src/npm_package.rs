//! The tarballs of npm: the package with this platform's addon inside, as somebody installs it from a file; and the two as they
//! go to a registry, where each platform's addon is a package of its own that npm chooses. Publishes nothing.

use crate::npm;
use crate::place::Place;
use crate::process::{self, Result};
use crate::setup::node::Node;
use serde_json::{Map, Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// A platform that has a package with an addon: its name, and what npm chooses it by.
struct Platform {
    name: &'static str,
    os: &'static str,
    cpu: &'static str,
    libc: Option<&'static str>,
}

const PLATFORMS: [Platform; 7] = [
    Platform { name: "linux-x64-gnu", os: "linux", cpu: "x64", libc: Some("glibc") },
    Platform { name: "linux-x64-musl", os: "linux", cpu: "x64", libc: Some("musl") },
    Platform { name: "linux-arm64-gnu", os: "linux", cpu: "arm64", libc: Some("glibc") },
    Platform { name: "linux-arm64-musl", os: "linux", cpu: "arm64", libc: Some("musl") },
    Platform { name: "darwin-x64", os: "darwin", cpu: "x64", libc: None },
    Platform { name: "darwin-arm64", os: "darwin", cpu: "arm64", libc: None },
    Platform { name: "win32-x64-msvc", os: "win32", cpu: "x64", libc: None },
];

/// What goes into the package beside the compiled sources. `.made` files say what a build was made of.
const FOLDERS: [&str; 3] = ["bin", "cjs", "dist"];
const FILES: [&str; 3] = ["README.md", "native/index.cjs", "native/index.d.cts"];

/// Makes the tarballs below `folder` with a built addon, and gives the one with the addon inside. What is compiled in `node/` is
/// taken as it is.
pub(crate) fn pack(place: &Place, node: &Node, addon: &Path, folder: &Path) -> Result<PathBuf> {
    let stages = place.target.join("npm");
    clear(&stages)?;
    let own = stages.join("own");
    stage(place, &own)?;
    copy(addon, &own.join("native").join(npm::addon_file()))?;
    manifest(place, &own, None)?;
    let made = tarball(node, &own, folder)?;

    let registry = folder.join("registry");
    let main = stages.join("main");
    stage(place, &main)?;
    manifest(place, &main, Some(optional(place)?))?;
    tarball(node, &main, &registry)?;
    let platform = stages.join("platform");
    copy(addon, &platform.join(npm::addon_file()))?;
    copy(&place.root.join("LICENSE"), &platform.join("LICENSE"))?;
    write_json(&platform.join("package.json"), &platform_manifest(place)?)?;
    tarball(node, &platform, &registry)?;
    Ok(made)
}

/// The files of the package, without its manifest and addon.
fn stage(place: &Place, to: &Path) -> Result<()> {
    let from = place.root.join("node");
    for folder in FOLDERS {
        copy_folder(&from.join(folder), &to.join(folder))?;
    }
    for file in FILES {
        copy(&from.join(file), &to.join(file))?;
    }
    copy(&place.root.join("LICENSE"), &to.join("LICENSE"))
}

/// The manifest without what only the repository needs.
fn manifest(place: &Place, to: &Path, optional: Option<Map<String, Value>>) -> Result<()> {
    let mut package = read_manifest(place)?;
    package.remove("devDependencies");
    package.remove("scripts");
    if let Some(optional) = optional {
        package.insert("optionalDependencies".to_owned(), optional.into());
    }
    write_json(&to.join("package.json"), &package.into())
}

fn read_manifest(place: &Place) -> Result<Map<String, Value>> {
    let path = place.root.join("node").join("package.json");
    let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
}

fn version(place: &Place) -> Result<Value> {
    read_manifest(place)?.remove("version").ok_or_else(|| "node/package.json has no version".to_owned())
}

/// The packages of all platforms, at this very version.
fn optional(place: &Place) -> Result<Map<String, Value>> {
    let version = version(place)?;
    Ok(PLATFORMS.iter().map(|one| (format!("lakeflow-jobs-{}", one.name), version.clone())).collect())
}

fn platform_manifest(place: &Place) -> Result<Value> {
    let name = npm::platform();
    let platform = PLATFORMS
        .iter()
        .find(|platform| platform.name == name)
        .ok_or_else(|| format!("there is no package for the platform {name}"))?;
    let mut package = json!({
        "name": format!("lakeflow-jobs-{name}"),
        "version": version(place)?,
        "description": format!("The addon of lakeflow-jobs for {name}"),
        "license": "Apache-2.0",
        "main": npm::addon_file(),
        "files": [npm::addon_file()],
        "os": [platform.os],
        "cpu": [platform.cpu],
        "engines": { "node": ">=20" },
    });
    if let Some(libc) = platform.libc {
        package["libc"] = json!([libc]);
    }
    Ok(package)
}

/// Packs a staged folder; gives the tarball.
fn tarball(node: &Node, stage: &Path, to: &Path) -> Result<PathBuf> {
    fs::create_dir_all(to).map_err(|e| format!("{}: {e}", to.display()))?;
    let mut pack = node.npm();
    pack.current_dir(stage).args(["pack", "--silent", "--pack-destination"]).arg(to);
    let name = process::output_alone(&mut pack)?;
    Ok(to.join(name.trim()))
}

fn write_json(path: &Path, value: &Value) -> Result<()> {
    fs::write(path, format!("{value:#}\n")).map_err(|e| format!("{}: {e}", path.display()))
}

fn clear(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let folder = to.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder)
        .and_then(|()| fs::copy(from, to))
        .map(drop)
        .map_err(|e| format!("{} cannot be copied to {}: {e}", from.display(), to.display()))
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    let entries = fs::read_dir(from).map_err(|e| format!("{}: {e}", from.display()))?;
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() {
            copy_folder(&path, &to.join(name))?;
        } else if path.extension().is_none_or(|extension| extension != "made") {
            copy(&path, &to.join(name))?;
        }
    }
    Ok(())
}
