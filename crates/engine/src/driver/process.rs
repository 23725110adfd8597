//! Process groups that outlived an engine: told apart from others that have the same number by now, and ended.

use crate::store::StoredProcess;
use lakeflow_core::id::RunId;
use std::path::Path;

/// The record of a running process group; `None` when it is gone already.
pub(super) fn identify(run: RunId, pid: i32) -> Option<StoredProcess> {
    Some(StoredProcess { run, pid, born: born(pid)? })
}

/// Ends a process group that an earlier engine started, unless its number belongs to another process by now.
pub(super) fn end_stray(process: &StoredProcess) {
    if process.pid > 1 && born(process.pid).is_some_and(|born| born == process.born) {
        crate::exec::process::kill(process.pid);
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

#[cfg(target_os = "linux")]
fn kill(pid: i32) {
    use rustix::process::{Pid, Signal, kill_process};
    if let Some(pid) = Pid::from_raw(pid) {
        // One that has gone by itself needs no ending.
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// Ends processes of attempts that nobody has a record of: the engine was killed between the start of a process and
/// the record of it, or the process left its group. They are known by an attempt's file that they hold open for
/// writing, their log as a rule, and warm interpreters by the runner in the data folder that they were started with.
/// Blocks, as long as such processes keep appearing but no longer than a second.
#[cfg(target_os = "linux")]
pub(super) fn end_unrecorded(data_dir: &Path) {
    for _ in 0..100 {
        let found = strays(data_dir);
        if found.is_empty() {
            return;
        }
        for pid in found {
            kill(pid);
        }
        // One that was asked to end may have started another one meanwhile, so it is looked for again.
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// Other systems do not tell which files a process holds open.
#[cfg(not(target_os = "linux"))]
pub(super) fn end_unrecorded(_data_dir: &Path) {}

#[cfg(target_os = "linux")]
fn strays(data_dir: &Path) -> Vec<i32> {
    let (runs, runner) = (data_dir.join("runs"), data_dir.join("runner"));
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let own = std::process::id() as i32;
    // Those of other users cannot be looked into, and are not ours.
    pids.filter(|pid| *pid != own && (runs_script_of(*pid, &runner) || writes_below(*pid, &runs))).collect()
}

#[cfg(target_os = "linux")]
fn runs_script_of(pid: i32, runner: &Path) -> bool {
    use std::os::unix::ffi::OsStrExt;
    let Ok(line) = std::fs::read(format!("/proc/{pid}/cmdline")) else { return false };
    let mut words = line.split(|byte| *byte == 0).map(|word| Path::new(std::ffi::OsStr::from_bytes(word)));
    words.any(|word| word.ends_with("run.py") && word.starts_with(runner))
}

#[cfg(target_os = "linux")]
fn writes_below(pid: i32, folder: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    open.filter(|entry| std::fs::read_link(entry.path()).is_ok_and(|file| file.starts_with(folder)))
        // The link's own mode tells how the file was opened; a reader, `tail -f` for example, is somebody else.
        .any(|entry| entry.metadata().is_ok_and(|link| link.permissions().mode() & 0o200 != 0))
}
