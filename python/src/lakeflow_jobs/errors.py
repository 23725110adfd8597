"""The exceptions of the package: one class for each code, all under :class:`LakeflowError`.

Codes are the same in every language and never change. The classes only carry what was found out elsewhere; nothing here
decides what is an error.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ._native import Problem, Run, TaskFailure, Violation

__all__ = [
    "Interrupted",
    "InvalidArgument",
    "InvalidDefinition",
    "InvalidParameters",
    "InvalidState",
    "LakeflowError",
    "LimitExceeded",
    "Malformed",
    "NotFound",
    "PermissionDenied",
    "RateLimited",
    "RunFailed",
    "ServerError",
    "StorageError",
    "Unauthenticated",
    "Unavailable",
    "Unreachable",
    "Unsupported",
    "WaitTimedOut",
]


class _Described(BaseException):
    """What every exception of the package tells beside its text."""

    code: str = "INTERNAL"
    """Stable name of what went wrong: ``NOT_FOUND``, ``RATE_LIMITED``."""
    message: str
    """What went wrong, in one sentence, with the value and the limit."""
    operation: str
    """What was being done: ``run_now``."""
    retryable: bool
    """Whether the same call may succeed later."""
    context: Mapping[str, str]
    """Further facts, such as ``{"run_id": "42", "host": "https://…"}``. Never holds a secret."""

    def __init__(
        self,
        message: str,
        *,
        operation: str = "",
        retryable: bool = False,
        context: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.operation = operation
        self.retryable = retryable
        self.context = dict(context or {})

    def __str__(self) -> str:
        facts = ", ".join(f"{key}: {value}" for key, value in self.context.items())
        return f"{self.message} ({facts})" if facts else self.message

    def __reduce__(self) -> tuple[Any, ...]:
        state = {key: value for key, value in self.__dict__.items() if not key.startswith("_")}
        return (_again, (type(self), self.message, state))

    @property
    def run_id(self) -> int | None:
        """The run that the error is about, when it is about one."""
        text = self.context.get("run_id", "")
        return int(text) if text.isdigit() else None


class LakeflowError(_Described, Exception):
    """The base of the package's exceptions; catch it to catch them all.

    >>> import lakeflow_jobs
    >>> try:
    ...     lakeflow_jobs.map_params("notebook", {"day": ["2026-01-01"]})
    ... except lakeflow_jobs.LakeflowError as error:
    ...     print(error.code, error.retryable, error)
    INVALID_PARAMETERS False day: a parameter is a string, a number, a boolean or null, not an array (pass it as JSON text)
    """


class InvalidParameters(LakeflowError):
    """Parameters of a run break their schema, or cannot be mapped to the job's task type."""

    code = "INVALID_PARAMETERS"
    violations: tuple[Violation, ...] = ()
    """What breaks the schema, in a fixed order."""
    problems: tuple[Problem, ...] = ()
    """What cannot be mapped."""


class InvalidDefinition(LakeflowError):
    """A job definition, a bundle or a parameter schema has errors; ``problems`` lists them all."""

    code = "INVALID_DEFINITION"
    problems: tuple[Problem, ...] = ()
    """Every problem, with its place."""


class InvalidArgument(LakeflowError, ValueError):
    """An argument or a setting makes no sense."""

    code = "INVALID_ARGUMENT"


class Malformed(LakeflowError, ValueError):
    """Text is not what it should be: JSON cut short, bytes that are not UTF-8."""

    code = "MALFORMED"


class LimitExceeded(LakeflowError):
    """A limit of the platform or of this package is exceeded."""

    code = "LIMIT_EXCEEDED"


class NotFound(LakeflowError, LookupError):
    """The job, run, file or task does not exist."""

    code = "NOT_FOUND"


class InvalidState(LakeflowError):
    """The request does not fit the state of what it names, such as a repair of a run that goes on."""

    code = "INVALID_STATE"


class Unauthenticated(LakeflowError):
    """There are no credentials, or the host does not accept them."""

    code = "UNAUTHENTICATED"


class PermissionDenied(LakeflowError):
    """The credentials do not allow it."""

    code = "PERMISSION_DENIED"


class RateLimited(LakeflowError):
    """Too many requests, and trying again did not help within the budget."""

    code = "RATE_LIMITED"


class Unavailable(LakeflowError):
    """The service is there but cannot answer now."""

    code = "UNAVAILABLE"


class Unreachable(LakeflowError, ConnectionError):
    """The host cannot be reached at all."""

    code = "UNREACHABLE"


class ServerError(LakeflowError):
    """The service answered with a fault of its own."""

    code = "SERVER_ERROR"


class WaitTimedOut(LakeflowError, TimeoutError):
    """The wait ended before the run did. The run goes on unless it was asked to be cancelled; ``run_id`` names it."""

    code = "WAIT_TIMED_OUT"
    run: Run | None = None
    """The last that was seen of the run."""


class RunFailed(LakeflowError):
    """The run ended and did not succeed."""

    code = "RUN_FAILED"
    run: Run
    """The run, all its tasks included."""
    failed_tasks: tuple[TaskFailure, ...] = ()
    """The tasks that failed, in the order of the definition."""

    @property
    def page_url(self) -> str | None:
        """Where people see the run."""
        return self.run.page_url


class Unsupported(LakeflowError, NotImplementedError):
    """What is asked for cannot be done locally."""

    code = "UNSUPPORTED"


class StorageError(LakeflowError, OSError):
    """Storage is full, locked, damaged or not accessible."""

    code = "STORAGE"


class Interrupted(_Described, KeyboardInterrupt):
    """Ctrl-C during a wait; the text says which run it was and what happens to it.

    It is a ``KeyboardInterrupt`` and, like that, not an ``Exception``: a loop that logs every ``Exception`` and goes on must
    not start the next run after Ctrl-C.
    """

    code = "INTERRUPTED"
    run: Run | None = None
    """The last that was seen of the run."""


def _classes() -> dict[str, type[LakeflowError] | type[Interrupted]]:
    classes: dict[str, type[LakeflowError] | type[Interrupted]] = {"INTERRUPTED": Interrupted}
    for each in LakeflowError.__subclasses__():
        classes[each.code] = each
    return classes


_BY_CODE = _classes()


def from_native(
    code: str,
    message: str,
    operation: str,
    retryable: bool,
    context: Mapping[str, str],
    attributes: Mapping[str, Any],
) -> LakeflowError | Interrupted:
    made = _BY_CODE.get(code, LakeflowError)(message, operation=operation, retryable=retryable, context=context)
    made.code = code
    for name, value in attributes.items():
        setattr(made, name, value)
    return made


def _again(
    made: type[LakeflowError] | type[Interrupted], message: str, state: Mapping[str, Any]
) -> LakeflowError | Interrupted:
    """Unpickles, so that errors cross processes."""
    error = made(message)
    error.__dict__.update(state)
    return error
