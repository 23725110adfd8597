"""Triggers a job and waits for it, with progress.

    python trigger.py                                   # starts a local engine on examples/orchestration
    DATABRICKS_HOST=… DATABRICKS_TOKEN=… python trigger.py etl day=2026-01-01
"""

import os
import sys
from contextlib import nullcontext
from pathlib import Path

from lakeflow_jobs import Jobs, LakeflowError, LocalEngine, RunFailed


def main() -> int:
    key, *pairs = sys.argv[1:] or ["orders"]
    params = dict(pair.split("=", 1) for pair in pairs)
    here = Path(__file__).parent
    remote = "DATABRICKS_HOST" in os.environ
    with nullcontext() if remote else LocalEngine(here / "orchestration", data=os.environ.get("LAKEFLOW_DATA")) as engine:
        jobs = Jobs() if engine is None else engine.jobs()
        try:
            run = jobs(key).run(params)
        except RunFailed as failed:
            for task in failed.failed_tasks:
                print(f"{task.key}: {task.error}\n{task.trace or ''}", file=sys.stderr)
            print(f"see {failed.page_url}", file=sys.stderr)
            return 1
        except LakeflowError as error:
            print(f"{error.code}: {error}", file=sys.stderr)
            return 2
        for output in jobs.outputs(run.run_id):
            if output.result:
                print(f"{output.key}: {output.result}")
        print(f"{run.name} {run.state} in {run.duration:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
