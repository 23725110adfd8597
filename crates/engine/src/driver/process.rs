//! Process groups that outlived an engine: told apart from others that have the same number by now, and ended.

use crate::store::StoredProcess;
use lakeflow_core::id::RunId;

/// The record of a running process group; `None` when it is gone already.
pub(super) fn identify(run: RunId, pid: i32) -> Option<StoredProcess> {
    Some(StoredProcess { run, pid, born: born(pid)? })
}

/// Ends a process group that an earlier engine started, unless its number belongs to another process by now.
pub(super) fn end_stray(process: &StoredProcess) {
    if process.pid > 1 && born(process.pid).is_some_and(|born| born == process.born) {
        kill_group(process.pid);
    }
}

/// When a process was started, in the words of the system.
#[cfg(target_os = "linux")]
fn born(pid: i32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold blanks; the start time is the 20th field after it.
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(19).map(str::to_owned)
}

#[cfg(not(target_os = "linux"))]
fn born(pid: i32) -> Option<String> {
    let output =
        std::process::Command::new("ps").args(["-o", "lstart=", "-p", &pid.to_string()]).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(unix)]
fn kill_group(pid: i32) {
    #[expect(unsafe_code, reason = "kill has no safe form in the standard library; it takes two integers")]
    // SAFETY: no memory is shared with the call; a wrong number is answered with an error code.
    let _ = unsafe { libc::kill(-pid, libc::SIGKILL) };
}

#[cfg(not(unix))]
fn kill_group(_pid: i32) {}
