"""A `lakeflow dev` process, and the official SDK pointed at it. Nothing here knows how the engine works inside."""

import io
import os
import pathlib
import queue
import shutil
import signal
import subprocess
import threading
import time

from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.service import jobs
from databricks.sdk.service.workspace import ImportFormat, Language

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SECONDS = 60
SHARED = "/Workspace/Shared/e2e"

Result = jobs.RunResultState
LifeCycle = jobs.RunLifeCycleState


def until(what, ask, seconds=SECONDS):
    """Asks again and again until there is something."""
    deadline = time.monotonic() + seconds
    while True:
        found = ask()
        if found:
            return found
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.02)


class LocalEngine:
    """Serves a bundle folder from start to `stop`."""

    def __init__(self, folder, *arguments):
        env = {name: value for name, value in os.environ.items() if not name.startswith("DATABRICKS_")}
        self.process = subprocess.Popen(
            [os.environ["LAKEFLOW_BIN"], "dev", str(folder), "--port", "0", "--data", str(folder / "data-folder"), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=env,
        )
        self.said = []
        lines = queue.Queue()
        threading.Thread(target=self._read, args=(lines,), daemon=True).start()
        found = {}
        while not {"host", "token"} <= found.keys():
            line = lines.get(timeout=SECONDS)
            assert line is not None, "the engine did not start:\n" + "".join(self.said)
            word, _, rest = line.partition(" ")
            found[word] = rest.strip()
        self.host = found["host"]
        self.token = pathlib.Path(found["token"]).read_text(encoding="utf-8").strip()

    def _read(self, lines):
        for line in self.process.stdout:
            self.said.append(line)
            lines.put(line)
        lines.put(None)

    def client(self, **auth):
        auth = auth or {"token": self.token, "auth_type": "pat"}
        config = Config(host=self.host, config_file=os.devnull, retry_timeout_seconds=20, **auth)
        return WorkspaceClient(config=config)

    def stop(self):
        """Ends the process as Ctrl-C does; its exit code."""
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def bundle(folder):
    """A bundle for the tests: the orchestration example and the YAML job of the seeds, in one."""
    example = ROOT / "examples" / "orchestration"
    shutil.copytree(example, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".lakeflow"))
    shutil.copy(HERE / "medallion_run.job.yml", folder / "resources")
    return folder


class Workspace:
    """What the tests do with the SDK over and over."""

    def __init__(self, client):
        self.client = client
        self.jobs = client.jobs
        for script in sorted((HERE / "scripts").glob("*.py")):
            self.put(f"{SHARED}/{script.name}", script.read_text(encoding="utf-8"))

    def put(self, path, text):
        """Brings a plain file."""
        self.client.workspace.mkdirs(path.rsplit("/", 1)[0])
        self.client.workspace.upload(path, io.BytesIO(text.encode()), format=ImportFormat.AUTO, overwrite=True)

    def put_notebook(self, path, text):
        """Brings a Python notebook; its path in jobs has no extension."""
        self.client.workspace.mkdirs(path.rsplit("/", 1)[0])
        self.client.workspace.upload(
            path, io.BytesIO(text.encode()), format=ImportFormat.SOURCE, language=Language.PYTHON, overwrite=True
        )

    def create(self, *tasks, **settings):
        """The id of a new job."""
        plain = jobs.JobEnvironment.from_dict({"environment_key": "plain", "spec": {"environment_version": "4"}})
        settings.setdefault("name", "e2e")
        return self.jobs.create(tasks=list(tasks), environments=[plain], **settings).job_id

    def start(self, job_id, **request):
        """The id of a new run."""
        return self.jobs.run_now(job_id, **request).run_id

    def ended(self, run_id):
        """The run once it is over, with its history."""

        def ask():
            run = self.jobs.get_run(run_id, include_history=True, include_resolved_values=True)
            over = run.status.state == jobs.RunLifecycleStateV2State.TERMINATED
            return run if over else None

        return until(f"the end of run {run_id}", ask)

    def run(self, *tasks, **settings):
        """A run of a new job, once it is over."""
        return self.ended(self.start(self.create(*tasks, **settings)))

    def in_state(self, run_id, state):
        """The run once it is in a legacy state."""

        def ask():
            run = self.jobs.get_run(run_id)
            return run if run.state.life_cycle_state == state else None

        return until(f"run {run_id} in {state}", ask)

    def output(self, task):
        return self.jobs.get_run_output(task.run_id)

    def deploy_notebooks(self, names, to):
        """Brings notebooks of the folder `notebooks` under their own names."""
        for name in names:
            text = (HERE / "notebooks" / f"{name}.py").read_text(encoding="utf-8")
            self.put_notebook(f"{to}/{name}", text)


def after(*edges):
    """Dependencies: a task key, or a pair of a key and an outcome."""
    pairs = [edge if isinstance(edge, tuple) else (edge, None) for edge in edges]
    return [jobs.TaskDependency(task_key=key, outcome=outcome) for key, outcome in pairs]


def script(key, name, *parameters, depends_on=(), **settings):
    """A task that runs a file of the folder `scripts`."""
    block = jobs.SparkPythonTask(python_file=f"{SHARED}/{name}.py", parameters=[str(p) for p in parameters])
    return jobs.Task(
        task_key=key, spark_python_task=block, environment_key="plain", depends_on=after(*depends_on), **settings
    )


def notebook(key, path, depends_on=(), parameters=None, **settings):
    block = jobs.NotebookTask(notebook_path=path, base_parameters=parameters or {})
    return jobs.Task(task_key=key, notebook_task=block, depends_on=after(*depends_on), **settings)


def condition(key, left="1", op=jobs.ConditionTaskOp.EQUAL_TO, right="1", depends_on=(), **settings):
    """A task that needs no process."""
    block = jobs.ConditionTask(left=left, op=op, right=right)
    return jobs.Task(task_key=key, condition_task=block, depends_on=after(*depends_on), **settings)


def by_key(run):
    """The task runs of a run, the last attempt of each task."""
    return {task.task_key: task for task in run.tasks}


def results(run):
    return {key: task.state.result_state for key, task in by_key(run).items()}
