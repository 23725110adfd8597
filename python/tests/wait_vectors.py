"""Drives the wait machine through one case of ``wait.json`` in virtual time: an answer comes at once, a timer when nothing
else is left. The short forms of answers are those that the Rust suite reads. Judges nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from lakeflow_jobs._native import _WaitMachine

RUN = 7
EPOCH = 1_700_000_000_000
GOALS: dict[str, Any] = {
    "run_now": {"run_now": {"job_id": 1, "idempotency_token": "t"}},
    "run_now_without_token": {"run_now": {"job_id": 1}},
    "repair": {"repair": {"run_id": RUN, "rerun_all_failed_tasks": True}},
    "adopt": {"adopt": RUN},
    "cancel": {"cancel": RUN},
}


@dataclass
class Seen:
    """What the machine did."""

    end: dict[str, Any] = field(default_factory=dict)
    tick: int = 0
    calls: list[dict[str, Any]] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    started: list[int] = field(default_factory=list)


def status(state: str, code: str | None) -> dict[str, Any]:
    if code is None:
        return {"state": state}
    kind = "CLIENT_ERROR" if code == "SKIPPED" else "SUCCESS"
    return {"state": state, "termination_details": {"code": code, "type": kind}}


def run(answer: dict[str, Any]) -> dict[str, Any]:
    """The run that an answer describes."""
    if "legacy" in answer:
        states = {"state": {"life_cycle_state": answer["legacy"], "result_state": answer.get("result")}}
    else:
        states = {"status": status(answer["state"], answer.get("code"))}
    tasks = [
        {
            "task_key": task["key"],
            "run_id": 100 + n,
            "attempt_number": task.get("attempt", 0),
            "status": status("TERMINATED", task.get("code")),
        }
        for n, task in enumerate(answer.get("tasks", []))
    ]
    more = {"next_page_token": answer["token"]} if "token" in answer else {}
    repairs = [{"id": repair} for repair in answer.get("repairs", [])]
    return {"run_id": RUN, "job_id": 1, **states, **more, "tasks": tasks, "repair_history": repairs}


def brought(call: int, operation: str, answer: dict[str, Any]) -> dict[str, Any] | None:
    """What the transport brings for an answer; ``None`` for one that never comes."""
    fault = answer.get("fault")
    if fault == "hang":
        return None
    if fault:
        return {"answered": {"call": call, "fault": fault, "detail": "the connection failed"}}
    if "status" in answer:
        headers = {"Retry-After": answer["retry_after"]} if "retry_after" in answer else {}
        return {"answered": {"call": call, "status": answer["status"], "headers": headers}}
    if "body" in answer:
        return {"answered": {"call": call, "status": 200, "body": answer["body"]}}
    bodies = {
        "run_now": {"run_id": answer.get("run_id")},
        "repair_run": {"repair_id": answer.get("repair_id")},
        "cancel_run": {},
        "get_run_output": answer.get("output"),
    }
    body = bodies[operation] if operation in bodies else run(answer)
    return {"answered": {"call": call, "status": 200, "body": json.dumps(body)}}


def drive(given: dict[str, Any]) -> Seen:
    """Leads a case's wait to its end."""
    answers = iter(given["answers"])
    options = {
        "goal": GOALS[given["goal"]],
        "seed": 1,
        "timeout_ms": given.get("timeout_ms"),
        "cancel_on_timeout": given.get("cancel_on_timeout", False),
    }
    machine = _WaitMachine(0, EPOCH, json.dumps(options))
    seen = Seen()
    pending: dict[str, Any] | None = None
    for _ in range(10_000):
        told = json.loads(machine.poll())
        if "call" in told:
            answer = next(answers, None)
            assert answer is not None, f"no answer to {told['request']}"
            seen.calls.append(told["request"])
            pending = brought(told["call"], told["request"]["operation"], answer)
        elif "started" in told:
            seen.started.append(told["started"])
        elif "changed" in told:
            seen.changes.append(told["word"])
        elif "wait" in told:
            if pending is None:
                assert told["wait"] > seen.tick, "a timer lies in the future"
                seen.tick = told["wait"]
            machine.handle(seen.tick, EPOCH + seen.tick, json.dumps(pending or "timeout"))
            pending = None
        else:
            seen.end = told["ended"]
            return seen
    raise AssertionError("the wait does not end")
