// Both plugins on one workspace in one run: waits (by programs and by streams), triggers, start-up, validation. Prints JSON on
// its last line: a list of {what, unit, ours, builtin}. `BENCH_ROUNDS` and `BENCH_ONLY` (burst, steady, post, boot, large) shorten it.

import { fork } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { streams, triggers } from "./load.mjs";

/** Short runs polled as fast as the built-in plugin can, and runs of the length of a query polled each second at first. */
const BURST = { name: "2 s runs", interval: 50, duration: 2000, within: 1000, sizes: [[1, "JS"], [100, "JS"], [1000, "JS"], [100, "SSE"], [1000, "SSE"]] };
const STEADY = { name: "20 s runs", interval: 1000, duration: 20_000, within: 2000, sizes: [[1, "JS"], [1000, "JS"], [1000, "SSE"]] };
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const ONLY = process.env.BENCH_ONLY?.split(",");
const wanted = (part) => ONLY === undefined || ONLY.includes(part);
const plugins = ["builtin", "ours"].filter((plugin) => process.env.BENCH_PLUGIN === undefined || process.env.BENCH_PLUGIN === plugin);

const here = (name) => new URL(name, import.meta.url).pathname;
const say = (text) => process.stderr.write(`${text}\n`);
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const quantile = (values, share) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;

/** Processes that were started; none outlives this one. */
const children = new Set();
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

