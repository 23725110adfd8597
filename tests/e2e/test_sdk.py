"""Runs, as the unmodified Python SDK sees them: what other local emulators get wrong, and its waiters.

Order is proved by files that tasks make and wait for, never by the clock.
"""

import io
import json
import os
import zipfile

import local
import pytest
import requests
from databricks.sdk.errors import BadRequest, InvalidParameterValue, OperationFailed
from databricks.sdk.service import compute, jobs
from local import LifeCycle, Result, by_key, condition, notebook, results, script, until

State = jobs.RunLifecycleStateV2State
Code = jobs.TerminationCodeCode


# LOCAL[clients] same: the unmodified Python SDK creates a job, runs it and reads its output
def test_hello(workspace):
    run = workspace.run(script("hello", "hello", "from", "here"))
    assert (run.state.life_cycle_state, run.state.result_state) == (LifeCycle.TERMINATED, Result.SUCCESS)
    (task,) = run.tasks
    output = workspace.output(task)
    assert (output.logs, output.logs_truncated, output.error) == ("hello from here\n", False, None)
    assert run.start_time <= run.end_time
    assert task.attempt_number == 0


# LOCAL[clients] same: tasks of a run are listed from its first moment, with their states
def test_tasks_are_visible_while_they_run(workspace, tmp_path):
    gate, waiting = tmp_path / "gate", tmp_path / "waiting"
    job = workspace.create(
        script("first", "wait_for", gate, waiting), script("second", "hello", depends_on=["first"])
    )
    run_id = workspace.start(job)
    until("the first task", waiting.exists)
    run = workspace.jobs.get_run(run_id)
    assert (run.state.life_cycle_state, run.status.state, run.end_time) == (LifeCycle.RUNNING, State.RUNNING, 0)
    first, second = by_key(run)["first"], by_key(run)["second"]
    assert (first.state.life_cycle_state, first.status.state) == (LifeCycle.RUNNING, State.RUNNING)
    assert (second.state.life_cycle_state, second.status.state) == (LifeCycle.BLOCKED, State.BLOCKED)
    assert len({run_id, first.run_id, second.run_id}) == 3
    gate.touch()
    run = workspace.ended(run_id)
    assert run.status.termination_details.code == Code.SUCCESS
    assert run.status.termination_details.type == jobs.TerminationTypeType.SUCCESS
    assert by_key(run)["second"].run_id == second.run_id


# LOCAL[graph] same: a task starts the moment its own dependencies allow, not when a wave ends
def test_each_task_starts_when_its_own_dependencies_allow(workspace, tmp_path):
    # `slow` ends only after `late`, which waits for `quick`: where waves are run one after the other, it never does.
    done = tmp_path / "done"
    run = workspace.run(
        script("slow", "wait_for", done),
        script("quick", "hello"),
        script("late", "touch", done, depends_on=["quick"]),
    )
    assert set(results(run).values()) == {Result.SUCCESS}


# LOCAL[rest] same: a failed run has `error`, `error_trace`, legacy `state` and `status`; its job run reports `INTERNAL_ERROR`
def test_a_failure_is_told(workspace):
    run = workspace.run(
        script("good", "hello"), script("bad", "fail", "boom"), script("next", "hello", depends_on=["bad"])
    )
    # A job run with a failed task ends as on the platform (reference section 8.4), so that waiters raise.
    assert (run.state.life_cycle_state, run.state.result_state) == (LifeCycle.INTERNAL_ERROR, Result.FAILED)
    details = run.status.termination_details
    assert (run.status.state, details.code) == (State.TERMINATED, Code.RUN_EXECUTION_ERROR)
    assert run.state.state_message == (
        "Task bad failed with message: Workload failed, see run output for details. "
        "This caused all downstream tasks to get skipped."
    )
    bad, late = by_key(run)["bad"], by_key(run)["next"]
    assert (bad.state.life_cycle_state, bad.state.result_state) == (LifeCycle.TERMINATED, Result.FAILED)
    assert (late.state.life_cycle_state, late.state.result_state) == (LifeCycle.SKIPPED, Result.UPSTREAM_FAILED)
    output = workspace.output(bad)
    assert output.error == "RuntimeError: boom"
    assert "Traceback" in output.error_trace and "fail.py" in output.error_trace
    assert "RuntimeError: boom" in output.logs
    with pytest.raises(BadRequest, match="Retrieving the output of runs with multiple tasks is not supported"):
        workspace.jobs.get_run_output(run.run_id)


