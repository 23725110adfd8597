"""The zygote's protocol (PROTOCOL.md section 1)."""

import json
import os
import signal
import subprocess
import sys

import pytest
from conftest import HEADER, RUN_PY, read_outcome


class Zygote:
    def __init__(self):
        command = [sys.executable, "-I", "-u", RUN_PY, "serve"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def send(self, **command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()

    def read(self):
        return json.loads(self.process.stdout.readline())

    def run(self, name, request):
        self.send(op="start", id=name, request=request)
        started, exited = self.read(), self.read()
        assert (started["event"], started["id"]) == ("started", name)
        assert (exited["event"], exited["id"], exited["pid"]) == ("exited", name, started["pid"])
        return read_outcome(request, exited["exit_code"]), exited

    def end(self):
        self.process.stdin.close()
        return self.process.wait(30)


@pytest.fixture
def zygote():
    started = Zygote()
    ready = started.read()
    assert (ready["event"], ready["protocol"], ready["pid"]) == ("ready", 1, started.process.pid)
    yield started
    if started.process.poll() is None:
        started.process.kill()
    started.process.wait()
    started.process.stdout.close()


def script(tasks, text, **fields):
    name = f"s{tasks.count}.py"
    tasks.write(name, text)
    return tasks.request("python_script", path=name, **fields)


def test_each_task_is_clean(tasks, zygote):
    text = "import os, sys, builtins\nprint(hasattr(builtins, 'left'), os.getpid() == os.getpgid(0) == os.getsid(0))\nbuiltins.left = 1\n"
    for name in ("a", "b"):
        done, _ = zygote.run(name, script(tasks, text))
        assert (done.code, done.stdout) == (0, "False True\n")
    assert zygote.end() == 0


def test_failures_and_signals(tasks, zygote):
    done, _ = zygote.run("f", script(tasks, "raise RuntimeError('boom')\n"))
    assert (done.code, done.result["error"]) == (1, "RuntimeError: boom")
    _, exited = zygote.run("k", script(tasks, "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"))
    assert (exited["exit_code"], exited["signal"]) == (None, signal.SIGKILL)
    _, exited = zygote.run("e", script(tasks, "import os\nos._exit(9)\n"))
    assert (exited["exit_code"], exited["signal"]) == (9, None)


def test_a_group_can_be_ended(tasks, zygote):
    ready = tasks.folder / "ready"
    os.mkfifo(ready)
    text = f"import time\nopen({str(ready)!r}, 'w').close()\ntime.sleep(600)\n"
    zygote.send(op="start", id="s", request=script(tasks, text))
    pid = zygote.read()["pid"]
    open(ready).close()
    os.killpg(pid, signal.SIGTERM)
    exited = zygote.read()
    assert (exited["event"], exited["signal"]) == ("exited", signal.SIGTERM)


def test_bad_lines_do_not_end_it(tasks, zygote):
    zygote.process.stdin.write("not json\n[]\n")
    zygote.process.stdin.flush()
    assert [zygote.read()["event"] for _ in range(2)] == ["error", "error"]
    zygote.send(op="dance")
    assert zygote.read()["event"] == "error"
    zygote.send(op="start", id="x", request={"kind": "nonsense"})
    refused = zygote.read()
    assert (refused["event"], refused["id"]) == ("refused", "x") and "nonsense" in refused["message"]
    request = script(tasks, "print(1)\n")
    zygote.send(op="start", id="y", request={**request, "stdout_path": "/no/such/folder/file"})
    assert zygote.read()["event"] == "refused"
    done, _ = zygote.run("z", request)
    assert done.stdout == "1\n"


def test_closed_streams_daemons_and_threads(tasks, zygote):
    text = (
        "import os, sys\nsys.stdout.close()\nos.close(1)\nos.close(2)\n"
        "if os.fork() == 0:\n    os.setsid()\n    os.execvp('sleep', ['sleep', '3'])\n"
    )
    done, _ = zygote.run("c", script(tasks, text))
    assert (done.code, done.result["status"]) == (0, "success")
    done, _ = zygote.run("d", script(tasks, "print('still here')\n"))
    assert done.stdout == "still here\n"


def test_much_output(tasks, zygote):
    text = "import sys\nline = 'y' * 65535 + '\\n'\nfor _ in range(1024):\n    sys.stdout.write(line)\n"
    request = script(tasks, text)
    zygote.send(op="start", id="m", request=request)
    assert [zygote.read()["event"] for _ in range(2)] == ["started", "exited"]
    assert os.path.getsize(request["stdout_path"]) == 64 * 1024 * 1024


def test_many_at_once(tasks, zygote):
    requests = [script(tasks, f"print({i})\n") for i in range(30)]
    for i, request in enumerate(requests):
        zygote.send(op="start", id=str(i), request=request)
    events = [zygote.read() for _ in range(60)]
    assert sorted(e["id"] for e in events if e["event"] == "exited") == sorted(map(str, range(30)))
    assert all(e["exit_code"] == 0 for e in events if e["event"] == "exited")
    assert [open(r["stdout_path"]).read() for r in requests] == [f"{i}\n" for i in range(30)]


def test_end_of_input_ends_the_children(tasks, zygote):
    ready = tasks.folder / "ready"
    os.mkfifo(ready)
    text = f"import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nopen({str(ready)!r}, 'w').close()\ntime.sleep(600)\n"
    zygote.send(op="start", id="s", request=script(tasks, text))
    pid = zygote.read()["pid"]
    open(ready).close()
    assert zygote.end() == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_shutdown(zygote):
    zygote.send(op="shutdown")
    assert zygote.process.wait(30) == 0


def test_notebooks_and_child_notebooks(tasks, zygote):
    tasks.write("child.py", HEADER + "dbutils.notebook.exit('from child')\n")
    tasks.write("parent.py", HEADER + "print(dbutils.notebook.run('child', 60))\n")
    done, _ = zygote.run("n", tasks.request("notebook", path="parent"))
    assert (done.code, done.stdout) == (0, "from child\n")


def test_children_do_not_hold_the_engines_pipes(tasks, zygote):
    done, _ = zygote.run(
        "p",
        script(
            tasks,
            "import os\nprint(sorted(os.listdir('/proc/self/fd'), key=int)[:3], len(os.listdir('/proc/self/fd')))\n",
        ),
    )
    # 0, 1, 2 and the one that reads the folder.
    assert done.stdout == "['0', '1', '2'] 4\n"


def test_sigterm_ends_the_zygote_and_its_children(tasks, zygote):
    ready = tasks.folder / "ready"
    os.mkfifo(ready)
    zygote.send(
        op="start", id="s", request=script(tasks, f"import time\nopen({str(ready)!r}, 'w').close()\ntime.sleep(600)\n")
    )
    pid = zygote.read()["pid"]
    open(ready).close()
    zygote.process.terminate()
    assert zygote.process.wait(30) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
