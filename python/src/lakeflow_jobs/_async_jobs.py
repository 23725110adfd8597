"""AsyncJobs and runs with awaitables of the running event loop; the same methods as in ``_jobs``, which says what they do."""

from __future__ import annotations

from . import _credentials, _progress
from ._config import JobConfig, config_of, filter_of, merged, repair_of, trigger_options, wait_options
from ._async_more import MoreAsyncJobs
from ._native import Client
from ._wait import AsyncRunWait

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta
    from typing import Any, Literal

    from ._native import Run, TaskFailure, TaskOutput
    from ._types import Credential, Params


class AsyncJobs(MoreAsyncJobs):
    """AsyncJobs and runs of a host: a Databricks workspace or a local engine. Nothing is sent until something is asked.

    :param credential: a ``WorkspaceClient`` or ``Config`` of the Databricks SDK, or a callable that returns headers (or a
        token) and is asked for each request. Without it, ``host`` and ``token`` and so on; without those, the environment
        (``DATABRICKS_HOST``, ``DATABRICKS_TOKEN``, …), a notebook's own credential, or a profile of ``~/.databrickscfg``.
    :param host: ``https://….cloud.databricks.com``, or ``http://127.0.0.1:8080``.
    :param token: a personal access token, or a local engine's.
    :param client_id: application id of a service principal, with ``client_secret``.
    :param client_secret: its OAuth secret.
    :param profile: name of a profile.
    :param jobs: configurations by key: a :class:`JobConfig`, its fields as a dictionary, or an id.
    :param progress: show the progress of :meth:`AsyncJob.run` and :meth:`wait`: a block in a notebook, bars on a terminal, a line
        for each change elsewhere.
    :raises InvalidArgument: nothing says where to connect, or two credentials are given.
    :raises Unauthenticated: a notebook's runtime offers no credential.

    >>> from lakeflow_jobs import AsyncJobs
    >>> jobs = getfixture("async_jobs")  # AsyncJobs() elsewhere
    >>> (await jobs("hello").run(progress=False)).state
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
        progress: bool = False,
    ) -> None:
        options = {
            "host": host,
            "token": token,
            "client_id": client_id,
            "client_secret": client_secret,
            "profile": profile,
            "auth_type": auth_type,
        }
        self._client = Client(*_credentials.resolve(credential, options), True)
        self._configured = {key: config_of(config) for key, config in (jobs or {}).items()}
        self._shows = progress

    @property
    def host(self) -> str:
        """The host, as a URL without a path."""
        return self._client.host

    def __call__(self, key: str | int) -> AsyncJob:
        """A job, as :meth:`job`.

        >>> getfixture("async_jobs")("hello")
        AsyncJob('hello')
        """
        return self.job(key)

    def job(self, key: str | int) -> AsyncJob:
        """A job by its configured key, its id, or its unique name. Nothing is sent until the job is used.

        >>> getfixture("async_jobs").job("hello").key
        'hello'
        """
        return AsyncJob(self, str(key), self._configured.get(str(key)) or JobConfig())

    async def list_jobs(self, name: str | None = None) -> list[dict[str, Any]]:
        """All jobs, newest first, without their tasks.

        :param name: only jobs of this name, upper and lower case alike.

        >>> [job["settings"]["name"] for job in (await getfixture("async_jobs").list_jobs("hello"))]
        ['hello']
        """
        return await self._client.list_jobs(name)

    async def get_job(self, job_id: int) -> dict[str, Any]:
        """A job with its whole definition.

        :raises NotFound: there is none with this id.

        >>> jobs = getfixture("async_jobs")
        >>> (await jobs.get_job(await jobs("hello").id()))["settings"]["name"]
        'hello'
        """
        return await self._client.get_job("", job_id)

    async def create_job(self, definition: Mapping[str, Any]) -> int:
        """Creates a job and returns its id.

        :param definition: the fields of ``jobs/create``.
        :raises InvalidDefinition: the definition cannot be read.

        >>> jobs = getfixture("async_jobs")
        >>> tasks = [{"task_key": "a", "notebook_task": {"notebook_path": "/Workspace/a"}}]
        >>> job_id = await jobs.create_job({"name": "new", "tasks": tasks})
        >>> await jobs.delete_job(job_id)
        """
        return await self._client.create_job(definition)

    async def reset_job(self, job_id: int, settings: Mapping[str, Any]) -> None:
        """Replaces the whole definition of a job.

        >>> jobs = getfixture("async_jobs")
        >>> tasks = [{"task_key": "a", "notebook_task": {"notebook_path": "/Workspace/a"}}]
        >>> job_id = await jobs.create_job({"name": "new", "tasks": tasks})
        >>> await jobs.reset_job(job_id, {"name": "renamed", "tasks": tasks})
        >>> await jobs.delete_job(job_id)
        """
        await self._client.reset_job(job_id, settings)

    async def delete_job(self, job_id: int) -> None:
        """Deletes a job; its runs stay.

        >>> jobs = getfixture("async_jobs")
        >>> tasks = [{"task_key": "a", "notebook_task": {"notebook_path": "/Workspace/a"}}]
        >>> await jobs.delete_job(await jobs.create_job({"name": "short-lived", "tasks": tasks}))
        """
        await self._client.delete_job(job_id)

    async def deploy(self, definition: Mapping[str, Any]) -> tuple[int, bool]:
        """Makes the job of the definition's name be as it says: creates it, or replaces its settings.

        :returns: the job's id, and whether it was created.
        :raises InvalidArgument: several jobs have the name.

        >>> jobs = getfixture("async_jobs")
        >>> tasks = [{"task_key": "a", "notebook_task": {"notebook_path": "/Workspace/a"}}]
        >>> first, _ = await jobs.deploy({"name": "deployed", "tasks": tasks})
        >>> again, _ = await jobs.deploy({"name": "deployed", "tasks": tasks, "max_concurrent_runs": 2})
        >>> first == again
        True
        """
        return await self._client.deploy(definition)

    async def get_run(self, run_id: int) -> Run:
        """A run with all its tasks and its repair history.

        :raises NotFound: there is none with this id.

        >>> jobs = getfixture("async_jobs")
        >>> run_id = (await jobs("hello").run(progress=False)).run_id
        >>> [task.key for task in (await jobs.get_run(run_id)).tasks]
        ['greet']
        """
        return await self._client.get_run(run_id)

    async def list_runs(
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

        >>> len(await getfixture("async_jobs").list_runs(1)) <= 1
        True
        """
        return await self._client.list_runs(
            None,
            filter_of(active_only, completed_only, expand_tasks, start_time_from, start_time_to),
            limit,
        )

    async def get_run_output(self, run_id: int) -> TaskOutput:
        """What one attempt of a task left behind.

        :param run_id: the attempt's id: ``run.task("load").run_id``.

        >>> jobs = getfixture("async_jobs")
        >>> run = await jobs("hello").run(progress=False)
        >>> (await jobs.get_run_output(run.task("greet").run_id)).result
        'hello'
        """
        return await self._client.get_run_output(run_id)

    async def outputs(self, run_id: int) -> list[TaskOutput]:
        """What every task of a run left behind, in the order in which they ended.

        >>> jobs = getfixture("async_jobs")
        >>> [(each.key, each.result) for each in (await jobs.outputs((await jobs("hello").run(progress=False)).run_id))]
        [('greet', 'hello')]
        """
        return await self._client.outputs(run_id)

    async def failed_iterations(self, run_id: int, most: int = 10) -> list[TaskFailure]:
        """The iterations that made for-each tasks of a run fail, with what they said; at most ``most`` of each task.

        >>> jobs = getfixture("async_jobs")
        >>> await jobs.failed_iterations((await jobs("hello").run(progress=False)).run_id)
        []
        """
        return await self._client.failed_iterations(run_id, most)

    async def run_log(self, run_id: int) -> str | None:
        """The last megabyte of what an attempt of a task has printed, also while it runs; a workspace keeps none.

        >>> jobs = getfixture("async_jobs")
        >>> run = await jobs("hello").run(progress=False)
        >>> (await jobs.run_log(run.task("greet").run_id)).strip()
        'greeting'
        """
        return await self._client.run_log(run_id)

    async def cancel_run(self, run_id: int) -> None:
        """Asks for a cancel of a run, or of one task's run; it takes effect a little later.

        >>> jobs = getfixture("async_jobs")
        >>> await jobs.cancel_run(await jobs("sleep").run_now())
        """
        await self._client.cancel_run(run_id)

    async def cancel_and_wait(self, run_id: int, *, timeout: float | timedelta | None = None) -> Run:
        """Cancels a run and waits until it is really over.

        :param timeout: seconds after which the wait ends; ``None`` for no limit.

        >>> jobs = getfixture("async_jobs")
        >>> (await jobs.cancel_and_wait(await jobs("sleep").run_now())).state
        'CANCELED'
        """
        options = wait_options(None, timeout=timeout, check=False, on_interrupt=None, cancel_on_timeout=None)
        return await AsyncRunWait(self._client.cancel_and_wait(run_id, options)).result()

    async def repair_run(
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

        >>> jobs = getfixture("async_jobs")
        >>> failed = await jobs("fails").run(check=False, progress=False)
        >>> (await jobs.repair_run(failed.run_id, job_parameters={"fail": "no"}, progress=False)).state
        'SUCCESS'
        """
        request = repair_of(run_id, tasks, dependents, job_parameters, latest_repair_id, fields)
        options = wait_options(
            None, timeout=timeout, check=check, on_interrupt=on_interrupt, cancel_on_timeout=None
        )
        return await AsyncRunWait(self._client.repair_run(request, options), self._progress(progress)).result()

    async def wait(
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

        >>> jobs = getfixture("async_jobs")
        >>> (await jobs.wait((await jobs("hello").run_now()), progress=False)).state
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
        return await wait.result()

    def watch(
        self,
        run_id: int,
        *,
        timeout: float | timedelta | None = None,
        check: bool = True,
        on_interrupt: Literal["leave", "cancel"] | None = None,
        cancel_on_timeout: bool = False,
        progress: bool = False,
    ) -> AsyncRunWait:
        """As :meth:`wait`, giving each change of the run.

        >>> jobs = getfixture("async_jobs")
        >>> [run.state async for run in jobs.watch(await jobs("hello").run_now())][-1]
        'SUCCESS'
        """
        options = wait_options(
            None,
            timeout=timeout,
            check=check,
            on_interrupt=on_interrupt,
            cancel_on_timeout=cancel_on_timeout,
        )
        return AsyncRunWait(self._client.wait_for(run_id, options), self._progress(progress))

    def notify(self, run_id: int) -> None:
        """Something has been heard about a run, for example by a webhook: waits for it look at once.

        >>> getfixture("async_jobs").notify(42)
        """
        self._client.notify(run_id)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.host!r})"

    def _progress(self, wanted: bool | None) -> _progress.Progress | None:
        return _progress.make() if (self._shows if wanted is None else wanted) else None


class AsyncJob:
    """One job: trigger it, wait for it, look at its runs. Made by ``jobs("key")``.

    >>> (await getfixture("async_jobs")("hello").run(progress=False)).is_success
    True
    """

    def __init__(self, jobs: AsyncJobs, key: str, config: JobConfig) -> None:
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

    async def id(self) -> int:
        """The job's id: configured, or the key itself, or that of the one job of that name.

        :raises NotFound: there is no such job.

        >>> (await getfixture("async_jobs")("hello").id()) > 0
        True
        """
        return await self._client.job_id(self._key, self._config.id)

    async def get_job(self) -> dict[str, Any]:
        """The job with its whole definition.

        >>> (await getfixture("async_jobs")("hello").get_job())["settings"]["name"]
        'hello'
        """
        return await self._client.get_job(self._key, self._config.id)

    async def request(
        self,
        params: Params | None = None,
        /,
        *,
        only: Sequence[str] = (),
        idempotency_token: str | None = None,
        **named: Any,
    ) -> dict[str, Any]:
        """The request that :meth:`run_now` would send: checked, mapped, with an idempotency token. It starts nothing.

        >>> (await getfixture("async_jobs")("greets").request(name="you"))["job_parameters"]
        {'name': 'you'}
        """
        options = trigger_options(self._config, {"only": list(only), "idempotency_token": idempotency_token})
        return await self._client.request(self._key, self._config.id, merged(params, named), options)

    async def run_now(
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

        >>> jobs = getfixture("async_jobs")
        >>> run_id = await jobs("greets").run_now(name="you")
        >>> (await jobs.wait(run_id, progress=False)).parameters
        {'name': 'you'}
        """
        options = trigger_options(self._config, {"only": list(only), "idempotency_token": idempotency_token})
        return await self._client.run_now(self._key, self._config.id, merged(params, named), options)

    async def trigger(self, fields: Mapping[str, Any]) -> int:
        """As :meth:`run_now`, with the fields of the request: ``{"notebook_params": {…}, "queue": {…}}``.

        >>> jobs = getfixture("async_jobs")
        >>> run_id = await jobs("greets").trigger({"job_parameters": {"name": "all"}})
        >>> (await jobs.wait(run_id, progress=False)).parameters
        {'name': 'all'}
        """
        return await self._client.run_now(self._key, self._config.id, fields, {"fields": True})

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
    ) -> AsyncRunWait:
        """Starts a run and gives each of its changes, the last one the run at its end.

        Parameters are checked at once; the run starts when the first change is asked for.

        :param timeout: seconds after which the wait ends, the run going on unless ``cancel_on_timeout``.
        :param check: raise :class:`RunFailed` when the run does not succeed.
        :param on_interrupt: what Ctrl-C does to the run: ``"leave"`` (the default) or ``"cancel"``.
        :param progress: show progress beside the iteration.

        >>> jobs = getfixture("async_jobs")
        >>> async for run in jobs("hello").run_and_wait():
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
        return AsyncRunWait(native, self._jobs._progress(progress))  # pyright: ignore[reportPrivateUsage]

    async def run(
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
        >>> jobs = getfixture("async_jobs")
        >>> try:
        ...     await jobs("fails").run(progress=False)
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
        return await wait.result()

    async def last_run(self) -> Run | None:
        """The run that started last.

        >>> jobs = getfixture("async_jobs")
        >>> run_id = (await jobs("hello").run(progress=False)).run_id
        >>> (await jobs("hello").last_run()).run_id == run_id
        True
        """
        runs = await self.list_runs(1)
        return runs[0] if runs else None

    async def list_runs(
        self,
        limit: int = 25,
        *,
        active_only: bool = False,
        completed_only: bool = False,
        expand_tasks: bool = False,
        start_time_from: int | None = None,
        start_time_to: int | None = None,
    ) -> list[Run]:
        """Runs of the job, newest start first, as :meth:`AsyncJobs.list_runs`.

        >>> {run.name for run in (await getfixture("async_jobs")("hello").list_runs(5))} <= {"hello"}
        True
        """
        return await self._client.list_runs(
            (self._key, self._config.id),
            filter_of(active_only, completed_only, expand_tasks, start_time_from, start_time_to),
            limit,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._key!r})"
