"""Notebooks: sources, magics, dbutils (reference sections 14 and 23)."""

import json

import pytest
from conftest import HEADER


def test_cells_share_a_namespace_and_show_their_last_value(tasks):
    done = tasks.cells("x = 20", "x + 1", "x + 2;", "None")
    assert (done.code, done.stdout) == (0, "21\n")
    assert [cell["status"] for cell in done.result["cells"]] == ["success"] * 4


def test_error_ends_the_notebook_with_its_own_line(tasks):
    done = tasks.cells(
        "print('a')", "# MAGIC %md\n# MAGIC text", "def f():\n    raise RuntimeError('boom')\nf()", "print('never')"
    )
    assert (done.code, done.stdout) == (1, "a\n")
    assert done.result["error"] == "RuntimeError: boom"
    trace = done.result["error_trace"]
    assert 'notebook.py", line 13, in f' in trace and "    raise RuntimeError('boom')" in trace
    assert "lakeflow_runner" not in trace
    assert [cell["status"] for cell in done.result["cells"]] == ["success", "success", "failed"]
    assert done.result["cells"][2]["outputs"][-1]["error"] == "RuntimeError: boom"


def test_syntax_error_in_a_cell(tasks):
    done = tasks.cells("print('ran')", "x =")
    assert (done.code, done.stdout) == (1, "ran\n")
    assert done.result["error"].startswith("SyntaxError: ")
    assert 'notebook.py", line 7' in done.result["error_trace"]


def test_titles_and_await(tasks):
    done = tasks.cells("# DBTITLE 1,Load the data\nimport asyncio\nawait asyncio.sleep(0, 'slept')")
    assert done.stdout == "'slept'\n"
    assert done.result["cells"][0]["title"] == "Load the data"


# LOCAL[notebooks] same: `dbutils.notebook.exit`, also inside `try`
def test_exit_inside_try(tasks):
    done = tasks.cells(
        "try:\n    dbutils.notebook.exit('early')\nexcept Exception:\n    print('caught')", "print('never')"
    )
    assert (done.code, done.stdout) == (0, "")
    assert (done.result["notebook_exit_value"], done.result["truncated"]) == ("early", False)
    assert {"event": "notebook_exit", "value": "early"} in done.events


def test_exit_value_is_text_and_cut(tasks):
    assert tasks.cells("dbutils.notebook.exit(12)").result["notebook_exit_value"] == "12"
    done = tasks.cells("dbutils.notebook.exit('é' * 5_000_000)")
    assert done.result["truncated"] is True
    assert len(done.result["notebook_exit_value"].encode()) <= 5 * 1024 * 1024


def test_no_exit_no_value(tasks):
    assert "notebook_exit_value" not in tasks.cells("1").result


def test_sys_exit_fails_a_notebook(tasks):
    done = tasks.cells("import sys\nsys.exit(0)")
    assert (done.code, done.result["error"]) == (1, "SystemExit: 0")


@pytest.mark.parametrize("path", ["/Workspace/none", "/Workspace/plain", "/Workspace/folder"])
def test_what_is_no_notebook(tasks, path):
    tasks.write("plain.py", "print('x')\n")
    tasks.write("folder/inner.py", HEADER)
    done = tasks.run("notebook", path=path)
    assert (done.code, done.result["error_kind"], done.stdout) == (1, "resource_not_found", "")
    assert path.split("/")[-1] in done.result["error"]


def test_notebook_that_is_not_utf8(tasks):
    tasks.write("bad.py", HEADER.encode() + b"x = '\xff'\n")
    done = tasks.run("notebook", path="bad")
    assert (done.code, done.result["error_kind"]) == (1, "invalid_configuration")
    assert "not UTF-8 text: byte 0xff in line 2" in done.result["error"]


def test_crlf_and_byte_order_mark(tasks):
    tasks.write(
        "win.py",
        b"\xef\xbb\xbf# Databricks notebook source\r\nprint(1)\r\n\r\n# COMMAND ----------\r\n\r\nprint(2)\r\n",
    )
    assert tasks.run("notebook", path="win").stdout == "1\n2\n"


# LOCAL[notebooks] same: notebooks as `.ipynb`
def test_jupyter(tasks):
    cells = [
        {"cell_type": "markdown", "source": ["# x"]},
        {"cell_type": "code", "source": ["%sh\n", "echo shell"]},
        {"cell_type": "code", "source": "def g():\n    raise KeyError('k')\nprint(dbutils.widgets.get('w'))\n"},
        {"cell_type": "code", "source": ["g()"]},
    ]
    block = {"language": "python", "widgets": {"w": {"currentValue": "from file"}}}
    document = {"cells": cells, "metadata": {"application/vnd.databricks.v1+notebook": block}, "nbformat": 4}
    tasks.write("book.ipynb", json.dumps(document))
    done = tasks.run("notebook", path="/Workspace/book")
    assert (done.code, done.stdout) == (1, "shell\nfrom file\n")
    assert done.result["error"] == "KeyError: 'k'"
    assert "book.ipynb, cell 2\", line 2, in g\n    raise KeyError('k')" in done.result["error_trace"]
    tasks.write("broken.ipynb", '{"cells": [')
    assert tasks.run("notebook", path="broken").result["error_kind"] == "invalid_configuration"


