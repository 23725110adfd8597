// Plugins of one name, and of another: AppKit keeps the last of a name, and mounts each under its own.

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, beforeEach, test } from "node:test";
import { createApp, jobs as builtin, server } from "@databricks/appkit";
import { jobs } from "lakeflow-jobs/appkit";
import { ask, quiet, setEnvironment } from "./both.js";
import { startFake } from "./fake.js";

let fake;
const open = [];

before(async () => {
  fake = await startFake();
  // The built-in plugin does not start without DATABRICKS_JOB_ID.
  setEnvironment({ DATABRICKS_HOST: fake.host, DATABRICKS_TOKEN: "dapi-app", DATABRICKS_JOB_ETL: "11", DATABRICKS_JOB_ID: "10" });
  quiet();
});

after(async () => {
  for (const http of open) {
    http.closeAllConnections();
    http.close();
  }
  await fake?.stop();
});

beforeEach(() => fake.reset());

async function boot(...plugins) {
  const app = await createApp({ plugins: [server({ port: 0, host: "127.0.0.1" }), ...plugins] });
  const http = app.server.getServer();
  open.push(http);
  if (!http.listening) await once(http, "listening");
  return { app, base: `http://127.0.0.1:${http.address().port}/api` };
}

const withId = (id) => ({ jobs: { etl: { id } } });
const started = () => fake.calls.filter(({ path }) => path === "/run-now").map(({ body }) => body.job_id);

test("of two plugins named jobs the last one wins", async () => {
  const { app, base } = await boot(jobs(withId(21)), jobs(withId(22)));
  assert.equal((await app.jobs("etl").runNow()).ok, true);
  assert.equal((await ask(base, "jobs", "POST", "/etl/run", {})).status, 200);
  assert.deepEqual(started(), [22, 22]);
});

test("so it is beside the built-in plugin, in either order", async () => {
  const ours = await boot(builtin(), jobs(withId(21)));
  assert.equal(typeof ours.app.jobs("etl").wait, "function");
  assert.equal((await ask(ours.base, "jobs", "GET", "/etl/schema")).status, 200);
  const theirs = await boot(jobs(withId(21)), builtin());
  assert.equal(theirs.app.jobs("etl").wait, undefined);
  assert.equal((await ask(theirs.base, "jobs", "GET", "/etl/schema")).status, 404);
});

test("a plugin under another name has routes and an export of that name", async () => {
  const { app, base } = await boot(jobs(withId(21)), { ...jobs(withId(22)), name: "flows" });
  assert.equal((await app.flows("etl").runNow()).ok, true);
  assert.equal((await ask(base, "flows", "POST", "/etl/run", {})).status, 200);
  assert.equal((await ask(base, "jobs", "POST", "/etl/run", {})).status, 200);
  assert.deepEqual(started(), [22, 22, 21]);
  const missing = await ask(base, "flows", "GET", "/nope/status");
  assert.deepEqual([missing.status, missing.body.plugin], [404, "flows"]);
});
