"""`dbutils` (reference section 14), backed by the request and local folders."""

import json

from . import child, fs, output
from .errors import INVALID_CONFIGURATION, InputWidgetNotDefined, NotebookExit, TaskError

VALUE_LIMIT = 48 * 1024
VALUES_LIMIT = 250
KEY_LIMIT = 1024


class _Part:
    """One of `dbutils.widgets`, `dbutils.fs` and so on."""

    def help(self, method=None):
        """Print what there is, with the first line of each description."""
        for name in sorted(n for n in dir(type(self)) if not n.startswith("_")):
            text = (getattr(self, name).__doc__ or "").strip().splitlines()
            if method in (None, name):
                print(f"{name}: {text[0] if text else ''}")

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        part = type(self).__name__.lower()
        raise AttributeError(f"dbutils.{part}.{name} is not available in the local engine")


class DbUtils:
    """Everything a notebook finds under `dbutils`."""

    def __init__(self, attempt):
        self.widgets = Widgets(attempt)
        self.jobs = Jobs(attempt)
        self.notebook = Notebook(attempt)
        self.fs = fs.FileSystem(attempt.request)
        self.secrets = Secrets(attempt)
        self.library = Library()

    def help(self, part=None):
        """Print the parts of dbutils, or the methods of one."""
        if part is not None:
            getattr(self, part).help()
        else:
            print("dbutils: fs, jobs, library, notebook, secrets, widgets. dbutils.<part>.help() lists methods.")

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(f"dbutils.{name} is not available in the local engine")


class Widgets(_Part):
    def __init__(self, attempt):
        self._passed = attempt.parameters
        self._declared = {}
        # Defaults from the metadata of an .ipynb file.
        self._metadata = {}

    def text(self, name, defaultValue="", label=None):
        """Declare a text widget."""
        self._declared[name] = str(defaultValue)

    def dropdown(self, name, defaultValue, choices, label=None):
        """Declare a widget with one of several values."""
        self._check_default(name, [defaultValue], choices)
        self._declared[name] = str(defaultValue)

    def combobox(self, name, defaultValue, choices, label=None):
        """Declare a widget with suggestions and free text."""
        self._declared[name] = str(defaultValue)

    def multiselect(self, name, defaultValue, choices, label=None):
        """Declare a widget with any of several values; its value is text with commas."""
        self._check_default(name, str(defaultValue).split(",") if defaultValue else [], choices)
        self._declared[name] = str(defaultValue)

    def get(self, name):
        """The value of a widget or of a parameter passed to the run, as text."""
        for values in (self._passed, self._declared, self._metadata):
            if name in values:
                return values[name]
        known = ", ".join(sorted(self.getAll())) or "none"
        raise InputWidgetNotDefined(f"No input widget named {name} is defined. Defined widgets: {known}")

    def getAll(self):
        """All widgets and parameters, as a map."""
        return {**self._metadata, **self._declared, **self._passed}

    def getArgument(self, name, defaultValue=None):
        """The value of a widget, or the default (deprecated; use get)."""
        values = self.getAll()
        if name not in values and defaultValue is not None:
            return defaultValue
        return self.get(name)

    def remove(self, name):
        """Remove a widget. A parameter passed to the run stays readable."""
        self._declared.pop(name, None)
        self._metadata.pop(name, None)

    def removeAll(self):
        """Remove all widgets. Parameters passed to the run stay readable."""
        self._declared.clear()
        self._metadata.clear()

    def _check_default(self, name, values, choices):
        allowed = [str(choice) for choice in choices]
        for value in values:
            if str(value) not in allowed:
                raise ValueError(f"widget {name}: the default value '{value}' is not one of the choices {allowed}")


class Jobs(_Part):
    def __init__(self, attempt):
        self.taskValues = TaskValues(attempt)