# LOCAL[notebooks] refused: cells in Scala and R
@pytest.mark.parametrize("language", ["scala", "r"])
def test_other_languages_fail_clearly(tasks, language):
    done = tasks.cells(f"# MAGIC %{language}\n# MAGIC val x = 1")
    assert (done.code, done.result["error_kind"]) == (1, "unsupported")
    assert f"%{language}" in done.result["error"]


# LOCAL[notebooks] same: `%sh`
def test_shell_cells(tasks):
    done = tasks.cells("# MAGIC %sh\n# MAGIC false\n# MAGIC echo out; echo err >&2; false", "print('went on')")
    assert (done.code, done.stdout) == (0, "out\nerr\nwent on\n")
    assert tasks.cells("# MAGIC %sh -e\n# MAGIC false\n# MAGIC echo never").code == 1


def test_line_magics_between_python_lines(tasks):
    done = tasks.cells("x = 5\n!echo $((2+3))\n%restart_python\nprint(x)")
    assert (done.code, done.stdout) == (0, "5\n5\n")
    assert "magic command %timeit" in tasks.cells("%timeit 1").result["error"]


def test_percent_that_is_python(tasks):
    assert tasks.cells("x = (7\n% 4)\nx").stdout == "3\n"


# LOCAL[notebooks] same: `%run` with parameters
def test_run_shares_names_and_sets_widgets(tasks):
    tasks.write("lib/shared.py", HEADER + "dbutils.widgets.text('who', 'nobody')\nname = dbutils.widgets.get('who')\n")
    tasks.write("lib/outer.py", HEADER + '# MAGIC %run ./shared $who="Ada L"\n')
    done = tasks.cells("# MAGIC %run ./lib/outer", "name", "dbutils.widgets.get('who')")
    assert (done.code, done.stdout) == (0, "'Ada L'\n'nobody'\n")


def test_run_faults(tasks):
    assert tasks.cells("# MAGIC %run ./none").result["error_kind"] == "resource_not_found"
    assert "alone" in tasks.cells("# MAGIC %run ./a\n# MAGIC print(1)").result["error"]


# LOCAL[notebooks] same: `dbutils.notebook.run`
def test_notebook_run(tasks):
    tasks.write(
        "lib/child.py", HEADER + "x = dbutils.widgets.get('n')\nprint('child', x)\ndbutils.notebook.exit(x * 2)\n"
    )
    done = tasks.cells("dbutils.notebook.run('lib/child', 60, {'n': 4})")
    assert (done.code, done.stdout) == (0, "child 4\n'44'\n")
    assert [e["event"] for e in done.events if e["event"].startswith("child")] == ["child_started", "child_exited"]


def test_notebook_run_failure_and_timeout(tasks):
    tasks.write("bad.py", HEADER + "raise ValueError('inner')\n")
    tasks.write("slow.py", HEADER + "import time\ntime.sleep(600)\n")
    done = tasks.cells("dbutils.notebook.run('./bad', 0)")
    assert (
        done.code == 1 and "WorkflowException" in done.result["error"] and "ValueError: inner" in done.result["error"]
    )
    done = tasks.cells("dbutils.notebook.run('slow', 1)")
    assert done.code == 1 and "did not end within 1 seconds" in done.result["error"]


def test_widgets(tasks):
    done = tasks.cells(
        "w = dbutils.widgets\nw.text('a', 'x')\nw.dropdown('b', 'EU', ['EU', 'US'], 'Region')\n"
        "w.combobox('c', 'free', ['x'])\nw.multiselect('d', 'id,name', ['id', 'name', 'x'])\n"
        "w.text('passed', 'default')\n"
        "print(w.getAll())\nprint(w.get('undeclared'), w.getArgument('zz', 'dflt'), getArgument('a'))\n"
        "w.remove('a')\nw.removeAll()\nprint(w.getAll())",
        widgets={"passed": "yes", "undeclared": "3"},
    )
    first, second, third = done.stdout.splitlines()
    assert json.loads(first.replace("'", '"')) == {
        "a": "x",
        "b": "EU",
        "c": "free",
        "d": "id,name",
        "passed": "yes",
        "undeclared": "3",
    }
    assert (second, third) == ("3 dflt x", "{'passed': 'yes', 'undeclared': '3'}")


