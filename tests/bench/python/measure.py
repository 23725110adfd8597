"""Measures the Python package beside what Python users have: one JSON object on the last line.

    measure.py WHAT        in a process of its own where memory counts

`import:MODULE` and `waits:MODULE` are started by the others as children. Medians of several rounds.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable

HERE = Path(__file__).resolve().parent
SMALL = {
    "type": "object",
    "required": ["a", "b", "c"],
    "properties": {"a": {"type": "string"}, "b": {"type": "string"}, "c": {"type": "string"}, "d": {"type": "boolean"}},
    "additionalProperties": False,
}
SMALL_VALID = {"a": "one", "b": "two", "c": "three", "d": True}


def large() -> tuple[dict[str, Any], dict[str, Any]]:
    """40 fields: nested objects, arrays of objects, enums, patterns, formats, oneOf; an instance of about 3.5 kB."""
    column = {
        "type": "object",
        "required": ["name", "type"],
        "properties": {
            "name": {"type": "string", "pattern": "^[a-z_]+[0-9]*$", "maxLength": 64},
            "type": {"enum": ["string", "int", "double", "date"]},
            "nullable": {"type": "boolean"},
            "comment": {"type": "string"},
        },
        "additionalProperties": False,
    }
    properties: dict[str, Any] = {
        "columns": {"type": "array", "items": column, "minItems": 1, "maxItems": 100},
        "day": {"type": "string", "format": "date"},
        "mail": {"type": "string", "format": "email"},
        "mode": {"enum": ["append", "overwrite", "merge"]},
        "source": {
            "oneOf": [
                {"type": "object", "required": ["table"], "properties": {"table": {"type": "string"}}, "additionalProperties": False},
                {"type": "object", "required": ["path"], "properties": {"path": {"type": "string"}}, "additionalProperties": False},
            ]
        },
        "cluster": {
            "type": "object",
            "required": ["workers"],
            "properties": {"workers": {"type": "integer", "minimum": 1, "maximum": 100}, "spot": {"type": "boolean"}},
        },
    }
    instance: dict[str, Any] = {
        "columns": [
            {"name": f"column_{n}", "type": "string", "nullable": n % 2 == 0, "comment": "a column of the table " * 3}
            for n in range(20)
        ],
        "day": "2026-01-01",
        "mail": "someone@example.com",
        "mode": "merge",
        "source": {"path": "/Volumes/main/raw/orders"},
        "cluster": {"workers": 4, "spot": True},
    }
    for n in range(34):
        kind = ("string", "integer", "number", "boolean")[n % 4]
        properties[f"field_{n}"] = {"type": kind}
        instance[f"field_{n}"] = {"string": "text", "integer": n, "number": n / 2, "boolean": True}[kind]
    schema = {
        "type": "object",
        "required": ["columns", "day", "mode", "source"],
        "properties": properties,
        "additionalProperties": False,
    }
    return schema, instance


def medians_ns(calls: dict[str, Callable[[], Any]], rounds: int = 15) -> dict[str, float]:
    """Median time of one call of each, in nanoseconds. They take turns, so that a busy machine is busy for all of them."""
    numbers = {name: repetitions(call) for name, call in calls.items()}
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            started = time.perf_counter_ns()
            for _ in range(numbers[name]):
                call()
            times[name].append((time.perf_counter_ns() - started) / numbers[name])
    return {name: statistics.median(each) for name, each in times.items()}


def repetitions(call: Callable[[], Any]) -> int:
    """As many as take about ten milliseconds."""
    call()
    number = 1
    while True:
        started = time.perf_counter_ns()
        for _ in range(number):
            call()
        took = time.perf_counter_ns() - started
        if took > 10_000_000:
            return number
        number = max(number * 2, int(number * 10_000_000 / max(took, 1)))


def memory_mb() -> float:
    """Resident memory of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    return float("nan")


def child(*arguments: str, **environment: str) -> dict[str, Any]:
    command = [sys.executable, "-B", __file__, *arguments]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "it failed")
    return json.loads(done.stdout.splitlines()[-1])


def importing(module: str) -> dict[str, Any]:
    before = memory_mb()
    started = time.perf_counter()
    __import__(module)
    return {"ms": (time.perf_counter() - started) * 1000, "mb": memory_mb() - before}


def imports() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, module in (("ours", "lakeflow_jobs"), ("databricks-sdk", "databricks.sdk")):
        rounds = [child(f"import:{module}") for _ in range(9)]
        found[f"import_ms:{name}"] = statistics.median(r["ms"] for r in rounds)
        found[f"import_mb:{name}"] = statistics.median(r["mb"] for r in rounds)
    return found


