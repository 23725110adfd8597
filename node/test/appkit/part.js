// Runs a part of `weak.js` with one of the plugins, in a process of its own.

import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What a part found with a plugin, in an environment without other variables of Databricks. */
export async function part(name, plugin, environment = {}) {
  const file = new URL("weak.js", import.meta.url).pathname;
  const env = { ...process.env };
  for (const key of Object.keys(env)) if (key.startsWith("DATABRICKS_")) delete env[key];
  Object.assign(env, environment);
  const { stdout } = await run(process.execPath, [file, name, plugin], { env, maxBuffer: 64 << 20 });
  return JSON.parse(stdout.trim().split("\n").at(-1));
}
