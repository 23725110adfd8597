"""Schemas of Python types: pydantic models, and dataclasses and TypedDicts through pydantic where it is installed.

Importing this module imports nothing else; pydantic is imported when a type is given.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def schema_of(model: type) -> dict[str, Any]:
    """The JSON Schema of a type, as pydantic gives it.

    :raises InvalidDefinition: the type has no schema, or pydantic is not installed.
    """
    from .errors import InvalidDefinition

    own: Any = getattr(model, "model_json_schema", None)
    name = getattr(model, "__qualname__", repr(model))
    try:
        if own is not None:
            found: dict[str, Any] = own()
            return found
        if not (hasattr(model, "__dataclass_fields__") or hasattr(model, "__required_keys__")):
            raise InvalidDefinition(
                f"{name} is not a parameter schema: give JSON Schema, a pydantic model, a dataclass or a TypedDict",
                operation="compile_schema",
            )
        try:
            from pydantic import TypeAdapter
        except ImportError:
            raise InvalidDefinition(
                f"the schema of {name} is made by pydantic, which is not installed: `pip install pydantic`, or give "
                "JSON Schema",
                operation="compile_schema",
            ) from None
        schema: dict[str, Any] = TypeAdapter(_readable(model)).json_schema()
    except InvalidDefinition:
        raise
    except Exception as fault:
        raise InvalidDefinition(
            f"{name} has no JSON Schema: {fault}", operation="compile_schema"
        ) from fault
    return schema


def _readable(model: type) -> Any:
    """A TypedDict of ``typing`` as one of ``typing_extensions``: pydantic reads only that before Python 3.12."""
    import sys

    if sys.version_info >= (3, 12) or not hasattr(model, "__required_keys__"):
        return model
    import typing

    import typing_extensions

    required: frozenset[str] = getattr(model, "__required_keys__", frozenset())
    fields: dict[str, Any] = {}
    for name, hint in typing_extensions.get_type_hints(model, include_extras=True).items():
        wrapped = typing.get_origin(hint) in (typing_extensions.Required, typing_extensions.NotRequired)
        inner: Any = typing.get_args(hint)[0] if wrapped else hint
        fields[name] = inner if name in required else typing_extensions.NotRequired[inner]
    make: Any = typing_extensions.TypedDict
    return make(model.__name__, fields)


def plain(params: Any) -> Any:
    """Parameters as plain data: an instance of a pydantic model or of a dataclass becomes a dictionary."""
    dump: Any = getattr(params, "model_dump", None)
    if callable(dump):
        return dump(mode="json")
    if hasattr(params, "__dataclass_fields__") and not isinstance(params, type):
        from dataclasses import asdict

        return asdict(params)
    return params
