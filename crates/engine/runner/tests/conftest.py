"""Runs tasks as the engine does: a request file in, a result file out."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field

import pytest

RUNNER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RUN_PY = os.path.join(RUNNER, "run.py")
HEADER = "# Databricks notebook source\n"
SEPARATOR = "\n\n# COMMAND ----------\n\n"

sys.path.insert(0, RUNNER)
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


@dataclass
class Outcome:
    """What a task left behind."""

    code: int
    stdout: str
    stderr: str
    result: dict = None
    events: list = field(default_factory=list)

    def values(self):
        return {e["key"]: e["value"] for e in self.events if e["event"] == "task_value"}


class Tasks:
    """A folder for one test's files, and ways to run tasks on them."""

    def __init__(self, folder):
        self.folder = folder
        self.workspace = folder / "workspace"
        self.workspace.mkdir()
        self.count = 0

    def write(self, name, text):
        path = self.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text, encoding="utf-8")
        return str(path)

    def request(self, kind, **fields):
        """A request with all its files in a folder of its own."""
        self.count += 1
        place = self.folder / f"attempt{self.count}"
        place.mkdir()
        return {
            "kind": kind,
            "roots": [str(self.workspace)],
            "data_root": str(self.folder / "data"),
            "context": {"job_id": 1, "run_id": 2, "task_run_id": 3, "task_key": "mine"},
            "stdout_path": str(place / "stdout"),
            "stderr_path": str(place / "stderr"),
            "result_path": str(place / "result.json"),
            "events_path": str(place / "events.jsonl"),
            **fields,
        }

    def run(self, kind, **fields):
        """Run a task in a fresh interpreter."""
        request = self.request(kind, **fields)
        path = request["result_path"].replace("result.json", "request.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(request, file)
        done = subprocess.run([sys.executable, "-I", "-u", RUN_PY, "task", path], timeout=120, check=False)
        return read_outcome(request, done.returncode)

    def cells(self, *cells, **fields):
        """Run a Python notebook made of these cells."""
        self.write("notebook.py", HEADER + "\n" + SEPARATOR.join(cells) + "\n")
        return self.run("notebook", path="/Workspace/notebook", **fields)

    def script(self, text, **fields):
        self.write("script.py", text)
        return self.run("python_script", path="script.py", **fields)


def read_outcome(request, code):
    def text(path):
        return open(path, encoding="utf-8").read() if os.path.exists(path) else ""

    result = text(request["result_path"])
    lines = text(request["events_path"]).splitlines()
    return Outcome(
        code,
        text(request["stdout_path"]),
        text(request["stderr_path"]),
        json.loads(result) if result else None,
        [json.loads(line) for line in lines],
    )


@pytest.fixture
def tasks(tmp_path):
    return Tasks(tmp_path)
