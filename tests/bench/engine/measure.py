"""Measures one local engine of the Jobs API: `measure.py lakeflow|minilake|brickhouse`. Prints one JSON object: medians, or
words where the engine cannot do a thing. Every engine gets the same requests over one kept connection; a run counts
only when its tasks are told to have succeeded. `LAKEFLOW_BIN` is ours, `PEER_PACKAGES` the folder of a peer's packages.
"""

import base64
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

POLL = 0.002
STORED = 100_000
# Runs that are really made for it; the rest are copies of what they left.
REAL = 500
# Ids of job runs are this far apart.
BLOCK = 1 << 20
OVER = {"TERMINATED", "SKIPPED", "INTERNAL_ERROR"}
SCRIPTS = {"hello.py": "print('hello')\n", "three.py": "import time\ntime.sleep(3)\n"}


class Cannot(Exception):
    """The engine cannot do it; says why."""


class Api:
    """One kept connection to an engine."""

    def __init__(self, port, token):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.connection.connect()
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def call(self, method, path, body=None):
        text = None if body is None else json.dumps(body)
        self.connection.request(method, path, text, self.headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            try:
                told = json.loads(text).get("message", "")
            except (ValueError, AttributeError):
                told = ""
            raise Cannot(f"{answer.status} {' '.join(told.split())[:70]}".strip())
        return json.loads(text or b"{}")

    def create(self, name, tasks, **settings):
        return self.call("POST", "/api/2.2/jobs/create", {"name": name, "tasks": tasks, **settings})["job_id"]

    def start(self, job):
        return self.call("POST", "/api/2.2/jobs/run-now", {"job_id": job})["run_id"]

    def ended(self, run):
        """The run once it is over; the first page of its tasks."""
        while True:
            found = self.call("GET", f"/api/2.2/jobs/runs/get?run_id={run}")
            if found["state"]["life_cycle_state"] in OVER:
                return found
            time.sleep(POLL)

    def timed(self, job):
        """Seconds from the trigger until the end is seen, and the run."""
        begun = time.perf_counter()
        found = self.ended(self.start(job))
        return time.perf_counter() - begun, found


def succeeded(run):
    """Every task was really run, and well."""
    for task in run.get("tasks") or []:
        told = (task.get("state") or {}).get("result_state")
        if told != "SUCCESS":
            raise Cannot(f"cannot: task {task.get('task_key')} is {told}, run {run['state'].get('result_state')}")


def script(key, file, *before):
    return {
        "task_key": key,
        "spark_python_task": {"python_file": f"/Workspace/Shared/bench/{file}"},
        "environment_key": "plain",
        # BrickHouse asks for it.
        "disable_auto_optimization": True,
        "depends_on": [{"task_key": one} for one in before],
    }


def condition(key, *before):
    return {
        "task_key": key,
        "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"},
        "depends_on": [{"task_key": one} for one in before],
    }


PLAIN = [{"environment_key": "plain", "spec": {"environment_version": "1"}}]


