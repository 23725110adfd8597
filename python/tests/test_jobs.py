"""The client against a local engine: triggers, waits, results, faults, sync and async."""

from __future__ import annotations

import asyncio
import datetime
import pickle
import socket
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydantic
import pytest

import lakeflow_jobs
from lakeflow_jobs import AsyncJobs, JobConfig, Jobs, LocalEngine, Run, RunFailed

DAY = {
    "required": ["name"],
    "properties": {"name": {"type": "string", "minLength": 2}},
    "additionalProperties": False,
}


def test_a_run_from_trigger_to_result(jobs: Jobs) -> None:
    states = []
    wait = jobs("greets").run_and_wait(name="you")
    assert wait.run_id is None
    for run in wait:
        states.append(run.state)
    assert states[-1] == "SUCCESS"
    assert run.parameters == {"name": "you"}
    assert run.task("greet").state == "SUCCESS"
    assert wait.run == run and wait.run_id == run.run_id
    assert list(wait) == []
    assert run.start_time is not None and run.start_time.tzinfo is not None
    assert run.to_dict()["run_id"] == run.run_id
    assert jobs.get_run(run.run_id).task("greet").to_dict()["task_key"] == "greet"
    assert pickle.loads(pickle.dumps(run)) == run
    with pytest.raises(lakeflow_jobs.NotFound, match="greet"):
        run.task("nope")


def test_a_run_that_fails(jobs: Jobs) -> None:
    with pytest.raises(RunFailed) as caught:
        jobs("fails").run(progress=False)
    error = caught.value
    (task,) = error.failed_tasks
    assert (task.key, task.error) == ("break", "ValueError: broken on purpose")
    assert "broken on purpose" in (task.trace or "")
    assert error.code == "RUN_FAILED" and not error.retryable
    assert error.page_url == error.run.page_url and error.page_url.startswith("http")
    assert error.run_id == error.run.run_id
    assert str(error.run_id) in str(error) and "break" in str(error)
    assert [task.key for task in error.run.failed_tasks] == ["break"]
    run = jobs("fails").run(check=False, progress=False)
    assert (run.state, run.is_success, run.is_terminal) == ("FAILED", False, True)
    assert run.progress == {"total": 2, "waiting": 0, "active": 0, "succeeded": 0, "failed": 1, "skipped": 1}


def test_iterating_a_run_that_fails_gives_it_first(jobs: Jobs) -> None:
    seen: list[Run] = []
    with pytest.raises(RunFailed):
        for run in jobs("fails").run_and_wait():
            seen.append(run)
    assert seen[-1].state == "FAILED"


def test_a_wait_that_is_over_before_the_run(jobs: Jobs) -> None:
    run_id = jobs("sleep").run_now()
    with pytest.raises(lakeflow_jobs.WaitTimedOut) as caught:
        jobs.wait(run_id, timeout=0.2, progress=False)
    assert caught.value.run_id == run_id and isinstance(caught.value, TimeoutError)
    assert not jobs.get_run(run_id).is_terminal
    with pytest.raises(lakeflow_jobs.WaitTimedOut):
        jobs.wait(run_id, timeout=datetime.timedelta(seconds=0.2), cancel_on_timeout=True, progress=False)
    assert jobs.wait(run_id, check=False, progress=False).state == "CANCELED"


def test_a_wait_is_stopped_from_another_thread(jobs: Jobs) -> None:
    wait = jobs("sleep").run_and_wait()
    next(wait)
    threading.Thread(target=wait.stop).start()
    with pytest.raises(lakeflow_jobs.Interrupted):
        for _ in wait:
            pass
    assert wait.run_id is not None
    jobs.cancel_run(wait.run_id)


