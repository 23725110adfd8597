"""Everything around runs, as the unmodified Python SDK sees it: definitions, lists, permissions, files, errors."""

import base64
import io

import pytest
from databricks.sdk.errors import (
    AlreadyExists,
    BadRequest,
    InvalidParameterValue,
    NotFound,
    PermissionDenied,
    ResourceAlreadyExists,
    ResourceDoesNotExist,
    Unauthenticated,
)
from databricks.sdk.service import iam, jobs
from databricks.sdk.service import settings as sdk
from databricks.sdk.service.workspace import ExportFormat, ImportFormat, Language, ObjectType
from local import LifeCycle, Result, condition, script, until

UNKNOWN = 999_999_999_999


def settings_of(workspace, job_id):
    return workspace.jobs.get(job_id).settings


# LOCAL[rest] same: defaults of stored definitions
def test_a_definition_comes_back_with_defaults(workspace):
    job_id = workspace.create(
        condition("b", depends_on=["a"]),
        condition("a"),
        name="defaults",
        tags={"team": "e2e"},
        schedule=jobs.CronSchedule("0 0 2 * * ?", "Europe/Warsaw", pause_status=jobs.PauseStatus.PAUSED),
    )
    job = workspace.jobs.get(job_id)
    assert job.creator_user_name == workspace.client.current_user.me().user_name
    assert job.run_as_user_name == job.creator_user_name
    settings = job.settings
    assert (settings.max_concurrent_runs, settings.timeout_seconds, settings.format) == (1, 0, jobs.Format.MULTI_TASK)
    assert settings.queue.enabled is True
    assert (settings.schedule.quartz_cron_expression, settings.schedule.timezone_id) == ("0 0 2 * * ?", "Europe/Warsaw")
    assert [task.task_key for task in settings.tasks] == ["b", "a"]
    assert settings.tasks[0].run_if == jobs.RunIf.ALL_SUCCESS


# LOCAL[rest] same: `jobs/list` with filters and pages
def test_jobs_are_listed_page_by_page(workspace):
    made = [workspace.create(condition("a"), name=f"page of jobs {n}") for n in range(7)]
    listed = [job.job_id for job in workspace.jobs.list(limit=2) if job.job_id in made]
    assert listed == made[::-1]
    (named,) = workspace.jobs.list(name="PAGE OF JOBS 3")
    assert named.job_id == made[3] and not named.settings.tasks
    (expanded,) = workspace.jobs.list(name="page of jobs 3", expand_tasks=True)
    assert [task.task_key for task in expanded.settings.tasks] == ["a"]


# LOCAL[rest] same: `runs/list` with filters and pages
def test_runs_are_listed_page_by_page(workspace):
    job = workspace.create(condition("a"), max_concurrent_runs=10)
    made = [workspace.start(job) for _ in range(5)]
    runs = [workspace.ended(run) for run in made]
    listed = list(workspace.jobs.list_runs(job_id=job, limit=2))
    assert [run.run_id for run in listed] == made[::-1]
    assert all(run.state.result_state == Result.SUCCESS for run in listed)
    completed = workspace.jobs.list_runs(job_id=job, completed_only=True, expand_tasks=True)
    assert [[task.task_key for task in run.tasks] for run in completed] == [["a"]] * 5
    assert not list(workspace.jobs.list_runs(job_id=job, active_only=True))
    since = runs[2].start_time
    later = {run.run_id for run in runs if run.start_time >= since}
    assert {run.run_id for run in workspace.jobs.list_runs(job_id=job, start_time_from=since)} == later
    with pytest.raises(BadRequest):
        list(workspace.jobs.list_runs(job_id=job, active_only=True, completed_only=True))