MET = Result.SUCCESS
LATER = {
    # run_if: result after a success, after a failure, after both (reference section 9.3)
    "ALL_SUCCESS": (MET, Result.UPSTREAM_FAILED, Result.UPSTREAM_FAILED),
    "AT_LEAST_ONE_SUCCESS": (MET, Result.UPSTREAM_FAILED, MET),
    "NONE_FAILED": (MET, Result.UPSTREAM_FAILED, Result.UPSTREAM_FAILED),
    "ALL_DONE": (MET, MET, MET),
    "AT_LEAST_ONE_FAILED": (Result.EXCLUDED, MET, MET),
    "ALL_FAILED": (Result.EXCLUDED, MET, Result.EXCLUDED),
}


# LOCAL[graph] same: the six `run_if` conditions
def test_run_if(workspace):
    upstream = (["good"], ["bad"], ["good", "bad"])
    tasks = [script("good", "hello"), script("bad", "fail", "on purpose")]
    expected = {"good": Result.SUCCESS, "bad": Result.FAILED}
    for name, ends in LATER.items():
        for place, end in enumerate(ends):
            key = f"{name}_{place}"
            tasks.append(condition(key, depends_on=upstream[place], run_if=jobs.RunIf(name)))
            expected[key] = end
    assert results(workspace.run(*tasks)) == expected


# LOCAL[graph] same: `SUCCESS_WITH_FAILURES` when every leaf succeeded
def test_a_leaf_that_absorbs_a_failure(workspace):
    run = workspace.run(
        script("bad", "fail", "on purpose"), condition("tell", depends_on=["bad"], run_if=jobs.RunIf.ALL_DONE)
    )
    assert (run.state.life_cycle_state, run.state.result_state) == (
        LifeCycle.TERMINATED,
        Result.SUCCESS_WITH_FAILURES,
    )


# LOCAL[rest] same: an idempotency token starts one run
def test_a_token_starts_one_run(workspace):
    job = workspace.create(condition("only"))
    first = workspace.start(job, idempotency_token="token-of-test")
    assert workspace.start(job, idempotency_token="token-of-test") == first
    assert workspace.start(job, idempotency_token="another-token") != first
    assert len(list(workspace.jobs.list_runs(job_id=job))) == 2
    with pytest.raises(BadRequest, match="65 characters"):
        workspace.start(job, idempotency_token="x" * 65)


# LOCAL[runs] same: cancel of a job run or a task run ends the process and what it started
def test_cancel_ends_the_task(workspace, tmp_path):
    waiting = tmp_path / "waiting"
    run_id = workspace.start(
        workspace.create(
            script("long", "wait_for", tmp_path / "never", waiting),
            script("next", "hello", depends_on=["long"]),
            script("handler", "hello", depends_on=["long"], run_if=jobs.RunIf.ALL_DONE),
        )
    )
    until("the long task", waiting.exists)
    pid = int(waiting.read_text())
    os.kill(pid, 0)
    # The script would wait for ten minutes.
    run = workspace.jobs.cancel_run_and_wait(run_id)
    assert (run.state.life_cycle_state, run.state.result_state) == (LifeCycle.TERMINATED, Result.CANCELED)
    assert run.status.termination_details.code == Code.USER_CANCELED
    assert run.state.user_cancelled_or_timedout is True
    ends = results(run)
    assert ends["long"] == Result.CANCELED
    assert {ends["next"], ends["handler"]} <= {Result.CANCELED, Result.UPSTREAM_CANCELED}

    def gone():
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return False

    until("the end of the process", gone)
    # A second cancel changes nothing.
    workspace.jobs.cancel_run(run_id)
    assert workspace.jobs.get_run(run_id).state.result_state == Result.CANCELED