def test_widget_faults(tasks):
    error = tasks.cells("dbutils.widgets.get('nope')").result["error"]
    assert "InputWidgetNotDefined" in error and "nope" in error
    assert "not one of the choices" in tasks.cells("dbutils.widgets.dropdown('a', 'x', ['y'])").result["error"]


# LOCAL[notebooks] same: task values, with their types
def test_task_values(tasks):
    done = tasks.cells(
        "tv = dbutils.jobs.taskValues\nprint(tv.set('n', 3), tv.set('n', 4), tv.set(key='t', value=(1, {'é': None})))",
        "print(tv.get('mine', 'n'), tv.get(taskKey='up', key='rows'), tv.get('up', 'no', default='d'), tv.get('mine', 't'))",
        task_values_in={"up": {"rows": 7}},
    )
    assert done.stdout == "True True True\n4 7 d [1, {'é': None}]\n"
    assert done.values() == done.result["task_values"] == {"n": 4, "t": [1, {"é": None}]}


def test_task_value_faults(tasks):
    def error(cell, **fields):
        done = tasks.cells(cell, **fields)
        assert done.code == 1 and done.values() == {}
        return done.result["error"]

    # A text of n letters is n + 2 bytes of JSON: the first that is too long, and the last that is not.
    assert "49153 bytes" in error("dbutils.jobs.taskValues.set('k', 'x' * 49151)")
    assert tasks.cells("dbutils.jobs.taskValues.set('k', 'x' * 49150)").code == 0
    assert "cannot be written as JSON" in error("dbutils.jobs.taskValues.set('k', object())")
    assert "non-empty text" in error("dbutils.jobs.taskValues.set('', 1)")
    assert "1024 bytes" in error("dbutils.jobs.taskValues.set('k' * 1025, 1)")
    assert error("dbutils.jobs.taskValues.get('up', 'k')").startswith("ValueError: ")
    assert error("dbutils.jobs.taskValues.get('a', 'b', default='x')", context={}).startswith("TypeError: ")


# LOCAL[notebooks] same: limits of task values: 250 a run, 48 KiB each
def test_task_value_number_251(tasks):
    limit = "A maximum of 250 task values per job run is allowed"
    done = tasks.cells("for i in range(251):\n    dbutils.jobs.taskValues.set(f'k{i}', i)")
    assert done.code == 1 and limit in done.result["error"] and len(done.values()) == 250
    done = tasks.cells(
        "dbutils.jobs.taskValues.set('a', 1)", "dbutils.jobs.taskValues.set('b', 1)", task_values_used=249
    )
    assert done.code == 1 and limit in done.result["error"] and done.values() == {"a": 1}


def test_task_values_outside_a_job(tasks):
    done = tasks.cells(
        "print(dbutils.jobs.taskValues.set('k', 1), dbutils.jobs.taskValues.get('t', 'k', debugValue=9))", context={}
    )
    assert (done.stdout, done.values()) == ("False 9\n", {})


def test_secrets_are_not_printed(tasks):
    secrets = tasks.folder / "secrets.json"
    secrets.write_text(json.dumps({"prod": {"token": "s3cr3t-value"}}))
    done = tasks.cells(
        "t = dbutils.secrets.get('prod', 'token')\nprint(len(t), 'got', t)\n"
        "print(dbutils.secrets.list('prod'), dbutils.secrets.listScopes(), dbutils.secrets.getBytes('prod', 'token') == t.encode())",
        "raise RuntimeError('with ' + t)",
        secrets_path=str(secrets),
    )
    assert done.stdout.splitlines()[0] == "12 got [REDACTED]"
    assert done.result["error"] == "RuntimeError: with [REDACTED]"
    everything = json.dumps(done.result) + done.stdout + done.stderr
    assert "s3cr3t-value" not in everything
    assert (
        "does not exist with scope: prod and key: x"
        in tasks.cells("dbutils.secrets.get('prod', 'x')", secrets_path=str(secrets)).result["error"]
    )


def test_secrets_from_lines(tasks):
    secrets = tasks.folder / ".env"
    secrets.write_text("# local\n\nprod.token='a=b'\n")
    done = tasks.cells("len(dbutils.secrets.get('prod', 'token'))", secrets_path=str(secrets))
    assert done.stdout == "3\n"
    secrets.write_text("nonsense\n")
    assert "line 1" in tasks.cells("dbutils.secrets.listScopes()", secrets_path=str(secrets)).result["error"]


