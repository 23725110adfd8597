// Rows of the compatibility suite about plugins that are made for one look: what the class says of itself, which jobs an environment
// and a configuration give, what an app needs to start, settings, and what lies in the page.

import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { ask, collect, events, outcome } from "./both.js";
import { part } from "./part.js";

const rows = [];
function row(id, what, look, better) {
  rows.push({ id, what, look, better });
}

/** Carries out something in an environment that has these variables about jobs and no others. */
async function within(variables, call) {
  const about = (name) => name.startsWith("DATABRICKS_JOB_") || name in variables;
  const before = Object.entries(process.env).filter(([name]) => about(name));
  const clear = () => Object.keys(process.env).filter(about).forEach((name) => delete process.env[name]);
  clear();
  Object.assign(process.env, variables);
  try {
    return await call();
  } finally {
    clear();
    Object.assign(process.env, Object.fromEntries(before));
  }
}

/** A plugin outside an app: its keys in order, and the id that each sends, as text. */
function found(side, variables, config) {
  return within(variables, async () => {
    const { plugin: Jobs, config: given, name } = side.make(config);
    const instance = new Jobs({ ...given, name });
    instance.attachContext({});
    const keys = Object.keys(instance.clientConfig().jobs);
    const ids = {};
    for (const key of keys) {
      side.fake.calls.length = 0;
      const { thrown } = await outcome(() => instance.exports()(key).runNow());
      ids[key] = thrown ? "none" : /"job_id":\s*(-?\d+)/.exec(side.fake.calls[0].text)[1];
    }
    return { keys, ids };
  });
}

/** Whether an app with this plugin alone starts, and if not what its error says. */
function starts(side, variables, config, say = () => true) {
  return within(variables, async () => {
    const { createApp } = await import("@databricks/appkit");
    const { thrown, message } = await outcome(() => createApp({ plugins: [side.make(config)] }));
    return thrown ? { thrown, names: say(message) } : "started";
  });
}

/** A plugin with a configuration of its own, outside an app, under the environment of all rows. */
function made(side, config) {
  const { plugin: Jobs, config: given, name } = side.make({ pollIntervalMs: 20, ...config });
  const instance = new Jobs({ ...given, name });
  instance.attachContext({});
  return instance.exports();
}

// Shape.
row("B1", "jobs() gives a name, a class and the configuration", (side) => {
  const config = { pollIntervalMs: 7 };
  const data = side.make(config);
  return { keys: Object.keys(data).sort(), name: data.name, plugin: typeof data.plugin, same: data.config === config, none: side.make().config };
});
row("B3", "timeout holds for reads", async (side) => {
  side.fake.fault({ path: "/runs/get", hang: true, times: 99 });
  const { ok, status } = await made(side, { timeout: 200 })("open").getRun(Number(side.fake.add(12).id));
  return { ok, status };
}, { ours: { ok: false, status: 504 }, reason: "the status says what happened (weak point 16)" });
row("B3c", "a connection that breaks each time", async (side) => {
  side.fake.fault({ path: "/runs/get", reset: true, times: 999 });
  const { ok, status } = await made(side, { timeout: 400 })("open").getRun(Number(side.fake.add(12).id));
  return { ok, status };
}, { ours: { ok: false, status: 504 }, reason: "tried until the time is over, and the status says so (weak points 3, 16)" });
row("B3b", "a cache in the configuration", async (side) => {
  const job = made(side, { cache: { enabled: true, ttl: 60, cacheKey: ["compat"] } })("open");
  await job.runNow();
  await job.runNow();
  return side.fake.runs.size;
}, { ours: 2, reason: "what is not documented changes no call (weak point 18)" });
row("B4", "the manifest", (side) => {
  const { name, displayName, resources, config } = side.make().plugin.manifest;
  const [{ type, resourceKey, permission, fields }] = [...resources.required, ...resources.optional];
  return { name, displayName, type, resourceKey, permission, env: fields.id.env, settings: Object.keys(config.schema.properties) };
});
row("B4b", "resources that every app needs", (side) => side.make().plugin.manifest.resources.required.length, { ours: 0, reason: "apps with named jobs need none of it (weak point 7)" });
row("B5", "the start asks the workspace nothing", (side) => within({ DATABRICKS_JOB_A: "1" }, async () => {
  const { plugin: Jobs, config, name } = side.make();
  const instance = new Jobs({ ...config, name });
  instance.attachContext({});
  await instance.setup();
  return side.fake.calls.length;
}));

