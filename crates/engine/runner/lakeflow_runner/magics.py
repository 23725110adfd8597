"""Cells and lines that begin with `%` (reference section 23.1)."""

import importlib
import os
import shlex
import subprocess
import sys

from . import display, notebook_source, sql_task
from .errors import LIBRARY_INSTALLATION, UNSUPPORTED, USER_ERROR, TaskError

# Settings of the interactive notebook that mean nothing in a run.
_IGNORED_LINES = ("restart_python", "autoreload", "load_ext", "matplotlib", "config", "reload_ext")


def run_cell(runner, cell):
    """Run a cell that is not Python."""
    _CELLS[cell.language](runner, cell)


def run_line(runner, line):
    """Run one magic line of a Python cell."""
    line = line.strip()
    if line.startswith("!"):
        return _shell(line[1:], check=False)
    name, _, rest = line.lstrip("%").strip().partition(" ")
    if name == "pip":
        return pip(runner, rest)
    if name in ("sh", "fs", "sql", "run", "md"):
        cell = notebook_source.Cell(0, name, rest, 1, argument=rest)
        return run_cell(runner, cell)
    if name in _IGNORED_LINES:
        return None
    raise TaskError(UNSUPPORTED, f"the magic command %{name} is not available in the local engine")


def _ignore(_runner, _cell):
    pass


def _sql(runner, cell):
    frame = sql_task.run_text(runner.attempt, cell.source, runner.tools.widgets.getAll())
    if frame is not None:
        runner.namespace["_sqldf"] = frame
        display.display(frame)


def _foreign(_runner, cell):
    raise TaskError(
        UNSUPPORTED, f"%{cell.language} cells cannot run locally: no {cell.language} interpreter is configured"
    )


def _sh(_runner, cell):
    source, check = cell.source, False
    first, newline, rest = source.partition("\n")
    if first.strip() == "-e" or first.startswith("-e "):
        check = True
        source = first.strip()[2:].lstrip() + newline + rest
    _shell(source, check)


def _shell(source, check):
    """Run shell text; what it prints belongs to the cell. A failing last command counts only with `check`."""
    sys.stdout.flush()
    command = ["/bin/bash" if os.path.exists("/bin/bash") else "/bin/sh", *(["-e"] if check else []), "-c", source]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    with process.stdout:
        for chunk in iter(lambda: process.stdout.read1(65536), b""):
            sys.stdout.write(chunk.decode("utf-8", "replace"))
    code = process.wait()
    if code and check:
        raise TaskError(USER_ERROR, f"%sh -e: the command ended with exit code {code}")


def _fs(runner, cell):
    words = shlex.split(cell.source)
    if not words:
        raise TaskError(USER_ERROR, "%fs needs a command, such as %fs ls /")
    recurse = [word for word in words if word in ("-r", "--recurse", "--recursive")]
    words = [word for word in words if word not in recurse]
    method = getattr(runner.tools.fs, words[0])
    result = method(*words[1:], **({"recurse": True} if recurse else {}))
    if isinstance(result, str):
        print(result)
    elif isinstance(result, list):
        display.display(result)


def _run(runner, cell):
    lines = [line for line in cell.source.split("\n") if line.strip()]
    if len(lines) != 1:
        raise TaskError(USER_ERROR, "%run must be alone in its cell and name one notebook")
    try:
        words = shlex.split(lines[0])
    except ValueError as error:
        raise TaskError(USER_ERROR, f"%run: {error}: {lines[0].strip()}") from None
    values = {}
    for word in words[1:]:
        name, equals, value = word.partition("=")
        if not equals or not name.startswith("$"):
            raise TaskError(USER_ERROR, f'%run: expected $name="value", not {word}')
        values[name[1:]] = value
    path = notebook_source.find(words[0], runner.attempt.roots, runner.folder)
    runner.with_parameters(values, lambda: runner.include(path))


def pip(runner, arguments):
    """`%pip …` with this interpreter's pip; packages go to `pip_target` of the request when it is given."""
    words = shlex.split(arguments, comments=True)
    target = runner.attempt.request.get("pip_target")
    if target and words[:1] == ["install"] and not any(w in ("--target", "-t") for w in words):
        words[1:1] = ["--target", target, "--upgrade"]
    words.append("--disable-pip-version-check")
    sys.stdout.flush()
    process = subprocess.Popen(
        [sys.executable, "-m", "pip", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=runner.folder,
    )
    last = ""
    with process.stdout:
        for line in process.stdout:
            text = line.decode("utf-8", "replace")
            last = text.strip() if text.startswith("ERROR") or not last else last
            sys.stdout.write(text)
    if process.wait():
        raise TaskError(LIBRARY_INSTALLATION, f"%pip {arguments.strip()} failed: {last}")
    if target and target not in sys.path:
        sys.path.insert(0, target)
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [target, os.environ.get("PYTHONPATH")]))
    importlib.invalidate_caches()


_CELLS = {
    "md": _ignore,
    "sql": _sql,
    "sh": _sh,
    "fs": _fs,
    "run": _run,
    "scala": _foreign,
    "r": _foreign,
}
