"""Waits of the unmodified Python SDK, a thread each, against the fake workspace: calls, CPU, memory, delays.

`sdk.py PORT WAITS LENGTH_MS` prints one line of JSON.
"""

import json
import resource
import sys
import threading
import time
import urllib.request


def ask(port, target):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{target}") as answer:
        return json.load(answer)


def resident_mb():
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main():
    port, waits, length = (int(word) for word in sys.argv[1:4])
    from databricks.sdk import WorkspaceClient

    client = WorkspaceClient(host=f"http://127.0.0.1:{port}", token="token", auth_type="pat")
    job = waits * 1000 + length // 1000
    runs = ask(port, f"/bench/start?count={waits}&length={length}&job={job}&past=30")["runs"]
    before = time.process_time()
    delays, failed = [], []

    def wait(run_id):
        try:
            run = client.jobs.wait_get_run_job_terminated_or_skipped(run_id)
            delays.append(time.time() * 1000 - run.end_time)
        except Exception as error:  # told below, whatever it is
            failed.append(f"{type(error).__name__}: {error}")

    threading.stack_size(256 * 1024)
    threads = [threading.Thread(target=wait, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        sys.exit(f"{len(failed)} of {waits} waits failed: {failed[0]}")
    delays.sort()
    at = lambda share: delays[round((len(delays) - 1) * share)] / 1000
    print(json.dumps({
        "waits": waits,
        "length": length,
        "calls": ask(port, "/bench/calls"),
        "cpu_ms": (time.process_time() - before) * 1000,
        "peak_mb": resident_mb(),
        "delay": {"mean": sum(delays) / len(delays) / 1000, "median": at(0.5), "p95": at(0.95)},
    }))


main()
