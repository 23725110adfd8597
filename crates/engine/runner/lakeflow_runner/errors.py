"""What can end a task, and how it is told."""

import os
import traceback

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep

USER_ERROR = "user_error"
RESOURCE_NOT_FOUND = "resource_not_found"
LIBRARY_INSTALLATION = "library_installation"
INVALID_CONFIGURATION = "invalid_configuration"
UNSUPPORTED = "unsupported"
RUNNER_FAULT = "runner_fault"


class TaskError(Exception):
    """An error found by the runner itself. `kind` is one of the `error_kind` values of PROTOCOL.md."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


class NotebookExit(BaseException):
    """Raised by `dbutils.notebook.exit`. Not an `Exception`, so that `except Exception` lets it through."""

    def __init__(self, value):
        super().__init__(value)
        self.value = value


class InputWidgetNotDefined(Exception):
    """`dbutils.widgets.get` of a name that is neither declared nor passed (reference section 14.2)."""


class WorkflowException(Exception):
    """A notebook started by `dbutils.notebook.run` did not succeed."""


def describe(error):
    """`(message, trace)`: the last traceback entry, and the whole trace without the runner's own frames."""
    if isinstance(error, TaskError):
        return str(error), str(error)
    report = traceback.TracebackException(type(error), error, error.__traceback__)
    _trim(report, set())
    message = "".join(traceback.format_exception_only(type(error), error)).strip()
    if isinstance(error, SyntaxError):
        message = message.splitlines()[-1]
    notes = getattr(error, "__notes__", None) or []
    for note in reversed(notes):
        message = message[: -len(str(note))].rstrip() if message.endswith(str(note)) else message
    return message, "".join(report.format())


def _trim(report, seen):
    """Take the runner's frames out of a traceback and of every traceback chained to it."""
    if report is None or id(report) in seen:
        return
    seen.add(id(report))
    kept = [frame for frame in report.stack if not _internal(frame.filename)]
    report.stack[:] = kept
    _trim(report.__cause__, seen)
    _trim(report.__context__, seen)
    for inner in getattr(report, "exceptions", None) or []:
        _trim(inner, seen)


def _internal(filename):
    return filename.startswith(_PACKAGE) or filename.startswith("<frozen ")
