// AppKit's own plugin and ours in one app on one workspace, under the names `builtin` and `ours`.

import { once } from "node:events";
import { startFake } from "./fake.js";

/** Sets the environment of an app in production, with nothing of another workspace left in it. */
export function setEnvironment(variables) {
  for (const name of Object.keys(process.env)) if (name.startsWith("DATABRICKS_")) delete process.env[name];
  Object.assign(process.env, { NODE_ENV: "production", DISABLE_APPKIT_INTERNAL_TELEMETRY: "true", ...variables });
}

/** Boots an app with both plugins; `environment` as the platform sets it. Configurations are the same for both. */
export async function bootBoth(environment = {}, configuration = {}, extra = {}) {
  const fake = await startFake();
  // The built-in plugin does not start without it.
  setEnvironment({ DATABRICKS_HOST: fake.host, DATABRICKS_TOKEN: "dapi-app", DATABRICKS_JOB_ID: "10", ...environment });
  const { createApp, server, jobs: builtin } = await import("@databricks/appkit");
  const { jobs: ours } = await import("lakeflow-jobs/appkit");
  quiet();
  releaseTimers();
  const instances = {};
  const kept = (data, name) => ({
    ...data,
    name,
    plugin: class extends data.plugin {
      constructor(config) {
        super(config);
        instances[name] = this;
      }
    },
  });
  const app = await createApp({
    plugins: [
      server({ port: 0, host: "127.0.0.1" }),
      kept(builtin(configuration), "builtin"),
      kept(ours({ ...configuration, ...extra }), "ours"),
    ],
  });
  const http = app.server.getServer();
  if (!http.listening) await once(http, "listening");
  // On a busy machine a connection that is kept for five seconds is closed in the moment in which it is used again.
  http.keepAliveTimeout = 600_000;
  const base = `http://127.0.0.1:${http.address().port}/api`;
  const stop = async () => {
    http.closeAllConnections();
    http.close();
    await fake.stop();
  };
  return { fake, app, base, http, stop, instances, make: { builtin, ours } };
}

/** AppKit logs each failure, which is what these tests are about. */
export function quiet() {
  for (const method of ["error", "warn", "info", "log"]) console[method] = () => {};
}

/** AppKit's own plugin keeps each stream whose client has left for ten minutes, by a timer that keeps the process as long: the
 * suite would end ten minutes after its last test. */
function releaseTimers() {
  const real = globalThis.setTimeout;
  const released = (call, delay, ...given) => {
    const timer = real(call, delay, ...given);
    return delay >= 600_000 ? timer.unref() : timer;
  };
  // With the form that gives a promise.
  globalThis.setTimeout = Object.assign(released, real);
}

/** A request to a plugin: status, headers, and the body as JSON where it is some. */
export async function ask(base, plugin, method, path, body, headers = {}) {
  const type = body === undefined ? {} : { "content-type": "application/json" };
  const text = body === undefined || typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
  const answer = await fetch(`${base}/${plugin}${path}`, { method, body: text, headers: { ...type, ...headers } });
  const content = await answer.text();
  let json;
  try {
    json = content === "" ? null : JSON.parse(content);
  } catch {
    json = undefined;
  }
  return { status: answer.status, headers: answer.headers, text: content, body: json };
}

/** The events of a stream's text. */
export function events(text) {
  return text
    .split("\n\n")
    .filter((block) => block.includes("data: "))
    .map((block) => {
      const field = (name) => block.split("\n").find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      return { id: field("id"), event: field("event"), data: JSON.parse(field("data")) };
    });
}

/** Reads a stream until `enough` says so of its text, then breaks the connection. */
export async function readUntil(base, plugin, method, path, enough, { body, headers = {} } = {}) {
  const aborter = new AbortController();
  const type = body === undefined ? {} : { "content-type": "application/json" };
  const answer = await fetch(`${base}/${plugin}${path}`, { method, body, headers: { ...type, ...headers }, signal: aborter.signal });
  let text = "";
  const decoder = new TextDecoder();
  try {
    for await (const chunk of answer.body) {
      text += decoder.decode(chunk, { stream: true });
      if (enough(text)) break;
    }
  } finally {
    aborter.abort();
  }
  return { status: answer.status, headers: answer.headers, text };
}

/** Asks again and again until there is something. */
export async function until(what, ask, seconds = 30) {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const found = await ask();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** All that an async generator yields, and what it returns. */
export async function collect(generator) {
  const yielded = [];
  for (;;) {
    const step = await generator.next();
    if (step.done) return { yielded, returned: step.value };
    yielded.push(step.value);
  }
}

/** What a call resolves to or throws, as data. */
export async function outcome(call) {
  try {
    return { value: await call() };
  } catch (thrown) {
    return { thrown: thrown?.constructor?.name, message: String(thrown?.message), statusCode: thrown?.statusCode };
  }
}
