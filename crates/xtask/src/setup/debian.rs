//! Installing packages of Debian, where that is possible without asking: on Debian or a descendant, as root.

use crate::process::{self, Result};
use std::path::Path;
use std::process::Command;

/// Whether packages can be installed here.
pub(crate) fn can_install() -> bool {
    Path::new("/etc/debian_version").exists()
        && process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
        && process::succeeds(Command::new("apt-get").arg("--version"))
}

/// Installs packages, after bringing the package lists up to date.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    super::say(&format!("apt-get install {}", packages.join(" ")));
    process::output(apt_get().arg("update"))?;
    process::output(apt_get().args(["install", "--yes", "--no-install-recommends"]).args(packages))?;
    Ok(())
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.arg("--quiet").env("DEBIAN_FRONTEND", "noninteractive");
    command
}
