// Parts of the suite of weak points: each boots an app with one plugin, does one thing, and prints what it found as JSON.

import { once } from "node:events";
import { getEventListeners } from "node:events";
import { z } from "zod";
import { ask, collect, events, outcome, quiet, readUntil, until } from "./both.js";
import { cert, key } from "./certificate.js";
import { startFake } from "./fake.js";

const [, , name, plugin] = process.argv;
const exit = process.exit.bind(process);

async function boot({ environment = { DATABRICKS_JOB_ETL: "11", DATABRICKS_JOB_ID: "10" }, configuration = {}, tls, tokenLife, credentials = { DATABRICKS_TOKEN: "dapi-app" } } = {}) {
  const fake = await startFake(tls);
  fake.tokenLife = tokenLife;
  Object.assign(process.env, { NODE_ENV: "production", DISABLE_APPKIT_INTERNAL_TELEMETRY: "true", DATABRICKS_HOST: fake.host, ...credentials, ...environment });
  const { createApp, server, ...appkit } = await import("@databricks/appkit");
  const { jobs } = plugin === "ours" ? await import("lakeflow-jobs/appkit") : appkit;
  quiet();
  let instance;
  const data = jobs({ pollIntervalMs: 20, ...configuration });
  const kept = class extends data.plugin {
    constructor(config) {
      super(config);
      instance = this;
    }
  };
  const app = await createApp({ plugins: [server({ port: 0, host: "127.0.0.1" }), { ...data, plugin: kept }] });
  const http = app.server.getServer();
  if (!http.listening) await once(http, "listening");
  const base = `http://127.0.0.1:${http.address().port}/api`;
  return { fake, app, base, url: `${base}/jobs`, instance };
}

/** The browser client of AppKit, as far as it decides what is sent: it repeats its request after an error, with the id of the last event. */
async function connect(url, payload, onMessage, broken, lastEventId = null, attempt = 0) {
  const headers = { accept: "text/event-stream", "content-type": "application/json" };
  if (lastEventId) headers["last-event-id"] = lastEventId;
  const aborter = new AbortController();
  try {
    const response = await fetch(url, { method: "POST", headers, body: payload, signal: aborter.signal });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    let buffer = "";
    for await (const chunk of response.body) {
      buffer += new TextDecoder().decode(chunk, { stream: true });
      const parts = buffer.split("\n\n");
      buffer = parts.pop();
      for (const part of parts) {
        const data = part.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim());
        if (data.length === 0) continue;
        lastEventId = part.split("\n").find((line) => line.startsWith("id:"))?.slice(3).trim() ?? lastEventId;
        onMessage(JSON.parse(data.join("\n")));
        if (attempt === 0 && (await broken())) {
          aborter.abort();
          throw new Error("the connection broke");
        }
      }
    }
  } catch (error) {
    if (attempt >= 3) throw error;
    await connect(url, payload, onMessage, broken, lastEventId, attempt + 1);
  }
}