# LOCAL[rest] same: `jobs/update` and `jobs/reset`
def test_update_merges_and_reset_replaces(workspace):
    job = workspace.create(
        condition("a"),
        condition("b", depends_on=["a"]),
        name="before",
        tags={"one": "1"},
        max_concurrent_runs=3,
        parameters=[jobs.JobParameterDefinition("x", "1"), jobs.JobParameterDefinition("y", "2")],
    )
    workspace.jobs.update(
        job,
        fields_to_remove=["max_concurrent_runs", "tasks/b"],
        new_settings=jobs.JobSettings(
            name="after",
            tags={"two": "2"},
            tasks=[condition("a", left="changed"), condition("c", depends_on=["a"])],
            parameters=[jobs.JobParameterDefinition("y", "3")],
        ),
    )
    settings = settings_of(workspace, job)
    assert (settings.name, settings.tags, settings.max_concurrent_runs) == ("after", {"two": "2"}, 1)
    assert {task.task_key: task.condition_task.left for task in settings.tasks} == {"a": "changed", "c": "1"}
    assert {p.name: p.default for p in settings.parameters} == {"x": "1", "y": "3"}
    # What an update leaves must be a valid job.
    with pytest.raises(InvalidParameterValue, match="a"):
        workspace.jobs.update(job, fields_to_remove=["tasks/a"])
    assert len(settings_of(workspace, job).tasks) == 2

    workspace.jobs.reset(job, jobs.JobSettings(name="new", tasks=[condition("z")]))
    settings = settings_of(workspace, job)
    assert settings.name == "new" and not settings.tags and not settings.parameters
    assert [task.task_key for task in settings.tasks] == ["z"]


# LOCAL[rest] close: `jobs/delete` keeps the runs (the platform does not say)
def test_deleted_jobs_keep_their_runs(workspace):
    job = workspace.create(condition("a"))
    run_id = workspace.start(job)
    workspace.ended(run_id)
    workspace.jobs.delete(job)
    with pytest.raises(ResourceDoesNotExist, match=f"Job {job} does not exist."):
        workspace.jobs.get(job)
    with pytest.raises(InvalidParameterValue, match=f"Job {job} does not exist."):
        workspace.jobs.run_now(job)
    assert workspace.jobs.get_run(run_id).state.result_state == Result.SUCCESS


def test_runs_can_be_deleted_when_they_are_over(workspace, tmp_path):
    gate = tmp_path / "gate"
    run_id = workspace.start(workspace.create(script("hold", "wait_for", gate)))
    with pytest.raises(BadRequest):
        workspace.jobs.delete_run(run_id)
    gate.touch()
    workspace.ended(run_id)
    workspace.jobs.delete_run(run_id)
    with pytest.raises(ResourceDoesNotExist, match=f"Run {run_id} does not exist."):
        workspace.jobs.get_run(run_id)


# LOCAL[rest] same: unknown ids become `ResourceDoesNotExist` in the SDK
def test_unknown_ids(workspace):
    with pytest.raises(ResourceDoesNotExist, match=f"Job {UNKNOWN} does not exist."):
        workspace.jobs.get(UNKNOWN)
    with pytest.raises(ResourceDoesNotExist, match=f"Run {UNKNOWN} does not exist."):
        workspace.jobs.get_run(UNKNOWN)
    for call in (workspace.jobs.run_now, workspace.jobs.delete, workspace.jobs.update):
        with pytest.raises(InvalidParameterValue, match=f"Job {UNKNOWN} does not exist."):
            call(UNKNOWN)
    with pytest.raises(ResourceDoesNotExist, match=f"Run {UNKNOWN} does not exist."):
        workspace.jobs.get_run_output(UNKNOWN)
    for call in (workspace.jobs.cancel_run, workspace.jobs.delete_run):
        with pytest.raises(InvalidParameterValue, match=f"Run {UNKNOWN} does not exist."):
            call(UNKNOWN)
    assert not list(workspace.jobs.list_runs(job_id=UNKNOWN))


