"""Turns a process (a fresh fork, or a new interpreter) into one task attempt.

`open_files` runs where a failure can still be reported, `become` does not return.
"""

import atexit
import io
import os
import signal
import sys
import threading
import time

from .output import Stream

EXIT_SUCCESS = 0
EXIT_FAILED = 1
EXIT_FAULT = 70

KINDS = ("notebook", "python_script", "python_wheel", "sql_file", "sql_query", "query", "dbt", "pipeline")


def check(request):
    """Raise ValueError when the request cannot be run at all; finer faults become a result."""
    if not isinstance(request, dict):
        raise ValueError("the request is not an object")
    if request.get("kind") not in KINDS:
        raise ValueError(f"unknown kind {request.get('kind')!r}; expected one of {', '.join(KINDS)}")
    if not isinstance(request.get("result_path"), str):
        raise ValueError("result_path is missing")


def open_files(request, default_null):
    """Descriptors for standard input, output and error, or None where they are inherited, and for the marks of the last."""
    opened = [os.open(os.devnull, os.O_RDONLY)]
    try:
        for field in ("stdout_path", "stderr_path", "stderr_marks_path"):
            path = request.get(field) or (os.devnull if default_null and field != "stderr_marks_path" else None)
            opened.append(None if path is None else os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644))
    except OSError:
        close(opened)
        raise
    return opened


def close(descriptors):
    for descriptor in descriptors:
        if descriptor is not None:
            os.close(descriptor)


def become(request, files):
    """Be the task: redirect, set the environment, run, write the result, exit. Never returns."""
    code, patient = EXIT_FAULT, True
    try:
        _redirect(files)
        _settle(request)
        from .task import run

        code, patient = run(request)
    except BaseException:  # the process ends here, whatever happened
        import traceback

        traceback.print_exc()
    finally:
        _leave(code, patient)


def _redirect(files):
    *files, marks = files
    for target, descriptor in enumerate(files):
        if descriptor is not None:
            os.dup2(descriptor, target)
    close([d for d in files if d is not None and d > 2])
    sys.stdin = io.TextIOWrapper(io.FileIO(0, "r", closefd=False), encoding="utf-8")
    sys.stdout = sys.__stdout__ = Stream(1)
    sys.stderr = sys.__stderr__ = Stream(2, marks)


def _settle(request):
    """Signals, environment, folder and import path as a new process would have them."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN if number == signal.SIGPIPE else signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    environment = request.get("env")
    if environment is not None:
        os.environ.clear()
        os.environ.update(environment)
        time.tzset()
        # The interpreter was started isolated and has not read this.
        for folder in reversed(environment.get("PYTHONPATH", "").split(os.pathsep)):
            if folder:
                sys.path.insert(0, folder)
    for folder in reversed(request.get("sys_path") or []):
        sys.path.insert(0, folder)
    if request.get("cwd"):
        os.chdir(request["cwd"])


def _leave(code, patient):
    """End as the interpreter would (wait for threads, exit functions, flush), but surely with `code`."""
    for step in ([threading._shutdown] if patient else []) + [atexit._run_exitfuncs]:
        try:
            step()
        except BaseException:
            pass
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            pass
    os._exit(code)