def test_cancel_all(workspace, tmp_path):
    job = workspace.create(script("long", "wait_for", tmp_path / "never"), max_concurrent_runs=2)
    runs = [workspace.start(job) for _ in range(3)]
    workspace.jobs.cancel_all_runs(job_id=job)
    ends = [workspace.ended(run).state.result_state for run in runs]
    assert ends == [Result.CANCELED] * 3
    assert not list(workspace.jobs.list_runs(job_id=job, active_only=True))


# LOCAL[runs] same: repair of the failed tasks and what follows, with history and `latest_repair_id`
def test_repair(workspace, tmp_path):
    counts = {key: tmp_path / key for key in ("a", "b", "c")}
    tasks = [
        script("a", "count_up", counts["a"], 1),
        script("b", "count_up", counts["b"], 3, depends_on=["a"]),
        script("c", "count_up", counts["c"], 1, depends_on=["b"]),
    ]
    run = workspace.run(*tasks)
    run_id, original = run.run_id, {key: task.run_id for key, task in by_key(run).items()}
    assert run.state.result_state == Result.FAILED
    assert [item.type for item in run.repair_history] == [jobs.RepairHistoryItemType.ORIGINAL]

    repair = workspace.jobs.repair_run(run_id, rerun_all_failed_tasks=True).response.repair_id
    run = workspace.ended(run_id)
    assert run.state.result_state == Result.FAILED
    history = run.repair_history
    assert [item.type.value for item in history] == ["ORIGINAL", "REPAIR"]
    assert history[1].id == repair
    now = {key: task.run_id for key, task in by_key(run).items()}
    assert now["a"] == original["a"]
    assert {now["b"], now["c"]}.isdisjoint(original.values())
    assert {now["b"], now["c"]} == set(history[1].task_run_ids)

    with pytest.raises(BadRequest, match="latest_repair_id"):
        workspace.jobs.repair_run(run_id, rerun_all_failed_tasks=True)
    with pytest.raises(BadRequest, match="latest_repair_id"):
        workspace.jobs.repair_run(run_id, rerun_all_failed_tasks=True, latest_repair_id=repair + 1)
    workspace.jobs.repair_run(run_id, rerun_tasks=["b"], rerun_dependent_tasks=True, latest_repair_id=repair)
    run = workspace.ended(run_id)
    assert (run.run_id, run.state.result_state) == (run_id, Result.SUCCESS)
    assert len(run.repair_history) == 3
    lines = {key: len(file.read_text().splitlines()) for key, file in counts.items()}
    assert lines == {"a": 1, "b": 3, "c": 1}
    # What was left behind can still be read.
    assert workspace.jobs.get_run_output(original["b"]).error == "RuntimeError: 1 of 3"


# LOCAL[runs] same: an active run is not repaired
def test_an_active_run_is_not_repaired(workspace, tmp_path):
    gate = tmp_path / "gate"
    run_id = workspace.start(workspace.create(script("one", "wait_for", gate)))
    with pytest.raises(BadRequest):
        workspace.jobs.repair_run(run_id, rerun_tasks=["one"])
    gate.touch()
    assert workspace.ended(run_id).state.result_state == Result.SUCCESS


# LOCAL[runs] same: retries are attempts with their own run ids
def test_retries_are_attempts(workspace, tmp_path):
    run = workspace.run(script("shaky", "count_up", tmp_path / "count", 3, max_retries=2))
    assert run.state.result_state == Result.SUCCESS
    assert [task.attempt_number for task in run.tasks] == [0, 1, 2]
    assert [task.state.result_state for task in run.tasks] == [Result.FAILED, Result.FAILED, Result.SUCCESS]
    assert len({task.run_id for task in run.tasks}) == 3
    assert workspace.output(run.tasks[1]).error == "RuntimeError: 2 of 3"


# LOCAL[runs] same: time-outs of tasks
def test_a_task_times_out(workspace, tmp_path):
    run = workspace.run(script("slow", "wait_for", tmp_path / "never", timeout_seconds=1))
    assert (run.state.life_cycle_state, run.state.result_state) == (LifeCycle.TERMINATED, Result.TIMEDOUT)
    assert run.tasks[0].state.result_state == Result.TIMEDOUT


