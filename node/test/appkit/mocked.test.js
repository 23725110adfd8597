// Apps that are tested with a mocked client: everything goes through its methods, by the setting and, where it has no host, without.

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, beforeEach, mock, test } from "node:test";
import { ask, collect, events, quiet, setEnvironment } from "./both.js";

const RUN = { run_id: 501, job_id: 11, run_name: "run", start_time: 1, end_time: 0, tasks: [] };
const running = { ...RUN, state: { life_cycle_state: "RUNNING" }, status: { state: "RUNNING" } };
const ended = {
  ...RUN,
  end_time: 2,
  state: { life_cycle_state: "TERMINATED", result_state: "SUCCESS" },
  status: { state: "TERMINATED", termination_details: { code: "SUCCESS", type: "SUCCESS" } },
};

let app, base, client, http;

before(async () => {
  // Without a workspace AppKit is told its id.
  setEnvironment({ DATABRICKS_WORKSPACE_ID: "1234567890", DATABRICKS_JOB_ETL: "11" });
  client = { currentUser: { me: mock.fn(async () => ({ id: "42", userName: "app" })) }, jobs: {} };
  const { createApp, server } = await import("@databricks/appkit");
  const { jobs } = await import("lakeflow-jobs/appkit");
  quiet();
  const config = { pollIntervalMs: 5, jobs: { etl: { taskType: "notebook" } } };
  app = await createApp({
    client,
    plugins: [
      server({ port: 0, host: "127.0.0.1" }),
      { ...jobs(config), name: "noticed" },
      { ...jobs({ ...config, transport: "appkit" }), name: "set" },
    ],
  });
  http = app.server.getServer();
  if (!http.listening) await once(http, "listening");
  base = `http://127.0.0.1:${http.address().port}/api`;
});

after(() => {
  http?.closeAllConnections();
  http?.close();
});

beforeEach(() => {
  const states = [running, running, ended];
  client.jobs = {
    runNow: mock.fn(async () => ({ run_id: 501, number_in_job: 1 })),
    getRun: mock.fn(async () => (states.length > 1 ? states.shift() : states[0])),
    // As the SDK has it: an iterator over the runs of all pages.
    listRuns: mock.fn(async function* () {
      yield ended;
      yield { ...ended, run_id: 500 };
    }),
    cancelRun: mock.fn(async () => ({})),
  };
});

const given = (method) => client.jobs[method].mock.calls.map(({ arguments: [request] }) => request);

/** The same for the plugin with the setting, on a client with a host that nobody may ask, and for the one without, on a client without. */
function both(what, look) {
  test(`transport "appkit": ${what}`, async () => {
    const authenticate = mock.fn(async (headers) => headers.set("authorization", "Bearer x"));
    client.config = { host: "https://nobody.invalid", authenticate };
    await look("set");
  });
  test(`a client without a host, noticed: ${what}`, async () => {
    delete client.config;
    await look("noticed");
  });
}

both("runNow", async (plugin) => {
  const answered = await app[plugin]("etl").runNow({ day: "x" });
  assert.deepEqual([answered.ok, answered.data.run_id], [true, 501]);
  const [{ idempotency_token: token, ...sent }, ...more] = given("runNow");
  assert.deepEqual(sent, { job_id: 11, notebook_params: { day: "x" } });
  assert.match(token, /^.{1,64}$/);
  assert.deepEqual(more, []);
});

both("getRun", async (plugin) => {
  const { ok, data } = await app[plugin]("etl").getRun(501);
  assert.deepEqual([ok, data.run_id, data.state.life_cycle_state], [true, 501, "RUNNING"]);
  assert.equal(given("getRun")[0].run_id, 501);
});

both("runAndWait", async (plugin) => {
  const { yielded, returned } = await collect(app[plugin]("etl").runAndWait({ day: "x" }, {}));
  assert.equal(yielded.at(-1).status, "TERMINATED");
  assert.deepEqual([returned.runId, returned.outcome, returned.isSuccess], [501, "succeeded", true]);
  assert.equal(given("runNow").length, 1);
});

both("listRuns", async (plugin) => {
  const { ok, data } = await app[plugin]("etl").listRuns({ limit: 2 });
  assert.deepEqual([ok, data.map(({ run_id: id }) => id)], [true, [501, 500]]);
  assert.equal(given("listRuns")[0].job_id, 11);
});

both("cancelRun", async (plugin) => {
  assert.equal((await app[plugin]("etl").cancelRun(501)).ok, true);
  assert.deepEqual(given("cancelRun"), [{ run_id: 501 }]);
});

both("what a mock throws is the answer", async (plugin) => {
  client.jobs.runNow = mock.fn(async () => {
    throw Object.assign(new Error("no permission"), { statusCode: 403, errorCode: "PERMISSION_DENIED" });
  });
  const { ok, status } = await app[plugin]("etl").runNow();
  assert.deepEqual([ok, status], [false, 403]);
  assert.equal(given("runNow").length, 1);
});

both("the routes", async (plugin) => {
  const started = await ask(base, plugin, "POST", "/etl/run", { params: { day: "x" } });
  assert.deepEqual([started.status, started.body], [200, { runId: 501 }]);
  const streamed = await ask(base, plugin, "POST", "/etl/run?stream=true", { params: { day: "y" } });
  const last = events(streamed.text).at(-1);
  assert.deepEqual([streamed.status, last.data.status, last.data.outcome], [200, "TERMINATED", "succeeded"]);
  assert.deepEqual(given("runNow").map((sent) => sent.notebook_params), [{ day: "x" }, { day: "y" }]);
});
