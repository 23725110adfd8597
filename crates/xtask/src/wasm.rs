//! Proof that the core is free of a platform: it builds for the browser's target, and the module that comes out
//! asks its host for nothing.

use crate::counts::Counts;
use crate::place::Place;
use crate::process::{self, Result};
use crate::setup::wasm::{self, Std, TARGET};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds the core for wasm32 with and without its default features; each is one check.
pub(crate) fn check(place: &Place) -> Result<Counts> {
    let std = wasm::ready(place)?;
    let mut counts = Counts::default();
    for features in [&[][..], &["--no-default-features"]] {
        let label = features.first().unwrap_or(&"default features");
        match build(place, &std, features).and_then(|module| imports(&module)) {
            Ok(imports) if imports.is_empty() => {
                println!("lakeflow-core for {TARGET}, {label}: no imports");
                counts.add(Counts::one(true));
            }
            Ok(imports) => {
                eprintln!("error: with {label} the core asks its host for {}", imports.join(", "));
                counts.add(Counts::one(false));
            }
            Err(message) => {
                eprintln!("error: with {label}: {message}");
                counts.add(Counts::one(false));
            }
        }
    }
    Ok(counts)
}

/// Builds the core alone as a module; returns the file.
fn build(place: &Place, std: &Std, features: &[&str]) -> Result<PathBuf> {
    let mut command = place.cargo();
    command.args(["rustc", "--package", "lakeflow-core", "--lib"]);
    command.args(["--crate-type", "cdylib", "--target", TARGET]);
    command.args(features);
    let target = configure(place, std, &mut command);
    // Nothing is exported, so the linker would throw everything away, imports included.
    command.args(["--", "-C", "link-arg=--no-gc-sections"]);
    let module = target.join(TARGET).join("debug").join("lakeflow_core.wasm");
    // The module of an earlier run must not pass for this one's.
    if module.exists() {
        fs::remove_file(&module).map_err(|e| format!("{}: {e}", module.display()))?;
    }
    if process::shown(&mut command)?.success {
        Ok(module)
    } else {
        Err(format!("lakeflow-core does not build for {TARGET}"))
    }
}

/// Makes cargo use the standard library that was found; returns the target folder. Two compilers must not share
/// one, and Debian's stays in the cache, where the next clone finds the standard library built.
pub(crate) fn configure(place: &Place, std: &Std, command: &mut Command) -> PathBuf {
    match std {
        Std::Installed => place.target.clone(),
        Std::Sources { version } => {
            let target = place.cache.join(format!("wasm-target-{version}"));
            command.arg("-Zbuild-std=std,panic_abort");
            // A released compiler; building its standard library needs the unstable flag.
            command.env("RUSTC_BOOTSTRAP", "1");
            command.env("CARGO_TARGET_DIR", &target);
            target
        }
        Std::Debian { linker, version } => {
            let target = place.cache.join(format!("wasm-target-{version}"));
            command.arg("-Zbuild-std=std,panic_abort");
            command.env("RUSTC", wasm::DEBIAN_RUSTC);
            // Debian's compiler is a released one; building its standard library needs the unstable flag.
            command.env("RUSTC_BOOTSTRAP", "1");
            command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
            command.env("CARGO_TARGET_DIR", &target);
            target
        }
    }
}

/// The imports of a module, each as `module.name`.
fn imports(module: &Path) -> Result<Vec<String>> {
    let bytes = fs::read(module).map_err(|e| format!("{}: {e}", module.display()))?;
    read_imports(&bytes).ok_or_else(|| format!("{} is not a wasm module", module.display()))
}

/// Reads the import section; `None` when the bytes are no module.
fn read_imports(bytes: &[u8]) -> Option<Vec<String>> {
    let Some((_, mut body)) = sections(bytes)?.into_iter().find(|(kind, _)| *kind == 2) else {
        return Some(Vec::new());
    };
    let count = number(&mut body)?;
    (0..count).map(|_| import(&mut body).map(|(name, _)| name)).collect()
}

/// What every module begins with.
pub(crate) const HEAD: &[u8] = b"\0asm\x01\0\0\0";
/// What an import or an export that is a function has as its kind.
pub(crate) const FUNCTION: u8 = 0;

/// The sections of a module with their numbers, in their order; `None` when the bytes are no module.
pub(crate) fn sections(bytes: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut rest = bytes.strip_prefix(HEAD)?;
    let mut sections = Vec::new();
    while !rest.is_empty() {
        let kind = take(&mut rest, 1)?[0];
        let length = number(&mut rest)?;
        sections.push((kind, take(&mut rest, length)?));
    }
    Some(sections)
}

/// An import: its name as `module.name`, and its kind.
pub(crate) fn import(body: &mut &[u8]) -> Option<(String, u8)> {
    let module = text(body)?;
    let name = text(body)?;
    let kind = take(body, 1)?[0];
    match kind {
        FUNCTION => {
            number(body)?;
        }
        1 => {
            take(body, 1)?;
            limits(body)?;
        }
        2 => limits(body)?,
        3 => {
            take(body, 2)?;
        }
        _ => return None,
    }
    Some((format!("{module}.{name}"), kind))
}

/// Passes the limits of a table or a memory.
fn limits(body: &mut &[u8]) -> Option<()> {
    let has_maximum = take(body, 1)?[0] & 1 == 1;
    number(body)?;
    if has_maximum {
        number(body)?;
    }
    Some(())
}

pub(crate) fn text(body: &mut &[u8]) -> Option<String> {
    let length = number(body)?;
    String::from_utf8(take(body, length)?.to_vec()).ok()
}

/// The next bytes.
pub(crate) fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (head, tail) = bytes.split_at_checked(length)?;
    *bytes = tail;
    Some(head)
}

/// An unsigned LEB128 number of at most 32 bits.
pub(crate) fn number(bytes: &mut &[u8]) -> Option<usize> {
    let mut value = 0_u64;
    for shift in (0..35).step_by(7) {
        let byte = take(bytes, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return usize::try_from(value).ok();
        }
    }
    None
}

/// Appends an unsigned LEB128 number.
pub(crate) fn put(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends a section.
pub(crate) fn put_section(out: &mut Vec<u8>, kind: u8, body: &[u8]) {
    out.push(kind);
    put(out, body.len());
    out.extend_from_slice(body);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_without_imports() {
        // One type section of one byte.
        let bytes = [HEAD, &[1, 1, 0]].concat();
        assert_eq!(read_imports(&bytes), Some(vec![]));
    }

    #[test]
    fn functions_tables_memories_and_globals_are_named() {
        let mut body = vec![4];
        for (name, description) in
            [("f", &[0, 0][..]), ("t", &[1, 0x70, 0, 1]), ("m", &[2, 1, 1, 2]), ("g", &[3, 0x7f, 0])]
        {
            body.extend([3]);
            body.extend(b"env");
            body.extend([1]);
            body.extend(name.bytes());
            body.extend(description);
        }
        let length = u8::try_from(body.len()).unwrap();
        let bytes = [HEAD, &[2, length], &body].concat();
        let named = ["env.f", "env.t", "env.m", "env.g"].map(str::to_owned);
        assert_eq!(read_imports(&bytes), Some(named.to_vec()));
    }

    #[test]
    fn other_files_and_cut_off_modules_are_refused() {
        assert_eq!(read_imports(b"!<arch>\n"), None);
        assert_eq!(read_imports(&[HEAD, &[2, 9, 1]].concat()), None);
    }
}