# LOCAL[graph] same: dynamic references, resolved and shown with `include_resolved_values`
def test_references_are_resolved(workspace):
    job = workspace.create(
        script("show", "hello", "{{job.parameters.day}}", "{{ job.id }}", "{{task.name}}"),
        parameters=[jobs.JobParameterDefinition(name="day", default="monday")],
    )
    run = workspace.ended(workspace.start(job, job_parameters={"day": "friday", "extra": "x"}))
    assert workspace.output(run.tasks[0]).logs == f"hello friday {job} show\n"
    assert run.tasks[0].resolved_values.spark_python_task.parameters == ["friday", str(job), "show"]
    shown = {p.name: (p.default, p.value) for p in run.job_parameters}
    # A parameter that the job does not know is added to the run (reference section 3.7).
    assert shown["day"] == ("monday", "friday")
    assert shown["extra"][1] == "x"
    run = workspace.ended(workspace.start(job))
    assert workspace.output(run.tasks[0]).logs == f"hello monday {job} show\n"


# LOCAL[control] same: condition tasks and their branches
def test_conditions_choose_a_branch(workspace):
    greater = jobs.ConditionTaskOp.GREATER_THAN_OR_EQUAL
    run = workspace.run(
        condition("check", "{{job.parameters.rows}}", greater, "12"),
        condition("yes", depends_on=[("check", "true")]),
        condition("no", depends_on=[("check", "false")]),
        condition("join", depends_on=["yes", "no"]),
        parameters=[jobs.JobParameterDefinition(name="rows", default="12.0")],
    )
    assert run.state.result_state == Result.SUCCESS
    assert results(run) == {"check": MET, "yes": MET, "no": Result.EXCLUDED, "join": MET}
    assert by_key(run)["check"].condition_task.outcome == "true"


# LOCAL[control] same: for-each tasks with iterations and statistics
def test_for_each(workspace):
    nested = script("one", "hello", "{{input.name}}")
    inputs = json.dumps([{"name": name} for name in "abc"])
    block = jobs.ForEachTask(inputs=inputs, concurrency=2, task=nested)
    run = workspace.run(jobs.Task(task_key="each", for_each_task=block))
    assert run.state.result_state == Result.SUCCESS
    (each,) = run.tasks
    stats = each.for_each_task.stats.task_run_stats
    assert (stats.total_iterations, stats.succeeded_iterations, stats.failed_iterations) == (3, 3, 0)
    iterations = workspace.jobs.get_run(each.run_id).iterations
    assert len(iterations) == 3
    assert {workspace.output(i).logs for i in iterations} == {"hello a\n", "hello b\n", "hello c\n"}


# LOCAL[control] same: run-job tasks with parameters pushed down
def test_run_job(workspace):
    child = workspace.create(
        script("greet", "hello", "{{job.parameters.who}}"),
        name="child",
        parameters=[jobs.JobParameterDefinition(name="who", default="nobody")],
    )
    block = jobs.RunJobTask(job_id=child, job_parameters={"who": "parent"})
    run = workspace.run(jobs.Task(task_key="call", run_job_task=block))
    assert run.state.result_state == Result.SUCCESS
    child_run = workspace.ended(workspace.output(run.tasks[0]).run_job_output.run_id)
    assert child_run.trigger == jobs.TriggerType.RUN_JOB_TASK
    assert child_run.trigger_info.run_id == run.tasks[0].run_id
    assert workspace.output(child_run.tasks[0]).logs == "hello parent\n"


