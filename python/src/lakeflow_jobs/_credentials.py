"""Who the client is: an object of the Databricks SDK, a callable, a notebook's own credential, or settings by name.

Nothing is imported from Spark or the SDK; what a notebook brings is imported when nothing else says where to connect.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._types import Credential, Headers


def resolve(
    credential: Credential | None, options: dict[str, str | None]
) -> tuple[dict[str, str | None], Callable[[], Headers] | None]:
    """Settings for the module, and the callable that gives the headers of each request when there is one."""
    if credential is not None:
        return _given(credential, options)
    if any(value is not None for value in options.values()):
        return options, None
    if os.environ.get("DATABRICKS_HOST") or os.environ.get("DATABRICKS_CONFIG_PROFILE"):
        return options, None
    found = _notebook()
    if found is None:
        return options, None
    host, headers = found
    return {**options, "host": host}, headers


def _given(
    credential: Credential, options: dict[str, str | None]
) -> tuple[dict[str, str | None], Callable[[], Headers] | None]:
    from .errors import InvalidArgument

    both = [name for name in ("token", "client_id", "client_secret", "profile") if options.get(name)]
    if both:
        raise InvalidArgument(f"a credential is given, and {', '.join(both)} too; give one", operation="configure")
    config: Any = getattr(credential, "config", credential)
    authenticate: Any = getattr(config, "authenticate", None)
    if authenticate is not None:
        host = options.get("host") or getattr(config, "host", None)
        if not host:
            raise InvalidArgument("the Databricks SDK's configuration has no host", operation="configure")
        return {**options, "host": str(host)}, authenticate
    if callable(credential):
        if not (options.get("host") or os.environ.get("DATABRICKS_HOST")):
            raise InvalidArgument(
                "a callable gives headers and no host: give host=… too, or set DATABRICKS_HOST", operation="configure"
            )
        return {**options, "host": options.get("host") or os.environ["DATABRICKS_HOST"]}, credential
    raise InvalidArgument(
        f"{type(credential).__name__} is no credential: give a WorkspaceClient, a Config, or a callable that returns headers",
        operation="configure",
    )


def _notebook() -> tuple[str, Callable[[], Headers]] | None:
    """Host and credential of a Databricks notebook; both are asked for again at each request.

    The runtime's modules are asked in the order in which the Databricks SDK asks them.
    """
    if "DATABRICKS_RUNTIME_VERSION" not in os.environ and "dbruntime" not in sys.modules:
        return None
    found: Any
    for name, place in (("init_runtime_native_unified", 3), ("init_runtime_native_auth", 1)):
        init = _imported("dbruntime.sdk_credential_provider", name)
        if init is not None:
            found = init()
            if found[0] is not None:
                return str(found[0]), found[place]
    get_context = _imported("dbruntime.databricks_repl_context", "get_context")
    context: Any = get_context() if get_context is not None else None
    if context is None or not getattr(context, "workspaceUrl", None):
        from .errors import Unauthenticated

        raise Unauthenticated(
            "this is a Databricks runtime, but it offers no credential to this process; give a WorkspaceClient, or host and "
            "token",
            operation="configure",
        )

    def headers() -> Headers:
        token: Any = getattr(get_context(), "apiToken", None) if get_context is not None else None
        return {"Authorization": f"Bearer {token}"} if token else ""

    return f"https://{context.workspaceUrl}", headers


def _imported(module: str, name: str) -> Callable[[], Any] | None:
    import importlib

    try:
        return getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None
