// A `lakeflow dev` process for the tests, and the calls of the Jobs API that set a test up.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";

const SCRIPTS = new URL("../e2e/scripts/", import.meta.url);
const SHARED = "/Workspace/Shared/e2e";

/** Asks again and again until there is something. */
export async function until(what, ask, seconds = 60) {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const found = await ask();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`never came: ${what}`);
    await pause(20);
  }
}

/** Starts an engine on an empty bundle and brings the scripts of the Python suite. */
export async function startEngine() {
  const folder = await mkdtemp(join(tmpdir(), "lakeflow-e2e-"));
  await writeFile(join(folder, "databricks.yml"), "bundle:\n  name: e2e\n");
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("DATABRICKS_")));
  const args = ["dev", folder, "--port", "0", "--data", join(folder, "data")];
  const child = spawn(process.env.LAKEFLOW_BIN, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  const told = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, ...rest] = line.split(/\s+/);
    told[word] = rest.join(" ");
    if (told.host && told.token) break;
  }
  if (!told.token) throw new Error("the engine did not start");
  const engine = new Engine(child, folder, told.host, (await readFile(told.token, "utf8")).trim());
  await engine.bringScripts();
  return engine;
}

class Engine {
  constructor(child, folder, host, token) {
    Object.assign(this, { child, folder, host, token });
  }

  async call(method, path, body) {
    const answer = await fetch(this.host + path, {
      method,
      headers: { authorization: `Bearer ${this.token}`, "content-type": "application/json" },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }

  async bringScripts() {
    for (const name of await readdir(SCRIPTS)) {
      if (name.endsWith(".py")) await this.bring(`${SHARED}/${name}`, await readFile(new URL(name, SCRIPTS)), "AUTO");
    }
  }

  async bring(path, bytes, format) {
    const content = Buffer.from(bytes).toString("base64");
    await this.call("POST", "/api/2.0/workspace/import", { path, content, format, language: "PYTHON", overwrite: true });
  }

  /** The id of a new job with these tasks. */
  async create(name, ...tasks) {
    return (await this.call("POST", "/api/2.2/jobs/create", { name, tasks })).job_id;
  }

  /** The run once it is over. */
  async ended(runId) {
    return until(`the end of run ${runId}`, async () => {
      const run = await this.call("GET", `/api/2.2/jobs/runs/get?run_id=${runId}`);
      return run.status.state === "TERMINATED" && run;
    });
  }

  async stop() {
    const ended = once(this.child, "exit");
    this.child.kill("SIGINT");
    const [code] = await ended;
    await rm(this.folder, { recursive: true, force: true });
    return code;
  }
}

/** A task that runs one of the scripts. */
export function script(key, name, parameters = [], dependsOn = []) {
  return {
    task_key: key,
    spark_python_task: { python_file: `${SHARED}/${name}.py`, parameters },
    existing_cluster_id: "local",
    depends_on: dependsOn.map((task_key) => ({ task_key })),
  };
}

/** A task that runs a notebook. */
export function notebook(key, path) {
  return { task_key: key, notebook_task: { notebook_path: path } };
}

/** Boots an app with the built-in Jobs plugin as a user's server does; `environment` as the platform sets it. */
export async function bootApp(environment, jobsConfig) {
  Object.assign(process.env, {
    NODE_ENV: "production",
    DISABLE_APPKIT_INTERNAL_TELEMETRY: "true",
    ...environment,
  });
  const { createApp, jobs, server } = await import("@databricks/appkit");
  const app = await createApp({ plugins: [server({ port: 0, host: "127.0.0.1" }), jobs(jobsConfig)] });
  const http = app.server.getServer();
  if (!http.listening) await once(http, "listening");
  return { app, http, url: `http://127.0.0.1:${http.address().port}` };
}
