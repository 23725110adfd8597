// Drives the wait machine through one case of `wait.json` in virtual time: an answer comes at once, a timer when nothing else is
// left. The short forms of answers are those that the Rust suite reads.

import assert from "node:assert/strict";

const RUN = 7;
const EPOCH = 1_700_000_000_000;

function goal(name) {
  switch (name) {
    case "run_now":
      return { run_now: { job_id: 1, idempotency_token: "t" } };
    case "run_now_without_token":
      return { run_now: { job_id: 1 } };
    case "repair":
      return { repair: { run_id: RUN, rerun_all_failed_tasks: true } };
    case "adopt":
    case "cancel":
      return { [name]: RUN };
    default:
      throw new Error(`no goal ${name}`);
  }
}

function status(state, code) {
  if (code === undefined || code === null) return { state };
  return { state, termination_details: { code, type: code === "SKIPPED" ? "CLIENT_ERROR" : "SUCCESS" } };
}

/** The run that an answer describes. */
function run(answer) {
  const tasks = (answer.tasks ?? []).map((task, n) => ({
    task_key: task.key,
    run_id: 100 + n,
    attempt_number: task.attempt ?? 0,
    status: status("TERMINATED", task.code),
  }));
  return {
    run_id: RUN,
    job_id: 1,
    ...(answer.legacy
      ? { state: { life_cycle_state: answer.legacy, result_state: answer.result } }
      : { status: status(answer.state, answer.code) }),
    ...(answer.token === undefined ? {} : { next_page_token: answer.token }),
    tasks,
    repair_history: (answer.repairs ?? []).map((id) => ({ id })),
  };
}

/** What the transport brings for an answer; `null` for one that never comes. */
function bring(call, request, answer) {
  if (answer.fault === "hang") return null;
  if (answer.fault) return { answered: { call, fault: answer.fault, detail: "the connection failed" } };
  if (answer.status !== undefined) {
    const headers = answer.retry_after === undefined ? {} : { "Retry-After": answer.retry_after };
    return { answered: { call, status: answer.status, headers } };
  }
  if (answer.body !== undefined) return { answered: { call, status: 200, body: answer.body } };
  const bodies = {
    run_now: { run_id: answer.run_id ?? null },
    repair_run: { repair_id: answer.repair_id ?? null },
    cancel_run: {},
    get_run_output: answer.output ?? null,
  };
  const body = request.operation in bodies ? bodies[request.operation] : run(answer);
  return { answered: { call, status: 200, body: JSON.stringify(body) } };
}

/** What the machine does with the answers of a case. */
function drive(make, input) {
  const answers = [...input.answers];
  const options = { goal: goal(input.goal), seed: 1, timeout_ms: input.timeout_ms, cancel_on_timeout: input.cancel_on_timeout };
  const machine = make(0, EPOCH, JSON.stringify(options));
  const seen = { calls: [], changes: [], started: [] };
  let tick = 0;
  let pending = null;
  for (let step = 0; step < 10_000; step++) {
    const told = JSON.parse(machine.poll());
    if ("call" in told) {
      assert.ok(answers.length > 0, `no answer to ${JSON.stringify(told.request)}`);
      seen.calls.push(told.request);
      pending = bring(told.call, told.request, answers.shift());
    } else if ("started" in told) {
      seen.started.push(told.started);
    } else if ("changed" in told) {
      seen.changes.push(told.word);
    } else if ("wait" in told) {
      if (pending === null) {
        assert.ok(told.wait > tick, "a timer lies in the future");
        tick = told.wait;
      }
      machine.handle(tick, EPOCH + tick, JSON.stringify(pending ?? "timeout"));
      pending = null;
    } else {
      return { end: told.ended, endedAt: tick, ...seen };
    }
  }
  throw new Error("the wait does not end");
}

/** One case of `wait.json`. */
export function waitVector(make, { name, input, expect }) {
  const { end, endedAt, calls, changes, started } = drive(make, input);
  assert.equal(end.verdict, expect.verdict, `${name}: ${JSON.stringify(end.error)}`);
  assert.equal(end.error?.code ?? null, expect.error ?? null, name);
  if (expect.calls) assert.deepEqual(calls.map(({ operation }) => operation), expect.calls, name);
  assert.deepEqual(changes, expect.changes, name);
  const failures = Object.fromEntries(end.failures.map(({ task_key, error }) => [task_key, error ?? null]));
  assert.deepEqual(failures, expect.failures ?? {}, name);
  if (expect.ended_at !== undefined) assert.equal(endedAt, expect.ended_at, name);
  assert.ok(endedAt >= (expect.not_before ?? 0), `${name}: ${endedAt}`);
  if (expect.run_id !== undefined) assert.equal(end.run_id, expect.run_id, name);
  if (expect.latest_repair_id !== undefined) {
    const repair = calls.find(({ operation }) => operation === "repair_run");
    assert.equal(repair.body.latest_repair_id, expect.latest_repair_id, name);
  }
  assert.ok(started.length <= 1, `${name}: the run id is told once`);
}
