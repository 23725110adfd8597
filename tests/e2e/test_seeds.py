"""The examples of the documents that this project implements, through the unmodified Python SDK."""

import io
import json

import pytest
from databricks.sdk.service import jobs
from local import ROOT, LifeCycle, Result, by_key, notebook, results

DEMO = "/Workspace/Users/ada@example.com/jobs_demo"
TRAINING = "/Workspace/Users/user@example.com/training/medallion"
LAYERS = [
    "bronze_customers",
    "bronze_orders",
    "silver_customers",
    "silver_orders_cleaned",
    "gold_customer_orders_summary",
    "gold_daily_orders",
]

CUSTOMERS = "customer_id,name,country\n1, ada lovelace,gb\n2,grace hopper ,us\n2,grace hopper ,us\n3,mary jackson,us\n"
ORDERS = [
    {"order_id": 1, "customer_id": 1, "amount": 10.5, "ordered_at": "2026-01-01T08:00:00"},
    {"order_id": 2, "customer_id": 1, "amount": 4.5, "ordered_at": "2026-01-02T09:00:00"},
    {"order_id": 3, "customer_id": 2, "amount": 20.0, "ordered_at": "2026-01-02T10:00:00"},
    {"order_id": 3, "customer_id": 2, "amount": 20.0, "ordered_at": "2026-01-02T10:00:00"},
    {"order_id": 4, "customer_id": None, "amount": 7.0, "ordered_at": "2026-01-02T11:00:00"},
    {"order_id": 5, "customer_id": 3, "amount": -1.0, "ordered_at": "2026-01-03T12:00:00"},
]
SUMMARY = [["Ada Lovelace", 2, 15.0], ["Grace Hopper", 1, 20.0], ["Mary Jackson", 0, None]]
DAILY = [["2026-01-01", 1, 10.5], ["2026-01-02", 2, 24.5]]


def exit_values(workspace, run):
    """What each notebook of a run exited with; the run must have succeeded."""
    errors = {task.task_key: workspace.output(task).error for task in run.tasks}
    assert run.state.result_state == Result.SUCCESS, errors
    return {key: workspace.output(task).notebook_output.result for key, task in by_key(run).items()}


def put_data(workspace, volume):
    files = workspace.client.files
    files.upload(f"{volume}/customers/customers.csv", io.BytesIO(CUSTOMERS.encode()))
    for place, order in enumerate(ORDERS):
        files.upload(f"{volume}/orders/{place}.json", io.BytesIO(json.dumps(order).encode()))


def test_validate_transform_report(workspace):
    names = ["nyc_trips", "task_01_validate", "task_02_transform", "task_03_report"]
    workspace.deploy_notebooks(names, DEMO)
    source = {"source_table": "samples.nyctaxi.trips"}
    table = workspace.create(notebook("trips", f"{DEMO}/nyc_trips"), name="sample table")
    assert workspace.ended(workspace.start(table)).state.result_state == Result.SUCCESS
    job = workspace.create(
        notebook("validate", f"{DEMO}/task_01_validate", parameters=source),
        notebook("transform", f"{DEMO}/task_02_transform", ["validate"], source),
        notebook("report", f"{DEMO}/task_03_report", ["transform"]),
        name="Demo_ETL_Pipeline",
    )
    told = exit_values(workspace, workspace.ended(workspace.start(job)))
    assert json.loads(told["validate"]) == {"status": "SUCCESS", "row_count": 120, **source}
    assert json.loads(told["transform"]) == {"status": "SUCCESS", "rows_transformed": 120}
    # 120 fares of 2.5, and 0 to 11 more for ten trips each.
    assert json.loads(told["report"]) == {"status": "SUCCESS", "total_trips": 120, "total_revenue": 960.0}
    # Too few rows: the first task fails with the notebook's message, and nothing follows.
    run = workspace.ended(workspace.start(job, notebook_params={"min_rows": "121"}))
    assert results(run) == {
        "validate": Result.FAILED,
        "transform": Result.UPSTREAM_FAILED,
        "report": Result.UPSTREAM_FAILED,
    }
    failed = workspace.output(by_key(run)["validate"])
    assert failed.error == "Exception: samples.nyctaxi.trips has 120 rows; at least 121 are needed"


