// An AppKit app with one of the two plugins, steered by messages: waits of its own, and what they cost the process.

import { createRequire } from "node:module";
import { once } from "node:events";
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
let before, delay, peak, timer;
/** Looks at the event loop wake the process a hundred times a second: when what the app's work costs is counted, there are none. */
const begin = async (looks) => {
  before = process.cpuUsage();
  delay = looks ? monitorEventLoopDelay({ resolution: LOOK_MS }) : undefined;
  delay?.enable();
  peak = 0;
  timer = looks ? setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), MEMORY_MS) : undefined;
  // The first look only begins: what holds the loop up before it is not seen, and at the end it is the next that sees it.
  if (looks) await pause(3 * LOOK_MS);
};
const end = async () => {
  if (delay) await pause(3 * LOOK_MS);
  clearInterval(timer);
  delay?.disable();
  const { user, system } = process.cpuUsage(before);
  const seen = delay && { stall: Math.max(0, delay.max / 1e6 - LOOK_MS), rss: Math.max(peak, process.memoryUsage.rss()) };
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
