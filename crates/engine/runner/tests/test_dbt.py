"""dbt tasks (reference section 5.7), with a program in dbt's place that tells how it was called."""

import os
import sys

import pytest

FAKE = """#!/bin/sh
echo "dbt in $(basename "$PWD") with $DBT_PROFILES_DIR:"
for word in "$@"; do echo "[$word]"; done
[ "$1" != fail ]
"""


@pytest.fixture
def project(tasks):
    folder = tasks.workspace / "project"
    folder.mkdir()
    (folder / "profiles.yml").write_text("x: {}\n")
    return folder


@pytest.fixture
def path(tasks):
    folder = tasks.folder / "bin"
    folder.mkdir()
    if os.path.exists(os.path.join(os.path.dirname(sys.executable), "dbt")):
        pytest.skip("this interpreter has a real dbt beside it, which would be used")
    return folder


def install(folder):
    (folder / "dbt").write_text(FAKE)
    (folder / "dbt").chmod(0o755)


def run(tasks, project, path, *commands):
    env = {"PATH": f"{path}:/usr/bin:/bin"}
    return tasks.run("dbt", project_directory=str(project), commands=list(commands), env=env)


def test_commands_run_in_order_and_no_shell_reads_them(tasks, project, path):
    install(path)
    done = run(tasks, project, path, "dbt deps", """dbt run --vars '{"a": "$HOME; b"}' && x""")
    assert (done.code, done.result["status"]) == (0, "success")
    assert f"dbt in project with {project}:\n[deps]\n" in done.stdout
    assert '[run]\n[--vars]\n[{"a": "$HOME; b"}]\n[&&]\n[x]\n' in done.stdout


def test_the_first_command_that_fails_ends_the_task(tasks, project, path):
    install(path)
    done = run(tasks, project, path, "dbt seed", "dbt fail", "dbt run")
    assert (done.code, done.result["error_kind"]) == (1, "user_error")
    assert done.result["error"] == "`dbt fail` ended with exit code 1"
    assert "[seed]" in done.stdout and "[run]" not in done.stdout


def test_without_dbt_it_is_told_how_to_get_it(tasks, project, path):
    done = run(tasks, project, path, "dbt run")
    assert done.result["error_kind"] == "unsupported"
    assert "dbt is not installed" in done.result["error"] and "libraries" in done.result["error"]


def test_what_cannot_be_run_is_told_before_anything_runs(tasks, project, path):
    install(path)
    for command in ("rm -rf /", "dbt 'open", ""):
        done = run(tasks, project, path, "dbt seed", command)
        assert done.result["error_kind"] == "invalid_configuration"
        assert "[seed]" not in done.stdout
    (project / "profiles.yml").unlink()
    assert "profiles.yml" in run(tasks, project, path, "dbt run").result["error"]
    assert run(tasks, project / "none", path, "dbt run").result["error_kind"] == "resource_not_found"