const parts = {
  async reconnect() {
    const { fake, url } = await boot();
    const told = [];
    const broken = () => told.some(({ status }) => status === "RUNNING");
    const connected = connect(`${url}/etl/run?stream=true`, "{}", (message) => told.push(message), broken);
    await until("the second look", () => fake.count("/runs/get") > 3);
    await fake.finishAllUntil(connected);
    return { runs: fake.runs.size, last: told.at(-1).status, outcome: told.at(-1).outcome };
  },

  async early() {
    const { fake, app, url } = await boot();
    // The answer to run-now comes late; by then the client is gone, and comes back with the same request as soon as the server can know.
    fake.latency = 200;
    const gone = once(app.server.getServer(), "request").then(([, response]) => once(response, "close"));
    const aborter = new AbortController();
    const first = fetch(`${url}/etl/run?stream=true`, { method: "POST", body: "{}", headers: { "content-type": "application/json" }, signal: aborter.signal });
    await once(fake.server, "request");
    aborter.abort();
    await first.then((answer) => answer.text()).catch(() => {});
    await gone;
    fake.latency = 0;
    fake.duration = 0;
    await fetch(`${url}/etl/run?stream=true`, { method: "POST", body: "{}", headers: { "content-type": "application/json" } }).then((answer) => answer.text());
    await until("the answers to all triggers", () => fake.carriedOut === fake.calls.length);
    return { runs: fake.runs.size };
  },

  async delay() {
    // Runs of one length teach the plugin; then it is counted how often it looks in the last third of one more.
    const { fake, app } = await boot({ configuration: { pollIntervalMs: 100 } });
    fake.duration = 3000;
    for (let n = 0; n < 3; n += 1) await Promise.all(Array.from({ length: 4 }, () => collect(app.jobs("etl").runAndWait())));
    const before = fake.calls.length;
    await collect(app.jobs("etl").runAndWait());
    const run = [...fake.runs.values()].at(-1);
    const late = fake.calls.slice(before).filter(({ path, at }) => path !== "/run-now" && at - run.start > 2000 && at - run.start < 3000);
    return { late: late.length };
  },

  async herd() {
    const { fake, app } = await boot({ configuration: { pollIntervalMs: 50 } });
    fake.duration = 2000;
    const ended = await Promise.all(Array.from({ length: 100 }, () => collect(app.jobs("etl").runAndWait())));
    const polls = fake.calls.filter(({ path }) => path !== "/run-now").length;
    return { polls, ended: ended.filter(({ yielded }) => yielded.at(-1).status === "TERMINATED").length };
  },

  async named() {
    const { thrown, message } = await outcome(() => boot({ environment: { DATABRICKS_JOB_ETL: "11" } }));
    return thrown ? { error: message } : { started: true };
  },

  async tls(configuration) {
    const { fake, app } = await boot({ tls: { key, cert }, configuration });
    const { ok } = await app.jobs("etl").runNow();
    return { ok, sent: fake.count("/run-now") };
  },

  otherTls: () => parts.tls({ transport: "appkit" }),

  async telemetry() {
    const { collectTelemetry } = await import("./telemetry.js");
    const { spans, measured } = collectTelemetry();
    const { fake, app, url } = await boot({ configuration: { name: "jobs" } });
    const job = app.jobs("etl");
    const run = fake.add(11, { single: true, end: 1, result: "SUCCESS" });
    const id = Number(run.id);
    await job.runNow();
    for (const call of [() => job.getRun(id), () => job.getRunOutput(id), () => job.cancelRun(id), () => job.listRuns(), () => job.lastRun(), () => job.getJob(), () => job.getRun(5)]) await call();
    fake.duration = 50;
    await collect(job.runAndWait());
    await ask(url.slice(0, -5), "jobs", "POST", "/etl/run", {});
    await ask(url.slice(0, -5), "jobs", "GET", "/etl/status");
    const own = (all) => [...new Set(all.filter(({ name }) => /^jobs\.|^plugin\./.test(name)).map((one) => JSON.stringify(one)))].sort();
    return { spans: own(spans), measured: own(measured.filter(({ name }) => name !== "jobs.wait.duration")), waits: measured.filter(({ name }) => name === "jobs.wait.duration").length, http: spans.some(({ scope, kind, attributes }) => scope.includes("http") && kind === 2 && attributes["http.target"]?.endsWith("/jobs/run-now")) };
  },

  async stop() {
    const { fake, url } = await boot();
    const stream = fetch(`${url}/etl/run?stream=true`, { method: "POST" }).then((answer) => answer.text());
    await until("a poll", () => fake.count("/runs/get") > 0);
    // AppKit's server ends the process itself.
    const exited = new Promise((resolve) => (process.exit = resolve));
    process.emit("SIGTERM");
    const closed = await stream.then(() => true, () => true);
    return { closed, code: await exited, cancelled: fake.count("/runs/cancel") };
  },

  async resume() {
    const { fake, app, url } = await boot({ configuration: { jobs: { etl: { waitTimeout: 200 } } } });
    const handle = app.jobs("etl");
    const found = { wait: typeof handle.wait };
    if (found.wait === "function") {
      let error;
      await collect(handle.runAndWait()).catch((thrown) => (error = thrown));
      Object.assign(found, { error: error.reason, known: fake.runs.has(String(error.runId)) });
      const waiting = collect(handle.wait(error.runId, { timeout: 60_000 }));
      fake.finish(error.runId);
      found.outcome = (await waiting).returned.outcome;
    }
    const run = fake.add(11, { end: 1, result: "SUCCESS" });
    const answer = await fetch(`${url}/etl/runs/${run.id}?stream=true`);
    found.route = answer.headers.get("content-type").startsWith("text/event-stream") ? answer.status : 404;
    return found;
  },

  async hang() {
    const { fake, app } = await boot();
    const aborter = new AbortController();
    fake.fault({ path: "/runs/get", hang: true, times: 100 });
    const waiting = collect(app.jobs("etl").runAndWait(undefined, aborter.signal));
    await until("the poll", () => fake.count("/runs/get") > 0);
    aborter.abort();
    const late = new Promise((resolve) => setTimeout(resolve, 1500, "late"));
    return { ended: (await Promise.race([waiting, late])) !== "late", listeners: getEventListeners(aborter.signal, "abort").length };
  },

  async outputs() {
    const { fake, app } = await boot();
    const run = fake.add(11, { tasks: 3, end: Date.now(), result: "SUCCESS" });
    const handle = app.jobs("etl");
    const whole = await handle.getRunOutput(Number(run.id));
    const found = { whole: whole.status };
    if (handle.outputs) found.outputs = (await handle.outputs(run.id)).data.map(({ output }) => output.notebook_output.result);
    return found;
  },

  async streams() {
    const { fake, url } = await boot({ configuration: { pollIntervalMs: 200 } });
    const open = [];
    // Fifty at a time: on a busy machine a thousand connections at once meet the time limit of `fetch` for a connection.
    while (open.length < 1050) {
      const begun = Array.from({ length: 50 }, () => fetch(`${url}/etl/run?stream=true`, { method: "POST", body: "{}", headers: { "content-type": "application/json" } }));
      for (const answer of await Promise.all(begun)) open.push(answer.text().catch(() => "STREAM_EVICTED"));
    }
    await until("all triggers", () => fake.runs.size === 1050, 300);
    for (const run of fake.runs.values()) fake.finish(run.id);
    const texts = await Promise.all(open);
    return { evicted: texts.filter((text) => text.includes("STREAM_EVICTED")).length, ended: texts.filter((text) => events(text).at(-1)?.data.status === "TERMINATED").length };
  },

  async settings() {
    const { fake, app } = await boot({ configuration: { cache: { enabled: true, ttl: 60, cacheKey: ["x"] } } });
    await app.jobs("etl").runNow();
    await app.jobs("etl").runNow();
    return { runs: fake.runs.size };
  },

  async parameters() {
    const { thrown, value } = await outcome(async () => {
      const { fake, app } = await boot({ configuration: { jobs: { etl: { taskType: "job_parameters", params: z.object({ day: z.string() }) } } } });
      await app.jobs("etl").runNow({ day: "x" });
      return fake.calls.at(-1).body.job_parameters;
    });
    return thrown ? { error: thrown } : { sent: value };
  },

  async environment() {
    const { jobs } = await import(plugin === "ours" ? "lakeflow-jobs/appkit" : "@databricks/appkit");
    const { plugin: Jobs, config } = jobs();
    const instance = new Jobs(config);
    const known = plugin === "ours" ? instance.diagnostics() : undefined;
    const ids = known ? Object.fromEntries(known.jobs.map(({ key, id }) => [key, id])) : instance.jobIds;
    const keys = known ? Object.keys(ids) : instance.jobKeys;
    return { keys: keys.sort(), ids, ignored: known?.ignored.map(({ variable }) => variable).sort() };
  },

  async additions() {
    const { fake, app, base, instance } = await boot({ configuration: { webhook: { token: "hook" } } });
    const run = fake.add(11, { end: 1, result: "FAILED" });
    const post = async (path, body, headers) => (await ask(base, "jobs", "POST", path, body, headers)).status;
    const get = async (path) => (await ask(base, "jobs", "GET", path)).status;
    const notice = { run: { run_id: String(run.id) }, job: { job_id: "11" } };
    const found = {
      repair: await post(`/etl/runs/${run.id}/repair`),
      job: await get("/etl"),
      schema: await get("/etl/schema"),
      webhook: await post("/webhook", notice, { authorization: "Bearer hook" }),
      tools: instance.getAgentTools?.().filter(({ name }) => name.startsWith("etl.")).length ?? 0,
    };
    if (plugin === "ours") {
      await instance.executeAgentTool("etl.cancel", { runId: String(run.id) });
      found.cancelled = (await instance.executeAgentTool("etl.status", { runId: String(run.id) })).data.state.result_state;
    }
    return found;
  },

  async tokens() {
    const credentials = { DATABRICKS_CLIENT_ID: "app", DATABRICKS_CLIENT_SECRET: "secret" };
    // The SDK takes a token with less than forty seconds to live for one that has run out.
    const { fake, app } = await boot({ credentials, tokenLife: 30 });
    const runs = Array.from({ length: 100 }, () => fake.add(11));
    fake.tokenRequests = 0;
    const answers = await Promise.all(runs.map((run) => app.jobs("etl").getRun(Number(run.id))));
    return { tokens: fake.tokenRequests, ok: answers.filter(({ ok }) => ok).length };
  },
};

const found = await parts[name]();
process.stdout.write(`\n${JSON.stringify(found)}\n`);
exit(0);
