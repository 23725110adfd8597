"""What the tests of the package share: where the repository is, and its vectors."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lakeflow_jobs

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "tests" / "vectors"


def vectors(name: str) -> list[Any]:
    """The cases of a vector file, each as a parameter of a test under its name."""
    cases = json.loads((VECTORS / name).read_text(encoding="utf-8"))
    assert cases, name
    return [pytest.param(case["input"], case["expect"], id=case["name"]) for case in cases]


def expanded(value: Any) -> Any:
    """Writes out ``{"$repeat": [text, times]}``, which stands for a long text."""
    if isinstance(value, list):
        return [expanded(item) for item in value]
    if isinstance(value, dict) and "$repeat" in value:
        text, times = value["$repeat"]
        return value.get("before", "") + text * times + value.get("after", "")
    if isinstance(value, dict):
        return {key: expanded(item) for key, item in value.items()}
    return value


def setting(name: str, what: str) -> str:
    """A setting that ``cargo xtask test`` makes; without it the suite would prove less than it says."""
    value = os.environ.get(name)
    assert value, f"{name} names {what}; `cargo xtask test` sets it"
    return value


BUNDLE = """\
bundle:
  name: tests
resources:
  jobs:
    hello:
      name: hello
      tasks: [{task_key: greet, notebook_task: {notebook_path: ./hello.py}}]
    greets:
      name: greets
      parameters: [{name: name, default: world}]
      tasks: [{task_key: greet, notebook_task: {notebook_path: ./hello.py}}]
    sleep:
      name: sleep
      max_concurrent_runs: 50
      tasks: [{task_key: sleep, notebook_task: {notebook_path: ./sleep.py}}]
    fails:
      name: fails
      parameters: [{name: fail, default: "yes"}]
      tasks:
        - {task_key: break, notebook_task: {notebook_path: ./fails.py}}
        - {task_key: after, depends_on: [{task_key: break}], notebook_task: {notebook_path: ./hello.py}}
"""
NOTEBOOKS = {
    "hello.py": "print('greeting')\n# COMMAND ----------\ndbutils.notebook.exit('hello')\n",
    # Far longer than any test waits: tests end it.
    "sleep.py": "import time\ntime.sleep(600)\n",
    "fails.py": "if dbutils.widgets.get('fail') == 'yes':\n    raise ValueError('broken on purpose')\n",
}


def write_bundle(folder: Path) -> Path:
    """A small bundle: a job that greets, one with a parameter, one that sleeps, one that fails when asked to."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "databricks.yml").write_text(BUNDLE)
    for name, text in NOTEBOOKS.items():
        (folder / name).write_text("# Databricks notebook source\n" + text)
    return folder


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="session")
def engine(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[lakeflow_jobs.LocalEngine]:
    with lakeflow_jobs.LocalEngine(bundle, data=tmp_path_factory.mktemp("data")) as engine:
        yield engine


@pytest.fixture
def jobs(engine: lakeflow_jobs.LocalEngine) -> lakeflow_jobs.Jobs:
    return engine.jobs()


@pytest.fixture
def async_jobs(engine: lakeflow_jobs.LocalEngine) -> lakeflow_jobs.AsyncJobs:
    return engine.async_jobs()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"
