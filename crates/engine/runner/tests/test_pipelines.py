"""Pipeline tasks (reference section 5.9), with a program in the place of `spark-pipelines` that tells how it was called."""

import os
import sys

import pytest

FAKE = """#!/bin/sh
echo "in $(basename "$PWD") on $SPARK_LOCAL_IP:"
for word in "$@"; do echo "[$word]"; done
[ ! -e fails ]
"""


@pytest.fixture
def spec(tasks):
    folder = tasks.workspace / "etl"
    folder.mkdir()
    (folder / "spark-pipeline.yml").write_text("name: etl\n")
    return folder / "spark-pipeline.yml"


@pytest.fixture
def path(tasks):
    if os.path.exists(os.path.join(os.path.dirname(sys.executable), "spark-pipelines")):
        pytest.skip("this interpreter has a real spark-pipelines beside it, which would be used")
    folder = tasks.folder / "bin"
    folder.mkdir()
    for name, text in (("spark-pipelines", FAKE), ("java", "#!/bin/sh\n")):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder


# LOCAL[programs] close: pipelines: an update by `spark-pipelines` of PySpark 4, where it and Java are there; tables of its own
def test_an_update(tasks, spec, path):
    chosen = {"full_refresh_selection": ["a", "b"], "refresh_selection": ["c"]}
    done = tasks.run("pipeline", path=str(spec), env={"PATH": f"{path}:/usr/bin:/bin"}, **chosen)
    assert done.code == 0, done.stdout + done.stderr
    words = ["run", "--spec", str(spec), "--full-refresh", "a,b", "--refresh", "c"]
    assert done.stdout.splitlines() == ["in etl on 127.0.0.1:", *(f"[{word}]" for word in words)]
    done = tasks.run("pipeline", path=str(spec), full_refresh=True, env={"PATH": f"{path}:/usr/bin:/bin"})
    assert "[--full-refresh-all]" in done.stdout


def test_an_update_that_fails(tasks, spec, path):
    (spec.parent / "fails").write_text("")
    done = tasks.run("pipeline", path=str(spec), env={"PATH": f"{path}:/usr/bin:/bin"})
    assert (done.code, done.result["error_kind"]) == (1, "user_error")
    assert "exit code 1" in done.result["error"]


@pytest.mark.parametrize(("missing", "said"), [("spark-pipelines", "pip install"), ("java", "Java 17")])
def test_what_is_not_installed(tasks, spec, path, missing, said):
    (path / missing).unlink()
    done = tasks.run("pipeline", path=str(spec), env={"PATH": str(path)})
    assert (done.code, done.result["error_kind"]) == (1, "unsupported")
    assert said in done.result["error"]


def test_a_spec_that_is_not_there(tasks, path):
    done = tasks.run("pipeline", path="/nowhere/spark-pipeline.yml", env={"PATH": f"{path}:/usr/bin:/bin"})
    assert (done.code, done.result["error_kind"]) == (1, "resource_not_found")
