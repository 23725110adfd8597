// An AppKit app with one of the two plugins, steered by messages: waits of its own, and what they cost the process.

import { createRequire } from "node:module";
import { once } from "node:events";
import { openSync, readSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";

const began = performance.now();
const [, , plugin, interval, limit] = process.argv;
const require = createRequire(new URL("../../../node/package.json", import.meta.url));
const load = async (name) => import(pathToFileURL(require.resolve(name)));
const { createApp, server, jobs: builtin } = await load("@databricks/appkit");
const imported = performance.now();
const jobs = plugin === "ours" ? (await load("lakeflow-jobs/appkit")).jobs : builtin;
for (const method of ["error", "warn", "info", "log"]) console[method] = () => {};
const app = await createApp({
  plugins: [server({ port: 0, host: "127.0.0.1" }), jobs({ pollIntervalMs: Number(interval), ...(limit === undefined ? {} : { maxRequestsPerSecond: Number(limit) }) })],
});
const http = app.server.getServer();
if (!http.listening) await once(http, "listening");
const ready = { port: http.address().port, boot: performance.now() - began, own: performance.now() - imported, rss: process.memoryUsage().rss };

/** How often the event loop is looked at; Node's own default. */
const LOOK_MS = 10;
const MEMORY_MS = 200;
let before, delay, peak, timer, turns;

/** Milliseconds of a core that this thread has had, which other programs do not lengthen as they do a stall; Linux alone says it. */
function clock() {
  try {
    const file = openSync(`/proc/self/task/${process.pid}/schedstat`);
    const text = Buffer.alloc(64);
    return () => Number(text.toString("latin1", 0, readSync(file, text, 0, 64, 0)).split(" ")[0]) / 1e6;
  } catch {
    return undefined;
  }
}
const own = clock();

/** Of the looks that came late: what the thread itself did meanwhile, at most, in milliseconds. */
function watch() {
  let [at, had] = [performance.now(), own()];
  const seen = { longest: 0 };
  const look = () => {
    const [now, has] = [performance.now(), own()];
    seen.longest = Math.max(seen.longest, Math.min(has - had, now - at - LOOK_MS));
    [at, had] = [now, has];
  };
  const timer = setInterval(look, LOOK_MS);
  return { seen, stop: () => clearInterval(timer) };
}
/** Looks at the event loop wake the process a hundred times a second: when what the app's work costs is counted, there are none. */
const begin = async (looks) => {
  before = process.cpuUsage();
  delay = looks ? monitorEventLoopDelay({ resolution: LOOK_MS }) : undefined;
  delay?.enable();
  turns = looks && own ? watch() : undefined;
  peak = 0;
  timer = looks ? setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), MEMORY_MS) : undefined;
  // The first look only begins: what holds the loop up before it is not seen, and at the end it is the next that sees it.
  if (looks) await pause(3 * LOOK_MS);
};
const end = async () => {
  if (delay) await pause(3 * LOOK_MS);
  clearInterval(timer);
  turns?.stop();
  delay?.disable();
  const { user, system } = process.cpuUsage(before);
  const seen = delay && { stall: Math.max(0, delay.max / 1e6 - LOOK_MS), own: turns?.seen.longest, rss: Math.max(peak, process.memoryUsage.rss()) };
  return { cpu: (user + system) / 1e6, ...seen };
};

process.on("message", async ({ command, count, looks }) => {
  if (command === "begin") {
    await begin(looks);
    return process.send({ done: true });
  }
  if (command === "end") return process.send(await end());
  if (command === "read") {
    await begin(true);
    const { ok, data } = await app.jobs("etl").getRun(count);
    return process.send({ ...(await end()), tasks: ok ? data.tasks.length : 0 });
  }
  await begin(looks);
  const seen = await Promise.all(
    Array.from({ length: count }, async () => {
      let last;
      for await (const update of app.jobs("etl").runAndWait()) last = [String(update.run.run_id), Date.now()];
      return last;
    }),
  );
  process.send({ ...(await end()), seen });
});
process.send(ready);