// Discovery.
row("B7", "variables name jobs, in lower case", (side) => found(side, { DATABRICKS_JOB_ETL: "1", DATABRICKS_JOB_Two_Words: "", DATABRICKS_JOB_: "2", DATABRICKS_JOB_LOAD_ALL: "3" }));
row("B7b", "a variable of blanks", async (side) => (await found(side, { DATABRICKS_JOB_A: "1", DATABRICKS_JOB_B: "  " })).keys, { ours: ["a"], reason: "a job that cannot have an id is none; the start tells of it (weak point 20)" });
row("B8", "DATABRICKS_JOB_ID is the one job of an app", async (side) => [
  await found(side, { DATABRICKS_JOB_ID: "5" }),
  await found(side, { DATABRICKS_JOB_ID: "5" }, { jobs: {} }),
  await found(side, { DATABRICKS_JOB_ID: "5", DATABRICKS_JOB_ETL: "1" }),
  (await found(side, { DATABRICKS_JOB_ID: "5" }, { jobs: { etl: {} } })).keys,
]);
row("B9", "discovered jobs first, configured ones in their place", (side) => found(side, { DATABRICKS_JOB_A: "1", DATABRICKS_JOB_B: "2" }, { jobs: { b: { taskType: "sql" }, a2: {} } }));
row("B9b", "a configured key in capitals", (side) => found(side, { DATABRICKS_JOB_ETL: "1" }, { jobs: { ETL: {} } }), { ours: { keys: ["ETL"], ids: { ETL: "1" } }, reason: "one variable is one job (weak point 20)" });
row("B10", "names of every object", async (side) => (await found(side, { DATABRICKS_JOB_CONSTRUCTOR: "1", DATABRICKS_JOB_TOSTRING: "2" })).keys, { ours: ["constructor", "tostring"], reason: "a key is a key (weak point 20)" });
row("B11", "ids of keys that are configured", (side) => found(side, { DATABRICKS_JOB_ETL: "1", "DATABRICKS_JOB_MY-JOB": "2" }, { jobs: { "my-job": {}, etl: {}, lost: {} } }));
row("B11b", "DATABRICKS_JOB_DEFAULT", (side) => found(side, { DATABRICKS_JOB_DEFAULT: "5" }), { ours: { keys: ["default"], ids: { default: "5" } }, reason: "the variable names the job that it seems to (weak point 20)" });
row("B11c", "a variable in mixed case", (side) => found(side, { DATABRICKS_JOB_Etl: "5" }), { ours: { keys: ["etl"], ids: { etl: "5" } }, reason: "the variable names the job that it seems to (weak point 20)" });
row("B12", "ids with blanks, and what is none", async (side) => (await found(side, { DATABRICKS_JOB_A: " 42 ", DATABRICKS_JOB_B: "abc", DATABRICKS_JOB_C: "0", DATABRICKS_JOB_D: "Infinity", DATABRICKS_JOB_E: "0x10" })).ids);
row("B12b", "ids that only begin as one", async (side) => (await found(side, { DATABRICKS_JOB_A: "12abc", DATABRICKS_JOB_B: "1e3", DATABRICKS_JOB_C: "3.9", DATABRICKS_JOB_D: "-5", DATABRICKS_JOB_E: "1_000" })).ids, { ours: { a: "none", b: "none", c: "none", d: "none", e: "none" }, reason: "ids are read to their end (weak point 20)" });
row("B12c", "an id of 2^53+1", async (side) => (await found(side, { DATABRICKS_JOB_A: "9007199254740993" })).ids, { ours: { a: "9007199254740993" }, reason: "ids are exact (weak point 9)" });
row("B13", "variables of others", async (side) => (await found(side, { DATABRICKS_JOB_RUN_ID: "77", DATABRICKS_JOB_ETL: "1" })).keys, { ours: ["etl"], reason: "jobs set it for their tasks (weak point 20); configure jobs: { run_id: {} } for a job of that name" });
row("B13b", "a job of such a name that is configured", (side) => found(side, { DATABRICKS_JOB_RUN_ID: "77" }, { jobs: { run_id: {} } }));

