"""A FastAPI program with the `/api/jobs` routes and one endpoint of its own.

Against a workspace:     uvicorn app:app
Against this machine:    LAKEFLOW_BUNDLE=../orchestration uvicorn app:app
"""

import os
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException, Request

from lakeflow_jobs import AsyncJobs, JobConfig, LakeflowError, LocalEngine, asgi

ORDERS = JobConfig(
    "job_parameters",
    {
        "properties": {"min_rows": {"type": "integer", "minimum": 1}, "fail_in": {"type": "string"}},
        "additionalProperties": False,
    },
    wait_timeout=600,
)


def connect() -> tuple[LocalEngine | None, AsyncJobs]:
    """The local engine when a bundle is named, else the workspace that the environment names."""
    bundle = os.environ.get("LAKEFLOW_BUNDLE")
    if bundle is None:
        return None, AsyncJobs(jobs={"orders": ORDERS})
    engine = LocalEngine(bundle, data=os.environ.get("LAKEFLOW_DATA")).start()
    return engine, engine.async_jobs({"orders": ORDERS})


def user(headers):
    """On Databricks Apps a request carries the token of who sent it; elsewhere the program acts as itself."""
    return headers.get("x-forwarded-access-token")


engine, jobs = connect()


@asynccontextmanager
async def lifespan(app: FastAPI):
    yield
    if engine is not None:
        engine.stop()


app = FastAPI(lifespan=lifespan)
app.mount("/api/jobs", asgi.router(jobs, on_behalf_of=user))


@app.get("/report")
async def report(request: Request, min_rows: int = 10) -> dict:
    """Runs the job and gives what its last task returned."""
    try:
        run = await jobs("orders").run(min_rows=min_rows)
        outputs = await jobs.outputs(run.run_id)
    except LakeflowError as error:
        raise HTTPException(400 if error.code == "INVALID_PARAMETERS" else 502, str(error)) from error
    return {"run_id": str(run.run_id), "seconds": run.duration, "result": outputs[-1].result}
