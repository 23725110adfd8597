// An app that begins to end while requests are under way: their streams end as those do that are open, and no run does.

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { createApp, server } from "@databricks/appkit";
import { jobs } from "lakeflow-jobs/appkit";
import { collect, quiet, setEnvironment, until } from "./both.js";
import { startFake } from "./fake.js";

/** How long the workspace thinks before it answers. */
const THINKS_MS = 300;

let fake;
let app;
let plugin;

before(async () => {
  fake = await startFake();
  setEnvironment({ DATABRICKS_HOST: fake.host, DATABRICKS_TOKEN: "dapi-app", DATABRICKS_JOB_ETL: "11" });
  quiet();
  const ours = jobs();
  class Kept extends ours.plugin {
    constructor(config) {
      super(config);
      plugin = this;
    }
  }
  app = await createApp({ plugins: [server({ port: 0, host: "127.0.0.1" }), { ...ours, plugin: Kept }] });
  const http = app.server.getServer();
  if (!http.listening) await once(http, "listening");
});

after(async () => {
  app.server.getServer().closeAllConnections();
  app.server.getServer().close();
  await fake.stop();
});

test("streams and waits whose runs are being started end with the app", { timeout: 60_000 }, async () => {
  fake.latency = THINKS_MS;
  const url = `http://127.0.0.1:${app.server.getServer().address().port}/api/jobs/etl/run?stream=true`;
  const stream = fetch(url, { method: "POST" }).then((answer) => answer.text());
  const wait = collect(app.jobs("etl").runAndWait());
  await until("two triggers", () => fake.count("/run-now") === 2);
  plugin.abortActiveOperations();
  // No run has ended, nor does one because of it: what ends is the watching.
  assert.doesNotMatch(await stream, /TERMINATED/);
  assert.equal((await wait).returned, undefined);
  assert.equal(fake.count("/runs/cancel"), 0);
});