// Resources.
row("B16", "the requirements of an app", (side) => within({ DATABRICKS_JOB_ETL: "1" }, () => side.make().plugin.getResourceRequirements({ jobs: { default: {}, load: { taskType: "sql" } } })));
row("B16b", "the requirement of an app with one job", (side) => within({ DATABRICKS_JOB_ID: "1" }, () => side.make().plugin.getResourceRequirements({})));
row("B17", "named jobs alone in production", (side) => starts(side, { DATABRICKS_JOB_ETL: "1" }, {}, (message) => message.includes("DATABRICKS_JOB_ID")), { ours: "started", reason: "the id of a job that is not there was never used (weak point 7)" });
row("B17b", "other starts in production", async (side) => [
  await starts(side, { DATABRICKS_JOB_ETL: "1", DATABRICKS_JOB_ID: "2" }),
  await starts(side, { DATABRICKS_JOB_ID: "abc" }),
  await starts(side, { DATABRICKS_JOB_ID: "2" }, { jobs: { lost: {} } }, (message) => message.includes("DATABRICKS_JOB_LOST")),
  await starts(side, {}, {}, (message) => message.includes("DATABRICKS_JOB_ID")),
]);
row("B18", "a job without a variable in development", async (side) => [
  await starts(side, { NODE_ENV: "development" }, { jobs: { lost: {} } }),
  await starts(side, { NODE_ENV: "development", APPKIT_STRICT_VALIDATION: "true" }, { jobs: { lost: {} } }, (message) => message.includes("DATABRICKS_JOB_LOST")),
]);

