"""The stubs agree with the module, and strict pyright finds nothing to say about the package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import lakeflow_jobs

PACKAGE = Path(lakeflow_jobs.__file__).parent


def output(command: list[str], folder: Path) -> tuple[int, str]:
    environment = {**os.environ, "MYPYPATH": str(PACKAGE.parent), "PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_stubs_describe_the_module(tmp_path: Path) -> None:
    code, said = output([sys.executable, "-m", "mypy.stubtest", "lakeflow_jobs._native"], tmp_path)
    assert code == 0, said


def test_strict_pyright_is_content(tmp_path: Path) -> None:
    settings = {"include": [str(PACKAGE)], "pythonVersion": "3.10", "typeCheckingMode": "strict"}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    code, said = output([sys.executable, "-m", "pyright", "--pythonpath", sys.executable], tmp_path)
    assert code == 0 and "0 errors, 0 warnings" in said, said


def test_the_package_says_that_it_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()
