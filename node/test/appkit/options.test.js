// The settings that bring back what AppKit's own plugin does, beside that plugin, and the options of waits.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { RunFailedError } from "lakeflow-jobs/appkit";
import { ask, bootBoth, collect, events, until } from "./both.js";

const compat = { repeatUpdates: true, noStartedEvent: true, ignoreOtherBodies: true, plainErrors: true };
let booted;

before(async () => {
  booted = await bootBoth({ DATABRICKS_JOB_ETL: "11" }, { pollIntervalMs: 20 }, { compat });
});
after(() => booted?.stop());
beforeEach(() => booted.fake.reset());

test("compat.repeatUpdates: a state that stays is yielded again", async () => {
  for (const plugin of ["builtin", "ours"]) {
    const waiting = booted.app[plugin]("etl").runAndWait();
    const found = [];
    while (found.length < 4) found.push((await waiting.next()).value);
    await waiting.return();
    assert.deepEqual(found.map(({ status }) => status), Array(4).fill("RUNNING"), plugin);
    assert.ok(found.every(({ run, timestamp }, n) => run.run_id === found[0].run.run_id && (n === 0 || timestamp >= found[n - 1].timestamp)), plugin);
  }
});

test("compat.noStartedEvent: a stream begins with a state", async () => {
  booted.fake.duration = 0;
  const first = async (plugin) => {
    const { status, text } = await ask(booted.base, plugin, "POST", "/etl/run?stream=true", {});
    const [{ event, data }] = events(text);
    return { status, event, keys: ["status", "timestamp", "run"].map((key) => typeof data[key]), state: data.status };
  };
  const builtin = await first("builtin");
  assert.equal(builtin.state, "TERMINATED");
  assert.deepEqual(await first("ours"), builtin);
});

test("compat.ignoreOtherBodies: other bodies are no parameters", async () => {
  const bodies = [["text/plain", "hello"], ["application/x-www-form-urlencoded", "a=b"], ["application/json", "[1]"]];
  for (const [type, body] of bodies) {
    for (const plugin of ["builtin", "ours"]) {
      booted.fake.reset();
      const { status } = await ask(booted.base, plugin, "POST", "/etl/run", body, { "content-type": type });
      const sent = booted.fake.calls.map(({ body: { idempotency_token: _token, ...rest } }) => rest);
      assert.deepEqual([status, sent], [200, [{ job_id: 11 }]], `${plugin}, ${type}`);
    }
  }
});

test("compat.plainErrors: an error is what AppKit's own plugin says, to the last field", async () => {
  const asked = [["GET", "/nope/status"], ["GET", "/etl/runs/abc"], ["POST", "/etl/run", { params: {} }], ["POST", "/etl/run", { params: [] }]];
  for (const [method, path, body] of asked) {
    const [builtin, ours] = await Promise.all(["builtin", "ours"].map((plugin) => ask(booted.base, plugin, method, path, body)));
    assert.equal(ours.status, builtin.status, path);
    assert.deepEqual(JSON.parse(ours.text), { ...JSON.parse(builtin.text), plugin: "ours" }, path);
  }
  const malformed = await ask(booted.base, "ours", "POST", "/etl/run", "{", { "content-type": "application/json" });
  assert.deepEqual(Object.keys(JSON.parse(malformed.text)), ["error", "plugin"]);
});

test("cancelOnAbort: an abort cancels the run, and only with the option", async () => {
  const { app, fake } = booted;
  const aborted = async (options) => {
    const aborter = new AbortController();
    const waiting = app.ours("etl").runAndWait(undefined, { signal: aborter.signal, ...options });
    const { value } = await waiting.next();
    aborter.abort();
    const { yielded, returned } = await collect(waiting);
    assert.equal(returned, undefined);
    assert.ok(yielded.every(({ outcome }) => outcome === undefined || outcome === "canceled"));
    return value.run.run_id;
  };
  const left = await aborted({});
  const cancelled = await aborted({ cancelOnAbort: true });
  await until("the cancel", () => fake.runs.get(String(cancelled)).result === "CANCELED");
  assert.equal(fake.runs.get(String(left)).result, null);
  assert.deepEqual(fake.calls.filter(({ path }) => path === "/runs/cancel").map(({ body }) => body.run_id), [cancelled]);
});

test("throwOnFailure: a run that fails is an error, and only with the option", async () => {
  const { app, fake } = booted;
  Object.assign(fake, { duration: 0, result: "FAILED" });
  const { returned } = await collect(app.ours("etl").runAndWait(undefined, {}));
  assert.deepEqual([returned.outcome, returned.isSuccess], ["failed", false]);
  await assert.rejects(collect(app.ours("etl").runAndWait(undefined, { throwOnFailure: true })), (thrown) => {
    assert.ok(thrown instanceof RunFailedError);
    const { runId, outcome, failures } = thrown.outcome;
    assert.deepEqual([outcome, failures.map(({ taskKey }) => taskKey)], ["failed", ["task_0"]]);
    assert.ok(thrown.message.includes(String(runId)) && thrown.message.includes("task_0"), thrown.message);
    return true;
  });
  fake.result = "SUCCESS";
  const fine = await collect(app.ours("etl").runAndWait(undefined, { throwOnFailure: true }));
  assert.equal(fine.returned.outcome, "succeeded");
});
