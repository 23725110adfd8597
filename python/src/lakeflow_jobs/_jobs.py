"""Jobs and runs, with calls that block. The module does the work without the interpreter, so threads go on meanwhile."""

from __future__ import annotations

from . import _credentials, _progress
from ._config import JobConfig, config_of, filter_of, merged, repair_of, trigger_options, wait_options
from ._more import MoreJobs
from ._native import Client
from ._wait import RunWait

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta
    from typing import Any, Literal

    from ._native import Run, TaskFailure, TaskOutput
    from ._types import Credential, Params


class Jobs(MoreJobs):
    """Jobs and runs of a host: a Databricks workspace or a local engine. Nothing is sent until something is asked.

    :param credential: a ``WorkspaceClient`` or ``Config`` of the Databricks SDK, or a callable that returns headers (or a
        token) and is asked for each request. Without it, ``host`` and ``token`` and so on; without those, the environment
        (``DATABRICKS_HOST``, ``DATABRICKS_TOKEN``, …), a notebook's own credential, or a profile of ``~/.databrickscfg``.
    :param host: ``https://….cloud.databricks.com``, or ``http://127.0.0.1:8080``.
    :param token: a personal access token, or a local engine's.
    :param client_id: application id of a service principal, with ``client_secret``.
    :param client_secret: its OAuth secret.
    :param profile: name of a profile.
    :param jobs: configurations by key: a :class:`JobConfig`, its fields as a dictionary, or an id.
    :param progress: show the progress of :meth:`Job.run` and :meth:`wait`: a block in a notebook, bars on a terminal, a line
        for each change elsewhere.
    :raises InvalidArgument: nothing says where to connect, or two credentials are given.
    :raises Unauthenticated: a notebook's runtime offers no credential.

    >>> from lakeflow_jobs import Jobs
    >>> jobs = getfixture("jobs")  # Jobs() elsewhere
    >>> jobs("hello").run(progress=False).state
    'SUCCESS'
    """

    def __init__(
        self,
        credential: Credential | None = None,
        *,
        host: str | None = None,
        token: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        profile: str | None = None,
        auth_type: str | None = None,
        jobs: Mapping[str, JobConfig | Mapping[str, Any] | int] | None = None,
        progress: bool = True,
    ) -> None:
        options = {
            "host": host,
            "token": token,
            "client_id": client_id,
            "client_secret": client_secret,
            "profile": profile,
            "auth_type": auth_type,
        }
        self._client = Client(*_credentials.resolve(credential, options), False)
        self._configured = {key: config_of(config) for key, config in (jobs or {}).items()}
        self._shows = progress

    @property
    def host(self) -> str:
        """The host, as a URL without a path."""
        return self._client.host

    def __call__(self, key: str | int) -> Job:
        """A job, as :meth:`job`.

        >>> getfixture("jobs")("hello")
        Job('hello')
        """
        return self.job(key)

    def job(self, key: str | int) -> Job:
        """A job by its configured key, its id, or its unique name. Nothing is sent until the job is used.

        >>> getfixture("jobs").job("hello").key
        'hello'
        """
        return Job(self, str(key), self._configured.get(str(key)) or JobConfig())

    def list_jobs(self, name: str | None = None) -> list[dict[str, Any]]:
        """All jobs, newest first, without their tasks.

        :param name: only jobs of this name, upper and lower case alike.

        >>> [job["settings"]["name"] for job in getfixture("jobs").list_jobs("hello")]
        ['hello']
        """
        return self._client.list_jobs(name)

    def get_job(self, job_id: int) -> dict[str, Any]:
        """A job with its whole definition.

        :raises NotFound: there is none with this id.

        >>> jobs = getfixture("jobs")
        >>> jobs.get_job(jobs("hello").id())["settings"]["name"]
        'hello'
        """
        return self._client.get_job("", job_id)

    def create_job(self, definition: Mapping[str, Any]) -> int:
        """Creates a job and returns its id.

        :param definition: the fields of ``jobs/create``.
        :raises InvalidDefinition: the definition cannot be read.

        >>> jobs = getfixture("jobs")
        >>> tasks = [{"task_key": "a", "notebook_task": {"notebook_path": "/Workspace/a"}}]
        >>> job_id = jobs.create_job({"name": "new", "tasks": tasks})
        >>> jobs.delete_job(job_id)
        """
        return self._client.create_job(definition)

    def reset_job(self, job_id: int, settings: Mapping[str, Any]) -> None:
        """Replaces the whole definition of a job.

        >>> jobs = getfixture("jobs")
        >>> tasks = [{"task_key": "a", "notebook_task": {"notebook_path": "/Workspace/a"}}]
        >>> job_id = jobs.create_job({"name": "new", "tasks": tasks})
        >>> jobs.reset_job(job_id, {"name": "renamed", "tasks": tasks})
        >>> jobs.delete_job(job_id)
        """
        self._client.reset_job(job_id, settings)

    def delete_job(self, job_id: int) -> None:
        """Deletes a job; its runs stay.

        >>> jobs = getfixture("jobs")
        >>> tasks = [{"task_key": "a", "notebook_task": {"notebook_path": "/Workspace/a"}}]
        >>> jobs.delete_job(jobs.create_job({"name": "short-lived", "tasks": tasks}))
        """
        self._client.delete_job(job_id)

    def deploy(self, definition: Mapping[str, Any]) -> tuple[int, bool]:
        """Makes the job of the definition's name be as it says: creates it, or replaces its settings.

        :returns: the job's id, and whether it was created.
        :raises InvalidArgument: several jobs have the name.

        >>> jobs = getfixture("jobs")
        >>> tasks = [{"task_key": "a", "notebook_task": {"notebook_path": "/Workspace/a"}}]
        >>> first, _ = jobs.deploy({"name": "deployed", "tasks": tasks})
        >>> again, _ = jobs.deploy({"name": "deployed", "tasks": tasks, "max_concurrent_runs": 2})
        >>> first == again
        True
        """
        return self._client.deploy(definition)

    def get_run(self, run_id: int) -> Run:
        """A run with all its tasks and its repair history.

        :raises NotFound: there is none with this id.

        >>> jobs = getfixture("jobs")
        >>> run_id = jobs("hello").run(progress=False).run_id
        >>> [task.key for task in jobs.get_run(run_id).tasks]
        ['greet']
        """
        return self._client.get_run(run_id)

    def list_runs(
        self,
        limit: int = 25,
        *,
        active_only: bool = False,
        completed_only: bool = False,
        expand_tasks: bool = False,
        start_time_from: int | None = None,
        start_time_to: int | None = None,
    ) -> list[Run]:
        """Runs of all jobs, newest start first.

        :param limit: at most this many.
        :param active_only: only runs that have not ended.
        :param completed_only: only runs that have.
        :param expand_tasks: with their tasks.
        :param start_time_from: started at this time or later, in milliseconds since 1970.
        :param start_time_to: started at this time or earlier, in milliseconds since 1970.

        >>> len(getfixture("jobs").list_runs(1)) <= 1
        True
        """
        return self._client.list_runs(
            None,
            filter_of(active_only, completed_only, expand_tasks, start_time_from, start_time_to),
            limit,
        )

    def get_run_output(self, run_id: int) -> TaskOutput:
        """What one attempt of a task left behind.

        :param run_id: the attempt's id: ``run.task("load").run_id``.

        >>> jobs = getfixture("jobs")
        >>> run = jobs("hello").run(progress=False)
        >>> jobs.get_run_output(run.task("greet").run_id).result
        'hello'
        """
        return self._client.get_run_output(run_id)

    def outputs(self, run_id: int) -> list[TaskOutput]:
        """What every task of a run left behind, in the order in which they ended.

        >>> jobs = getfixture("jobs")
        >>> [(each.key, each.result) for each in jobs.outputs(jobs("hello").run(progress=False).run_id)]
        [('greet', 'hello')]
        """
        return self._client.outputs(run_id)

    def failed_iterations(self, run_id: int, most: int = 10) -> list[TaskFailure]:
        """The iterations that made for-each tasks of a run fail, with what they said; at most ``most`` of each task.

        >>> jobs = getfixture("jobs")
        >>> jobs.failed_iterations(jobs("hello").run(progress=False).run_id)
        []
        """
        return self._client.failed_iterations(run_id, most)

    def run_log(self, run_id: int) -> str | None:
        """The last megabyte of what an attempt of a task has printed, also while it runs; a workspace keeps none.

        >>> jobs = getfixture("jobs")
        >>> run = jobs("hello").run(progress=False)
        >>> jobs.run_log(run.task("greet").run_id).strip()
        'greeting'
        """
        return self._client.run_log(run_id)

    def cancel_run(self, run_id: int) -> None:
        """Asks for a cancel of a run, or of one task's run; it takes effect a little later.

        >>> jobs = getfixture("jobs")
        >>> jobs.cancel_run(jobs("sleep").run_now())
        """
        self._client.cancel_run(run_id)

    def cancel_and_wait(self, run_id: int, *, timeout: float | timedelta | None = None) -> Run:
        """Cancels a run and waits until it is really over.

        :param timeout: seconds after which the wait ends; ``None`` for no limit.

        >>> jobs = getfixture("jobs")
        >>> jobs.cancel_and_wait(jobs("sleep").run_now()).state
        'CANCELED'
        """
        options = wait_options(None, timeout=timeout, check=False, on_interrupt=None, cancel_on_timeout=None)
        return RunWait(self._client.cancel_and_wait(run_id, options)).result()

    def repair_run(
        self,
        run_id: int,
        tasks: Sequence[str] | None = None,
        *,
        dependents: bool = False,
        job_parameters: Mapping[str, Any] | None = None,
        latest_repair_id: int | None = None,
        timeout: float | timedelta | None = None,
        check: bool = True,
        on_interrupt: Literal["leave", "cancel"] | None = None,
        progress: bool | None = None,
        **fields: Any,
    ) -> Run:
        """Runs tasks of a finished run again and waits for the end.

        :param tasks: keys of the tasks; without them every task that is not successful.
        :param dependents: also everything downstream of them.
        :param job_parameters: overrides of job parameters.
        :param latest_repair_id: the repair before this one; looked up when missing.
        :param timeout: seconds after which the wait ends, the run going on.
        :param check: raise :class:`RunFailed` when the run does not succeed.
        :param fields: other fields of the request, such as ``notebook_params``.
        :raises InvalidState: the run goes on.

        >>> jobs = getfixture("jobs")
        >>> failed = jobs("fails").run(check=False, progress=False)
        >>> jobs.repair_run(failed.run_id, job_parameters={"fail": "no"}, progress=False).state
        'SUCCESS'
        """
        request = repair_of(run_id, tasks, dependents, job_parameters, latest_repair_id, fields)
        options = wait_options(
            None, timeout=timeout, check=check, on_interrupt=on_interrupt, cancel_on_timeout=None
        )
        return RunWait(self._client.repair_run(request, options), self._progress(progress)).result()

    def wait(
        self,
        run_id: int,
        *,
        timeout: float | timedelta | None = None,
        check: bool = True,
        on_interrupt: Literal["leave", "cancel"] | None = None,
        cancel_on_timeout: bool = False,
        progress: bool | None = None,
    ) -> Run:
        """Waits for a run that exists, whoever started it, and returns it.

        :param timeout: seconds after which the wait ends, the run going on unless ``cancel_on_timeout``.
        :param check: raise :class:`RunFailed` when the run does not succeed.
        :param on_interrupt: what Ctrl-C does to the run: ``"leave"`` (the default) or ``"cancel"``.
        :param progress: show progress; ``None`` for what the client was made with.
        :raises RunFailed: the run did not succeed.
        :raises WaitTimedOut: the time was over first.
        :raises Interrupted: Ctrl-C.

        >>> jobs = getfixture("jobs")
        >>> jobs.wait(jobs("hello").run_now(), progress=False).state
        'SUCCESS'
        """
        wait = self.watch(
            run_id,
            timeout=timeout,
            check=check,
            on_interrupt=on_interrupt,
            cancel_on_timeout=cancel_on_timeout,
            progress=self._shows if progress is None else progress,
        )
        return wait.result()

    def watch(
        self,
        run_id: int,
        *,
        timeout: float | timedelta | None = None,
        check: bool = True,
        on_interrupt: Literal["leave", "cancel"] | None = None,
        cancel_on_timeout: bool = False,
        progress: bool = False,
    ) -> RunWait:
        """As :meth:`wait`, giving each change of the run.

        >>> jobs = getfixture("jobs")
        >>> [run.state for run in jobs.watch(jobs("hello").run_now())][-1]
        'SUCCESS'
        """
        options = wait_options(
            None,
            timeout=timeout,
            check=check,
            on_interrupt=on_interrupt,
            cancel_on_timeout=cancel_on_timeout,
        )
        return RunWait(self._client.wait_for(run_id, options), self._progress(progress))

    def notify(self, run_id: int) -> None:
        """Something has been heard about a run, for example by a webhook: waits for it look at once.

        >>> getfixture("jobs").notify(42)
        """
        self._client.notify(run_id)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.host!r})"

    def _progress(self, wanted: bool | None) -> _progress.Progress | None:
        return _progress.make() if (self._shows if wanted is None else wanted) else None


