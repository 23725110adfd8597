"""Python scripts and wheels (reference sections 5.2, 5.3, 23.4)."""

import os
import struct
import sys


# LOCAL[python] same: Python scripts with arguments
def test_arguments_and_folder(tasks):
    tasks.write("lib/helper.py", "NAME = 'helped'\n")
    tasks.write("lib/main.py", "import sys, helper\nprint(sys.argv[1:], helper.NAME, __name__)\n")
    done = tasks.run("python_script", path="/Workspace/lib/main.py", parameters=["a b", "ü"])
    assert (done.code, done.stdout) == (0, "['a b', 'ü'] helped __main__\n")
    assert done.result["status"] == "success"


def test_exit_zero_is_success(tasks):
    done = tasks.script("import sys\nprint('x')\nsys.exit(0)\n")
    assert (done.code, done.result["status"], done.stdout) == (0, "success", "x\n")


# LOCAL[python] same: exit codes and `sys.exit`
def test_exit_three_fails(tasks):
    done = tasks.script("import sys\nsys.exit(3)\n")
    assert done.code == 1
    assert (done.result["error"], done.result["exit_code"]) == ("SystemExit: 3", 3)
    assert done.result["error_kind"] == "user_error"


def test_exit_with_text_fails_and_prints_it(tasks):
    done = tasks.script("import sys\nsys.exit('no rows')\n")
    assert (done.code, done.result["error"], done.result["exit_code"]) == (1, "SystemExit: no rows", 1)
    assert done.stderr == "no rows\n"


def test_exit_without_the_runner_leaves_no_result(tasks):
    done = tasks.script("import os\nos._exit(7)\n")
    assert (done.code, done.result) == (7, None)


def test_chained_causes_are_all_told(tasks):
    done = tasks.script("try:\n    {}['k']\nexcept KeyError as e:\n    raise RuntimeError('boom') from e\n")
    assert done.result["error"] == "RuntimeError: boom"
    trace = done.result["error_trace"]
    assert "KeyError: 'k'" in trace and "direct cause" in trace and 'script.py", line 4' in trace
    assert "lakeflow_runner" not in trace
    assert done.stderr == trace


def test_message_of_several_lines(tasks):
    done = tasks.script("raise ValueError('one\\ntwo')\n")
    assert done.result["error"] == "ValueError: one\ntwo"


def test_notes_are_in_the_trace_alone(tasks):
    done = tasks.script("e = ValueError('one')\ne.__notes__ = ['extra']\nraise e\n")
    assert done.result["error"] == "ValueError: one"


def test_syntax_error_names_the_line(tasks):
    done = tasks.script("x = 1\nif x\n    pass\n")
    assert done.result["error"].startswith("SyntaxError: ")
    assert 'script.py", line 2' in done.result["error_trace"]


def test_missing_file(tasks):
    done = tasks.run("python_script", path="/Workspace/none.py")
    assert (done.code, done.result["error_kind"]) == (1, "resource_not_found")
    assert "none.py" in done.result["error"]


def test_source_that_is_not_utf8(tasks):
    tasks.write("bad.py", b"x = '\xff'\n")
    done = tasks.run("python_script", path="bad.py")
    assert (done.code, done.result["error_kind"]) == (1, "invalid_configuration")
    assert "bad.py" in done.result["error"]


def test_declared_encoding_is_used(tasks):
    tasks.write("latin.py", b"# -*- coding: latin-1 -*-\nprint('\xfc')\n")
    assert tasks.run("python_script", path="latin.py").stdout == "ü\n"


def test_odd_text_does_not_end_the_task(tasks):
    done = tasks.script("print('\\ud800 ünïcödé 😀')\nraise RuntimeError('bad \\ud800')\n")
    assert done.stdout == "\\ud800 ünïcödé 😀\n"
    assert done.code == 1
    assert done.result["error"].startswith("RuntimeError: bad ")


def test_threads_and_exit_functions_run(tasks):
    done = tasks.script(
        "import atexit, threading\natexit.register(lambda: print('bye'))\n"
        "event = threading.Event()\n"
        "threading.Thread(target=lambda: (event.wait(10), print('thread'))).start()\nevent.set()\n"
    )
    assert (done.code, sorted(done.stdout.split())) == (0, ["bye", "thread"])


def test_environment_is_the_requests_own(tasks):
    done = tasks.script("import os\nprint(sorted(os.environ))\n", env={"ONLY": "1"})
    assert done.stdout.strip() in ("['ONLY']", "['LC_CTYPE', 'ONLY']")


