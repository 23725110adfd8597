"""Parameter schemas and the mapping, with what only Python has: dates, NaN, huge integers, objects that hold themselves."""

from __future__ import annotations

import datetime
import decimal
import pickle
import threading
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy
import pydantic
import pytest

import lakeflow_jobs
from lakeflow_jobs import InvalidDefinition, InvalidParameters, ParamSchema, map_params

DAY = {
    "type": "object",
    "required": ["day"],
    "properties": {"day": {"type": "string", "format": "date"}, "count": {"type": "integer"}},
    "additionalProperties": False,
}


def cyclic() -> list[Any]:
    inner: list[Any] = []
    inner.append({"again": inner})
    return inner


def deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    return value


BAD = [
    ({"x": cyclic()}, "x[0].again", "contains itself"),
    ({"x": float("nan")}, "x", "NaN"),
    ({"x": float("-inf")}, "x", "infinity"),
    ({"x": 10**400}, "x", "beyond all doubles"),
    ({"x": 2**70}, "x", "beyond 64 bits"),
    ({"x": {1, 2}}, "x", "set"),
    ({"x": b"raw"}, "x", "bytes"),
    ({"x": decimal.Decimal("1.5")}, "x", "Decimal"),
    ({"x": object()}, "x", "object"),
    ({"x": [1]}, "x", "not an array"),
    ({"x": {"y": 1}}, "x", "not an object"),
    ({1: "x"}, "", "is not text"),
    ({"x": "\ud800"}, "x", "surrogates"),
    ({"x": "y" * 11_000}, "notebook_params", "10000"),
    (["x"], "", "not an array"),
    ("day=1", "", "not a string"),
]