class Job:
    """One job: trigger it, wait for it, look at its runs. Made by ``jobs("key")``.

    >>> getfixture("jobs")("hello").run(progress=False).is_success
    True
    """

    def __init__(self, jobs: Jobs, key: str, config: JobConfig) -> None:
        self._jobs = jobs
        self._client = jobs._client  # pyright: ignore[reportPrivateUsage]
        self._key = key
        self._config = config

    @property
    def key(self) -> str:
        """The key, name or id that the job was asked for by."""
        return self._key

    @property
    def config(self) -> JobConfig:
        """What is known of the job beforehand."""
        return self._config

    def id(self) -> int:
        """The job's id: configured, or the key itself, or that of the one job of that name.

        :raises NotFound: there is no such job.

        >>> getfixture("jobs")("hello").id() > 0
        True
        """
        return self._client.job_id(self._key, self._config.id)

    def get_job(self) -> dict[str, Any]:
        """The job with its whole definition.

        >>> getfixture("jobs")("hello").get_job()["settings"]["name"]
        'hello'
        """
        return self._client.get_job(self._key, self._config.id)

    def request(
        self,
        params: Params | None = None,
        /,
        *,
        only: Sequence[str] = (),
        idempotency_token: str | None = None,
        **named: Any,
    ) -> dict[str, Any]:
        """The request that :meth:`run_now` would send: checked, mapped, with an idempotency token. It starts nothing.

        >>> getfixture("jobs")("greets").request(name="you")["job_parameters"]
        {'name': 'you'}
        """
        options = trigger_options(self._config, {"only": list(only), "idempotency_token": idempotency_token})
        return self._client.request(self._key, self._config.id, merged(params, named), options)

    def run_now(
        self,
        params: Params | None = None,
        /,
        *,
        only: Sequence[str] = (),
        idempotency_token: str | None = None,
        **named: Any,
    ) -> int:
        """Starts a run and returns its id. However often the network fails, one run is started.

        :param params: parameters by name, or an instance of a pydantic model or a dataclass. Numbers, booleans and dates
            become text as the job's task type wants it.
        :param only: run only these tasks; ``+key`` and ``key+`` take in what is upstream or downstream.
        :param idempotency_token: at most 64 characters; a second call with it returns the first run.
        :param named: parameters as keywords.
        :raises InvalidParameters: the parameters break the schema, are unknown, or cannot be mapped; nothing was sent.
        :raises NotFound: there is no such job.

        >>> jobs = getfixture("jobs")
        >>> run_id = jobs("greets").run_now(name="you")
        >>> jobs.wait(run_id, progress=False).parameters
        {'name': 'you'}
        """
        options = trigger_options(self._config, {"only": list(only), "idempotency_token": idempotency_token})
        return self._client.run_now(self._key, self._config.id, merged(params, named), options)

    def trigger(self, fields: Mapping[str, Any]) -> int:
        """As :meth:`run_now`, with the fields of the request: ``{"notebook_params": {…}, "queue": {…}}``.

        >>> jobs = getfixture("jobs")
        >>> run_id = jobs("greets").trigger({"job_parameters": {"name": "all"}})
        >>> jobs.wait(run_id, progress=False).parameters
        {'name': 'all'}
        """
        return self._client.run_now(self._key, self._config.id, fields, {"fields": True})

    def run_and_wait(
        self,
        params: Params | None = None,
        /,
        *,
        timeout: float | timedelta | None = None,
        check: bool = True,
        on_interrupt: Literal["leave", "cancel"] | None = None,
        cancel_on_timeout: bool | None = None,
        progress: bool = False,
        only: Sequence[str] = (),
        idempotency_token: str | None = None,
        **named: Any,
    ) -> RunWait:
        """Starts a run and gives each of its changes, the last one the run at its end.

        Parameters are checked at once; the run starts when the first change is asked for.

        :param timeout: seconds after which the wait ends, the run going on unless ``cancel_on_timeout``.
        :param check: raise :class:`RunFailed` when the run does not succeed.
        :param on_interrupt: what Ctrl-C does to the run: ``"leave"`` (the default) or ``"cancel"``.
        :param progress: show progress beside the iteration.

        >>> jobs = getfixture("jobs")
        >>> for run in jobs("hello").run_and_wait():
        ...     last = run
        >>> last.state, last.task("greet").attempt
        ('SUCCESS', 0)
        """
        options = wait_options(
            self._config,
            timeout=timeout,
            check=check,
            on_interrupt=on_interrupt,
            cancel_on_timeout=cancel_on_timeout,
            more=trigger_options(self._config, {"only": list(only), "idempotency_token": idempotency_token}),
        )
        native = self._client.run_and_wait(self._key, self._config.id, merged(params, named), options)
        return RunWait(native, self._jobs._progress(progress))  # pyright: ignore[reportPrivateUsage]

    def run(
        self,
        params: Params | None = None,
        /,
        *,
        timeout: float | timedelta | None = None,
        check: bool = True,
        on_interrupt: Literal["leave", "cancel"] | None = None,
        cancel_on_timeout: bool | None = None,
        progress: bool | None = None,
        only: Sequence[str] = (),
        idempotency_token: str | None = None,
        **named: Any,
    ) -> Run:
        """Starts a run, waits for its end and returns it.

        :param progress: show progress; ``None`` for what the client was made with. Other parameters as in
            :meth:`run_and_wait`.
        :raises RunFailed: the run did not succeed; ``failed_tasks`` says which tasks, and why.
        :raises WaitTimedOut: the time was over first.
        :raises Interrupted: Ctrl-C.

        >>> from lakeflow_jobs import RunFailed
        >>> jobs = getfixture("jobs")
        >>> try:
        ...     jobs("fails").run(progress=False)
        ... except RunFailed as failed:
        ...     print(failed.failed_tasks[0].key, failed.failed_tasks[0].error)
        break ValueError: broken on purpose
        """
        shows: bool = self._jobs._shows if progress is None else progress  # pyright: ignore[reportPrivateUsage]
        wait = self.run_and_wait(
            params,
            timeout=timeout,
            check=check,
            on_interrupt=on_interrupt,
            cancel_on_timeout=cancel_on_timeout,
            progress=shows,
            only=only,
            idempotency_token=idempotency_token,
            **named,
        )
        return wait.result()

    def last_run(self) -> Run | None:
        """The run that started last.

        >>> jobs = getfixture("jobs")
        >>> run_id = jobs("hello").run(progress=False).run_id
        >>> jobs("hello").last_run().run_id == run_id
        True
        """
        runs = self.list_runs(1)
        return runs[0] if runs else None

    def list_runs(
        self,
        limit: int = 25,
        *,
        active_only: bool = False,
        completed_only: bool = False,
        expand_tasks: bool = False,
        start_time_from: int | None = None,
        start_time_to: int | None = None,
    ) -> list[Run]:
        """Runs of the job, newest start first, as :meth:`Jobs.list_runs`.

        >>> {run.name for run in getfixture("jobs")("hello").list_runs(5)} <= {"hello"}
        True
        """
        return self._client.list_runs(
            (self._key, self._config.id),
            filter_of(active_only, completed_only, expand_tasks, start_time_from, start_time_to),
            limit,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._key!r})"
