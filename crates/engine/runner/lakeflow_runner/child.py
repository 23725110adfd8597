"""`dbutils.notebook.run`: another notebook in a process of its own."""

import json
import os
import subprocess
import sys
import tempfile

from .errors import WorkflowException

RUN_PY = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "run.py")
GRACE_SECONDS = 5

# What a notebook hands on to one it runs. Task values are not among it (reference section 14.3).
_HANDED_ON = (
    "roots",
    "mounts",
    "data_root",
    "secrets_path",
    "sys_path",
    "engine_url",
    "task_token",
    "sql_only",
    "pip_target",
    "stderr_marks_path",
)


def run_notebook(attempt, folder, path, timeout_seconds, arguments):
    """Run the notebook and return its exit value. Raises WorkflowException when it fails or takes too long."""
    if not isinstance(arguments, dict):
        raise TypeError(f"arguments must be a dict, not {type(arguments).__name__}")
    from . import notebook_source

    found = notebook_source.find(path, attempt.roots, folder)
    request = {name: attempt.request[name] for name in _HANDED_ON if name in attempt.request}
    context = {key: value for key, value in attempt.context.items() if key != "task_key"}
    with tempfile.TemporaryDirectory(prefix="lakeflow-run-") as scratch:
        result_path = os.path.join(scratch, "result.json")
        request.update(
            kind="notebook",
            path=found,
            widgets={str(k): str(v) for k, v in arguments.items()},
            context=context,
            result_path=result_path,
            keep_group=True,
        )
        request_path = os.path.join(scratch, "request.json")
        with open(request_path, "w", encoding="utf-8") as file:
            json.dump(request, file)
        code = _run(attempt, found, request_path, timeout_seconds)
        return _value(path, code, result_path)


def _run(attempt, path, request_path, timeout_seconds):
    sys.stdout.flush()
    sys.stderr.flush()
    process = subprocess.Popen([sys.executable, "-I", "-u", RUN_PY, "task", request_path], stdin=subprocess.DEVNULL)
    attempt.event(event="child_started", pid=process.pid, path=path)
    status = "failed"
    try:
        code = process.wait(timeout_seconds or None)
        status = "success" if code == 0 else "failed"
        return code
    except subprocess.TimeoutExpired:
        status = "timed_out"
        raise WorkflowException(f"Notebook {path} did not end within {timeout_seconds} seconds") from None
    finally:
        _end(process)
        attempt.event(event="child_exited", pid=process.pid, status=status)


def _end(process):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _value(path, code, result_path):
    try:
        with open(result_path, encoding="utf-8") as file:
            result = json.load(file)
    except FileNotFoundError:
        raise WorkflowException(f"Notebook {path} ended without a result (exit code {code})") from None
    if code != 0 or result["status"] != "success":
        raise WorkflowException(f"Notebook {path} failed: {result.get('error')}")
    return result.get("notebook_exit_value")
