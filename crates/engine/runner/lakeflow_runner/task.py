"""Runs one attempt: picks the kind, turns whatever happened into the result, gives the exit code."""

import os
import sys
import tokenize
import types

from . import catalog_names, dbt_task, dbutils, notebook, notebook_source, pipeline_task, process, query, shims, spark, sql_task, wheel
from .attempt import Attempt
from .errors import INVALID_CONFIGURATION, RUNNER_FAULT, USER_ERROR, TaskError, describe


def run(request):
    """Run `request` in this process; returns the exit code (PROTOCOL.md section 3) and whether
    the process may wait for its threads."""
    attempt = Attempt(request)
    tools = dbutils.DbUtils(attempt)
    lazy_spark = spark.LazySpark(attempt)
    attempt.lazy_spark = lazy_spark
    shims.install(tools, lazy_spark)
    code = process.EXIT_SUCCESS
    try:
        _KINDS[request["kind"]](attempt, tools, lazy_spark)
    except TaskError as error:
        attempt.fail(error.kind, *describe(error))
    except BaseException as error:
        attempt.fail(USER_ERROR, *describe(error))
    if attempt.result["status"] != "success":
        code = process.EXIT_FAULT if attempt.result["error_kind"] == RUNNER_FAULT else process.EXIT_FAILED
        _tell(attempt.result)
    patient = lazy_spark.close()
    attempt.result["spark_used"] = lazy_spark.used
    attempt.write_result()
    return code, patient


def _tell(result):
    """The error belongs to the log as well, as it would of a program started by hand."""
    text = result.get("error_trace") or result.get("error") or ""
    if text and not result.get("told"):
        _complain(text.rstrip("\n"))
    result.pop("told", None)


def _complain(text):
    """Print to standard error. A task may have closed it, which must not hide how the task went."""
    try:
        print(text, file=sys.stderr)
    except (OSError, ValueError):
        pass


def _notebook(attempt, tools, lazy_spark):
    path = notebook_source.find(_path(attempt), attempt.roots)
    _enter(attempt, path)
    sys.path.insert(0, os.path.dirname(path))
    notebook.Runner(attempt, tools, lazy_spark).run(path)


def _python_script(attempt, _tools, _spark):
    path = notebook_source.find(_path(attempt), attempt.roots)
    source = _python_text(path)
    attempt.catalogs |= catalog_names.in_python(source)
    _enter(attempt, path)
    sys.argv = [path, *_arguments(attempt)]
    sys.path.insert(0, os.path.dirname(path))
    # The module stays for the life of the process, for threads and exit functions that use its globals.
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    main.__file__ = path
    _as_program(attempt, lambda: exec(compile(source, path, "exec"), main.__dict__))


def _python_text(path):
    try:
        with tokenize.open(path) as file:
            return file.read()
    except (SyntaxError, UnicodeDecodeError, OSError) as error:
        raise TaskError(INVALID_CONFIGURATION, f"cannot read the Python file {path}: {error}") from None


def _python_wheel(attempt, _tools, _spark):
    request = attempt.request
    function = wheel.entry_point(request.get("package_name"), request.get("entry_point"))
    sys.argv = [request["package_name"], *_arguments(attempt)]
    _as_program(attempt, function)


def _as_program(attempt, body):
    """Run `body` as a main program: `sys.exit(0)` is success, other codes and exceptions fail."""
    try:
        body()
    except SystemExit as error:
        code = error.code
        if code is None or code == 0:
            return
        attempt.fail(USER_ERROR, *describe(error))
        attempt.result["exit_code"] = code if isinstance(code, int) else 1
        # Python prints nothing for a number and the text alone for a text.
        if not isinstance(code, int):
            _complain(code)
        attempt.result["told"] = True


def _arguments(attempt):
    arguments = [str(item) for item in attempt.request.get("parameters") or []]
    named = attempt.request.get("named_parameters") or {}
    return arguments + [f"--{key}={value}" for key, value in named.items()]


def _path(attempt):
    path = attempt.request.get("path")
    if not isinstance(path, str) or not path:
        raise TaskError(INVALID_CONFIGURATION, "the task names no file")
    return path


def _enter(attempt, path):
    if not attempt.request.get("cwd"):
        os.chdir(os.path.dirname(path))


_KINDS = {
    "notebook": _notebook,
    "python_script": _python_script,
    "python_wheel": _python_wheel,
    "sql_file": sql_task.run_file,
    "sql_query": sql_task.run_query,
    "query": query.run,
    "dbt": dbt_task.run,
    "pipeline": pipeline_task.run,
}