def validation() -> dict[str, Any]:
    import fastjsonschema
    import jsonschema
    import pydantic

    import lakeflow_jobs

    schema, instance = large()

    class Small(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(extra="forbid")
        a: str
        b: str
        c: str
        d: bool = False

    # pydantic's model of the same large schema.
    from typing import Annotated, Literal

    class Column(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(extra="forbid")
        name: Annotated[str, pydantic.Field(pattern="^[a-z_]+[0-9]*$", max_length=64)]
        type: Literal["string", "int", "double", "date"]
        nullable: bool = False
        comment: str = ""

    class Table(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(extra="forbid")
        table: str

    class Files(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(extra="forbid")
        path: str

    class Cluster(pydantic.BaseModel):
        workers: Annotated[int, pydantic.Field(ge=1, le=100)]
        spot: bool = False

    kinds: dict[str, Any] = {"string": str, "integer": int, "number": float, "boolean": bool}
    fields: dict[str, Any] = {
        "columns": (Annotated[list[Column], pydantic.Field(min_length=1, max_length=100)], ...),
        "day": (Annotated[str, pydantic.Field(pattern=r"^\d{4}-\d{2}-\d{2}$")], ...),
        "mail": (str, ""),
        "mode": (Literal["append", "overwrite", "merge"], ...),
        "source": (Table | Files, ...),
        "cluster": (Cluster | None, None),
    }
    for name, value in schema["properties"].items():
        if name.startswith("field_"):
            fields[name] = (kinds[value["type"]] | None, None)
    Large = pydantic.create_model("Large", __config__=pydantic.ConfigDict(extra="forbid"), **fields)

    found: dict[str, Any] = {}
    for size, (rules, value, model) in {
        "small": (SMALL, SMALL_VALID, Small),
        "large": (schema, instance, Large),
    }.items():
        ours = lakeflow_jobs.ParamSchema(rules)
        assert ours.validate(value) == [], ours.validate(value)
        wrong = {**value, "b" if size == "small" else "mode": 5}
        assert len(ours.validate(wrong)) >= 1
        core = pydantic.TypeAdapter(model).validator
        fast = fastjsonschema.compile(rules)
        pure = jsonschema.Draft202012Validator(rules)

        def failing(call: Callable[[], Any]) -> Callable[[], Any]:
            def inner() -> Any:
                try:
                    call()
                except Exception as error:
                    return error.errors() if hasattr(error, "errors") else error

            return inner

        valid = medians_ns(
            {
                "ours": lambda: ours.validate(value),
                "pydantic": lambda: core.validate_python(value),
                "fastjsonschema": lambda: fast(value),
                "jsonschema": lambda: list(pure.iter_errors(value)),
            }
        )
        invalid = medians_ns(
            {
                "ours": lambda: ours.validate(wrong),
                "pydantic": failing(lambda: core.validate_python(wrong)),
                "fastjsonschema": failing(lambda: fast(wrong)),
                "jsonschema": lambda: list(pure.iter_errors(wrong)),
            }
        )
        for name in valid:
            found[f"{size}_valid_us:{name}"] = valid[name] / 1000
            found[f"{size}_wrong_us:{name}"] = invalid[name] / 1000
    return found


def pages(tasks: int) -> list[bytes]:
    """A run of so many tasks as `runs/get` gives it: pages of a hundred."""
    found = []
    for start in range(0, tasks, 100):
        found.append(
            json.dumps(
                {
                    "run_id": 42,
                    "job_id": 7,
                    "run_name": "nightly",
                    "run_page_url": "https://example.com/#job/7/run/42",
                    "state": {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS", "state_message": ""},
                    "status": {"state": "TERMINATED", "termination_details": {"code": "SUCCESS", "type": "SUCCESS", "message": ""}},
                    "start_time": 1760000000000,
                    "end_time": 1760000600000,
                    "tasks": [task(n) for n in range(start, min(start + 100, tasks))],
                    **({"next_page_token": f"p{start}"} if start + 100 < tasks else {}),
                }
            ).encode()
        )
    return found


def task(n: int) -> dict[str, Any]:
    return {
        "run_id": 1000 + n,
        "task_key": f"task_{n:04d}",
        "description": f"loads table number {n} and checks what was loaded",
        "notebook_task": {"notebook_path": f"/Workspace/etl/load_{n}", "source": "WORKSPACE", "base_parameters": {"n": str(n), "day": "2026-01-01"}},
        "depends_on": [{"task_key": f"task_{max(n - 1, 0):04d}"}] if n else [],
        "run_if": "ALL_SUCCESS",
        "state": {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS", "state_message": "", "user_cancelled_or_timedout": False},
        "status": {"state": "TERMINATED", "termination_details": {"code": "SUCCESS", "type": "SUCCESS", "message": ""}},
        "run_page_url": f"https://example.com/#job/7/run/{1000 + n}",
        "start_time": 1760000000000 + n,
        "end_time": 1760000060000 + n,
        "setup_duration": 1000,
        "execution_duration": 58000,
        "cleanup_duration": 1000,
        "attempt_number": 0,
        "cluster_instance": {"cluster_id": "0923-164208-meows279", "spark_context_id": "4348585301701786933"},
        "existing_cluster_id": "0923-164208-meows279",
        "libraries": [{"pypi": {"package": "requests"}}],
        "timeout_seconds": 0,
        "email_notifications": {},
        "webhook_notifications": {},
    }


def reading() -> dict[str, Any]:
    """Text of a run of 1,000 tasks to the key and the state of each task."""
    import orjson
    from databricks.sdk.service.jobs import Run as SdkRun

    from lakeflow_jobs import Run

    texts = pages(1000)

    def ours() -> int:
        return sum(task.state == "SUCCESS" and bool(task.key) for task in Run.from_json(texts).tasks)

    def dictionaries(loads: Callable[[bytes], Any]) -> int:
        tasks = [task for text in texts for task in loads(text)["tasks"]]
        return sum(task["state"]["result_state"] == "SUCCESS" and bool(task["task_key"]) for task in tasks)

    def sdk() -> int:
        tasks = [task for text in texts for task in SdkRun.from_dict(json.loads(text)).tasks]
        return sum(task.state.result_state.value == "SUCCESS" and bool(task.task_key) for task in tasks)

    assert ours() == dictionaries(orjson.loads) == sdk() == 1000
    times = medians_ns(
        {
            "ours": ours,
            "orjson": lambda: dictionaries(orjson.loads),
            "json": lambda: dictionaries(json.loads),
            "databricks-sdk": sdk,
        }
    )
    return {f"read_ms:{name}": each / 1e6 for name, each in times.items()}


class Fake(BaseHTTPRequestHandler):
    """A host whose runs last until they are told to end."""

    protocol_version = "HTTP/1.1"
    over = threading.Event()

    def do_GET(self) -> None:
        state = {"life_cycle_state": "RUNNING"}
        if self.over.is_set():
            state = {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS"}
        run_id = 1
        if "run_id=" in self.path:
            run_id = int(self.path.split("run_id=")[1].split("&")[0])
        run = {"run_id": run_id, "job_id": 7, "state": state, "tasks": []}
        runs = [{**run, "run_id": n} for n in range(1, 201)] if not self.over.is_set() else []
        body = json.dumps({"runs": runs[:25]} if "runs/list" in self.path else run).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512


def waits() -> dict[str, Any]:
    """200 waits at once in a process of their own, against a host in this one."""
    found: dict[str, Any] = {}
    for name in ("ours", "databricks-sdk"):
        Fake.over.clear()
        server = Server(("127.0.0.1", 0), Fake)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        command = [sys.executable, "-B", __file__, f"waits:{name}"]
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, text=True, env={**os.environ, "FAKE_HOST": url}
            )
            assert process.stdout is not None
            line = process.stdout.readline()
            Fake.over.set()
            process.stdout.read()
            process.wait()
            if not line:
                errors.seek(0)
                raise RuntimeError(errors.read().decode()[-300:])
        server.shutdown()
        for key, value in json.loads(line).items():
            found[f"{key}:{name}"] = value
    return found


def threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def waits_ours() -> None:
    import asyncio

    from lakeflow_jobs import AsyncJobs

    async def main() -> None:
        jobs = AsyncJobs(host=os.environ["FAKE_HOST"], token="t")
        before = threads()
        waits = [asyncio.ensure_future(jobs.wait(n, check=False)) for n in range(1, 201)]
        await asyncio.sleep(10)
        print(json.dumps({"waits_mb": memory_mb(), "waits_threads": threads() - before}), flush=True)
        await asyncio.gather(*waits)

    asyncio.run(main())


def waits_sdk() -> None:
    from databricks.sdk import WorkspaceClient

    client = WorkspaceClient(host=os.environ["FAKE_HOST"], token="t")
    before = threads()
    workers = [
        threading.Thread(target=client.jobs.wait_get_run_job_terminated_or_skipped, args=(n,), daemon=True)
        for n in range(1, 201)
    ]
    for worker in workers:
        worker.start()
    time.sleep(10)
    print(json.dumps({"waits_mb": memory_mb(), "waits_threads": threads() - before}), flush=True)
    for worker in workers:
        worker.join()


def main() -> None:
    what = sys.argv[1]
    if what.startswith("import:"):
        print(json.dumps(importing(what.removeprefix("import:"))))
    elif what == "waits:ours":
        waits_ours()
    elif what == "waits:databricks-sdk":
        waits_sdk()
    else:
        found: dict[str, Any] = {}
        for part in (imports, validation, reading, waits):
            print(f"measure: {part.__name__}", file=sys.stderr)
            found.update(part())
        print(json.dumps(found))


if __name__ == "__main__":
    main()
