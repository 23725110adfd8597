// What `lakeflow-jobs` costs in Node.js beside what people use today: start-up, one validation, a large run document. Called with
// the folder of the built package; prints one line of JSON. Numbers are medians.

import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { large, small } from "../web/cases.js";

const folder = process.argv[2];
const require = createRequire(join(folder, "package.json"));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const ours = await import(pathToFileURL(join(folder, "dist/index.js")).href);
const { default: Ajv } = await load("ajv/dist/2020.js");
const { default: formats } = await load("ajv-formats");
const z = await load("zod");

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Milliseconds and megabytes that an import adds to a process that does nothing else. */
function startUp(specifier) {
  const program = (what) => `
    const t = performance.now();
    ${what ? `await import(${JSON.stringify(what)});` : ""}
    const ms = performance.now() - t;
    globalThis.gc?.();
    console.log(JSON.stringify({ ms, mb: process.memoryUsage().rss / 1e6 }));`;
  const once = (what) => JSON.parse(execFileSync(process.execPath, ["--expose-gc", "--input-type=module", "-e", program(what)], { cwd: folder }));
  const [bare, full] = [[], []];
  for (let n = 0; n < 5; n++) {
    bare.push(once(null));
    full.push(once(specifier));
  }
  return {
    ms: median(full.map(({ ms }) => ms)),
    mb: median(full.map(({ mb }) => mb)) - median(bare.map(({ mb }) => mb)),
  };
}

/** Milliseconds of a thousand validations. */
function thousand(check, value) {
  const batch = (times) => {
    const began = performance.now();
    for (let n = 0; n < times; n++) check(value);
    return ((performance.now() - began) / times) * 1000;
  };
  batch(2000);
  return median(Array.from({ length: 15 }, () => batch(500)));
}

function validations() {
  const makers = {
    ours: (schema) => {
      const compiled = new ours.ParamSchema(schema);
      return (value) => compiled.validate(value).length === 0;
    },
    "zod 4": (schema) => {
      const compiled = z.fromJSONSchema(schema);
      return (value) => compiled.safeParse(value).success;
    },
    ajv: (schema) => {
      const ajv = new Ajv({ allErrors: true });
      formats(ajv);
      return ajv.compile(schema);
    },
  };
  const found = {};
  for (const [name, make] of Object.entries(makers)) {
    for (const [size, { schema, valid, invalid }] of Object.entries({ small, large })) {
      const check = make(schema);
      if (check(valid) !== true || check(invalid) !== false) throw new Error(`${name} misjudges the ${size} parameters`);
      (found[`${size}_valid`] ??= {})[name] = thousand(check, valid);
      (found[`${size}_invalid`] ??= {})[name] = thousand(check, invalid);
    }
  }
  return found;
}

/** A run with a thousand tasks, ten megabytes as JSON. */
function document() {
  const status = { state: "TERMINATED", termination_details: { code: "SUCCESS", type: "SUCCESS", message: "" } };
  const task = (n) => ({
    task_key: `task_${n}`, run_id: 1000 + n, attempt_number: 0, status, start_time: 1, end_time: 2,
    notebook_task: { notebook_path: `/Workspace/n${n}`, base_parameters: Object.fromEntries(Array.from({ length: 200 }, (_, k) => [`parameter_${k}`, `value ${k} of ${n}, with some text`])) },
  });
  return JSON.stringify({ run_id: 7, job_id: 1, status, tasks: Array.from({ length: 1000 }, (_, n) => task(n)) });
}

/** How often the event loop is looked at. A loop that never sleeps would see more, but takes a core from the threads that work beside it. */
const LOOK_MS = 1;

/** The longest time that the event loop stood still while `work` went on, and how long it took. */
async function stall(work) {
  const delay = monitorEventLoopDelay({ resolution: LOOK_MS });
  delay.enable();
  // The first look only begins: what holds the loop up before it is not seen, and at the end it is the next that sees it.
  await pause(5 * LOOK_MS);
  const began = performance.now();
  await work();
  const took = performance.now() - began;
  await pause(5 * LOOK_MS);
  delay.disable();
  return { longest: Math.max(0, delay.max / 1e6 - LOOK_MS), took };
}

async function largeRun() {
  const text = document();
  // In a thread of its own: what the server does would hold up the event loop that is looked at.
  const server = new Worker(
    `const { parentPort, workerData } = require("node:worker_threads");
    const bytes = Buffer.from(workerData);
    const server = require("node:http").createServer((_, response) => response.end(bytes)).listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));`,
    { eval: true, workerData: text },
  );
  const host = `http://127.0.0.1:${await new Promise((resolve) => server.once("message", resolve))}`;
  const jobs = new ours.Jobs({ host, token: "t", discover: false, cache: false });
  const states = { ours: [], fetch: [] };
  const whole = { ours: [], fetch: [] };
  const get = async () => (await fetch(`${host}/api/2.2/jobs/runs/get?run_id=7`)).json();
  for (let n = 0; n < 9; n++) {
    states.ours.push(await stall(async () => (await jobs.getRun(7)).tasks.slice(0, 20).map(({ state }) => state)));
    states.fetch.push(await stall(async () => (await get()).tasks.slice(0, 20).map(({ status }) => status.state)));
    whole.ours.push(await stall(async () => (await jobs.getRun(7)).document()));
    whole.fetch.push(await stall(get));
  }
  await server.terminate();
  const of = (list, field) => median(list.map((one) => one[field]));
  return {
    bytes: text.length,
    stall: { ours: of(states.ours, "longest"), fetch: of(states.fetch, "longest") },
    took: { ours: of(states.ours, "took"), fetch: of(states.fetch, "took") },
    whole_stall: { ours: of(whole.ours, "longest"), fetch: of(whole.fetch, "longest") },
    whole_took: { ours: of(whole.ours, "took"), fetch: of(whole.fetch, "took") },
  };
}

const start = Object.fromEntries(
  [["ours", "lakeflow-jobs"], ["zod 4", "zod"], ["ajv", "ajv/dist/2020.js"], ["@databricks/sdk-experimental", "@databricks/sdk-experimental"], ["@databricks/appkit", "@databricks/appkit"]].map(
    ([name, specifier]) => [name, startUp(specifier)],
  ),
);
console.log(JSON.stringify({ start, ...validations(), run: await largeRun() }));