# LOCAL[notebooks] same: widgets of all four kinds
def test_widgets(workspace):
    workspace.deploy_notebooks(["widgets_demo"], DEMO)
    job = workspace.create(notebook("demo", f"{DEMO}/widgets_demo", parameters={"region": "US"}))
    run = workspace.ended(workspace.start(job))
    told = json.loads(exit_values(workspace, run)["demo"])
    assert told == {"environment": "dev", "region": "US", "table": "orders", "columns": "id"}
    changed = {"environment": "prod", "columns": "id,name"}
    run = workspace.ended(workspace.start(job, notebook_params=changed))
    told = json.loads(exit_values(workspace, run)["demo"])
    assert told == {"environment": "prod", "region": "US", "table": "orders", "columns": "id,name"}


def medallion_task(key, parameters, depends_on=()):
    task = {
        "task_key": key,
        "notebook_task": {"notebook_path": f"{DEMO}/{key}", "base_parameters": {"catalog": "retailhub_e2e", **parameters}},
        "job_cluster_key": "pipeline_cluster",
    }
    return task | ({"depends_on": [{"task_key": key} for key in depends_on]} if depends_on else {})


# LOCAL[clients] same: the medallion job of the guides, as JSON through the SDK
def test_the_medallion_as_json(workspace):
    volume = "/Volumes/retailhub_e2e/default/landing"
    workspace.deploy_notebooks(LAYERS, DEMO)
    put_data(workspace, volume)
    silver = {"schema_bronze": "bronze", "schema_silver": "silver"}
    gold = {"schema_silver": "silver", "schema_gold": "gold"}
    cluster = {
        "spark_version": "16.2.x-scala2.12",
        "num_workers": 1,
        "node_type_id": "i3.xlarge",
        "data_security_mode": "SINGLE_USER",
    }
    config = {
        "name": "RetailHub_Medallion_Pipeline",
        "tasks": [
            medallion_task(
                "bronze_customers", {"schema": "bronze", "source_path": f"{volume}/customers/customers.csv"}
            ),
            medallion_task("bronze_orders", {"schema": "bronze", "source_path": f"{volume}/orders/"}),
            medallion_task("silver_customers", silver, ["bronze_customers"]),
            medallion_task("silver_orders_cleaned", silver, ["bronze_orders"]),
            medallion_task("gold_customer_orders_summary", gold, ["silver_customers", "silver_orders_cleaned"]),
            medallion_task("gold_daily_orders", gold, ["silver_orders_cleaned"]),
        ],
        "job_clusters": [{"job_cluster_key": "pipeline_cluster", "new_cluster": cluster}],
        "trigger": {"pause_status": "PAUSED", "periodic": {"interval": 1, "unit": "DAYS"}},
        "queue": {"enabled": True},
        "max_concurrent_runs": 1,
    }
    job = workspace.client.api_client.do("POST", "/api/2.2/jobs/create", body=config)["job_id"]
    settings = workspace.jobs.get(job).settings
    assert settings.job_clusters[0].new_cluster.as_dict() == cluster
    assert settings.trigger == jobs.TriggerSettings.from_dict(config["trigger"])
    told = exit_values(workspace, workspace.ended(workspace.start(job)))
    assert {key: told[key] for key in LAYERS[:4]} == dict(zip(LAYERS, ["4", "6", "3", "3"]))
    assert json.loads(told["gold_customer_orders_summary"]) == SUMMARY
    assert json.loads(told["gold_daily_orders"]) == DAILY


