//! `cargo xtask web`: the modules of the browser, as the npm package carries them in `node/dist/web/wasm/`.
//!
//! Each module is the crate `lakeflow-wasm` with other features: built for size, given its glue by wasm-bindgen,
//! shortened by `wasm-opt`. What did not change is not made again.

use crate::place::Place;
use crate::process::{self, Result};
use crate::setup::{self, bindgen, node, wasm};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The modules, by file name, with the features of `lakeflow-wasm` that make them.
pub(crate) const MODULES: [(&str, &str); 3] = [("params", ""), ("full", "full"), ("extra", "extra")];

/// Named one by one: with all of them `wasm-opt` writes what some engines cannot load.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// `cargo xtask web`.
pub(crate) fn run() -> Result<ExitCode> {
    let place = Place::find()?;
    for module in build(&place)? {
        let bytes = fs::metadata(&module).map_err(|e| format!("{}: {e}", module.display()))?.len();
        println!("{}  {bytes} bytes", module.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds what is not there yet; returns the modules.
pub(crate) fn build(place: &Place) -> Result<Vec<PathBuf>> {
    let std = wasm::small(place)?;
    let bindgen = bindgen::ready(place)?;
    let wasm_opt = node::package_ready(place)?.join("node_modules/binaryen/bin/wasm-opt");
    let folder = place.root.join("node").join("dist").join("web").join("wasm");
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut made = Vec::new();
    for (name, features) in MODULES {
        let module = compile(place, &std, features)?;
        let done = folder.join(format!("{name}.wasm"));
        finish(place, &module, &bindgen, &wasm_opt, name, &folder)?;
        made.push(done);
    }
    Ok(made)
}

/// Compiles the crate with these features.
fn compile(place: &Place, std: &wasm::Std, features: &str) -> Result<PathBuf> {
    let mut command = place.cargo();
    command.args(["build", "--package", "lakeflow-wasm", "--lib", "--target", wasm::TARGET]);
    command.args(["--profile", "web", "--features", features]);
    let target = crate::wasm::configure(place, std, &mut command);
    if !matches!(std, wasm::Std::Installed) {
        // With the sources of the standard library at hand it is made small, too, and a panic is a trap at once.
        command.arg("-Zbuild-std-features=optimize_for_size");
        command.env("RUSTFLAGS", "-Zunstable-options -Cpanic=immediate-abort");
    }
    if process::shown(&mut command)?.success {
        Ok(target.join(wasm::TARGET).join("web").join("lakeflow_wasm.wasm"))
    } else {
        Err(format!("lakeflow-wasm does not build with the features `{features}`"))
    }
}

/// Gives a module its glue and shortens it, unless that was done with this very module.
fn finish(
    place: &Place,
    module: &Path,
    bindgen: &Path,
    wasm_opt: &Path,
    name: &str,
    folder: &Path,
) -> Result<()> {
    let bytes = fs::read(module).map_err(|e| format!("{}: {e}", module.display()))?;
    let stamp = folder.join(format!("{name}.made"));
    let identity = format!("{} {}", setup::key_of(&bytes), bindgen.display());
    if fs::read_to_string(&stamp).is_ok_and(|made| made == identity) {
        return Ok(());
    }
    setup::say(&format!("web module {name}"));
    let part = place.target.join("web").join(name);
    process::output(Command::new(bindgen).arg(module).arg(&part).arg(name))?;
    process::output(
        Command::new(wasm_opt)
            .arg("-Oz")
            .args(FEATURES)
            .arg(part.join(format!("{name}_bg.wasm")))
            .arg("--output")
            .arg(folder.join(format!("{name}.wasm"))),
    )?;
    let glue = part.join(format!("{name}.js"));
    let io = |e: std::io::Error| format!("{}: {e}", glue.display());
    fs::copy(&glue, folder.join(format!("{name}.js"))).map_err(io)?;
    fs::write(&stamp, identity).map_err(io)
}
