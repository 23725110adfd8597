"""The warm interpreter: reads start lines, forks a clean child for each, reports how each ended.

Single threaded, and no user code runs here. PROTOCOL.md section 1 is its contract.
"""

import gc
import json
import os
import select
import signal
import sys
import time

from . import PROTOCOL, process

GRACE_SECONDS = 2.0
READ_BYTES = 1 << 16

# Paid once here, free in every child. Imported when there is nothing else to do: the first attempts must not wait for it.
_WARM = (
    "argparse ast asyncio base64 collections csv datetime decimal functools glob hashlib importlib.metadata inspect "
    "itertools linecache logging math pathlib pickle random re runpy shutil subprocess tempfile textwrap traceback "
    "types typing urllib.request uuid"
)


def serve():
    """Serve until standard input ends or `shutdown` comes; returns the exit code."""
    from . import task  # noqa: F401  (with everything it imports)

    commands, events = os.dup(0), os.dup(1)
    # Nothing that runs in a child may reach the engine's pipes.
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    return Zygote(commands, events).serve()


class Zygote:
    def __init__(self, commands, events):
        self.commands = commands
        self.events = events
        self.children = {}
        self.buffer = b""
        self.cold = _WARM.split()
        self.wake_read, self.wake_write = os.pipe()
        for descriptor in (self.wake_read, self.wake_write):
            os.set_blocking(descriptor, False)
        self.going = True
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self.stop)
        # Ctrl-C in the engine's terminal reaches this process too; what it means is the engine's to say.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.set_wakeup_fd(self.wake_write, warn_on_full_buffer=False)

    def serve(self):
        self.tell(
            event="ready",
            protocol=PROTOCOL,
            pid=os.getpid(),
            python=sys.version.split()[0],
            version=list(sys.version_info[:3]),
        )
        while self.going:
            ready, _, _ = select.select([self.commands, self.wake_read], [], [], 0 if self.cold else None)
            if not ready:
                self.warm_up()
                continue
            if self.wake_read in ready:
                self.drain_wake()
            if self.commands in ready:
                self.going = self.read() and self.going
            self.reap()
        self.end_children()
        return 0

    def warm_up(self):
        """Import one more module; after the last one, what is there stays out of the collector's way in every child."""
        __import__(self.cold.pop(0))
        if not self.cold:
            gc.collect()
            gc.freeze()

    def stop(self, *_signal):
        self.going = False

    def drain_wake(self):
        try:
            while os.read(self.wake_read, READ_BYTES):
                pass
        except BlockingIOError:
            pass

    def read(self):
        """Take what has come on the command pipe; False at its end or after `shutdown`."""
        data = os.read(self.commands, READ_BYTES)
        if not data:
            return False
        *lines, self.buffer = (self.buffer + data).split(b"\n")
        for line in lines:
            if line.strip() and not self.obey(line):
                return False
        return True

    def obey(self, line):
        try:
            command = json.loads(line)
            op = command["op"]
        except (ValueError, KeyError, TypeError) as error:
            self.tell(event="error", message=f"unreadable command: {error}")
            return True
        if op == "shutdown":
            return False
        if op == "start":
            self.start(command)
        else:
            self.tell(event="error", message=f"unknown op {op!r}")
        return True

    def start(self, command):
        name, request = command.get("id"), command.get("request")
        files = []
        try:
            process.check(request)
            files = process.open_files(request, default_null=True)
            ready_read, ready_write = os.pipe()
            files += [ready_read, ready_write]
            pid = os.fork()
        except (OSError, ValueError) as error:
            process.close(files)
            self.tell(event="refused", id=name, message=str(error))
            return
        if pid == 0:
            os.setsid()
            signal.set_wakeup_fd(-1)
            process.close([self.commands, self.events, self.wake_read, self.wake_write, *files[4:]])
            process.become(request, files[:4])
        # The end of this pipe says that the group exists, so that a signal to it sent after `started` arrives.
        process.close([*files[:4], ready_write])
        os.read(ready_read, 1)
        os.close(ready_read)
        self.children[pid] = name
        self.tell(event="started", id=name, pid=pid)

    def reap(self):
        for pid in list(self.children):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                name = self.children.pop(pid)
                code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
                number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
                self.tell(event="exited", id=name, pid=pid, exit_code=code, signal=number)

    def end_children(self):
        """SIGTERM to every group, SIGKILL after the grace time or when the leaders have gone."""
        groups = list(self.children)
        for number in (signal.SIGTERM, signal.SIGKILL):
            self.kill(groups, number)
            deadline = time.monotonic() + GRACE_SECONDS
            while self.children and time.monotonic() < deadline:
                select.select([self.wake_read], [], [], max(0, deadline - time.monotonic()))
                self.drain_wake()
                self.reap()

    def kill(self, groups, number):
        for group in groups:
            try:
                os.killpg(group, number)
            except (ProcessLookupError, PermissionError):
                pass

    def tell(self, **event):
        data = json.dumps(event).encode() + b"\n"
        try:
            while data:
                data = data[os.write(self.events, data) :]
        except OSError:
            pass  # the engine is gone; the end of the command pipe says so too