function start(file, args, env = {}) {
  const execArgv = file === "app.mjs" ? (process.env.BENCH_APP_ARGS?.split(" ") ?? []) : [];
  const child = fork(here(file), args, { env: { ...process.env, ...env }, execArgv, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  children.add(child);
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

/** An app with a plugin, until it is stopped. Our limit on calls a second is that of a host on this machine, or the one given. */
async function boot(plugin, interval, limit) {
  const app = start("app.mjs", [plugin, String(interval), ...(limit === undefined ? [] : [String(limit)])], environment);
  const stop = async () => {
    const gone = once(app.child, "exit");
    app.child.kill(process.env.BENCH_APP_ARGS ? "SIGTERM" : "SIGKILL");
    await gone;
  };
  return { ...app, ready: await app.first, stop };
}

/** What was found, in the order of its first finding: what -> {unit, plugin -> values}. */
const found = new Map();
function add(what, unit, plugin, value) {
  if (!found.has(what)) found.set(what, { unit });
  (found.get(what)[plugin] ??= []).push(value);
}

/** Many waits. With `looks` at the event loop and the memory, which cost the app something themselves; without, that is counted. */
async function waits(plugin, app, { name, duration, within }, [count, way], looks) {
  await workspace.ask({ command: "reset", duration });
  let measured;
  if (way === "JS") measured = await app.ask({ command: "wait", count, looks });
  else {
    await app.ask({ command: "begin", looks });
    const seen = await streams(app.ready.port, count, count === 1 ? 0 : within);
    measured = { ...(await app.ask({ command: "end" })), seen };
  }
  const { calls, polls, lists, ends } = await workspace.ask({ command: "stats" });
  const over = new Map(ends);
  if (over.size !== count || new Set(measured.seen.map(([run]) => run)).size !== count) throw new Error(`${count} waits started ${over.size} runs`);
  const delays = measured.seen.map(([run, at]) => at - over.get(run));
  const what = `${count} waits, ${name}, ${way}`;
  const [middle, late] = [median(delays), quantile(delays, 0.95)];
  const told = looks ? `stall ${measured.stall.toFixed(1)} ms, of a turn's own CPU ${measured.own?.toFixed(1)} ms at most` : `cpu ${measured.cpu.toFixed(2)} s`;
  say(`${plugin} ${what}: ${polls} calls (${lists} lists) and ${calls - polls} triggers, ${told}, delay ${middle} ms, p95 ${late} ms`);
  if (looks) {
    add(`${what}: longest stall of the event loop`, "ms", plugin, measured.stall);
    if (measured.own !== undefined) add(`${what}: longest turn of the event loop, CPU of its thread`, "ms", plugin, measured.own);
    add(`${what}: peak memory of the app`, "megabytes", plugin, measured.rss / 1e6);
    return;
  }
  add(`${what}: calls beside the triggers`, "count", plugin, polls);
  add(`${what}: CPU of the app`, "seconds", plugin, measured.cpu);
  add(`${what}: detection delay, median`, "ms", plugin, middle);
  add(`${what}: detection delay, p95`, "ms", plugin, late);
}

/** All sizes in one app, once to count what it costs and once to look at it. */
async function scenario(plugin, scenario, looks) {
  const app = await boot(plugin, scenario.interval);
  for (const size of scenario.sizes) await waits(plugin, app, scenario, size, looks);
  await app.stop();
}

async function post(plugin) {
  // Without a limit: the built-in plugin has none.
  const app = await boot(plugin, BURST.interval, 0);
  await triggers(app.ready.port, 10, 1000);
  for (const connections of [1, 10, 50]) {
    await workspace.ask({ command: "reset", duration: 0 });
    await app.ask({ command: "begin" });
    const { count, rate } = await triggers(app.ready.port, connections, 4000);
    const { cpu } = await app.ask({ command: "end" });
    const { calls } = await workspace.ask({ command: "stats" });
    if (calls !== count) throw new Error(`${count} triggers made ${calls} calls`);
    say(`${plugin} POST run, ${connections} connections: ${rate.toFixed(0)} a second, ${((cpu / count) * 1e6).toFixed(0)} us of CPU each`);
    add(`POST run over ${connections} connections`, "per_second", plugin, rate);
    add(`CPU of the app for one POST run, ${connections} connections`, "ms", plugin, (cpu / count) * 1000);
  }
  await app.stop();
}

async function startUp(plugin) {
  const app = await boot(plugin, BURST.interval);
  add("start-up of an app", "ms", plugin, app.ready.boot);
  add("memory of an app at rest", "megabytes", plugin, app.ready.rss / 1e6);
  await app.stop();
}

/** A run of ten megabytes, which programs are given whole. */
async function large(plugin) {
  const app = await boot(plugin, BURST.interval);
  for (let n = 0; n < 3; n += 1) {
    // Another one each time: ended runs are kept.
    const { run, tasks } = await workspace.ask({ command: "large" });
    const read = await app.ask({ command: "read", count: run });
    if (read.tasks !== tasks) throw new Error(`a run of ${tasks} tasks has ${read.tasks}`);
    say(`${plugin} run of 10 MB: stall ${read.stall.toFixed(0)} ms, cpu ${read.cpu.toFixed(2)} s`);
    add("run of 10 MB read by the app: longest stall of the event loop", "ms", plugin, read.stall);
  }
  await app.stop();
}

/** The plugins take turns, each first in every other round: what disturbs the machine disturbs both. */
async function turns(part, rounds, work) {
  if (!wanted(part)) return;
  for (let round = 0; round < rounds; round += 1) {
    for (const plugin of round % 2 === 0 ? plugins : plugins.toReversed()) await work(plugin);
  }
}

await turns("boot", ROUNDS + 4, startUp);
for (const looks of [false, true]) {
  await turns("burst", ROUNDS, (plugin) => scenario(plugin, BURST, looks));
  await turns("steady", looks ? ROUNDS : Math.ceil(ROUNDS / 3), (plugin) => scenario(plugin, STEADY, looks));
}
// Over one connection every request waits for a wake-up of another thread, whose time varies by a third.
await turns("post", ROUNDS + 2, post);
await turns("large", ROUNDS, large);
workspace.child.kill();

// Validation of one set of parameters: the schema of the core from JavaScript, beside pure JavaScript.
async function validation() {
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
      for (let n = 0; n < 20_000; n += 1) if (!work()) throw new Error("valid parameters were refused");
      rounds.push(20_000 / ((performance.now() - begun) / 1000));
    }
    return median(rounds);
  };
  return { ours: rate(() => own.validate(value).length === 0), zod: rate(() => zod.safeParse(value).success), ajv: rate(() => ajv(value)) };
}

const validated = await validation();
say(`validation: ${JSON.stringify(validated)}`);
const rows = [...found].map(([what, { unit, ...values }]) => ({ what, unit, ...Object.fromEntries(Object.entries(values).map(([plugin, all]) => [plugin, median(all)])) }));
process.stdout.write(`${JSON.stringify({ rows, validation: validated })}\n`);
process.exit(0);
