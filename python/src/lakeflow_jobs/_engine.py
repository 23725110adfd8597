"""The local engine in this process."""

from __future__ import annotations

import atexit
import os
import sys
import warnings

from ._async_jobs import AsyncJobs
from ._jobs import Jobs
from ._native import Engine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Any

    from ._config import JobConfig

_running: set[LocalEngine] = set()


class LocalEngine:
    """A Lakeflow Jobs service in this process: it deploys a bundle's jobs and really runs them on this machine.

    Use it in a ``with`` block, or call :meth:`start` and :meth:`stop`. What runs when it is stopped is kept in the data folder
    and goes on when an engine is started on it again.

    :param bundle: a folder with a ``databricks.yml``, that file, or a file with one job; without it there are no jobs at first.
    :param data: the data folder; ``.lakeflow`` beside the bundle when missing. Without a bundle it has to be given.
    :param port: TCP port on 127.0.0.1; 0 for a free one.
    :param target: target of the bundle; its default when missing.
    :param variables: values of the bundle's variables.
    :param python: interpreter that runs tasks. Without it ``LAKEFLOW_PYTHON``, then the active virtual environment, then the
        interpreter of this process.
    :param allow_unsupported: accept jobs with tasks that cannot run locally; such a task fails and says why.
    :param triggers: let schedules and triggers of jobs start runs. Without it all of them are as if paused, and only what the
        program asks for runs.
    :param clock: a time with its zone (``2026-03-28T00:00:00Z``) that jobs and runs go by, from which only :meth:`advance` moves
        on: for tests of schedules.
    :raises InvalidDefinition: the bundle has errors; ``problems`` lists them all, and nothing was started.
    :raises NotFound: there is no bundle.
    :raises StorageError: the data folder cannot be used, or another engine uses it.

    >>> from lakeflow_jobs import LocalEngine
    >>> with LocalEngine(getfixture("bundle"), data=getfixture("folder")) as engine:
    ...     engine.jobs()("hello").run(progress=False).state
    'SUCCESS'
    """

    def __init__(
        self,
        bundle: str | os.PathLike[str] | None = None,
        *,
        data: str | os.PathLike[str] | None = None,
        port: int = 0,
        target: str | None = None,
        variables: Mapping[str, str] | None = None,
        python: str | os.PathLike[str] | None = None,
        allow_unsupported: bool = False,
        triggers: bool = False,
        clock: str | None = None,
    ) -> None:
        self._options: dict[str, Any] = {
            "bundle": bundle,
            "data": data,
            "port": port,
            "target": target,
            "variables": dict(variables or {}),
            "python": python,
            "allow_unsupported": allow_unsupported,
            "triggers": triggers,
            "clock": clock,
        }
        self._engine: Engine | None = None

    def start(self) -> LocalEngine:
        """Starts the engine and deploys the bundle; does nothing when it runs."""
        if self._engine is None or not self._engine.is_running:
            named = self._options["python"] or os.environ.get("LAKEFLOW_PYTHON") or os.environ.get("VIRTUAL_ENV")
            python = self._options["python"] if named else sys.executable
            self._engine = Engine({**self._options, "python": python})
            _running.add(self)
        return self

    def stop(self) -> None:
        """Stops serving and ends every process that the engine started; does nothing when it does not run."""
        _running.discard(self)
        if self._engine is not None:
            self._engine.stop()

    @property
    def url(self) -> str:
        """Where it serves: ``http://127.0.0.1:…``."""
        return self._live().url

    @property
    def token(self) -> str:
        """The token that its API asks for."""
        return self._live().token

    @property
    def data(self) -> str:
        """The data folder."""
        return str(self._live().data)

    @property
    def job_ids(self) -> dict[str, int]:
        """The ids of the bundle's jobs, by their keys."""
        return self._live().jobs

    def advance(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> int:
        """Moves the clock of an engine that was made with ``clock`` on, from one due time to the next.

        Every run is over when this returns.

        :returns: the number of runs that triggers started.
        :raises InvalidState: the engine goes by the clock of the machine.
        """
        whole = seconds + 60 * (minutes + 60 * (hours + 24 * days))
        return self._live().advance(round(whole * 1000))

    def sql(self, statement: str, *, limit: int = 10_000, timeout: float = 600) -> list[dict[str, Any]]:
        """Rows of a query on the engine's tables, ``system.lakeflow.*`` among them: what SQL tasks see.

        It needs ``pysail`` and ``pyspark-client`` in the interpreter that runs tasks. Times are text (RFC 3339, UTC), decimals
        that no float holds are text.

        :param statement: SQL; of several statements, separated by ``;``, the rows of the last one are given.
        :param limit: rows at most; more give a warning.
        :param timeout: seconds after which the query is ended.
        :raises InvalidArgument: a statement failed; the message is Spark's.
        :raises Unsupported: there is no ``spark``.

        ::

            engine.sql("SELECT run_name, result_state FROM system.lakeflow.job_run_timeline")
        """
        from ._native import Client

        found = Client({"host": self.url, "token": self.token}, None, False).sql(statement, limit, timeout)
        if found.get("truncated"):
            warnings.warn(f"the query has more than {limit} rows", stacklevel=2)
        rows: list[dict[str, Any]] = found.get("rows") or []
        return rows

    def jobs(
        self,
        jobs: Mapping[str, JobConfig | Mapping[str, Any] | int] | None = None,
        *,
        progress: bool = True,
    ) -> Jobs:
        """A client of the engine; the bundle's jobs are known by their keys.

        :param jobs: configurations by key, beside or instead of the bundle's.
        :param progress: as in :class:`Jobs`.
        """
        return Jobs(host=self.url, token=self.token, jobs=self._known(jobs), progress=progress)

    def async_jobs(
        self,
        jobs: Mapping[str, JobConfig | Mapping[str, Any] | int] | None = None,
        *,
        progress: bool = False,
    ) -> AsyncJobs:
        """As :meth:`jobs`, with awaitables."""
        return AsyncJobs(host=self.url, token=self.token, jobs=self._known(jobs), progress=progress)

    def _known(self, jobs: Mapping[str, Any] | None) -> dict[str, Any]:
        from ._config import config_of

        known: dict[str, JobConfig] = {key: config_of(job_id) for key, job_id in self.job_ids.items()}
        for key, given in (jobs or {}).items():
            config = config_of(given)
            if config.id is None and key in known:
                config.id = known[key].id
            known[key] = config
        return dict(known)

    def _live(self) -> Engine:
        if self._engine is None or not self._engine.is_running:
            from .errors import InvalidState

            raise InvalidState("the engine does not run; use it in a `with` block or call start()", operation="engine")
        return self._engine

    def __enter__(self) -> LocalEngine:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        runs = self._engine is not None and self._engine.is_running
        return f"LocalEngine({self._options['bundle']!r}, {self.url if runs else 'stopped'})"


@atexit.register
def _stop_all() -> None:
    for engine in list(_running):
        engine.stop()
