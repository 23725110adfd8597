//! The generator of wasm-bindgen's glue, of the very version that the workspace's lock file has: a small program around
//! its library, built once into the tool cache. The command line tool of the same name takes three times as long to
//! build, for things that are not needed here.

use crate::place::Place;
use crate::process::{self, Result};
use crate::setup;
use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

const NAME: &str = "lakeflow-bindgen";

const MAIN: &str = r#"
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let [_, module, folder, name] = &args[..] else { panic!("usage: MODULE FOLDER NAME") };
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    bindgen.input_path(module).out_name(name).typescript(false).omit_default_module_path(true);
    bindgen.remove_name_section(true).remove_producers_section(true);
    let made = bindgen.web(true).and_then(|bindgen| bindgen.generate(folder));
    if let Err(error) = made {
        eprintln!("{error:?}");
        std::process::exit(1);
    }
}
"#;

/// The program: `lakeflow-bindgen MODULE FOLDER NAME` writes `NAME.js` and `NAME_bg.wasm`.
pub(crate) fn ready(place: &Place) -> Result<PathBuf> {
    let version = version(place)?;
    let folder = setup::folder(place, "bindgen", &version, |folder, _| {
        setup::say(&format!("wasm-bindgen {version}, built once"));
        let io = |e: std::io::Error| format!("{}: {e}", folder.display());
        let manifest = format!(
            "[package]\nname = \"{NAME}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
             wasm-bindgen-cli-support = \"={version}\"\n\n[profile.dev]\ndebug = false\nopt-level = 1\n"
        );
        fs::create_dir_all(folder.join("src")).map_err(io)?;
        fs::write(folder.join("Cargo.toml"), manifest).map_err(io)?;
        fs::write(folder.join("src").join("main.rs"), MAIN).map_err(io)?;
        let mut build = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        let target = folder.join("target");
        build.current_dir(folder).args(["build", "--quiet"]).env("CARGO_TARGET_DIR", &target);
        process::output(&mut build)?;
        fs::rename(target.join("debug").join(program()), folder.join(program())).map_err(io)?;
        fs::remove_dir_all(target).map_err(io)
    })?;
    Ok(folder.join(program()))
}

fn program() -> String {
    format!("{NAME}{}", env::consts::EXE_SUFFIX)
}

/// The version of wasm-bindgen in the lock file.
fn version(place: &Place) -> Result<String> {
    let lock = place.root.join("Cargo.lock");
    let text = fs::read_to_string(&lock).map_err(|e| format!("{}: {e}", lock.display()))?;
    text.split_once("name = \"wasm-bindgen\"\nversion = \"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(version, _)| version.to_owned())
        .ok_or_else(|| format!("{} has no wasm-bindgen", lock.display()))
}
