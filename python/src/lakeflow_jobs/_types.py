"""The types that annotations name. Imported by type checkers alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

from ._native import ParamSchema

TaskType: TypeAlias = Literal[
    "notebook",
    "python_wheel",
    "python_script",
    "spark_jar",
    "sql",
    "dbt",
    "job_parameters",
    "pipeline",
    "spark_submit",
]

Headers: TypeAlias = Mapping[str, str] | str
"""What a credential's callable returns: headers with ``Authorization``, or a token."""


@runtime_checkable
class SdkConfig(Protocol):
    """``databricks.sdk.config.Config``, as far as it is used."""

    @property
    def host(self) -> Any: ...
    def authenticate(self) -> Any: ...


@runtime_checkable
class SdkClient(Protocol):
    """``databricks.sdk.WorkspaceClient``, as far as it is used."""

    @property
    def config(self) -> Any: ...


Credential: TypeAlias = SdkClient | SdkConfig | Callable[[], Headers]

Schema: TypeAlias = ParamSchema | Mapping[str, Any] | bool | str | type[Any]
"""JSON Schema, or a type that pydantic knows the schema of."""

Params: TypeAlias = Any
"""A mapping, or an instance of a pydantic model or a dataclass."""
