"""One task attempt: its request, its events and its result."""

import json
import os
import tempfile

from . import PROTOCOL
from .output import redact_all

EXIT_VALUE_LIMIT = 5 * 1024 * 1024
ERROR_LIMIT = 10_000
TRACE_LIMIT = 1_000_000


class Attempt:
    def __init__(self, request):
        self.request = request
        self.context = request.get("context") or {}
        self.roots = request.get("roots") or []
        self.parameters = {str(k): str(v) for k, v in (request.get("widgets") or {}).items()}
        self.result = {"protocol": PROTOCOL, "status": "success"}
        self.task_values = {}
        # Catalogs that the sources name, for the Spark server.
        self.catalogs = set()
        self._events = None

    def event(self, durable=False, **event):
        """Append a line to the events file; with `durable` it is on disk when this returns."""
        path = self.request.get("events_path")
        if path is None:
            return
        if self._events is None:
            self._events = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        data = json.dumps(event).encode() + b"\n"
        while data:
            data = data[os.write(self._events, data) :]
        if durable:
            os.fsync(self._events)

    def exit_value(self, value):
        """Keep the value of `dbutils.notebook.exit`, cut to the platform's limit."""
        data = value.encode("utf-8", "backslashreplace")
        kept = data[:EXIT_VALUE_LIMIT].decode("utf-8", "ignore")
        self.result["notebook_exit_value"] = kept
        self.result["truncated"] = len(data) > EXIT_VALUE_LIMIT

    def fail(self, kind, message, trace):
        """The task failed. A trace is cut at its beginning, since the cause is at its end."""
        self.result.update(
            status="failed", error_kind=kind, error=message[:ERROR_LIMIT], error_trace=trace[-TRACE_LIMIT:]
        )

    def write_result(self):
        """Write the result file in one step. Task values are data, so secrets stay in them."""
        self.result["task_values"] = {}
        result = redact_all(self.result)
        result["task_values"] = self.task_values
        target = self.request["result_path"]
        # The runner's own encoder settings: what is not UTF-8 text is escaped, never refused.
        data = json.dumps(result).encode("utf-8", "backslashreplace")
        descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(target) or ".", prefix=".result-")
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
