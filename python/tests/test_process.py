"""What happens to the process: Ctrl-C, forks, the command, imports."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from lakeflow_jobs import Jobs, LocalEngine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and forks are POSIX")


# Tells the test when the main thread is inside a wait: a signal before that meets the program's own code.
HEAD = """
import sys, threading
def tell_when_waiting():
    main = threading.main_thread().ident
    def look():
        while sys._current_frames()[main].f_code.co_name != "result":
            pass
        print("waiting", flush=True)
    threading.Thread(target=look, daemon=True).start()
"""


def program(engine: LocalEngine, text: str) -> subprocess.Popen[str]:
    """Starts Python on a text with `jobs` in it."""
    head = HEAD + f"from lakeflow_jobs import *\njobs = Jobs(host={engine.url!r}, token={engine.token!r}, progress=False)\n"
    return subprocess.Popen(
        [sys.executable, "-c", head + textwrap.dedent(text)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


@pytest.mark.parametrize("on_interrupt", ["leave", "cancel"])
def test_ctrl_c_tells_the_run_and_what_becomes_of_it(engine: LocalEngine, jobs: Jobs, on_interrupt: str) -> None:
    process = program(
        engine,
        f"""
        wait = jobs("sleep").run_and_wait(on_interrupt={on_interrupt!r})
        next(wait)
        tell_when_waiting()
        try:
            wait.result()
        except KeyboardInterrupt as interrupt:
            print(type(interrupt).__name__, interrupt.run_id, interrupt, flush=True)
            raise
        """,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    said = process.stdout.readline()
    found = re.match(r"Interrupted (\d+) interrupted while waiting for run (\d+); the run (.*)", said)
    assert found, said
    _, errors = process.communicate(timeout=60)
    run_id = int(found[1])
    assert str(run_id) in errors and found[1] == found[2]
    if on_interrupt == "cancel":
        assert "is being cancelled" in said
        assert jobs.wait(run_id, check=False, progress=False).state == "CANCELED"
    else:
        assert f"jobs.wait({run_id})" in said
        assert not jobs.get_run(run_id).is_terminal
        jobs.cancel_run(run_id)


def test_ctrl_c_is_not_swallowed_by_a_loop_over_errors(engine: LocalEngine, jobs: Jobs) -> None:
    process = program(
        engine,
        """
        for _ in range(3):
            try:
                wait = jobs("sleep").run_and_wait(on_interrupt="cancel")
                next(wait)
                tell_when_waiting()
                wait.result()
            except Exception as error:
                print("swallowed", error, flush=True)
        """,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert "swallowed" not in out and "KeyboardInterrupt" in errors or "Interrupted" in errors
    assert process.returncode != 0


def test_a_child_of_fork_has_a_runtime_of_its_own(engine: LocalEngine) -> None:
    process = program(
        engine,
        """
        import os, sys
        assert jobs("hello").run().is_success
        child = os.fork()
        if child == 0:
            state = jobs("hello").run().state
            sys.stdout.write("child " + state + "\\n")
            sys.stdout.flush()
            os._exit(0)
        os.waitpid(child, 0)
        print("parent", jobs("hello").run().state)
        """,
    )
    out, errors = process.communicate(timeout=120)
    assert out.splitlines() == ["child SUCCESS", "parent SUCCESS"], errors


def test_a_pool_of_processes(engine: LocalEngine) -> None:
    process = program(
        engine,
        """
        import multiprocessing
        jobs.list_jobs()
        def work(n):
            return jobs("hello").run().state
        with multiprocessing.get_context("fork").Pool(2) as pool:
            print(pool.map(work, range(4)))
        """,
    )
    out, errors = process.communicate(timeout=120)
    assert out == "['SUCCESS', 'SUCCESS', 'SUCCESS', 'SUCCESS']\n", errors


def test_an_engine_ends_with_its_process(bundle: Path, tmp_path: Path) -> None:
    """Without a `with` block too, and in the middle of a run."""
    text = f"""
from lakeflow_jobs import LocalEngine
engine = LocalEngine({str(bundle)!r}, data={str(tmp_path)!r}).start()
jobs = engine.jobs(progress=False)
for run in jobs("sleep").run_and_wait():
    if run.state == "RUNNING" and run.task("sleep").state == "RUNNING":
        break
print("left")
"""
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "left\n" and done.returncode == 0, done.stderr
    with LocalEngine(bundle, data=tmp_path) as engine:
        assert engine.jobs()("sleep").last_run() is not None


def test_the_command_is_carried_along(bundle: Path, tmp_path: Path) -> None:
    def lakeflow(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "lakeflow_jobs", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert lakeflow("--version").stdout.startswith("lakeflow ")
    assert lakeflow("validate", str(bundle)).stdout.startswith("valid: 4 jobs")
    assert lakeflow("nonsense").returncode == 2
    done = lakeflow("run", "hello", "--bundle", str(bundle), "--data", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert lakeflow("run", "fails", "--bundle", str(bundle), "--data", str(tmp_path)).returncode == 1


def test_importing_brings_little(tmp_path: Path) -> None:
    text = "import sys; before = set(sys.modules); import lakeflow_jobs; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {text}"],
        capture_output=True,
        text=True,
        check=True,
    )
    heavy = {"asyncio", "json", "typing", "dataclasses", "inspect", "pydantic", "pandas", "pyarrow", "IPython", "ssl"}
    assert not heavy & set(done.stdout.split()), done.stdout


def test_a_wait_hears_of_a_signal_soon(engine: LocalEngine, jobs: Jobs) -> None:
    """The handler runs while the wait goes on, so a wait never makes a process deaf."""
    process = program(
        engine,
        """
        import signal
        def handler(*_):
            print("heard", flush=True)
        signal.signal(signal.SIGUSR1, handler)
        wait = jobs("sleep").run_and_wait()
        next(wait)
        print("waiting", flush=True)
        wait.result()
        """,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    for _ in range(2):
        process.send_signal(signal.SIGUSR1)
        assert process.stdout.readline() == "heard\n"
    process.kill()
    process.communicate(timeout=60)
    for run in jobs("sleep").list_runs(active_only=True):
        jobs.cancel_run(run.run_id)