// Parameters, answers, limits.
row("B19c", "a schema that is asynchronous", async (side) => {
  const params = z.object({ day: z.string().refine(async (day) => day === "right") });
  const job = made(side, { jobs: { open: { taskType: "notebook", params } } })("open");
  const answers = [await outcome(() => job.runNow({ day: "right" })), await outcome(() => job.runNow({ day: "wrong" }))];
  return [answers.map(({ thrown, value }) => value?.ok ?? thrown), side.fake.runs.size];
}, { ours: [[true, "ValidationError"], 1], reason: "a user's schema keeps its whole meaning" });
row("B22", "runAndWait throws on the first next()", async (side) => {
  const waiting = side.jobs("nb").runAndWait({ deep: { x: 1 } });
  const { thrown } = await outcome(() => waiting.next());
  return { thrown: thrown !== undefined, calls: side.fake.calls.length };
});
row("B32", "what the app has read is not read again, and is no user's", async (side) => {
  const run = side.fake.add(12, { end: 1, result: "SUCCESS" });
  const headers = { "x-forwarded-access-token": "t-kim", "x-forwarded-user": "kim" };
  const user = side.jobs("open").asUser({ header: (name) => headers[name] });
  for (const job of [side.jobs("open"), side.jobs("open"), user, user]) await job.getRun(Number(run.id));
  return side.fake.calls.map(({ authorization }) => authorization);
});
row("B36", "whose run it is is not asked again", async (side) => {
  const run = side.fake.add(12, { single: true, end: 1, result: "SUCCESS" });
  await side.jobs("open").getRun(Number(run.id));
  await side.jobs("open").getRunOutput(Number(run.id));
  return side.fake.calls.map(({ path }) => path);
});
row("B39", "a time-out while the workspace asks for patience", async (side) => {
  side.fake.fault({ path: "/run-now", status: 429, times: 99, headers: { "retry-after": "1" } });
  const { ok } = await made(side, { timeout: 500 })("open").runNow();
  return { ok, runs: side.fake.runs.size };
});
row("B40", "timeout does not end a wait or a stream", async (side) => {
  side.fake.duration = 600;
  const { yielded } = await collect(made(side, { timeout: 150 })("open").runAndWait());
  return yielded.at(-1).status;
});
row("S4b", "a stream whose wait times out", async (side) => {
  const { status, text } = await ask(side.base, side.plugin, "POST", "/short/run?stream=true", {});
  const { event, data } = events(text).at(-1);
  return { status, event, code: data.code, error: typeof data.error };
});
row("S5", "a heartbeat while nothing happens", async (side) => {
  // Polls of the built-in plugin are events too: none falls into the time of a heartbeat.
  const { createApp, server } = await import("@databricks/appkit");
  const app = await createApp({ plugins: [server({ port: 0, host: "127.0.0.1" }), side.make({ pollIntervalMs: 60_000 })] });
  const http = app.server.getServer();
  if (!http.listening) await once(http, "listening");
  const aborter = new AbortController();
  try {
    const answer = await fetch(`http://127.0.0.1:${http.address().port}/api/jobs/open/run?stream=true`, { method: "POST", signal: aborter.signal });
    let text = "";
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (/^: *heartbeat$/m.test(text)) return "heartbeat";
    }
    return text;
  } finally {
    aborter.abort();
    http.closeAllConnections();
    http.close();
  }
});
const told = new Map();
const telemetry = (side) => told.get(side.plugin) ?? told.set(side.plugin, part("telemetry", side.plugin)).get(side.plugin);
row("T1", "spans, counters and histograms", async (side) => {
  const { spans, measured } = await telemetry(side);
  return { spans, measured };
});
row("T1b", "how long waits took, and what came of them", async (side) => (await telemetry(side)).waits, { ours: 1, reason: "one histogram more (weak point 21)" });
row("T1c", "spans of Node's HTTP client", async (side) => (await telemetry(side)).http, { ours: false, reason: "calls leave from Rust, and jobs.* tells of each; transport: \"appkit\" sends them by Node" });
row("S9", "SIGTERM ends streams and the process, and no run", (side) => part("stop", side.plugin));
row("O3", "a user's handle stays the user's", async (side) => {
  const headers = { "x-forwarded-access-token": "t-joe", "x-forwarded-user": "joe" };
  const job = side.jobs("open").asUser({ header: (name) => headers[name] });
  await new Promise((resolve) => setImmediate(resolve));
  side.fake.duration = 0;
  await collect(job.runAndWait());
  return [...new Set(side.fake.calls.map(({ authorization }) => authorization))];
});
row("O1c", "no user in development", async (side) => {
  process.env.NODE_ENV = "development";
  try {
    const { thrown, value } = await outcome(() => side.jobs("open").asUser({ header: () => undefined }).runNow());
    return { thrown, ok: value?.ok, as: side.fake.calls.map(({ authorization }) => authorization) };
  } finally {
    process.env.NODE_ENV = "production";
  }
});

// What browsers are told.
row("C1c", "a schema with a date", (side) => within({ DATABRICKS_JOB_A: "1" }, async () => {
  const { plugin: Jobs, name } = side.make();
  const config = { jobs: { a: { params: z.object({ day: z.date(), n: z.number() }) } } };
  return (await outcome(() => Object.keys(new Jobs({ ...config, name }).clientConfig().jobs.a.params.properties))).value ?? "throws";
}), { ours: ["day", "n"], reason: "one field that JSON Schema has no form for does not hide all others" });
row("C2", "the page holds the configuration for browsers", async (side) => {
  const folder = mkdtempSync(join(tmpdir(), "lakeflow-page-"));
  writeFileSync(join(folder, "index.html"), "<html><head></head><body></body></html>");
  const { createApp, server } = await import("@databricks/appkit");
  const app = await createApp({ plugins: [server({ port: 0, host: "127.0.0.1", staticPath: folder }), side.make({ jobs: { nb: { taskType: "notebook" } } })] });
  const http = app.server.getServer();
  if (!http.listening) await once(http, "listening");
  try {
    const page = await fetch(`http://127.0.0.1:${http.address().port}/`).then((answer) => answer.text());
    const text = /<script id="__appkit__" type="application\/json">(.*?)<\/script>/s.exec(page)?.[1] ?? "null";
    const told = JSON.parse(text);
    const { run, runs, status, ...others } = told.endpoints.jobs;
    return { endpoints: [run, runs, status, others["run-detail"], others["cancel-run"]], nb: told.plugins?.jobs?.jobs?.nb };
  } finally {
    http.closeAllConnections();
    http.close();
    rmSync(folder, { recursive: true });
  }
});

export { rows };
