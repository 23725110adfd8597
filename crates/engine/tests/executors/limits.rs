//! Attempts that behave badly: too much output, closed streams, daemons, deaf ears, a dead interpreter.

use crate::bench::{Bench, alive, read, running, until};
use lakeflow_core::id::RunId;
use lakeflow_core::run::{Outcome, TerminationCode};
use lakeflow_engine::exec::log;
use rustix::process::{Pid, Signal, kill_process};
use std::os::unix::fs::MetadataExt;

/// Prints `megabytes` of numbered lines of 64 bytes.
const PRINTER: &str = "import os\n\
def lines(first, megabytes):\n    \
    for block in range(megabytes * 16):\n        \
        start = first + block * 1024\n        \
        os.write(1, b''.join(b'%063d\\n' % n for n in range(start, start + 1024)))\n";

#[tokio::test]
async fn a_log_that_grows_is_trimmed_while_the_task_runs() {
    let mut bench = Bench::new(None);
    // Ends only when the engine has taken away most of what it printed.
    let script = format!(
        "{PRINTER}import time\nlines(0, 64)\nend = time.time() + 60\n\
         while os.fstat(1).st_blocks * 512 > 24 << 20:\n    assert time.time() < end\n    time.sleep(0.005)\n\
         assert os.fstat(1).st_size == 64 << 20\nprint('still writing')\n"
    );
    let told = bench.run(2, bench.script("s.py", &script)).await;
    assert_eq!(told.outcome, Outcome::Success, "{:?}", told.output.error);
    assert!(told.log.ends_with("\nstill writing\n"));
}

// LOCAL[processes] same: of much output the last 5 MB are kept, and the disk is not filled
#[tokio::test]
async fn of_much_output_the_end_is_kept_and_the_disk_is_not_filled() {
    let mut bench = Bench::new(None);
    // What it printed in an instant before its end is trimmed too.
    let script = "import os\nblock = b'x' * (1 << 20)\nfor _ in range(1024):\n    os.write(1, block)\n\
                  os.write(1, b'the end\\n')\nos._exit(0 * os.getpid() + 3)\n";
    let told = bench.run(3, bench.script("s.py", script)).await;
    assert_eq!(told.outcome, Outcome::Failed);
    let path = bench.executors.files(RunId(3)).log();
    let metadata = std::fs::metadata(&path).unwrap();
    assert_eq!(metadata.len(), (1 << 30) + 8);
    assert!(metadata.blocks() * 512 <= 24 << 20, "{} blocks", metadata.blocks());
    let (text, truncated) = log::tail(&path, log::SHOWN);
    assert!(truncated && text.len() as u64 == log::SHOWN);
    assert!(text.ends_with("xthe end\n") && text.starts_with('x') && !text.contains('\0'));
}

#[tokio::test]
async fn the_end_of_a_long_log_has_no_gap() {
    let mut bench = Bench::new(None);
    let told = bench.run(4, bench.script("s.py", &format!("{PRINTER}lines(0, 128)\n"))).await;
    assert_eq!(told.outcome, Outcome::Success);
    let numbers: Vec<u64> = told.log.lines().map(|line| line.parse().unwrap()).collect();
    let last = (128 << 20) / 64;
    let expect: Vec<u64> = (last - log::SHOWN / 64..last).collect();
    assert_eq!(numbers, expect);
}

// LOCAL[processes] own: a task may close its streams
#[tokio::test]
async fn closed_streams_do_not_change_how_a_task_ends() {
    let mut bench = Bench::new(None);
    let closing = "import os, sys\nprint('before')\nsys.stdout.close()\nos.close(1)\nos.close(2)\n";
    let told = bench.run(5, bench.script("a.py", closing)).await;
    assert_eq!((told.outcome, told.log.as_str()), (Outcome::Success, "before\n"));
    let told = bench.run(6, bench.script("b.py", &format!("{closing}raise ValueError('x')\n"))).await;
    assert_eq!((told.outcome, told.output.error.as_deref()), (Outcome::Failed, Some("ValueError: x")));
}

// LOCAL[processes] own: daemons end with their task
#[tokio::test]
async fn a_daemon_in_the_group_ends_with_the_task() {
    let mut bench = Bench::new(None);
    let script = "import os, time\nif os.fork() == 0:\n    if os.fork() == 0:\n        time.sleep(600)\n    os._exit(0)\n\
                  os.wait()\nprint('done')\n";
    bench.start(7, bench.script("s.py", script));
    let group = bench.started(7).await;
    assert_eq!(bench.end().await.1.outcome, Outcome::Success);
    until(|| !alive(group)).await;
}

#[tokio::test]
async fn when_the_warm_interpreter_dies_its_attempts_end_and_the_next_one_works() {
    let mut bench = Bench::new(None);
    let parent = bench.path("parent");
    let script = format!(
        "import os, time\nwith open('{0}.new', 'w') as f:\n    f.write(str(os.getppid()))\n\
         os.rename('{0}.new', '{0}')\ntime.sleep(600)\n",
        parent.display()
    );
    bench.start(8, bench.script("s.py", &script));
    let group = bench.started(8).await;
    until(|| parent.exists()).await;
    let zygote = read(&parent).parse().unwrap();
    kill_process(Pid::from_raw(zygote).unwrap(), Signal::KILL).unwrap();
    let (_, told) = bench.end().await;
    assert_eq!((told.outcome, told.code), (Outcome::Failed, TerminationCode::InternalError));
    assert!(told.output.error.unwrap().contains("interpreter died"));
    until(|| !alive(group)).await;
    let told = bench.run(9, bench.script("t.py", "import os\nprint(os.getppid())\n")).await;
    assert_eq!(told.outcome, Outcome::Success);
    assert_ne!(told.log.trim(), zygote.to_string());
}

#[tokio::test]
async fn an_idle_interpreter_that_died_is_replaced_without_loss() {
    let mut bench = Bench::new(None);
    let parent = bench.script("t.py", "import os\nprint(os.getppid())\n");
    let zygote: i32 = bench.run(10, parent.clone()).await.log.trim().parse().unwrap();
    kill_process(Pid::from_raw(zygote).unwrap(), Signal::KILL).unwrap();
    until(|| !running(zygote)).await;
    let told = bench.run(11, parent).await;
    assert_eq!(told.outcome, Outcome::Success, "{:?}", told.output.error);
}
