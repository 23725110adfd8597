// A long run through the plugin, which crosses in pieces: whole and exact for programs and browsers. `bench appkit` has ten megabytes.

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { createApp, server } from "@databricks/appkit";
import { jobs } from "lakeflow-jobs/appkit";
import { startFake } from "./fake.js";

const TASKS = 90;
/** Not ASCII, so that pieces are cut between the bytes of no character. */
const TEXT = "größer als ein Stück – ".repeat(400);

let fake;
let app;
let base;
let document;

before(async () => {
  fake = await startFake();
  Object.assign(process.env, {
    NODE_ENV: "production",
    DISABLE_APPKIT_INTERNAL_TELEMETRY: "true",
    DATABRICKS_HOST: fake.host,
    DATABRICKS_TOKEN: "dapi-test",
    DATABRICKS_JOB_ETL: "11",
  });
  app = await createApp({ plugins: [server({ port: 0, host: "127.0.0.1" }), jobs()] });
  const http = app.server.getServer();
  if (!http.listening) await once(http, "listening");
  base = `http://127.0.0.1:${http.address().port}/api/jobs/etl`;
  const status = '"state":{"life_cycle_state":"TERMINATED","result_state":"SUCCESS","state_message":""}';
  const tasks = Array.from({ length: TASKS }, (_, n) => `{"run_id":${9007199254740993n + BigInt(n)},"task_key":"task_${n}","note":${JSON.stringify(TEXT)},${status}}`);
  document = `{"run_id":77,"job_id":11,"empty":[],"nested":{"list":[1,[2],{"three":3}]},"tasks":[${tasks}],${status}}`;
  const run = fake.add(11, { id: 77, result: "SUCCESS", end: Date.now() });
  fake.document = (asked) => (asked === run ? document : "{}");
});

after(async () => {
  app.server.getServer().closeAllConnections();
  app.server.getServer().close();
  await fake.stop();
});

/** What a caller is given: ids beyond 2^53 as texts. */
const expected = () => JSON.parse(document.replaceAll(/"run_id":(\d{16,})/g, '"run_id":"$1"'));

test("programs are given the whole of it", async () => {
  assert.ok(document.length > 5e5);
  const { ok, data } = await app.jobs("etl").getRun(77);
  assert.equal(ok, true);
  assert.deepEqual(data, expected());
});

test("the last run is given whole, inside of its answer", async () => {
  const { data } = await app.jobs("etl").lastRun();
  assert.deepEqual(data, expected());
});

test("browsers are given the whole of it, also several at once", async () => {
  const texts = await Promise.all([1, 2, 3].map(async () => (await fetch(`${base}/runs/77`)).json()));
  for (const found of texts) assert.deepEqual(found, expected());
});

test("a browser that leaves halfway harms nobody", async () => {
  const abort = new AbortController();
  const answer = await fetch(`${base}/runs/77`, { signal: abort.signal });
  await answer.body.getReader().read();
  abort.abort();
  assert.equal((await fetch(`${base}/runs/77`)).status, 200);
});
