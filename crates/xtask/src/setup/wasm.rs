//! A standard library for `wasm32-unknown-unknown`: rustup's, or one built from Debian's sources where rustup
//! cannot download.

use crate::place::Place;
use crate::process::{self, Result};
use crate::setup::{self, debian};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The target that the browser runs.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's compiler, which its package `rustc-web` installs beside rustup's.
pub(crate) const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_STD_SOURCES: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";

/// Where the standard library comes from.
pub(crate) enum Std {
    /// It is installed with the compiler.
    Installed,
    /// Cargo builds it with the compiler in use, from the sources that rustup offers with it.
    Sources {
        /// The compiler's version, which keeps what it builds apart.
        version: String,
    },
    /// Cargo builds it with Debian's compiler from Debian's sources.
    Debian {
        /// A linker for wasm32; Debian's compiler brings none.
        linker: PathBuf,
        /// The compiler's version, which keeps what it builds apart.
        version: String,
    },
}

/// Finds or installs it. An earlier choice of Debian's way is kept, so that rustup is not asked each time.
pub(crate) fn ready(place: &Place) -> Result<Std> {
    let chosen = place.cache.join("wasm-std-from-debian");
    match env::var("LAKEFLOW_WASM_STD").as_deref() {
        Ok("rustup") => return by_rustup(),
        Ok("debian") => return by_debian(),
        Ok(other) => {
            return Err(format!("LAKEFLOW_WASM_STD is `{other}`; it can be `rustup` or `debian`"));
        }
        Err(_) if is_installed() => return Ok(Std::Installed),
        Err(_) => {}
    }
    let _lock = setup::lock(place)?;
    if chosen.exists() && has_debian_sources() {
        return by_debian();
    }
    let first = match by_rustup() {
        Ok(std) => return Ok(std),
        Err(message) => message,
    };
    setup::say("rustup has no wasm32 standard library to offer; trying Debian's");
    let std = by_debian().map_err(|second| {
        format!(
            "no standard library for {TARGET}.\nrustup: {first}\nDebian: {second}\n\
             install it with `rustup target add {TARGET}`, then run the command again"
        )
    })?;
    fs::write(&chosen, "").map_err(|e| format!("{}: {e}", chosen.display()))?;
    Ok(std)
}

/// A standard library that can be built anew for size, where there are sources of one; else any.
pub(crate) fn small(place: &Place) -> Result<Std> {
    if env::var("LAKEFLOW_WASM_STD").as_deref() != Ok("debian")
        && let Ok(std) = by_sources(place)
    {
        return Ok(std);
    }
    by_debian().or_else(|_| ready(place))
}

/// The compiler's own sources, which rustup has as a component.
fn by_sources(place: &Place) -> Result<Std> {
    let sources = || -> Result<bool> {
        let root = process::output(Command::new("rustc").args(["--print", "sysroot"]))?;
        Ok(Path::new(root.trim()).join("lib/rustlib/src/rust/library/std/Cargo.toml").exists())
    };
    if !sources()? {
        let _lock = setup::lock(place)?;
        setup::say("rustup component add rust-src");
        process::output(Command::new("rustup").args(["component", "add", "rust-src"]))?;
    }
    if !sources()? {
        return Err("rustup added rust-src, but not to the compiler in use".to_owned());
    }
    let version = process::output(Command::new("rustc").arg("--version"))?;
    let version = version.split_whitespace().nth(1).unwrap_or("unknown");
    Ok(Std::Sources { version: version.to_owned() })
}

fn by_rustup() -> Result<Std> {
    if !is_installed() {
        setup::say(&format!("rustup target add {TARGET}"));
        process::output(Command::new("rustup").args(["target", "add", TARGET]))?;
    }
    if is_installed() {
        Ok(Std::Installed)
    } else {
        Err(format!("rustup added {TARGET}, but not to the compiler in use"))
    }
}

/// The compiler in use has a compiled `std` for the target.
fn is_installed() -> bool {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", TARGET]);
    let Ok(folder) = process::output(&mut rustc) else {
        return false;
    };
    fs::read_dir(folder.trim()).is_ok_and(|entries| {
        entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
    })
}

fn has_debian_sources() -> bool {
    Path::new(DEBIAN_STD_SOURCES).exists() && Path::new(DEBIAN_RUSTC).exists()
}

fn by_debian() -> Result<Std> {
    let mut packages = Vec::new();
    if !has_debian_sources() {
        packages.extend(["rustc-web", "rust-web-src"]);
    }
    if linker().is_none() {
        packages.push("lld-19");
    }
    if !packages.is_empty() {
        if !debian::can_install() {
            return Err(format!("installing {} needs Debian and root", packages.join(" ")));
        }
        debian::install(&packages)?;
    }
    let version = process::output(Command::new(DEBIAN_RUSTC).arg("--version"))?;
    let version = version.split_whitespace().nth(1).unwrap_or("unknown");
    Ok(Std::Debian { linker: linker().ok_or("no linker for wasm32 was found")?, version: version.to_owned() })
}

/// The linker that comes with rustup's compiler, or LLVM's.
fn linker() -> Option<PathBuf> {
    let ours = process::output(Command::new("rustc").args(["--print", "target-libdir"])).ok();
    let beside = ours
        .as_deref()
        .and_then(|folder| Path::new(folder.trim()).parent())
        .map(|host| host.join("bin").join("rust-lld"));
    let llvm = ["/usr/bin/wasm-ld-19", "/usr/bin/wasm-ld"].map(PathBuf::from);
    beside.into_iter().chain(llvm).find(|linker| linker.is_file())
}