def wheel():
    """A package with one entry point, as a wheel."""
    files = {
        "tell/__init__.py": "import sys\n\n\ndef main():\n    print('wheel', *sys.argv[1:])\n",
        "tell-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tell\nVersion: 1.0\n",
        "tell-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "tell-1.0.dist-info/entry_points.txt": "[console_scripts]\ntell-it = tell:main\n",
        "tell-1.0.dist-info/RECORD": "",
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return made.getvalue()


# LOCAL[python] same: wheel tasks with named parameters
def test_a_wheel(workspace):
    path = "/Volumes/main/default/libraries/tell-1.0-py3-none-any.whl"
    workspace.client.files.upload(path, io.BytesIO(wheel()), overwrite=True)
    block = jobs.PythonWheelTask(package_name="tell", entry_point="tell-it", named_parameters={"day": "friday"})
    task = jobs.Task(
        task_key="tell",
        python_wheel_task=block,
        existing_cluster_id="local",
        libraries=[compute.Library(whl=path)],
    )
    run = workspace.run(task)
    assert run.state.result_state == Result.SUCCESS, workspace.output(run.tasks[0])
    assert workspace.output(run.tasks[0]).logs == "wheel --day=friday\n"


# LOCAL[notebooks] same: a notebook task with widgets, task values and exit value
def test_a_notebook(workspace):
    path = f"{local.SHARED}/greeting"
    cells = [
        "# Databricks notebook source\nimport json\ndbutils.widgets.text('name', 'nobody')",
        "dbutils.jobs.taskValues.set('seen', dbutils.widgets.get('name'))",
        "dbutils.notebook.exit(json.dumps({'name': dbutils.widgets.get('name')}))",
        "raise RuntimeError('after exit')",
    ]
    workspace.put_notebook(path, "\n\n# COMMAND ----------\n\n".join(cells))
    run = workspace.run(
        notebook("greet", path, parameters={"name": "ada"}),
        script("later", "hello", "{{tasks.greet.values.seen}}", depends_on=["greet"]),
    )
    assert run.state.result_state == Result.SUCCESS
    output = workspace.output(by_key(run)["greet"])
    assert json.loads(output.notebook_output.result) == {"name": "ada"}
    assert (output.notebook_output.truncated, output.logs) == (False, None)
    assert workspace.output(by_key(run)["later"]).logs == "hello ada\n"
    (view,) = workspace.jobs.export_run(by_key(run)["greet"].run_id).views
    assert (view.type, view.name) == (jobs.ViewType.NOTEBOOK, "greeting")
    assert "dbutils.widgets" in view.content


# LOCAL[runs] same: `only` with `+` before and after a key
def test_only_what_was_chosen_is_run(workspace):
    job = workspace.create(condition("a"), condition("b", depends_on=["a"]), condition("c", depends_on=["b"]))
    assert set(results(workspace.ended(workspace.start(job, only=["+b"])))) == {"a", "b"}
    with pytest.raises(BadRequest, match="nothing"):
        workspace.start(job, only=["nothing"])


# LOCAL[runs] same: `max_concurrent_runs` with the queue on and off
def test_a_second_run_waits_or_is_skipped(workspace, tmp_path):
    gate = tmp_path / "gate"
    job = workspace.create(script("hold", "wait_for", gate), max_concurrent_runs=1)
    first = workspace.start(job)
    workspace.in_state(first, LifeCycle.RUNNING)
    second = workspace.start(job)
    waiting = workspace.in_state(second, LifeCycle.QUEUED)
    assert waiting.status.state == State.QUEUED
    assert waiting.status.queue_details.code == jobs.QueueDetailsCodeCode.MAX_CONCURRENT_RUNS_REACHED
    skipped = workspace.ended(workspace.start(job, queue=jobs.QueueSettings(enabled=False)))
    assert (skipped.state.life_cycle_state, skipped.state.result_state) == (
        LifeCycle.SKIPPED,
        Result.MAXIMUM_CONCURRENT_RUNS_REACHED,
    )
    assert skipped.status.termination_details.code == Code.MAX_CONCURRENT_RUNS_EXCEEDED
    gate.touch()
    ends = [workspace.ended(run).state.result_state for run in (first, second)]
    assert ends == [Result.SUCCESS, Result.SUCCESS]


# LOCAL[rest] same: `runs/submit`
def test_submit(workspace):
    task = jobs.SubmitTask(
        task_key="once",
        spark_python_task=jobs.SparkPythonTask(python_file=f"{local.SHARED}/hello.py", parameters=["once"]),
        existing_cluster_id="local",
    )
    run = workspace.ended(workspace.jobs.submit(run_name="one time", tasks=[task]).run_id)
    assert (run.run_name, run.run_type, run.trigger) == ("one time", jobs.RunType.SUBMIT_RUN, jobs.TriggerType.ONE_TIME)
    assert workspace.output(run.tasks[0]).logs == "hello once\n"
    submitted = [run.run_id for run in workspace.jobs.list_runs(run_type=jobs.RunType.SUBMIT_RUN)]
    assert run.run_id in submitted
    assert run.job_id not in {job.job_id for job in workspace.jobs.list()}


# LOCAL[rest] same: arrays in pages of 100; more than 100 tasks need version 2.2
def test_101_tasks(workspace):
    tasks = [condition(f"t{n:03}") for n in range(101)]
    run = workspace.run(*tasks)
    assert run.state.result_state == Result.SUCCESS
    assert [task.task_key for task in run.tasks] == [task.task_key for task in tasks]
    assert len(workspace.jobs.get(run.job_id).settings.tasks) == 101
    get = workspace.client.api_client.do
    page = get("GET", "/api/2.2/jobs/runs/get", query={"run_id": run.run_id})
    assert len(page["tasks"]) == 100
    rest = get("GET", "/api/2.2/jobs/runs/get", query={"run_id": run.run_id, "page_token": page["next_page_token"]})
    assert len(rest["tasks"]) == 1 and rest.get("next_page_token") is None
    with pytest.raises(BadRequest, match="100 tasks"):
        get("GET", "/api/2.1/jobs/runs/get", query={"run_id": run.run_id})


# LOCAL[clients] same: the waiters of the Python SDK return and raise as against a workspace
def test_waiters(workspace, tmp_path):
    job = workspace.create(script("maybe", "wait_for", tmp_path / "gate"), script("ok", "hello"))
    waiter = workspace.jobs.run_now(job)
    (tmp_path / "gate").touch()
    seen = []
    run = waiter.result(callback=seen.append)
    assert run.state.result_state == Result.SUCCESS
    assert all(isinstance(poll, jobs.Run) for poll in seen)

    failed = workspace.run(script("bad", "fail", "boom"))
    with pytest.raises(OperationFailed, match="Task bad failed with message: Workload failed"):
        workspace.jobs.wait_get_run_job_terminated_or_skipped(failed.run_id)


# LOCAL[clients] same: host discovery by `/.well-known/databricks-config`
def test_the_well_known_configuration(engine):
    answer = requests.get(f"{engine.host}/.well-known/databricks-config", timeout=10)
    assert answer.status_code == 200
    config = answer.json()
    assert config["oidc_endpoint"] == f"{engine.host}/oidc" and config["workspace_id"].isdigit()


REFUSED = {
    "cycle": ([condition("a", depends_on=["b"]), condition("b", depends_on=["a"])], ["a → b → a"]),
    "missing dependency": ([condition("a", depends_on=["elsewhere"])], ["elsewhere"]),
    "duplicate key": ([condition("twin"), condition("twin")], ["twin"]),
    "two kinds of faults": (
        [condition("twin"), condition("twin"), condition("late", depends_on=["elsewhere"])],
        ["twin", "elsewhere"],
    ),
    "unknown reference": ([condition("a", left="{{job.naem}}")], ["job.naem"]),
    "no task type": ([jobs.Task(task_key="empty")], ["empty"]),
    "what does not run here": (
        [jobs.Task(task_key="flow", pipeline_task=jobs.PipelineTask(pipeline_id="p"))],
        ["flow", "pipeline_task"],
    ),
}


# LOCAL[rest] same: definitions that cannot be are refused at create: cycles, missing dependencies, duplicate keys, …
@pytest.mark.parametrize("name", REFUSED)
def test_refused_definitions(workspace, name):
    tasks, words = REFUSED[name]
    before = {job.job_id for job in workspace.jobs.list()}
    with pytest.raises(InvalidParameterValue) as refused:
        workspace.create(*tasks, name=f"refused: {name}")
    assert all(word in str(refused.value) for word in words), refused.value
    assert {job.job_id for job in workspace.jobs.list()} == before
