// The Jobs plugin with the credentials of a service principal, and with ones that are refused.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { bootApp, script, startEngine } from "./engine.js";

let engine, booted;

before(async () => {
  engine = await startEngine();
});

after(async () => {
  booted?.http.closeAllConnections();
  booted?.http.close();
  assert.equal(await engine.stop(), 0);
});

// LOCAL[clients] same: AppKit with OAuth client credentials
test("an app with client id and secret starts runs", async () => {
  const id = await engine.create("only", script("one", "hello"));
  const environment = {
    DATABRICKS_HOST: engine.host,
    DATABRICKS_CLIENT_ID: "app",
    // The engine takes its tokens as secrets.
    DATABRICKS_CLIENT_SECRET: engine.token,
    DATABRICKS_JOB_ID: String(id),
  };
  booted = await bootApp(environment, { pollIntervalMs: 20 });
  const started = await booted.app.jobs("default").runNow();
  assert.ok(started.ok);
  assert.equal((await engine.ended(started.data.run_id)).state.result_state, "SUCCESS");
  // A user whose token the engine does not know.
  const headers = { "x-forwarded-access-token": "wrong", "x-forwarded-user": "ada" };
  const asUser = booted.app.jobs("default").asUser({ header: (name) => headers[name] });
  const refused = await asUser.runNow();
  assert.equal(refused.ok, false);
  assert.ok([401, 403].includes(refused.status), `status ${refused.status}`);
});