class Server:
    """An engine in a process of its own, on an empty folder."""

    def __init__(self, kind):
        self.kind = kind
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lakeflow-bench-"))
        self.port = free_port()
        self.token = "dev"
        (self.folder / "databricks.yml").write_text("bundle:\n  name: bench\n", encoding="utf-8")
        packages = os.environ.get("PEER_PACKAGES", "")
        env = {name: value for name, value in os.environ.items() if not name.startswith("DATABRICKS_")}
        env.update(PYTHONPATH=packages, MINILAKE_JOB_EXECUTOR="subprocess", MINILAKE_DATA_DIR=str(self.folder / "data"))
        if kind == "lakeflow":
            env.pop("PYTHONPATH")
            command = [os.environ["LAKEFLOW_BIN"], "dev", ".", "--port", str(self.port), "--data", "data"]
        elif kind == "minilake":
            command = [sys.executable, "-m", "minilake", "--port", str(self.port)]
        else:
            init = [sys.executable, "-m", "brickhouse", "init", "--workspace", "workspace"]
            subprocess.run(init, cwd=self.folder, env=env, check=True, stdout=subprocess.DEVNULL)
            command = [sys.executable, "-m", "brickhouse", "serve", "--workspace", "workspace"]
            command += ["--host", "127.0.0.1", "--port", str(self.port)]
        self.command, self.env = command, env
        self.log = open(self.folder / "server.log", "wb")
        begun = time.perf_counter()
        self.begin()
        self.start_ms = (time.perf_counter() - begun) * 1000
        if kind == "lakeflow":
            self.token = (self.folder / "data" / "token").read_text(encoding="utf-8").strip()

    def begin(self):
        self.process = subprocess.Popen(
            self.command, cwd=self.folder, env=self.env, stdout=self.log, stderr=self.log, start_new_session=True
        )
        self.wait()

    def wait(self):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                connection.request("GET", "/.well-known/databricks-config")
                connection.getresponse().read()
                return
            except OSError:
                time.sleep(POLL)
        raise SystemExit("no answer; its log ends: " + (self.folder / "server.log").read_text()[-500:])

    def api(self):
        return Api(self.port, self.token)

    def megabytes(self):
        """Resident memory of the process and all it started."""
        return sum(resident(pid) for pid in tree(self.process.pid)) / 1e6

    def threads(self):
        """Threads of the process and all it started."""
        return sum(len(list(pathlib.Path(f"/proc/{pid}/task").iterdir())) for pid in tree(self.process.pid))

    def kilobytes(self):
        """What lies in the folder of its data."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file()) / 1e3

    def end(self):
        os.killpg(self.process.pid, signal.SIGINT if self.kind == "lakeflow" else signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def stop(self):
        self.end()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def tree(pid):
    found = [pid]
    for one in found:
        for listed in pathlib.Path(f"/proc/{one}/task").glob("*/children"):
            found += [int(child) for child in listed.read_text().split()]
    return found


def resident(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def upload(api, kind):
    api.call("POST", "/api/2.0/workspace/mkdirs", {"path": "/Workspace/Shared/bench"})
    for name, text in SCRIPTS.items():
        # The platform's own word for "as it is" is AUTO; BrickHouse knows RAW alone.
        form = "RAW" if kind == "brickhouse" else "AUTO"
        body = {"path": f"/Workspace/Shared/bench/{name}", "format": form, "overwrite": True}
        body["content"] = base64.b64encode(text.encode()).decode()
        api.call("POST", "/api/2.0/workspace/import", body)


def hello(api, job):
    _, run = api.timed(job)
    succeeded(run)
    for _ in range(3):
        api.timed(job)
    return statistics.median(api.timed(job)[0] for _ in range(30)) * 1000


def parallel(api):
    tasks = [script("a", "three.py"), script("b", "hello.py"), script("c", "three.py", "b")]
    job = api.create("parallel", tasks, environments=PLAIN)
    taken, runs = zip(*(api.timed(job) for _ in range(3)))
    for run in runs:
        succeeded(run)
    return statistics.median(taken)


def tasks101(api):
    job = api.create("tasks101", [script(f"t{n}", "hello.py") for n in range(101)], environments=PLAIN)
    taken, run = api.timed(job)
    succeeded(run)
    return taken


def conditions(api):
    tasks = [condition(f"t{n}", *([f"t{n - 1}"] if n else [])) for n in range(1000)]
    job = api.create("condition", tasks)
    taken, runs = zip(*(api.timed(job) for _ in range(5)))
    for run in runs:
        succeeded(run)
    return statistics.median(taken) * 1000 / 1000


def stored_list(server):
    """A page of the newest runs when very many are stored. The runs have one condition task, the cheapest there is."""
    api = server.api()
    api.call("GET", "/api/2.2/jobs/runs/list?limit=25")
    settings = {"max_concurrent_runs": 1000} if server.kind == "lakeflow" else {}
    job = api.create("stored", [condition("only")], **settings)
    for _ in range(REAL):
        api.ended(api.start(job))
    if server.kind == "lakeflow":
        copy_runs(server, job)
        api = server.api()
    taken = []
    for _ in range(50):
        begun = time.perf_counter()
        page = api.call("GET", f"/api/2.2/jobs/runs/list?job_id={job}&limit=25")
        taken.append((time.perf_counter() - begun) * 1000)
    if len(page["runs"]) > 25:
        raise Cannot(f"cannot: no pages, {statistics.median(taken):.0f} ms for all of {len(page['runs'])} runs")
    return statistics.median(taken)


def copy_runs(server, job):
    """Stores what the real runs of a job left again and again, until there are `STORED`, and starts the engine again."""
    server.end()
    database = sqlite3.connect(server.folder / "data" / "jobs.sqlite3")
    tables = {
        "runs": "SELECT run_id + {by}, job_id, run_type, start_time + {by} / 1048576, activity, parent_task_run, facts, plan, standing",
        "changes": "SELECT run_id + {by}, seq, change",
        "task_runs": "SELECT task_run_id + {by}, run_id + {by}, row",
    }
    first, last = database.execute("SELECT min(run_id), max(run_id) FROM runs WHERE job_id = ?", (job,)).fetchone()
    width = (last - first) // BLOCK + 1
    for copy in range(1, STORED // REAL):
        for table, columns in tables.items():
            columns = columns.format(by=copy * width * BLOCK)
            where = "run_id BETWEEN ? AND ?"
            database.execute(f"INSERT INTO {table} {columns} FROM {table} WHERE {where}", (first, last))
    newest = last + (STORED // REAL) * width * BLOCK
    database.execute("UPDATE kv SET value = ? WHERE key = 'next_run_block'", (str(newest // BLOCK),))
    database.commit()
    found = database.execute("SELECT count(*) FROM runs WHERE job_id = ?", (job,)).fetchone()[0]
    assert found == STORED, f"{found} runs are stored"
    database.close()
    server.begin()


def attempt(found, key, measure):
    """Keeps a number, or why there is none."""
    try:
        found[key] = measure()
    except Cannot as why:
        text = str(why)
        found[key] = text if text.startswith("cannot") else f"cannot: {text}"
    except (OSError, http.client.HTTPException, KeyError, ValueError) as error:
        found[key] = f"cannot: {type(error).__name__} {error}"[:90]
    print(f"  {key}: {found[key]}", file=sys.stderr, flush=True)


def main(kind):
    server = Server(kind)
    found = {"start": server.start_ms}
    try:
        time.sleep(3)
        found["idle"] = server.megabytes()
        found["threads"] = server.threads()
        api = server.api()
        upload(api, kind)
        job = api.create("hello", [script("hello", "hello.py")], environments=PLAIN)
        attempt(found, "first", lambda: api.timed(job)[0] * 1000)
        attempt(found, "hello", lambda: hello(api, job))
        attempt(found, "parallel", lambda: parallel(server.api()))
        attempt(found, "tasks101", lambda: tasks101(server.api()))
        attempt(found, "condition", lambda: conditions(server.api()))
        time.sleep(3)
        found["after"] = server.megabytes()
        before = server.kilobytes()
        attempt(found, "list", lambda: stored_list(server))
        if not isinstance(found["list"], str):
            found["stored"] = (server.kilobytes() - before) / STORED
    finally:
        server.stop()
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
