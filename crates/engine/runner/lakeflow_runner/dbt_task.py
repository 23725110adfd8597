"""dbt tasks: the commands of a task one after the other, by the dbt that is installed here (reference section 5.7)."""

import os
import shlex
import shutil
import subprocess
import sys

from .errors import INVALID_CONFIGURATION, RESOURCE_NOT_FOUND, UNSUPPORTED, USER_ERROR, TaskError


def run(attempt, _tools, _spark):
    """Run every command in the project folder. The first one that fails ends the task."""
    request = attempt.request
    project = _folder(request.get("project_directory"), "project_directory", "the dbt project")
    profiles = _folder(request.get("profiles_directory") or project, "profiles_directory", "the dbt profiles")
    if not os.path.isfile(os.path.join(profiles, "profiles.yml")):
        message = f"there is no profiles.yml in {profiles}: locally no profile is made from a warehouse, so write one"
        raise TaskError(INVALID_CONFIGURATION, message)
    commands = [_words(command) for command in request.get("commands") or []]
    if not commands:
        raise TaskError(INVALID_CONFIGURATION, "dbt_task.commands is empty")
    program = _program()
    environment = {**os.environ, "DBT_PROFILES_DIR": profiles}
    for words in commands:
        shown = shlex.join(["dbt", *words])
        print(f"+ {shown}", flush=True)
        code = subprocess.call([program, *words], cwd=project, env=environment, stdin=subprocess.DEVNULL)
        if code != 0:
            how = f"exit code {code}" if code > 0 else f"signal {-code}"
            raise TaskError(USER_ERROR, f"`{shown}` ended with {how}")


def _folder(path, field, what):
    if not path:
        raise TaskError(INVALID_CONFIGURATION, f"dbt_task.{field} is missing")
    if not os.path.isdir(path):
        raise TaskError(RESOURCE_NOT_FOUND, f"{what} is not here: no folder {path}")
    return path


def _words(command):
    """The words of a command after `dbt`. No shell reads it, so a parameter in it cannot become another command."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise TaskError(INVALID_CONFIGURATION, f"the dbt command {command!r} cannot be read: {error}") from None
    if words[:1] != ["dbt"]:
        raise TaskError(INVALID_CONFIGURATION, f"the dbt command {command!r} does not start with `dbt`")
    return words[1:]


def _program():
    """The dbt beside this interpreter, else the one on the search path."""
    beside = os.path.join(os.path.dirname(sys.executable), "dbt")
    found = beside if os.access(beside, os.X_OK) else shutil.which("dbt")
    if found is None:
        message = (
            "dbt is not installed: add it to the task's libraries or environment (for example `dbt-duckdb`), "
            "or install it for the Python that runs tasks"
        )
        raise TaskError(UNSUPPORTED, message)
    return found
