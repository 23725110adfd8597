// A real agent of AppKit uses the jobs of an app: which tools it is given, by name and by inheritance, what they do and as whom.

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, beforeEach, test } from "node:test";
import { createApp, server } from "@databricks/appkit";
import { agents, createAgent } from "@databricks/appkit/beta";
import { jobs } from "lakeflow-jobs/appkit";
import { quiet, setEnvironment, until } from "./both.js";
import { startFake } from "./fake.js";

const params = { type: "object", properties: { day: { type: "string" } } };
let fake, http;
let told;

/** A model that calls the tools which its message names, and tells what it was offered and what came back. */
const model = {
  async *run({ messages, tools, signal }, { executeTool }) {
    const came = [];
    for (const [name, args] of JSON.parse(messages.at(-1).content)) came.push(await executeTool(name, args).catch((error) => error));
    told = { tools, came, signal };
    yield { type: "message", content: "done" };
  },
};

before(async () => {
  fake = await startFake();
  setEnvironment({ DATABRICKS_HOST: fake.host, DATABRICKS_TOKEN: "dapi-app", DATABRICKS_JOB_ETL: "11" });
  quiet();
  const config = { pollIntervalMs: 20, jobs: { etl: { taskType: "job_parameters", params } } };
  const chosen = createAgent({ instructions: "x", model, tools: ({ jobs }) => jobs.toolkit({ except: ["etl.outputs"], rename: { "etl.run": "start" } }) });
  const asApp = createAgent({ instructions: "x", model, tools: ({ flows }) => flows.toolkit() });
  const inherits = createAgent({ instructions: "x", model });
  const app = await createApp({
    plugins: [
      server({ port: 0, host: "127.0.0.1" }),
      jobs(config),
      { ...jobs({ ...config, toolsRunAs: "app" }), name: "flows" },
      agents({ dir: false, autoInheritTools: { code: true }, approval: { requireForDestructive: false }, agents: { chosen, asApp, inherits } }),
    ],
  });
  http = app.server.getServer();
  if (!http.listening) await once(http, "listening");
});

after(async () => {
  http?.closeAllConnections();
  http?.close();
  await fake?.stop();
});

beforeEach(() => fake.reset());

async function chat(agent, ...calls) {
  told = undefined;
  const headers = { "content-type": "application/json", "x-forwarded-user": "ada", "x-forwarded-access-token": "t-ada" };
  const body = JSON.stringify({ agent, message: JSON.stringify(calls) });
  const answer = await fetch(`http://127.0.0.1:${http.address().port}/api/agents/chat`, { method: "POST", headers, body });
  await answer.text();
  assert.equal(answer.status, 200);
  return told;
}

const tellers = () => [...new Set(fake.calls.map(({ authorization }) => authorization))];

test("an agent is given the tools that it chose, with their names, schemas and effects", async () => {
  const { tools } = await chat("chosen");
  assert.deepEqual(tools.map(({ name, annotations }) => [name, annotations.effect]), [["start", "write"], ["jobs.etl.status", "read"], ["jobs.etl.cancel", "destructive"]]);
  assert.deepEqual(tools[0].parameters.properties.params, params);
});

test("an agent inherits what only looks", async () => {
  const { tools } = await chat("inherits");
  assert.deepEqual(tools.map(({ name }) => name), ["jobs.etl.status", "jobs.etl.outputs", "flows.etl.status", "flows.etl.outputs"]);
});

test("a tool starts a run as the user, waits for its end and says what came of it", async () => {
  Object.assign(fake, { duration: 30, result: "FAILED" });
  const { came } = await chat("chosen", ["start", { params: { day: "x" } }], ["jobs.etl.status", {}], ["start", { params: { day: 7 } }]);
  const [ran, status] = came.slice(0, 2).map((text) => JSON.parse(text));
  assert.deepEqual([ran.outcome, ran.isSuccess, ran.failures.map(({ taskKey }) => taskKey)], ["failed", false, ["task_0"]]);
  assert.equal(status.data.run_id, ran.runId);
  assert.match(came[2].message, /day/);
  assert.equal(fake.count("/run-now"), 1);
  assert.deepEqual(fake.calls[0].body.job_parameters, { day: "x" });
  assert.deepEqual(tellers(), ["Bearer t-ada"]);
});

test('toolsRunAs: "app"', async () => {
  fake.duration = 30;
  const { came } = await chat("asApp", ["flows.etl.run", {}], ["flows.etl.status", {}]);
  assert.equal(JSON.parse(came[0]).outcome, "succeeded");
  assert.deepEqual(tellers(), ["Bearer dapi-app"]);
});

test("a tool whose wait is stopped names its run, which goes on", async () => {
  const { plugin: Jobs, config, name } = jobs({ pollIntervalMs: 20 });
  const instance = new Jobs({ ...config, name });
  instance.attachContext({});
  const aborter = new AbortController();
  const ran = instance.executeAgentTool("etl.run", {}, aborter.signal);
  await until("a poll", () => fake.count("/runs/get") > 1);
  aborter.abort();
  const [run] = fake.runs.values();
  assert.deepEqual(await ran, { runId: Number(run.id), outcome: "the wait was stopped; the run goes on" });
  assert.equal(fake.count("/runs/cancel"), 0);
});

test("a tool that is none, and one of a job that is none", async () => {
  const { plugin: Jobs, config, name } = jobs();
  const instance = new Jobs({ ...config, name });
  instance.attachContext({});
  for (const [tool, told] of [["etl.explode", /etl\.explode/], ["nope.run", /nope/], ["", /Unknown job/], ["__proto__.run", /__proto__/]]) {
    await assert.rejects(instance.executeAgentTool(tool, {}), told);
  }
  assert.equal(fake.calls.length, 0);
});