# LOCAL[permissions] same: permissions get, set, update and levels
def test_permissions(workspace):
    job = workspace.create(condition("a"))
    me = workspace.client.current_user.me().user_name

    def levels(permissions):
        found = permissions.access_control_list
        return {entry.user_name or entry.group_name: entry.all_permissions[0].permission_level.value for entry in found}

    assert levels(workspace.jobs.get_permissions(str(job)))[me] == "IS_OWNER"
    view = jobs.JobAccessControlRequest(user_name="ada@example.com", permission_level=jobs.JobPermissionLevel.CAN_VIEW)
    now = workspace.jobs.update_permissions(str(job), access_control_list=[view])
    assert levels(now) | {me: "IS_OWNER", "ada@example.com": "CAN_VIEW"} == levels(now)
    own = jobs.JobAccessControlRequest(user_name=me, permission_level=jobs.JobPermissionLevel.IS_OWNER)
    now = workspace.jobs.set_permissions(str(job), access_control_list=[own])
    assert "ada@example.com" not in levels(now)
    assert levels(workspace.jobs.get_permissions(str(job))) == levels(now)
    with pytest.raises(InvalidParameterValue, match="The job must have exactly one owner."):
        workspace.jobs.set_permissions(str(job), access_control_list=[view])
    offered = workspace.jobs.get_permission_levels(str(job)).permission_levels
    assert {level.permission_level.value for level in offered} == {"CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE", "IS_OWNER"}


# LOCAL[rest] close: policy compliance: always compliant, since nothing enforces policies here
def test_policies_are_met(workspace):
    job = workspace.create(condition("a"))
    assert workspace.client.policy_compliance_for_jobs.get_compliance(job).is_compliant is True


# LOCAL[clients] same: the current user, by token or client credentials
def test_who_calls(engine, workspace):
    me = workspace.client.current_user.me()
    assert me.id and me.active and isinstance(me, iam.User)
    assert workspace.client.get_workspace_id() > 0
    # Client credentials: the secret is a token of the engine.
    m2m = engine.client(client_id="app", client_secret=engine.token, auth_type="oauth-m2m")
    assert m2m.current_user.me().user_name == me.user_name
    with pytest.raises((PermissionDenied, Unauthenticated)):
        engine.client(token="wrong", auth_type="pat").current_user.me()


# LOCAL[rest] same: workspace import, export, mkdirs, list, get-status, delete
def test_workspace_files(workspace):
    files = workspace.client.workspace
    folder = "/Workspace/Users/ada@example.com/notes"
    files.mkdirs(folder)
    source = b"# Databricks notebook source\nprint(1)\n"
    files.upload(f"{folder}/book", io.BytesIO(source), format=ImportFormat.SOURCE, language=Language.PYTHON)
    files.upload(f"{folder}/data.csv", b"a,b\n1,2\n", format=ImportFormat.AUTO)
    content = base64.b64encode(b"text").decode()
    files.import_(f"{folder}/plain.txt", content=content, format=ImportFormat.AUTO)
    kinds = {item.path: item.object_type for item in files.list(folder)}
    assert kinds == {
        f"{folder}/book": ObjectType.NOTEBOOK,
        f"{folder}/data.csv": ObjectType.FILE,
        f"{folder}/plain.txt": ObjectType.FILE,
    }
    assert files.get_status(f"{folder}/book").language == Language.PYTHON
    assert files.download(f"{folder}/book", format=ExportFormat.SOURCE).read() == source
    assert base64.b64decode(files.export(f"{folder}/data.csv", format=ExportFormat.AUTO).content) == b"a,b\n1,2\n"
    with pytest.raises(ResourceAlreadyExists):
        files.upload(f"{folder}/data.csv", b"", format=ImportFormat.AUTO)
    files.upload(f"{folder}/data.csv", b"new", format=ImportFormat.AUTO, overwrite=True)
    assert files.download(f"{folder}/data.csv").read() == b"new"
    with pytest.raises(BadRequest):
        files.delete(folder)
    files.delete(folder, recursive=True)
    with pytest.raises(ResourceDoesNotExist):
        files.get_status(folder)


# LOCAL[rest] same: files and folders of volumes
def test_volume_files(workspace):
    files = workspace.client.files
    folder = "/Volumes/main/default/data/2026"
    files.create_directory(folder)
    files.upload(f"{folder}/a file.bin", io.BytesIO(b"x" * 100_000))
    with pytest.raises(AlreadyExists):
        files.upload(f"{folder}/a file.bin", io.BytesIO(b"y"), overwrite=False)
    files.upload(f"{folder}/a file.bin", io.BytesIO(b"y"), overwrite=True)
    assert files.download(f"{folder}/a file.bin").contents.read() == b"y"
    assert files.get_metadata(f"{folder}/a file.bin").content_length == 1
    files.get_directory_metadata(folder)
    (entry,) = files.list_directory_contents(folder)
    assert (entry.name, entry.is_directory, entry.file_size) == ("a file.bin", False, 1)
    files.delete(f"{folder}/a file.bin")
    with pytest.raises(NotFound):
        files.download(f"{folder}/a file.bin")
    files.delete_directory(folder)
    with pytest.raises(NotFound):
        files.get_directory_metadata(folder)


