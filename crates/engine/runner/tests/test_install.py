"""`run.py install FOLDER`: an environment is made once, and made anew when it is not whole."""

import os
import subprocess
import sys

from conftest import RUN_PY


def install(folder):
    return subprocess.run([sys.executable, "-I", RUN_PY, "install", str(folder)], timeout=120, check=False).returncode


def test_an_environment_is_made_once_and_sees_the_packages_of_its_maker(tmp_path):
    (tmp_path / "requirements.txt").write_text("--no-index\n")
    assert install(tmp_path) == 0
    python = tmp_path / "venv" / "bin" / "python"
    assert subprocess.call([python, "-I", "-c", "import pytest"]) == 0
    mark = tmp_path / "venv" / "mark"
    mark.touch()
    assert install(tmp_path) == 0 and mark.exists()
    os.remove(python)
    assert install(tmp_path) == 0 and python.exists() and not mark.exists()


def test_what_is_not_complete_is_made_anew(tmp_path):
    (tmp_path / "requirements.txt").write_text("--no-index\nlakeflow-absent\n")
    assert install(tmp_path) != 0 and not (tmp_path / "ready").exists()
    (tmp_path / "venv" / "mark").touch()
    (tmp_path / "requirements.txt").write_text("--no-index\n")
    assert install(tmp_path) == 0 and (tmp_path / "ready").exists()
    assert not (tmp_path / "venv" / "mark").exists()
