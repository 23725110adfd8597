// Both plugins on one workspace in one run: waits (by programs and by streams), triggers, start-up, validation. Prints JSON on
// its last line: a list of {what, unit, ours, builtin}.

import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const INTERVAL = 50;
const DURATION = 2000;
const here = (name) => new URL(name, import.meta.url).pathname;
const say = (text) => process.stderr.write(`${text}\n`);
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const quantile = (values, share) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;

function start(file, args, env = {}) {
  const child = fork(here(file), args, { env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const ask = async (message) => {
    const answer = once(child, "message");
    child.send(message);
    return (await answer)[0];
  };
  return { child, ask, first: once(child, "message").then(([message]) => message) };
}

const workspace = start("workspace.mjs", []);
const { host } = await workspace.first;
const environment = {
  NODE_ENV: "production",
  DISABLE_APPKIT_INTERNAL_TELEMETRY: "true",
  DATABRICKS_HOST: host,
  DATABRICKS_TOKEN: "dapi-bench",
  DATABRICKS_JOB_ID: "10",
  DATABRICKS_JOB_ETL: "11",
};
const boot = async (plugin, interval = INTERVAL) => {
  const app = start("app.mjs", [plugin, String(interval)], environment);
  return { ...app, ready: await app.first };
};

const rows = [];
const found = {};
function add(what, unit, plugin, value) {
  let row = rows.find((row) => row.what === what);
  if (!row) rows.push((row = { what, unit }));
  row[plugin] = value;
}

async function waits(plugin, app, count, way) {
  await workspace.ask({ command: "reset", duration: DURATION });
  let measured;
  if (way === "JS") measured = await app.ask({ command: "wait", count });
  else {
    await app.ask({ command: "begin" });
    const seen = await Promise.all(Array.from({ length: count }, () => stream(app.ready.port)));
    measured = { ...(await app.ask({ command: "end" })), seen };
  }
  const { polls, ends } = await workspace.ask({ command: "stats" });
  const over = new Map(ends);
  const delays = measured.seen.map(([run, at]) => at - over.get(run));
  const name = `${count} waits, ${way}`;
  say(`${plugin} ${name}: ${polls} polls, cpu ${measured.cpu.toFixed(2)} s, stall ${measured.stall.toFixed(0)} ms, delay p95 ${quantile(delays, 0.95)} ms`);
  (found[plugin] ??= {})[name] ??= [];
  found[plugin][name].push({ polls, cpu: measured.cpu, stall: measured.stall, rss: measured.rss / 1e6, median: median(delays), p95: quantile(delays, 0.95) });
}

const agent = new Agent({ keepAlive: true, maxSockets: Infinity });

/** A run over a stream: its id, and when its end was told. */
function stream(port) {
  return new Promise((resolve, reject) => {
    const post = request({ agent, port, host: "127.0.0.1", method: "POST", path: "/api/jobs/etl/run?stream=true", headers: { "content-type": "application/json" } }, (answer) => {
      let text = "";
      let at;
      answer.on("data", (chunk) => {
        text += chunk;
        if (at === undefined && text.includes('"result_state":"SUCCESS"')) at = Date.now();
      });
      answer.on("end", () => resolve([/"run_id":(\d+)/.exec(text)?.[1], at ?? Date.now()]));
      answer.on("error", reject);
    });
    post.on("error", reject);
    post.end("{}");
  });
}

/** Triggers over so many connections for some seconds. */
async function triggers(plugin, app, connections) {
  await workspace.ask({ command: "reset", duration: 0 });
  const pool = new Agent({ keepAlive: true, maxSockets: connections });
  const until = performance.now() + 4000;
  let count = 0;
  const one = () =>
    new Promise((resolve, reject) => {
      const post = request({ agent: pool, port: app.ready.port, host: "127.0.0.1", method: "POST", path: "/api/jobs/etl/run", headers: { "content-type": "application/json" } }, (answer) => {
        answer.resume();
        answer.on("end", resolve);
      });
      post.on("error", reject);
      post.end("{}");
    });
  const begun = performance.now();
  await Promise.all(Array.from({ length: connections }, async () => {
    while (performance.now() < until) {
      await one();
      count += 1;
    }
  }));
  const rate = count / ((performance.now() - begun) / 1000);
  pool.destroy();
  say(`${plugin} POST run, ${connections} connections: ${rate.toFixed(0)} a second`);
  ((found[plugin] ??= {})[`POST ${connections}`] ??= []).push(rate);
}

const plugins = ["builtin", "ours"];
const boots = { builtin: [], ours: [] };
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
for (let round = 0; round < ROUNDS + 2; round += 1) {
  for (const plugin of plugins) {
    const app = await boot(plugin);
    boots[plugin].push(app.ready);
    app.child.kill("SIGKILL");
  }
}
for (let round = 0; round < ROUNDS; round += 1) {
  for (const plugin of plugins) {
    const app = await boot(plugin);
    for (const [count, way] of [[1, "JS"], [100, "JS"], [1000, "JS"], [100, "SSE"], [1000, "SSE"]]) await waits(plugin, app, count, way);
    for (const connections of [1, 10, 50]) await triggers(plugin, app, connections);
    app.child.kill("SIGKILL");
  }
}

for (const plugin of plugins) {
  for (const [name, all] of Object.entries(found[plugin])) {
    if (name.startsWith("POST")) {
      add(`${name} connections, requests`, "per_second", plugin, median(all));
      continue;
    }
    const of = (part) => median(all.map((one) => one[part]));
    add(`${name}: polls`, "count", plugin, of("polls"));
    add(`${name}: CPU of the app`, "seconds", plugin, of("cpu"));
    add(`${name}: longest stall of the event loop`, "ms", plugin, of("stall"));
    add(`${name}: peak memory of the app`, "megabytes", plugin, of("rss"));
    add(`${name}: detection delay, median`, "ms", plugin, of("median"));
    add(`${name}: detection delay, p95`, "ms", plugin, of("p95"));
  }
  add("start-up of an app", "ms", plugin, median(boots[plugin].map(({ boot }) => boot)));
  add("memory of an app at rest", "megabytes", plugin, median(boots[plugin].map(({ rss }) => rss / 1e6)));
}

// Validation of one set of parameters: the schema of the core from JavaScript, beside pure JavaScript.
const require = createRequire(new URL("../../../node/package.json", import.meta.url));
const load = async (name) => import(pathToFileURL(require.resolve(name)));
const { ParamSchema } = await load("lakeflow-jobs");
const { z } = await load("zod");
const { default: Ajv } = await load("ajv/dist/2020.js");
const zod = z.object({ day: z.string().min(1), region: z.enum(["east", "west"]), limit: z.number().int().min(1).max(1000), tables: z.array(z.string()).max(50) });
const schema = JSON.parse(JSON.stringify(z.toJSONSchema(zod)));
const value = { day: "2026-01-01", region: "east", limit: 100, tables: Array.from({ length: 10 }, (_, n) => `table_${n}`) };
const [own, ajv] = [new ParamSchema(schema), new (Ajv.default ?? Ajv)({ strict: false }).compile(schema)];
const rate = (work) => {
  const rounds = [];
  for (let round = 0; round < 5; round += 1) {
    const begun = performance.now();
    for (let n = 0; n < 20_000; n += 1) work();
    rounds.push(20_000 / ((performance.now() - begun) / 1000));
  }
  return median(rounds);
};
const validation = { ours: rate(() => own.validate(value)), zod: rate(() => zod.safeParse(value)), ajv: rate(() => ajv(value)) };
say(`validation: ${JSON.stringify(validation)}`);
workspace.child.kill();
process.stdout.write(`${JSON.stringify({ rows, validation })}\n`);
process.exit(0);
