"""Every public thing says what it does, and its examples run. In examples ``await`` stands where a notebook takes it."""

from __future__ import annotations

import ast
import asyncio
import doctest
import inspect
from collections.abc import Iterator
from types import CodeType
from typing import Any

import pytest

import lakeflow_jobs
from lakeflow_jobs import asgi

ERRORS = tuple(
    each for each in vars(lakeflow_jobs).values() if isinstance(each, type) and issubclass(each, BaseException)
)


def public() -> Iterator[tuple[str, Any, Any]]:
    """Name, object and owner of all that a user may call."""
    named = [(name, getattr(lakeflow_jobs, name)) for name in lakeflow_jobs.__all__ if not name.startswith("_")]
    for name, each in [*named, ("asgi.router", asgi.router)]:
        yield name, each, None
        if isinstance(each, type):
            for member, value in vars(each).items():
                if not member.startswith("_") and (callable(value) or inspect.isdatadescriptor(value)
                                                   or isinstance(value, staticmethod)):  # fmt: skip
                    yield f"{name}.{member}", value, each


ALL = list(public())


def test_everything_is_described() -> None:
    bare = [name for name, each, _ in ALL if not inspect.getdoc(each)]
    # Slots of a class are described where its constructor is.
    assert [name for name in bare if not name.startswith("JobConfig.")] == []


def test_what_is_called_by_itself_has_an_example() -> None:
    bare = [
        name
        for name, each, owner in ALL
        if (owner is None and each not in ERRORS) or owner in (lakeflow_jobs.Jobs, lakeflow_jobs.Job)
        if callable(each) and ">>>" not in (inspect.getdoc(each) or "")
    ]
    assert bare == []


@pytest.mark.parametrize(
    ("name", "text"),
    [pytest.param(name, doc, id=name) for name, each, _ in ALL if ">>>" in (doc := inspect.getdoc(each) or "")],
)
def test_example(name: str, text: str, request: pytest.FixtureRequest) -> None:
    namespace: dict[str, Any] = {"getfixture": request.getfixturevalue}
    # The fixtures are made before there is a loop, as in a program.
    for fixture in ("jobs", "async_jobs"):
        request.getfixturevalue(fixture)
    examples = doctest.DocTestParser().get_examples(text)
    assert examples
    for example in examples:
        got = asyncio.run(shown(example.source, namespace))
        assert doctest.OutputChecker().check_output(example.want, got, doctest.NORMALIZE_WHITESPACE), (
            f"{name}: {example.source}expected {example.want}got {got}"
        )


async def shown(source: str, namespace: dict[str, Any]) -> str:
    """What a notebook's cell prints: its output, then the value of its last expression."""
    import contextlib
    import io

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code: CodeType = compile(source, "<example>", "single", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        if code.co_flags & inspect.CO_COROUTINE:
            await eval(code, namespace)
        elif "asyncio.run" in source:
            # Such an example has a loop of its own, as in a program.
            await asyncio.to_thread(threaded, code, namespace, out)
        else:
            exec(code, namespace)
    return out.getvalue()


def threaded(code: CodeType, namespace: dict[str, Any], out: Any) -> None:
    exec(code, namespace)
