"""What the engine tells is taken by the ASGI routes, with the credentials of its destination. That a wait then looks at once is shown
where polls can be minutes apart: in Rust and in AppKit."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import httpx
from conftest import write_bundle
from test_examples import Served

from lakeflow_jobs import LocalEngine, asgi

SECRET = "of the destination"
GATED = """\
import pathlib, time
gate = pathlib.Path(dbutils.widgets.get("gate"))
while not gate.exists():
    time.sleep(0.02)
"""
JOB = """\
    gated:
      name: gated
      parameters: [{name: gate, default: ""}]
      webhook_notifications: {on_success: [{id: app}], on_failure: [{id: app}]}
      tasks: [{task_key: wait, notebook_task: {notebook_path: ./gated.py}}]
"""


def test_the_engine_tells_an_asgi_program(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "bundle")
    with (bundle / "databricks.yml").open("a") as definition:
        definition.write(JOB)
    (bundle / "gated.py").write_text("# Databricks notebook source\n" + GATED)
    gate = tmp_path / "gate"
    with LocalEngine(bundle, data=tmp_path / "data") as engine:
        jobs = engine.jobs()
        api = httpx.Client(
            base_url=engine.url, headers={"authorization": f"Bearer {engine.token}"}, timeout=60, trust_env=False
        )
        with Served(asgi.router(jobs, environment={}, webhook_secret=SECRET)) as http:
            config = {"url": f"{http.base_url}/webhook", "username": "engine", "password": SECRET}
            destination = {"id": "app", "display_name": "app", "config": {"generic_webhook": config}}
            created = api.post("/api/2.0/notification-destinations", json=destination)
            assert created.status_code == 200, created.text
            run_id = jobs("gated").run_now({"gate": str(gate)})
            ended: list[str] = []
            waiting = threading.Thread(target=lambda: ended.append(jobs.wait(run_id).state))
            waiting.start()
            gate.touch()
            waiting.join(120)
            assert ended == ["SUCCESS"]

            def deliveries() -> list[dict[str, object]]:
                found = api.get("/api/2.0/lakeflow-local/deliveries", params={"run_id": run_id})
                return list(found.json()["deliveries"])

            deadline = time.monotonic() + 60
            while [one["state"] for one in deliveries()] != ["SENT"]:
                assert time.monotonic() < deadline, deliveries()
                time.sleep(0.02)
            assert http.post("/webhook", json={}).status_code == 401
            refused = api.patch(
                "/api/2.0/notification-destinations/app", json={"config": {"generic_webhook": {"password": "another"}}}
            )
            assert refused.status_code == 200
            tested = api.post("/api/2.0/lakeflow-local/destinations/app/test").json()
            assert not tested["delivered"] and "401 Unauthorized" in tested["error"]
        api.close()