# LOCAL[notebooks] close: `dbutils.fs` on the data folder
def test_fs(tasks):
    done = tasks.cells(
        "fs = dbutils.fs\nfs.put('/Volumes/c/s/v/a.txt', 'héllo', True)\nfs.mkdirs('dbfs:/in')\n"
        "fs.cp('/Volumes/c/s/v/a.txt', 'dbfs:/in/b.txt')\nfs.mv('dbfs:/in/b.txt', '/in/c.txt')\n"
        "print(fs.head('/in/c.txt'), fs.head('/in/c.txt', 1))\n"
        "print([(f.path, f.name, f.size, f.isDir()) for f in fs.ls('/Volumes/c/s')], [f.path for f in fs.ls('dbfs:/in')])\n"
        "print(fs.rm('/in', True), fs.rm('/in'))",
        "# MAGIC %fs ls /Volumes/c/s/v",
    )
    lines = done.stdout.splitlines()
    assert lines[0] == "Wrote 6 bytes."
    assert lines[1:3] == ["[Truncated to first 1 bytes]", "héllo h"]
    assert lines[3] == "[('dbfs:/Volumes/c/s/v/', 'v/', 0, True)] ['dbfs:/in/c.txt']"
    assert lines[4] == "True False"
    assert "a.txt" in lines[7] or "a.txt" in lines[8]
    assert (tasks.folder / "data/volumes/c/s/v/a.txt").read_text(encoding="utf-8") == "héllo"


def test_fs_stays_in_its_folder(tasks):
    (tasks.folder / "outside.txt").write_text("x")
    done = tasks.cells("dbutils.fs.head('dbfs:/../../outside.txt')")
    assert done.code == 1 and "FileNotFoundError" in done.result["error"]


# LOCAL[notebooks] close: `display` into the exported page
def test_display_without_spark(tasks):
    done = tasks.cells("display([{'a': 1, 'b': None}])", "displayHTML('<b>x</b>')", "display(3)")
    outputs = [cell["outputs"] for cell in done.result["cells"]]
    assert outputs[0][0] == {"type": "table", "columns": ["a", "b"], "rows": [["1", None]], "truncated": False}
    assert outputs[1] == [{"type": "html", "html": "<b>x</b>"}]
    assert done.stdout.endswith("3\n") and "| null |" in done.stdout


def test_huge_cell_output_is_cut_in_the_result_alone(tasks):
    done = tasks.cells("line = 'x' * 1023\nfor _ in range(9 * 1024):\n    print(line)", "print('after')")
    assert done.code == 0 and len(done.stdout) == 9 * 1024 * 1024 + 6
    first, second = done.result["cells"]
    assert first["truncated"] and len(first["outputs"][0]["text"]) <= 8 * 1024 * 1024
    assert not second["truncated"] and second["outputs"][0]["text"] == "after\n"


def test_spark_that_is_not_there(tasks):
    done = tasks.cells("print('no spark needed')", "spark.sql('SELECT 1')")
    assert (done.code, done.result["error_kind"]) == (1, "unsupported")
    assert "`spark` is not available" in done.result["error"]
    assert "Spark Connect" in tasks.cells("sc.parallelize([1])").result["error"]


# LOCAL[notebooks] same: notebooks on a warehouse run SQL cells only
def test_sql_only_notebook_refuses_python(tasks):
    tasks.write("mixed.sql", "-- Databricks notebook source\n-- MAGIC %python\n-- MAGIC print(1)\n")
    done = tasks.run("notebook", path="mixed", sql_only=True)
    assert (done.code, done.result["error_kind"], done.stdout) == (1, "unsupported", "")
    assert tasks.run("notebook", path="mixed").stdout == "1\n"


def test_pip_failure_is_a_library_error(tasks):
    done = tasks.cells("# MAGIC %pip install --no-index no-such-package-here")
    assert (done.code, done.result["error_kind"]) == (1, "library_installation")


# LOCAL[notebooks] close: `%pip` installs into a folder of the job run
def test_pip_installs_into_the_target(tasks):
    tasks.write(
        "pkg/pyproject.toml", "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
    )
    tasks.write("pkg/backend.py", _BACKEND)
    target = str(tasks.folder / "target")
    done = tasks.cells("# MAGIC %pip install --no-index ./pkg", "import tiny_made\ntiny_made.X", pip_target=target)
    assert done.code == 0, done.stdout + done.stderr
    assert done.stdout.endswith("42\n")
    assert (tasks.folder / "target" / "tiny_made.py").exists()


_BACKEND = """
import os, zipfile
def get_requires_for_build_wheel(config_settings=None): return []
def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "tiny_made-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as z:
        z.writestr("tiny_made.py", "X = 42\\n")
        z.writestr("tiny_made-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: tiny-made\\nVersion: 1.0\\n")
        z.writestr("tiny_made-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        z.writestr("tiny_made-1.0.dist-info/RECORD", "")
    return name
"""