def test_pythonpath_of_the_environment_counts(tasks):
    tasks.write("more/extra_module.py", "X = 5\n")
    done = tasks.script(
        "import extra_module\nprint(extra_module.X)\n", env={"PYTHONPATH": str(tasks.workspace / "more")}
    )
    assert done.stdout == "5\n"


def _package(tasks, name="my-pkg"):
    tasks.write(
        "dist/my_pkg/__init__.py", "import sys\ndef main():\n    print(sys.argv)\ndef direct():\n    print('direct')\n"
    )
    tasks.write("dist/my_pkg-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    tasks.write("dist/my_pkg-1.0.dist-info/entry_points.txt", "[console_scripts]\nrun-it = my_pkg:main\n")
    return [str(tasks.workspace / "dist")]


def test_wheel_entry_point_with_named_parameters(tasks):
    done = tasks.run(
        "python_wheel",
        package_name="my-pkg",
        entry_point="run-it",
        named_parameters={"day": "2026-01-01", "n": "1"},
        sys_path=_package(tasks),
    )
    assert done.stdout == "['my-pkg', '--day=2026-01-01', '--n=1']\n"


# LOCAL[python] same: a wheel's function when it declares no entry point
def test_wheel_function_when_no_entry_point_is_declared(tasks):
    done = tasks.run("python_wheel", package_name="my-pkg", entry_point="direct", sys_path=_package(tasks))
    assert done.stdout == "direct\n"


def test_wheel_faults_are_named(tasks):
    path = _package(tasks)
    done = tasks.run("python_wheel", package_name="my-pkg", entry_point="nope", sys_path=path)
    assert done.result["error_kind"] == "invalid_configuration"
    assert "nope" in done.result["error"] and "run-it" in done.result["error"]
    done = tasks.run("python_wheel", package_name="not-there", entry_point="main")
    assert "Package 'not-there' is not installed" in done.result["error"]


def test_runtime_module_gives_dbutils(tasks):
    done = tasks.script(
        "from databricks.sdk.runtime import dbutils\nfrom pyspark.dbutils import DBUtils\n"
        "assert DBUtils(None) is dbutils\nprint(dbutils.widgets.getAll())\n"
        if _has("pyspark")
        else "from databricks.sdk.runtime import dbutils\nprint(dbutils.widgets.getAll())\n"
    )
    assert (done.code, done.stdout) == (0, "{}\n")


def _has(module):
    import importlib.util

    return importlib.util.find_spec(module) is not None


def test_a_request_that_cannot_be_read(tasks):
    import subprocess

    from conftest import RUN_PY

    path = tasks.write("request.json", '{"kind": "nonsense"}')
    done = subprocess.run([sys.executable, RUN_PY, "task", path], capture_output=True, text=True, timeout=60)
    assert done.returncode == 70
    assert "unknown kind 'nonsense'" in done.stderr
    assert os.path.exists(path)


def test_task_values_survive_a_kill(tasks):
    done = tasks.script(
        "import os, signal\nfrom databricks.sdk.runtime import dbutils\n"
        "dbutils.jobs.taskValues.set('k', [1])\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert (done.code, done.result, done.values()) == (-9, None, {"k": [1]})


def test_long_errors_are_cut(tasks):
    done = tasks.script("raise ValueError('x' * 3_000_000)\n")
    assert len(done.result["error"]) == 10_000
    assert len(done.result["error_trace"]) == 1_000_000


def test_closed_streams_do_not_hide_the_error(tasks):
    closing = "import os, sys\nsys.stdout.close()\nos.close(1)\nos.close(2)\n"
    done = tasks.script(closing + "raise ValueError('x')\n")
    assert (done.code, done.result["error"]) == (1, "ValueError: x")
    done = tasks.script(closing + "sys.stderr.close()\nsys.exit('no rows')\n")
    assert (done.code, done.result["error"]) == (1, "SystemExit: no rows")


def test_what_is_standard_error_is_noted_where_both_streams_are_one_file(tasks, tmp_path):
    log, marks = str(tmp_path / "log"), str(tmp_path / "marks")
    text = "import sys\nprint('out')\nprint('err', file=sys.stderr)\nprint('out')\nraise SystemExit('last')\n"
    tasks.script(text, stdout_path=log, stderr_path=log, stderr_marks_path=marks)
    with open(log, "rb") as file:
        written = file.read()
    assert written == b"out\nerr\nout\nlast\n"
    with open(marks, "rb") as file:
        notes = list(struct.iter_unpack("<QQ", file.read()))
    assert b"".join(written[first:end] for first, end in notes) == b"err\nlast\n"
