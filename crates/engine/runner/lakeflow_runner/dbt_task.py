"""dbt tasks: the commands of a task one after the other, by the dbt that is installed here (reference section 5.7).

With a warehouse the platform writes the profile; here one is written for the adapter that the installed dbt has, on data in
the data folder. What dbt leaves in its target folder is packed for `runs/get-output`.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import tarfile

from .errors import INVALID_CONFIGURATION, RESOURCE_NOT_FOUND, UNSUPPORTED, USER_ERROR, TaskError
from .programs import installed

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")


def run(attempt, _tools, _spark):
    """Run every command in the project folder. The first one that fails ends the task."""
    request = attempt.request
    project = _folder(request.get("project_directory"), "project_directory", "the dbt project")
    commands = [_words(command) for command in request.get("commands") or []]
    if not commands:
        raise TaskError(INVALID_CONFIGURATION, "dbt_task.commands is empty")
    program = _program()
    profiles = _profiles(request, project, program)
    # The platform hands a token to profiles that ask for it; here no adapter needs one.
    environment = {"DBT_ACCESS_TOKEN": "", **os.environ, "DBT_PROFILES_DIR": profiles}
    try:
        for words in commands:
            shown = shlex.join(["dbt", *words])
            print(f"+ {shown}", flush=True)
            code = subprocess.call([program, *words], cwd=project, env=environment, stdin=subprocess.DEVNULL)
            if code != 0:
                how = f"exit code {code}" if code > 0 else f"signal {-code}"
                raise TaskError(USER_ERROR, f"`{shown}` ended with {how}")
    finally:
        _pack(project, environment, request.get("artifacts_path"))


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
    return installed(
        "dbt",
        "dbt is not installed: add it to the task's libraries or environment (for example `dbt-duckdb`), "
        "or install it for the Python that runs tasks",
    )


def _profiles(request, project, program):
    """The folder of `profiles.yml`: the project's own, or one made for a task with a warehouse."""
    if not request.get("warehouse_id"):
        own = _folder(request.get("profiles_directory") or project, "profiles_directory", "the dbt profiles")
        if not os.path.isfile(os.path.join(own, "profiles.yml")):
            message = f"there is no profiles.yml in {own}: write one, or name a warehouse_id and one is made"
            raise TaskError(INVALID_CONFIGURATION, message)
        return own
    folder = request["profile_path"]
    os.makedirs(folder, exist_ok=True)
    name = _profile_name(project)
    # JSON is YAML, and needs no library.
    profile = {name: {"target": "local", "outputs": {"local": _output(request, program)}}}
    with open(os.path.join(folder, "profiles.yml"), "w", encoding="utf-8") as file:
        json.dump(profile, file, indent=2)
    return folder


def _profile_name(project):
    """The profile that `dbt_project.yml` names. A plain line is all that is read of it."""
    path = os.path.join(project, "dbt_project.yml")
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except OSError as error:
        raise TaskError(RESOURCE_NOT_FOUND, f"the dbt project cannot be read: {error}") from None
    found = re.search(r"""^profile:[ \t]*(['"]?)([^'"#\n]+?)\1[ \t]*(?:#.*)?$""", text, re.MULTILINE)
    if found is None:
        raise TaskError(INVALID_CONFIGURATION, f"{path} names no `profile`")
    return found.group(2)


def _output(request, program):
    """Where the models go: a DuckDB file for each catalog. Only this adapter runs without a server."""
    catalog, schema = request.get("catalog") or "main", request.get("schema") or "default"
    for field, value in (("catalog", catalog), ("schema", schema)):
        if not NAME.fullmatch(value):
            raise TaskError(INVALID_CONFIGURATION, f"dbt_task.{field} {value!r} is not a plain name")
    told = subprocess.run([program, "--version"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if not re.search(r"^\s*-\s*duckdb\b", told.stdout + told.stderr, re.MULTILINE):
        message = (
            "a profile can only be made for DuckDB, and the installed dbt has no adapter for it: add `dbt-duckdb` to the "
            "task's environment, or leave warehouse_id out and write a profiles.yml"
        )
        raise TaskError(UNSUPPORTED, message)
    folder = os.path.join(request.get("data_root") or ".", "dbt")
    os.makedirs(folder, exist_ok=True)
    return {"type": "duckdb", "path": os.path.join(folder, f"{catalog}.duckdb"), "schema": schema}


def _pack(project, environment, path):
    """Packs the target folder. Without one there is nothing to pack, and a task does not fail by it."""
    target = os.path.join(project, environment.get("DBT_TARGET_PATH") or "target")
    if not path or not os.path.isdir(target):
        return
    try:
        with tarfile.open(f"{path}.part", "w:gz") as archive:
            archive.add(target, "target")
        os.replace(f"{path}.part", path)
    except OSError as error:
        print(f"dbt's artifacts were not kept: {error}", file=sys.stderr)