class TaskValues(_Part):
    def __init__(self, attempt):
        self._attempt = attempt
        self._task_key = attempt.context.get("task_key")
        self._values = {task: dict(values) for task, values in (attempt.request.get("task_values_in") or {}).items()}
        self._used = int(attempt.request.get("task_values_used") or 0)

    def set(self, key, value):
        """Store a JSON value under this task; at most 48 KiB, at most 250 values in a job run."""
        if not isinstance(key, str) or not key:
            raise TypeError(f"the key of a task value must be a non-empty text, not {key!r}")
        if len(key.encode("utf-8", "backslashreplace")) > KEY_LIMIT:
            raise ValueError(f"the key of a task value may have {KEY_LIMIT} bytes; {key[:40]!r}… has more")
        try:
            text = json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise type(error)(f"task value '{key}' cannot be written as JSON: {error}") from None
        size = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace"))
        if size > VALUE_LIMIT:
            raise ValueError(f"task value '{key}' has {size} bytes as JSON; the limit is {VALUE_LIMIT} bytes (48 KiB)")
        if self._task_key is None:
            return False
        mine = self._values.setdefault(self._task_key, {})
        if key not in mine:
            if self._used >= VALUES_LIMIT:
                raise ValueError(f"A maximum of {VALUES_LIMIT} task values per job run is allowed")
            self._used += 1
        # What later readers see is what JSON makes of it: tuples are lists, keys are text.
        value = json.loads(text)
        self._attempt.event(durable=True, event="task_value", key=key, value=value)
        mine[key] = value
        self._attempt.task_values[key] = value
        return True

    def get(self, taskKey, key, default=None, debugValue=None):
        """The value another task of this job run stored."""
        if self._task_key is None:
            if debugValue is None:
                raise TypeError(
                    "Must pass debugValue when calling get outside of a job context. debugValue cannot be None."
                )
            return debugValue
        values = self._values.get(taskKey, {})
        if key in values:
            return values[key]
        if default is not None:
            return default
        known = ", ".join(sorted(values)) or "none"
        raise ValueError(
            f"No task value '{key}' of task '{taskKey}' in this job run, and no default given. "
            f"Keys of that task: {known}"
        )


class Notebook(_Part):
    def __init__(self, attempt):
        self._attempt = attempt
        # Folder of the running notebook; `%run` changes it.
        self._folder = None

    def exit(self, value=""):
        """End this notebook with success and hand out a value."""
        raise NotebookExit(value if isinstance(value, str) else str(value))

    def run(self, path, timeout_seconds=0, arguments=None):
        """Run another notebook in its own process and return its exit value; 0 means no timeout."""
        return child.run_notebook(self._attempt, self._folder, path, timeout_seconds, arguments or {})


class Library(_Part):
    def restartPython(self):
        """Does nothing here: every task has a fresh interpreter."""


class SecretScope:
    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return f"SecretScope(name='{self.name}')"


class SecretMetadata:
    def __init__(self, key):
        self.key = key

    def __repr__(self):
        return f"SecretMetadata(key='{self.key}')"


class Secrets(_Part):
    def __init__(self, attempt):
        self._path = attempt.request.get("secrets_path")
        self._scopes = None

    def get(self, scope, key):
        """A secret as text. Printed, it shows as [REDACTED]."""
        values = self._load().get(scope)
        if values is None or key not in values:
            raise ValueError(f"Secret does not exist with scope: {scope} and key: {key}")
        value = str(values[key])
        output.hide(value)
        return value

    def getBytes(self, scope, key):
        """A secret as bytes."""
        return self.get(scope, key).encode()

    def list(self, scope):
        """The keys of a scope."""
        if scope not in self._load():
            raise ValueError(f"Scope {scope} does not exist!")
        return [SecretMetadata(key) for key in sorted(self._load()[scope])]

    def listScopes(self):
        """All scopes."""
        return [SecretScope(name) for name in sorted(self._load())]

    def _load(self):
        if self._scopes is None:
            self._scopes = {} if self._path is None else read_secrets(self._path)
        return self._scopes


def read_secrets(path):
    """Scopes of a secrets file: JSON, or lines `scope.key=value` with blank lines and `#` comments."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise TaskError(INVALID_CONFIGURATION, f"cannot read the secrets file {path}: {error}") from None
    if text.lstrip().startswith("{"):
        try:
            scopes = json.loads(text)
        except ValueError as error:
            raise TaskError(INVALID_CONFIGURATION, f"the secrets file {path} is not JSON: {error}") from None
        if not all(isinstance(values, dict) for values in scopes.values()):
            message = f'the secrets file {path} must look like {{"scope": {{"key": "value"}}}}'
            raise TaskError(INVALID_CONFIGURATION, message)
        return scopes
    scopes = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        scope, dot, key = name.strip().partition(".")
        if not (equals and dot and scope and key):
            raise TaskError(INVALID_CONFIGURATION, f"line {number} of the secrets file {path} is not scope.key=value")
        value = value.strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        scopes.setdefault(scope, {})[key] = value
    return scopes
