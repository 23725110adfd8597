"""The examples, run as a user would run them: a notebook in a kernel, a program, a FastAPI app over HTTP."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import nbformat
import pytest
import uvicorn
from conftest import ROOT
from nbclient import NotebookClient

import lakeflow_jobs
from lakeflow_jobs import LocalEngine, asgi

EXAMPLES = ROOT / "examples"


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """A copy, so that nothing is left in the repository."""
    for name in ("orchestration", "fastapi-app"):
        shutil.copytree(EXAMPLES / name, tmp_path / name, ignore=shutil.ignore_patterns(".lakeflow"))
    for name in ("notebook.ipynb", "trigger.py"):
        shutil.copy(EXAMPLES / name, tmp_path / name)
    return tmp_path


@pytest.mark.filterwarnings("default")
def test_the_notebook_from_top_to_bottom(examples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEFLOW_DATA", str(examples / "data"))
    # The kernel of this very interpreter, whatever kernels the machine has.
    specs = examples / "jupyter" / "kernels" / "python3"
    specs.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": "Python 3", "language": "python"}
    (specs / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(examples / "jupyter"))
    notebook = nbformat.read(examples / "notebook.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(examples)}}).execute()
    if folder := os.environ.get("LAKEFLOW_NOTEBOOK_OUT"):
        nbformat.write(notebook, Path(folder) / "notebook.ipynb")

    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    shown = {cell.source.splitlines()[0]: cell.outputs for cell in cells}

    def of(start: str, kind: str) -> str:
        outputs = next(outputs for source, outputs in shown.items() if source.startswith(start))
        found = [output["data"][kind] for output in outputs if kind in output.get("data", {})]
        return found[-1] if found else "".join(output.get("text", "") for output in outputs)

    progress = next(outputs for source, outputs in shown.items() if source.startswith("run = jobs"))
    assert len(progress) == 1, "progress is one block that is drawn anew"
    assert "SUCCESS" in progress[0]["data"]["text/html"] and "<svg" in progress[0]["data"]["text/html"]
    assert of("run", "text/html").count("<tr") >= 5
    assert "validate" in of("run.to_pandas", "text/plain")
    refused = next(cell.outputs for cell in cells if 'min_rows="many"' in cell.source)
    assert refused[0]["text"].startswith("InvalidParameters /min_rows")
    failed = next(cell.outputs for cell in cells if "RunFailed as failed" in cell.source)
    assert "asked to fail" in failed[0]["text"] and "UPSTREAM_FAILED" in failed[-1]["data"]["text/html"]
    assert "SUCCESS" in of("jobs.repair_run", "text/html")
    assert "['SUCCESS', 'SUCCESS', 'SUCCESS']" in of("import asyncio", "text/plain")


def trigger(examples: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(examples / "trigger.py"), *arguments]
    settings = {**os.environ, "LAKEFLOW_DATA": str(examples / "data"), **environment}
    return subprocess.run(command, env=settings, capture_output=True, text=True, timeout=300, check=False)


def test_the_program_that_triggers(examples: Path) -> None:
    done = trigger(examples)
    assert done.returncode == 0, done.stderr
    assert "report: [" in done.stdout and "SUCCESS in" in done.stdout
    assert "validate  SUCCESS" in done.stderr, "piped progress is a line for each change"
    failed = trigger(examples, "orders", "fail_in=transform")
    assert failed.returncode == 1 and "asked to fail" in failed.stderr and "see http" in failed.stderr
    assert trigger(examples, "orders", "nope=1").returncode == 2


class Served:
    """A program on a free port, in a thread."""

    def __init__(self, app: Any) -> None:
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]})

    def __enter__(self) -> httpx.Client:
        # The socket listens before the server takes its first connection, so nobody has to wait for it.
        self.socket.listen()
        self.thread.start()
        self.client = httpx.Client(base_url=self.url, timeout=60)
        return self.client

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.server.should_exit = True
        self.thread.join()
        self.socket.close()


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: ")]


def test_the_fastapi_app_over_http(examples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEFLOW_BUNDLE", str(examples / "orchestration"))
    monkeypatch.setenv("LAKEFLOW_DATA", str(examples / "data"))
    monkeypatch.syspath_prepend(str(examples / "fastapi-app"))
    monkeypatch.delitem(sys.modules, "app", raising=False)
    import app  # pyright: ignore[reportMissingImports]

    with Served(app.app) as http:
        started = http.post("/api/jobs/orders/run", json={"params": {"min_rows": 5}})
        assert started.status_code == 200, started.text
        run_id = int(started.json()["runId"])
        refused = http.post("/api/jobs/orders/run", json={"params": {"min_rows": "many"}})
        assert refused.status_code == 400 and "min_rows" in refused.text
        assert http.get("/api/jobs/nope/status").status_code == 404
        with http.stream("POST", "/api/jobs/orders/run?stream=true", json={"params": {}}) as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            told = events("".join(stream.iter_text()))
        assert told and "SUCCESS" in json.dumps(told[-1])
        assert http.get(f"/api/jobs/orders/runs/{run_id}").json()["run_id"] in (run_id, str(run_id))
        assert len(http.get("/api/jobs/orders/runs?limit=1").json()["runs"]) == 1
        report = http.get("/report", params={"min_rows": 3}).json()
        assert json.loads(report["result"])[0]["region"] == "east"
        assert http.get("/report", params={"min_rows": 0}).status_code == 400


@pytest.fixture
def routes(engine: LocalEngine) -> Iterator[httpx.Client]:
    with Served(asgi.router(engine.jobs(), environment={})) as http:
        yield http


def test_the_routes_by_themselves(routes: httpx.Client) -> None:
    started = routes.post("/api/jobs/greets/run", json={"params": {"name": "you"}})
    assert started.status_code in (200, 400), started.text
    run_id = routes.post("/hello/run", json={}).json()["runId"]
    with routes.stream("GET", f"/hello/runs/{run_id}") as answer:
        assert answer.status_code == 200
    assert routes.delete(f"/hello/runs/{run_id}").status_code in (204, 400, 409)
    large = routes.post("/hello/run", content=b"{" + b" " * (3 << 20), headers={"content-type": "application/json"})
    assert large.status_code == 413
    assert routes.post("/hello/run", content=b"{", headers={"content-type": "application/json"}).status_code == 400
    assert routes.put("/hello/run").status_code in (404, 405)


def test_a_request_is_answered_on_behalf_of_its_user(engine: LocalEngine) -> None:
    async def user(headers: Any) -> str | None:
        return headers.get("x-forwarded-access-token")

    with Served(asgi.router(engine.jobs(), on_behalf_of=user, environment={})) as http:
        assert http.get("/hello/runs").status_code == 200
        as_user = {"x-forwarded-access-token": engine.token}
        assert http.get("/hello/runs", headers=as_user).status_code == 200
        refused = http.get("/hello/runs", headers={"x-forwarded-access-token": "somebody else"})
        assert refused.status_code in (401, 403)


def test_a_client_that_leaves_leaves_its_run(engine: LocalEngine, routes: httpx.Client) -> None:
    with routes.stream("POST", "/sleep/run?stream=true", json={}) as stream:
        line = next(line for line in stream.iter_lines() if line.startswith("data: "))
    run_id = int(json.loads(line.removeprefix("data: "))["runId"])
    jobs = engine.jobs()
    assert not jobs.get_run(run_id).is_terminal
    jobs.cancel_run(run_id)


def test_a_schema_that_is_not_one_is_refused_when_the_routes_are_made(engine: LocalEngine) -> None:
    with pytest.raises(lakeflow_jobs.LakeflowError):
        asgi.router(engine.jobs({"x": {"params": {"type": "strin"}}}))
