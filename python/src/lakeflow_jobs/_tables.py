"""Runs and tasks as tables. pandas and pyarrow are imported when a table is asked for."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from ._native import Run, TaskOutput

_TASK_COLUMNS = (
    "run_id",
    "task_key",
    "task_run_id",
    "attempt",
    "state",
    "outcome",
    "message",
    "start_time",
    "end_time",
    "duration",
)
_RUN_COLUMNS = (
    "run_id",
    "job_id",
    "name",
    "state",
    "outcome",
    "message",
    "trigger",
    "creator",
    "start_time",
    "end_time",
    "duration",
    "page_url",
)


def _task_rows(runs: Iterable[Run]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {name: [] for name in _TASK_COLUMNS}
    for run in runs:
        run_id = run.run_id
        for task in run.tasks:
            values: tuple[Any, ...] = (
                run_id,
                task.key,
                task.run_id,
                task.attempt,
                task.state,
                task.outcome,
                task.message,
                task.start_time,
                task.end_time,
                task.duration,
            )
            for name, value in zip(_TASK_COLUMNS, values, strict=True):
                columns[name].append(value)
    return columns


def _run_rows(runs: Iterable[Run]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {name: [] for name in _RUN_COLUMNS}
    for run in runs:
        for name in _RUN_COLUMNS:
            columns[name].append(getattr(run, name))
    return columns


def _pandas(columns: dict[str, list[Any]]) -> Any:
    pandas = _module("pandas", "to_pandas")
    frame = pandas.DataFrame(columns)
    for name in ("start_time", "end_time"):
        frame[name] = pandas.to_datetime(frame[name], utc=True)
    return frame


def _arrow(columns: dict[str, list[Any]]) -> Any:
    arrow = _module("pyarrow", "to_arrow")
    moment = arrow.timestamp("ms", tz="UTC")
    types = {
        "run_id": arrow.int64(),
        "job_id": arrow.int64(),
        "task_run_id": arrow.int64(),
        "attempt": arrow.int64(),
        "duration": arrow.float64(),
        "start_time": moment,
        "end_time": moment,
    }
    fields = [arrow.field(name, types.get(name, arrow.string())) for name in columns]
    return arrow.table(columns, schema=arrow.schema(fields))


def _module(name: str, wanted: str) -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError:
        from .errors import Unsupported

        raise Unsupported(
            f"{wanted} needs {name}, which is not installed: `pip install {name}`", operation=wanted
        ) from None


def tasks_to_pandas(run: Run) -> Any:
    """The tasks of a run as a pandas DataFrame."""
    return _pandas(_task_rows([run]))


def tasks_to_arrow(run: Run) -> Any:
    """The tasks of a run as a pyarrow Table."""
    return _arrow(_task_rows([run]))


def runs_to_pandas(runs: Sequence[Run]) -> Any:
    """Runs as a pandas DataFrame, one row each; times are UTC, durations are seconds.

    >>> from lakeflow_jobs import runs_to_pandas
    >>> runs_to_pandas([getfixture("jobs")("hello").run(progress=False)]).loc[0, "state"]
    'SUCCESS'
    """
    return _pandas(_run_rows(runs))


def runs_to_arrow(runs: Sequence[Run]) -> Any:
    """Runs as a pyarrow Table, one row each; times are UTC, durations are seconds.

    >>> from lakeflow_jobs import runs_to_arrow
    >>> runs_to_arrow([getfixture("jobs")("hello").run(progress=False)]).num_rows
    1
    """
    return _arrow(_run_rows(runs))


def rows_to_pandas(output: TaskOutput) -> Any:
    """The rows of a SQL task as a pandas DataFrame; every value is text, as the host sends it."""
    pandas = _module("pandas", "to_pandas")
    rows = output.rows
    if rows is None:
        from .errors import InvalidState

        raise InvalidState("the task left no rows behind", operation="to_pandas", context={"run_id": str(output.run_id)})
    columns, values = rows
    return pandas.DataFrame(values, columns=columns)
