"""Every file of the shared vectors, through the module's door to the core: the package carries the same rules as Rust."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import VECTORS, expanded
from wait_vectors import drive

from lakeflow_jobs import LakeflowError
from lakeflow_jobs._native import _call_rule

# A machine, whose vectors are a conversation, and rules that only the engine and the command use.
NO_RULE = {"wait", "trigger", "backfill_parameters", "backfill_windows"} | {
    f"system_{table}" for table in ("history", "job_runs", "task_runs")
}
# Their expectations have forms of their own.
SPECIAL = {"bundle", "layout", "source"}


def call(rule: str, given: Any) -> Any:
    try:
        return json.loads(_call_rule(rule, json.dumps(given)))
    except LakeflowError as error:
        return str(error)


def agrees(expected: Any, found: Any) -> bool:
    """What is found may hold more members than the vector asks for; everything else is equal."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return all(agrees(value, found.get(key)) for key, value in expected.items())
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(agrees, expected, found))
    return bool(expected == found) and isinstance(expected, bool) == isinstance(found, bool)


def ranked(problems: Any) -> Any:
    return sorted(problems, key=lambda problem: (problem["code"], problem["path"]))


FILES = sorted(path.stem for path in VECTORS.glob("*.json"))


def test_every_file_is_run() -> None:
    known = [name for name in FILES if name not in NO_RULE]
    answers = {name: call(name, {}) for name in known}
    assert not [name for name, answer in answers.items() if "is not a rule" in str(answer)]
    assert len(known) > 20


@pytest.mark.parametrize("file", [name for name in FILES if name not in NO_RULE | SPECIAL])
def test_rules(file: str) -> None:
    wrong = []
    for case in json.loads((VECTORS / f"{file}.json").read_text("utf-8")):
        expected, found = case["expect"], call(file, expanded(case["input"]))
        if file == "lint" and isinstance(found, list):
            expected, found = ranked(expected), ranked(found)
        if not agrees(expected, found):
            wrong.append(f"{case['name']}: expected {expected}, found {found}")
    assert not wrong, "\n".join(wrong)


def cases(file: str) -> Iterator[tuple[str, Any, Any]]:
    for case in json.loads((VECTORS / f"{file}.json").read_text("utf-8")):
        yield case["name"], case["input"], case["expect"]


def codes(value: Any) -> list[str]:
    return [problem["code"] for problem in value.get("problems", [])]


def test_texts_have_their_places() -> None:
    for name, given, expected in cases("source"):
        positions = expected.get("positions", {})
        found = call("source", {**given, "paths": list(positions)})
        assert codes(found) == codes(expected), name
        if not codes(expected):
            assert (found["value"], found["positions"]) == (expected["value"], positions), name


def test_bundles_are_read_from_memory() -> None:
    for name, given, expected in cases("bundle"):
        found = call("bundle", given)
        assert (found["bundle"] is None) == (expected.get("none") is True), name
        if "problems" in expected and "problem_codes" not in expected:
            assert [(p["code"], p["path"]) for p in ranked(expected["problems"])] == [
                (p["code"], p["path"]) for p in ranked(found["problems"])
            ], name
        for field in ("shape", "name", "target", "mode", "order", "files", "others", "variables", "workspace"):
            if field in expected:
                assert agrees(expected[field], found["bundle"][field]), f"{name}: {field}"


def test_waits_go_as_they_should() -> None:
    for name, given, expected in cases("wait"):
        seen = drive(given)
        end, error = seen.end, seen.end["error"]
        assert end["verdict"] == expected["verdict"], f"{name}: {error}"
        assert (error and error["code"]) == expected.get("error"), name
        assert seen.changes == expected["changes"], name
        failures = {failure["task_key"]: failure.get("error") for failure in end["failures"]}
        assert failures == expected.get("failures", {}), name
        if "calls" in expected:
            assert [call["operation"] for call in seen.calls] == expected["calls"], name
        assert seen.tick == expected.get("ended_at", seen.tick), name
        assert seen.tick >= expected.get("not_before", 0), name
        assert end["run_id"] == expected.get("run_id", end["run_id"]), name
        if "latest_repair_id" in expected:
            [repair] = [call for call in seen.calls if call["operation"] == "repair_run"]
            assert repair["body"]["latest_repair_id"] == expected["latest_repair_id"], name
        assert len(seen.started) <= 1, f"{name}: the run id is told once"


def test_graphs_are_laid_out() -> None:
    for name, given, expected in cases("layout"):
        found = call("layout", given)
        # Some ask for the critical path alone.
        nodes = found.get("nodes", [])
        count = max((node["layer"] for node in nodes), default=-1) + 1
        shown = {
            **found,
            "layers": [[node["key"] for node in nodes if node["layer"] == layer] for layer in range(count)],
            "places": {node["key"]: [node["x"], node["y"]] for node in nodes},
            "folded": {node["key"]: node["members"] for node in nodes if "members" in node},
        }
        for field, value in expected.items():
            assert shown[field] == value, f"{name}: {field}"