# LOCAL[clients] same: the medallion job of the guides, as a bundle
def test_the_medallion_as_yaml(workspace):
    # The bundle that the engine serves holds the job; its notebooks and data come through the API.
    workspace.deploy_notebooks(LAYERS, TRAINING)
    put_data(workspace, "/Volumes/retailhub_trainer/default/datasets")
    (job,) = [job for job in workspace.jobs.list() if job.settings.name.endswith("job_medalion_run")]
    settings = workspace.jobs.get(job.job_id).settings
    assert {p.name: p.default for p in settings.parameters}["catalog"] == "retailhub_trainer"
    assert {task.existing_cluster_id for task in settings.tasks} == {"0215-230117-3c5px09z"}
    run = workspace.ended(workspace.start(job.job_id))
    told = exit_values(workspace, run)
    assert json.loads(told["gold_customer_order_summary"]) == SUMMARY
    assert json.loads(told["gold_daily_orders"]) == DAILY
    task = by_key(run)["gold_daily_orders"]
    assert task.start_time >= by_key(run)["gold_customer_order_summary"].end_time


@pytest.fixture
def orders_job(workspace):
    """The orchestration example, which the bundle of the engine holds."""
    (job,) = [job for job in workspace.jobs.list() if job.settings.name.endswith("orders")]
    return job.job_id


# LOCAL[runs] same: an orchestration fails on purpose and is repaired: only the failed task and what follows run again
def test_orchestration_fails_on_purpose_and_is_repaired(workspace, orders_job):
    run_id = workspace.start(orders_job, job_parameters={"fail_in": "transform"})
    run = workspace.ended(run_id)
    assert (run.state.life_cycle_state, run.state.result_state) == (LifeCycle.INTERNAL_ERROR, Result.FAILED)
    assert results(run) == {
        "validate": Result.SUCCESS,
        "transform": Result.FAILED,
        "report": Result.UPSTREAM_FAILED,
        "tell_on_call": Result.SUCCESS,
    }
    before = {key: task.run_id for key, task in by_key(run).items()}
    assert workspace.output(by_key(run)["transform"]).error == "RuntimeError: asked to fail by fail_in=transform"
    assert "failed" in workspace.output(by_key(run)["tell_on_call"]).logs

    repair = workspace.jobs.repair_run(
        run_id, rerun_all_failed_tasks=True, rerun_dependent_tasks=True, job_parameters={"fail_in": "nothing"}
    ).response.repair_id
    run = workspace.ended(run_id)
    assert run.state.result_state == Result.SUCCESS
    after = {key: task.run_id for key, task in by_key(run).items()}
    # Only the failed task and what follows it: `validate` keeps its run, and its task value is still read.
    assert after["validate"] == before["validate"]
    assert {key for key in after if after[key] != before[key]} == {"transform", "report", "tell_on_call"}
    assert results(run)["tell_on_call"] == Result.EXCLUDED
    history = {item.id: set(item.task_run_ids) for item in run.repair_history}
    assert history[repair] == set(after.values()) - {after["validate"]}
    report = json.loads(workspace.output(by_key(run)["report"]).notebook_output.result)
    assert {row["currency"] for row in report} == {"EUR"} and len(report) > 1


# LOCAL[tables] same: the queries of the guides run as written; `'SUCCESS'` matches nothing, `'SUCCEEDED'` does
def test_the_history_of_runs(workspace):
    workspace.put_notebook(f"{DEMO}/history", (ROOT / "examples/run-history/notebooks/history.py").read_text())
    workspace.put_notebook(f"{DEMO}/nothing", "pass")
    name = "a job for the history"
    job = workspace.create(notebook("a", f"{DEMO}/nothing"), name=name)
    for _ in range(2):
        assert workspace.ended(workspace.start(job)).state.result_state == Result.SUCCESS
    history = workspace.create(notebook("history", f"{DEMO}/history"), name="history")
    told = json.loads(exit_values(workspace, workspace.ended(workspace.start(history)))["history"])
    assert told["as_written"] == 0
    assert told["corrected"][name] == 2