def test_configured_jobs(engine: LocalEngine) -> None:
    jobs = engine.jobs({"greets": JobConfig("job_parameters", DAY), "short": {"id": engine.job_ids["hello"]}})
    assert jobs("short").run(progress=False).name == "hello"
    with pytest.raises(lakeflow_jobs.InvalidParameters) as caught:
        jobs("greets").run_now(name="x", nme="y")
    assert [v.path for v in caught.value.violations] == ["/name", "/nme"]
    assert 'did you mean "name"' in str(caught.value)
    with pytest.raises(lakeflow_jobs.InvalidParameters, match="is missing"):
        jobs("greets").run_now()
    with pytest.raises(lakeflow_jobs.InvalidArgument, match="given twice: name"):
        jobs("greets").run_now({"name": "ab"}, name="cd")


class Model(pydantic.BaseModel):
    name: datetime.date


@dataclass
class Data:
    name: datetime.date


@pytest.mark.parametrize("kind", [Model, Data])
def test_instances_of_models_are_parameters(engine: LocalEngine, kind: Any) -> None:
    jobs = engine.jobs({"greets": JobConfig("job_parameters", kind)})
    request = jobs("greets").request(kind(name=datetime.date(2026, 3, 1)))
    assert request["job_parameters"] == {"name": "2026-03-01"}
    with pytest.raises(lakeflow_jobs.InvalidParameters, match="not a valid date"):
        jobs("greets").request(name="today")


def test_parameters_that_the_job_does_not_have(jobs: Jobs) -> None:
    with pytest.raises(lakeflow_jobs.InvalidParameters, match="did you mean `name`") as caught:
        jobs("greets").run_now(nam="x")
    assert [problem.code for problem in caught.value.problems] == ["unknown_parameter"]


def test_jobs_that_are_not_there(jobs: Jobs) -> None:
    for key in ("nope", 17):
        with pytest.raises(lakeflow_jobs.NotFound, match=str(key)):
            jobs(key).run_now()
    with pytest.raises(lakeflow_jobs.NotFound):
        jobs.get_run(1)


def test_a_definition_that_cannot_be_read(jobs: Jobs) -> None:
    with pytest.raises(lakeflow_jobs.InvalidDefinition, match="tasks"):
        jobs.create_job({"name": "x", "tasks": 5})


def test_a_host_that_is_not_reachable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    jobs = Jobs(host=f"http://127.0.0.1:{port}", token="secret-token")
    with pytest.raises(lakeflow_jobs.Unreachable) as caught:
        jobs.list_jobs()
    assert caught.value.context["host"] == f"http://127.0.0.1:{port}"
    assert caught.value.retryable and isinstance(caught.value, ConnectionError)
    assert "secret-token" not in repr(jobs) + str(caught.value) + repr(vars(caught.value))


def test_a_wrong_token(engine: LocalEngine) -> None:
    with pytest.raises(lakeflow_jobs.Unauthenticated) as caught:
        Jobs(host=engine.url, token="wrong").list_jobs()
    assert "wrong" not in str(caught.value).replace("is wrong", "")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"timeout": -1}, "seconds"),
        ({"timeout": float("nan")}, "seconds"),
        ({"on_interrupt": "explode"}, "leave"),
    ],
)
def test_options_that_make_no_sense(jobs: Jobs, options: dict[str, Any], said: str) -> None:
    with pytest.raises(lakeflow_jobs.InvalidArgument, match=said):
        jobs("hello").run_and_wait(**options)


def test_fifty_megabytes_of_parameters(jobs: Jobs) -> None:
    with pytest.raises(lakeflow_jobs.InvalidParameters, match="more than 1048576 bytes"):
        jobs("greets").run_now(name="x" * (50 << 20))


def test_async_is_the_same(async_jobs: AsyncJobs) -> None:
    async def main() -> tuple[list[str], Run, list[Run]]:
        states = [run.state async for run in async_jobs("hello").run_and_wait()]
        failed = await async_jobs("fails").run(check=False)
        with pytest.raises(RunFailed):
            await async_jobs("fails").run()
        with pytest.raises(lakeflow_jobs.NotFound):
            await async_jobs("nope").run_now()
        return states, failed, await asyncio.gather(*(async_jobs("hello").run() for _ in range(5)))

    states, failed, many = asyncio.run(main())
    assert states[-1] == "SUCCESS" and failed.state == "FAILED"
    assert len({run.run_id for run in many}) == 5 and all(run.is_success for run in many)


