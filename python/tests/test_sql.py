"""Queries of the local engine's tables; they need ``spark`` in the interpreter that runs tasks."""

from __future__ import annotations

import pytest
from conftest import setting
from lakeflow_jobs import InvalidArgument, LakeflowError, LocalEngine

setting("LAKEFLOW_PYTHON", "an interpreter with spark")


# LOCAL[tables] same: `engine.sql()` of Python gives the rows of a query, of `system.lakeflow.*` too
def test_the_system_tables(engine: LocalEngine) -> None:
    run = engine.jobs()("greets").run(name="ada", progress=False)
    rows = engine.sql(
        "SELECT run_name, job_parameters, result_state FROM system.lakeflow.job_run_timeline "
        f"WHERE run_id = '{run.run_id}'"
    )
    assert rows == [{"run_name": "greets", "job_parameters": {"name": "ada"}, "result_state": "SUCCEEDED"}]


def test_values_have_their_types(engine: LocalEngine) -> None:
    rows = engine.sql(
        "SELECT 1 AS n, 1.5D AS x, 'a' AS s, true AS b, NULL AS none, array(1, 2) AS items, "
        "named_struct('a', 1) AS thing, DATE '2026-03-01' AS day, TIMESTAMP '2026-03-01 10:00:00Z' AS at"
    )
    assert rows == [
        {
            "n": 1,
            "x": 1.5,
            "s": "a",
            "b": True,
            "none": None,
            "items": [1, 2],
            "thing": {"a": 1},
            "day": "2026-03-01",
            "at": "2026-03-01T10:00:00Z",
        }
    ]


def test_more_rows_than_wanted_give_a_warning(engine: LocalEngine) -> None:
    with pytest.warns(UserWarning, match="more than 2 rows"):
        assert engine.sql("SELECT id FROM range(3) ORDER BY id", limit=2) == [{"id": 0}, {"id": 1}]


@pytest.mark.parametrize(
    ("statement", "limit", "said"),
    [("selec 1", 1, "selec"), ("  ", 1, "no SQL statement"), ("SELECT 1", 0, "limit must be 1 to")],
)
def test_what_cannot_be_asked(engine: LocalEngine, statement: str, limit: int, said: str) -> None:
    with pytest.raises(InvalidArgument, match=said):
        engine.sql(statement, limit=limit)


def test_an_engine_that_does_not_run(engine: LocalEngine) -> None:
    with pytest.raises(LakeflowError, match="does not run"):
        LocalEngine("nowhere").sql("SELECT 1")
