"""What the tests of the package share: where the repository is, and its vectors."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "tests" / "vectors"


def vectors(name: str) -> list[Any]:
    """The cases of a vector file, each as a parameter of a test under its name."""
    cases = json.loads((VECTORS / name).read_text(encoding="utf-8"))
    assert cases, name
    return [pytest.param(case["input"], case["expect"], id=case["name"]) for case in cases]


def setting(name: str, what: str) -> str:
    """A setting that ``cargo xtask test`` makes; without it the suite would prove less than it says."""
    value = os.environ.get(name)
    assert value, f"{name} names {what}; `cargo xtask test` sets it"
    return value