def test_many_waits_share_few_threads(async_jobs: AsyncJobs, jobs: Jobs) -> None:
    async def main() -> int:
        run_id = await async_jobs("sleep").run_now()
        waits = [asyncio.ensure_future(async_jobs.wait(run_id, check=False)) for _ in range(100)]
        await asyncio.sleep(0)
        async for run in async_jobs.watch(run_id, check=False):
            if run.state == "RUNNING":
                break
        threads = len(list(Path("/proc/self/task").iterdir())) if sys.platform == "linux" else 0
        await async_jobs.cancel_run(run_id)
        assert {run.state for run in await asyncio.gather(*waits)} == {"CANCELED"}
        return threads

    assert asyncio.run(main()) < 60


def test_a_cancelled_task_leaves_or_cancels_its_run(async_jobs: AsyncJobs) -> None:
    async def main() -> tuple[str, str]:
        ends = []
        for on_interrupt in ("leave", "cancel"):
            wait = async_jobs("sleep").run_and_wait(on_interrupt=on_interrupt, check=False)
            await wait.__anext__()
            task = asyncio.ensure_future(wait.result())
            await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert wait.run_id is not None
            if on_interrupt == "leave":
                ends.append((await async_jobs.get_run(wait.run_id)).is_terminal)
                await async_jobs.cancel_run(wait.run_id)
            else:
                ends.append((await async_jobs.wait(wait.run_id, check=False)).state)
        return tuple(ends)

    assert asyncio.run(main()) == (False, "CANCELED")


def test_sync_calls_work_inside_a_running_loop(jobs: Jobs) -> None:
    async def cell() -> str:
        return jobs("hello").run(progress=False).state

    assert asyncio.run(cell()) == "SUCCESS"


