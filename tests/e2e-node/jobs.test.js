// The Jobs plugin of the real AppKit against the engine: what it offers to programs, and its HTTP routes.

import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { z } from "zod";
import { bootApp, notebook, script, startEngine, until } from "./engine.js";

const GREETING = "/Workspace/Shared/e2e/greeting";
const SOURCE = `# Databricks notebook source
dbutils.widgets.text("startDate", "never")
dbutils.notebook.exit(dbutils.widgets.get("startDate"))
`;

let engine, app, http, url, ids;

before(async () => {
  engine = await startEngine();
  await engine.bring(GREETING, SOURCE, "SOURCE");
  const file = (name) => join(engine.folder, name);
  ids = {
    etl: await engine.create("etl", notebook("greet", GREETING)),
    chain: await engine.create("chain", script("first", "hello", ["a"]), script("second", "hello", ["b"], ["first"])),
    bad: await engine.create("bad", script("boom", "fail", ["boom"]), script("next", "hello", [], ["boom"])),
    hold: await engine.create("hold", script("wait", "wait_for", [file("gate"), file("waiting")])),
    gated: await engine.create("gated", script("wait", "wait_for", [file("open"), file("reached")])),
    listed: await engine.create("listed", script("one", "hello")),
  };
  const named = Object.entries(ids).map(([key, id]) => [`DATABRICKS_JOB_${key.toUpperCase()}`, String(id)]);
  const environment = {
    DATABRICKS_HOST: engine.host,
    DATABRICKS_TOKEN: engine.token,
    // The plugin's manifest asks for this one even when all jobs have names.
    DATABRICKS_JOB_ID: String(ids.etl),
    ...Object.fromEntries(named),
  };
  const params = z.object({ startDate: z.string() });
  const booted = await bootApp(environment, { pollIntervalMs: 20, jobs: { etl: { taskType: "notebook", params } } });
  ({ app, http, url } = booted);
});

after(async () => {
  http?.closeAllConnections();
  http?.close();
  assert.equal(await engine.stop(), 0);
});

function request(path, method = "GET", body = undefined) {
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  return fetch(`${url}/api/jobs${path}`, { method, headers, body: body && JSON.stringify(body) });
}

async function collect(waiting) {
  const seen = [];
  for await (const update of waiting) seen.push(update);
  return seen;
}

// LOCAL[clients] same: the Jobs plugin of the real AppKit: run, wait, output
test("a run is started, waited for, and its output read", async () => {
  const etl = app.jobs("etl");
  const updates = await collect(etl.runAndWait({ startDate: "2026-01-01" }));
  const last = updates.at(-1);
  assert.equal(last.status, "TERMINATED");
  assert.equal(last.run.state.result_state, "SUCCESS");
  assert.ok(updates.slice(0, -1).every(({ status }) => ["PENDING", "RUNNING", "TERMINATING"].includes(status)));
  const run = await etl.getRun(last.run.run_id);
  assert.ok(run.ok);
  assert.equal(run.data.job_id, ids.etl);
  // A run of a task has its own output; that of the whole run is refused, as on the platform.
  const output = await etl.getRunOutput(run.data.tasks[0].run_id);
  assert.equal(output.data.notebook_output.result, "2026-01-01");
  assert.deepEqual(await etl.getRunOutput(run.data.run_id), { ok: false, status: 400, message: "Bad Request" });
});

test("each change is seen while a run goes on", async () => {
  const waiting = app.jobs("gated").runAndWait();
  const first = await waiting.next();
  assert.ok(["PENDING", "RUNNING"].includes(first.value.status));
  await until("the task", () => existsSync(join(engine.folder, "reached")));
  const running = await waiting.next();
  assert.equal(running.value.status, "RUNNING");
  assert.equal(running.value.run.tasks[0].state.life_cycle_state, "RUNNING");
  writeFileSync(join(engine.folder, "open"), "");
  const rest = await collect(waiting);
  assert.equal(rest.at(-1).run.state.result_state, "SUCCESS");
});

test("a failed run ends the wait and says what failed", async () => {
  const last = (await collect(app.jobs("bad").runAndWait())).at(-1);
  assert.equal(last.status, "INTERNAL_ERROR");
  assert.equal(last.run.state.result_state, "FAILED");
  assert.match(last.run.state.state_message, /^Task boom failed with message: /);
});

test("the definition of a job is read", async () => {
  const job = await app.jobs("chain").getJob();
  assert.ok(job.ok);
  assert.deepEqual(job.data.settings.tasks.map((task) => task.task_key), ["first", "second"]);
});

test("a page of runs over HTTP: started, listed, looked at, status", async () => {
  const started = [];
  for (let n = 0; n < 3; n += 1) {
    const answer = await request("/listed/run", "POST", {});
    assert.equal(answer.status, 200);
    started.unshift((await answer.json()).runId);
  }
  for (const runId of started) await engine.ended(runId);
  const { runs } = await (await request("/listed/runs?limit=2")).json();
  assert.deepEqual(runs.map((run) => run.run_id), started.slice(0, 2));
  const all = await (await request("/listed/runs")).json();
  assert.deepEqual(all.runs.map((run) => run.run_id), started);
  const detail = await request(`/listed/runs/${started[0]}`);
  assert.equal((await detail.json()).state.result_state, "SUCCESS");
  const status = await (await request("/listed/status")).json();
  assert.equal(status.status, "TERMINATED");
  assert.equal(status.run.run_id, started[0]);
  // The plugin shows a job's own runs only.
  assert.equal((await request(`/chain/runs/${started[0]}`)).status, 404);
  // The answer of the platform to a run that does not exist is 400, which the plugin passes on.
  assert.equal((await request("/listed/runs/999999999999")).status, 400);
});

// LOCAL[clients] same: AppKit follows a run as server-sent events
test("a run is followed as server-sent events", async () => {
  const answer = await request("/etl/run?stream=true", "POST", { params: { startDate: "2026-02-02" } });
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get("content-type"), /^text\/event-stream/);
  const text = await answer.text();
  const events = text.split("\n").filter((line) => line.startsWith("data: ")).map((line) => JSON.parse(line.slice(6)));
  assert.equal(events.at(-1).status, "TERMINATED");
  assert.equal(events.at(-1).run.state.result_state, "SUCCESS");
  assert.equal(new Set(events.map((event) => event.run.run_id)).size, 1);
});

test("a run is cancelled over HTTP", async () => {
  const { runId } = await (await request("/hold/run", "POST", {})).json();
  await until("the task", () => existsSync(join(engine.folder, "waiting")));
  assert.equal((await request(`/hold/runs/${runId}`, "DELETE")).status, 204);
  const run = await engine.ended(runId);
  assert.equal(run.state.result_state, "CANCELED");
});

test("what is not valid never reaches the engine", async () => {
  const runs = async () => (await engine.call("GET", `/api/2.2/jobs/runs/list?job_id=${ids.chain}`)).runs ?? [];
  const before = (await runs()).length;
  const wrong = await request("/etl/run", "POST", { params: { startDate: 7 } });
  assert.equal(wrong.status, 400);
  assert.equal((await wrong.json()).error, "Invalid job parameters");
  assert.equal((await request("/chain/run", "POST", { params: { x: 1 } })).status, 400);
  assert.equal((await request("/nothing/run", "POST", {})).status, 404);
  assert.equal((await request("/chain/runs/abc")).status, 400);
  await assert.rejects(app.jobs("etl").runNow({ startDate: 7 }), { statusCode: 400 });
  assert.equal((await runs()).length, before);
});
