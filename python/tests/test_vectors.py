"""The shared vectors of the rules that the package offers as functions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import expanded, vectors

import lakeflow_jobs
from lakeflow_jobs import ParamSchema, map_params, next_fire_times, validate_job


def places(problems: Any) -> list[dict[str, str]]:
    return [{"code": problem.code, "path": problem.path} for problem in problems]


@pytest.mark.parametrize(("given", "expected"), vectors("params.json"))
def test_params(given: Any, expected: Any) -> None:
    try:
        schema = ParamSchema(given["schema"], resources=given.get("resources"))
    except lakeflow_jobs.InvalidDefinition as error:
        assert {"problems": places(error.problems)} == expected
        return
    if "warnings" in expected:
        assert {"warnings": places(schema.warnings)} == expected
        return
    instance = given.get("instance")
    violations = [violation.to_dict() for violation in schema.validate(instance)]
    assert {"violations": violations} == expected
    assert schema.is_valid(instance) == (not violations)


@pytest.mark.parametrize(("given", "expected"), vectors("mapping.json"))
def test_mapping(given: Any, expected: Any) -> None:
    params = json.loads(given["params_text"]) if "params_text" in given else given.get("params")
    try:
        found = {"fields": map_params(given["task_type"], params)}
    except lakeflow_jobs.InvalidParameters as error:
        found = {"problems": places(error.problems)}
    assert found == expected


@pytest.mark.parametrize(("given", "expected"), vectors("schedule.json"))
def test_schedule(given: Any, expected: Any) -> None:
    def fires() -> list[lakeflow_jobs.Fire]:
        return next_fire_times(
            given["cron"], given["timezone"], after=given["after"], count=given["count"]
        )

    if expected == {"codes": ["cron_never_fires"]}:
        # Refused when a job has it; who asks for its times alone gets none.
        assert fires() == []
    elif isinstance(expected, dict):
        with pytest.raises(lakeflow_jobs.InvalidArgument):
            fires()
    else:
        assert [{"utc": fire.utc, "local": fire.local} for fire in fires()] == expected


def rank(found: dict[str, str]) -> tuple[str, str]:
    return (found["path"], found["code"])


@pytest.mark.parametrize(("given", "expected"), vectors("lint.json"))
def test_lint(given: Any, expected: Any) -> None:
    problems = validate_job(expanded(given["job"]), api=given.get("api", "2.2"))
    found = [{"code": p.code, "path": p.path, "severity": p.severity} for p in problems]
    # Problems of one value have no order among themselves.
    assert sorted(found, key=rank) == sorted(expected, key=rank)
