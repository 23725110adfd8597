// An AppKit app with one of the two plugins, steered by messages: waits of its own, and what they cost the process.

import { createRequire } from "node:module";
import { once } from "node:events";
import { monitorEventLoopDelay } from "node:perf_hooks";
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

/** How often the event loop is looked at; Node's own default. Each look wakes the process, which is counted as its work. */
const LOOK_MS = 10;
let before, delay, peak, timer;
const begin = () => {
  before = process.cpuUsage();
  delay = monitorEventLoopDelay({ resolution: LOOK_MS });
  delay.enable();
  peak = 0;
  timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 200);
};
const end = () => {
  clearInterval(timer);
  delay.disable();
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / 1e6, stall: Math.max(0, delay.max / 1e6 - LOOK_MS), rss: Math.max(peak, process.memoryUsage.rss()) };
};

process.on("message", async ({ command, count }) => {
  if (command === "begin") {
    begin();
    return process.send({ done: true });
  }
  if (command === "end") return process.send(end());
  if (command === "read") {
    begin();
    const { ok, data } = await app.jobs("etl").getRun(count);
    return process.send({ ...end(), tasks: ok ? data.tasks.length : 0 });
  }
  begin();
  const seen = await Promise.all(
    Array.from({ length: count }, async () => {
      let last;
      for await (const update of app.jobs("etl").runAndWait()) last = [String(update.run.run_id), Date.now()];
      return last;
    }),
  );
  process.send({ ...end(), seen });
});
process.send(ready);
