//! Process groups: one for each attempt, ended as a whole.

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

/// Asks every process of the group to end (SIGTERM). False when the group is gone.
pub fn terminate(group: i32) -> bool {
    signal(group, Signal::TERM)
}

/// Ends every process of the group at once (SIGKILL). False when the group is gone.
pub fn kill(group: i32) -> bool {
    signal(group, Signal::KILL)
}

/// True while a process of the group exists, zombies included.
pub fn exists(group: i32) -> bool {
    pid(group).is_some_and(|pid| test_kill_process_group(pid).is_ok())
}

fn signal(group: i32, signal: Signal) -> bool {
    pid(group).is_some_and(|pid| kill_process_group(pid, signal).is_ok())
}

/// 0 and 1 would mean the engine's own group and every process: never signalled.
fn pid(group: i32) -> Option<Pid> {
    if group > 1 { Pid::from_raw(group) } else { None }
}