@pytest.mark.parametrize(("params", "path", "said"), BAD)
def test_what_cannot_be_mapped_is_refused_with_its_path(params: Any, path: str, said: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        map_params("notebook", params)
    assert [problem.path for problem in caught.value.problems] == [path]
    assert said in str(caught.value)
    assert caught.value.code == "INVALID_PARAMETERS"
    assert not caught.value.retryable


def test_what_is_too_deep_is_refused() -> None:
    with pytest.raises(InvalidParameters, match="nested deeper"):
        map_params(None, {"x": deep()})
    assert ParamSchema(True).is_valid(deep())
    (violation,) = ParamSchema({"$dynamicAnchor": "a", "items": {"$dynamicRef": "#a"}}).validate(deep())
    assert violation.keyword == "limit"


def test_everything_wrong_is_told_at_once() -> None:
    with pytest.raises(InvalidParameters) as caught:
        map_params("notebook", {"a": {1}, "b": float("nan"), "c": 1, "d": object()})
    assert [problem.path for problem in caught.value.problems] == ["a", "b", "d"]


@pytest.mark.parametrize("size", [50 << 20])
def test_fifty_megabytes_are_refused_before_they_are_copied(size: int) -> None:
    for params in ({"x": "y" * size}, {"x": [0] * (size // 4)}, {f"k{n}": "v" for n in range(size // 64)}):
        with pytest.raises(InvalidParameters, match=r"more than 1048576 bytes"):
            map_params("notebook", params)


def test_dates_and_numbers_become_text_by_the_rules_of_the_mapping() -> None:
    zone = datetime.timezone(datetime.timedelta(hours=2))
    params = {
        "day": datetime.date(2026, 3, 1),
        "at": datetime.datetime(2026, 3, 1, 12, 30, tzinfo=zone),
        "time": datetime.time(6, 5),
        "count": 3,
        "whole": 3.0,
        "share": 0.25,
        "flag": True,
        "none": None,
        "id": 2**63,
        "numpy": numpy.int64(7),
        "numpy_float": numpy.float64(0.5),
    }
    assert map_params("job_parameters", params) == {
        "job_parameters": {
            "day": "2026-03-01",
            "at": "2026-03-01T12:30:00+02:00",
            "time": "06:05:00",
            "count": "3",
            "whole": "3",
            "share": "0.25",
            "flag": "true",
            "none": "null",
            "id": "9223372036854775808",
            "numpy": "7",
            "numpy_float": "0.5",
        }
    }


def test_a_date_satisfies_the_format_date() -> None:
    schema = ParamSchema(DAY)
    assert schema.is_valid({"day": datetime.date(2026, 3, 1)})
    assert [v.path for v in schema.validate({"day": datetime.datetime(2026, 3, 1)})] == ["/day"]


def test_python_values_without_a_form_in_json_are_violations() -> None:
    schema = ParamSchema({"additionalProperties": {"type": "number"}})
    found = schema.validate({"a": float("nan"), "b": 10**400, "c": {1}, 2: 1, "d": 10**30})
    assert [(v.path, v.keyword) for v in found] == [
        ("/2", "json"), ("/a", "json"), ("/b", "json"), ("/c", "json"),
    ]  # fmt: skip
    assert schema.validate({"a": True})[0].message == "true is a boolean, not a number"


def test_a_cyclic_instance_ends() -> None:
    (violation,) = ParamSchema({"$ref": "#/$defs/a", "$defs": {"a": {
        "items": {"additionalProperties": {"$ref": "#/$defs/a"}}}}}).validate(cyclic())  # fmt: skip
    assert violation.keyword == "limit"
    assert ParamSchema({"uniqueItems": True}).validate([cyclic(), cyclic()])
    assert ParamSchema({"type": "string"}).validate(cyclic())[0].keyword == "type"


@pytest.mark.parametrize(
    "schema",
    ["{", {"type": "strin"}, {"required": "x"}, [1], 5, {"pattern": "("}, {"$ref": "#/nowhere"}, {"type": {1}}, int,
     {"$schema": "http://json-schema.org/draft-04/schema#"}, object()],
)  # fmt: skip
def test_a_schema_that_is_not_a_schema(schema: Any) -> None:
    with pytest.raises(lakeflow_jobs.LakeflowError) as caught:
        ParamSchema(schema)
    assert caught.value.code in ("INVALID_DEFINITION", "MALFORMED")
    assert str(caught.value)


def test_options_that_do_not_exist() -> None:
    with pytest.raises(lakeflow_jobs.InvalidArgument, match="assert"):
        ParamSchema({}, formats="maybe")
    with pytest.raises(lakeflow_jobs.InvalidArgument, match="notebook"):
        map_params("Notebook", {})
    with pytest.raises(lakeflow_jobs.InvalidArgument):
        lakeflow_jobs.next_fire_times("0 0 2 * * ?", "Mars/Olympus")
    with pytest.raises(lakeflow_jobs.InvalidArgument):
        lakeflow_jobs.validate_job({}, api="9")


class Model(pydantic.BaseModel):
    day: datetime.date
    count: int = pydantic.Field(ge=1, default=1)


@dataclass
class Data:
    day: datetime.date
    count: int = 1


class Typed(TypedDict):
    day: datetime.date
    count: int


@pytest.mark.parametrize("model", [Model, Data, Typed])
def test_types_are_schemas(model: Any) -> None:
    schema = ParamSchema(model)
    assert schema.is_valid({"day": datetime.date(2026, 1, 1), "count": 2})
    assert schema.is_valid({"day": "2026-01-01", "count": 2})
    assert [v.path for v in schema.validate({"day": "yesterday", "count": "2"})] == ["/count", "/day"]


def test_a_type_without_a_schema_says_what_would_be_one() -> None:
    with pytest.raises(InvalidDefinition, match="pydantic model, a dataclass or a TypedDict"):
        ParamSchema(threading.Thread)

    class Odd(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(arbitrary_types_allowed=True)
        thread: threading.Thread

    with pytest.raises(InvalidDefinition, match="Odd has no JSON Schema"):
        ParamSchema(Odd)


def test_results_are_values() -> None:
    (one,) = ParamSchema({"type": "string"}).validate(1)
    (two,) = ParamSchema({"type": "string"}).validate(1)
    assert one == two
    assert len({one, two}) == 1
    with pytest.raises(AttributeError):
        one.path = "x"  # type: ignore[misc]
    assert str(one) == "1 is a number, not a string"


def test_errors_cross_processes() -> None:
    with pytest.raises(InvalidParameters) as caught:
        map_params("notebook", [])
    again = pickle.loads(pickle.dumps(lakeflow_jobs.NotFound("gone", context={"run_id": "7"})))
    assert (type(again), again.run_id, str(again)) == (lakeflow_jobs.NotFound, 7, "gone (run_id: 7)")
    assert isinstance(caught.value, lakeflow_jobs.LakeflowError)


def test_a_schema_is_used_from_several_threads() -> None:
    schema = ParamSchema(DAY)
    wrong: list[int] = []

    def work() -> None:
        for n in range(2_000):
            if len(schema.validate({"day": "2026-01-01", "count": str(n)})) != 1:
                wrong.append(n)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
