// A notification of the engine ends a wait in an app at once: run, outbox, HTTP, the plugin's route, the wait. Polls are ten minutes
// apart, so that a wait that were not told would outlast the test by far.

import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { script, startEngine, until } from "../../../tests/e2e-node/engine.js";
import { setEnvironment } from "./both.js";

const SECRET = "of the destination";

let engine, app, http, jobId;
const file = (name) => join(engine.folder, name);

before(async () => {
  engine = await startEngine();
  const webhook = { on_success: [{ id: "app" }], on_failure: [{ id: "app" }] };
  const tasks = [script("wait", "wait_for", [file("gate"), file("waiting")])];
  const job = { name: "held", tasks, webhook_notifications: webhook };
  jobId = (await engine.call("POST", "/api/2.2/jobs/create", job)).job_id;
  setEnvironment({ DATABRICKS_HOST: engine.host, DATABRICKS_TOKEN: engine.token, DATABRICKS_JOB_HELD: String(jobId) });
  const { createApp, server } = await import("@databricks/appkit");
  const { jobs } = await import("lakeflow-jobs/appkit");
  const webhookOfApp = { username: "engine", password: SECRET };
  app = await createApp({
    plugins: [server({ port: 0, host: "127.0.0.1" }), jobs({ pollIntervalMs: 600_000, webhook: webhookOfApp })],
  });
  http = app.server.getServer();
  if (!http.listening) await once(http, "listening");
  const url = `http://127.0.0.1:${http.address().port}/api/jobs/webhook`;
  const config = { generic_webhook: { url, ...webhookOfApp } };
  await engine.call("POST", "/api/2.0/notification-destinations", { id: "app", display_name: "app", config });
});

after(async () => {
  http?.closeAllConnections();
  http?.close();
  await engine?.stop();
});

test("a wait ends when the engine tells the app", { timeout: 240_000 }, async () => {
  const waiting = app.jobs("held").runAndWait();
  const first = await waiting.next();
  assert.ok(!first.done);
  const { run_id: runId } = first.value.run;
  // The task says so when it runs; the run goes on until its gate is there.
  await until("the task", async () => {
    const run = await engine.call("GET", `/api/2.2/jobs/runs/get?run_id=${runId}`);
    return run.tasks[0].status.state === "RUNNING";
  }, 120);
  writeFileSync(file("gate"), "");
  let last = first.value;
  for await (const update of waiting) last = update;
  assert.equal(last.status, "TERMINATED");
  assert.equal(last.run.state.result_state, "SUCCESS");
  const { deliveries } = await engine.call("GET", `/api/2.0/lakeflow-local/deliveries?run_id=${runId}`);
  assert.deepEqual(deliveries.map((one) => [one.recipient, one.event_type]), [["destination:app", "jobs.on_success"]]);
});

test("a test of the destination is taken and wakes nobody", async () => {
  const answer = await engine.call("POST", "/api/2.0/lakeflow-local/destinations/app/test", {});
  assert.deepEqual(answer, { delivered: true, error: null });
});

test("a destination with another password is refused, and that is told", async () => {
  const config = { generic_webhook: { password: "another" } };
  await engine.call("PATCH", "/api/2.0/notification-destinations/app", { config });
  const answer = await engine.call("POST", "/api/2.0/lakeflow-local/destinations/app/test", {});
  assert.equal(answer.delivered, false);
  assert.match(answer.error, /answered 401 Unauthorized/);
});