def test_a_run_that_waits_can_be_cancelled_alone(workspace, tmp_path):
    gate = tmp_path / "gate"
    job = workspace.create(script("hold", "wait_for", gate))
    first, second = workspace.start(job), workspace.start(job)
    workspace.in_state(second, LifeCycle.QUEUED)
    workspace.jobs.cancel_all_runs(job_id=job, all_queued_runs=True)
    assert workspace.ended(second).state.result_state == Result.CANCELED
    gate.touch()
    assert workspace.ended(first).state.result_state == Result.SUCCESS


CRON = ["0 0 2 * * ?", "0 0 * * * ?", "0 0 9 ? * MON-FRI", "0 0 0 1 * ?", "0 */15 * * * ?"]


@pytest.mark.parametrize("expression", CRON)
def test_the_seeds_schedules(workspace, expression):
    schedule = jobs.CronSchedule(expression, "Europe/Warsaw", pause_status=jobs.PauseStatus.PAUSED)
    job = workspace.create(condition("a"), schedule=schedule)
    assert settings_of(workspace, job).schedule == schedule


@pytest.mark.parametrize(
    ("expression", "zone", "named"),
    [("0 0 25 * * ?", "UTC", "25"), ("0 0 2 * *", "UTC", "0 0 2 * *"), ("0 0 2 * * ?", "Europe/Warschau", "Warschau")],
)
# LOCAL[triggers] same: schedules that cannot fire are refused with the place of the mistake
def test_bad_schedules_are_refused(workspace, expression, zone, named):
    with pytest.raises(InvalidParameterValue) as refused:
        workspace.create(condition("a"), schedule=jobs.CronSchedule(expression, zone))
    assert named in str(refused.value)


# LOCAL[notifications] same: the unmodified Python SDK manages destinations, and its jobs tell them
def test_notification_destinations(workspace):
    api = workspace.client.notification_destinations
    hook = sdk.GenericWebhookConfig(url="https://hooks.example.com/a", username="ann", password="s3cret")
    made = api.create(display_name="on-call", config=sdk.Config(generic_webhook=hook))
    assert (made.display_name, made.destination_type) == ("on-call", sdk.DestinationType.WEBHOOK)
    shown = api.get(made.id).config.generic_webhook
    assert (shown.url_set, shown.username_set, shown.password_set) == (True, True, True)
    assert (shown.url, shown.username, shown.password) == (None, None, None)
    mail = sdk.Config(email=sdk.EmailConfig(addresses=["ann@example.com"]))
    changed = api.update(made.id, display_name="mail", config=mail)
    assert (changed.destination_type, changed.config.email.addresses) == (
        sdk.DestinationType.EMAIL,
        ["ann@example.com"],
    )
    assert made.id in [one.id for one in api.list(page_size=1)]
    with pytest.raises(InvalidParameterValue, match="begin with https"):
        api.create(display_name="x", config=sdk.Config(slack=sdk.SlackConfig(url="hooks.example.com")))
    told = jobs.WebhookNotifications(on_success=[jobs.Webhook(made.id)])
    run = workspace.run(condition("a"), name="tells", webhook_notifications=told)
    assert run.state.result_state == Result.SUCCESS

    def deliveries():
        page = workspace.client.api_client.do(
            "GET", "/api/2.0/lakeflow-local/deliveries", query={"run_id": run.run_id}
        )
        return [(one["event_type"], one["state"]) for one in page["deliveries"]]

    until("the delivery", lambda: deliveries() == [("jobs.on_success", "SENT")])
    api.delete(made.id)
    with pytest.raises(ResourceDoesNotExist):
        api.get(made.id)
