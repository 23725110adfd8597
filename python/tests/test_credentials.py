"""Who the client is: objects of the SDK, callables, a notebook's runtime, the environment."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config

import lakeflow_jobs
from lakeflow_jobs import Jobs, LocalEngine

VARIABLES = ("HOST", "TOKEN", "CONFIG_PROFILE", "CLIENT_ID", "CLIENT_SECRET", "AUTH_TYPE", "RUNTIME_VERSION")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(f"DATABRICKS_{name}", raising=False)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "none"))


def works(jobs: Jobs) -> bool:
    return [job["settings"]["name"] for job in jobs.list_jobs("hello")] == ["hello"]


def test_the_objects_of_the_sdk(engine: LocalEngine) -> None:
    client = WorkspaceClient(host=engine.url, token=engine.token)
    assert works(Jobs(client))
    assert works(Jobs(Config(host=engine.url, token=engine.token)))
    assert Jobs(client).host == engine.url


@pytest.mark.parametrize("shape", ["headers", "token"])
def test_a_callable_is_asked_for_each_request(engine: LocalEngine, shape: str) -> None:
    asked: list[int] = []

    def headers() -> Any:
        asked.append(1)
        return {"authorization": f"Bearer {engine.token}"} if shape == "headers" else engine.token

    jobs = Jobs(headers, host=engine.url)
    assert asked == []
    assert works(jobs)
    before = len(asked)
    # Another question: answers to the same one may be kept for a moment.
    jobs.list_jobs("greets")
    assert before >= 1 and len(asked) > before


def broken() -> Any:
    raise ValueError("the vault is closed")


@pytest.mark.parametrize(
    ("callable_", "said"),
    [
        (broken, "ValueError: the vault is closed"),
        (lambda: None, "NoneType, not a dict"),
        (dict, "no Authorization"),
        (lambda: "", "empty"),
        (lambda: "a\r\nHost: evil", "empty"),
    ],
)
def test_a_callable_that_gives_no_credential(engine: LocalEngine, callable_: Any, said: str) -> None:
    with pytest.raises(lakeflow_jobs.Unauthenticated, match=said):
        Jobs(callable_, host=engine.url).list_jobs()


def test_the_environment_and_profiles(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABRICKS_HOST", engine.url)
    monkeypatch.setenv("DATABRICKS_TOKEN", engine.token)
    assert works(Jobs())
    monkeypatch.delenv("DATABRICKS_HOST")
    monkeypatch.delenv("DATABRICKS_TOKEN")
    profiles = tmp_path / "databrickscfg"
    profiles.write_text(f"[work]\nhost = {engine.url}\ntoken = {engine.token}\n")
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(profiles))
    assert works(Jobs(profile="work"))
    with pytest.raises(lakeflow_jobs.InvalidArgument, match="work"):
        Jobs(profile="home")


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        ((), {}, "no host is set"),
        ((), {"host": "ftp://x", "token": "t"}, "not an http"),
        ((), {"host": "https://example.com"}, "no credential"),
        ((object(),), {"host": "https://example.com"}, "object is no credential"),
        ((dict,), {}, "give host="),
        ((dict,), {"host": "https://example.com", "token": "t"}, "give one"),
        ((), {"host": 5, "token": "t"}, "host is not text"),
    ],
)
def test_what_does_not_say_where_to_connect(
    arguments: tuple[Any, ...], options: dict[str, Any], said: str
) -> None:
    with pytest.raises(lakeflow_jobs.LakeflowError, match=said):
        Jobs(*arguments, **options)


def runtime(monkeypatch: pytest.MonkeyPatch, **modules: dict[str, Any]) -> None:
    """Puts stand-ins of the runtime's modules in place, of the shape that the Databricks SDK documents."""
    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "17.0")
    package = ModuleType("dbruntime")
    monkeypatch.setitem(sys.modules, "dbruntime", package)
    for name, members in modules.items():
        module = ModuleType(f"dbruntime.{name}")
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, f"dbruntime.{name}", module)


def test_a_notebook_brings_its_own_credential(engine: LocalEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = ["expired", engine.token]

    def init() -> Any:
        return engine.url, lambda: {"Authorization": f"Bearer {tokens[-1]}"}

    runtime(monkeypatch, sdk_credential_provider={"init_runtime_native_auth": init})
    jobs = Jobs()
    assert works(jobs)
    # The token of a notebook changes while it is open.
    tokens.append("revoked")
    with pytest.raises(lakeflow_jobs.Unauthenticated):
        jobs.list_jobs()
    tokens.pop()
    assert works(jobs)


def test_the_unified_provider_comes_first(engine: LocalEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    def unified() -> Any:
        return engine.url, "account", "workspace", lambda: {"Authorization": f"Bearer {engine.token}"}

    def native() -> Any:
        raise AssertionError("not asked")

    runtime(
        monkeypatch,
        sdk_credential_provider={"init_runtime_native_unified": unified, "init_runtime_native_auth": native},
    )
    assert works(Jobs())


def test_the_context_of_the_repl(monkeypatch: pytest.MonkeyPatch) -> None:
    context = SimpleNamespace(workspaceUrl="dbc-1234.cloud.databricks.com", apiToken="t")
    runtime(monkeypatch, databricks_repl_context={"get_context": lambda: context})
    assert Jobs().host == "https://dbc-1234.cloud.databricks.com"


def test_a_runtime_without_a_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime(monkeypatch, databricks_repl_context={"get_context": lambda: None})
    with pytest.raises(lakeflow_jobs.Unauthenticated, match="offers no credential"):
        Jobs()
