"""The routes ``/api/jobs/*`` for Starlette, FastAPI and every other ASGI program: the same answers as AppKit's Jobs plugin
gives, JSON and server-sent events.

What is answered is decided by the module; this file moves bytes. It imports no framework.

``POST /{key}/run`` starts a run (``?stream=true`` follows it), ``GET /{key}/runs``, ``GET /{key}/runs/{id}``,
``GET /{key}/status`` and ``DELETE /{key}/runs/{id}`` look at runs and cancel them.
"""

from __future__ import annotations

from ._native import Client, Routes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping
    from typing import Any, TypeAlias

    from ._async_jobs import AsyncJobs
    from ._jobs import Jobs
    from ._native import EventStream

    Scope: TypeAlias = MutableMapping[str, Any]
    Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    OnBehalfOf: TypeAlias = Callable[[Mapping[str, str]], Awaitable[str | None] | str | None]

__all__ = ["JobsRouter", "router"]

PREFIX = "/api/jobs"
"""What is dropped from the front of a path when the router is mounted above it."""

_BODY_LIMIT = (1 << 20) + 1
_USERS = 256


class JobsRouter:
    """The routes as an ASGI application; made by :func:`router`."""

    def __init__(
        self,
        jobs: Jobs | AsyncJobs,
        *,
        on_behalf_of: OnBehalfOf | None,
        environment: Mapping[str, str] | None,
        webhook_secret: str | None,
    ) -> None:
        import os

        configured = jobs._configured  # pyright: ignore[reportPrivateUsage]
        variables = dict(os.environ if environment is None else environment)
        self._routes = Routes(
            [(key, _fields(config)) for key, config in configured.items()], variables, webhook_secret
        )
        own = jobs._client  # pyright: ignore[reportPrivateUsage]
        self._client: Client = own.clone(True)
        self._on_behalf_of = on_behalf_of
        self._users: dict[str, Client] = {}

    @property
    def keys(self) -> list[str]:
        """The keys of the jobs that are served."""
        return self._routes.keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            # WebSockets are not served.
            await send({"type": "websocket.close", "code": 1003})
            return
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        body = await _body(receive)
        if body is None:
            return
        client, user = await self._who(dict(headers))
        status, head, text, stream = await self._routes.handle(
            client, scope["method"], _path(scope), headers, body, user or _address(scope)
        )
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in head],
            }
        )
        if stream is None:
            await send({"type": "http.response.body", "body": text})
        else:
            await _events(stream, receive, send)

    async def _who(self, headers: dict[str, str]) -> tuple[Client, str]:
        """The client that a request is answered with, and who asks, as far as that is known."""
        if self._on_behalf_of is None:
            return self._client, ""
        token: Any = self._on_behalf_of(headers)
        if hasattr(token, "__await__"):
            token = await token
        if not token:
            return self._client, ""
        found = self._users.pop(token, None) or self._client.with_token(token)
        self._users[token] = found
        while len(self._users) > _USERS:
            self._users.pop(next(iter(self._users)))
        return found, token


def router(
    jobs: Jobs | AsyncJobs,
    *,
    on_behalf_of: OnBehalfOf | None = None,
    environment: Mapping[str, str] | None = None,
    webhook_secret: str | None = None,
) -> JobsRouter:
    """The routes of these jobs, to be mounted: ``app.mount("/api/jobs", router(jobs))``.

    :param jobs: the client; its configurations name the jobs that are served.
    :param on_behalf_of: gets a request's headers, names in lower case, and returns the token of the user to act for, or
        ``None`` to act as the program. It may be a coroutine function. On Databricks Apps the header is
        ``x-forwarded-access-token``.
    :param environment: variables to find more jobs in (``DATABRICKS_JOB_<KEY>``); the process's own when missing.
    :param webhook_secret: what notifications of the platform carry, as the password of their destination (any user name) or as a
        bearer token; they make waits of this client look at once. Without it there is no such route.
    :raises InvalidArgument: a job's schema is not one.

    >>> from lakeflow_jobs import asgi
    >>> engine = getfixture("engine")
    >>> asgi.router(engine.jobs(), environment={}).keys
    ['fails', 'greets', 'hello', 'sleep']
    """
    return JobsRouter(
        jobs, on_behalf_of=on_behalf_of, environment=environment, webhook_secret=webhook_secret
    )


def _fields(config: Any) -> dict[str, Any]:
    timeout = config.wait_timeout
    seconds = timeout.total_seconds() if hasattr(timeout, "total_seconds") else timeout
    return {
        "id": config.id,
        "task_type": config.task_type,
        "schema": None if config.params is None else config.params.source,
        "wait_timeout": None if seconds is None else float(seconds),
    }


def _path(scope: Scope) -> str:
    """The path below the mount as it came, with its query."""
    raw: bytes | None = scope.get("raw_path")
    path = raw.decode("latin-1") if raw is not None else str(scope["path"])
    path = path.split("?", 1)[0]
    root = str(scope.get("root_path", ""))
    if root and path.startswith(root):
        path = path[len(root) :]
    if path.startswith(PREFIX):
        path = path[len(PREFIX) :]
    query = scope.get("query_string", b"").decode("latin-1")
    return f"{path or '/'}?{query}" if query else path or "/"


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


async def _body(receive: Receive) -> bytes | None:
    """The body, cut one byte above what the routes take; ``None`` when the client is gone."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part: bytes = message.get("body", b"")
        if size < _BODY_LIMIT:
            parts.append(part[: _BODY_LIMIT - size])
            size += len(part)
        if not message.get("more_body", False) or size >= _BODY_LIMIT:
            return b"".join(parts)


async def _events(stream: EventStream, receive: Receive, send: Send) -> None:
    """Sends events until the wait ends or the client leaves; the run goes on then."""
    import asyncio

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    leaving = asyncio.ensure_future(gone())
    delivered = False
    try:
        while True:
            frame = asyncio.ensure_future(stream.next_frame())
            await asyncio.wait({frame, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if leaving.done():
                frame.cancel()
                break
            text = frame.result()
            if text is None:
                break
            await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
            delivered = True
        if not leaving.done():
            await send({"type": "http.response.body", "body": b""})
    finally:
        leaving.cancel()
        if not delivered:
            stream.undelivered()


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return
