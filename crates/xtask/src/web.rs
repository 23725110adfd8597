//! `cargo xtask web`: the modules of the browser, as the npm package carries them in `node/dist/web/wasm/`.
//!
//! Each module is the crate `lakeflow-wasm` with other features: built for size, given its glue by wasm-bindgen where it has
//! none of its own, shortened by `wasm-opt`. What did not change is not made again.

mod locals;
mod module;
mod pack;
mod text;

use crate::place::Place;
use crate::process::{self, Result};
use crate::setup::{self, bindgen, node, wasm};
use crate::undropped;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The modules, by file name, with the features of `lakeflow-wasm` that make them.
const MODULES: [(&str, &str); 4] = [("params", ""), ("full", "full"), ("extra", "extra"), ("every", "every")];

/// The modules whose glue is written by hand: `node/src/web/wasm/door.ts`.
const SMALL_DOOR: [&str; 2] = ["params", "full"];

/// Named one by one: with all of them `wasm-opt` writes what some engines cannot load.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Flags of the compiler with the standard library's sources at hand: a panic is a trap and knows no place; functions are put
/// into others a little more readily than for size alone, which is shorter after brotli.
const SMALL: &str =
    "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Cllvm-args=-inline-threshold=15";

/// What `wasm-opt` does. `-Oz` makes fewer bytes of which brotli makes more: it gives each function other numbers of locals. No
/// data lies at the very beginning of the memory, where the stack ends; they stay in one piece, since brotli writes zeros shorter
/// than the heads of pieces. Hints of alignment are of use to no engine.
const PASSES: [&str; 13] = [
    "--low-memory-unused",
    "--generate-global-effects",
    "-O1",
    "--skip-pass=memory-packing",
    "--generate-global-effects",
    "--vacuum",
    "--dae-optimizing",
    "--rse",
    "--vacuum",
    "--duplicate-function-elimination",
    "--reorder-locals",
    "--optimize-stack-ir",
    "--dealign",
];

/// How modules are packed: what is packed otherwise is made again.
const PACKING: &str = concat!(
    include_str!("web/locals.rs"),
    include_str!("web/module.rs"),
    include_str!("web/pack.rs"),
    include_str!("web/text.rs")
);

/// Prints how long brotli makes a file.
const BROTLI: &str = "require('zlib').brotliCompressSync(require('fs').readFileSync(process.argv[1])).length";

/// What no engine reads.
const STRIPPED: [&str; 3] = ["--strip-debug", "--strip-producers", "--strip-target-features"];

/// `cargo xtask web [MODULE...]`.
pub(crate) fn run(names: &[&str]) -> Result<ExitCode> {
    let place = Place::find()?;
    if let Some(unknown) = names.iter().find(|name| MODULES.iter().all(|(known, _)| known != *name)) {
        return Err(format!("there is no module `{unknown}`"));
    }
    for module in build_some(&place, Form::Short, names)? {
        let bytes = fs::metadata(&module).map_err(|e| format!("{}: {e}", module.display()))?.len();
        println!("{}  {bytes} bytes", module.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// What is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// What users get: shortened by `wasm-opt`, which takes a minute.
    Short,
    /// What tests are content with.
    Quick,
}

/// Builds what is not there yet; returns the modules. A short one serves for a quick one.
pub(crate) fn build(place: &Place, form: Form) -> Result<Vec<PathBuf>> {
    build_some(place, form, &[])
}

/// The same with the modules of these names; without any, all of them.
fn build_some(place: &Place, form: Form, names: &[&str]) -> Result<Vec<PathBuf>> {
    let std = wasm::small(place)?;
    let bindgen = bindgen::ready(place)?;
    let wasm_opt = node::package_ready(place)?.join("node_modules/binaryen/bin/wasm-opt");
    let folder = place.root.join("node").join("dist").join("web").join("wasm");
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut made = Vec::new();
    for (name, features) in MODULES.into_iter().filter(|(name, _)| names.is_empty() || names.contains(name)) {
        let module = compile(place, &std, features)?;
        let done = folder.join(format!("{name}.wasm"));
        finish(place, &module, &bindgen, Some(&*wasm_opt).filter(|_| form == Form::Short), name, &folder)?;
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
        command.env("RUSTFLAGS", SMALL);
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
    wasm_opt: Option<&Path>,
    name: &str,
    folder: &Path,
) -> Result<()> {
    let bytes = fs::read(module).map_err(|e| format!("{}: {e}", module.display()))?;
    let part = place.target.join("web").join(name);
    let stamp = part.join("made");
    let (glue, done) = (folder.join(format!("{name}.js")), folder.join(format!("{name}.wasm")));
    let short = format!(
        "short {} {} {}",
        setup::key_of(&bytes),
        setup::key_of(PACKING.as_bytes()),
        bindgen.display()
    );
    let identity = if wasm_opt.is_some() { short.clone() } else { short.replacen("short", "quick", 1) };
    let made = fs::read_to_string(&stamp).is_ok_and(|made| made == identity || made == short);
    if made && (SMALL_DOOR.contains(&name) || glue.is_file()) && done.is_file() {
        return Ok(());
    }
    setup::say(&format!("web module {name}"));
    let io = |e: std::io::Error| format!("{}: {e}", part.display());
    fs::create_dir_all(&part).map_err(io)?;
    let mut from = module.to_owned();
    if !SMALL_DOOR.contains(&name) {
        process::output(Command::new(bindgen).arg(module).arg(&part).arg(name))?;
        from = part.join(format!("{name}_bg.wasm"));
        fs::copy(part.join(format!("{name}.js")), glue).map_err(io)?;
    }
    match wasm_opt {
        Some(wasm_opt) => {
            if SMALL_DOOR.contains(&name) {
                from = part.join("emptied.wasm");
                let emptied = undropped::emptied(&bytes).ok_or("the module has no names of functions")?;
                fs::write(&from, emptied).map_err(io)?;
            }
            let mut command = Command::new(wasm_opt);
            command.args(PASSES).args(STRIPPED).args(FEATURES);
            process::output(command.arg(from).arg("--output").arg(&done))?;
        }
        None => {
            fs::copy(&from, &done).map_err(|e| format!("{}: {e}", from.display()))?;
        }
    }
    if SMALL_DOOR.contains(&name) {
        let bytes = fs::read(&done).map_err(io)?;
        let packed = match wasm_opt {
            Some(_) => shortest(place, &part, pack::pack(&bytes)?)?,
            None => pack::pack_quick(&bytes)?,
        };
        fs::write(&done, packed).map_err(io)?;
    }
    fs::write(&stamp, identity).map_err(io)
}

/// The one of several modules that brotli makes shortest.
fn shortest(place: &Place, part: &Path, modules: Vec<Vec<u8>>) -> Result<Vec<u8>> {
    let node = node::ready(place)?;
    let mut best: Option<(usize, Vec<u8>)> = None;
    for module in modules {
        let file = part.join("packed.wasm");
        fs::write(&file, &module).map_err(|e| format!("{}: {e}", file.display()))?;
        let printed = process::output(node.command().args(["--print", BROTLI]).arg(&file))?;
        let size = printed.trim().parse().map_err(|_| format!("brotli printed {printed}"))?;
        if best.as_ref().is_none_or(|(least, _)| size < *least) {
            best = Some((size, module));
        }
    }
    best.map(|(_, module)| module).ok_or_else(|| "there is no module".to_owned())
}
