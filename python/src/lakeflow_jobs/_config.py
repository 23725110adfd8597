"""What is said of a job beforehand, and the options of a call as the module takes them."""

from __future__ import annotations

from . import _models
from ._native import ParamSchema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta
    from typing import Any, Literal

    from ._types import Params, Schema, TaskType

_NO_OPTIONS: Mapping[str, Any] = {}


class JobConfig:
    """What is known of a job beforehand: which one it is, what its parameters are for and what they must look like.

    :param task_type: where parameters go: ``notebook``, ``python_wheel``, ``python_script``, ``spark_jar``, ``sql``, ``dbt``,
        ``job_parameters``, ``pipeline`` or ``spark_submit``. Without it the job's own definition says so: it is looked up,
        and names that the job does not have are refused.
    :param params: what parameters must look like: JSON Schema (a dictionary, a boolean or JSON text), a
        :class:`ParamSchema`, a pydantic model, a dataclass or a TypedDict.
    :param id: the job's id. Without it the key is the job's id or its unique name.
    :param wait_timeout: seconds after which waits end, the run going on; ``None`` for no limit.
    :param on_interrupt: what Ctrl-C in a wait does to the run: ``"leave"`` or ``"cancel"``.
    :param cancel_on_timeout: cancel the run when a wait's time is over.
    :raises InvalidDefinition: ``params`` is not a schema.

    >>> from lakeflow_jobs import JobConfig
    >>> config = JobConfig("notebook", {"required": ["day"]}, id=42, wait_timeout=600)
    >>> config.params.is_valid({"day": "2026-01-01"})
    True
    """

    __slots__ = ("cancel_on_timeout", "id", "on_interrupt", "params", "task_type", "wait_timeout")

    id: int | None
    task_type: TaskType | None
    params: ParamSchema | None
    wait_timeout: float | timedelta | None
    on_interrupt: Literal["leave", "cancel"] | None
    cancel_on_timeout: bool

    def __init__(
        self,
        task_type: TaskType | None = None,
        params: Schema | None = None,
        wait_timeout: float | timedelta | None = None,
        *,
        id: int | None = None,
        on_interrupt: Literal["leave", "cancel"] | None = None,
        cancel_on_timeout: bool = False,
    ) -> None:
        self.id = id
        self.task_type = task_type
        self.params = params if params is None or isinstance(params, ParamSchema) else ParamSchema(params)
        self.wait_timeout = wait_timeout
        self.on_interrupt = on_interrupt
        self.cancel_on_timeout = cancel_on_timeout

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name)!r}" for name in ("id", "task_type", "params", "wait_timeout"))
        return f"JobConfig({', '.join(shown)})"


def config_of(value: JobConfig | Mapping[str, Any] | int | None) -> JobConfig:
    """A configuration from what a person may write: one, its fields, an id, or nothing."""
    if value is None:
        return JobConfig()
    if isinstance(value, JobConfig):
        return value
    if isinstance(value, int):
        return JobConfig(id=value)
    return JobConfig(**value)


def merged(params: Params | None, named: Mapping[str, Any]) -> Any:
    """Parameters given as one object and as keywords, together."""
    plain = _models.plain(params)
    if not named:
        return plain
    if plain is None:
        return dict(named)
    if not isinstance(plain, dict):
        from .errors import InvalidArgument

        raise InvalidArgument(
            f"parameters are given as {type(plain).__name__} and as keywords; give one of the two",
            operation="run_now",
        )
    both: dict[str, Any] = dict(plain)  # pyright: ignore[reportUnknownArgumentType]
    twice = sorted(both.keys() & named.keys())
    if twice:
        from .errors import InvalidArgument

        raise InvalidArgument(f"parameters are given twice: {', '.join(twice)}", operation="run_now")
    return both | dict(named)


def trigger_options(config: JobConfig, options: Mapping[str, Any]) -> dict[str, Any]:
    """What a trigger needs to know."""
    return {"task_type": config.task_type, "schema": config.params, **options}


def wait_options(
    config: JobConfig | None,
    *,
    timeout: float | timedelta | None,
    check: bool,
    on_interrupt: str | None,
    cancel_on_timeout: bool | None,
    more: Mapping[str, Any] = _NO_OPTIONS,
) -> dict[str, Any]:
    """What a wait needs to know: what the call says, else the job's configuration."""
    return {
        "timeout": timeout if timeout is not None else config.wait_timeout if config else None,
        "check": check,
        "on_interrupt": on_interrupt or (config.on_interrupt if config else None),
        "cancel_on_timeout": config.cancel_on_timeout if cancel_on_timeout is None and config else cancel_on_timeout,
        **more,
    }


def filter_of(
    active_only: bool,
    completed_only: bool,
    expand_tasks: bool,
    start_time_from: int | None,
    start_time_to: int | None,
) -> dict[str, Any]:
    """The fields of ``runs/list`` that are set."""
    wanted = {
        "active_only": active_only or None,
        "completed_only": completed_only or None,
        "expand_tasks": expand_tasks or None,
        "start_time_from": start_time_from,
        "start_time_to": start_time_to,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def repair_of(
    run_id: int,
    tasks: Sequence[str] | None,
    dependents: bool,
    job_parameters: Mapping[str, Any] | None,
    latest_repair_id: int | None,
    fields: Mapping[str, Any],
) -> dict[str, Any]:
    """The fields of ``runs/repair``."""
    request: dict[str, Any] = {"run_id": run_id, **fields}
    if tasks is None:
        request["rerun_all_failed_tasks"] = True
    else:
        request["rerun_tasks"] = list(tasks)
    if dependents:
        request["rerun_dependent_tasks"] = True
    if job_parameters is not None:
        request["job_parameters"] = dict(job_parameters)
    if latest_repair_id is not None:
        request["latest_repair_id"] = latest_repair_id
    return request
