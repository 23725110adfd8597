"""Databricks Lakeflow Jobs for Python: typed triggers and waits, parameter schemas, and a local engine.

:class:`Jobs` blocks, :class:`AsyncJobs` gives awaitables; both are one implementation. :class:`ParamSchema`,
:func:`validate_job`, :func:`map_params` and :func:`next_fire_times` need no host.
"""

import atexit as _atexit
import os as _os

from ._async_jobs import AsyncJob, AsyncJobs
from ._config import JobConfig
from ._engine import LocalEngine
from ._jobs import Job, Jobs
from ._native import (
    Fire,
    ParamSchema,
    Problem,
    Run,
    TaskFailure,
    TaskOutput,
    TaskRun,
    Violation,
    map_params,
    next_fire_times,
    task_types,
    validate_job,
)
from ._native import __VERSION__ as __version__
from ._native import after_fork as _after_fork
from ._native import finish_cancels as _finish_cancels
from ._tables import runs_to_arrow, runs_to_pandas
from ._wait import AsyncRunWait, RunWait
from .errors import (
    Interrupted,
    InvalidArgument,
    InvalidDefinition,
    InvalidParameters,
    InvalidState,
    LakeflowError,
    LimitExceeded,
    Malformed,
    NotFound,
    PermissionDenied,
    RateLimited,
    RunFailed,
    ServerError,
    StorageError,
    Unauthenticated,
    Unavailable,
    Unreachable,
    Unsupported,
    WaitTimedOut,
)

__all__ = [
    "AsyncJob",
    "AsyncJobs",
    "AsyncRunWait",
    "Fire",
    "Interrupted",
    "InvalidArgument",
    "InvalidDefinition",
    "InvalidParameters",
    "InvalidState",
    "Job",
    "JobConfig",
    "Jobs",
    "LakeflowError",
    "LimitExceeded",
    "LocalEngine",
    "Malformed",
    "NotFound",
    "ParamSchema",
    "PermissionDenied",
    "Problem",
    "RateLimited",
    "Run",
    "RunFailed",
    "RunWait",
    "ServerError",
    "StorageError",
    "TaskFailure",
    "TaskOutput",
    "TaskRun",
    "Unauthenticated",
    "Unavailable",
    "Unreachable",
    "Unsupported",
    "Violation",
    "WaitTimedOut",
    "__version__",
    "map_params",
    "next_fire_times",
    "runs_to_arrow",
    "runs_to_pandas",
    "task_types",
    "validate_job",
]

# A child of `fork()` makes threads and connections of its own; the end of the program waits a moment for cancels that an
# interrupt has started.
if hasattr(_os, "register_at_fork"):
    _os.register_at_fork(after_in_child=_after_fork)
_atexit.register(_finish_cancels, 5.0)
