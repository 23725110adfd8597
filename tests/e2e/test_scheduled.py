"""The example that runs by itself: a schedule, files that arrive, and a webhook that is told. Once with a clock that is moved, once in real time."""

import datetime
import io
import os
import shutil
import subprocess
import sys

import local
import pytest

EXAMPLE = local.ROOT / "examples" / "scheduled"
LANDING = "/Volumes/main/raw/landing"


class Receiver:
    """The example's receiver as a process; its lines as `[event, job, run]`."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, EXAMPLE / "receiver.py"], stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.url = self.process.stdout.readline().strip()

    def until(self, count):
        """Waits for so many lines."""
        return [self.process.stdout.readline().split() for _ in range(count)]

    def stop(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def started(tmp_path, receiver):
    """Starts the example with arguments of `lakeflow dev`."""
    engines = []

    def start(*arguments):
        folder = tmp_path / "scheduled"
        shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".lakeflow"))
        engine = local.LocalEngine(folder, *arguments)
        engines.append(engine)
        made = ["destinations", "create", "on-call", "--id", "on-call", "--webhook", receiver.url]
        command = [os.environ["LAKEFLOW_BIN"], *made, "--host", engine.host, "--token", engine.token]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return engine

    yield start
    for engine in engines:
        assert engine.stop() == 0, "".join(engine.said)


def bring(client, name, text):
    client.files.create_directory(LANDING)
    client.files.upload(f"{LANDING}/{name}", io.BytesIO(text.encode()), overwrite=True)


def runs_of(client, name):
    job = next(job for job in client.jobs.list() if job.settings.name == name)
    runs = [client.jobs.get_run(run.run_id) for run in client.jobs.list_runs(job_id=job.job_id)]
    return sorted(runs, key=lambda run: run.run_id)


def output_of(client, run):
    return client.jobs.get_run_output(run.tasks[0].run_id).notebook_output.result


def at(time):
    return int(datetime.datetime.fromisoformat(time).timestamp() * 1000)


# LOCAL[triggers] own: a schedule, files that arrive and a webhook, in virtual time: `lakeflow dev --clock`, three days over the change of the clock
def test_three_days_in_virtual_time(started, receiver):
    engine = started("--clock", "2026-03-27T00:00:00Z")
    client = engine.client()

    def advance(hours):
        body = {"advance_ms": hours * 3_600_000}
        return client.api_client.do("POST", "/api/2.0/lakeflow-local/clock", body=body)["runs_started"]

    assert advance(24) == 1
    bring(client, "a.csv", "1\n2\n")
    bring(client, "b.csv", "3\n")
    assert advance(48) == 3, "two nights, and one run for both files"
    nightly, ingest = runs_of(client, "nightly"), runs_of(client, "ingest")
    # Half past six in Warsaw, before and after summer time begins on 29 March.
    times = ["2026-03-27T05:30:00+00:00", "2026-03-28T05:30:00+00:00", "2026-03-29T04:30:00+00:00"]
    assert [run.start_time for run in nightly] == [at(time) for time in times]
    outputs = [output_of(client, run) for run in nightly]
    assert outputs == ["2026-03-27: 0 files", "2026-03-28: 2 files", "2026-03-29: 2 files"]
    assert [run.trigger.value for run in nightly + ingest] == ["PERIODIC"] * 3 + ["FILE_ARRIVAL"]
    assert nightly[0].schedule.timezone_id == "Europe/Warsaw"
    assert output_of(client, ingest[0]) == '{"a.csv": 2, "b.csv": 1}'

    told = receiver.until(5)
    expect = [["jobs.on_success", "nightly", str(run.run_id)] for run in nightly]
    expect += [[f"jobs.on_{what}", "ingest", str(ingest[0].run_id)] for what in ("start", "success")]
    assert sorted(told) == sorted(expect)


# LOCAL[triggers] same: a schedule, files that arrive and a webhook, in real time, over a pause
def test_once_in_real_time(started, receiver):
    engine = started("--var", "cron=* * * * * ?")
    client = engine.client()
    nightly = local.until("a run by the schedule", lambda: runs_of(client, "nightly"))[0]
    lakeflow = [os.environ["LAKEFLOW_BIN"], "triggers", "pause", "nightly"]
    subprocess.run([*lakeflow, "--host", engine.host, "--token", engine.token], check=True, cwd="/")
    bring(client, "a.csv", "1\n")
    ingest = local.until("a run for the file", lambda: runs_of(client, "ingest"))[0]
    expect = {("jobs.on_success", "nightly"), ("jobs.on_start", "ingest"), ("jobs.on_success", "ingest")}
    told = set()
    while not expect <= told:
        [(event, job, _)] = receiver.until(1)
        told.add((event, job))
    job = client.jobs.get(nightly.job_id)
    assert job.settings.schedule.pause_status.value == "PAUSED"
    local.until("what was said", lambda: any(line.startswith("fired") for line in engine.said))
    assert any("waits  \"ingest\" for new files in /Volumes/main/raw/landing" in line for line in engine.said)