def test_threads_wait_side_by_side(jobs: Jobs) -> None:
    states: list[str] = []
    threads = [
        threading.Thread(target=lambda: states.append(jobs("hello").run(progress=False).state)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states == ["SUCCESS"] * 4


def test_tables(jobs: Jobs) -> None:
    run = jobs("fails").run(check=False, progress=False)
    frame = run.to_pandas()
    assert list(frame["task_key"]) == ["break", "after"]
    assert str(frame["start_time"].dtype) == "datetime64[ns, UTC]"
    table = run.to_arrow()
    assert table.column("task_run_id").to_pylist() == [task.run_id for task in run.tasks]
    assert lakeflow_jobs.runs_to_pandas([run]).loc[0, "outcome"] == "FAILED"
    assert lakeflow_jobs.runs_to_arrow([run]).column("run_id").to_pylist() == [run.run_id]


def test_both_ways_have_the_same_methods() -> None:
    import inspect

    for one, other in ((Jobs, AsyncJobs), (lakeflow_jobs.Job, lakeflow_jobs.AsyncJob)):
        names = {name for name in vars(one) if not name.startswith("_")}
        assert names == {name for name in vars(other) if not name.startswith("_")}
        for name in names:
            mine, theirs = vars(one)[name], vars(other)[name]
            if callable(mine):
                assert list(inspect.signature(mine).parameters) == list(inspect.signature(theirs).parameters), name


def test_a_bundle_with_errors_starts_nothing(tmp_path: Path) -> None:
    (tmp_path / "databricks.yml").write_text("resources:\n  jobs:\n    a:\n      tasks: [{task_key: x}]\n")
    with pytest.raises(lakeflow_jobs.InvalidDefinition) as caught:
        LocalEngine(tmp_path).start()
    assert caught.value.problems and caught.value.problems[0].position
    with pytest.raises(lakeflow_jobs.NotFound):
        LocalEngine(tmp_path / "nowhere").start()
    with pytest.raises(lakeflow_jobs.InvalidArgument, match="data folder"):
        LocalEngine().start()


def test_an_engine_stops_and_starts_again(bundle: Path, tmp_path: Path) -> None:
    engine = LocalEngine(bundle, data=tmp_path)
    with pytest.raises(lakeflow_jobs.InvalidState, match="does not run"):
        engine.jobs()
    with engine:
        first = engine.jobs()("hello").run(progress=False)
        with pytest.raises(lakeflow_jobs.LakeflowError):
            LocalEngine(bundle, data=tmp_path).start()
    engine.stop()
    with engine:
        last = engine.jobs()("hello").last_run()
        assert last is not None and last.run_id == first.run_id


def test_the_rarer_methods(jobs: Jobs, async_jobs: AsyncJobs, bundle: Path) -> None:
    tasks = [{"task_key": "once", "notebook_task": {"notebook_path": str(bundle / "hello.py")}}]
    run = jobs.submit_and_wait({"run_name": "once", "tasks": tasks})
    assert (run.state, run.name) == ("SUCCESS", "once")
    assert jobs.wait(jobs.submit({"tasks": tasks}), progress=False).is_success
    jobs.delete_run(run.run_id)
    with pytest.raises(lakeflow_jobs.NotFound):
        jobs.get_run(run.run_id)
    job_id = jobs.create_job({"name": "changing", "tasks": tasks, "max_concurrent_runs": 3})
    jobs.update_job(job_id, {"name": "changed"}, fields_to_remove=["max_concurrent_runs"])
    assert jobs.get_job(job_id)["settings"]["name"] == "changed"
    assert jobs.get_permissions(job_id)["object_id"].endswith(str(job_id))
    assert jobs.get_permission_levels(job_id)["permission_levels"]
    jobs.update_permissions(job_id, [{"user_name": "a@example.com", "permission_level": "CAN_VIEW"}])
    jobs.cancel_all_runs(job_id)
    jobs.cancel_queued_runs(job_id)

    async def main() -> tuple[Run, dict[str, Any]]:
        return await async_jobs.submit_and_wait({"tasks": tasks}), await async_jobs.get_permissions(job_id)

    run, permissions = asyncio.run(main())
    assert run.is_success and "a@example.com" in str(permissions)
    jobs.delete_job(job_id)


TICK = """
bundle:
  name: ticks
resources:
  jobs:
    tick:
      name: tick
      schedule: {quartz_cron_expression: "0 0 6 * * ?", timezone_id: UTC}
      tasks:
        - task_key: a
          condition_task: {op: EQUAL_TO, left: "1", right: "1"}
"""


# LOCAL[triggers] own: `LocalEngine` of Python fires triggers only when it is asked to, and moves a clock of its own
def test_triggers_of_a_local_engine_fire_when_they_are_asked_to(tmp_path: Path) -> None:
    (tmp_path / "databricks.yml").write_text(TICK, encoding="utf-8")
    with LocalEngine(tmp_path, clock="2026-03-01T00:00:00Z") as engine:
        assert engine.advance(days=2) == 0
    with LocalEngine(tmp_path, data=tmp_path / "other", triggers=True, clock="2026-03-01T00:00:00Z") as engine:
        assert engine.advance(days=1, hours=5) == 1
        assert engine.advance(3600) == 1
        runs = engine.jobs()("tick").list_runs()
        assert [run.trigger for run in runs] == ["PERIODIC", "PERIODIC"]
    with LocalEngine(tmp_path, data=tmp_path / "third") as engine:
        with pytest.raises(lakeflow_jobs.InvalidState):
            engine.advance(hours=1)
    with pytest.raises(lakeflow_jobs.InvalidArgument, match="clock"):
        LocalEngine(tmp_path, data=tmp_path / "fourth", clock="tomorrow").start()
