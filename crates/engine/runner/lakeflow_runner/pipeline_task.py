"""Pipeline tasks: an update of a declarative pipeline by the `spark-pipelines` of a whole PySpark (reference section 5.9).

Sail has no pipelines (SPARK.md section 7), so that this is a Spark of its own with a JVM: its tables are not those of `spark`.
"""

import os
import shutil
import subprocess
import sys

from .errors import RESOURCE_NOT_FOUND, UNSUPPORTED, USER_ERROR, TaskError
from .programs import installed


def run(attempt, _tools, _spark):
    """One update of the pipeline whose spec is at `path`."""
    request = attempt.request
    spec = request.get("path") or ""
    if not os.path.isfile(spec):
        raise TaskError(RESOURCE_NOT_FOUND, f"the pipeline's spec is not here: no file {spec}")
    words = [_program(), "run", "--spec", spec, *_choice(request)]
    _need_java()
    # Spark binds to the name of this machine otherwise, which may lead nowhere.
    environment = {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable, **os.environ}
    environment["PATH"] = os.path.dirname(sys.executable) + os.pathsep + environment.get("PATH", "")
    folder = os.path.dirname(spec)
    code = subprocess.call(words, cwd=folder, env=environment, stdin=subprocess.DEVNULL)
    if code != 0:
        how = f"exit code {code}" if code > 0 else f"signal {-code}"
        raise TaskError(USER_ERROR, f"the update of the pipeline ended with {how}; see the log")


def _choice(request):
    """The tables to refresh, as the program takes them."""
    words = ["--full-refresh-all"] if request.get("full_refresh") else []
    for field, option in (("full_refresh_selection", "--full-refresh"), ("refresh_selection", "--refresh")):
        tables = request.get(field) or []
        if tables:
            words += [option, ",".join(tables)]
    return words


def _program():
    return installed(
        "spark-pipelines",
        "pipelines need `spark-pipelines`, which comes with PySpark 4.1 or newer and Java 17, not with Sail: "
        "pip install 'pyspark[connect,pipelines]' into an interpreter of its own, and name that with LAKEFLOW_PYTHON",
    )


def _need_java():
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java") is None and not (home and os.access(os.path.join(home, "bin", "java"), os.X_OK)):
        raise TaskError(UNSUPPORTED, "pipelines need Java 17: put `java` on the PATH or set JAVA_HOME")
