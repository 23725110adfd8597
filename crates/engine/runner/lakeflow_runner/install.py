"""Makes a virtual environment and installs packages into it: `run.py install FOLDER`.

`FOLDER/requirements.txt` says what; the environment is `FOLDER/venv`, complete when `FOLDER/ready` is there. What goes
wrong is printed, the exit code tells it.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import sysconfig
import venv


def install(folder):
    """Make the environment of a folder; returns the exit code."""
    with open(os.path.join(folder, "lock"), "w") as lock:
        # An installer that outlived a killed engine may still be at work.
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = os.path.join(folder, "ready")
        # The Python that an environment stands on may have been removed since.
        if os.path.exists(ready) and os.path.exists(os.path.join(folder, "venv", "bin", "python")):
            return 0
        code = _install(folder)
        if code == 0:
            with open(ready, "w"):
                pass
        return code


def _install(folder):
    target = os.path.join(folder, "venv")
    shutil.rmtree(target, ignore_errors=True)
    # The base interpreter's packages stay usable, pyspark above all; its pip is used, which saves copying one.
    venv.EnvBuilder(system_site_packages=True, symlinks=True).create(target)
    _share_packages(target)
    python = os.path.join(target, "bin", "python")
    if not _has_pip(python) and _run(python, "ensurepip", "--upgrade") != 0:
        print("there is neither pip nor ensurepip for this Python: install pip", file=sys.stderr)
        return 1
    requirements = os.path.join(folder, "requirements.txt")
    return _run(python, "pip", "install", "--disable-pip-version-check", "--no-input", "--requirement", requirements)


def _share_packages(target):
    """The packages of a virtual environment are no system packages: they are shared by a path file."""
    if sys.prefix == sys.base_prefix:
        return
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    shared = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    with open(os.path.join(target, "lib", version, "site-packages", "lakeflow_base.pth"), "w") as file:
        file.write("\n".join(shared) + "\n")


def _has_pip(python):
    command = [python, "-I", "-c", "import pip"]
    return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def _run(python, *words):
    return subprocess.call([python, "-I", "-m", *words], stdin=subprocess.DEVNULL)
