"""The commands: `serve` (zygote), `task REQUEST.json` and `install FOLDER`."""

import json
import os
import sys

USAGE = "usage: run.py serve | run.py task REQUEST.json | run.py install FOLDER"


def main(arguments):
    """Run a command and return the exit code; 2 for wrong usage."""
    if arguments == ["serve"]:
        from .zygote import serve

        return serve()
    if len(arguments) == 2 and arguments[0] == "task":
        return run_task(arguments[1])
    if len(arguments) == 2 and arguments[0] == "install":
        from .install import install

        return install(arguments[1])
    print(USAGE, file=sys.stderr)
    return 2


def run_task(path):
    """Run the request in the file at `path` in this process, which becomes a group leader."""
    from . import process

    try:
        with open(path, encoding="utf-8") as file:
            request = json.load(file)
        process.check(request)
    except (OSError, ValueError) as error:
        print(f"lakeflow_runner: cannot read the request {path}: {error}", file=sys.stderr)
        return process.EXIT_FAULT
    # A notebook started by another notebook stays in its parent's group, so that one signal reaches both.
    if not request.get("keep_group") and os.getpgrp() != os.getpid():
        os.setsid()
    files = process.open_files(request, default_null=False)
    process.become(request, files)
