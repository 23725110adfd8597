// The plugin's configuration and the environment as the core reads them.

import { ConfigurationError } from "@databricks/appkit";
import { addon } from "../addon.js";
import { LakeflowError, calling } from "../errors.js";
import { idText } from "../json.js";
import { check, describe, isCallable, type Checked } from "./schema.js";
import type { JobOptions, JobsConfig } from "./types.js";

/** AppKit's own limit of a wait. */
const WAIT_TIMEOUT_MS = 600_000;
const PREFIX = "DATABRICKS_JOB_";

/** What is known of the app's jobs. */
export interface Registry {
  jobs: { key: string; id: string | null; name: string | null; variable: string; withoutId: string }[];
  /** Variables that were left aside, and why. */
  ignored: { variable: string; reason: string; message: string }[];
  requirements: { alias: string; key: string; variable: string }[];
  clientConfig: Record<string, unknown>;
}

/** The settings of the core's gateway, as JSON text. */
export function settingsOf(config: JobsConfig | undefined): string {
  const given = config ?? {};
  const environment = Object.entries(process.env).filter(([name]) => name.startsWith(PREFIX));
  const jobs = Object.entries(given.jobs ?? {}).map(([key, job]) => [key, jobOf(key, job ?? {})]);
  return JSON.stringify({
    plugin: given.name ?? "jobs",
    environment,
    // Built from entries: a key such as `__proto__` is a key.
    jobs: Object.fromEntries(jobs),
    webhook: given.webhook,
    pollIntervalMs: given.pollIntervalMs === undefined ? undefined : milliseconds(given.pollIntervalMs),
  });
}

function jobOf(key: string, job: JobOptions): Record<string, unknown> {
  const wait = job.waitTimeout ?? WAIT_TIMEOUT_MS;
  return {
    id: job.id === undefined ? undefined : idText(job.id, `the id of the job ${JSON.stringify(key)}`, "configure"),
    name: job.name,
    taskType: job.taskType,
    // JSON has no infinity; without a limit the run takes as long as it takes.
    waitTimeout: wait === Infinity ? undefined : wait,
    params: isCallable(job.params) ? { host: describe(job.params) } : job.params,
  };
}

function milliseconds(value: number): number {
  if (!Number.isFinite(value) || value < 0) {
    throw new ConfigurationError(`jobs: pollIntervalMs is a number of milliseconds, not ${String(value)}`);
  }
  return Math.max(1, Math.round(value));
}

/** Calls the addon; what is wrong with the configuration is AppKit's kind of error. */
export function configuring<T>(call: () => T): T {
  try {
    return calling(call);
  } catch (error) {
    if (!(error instanceof LakeflowError) || error.code !== "INVALID_ARGUMENT") throw error;
    throw new ConfigurationError(`jobs: ${error.message}`, { cause: error });
  }
}

/** Reads configuration and environment. */
export function readRegistry(config: JobsConfig | undefined): Registry {
  return configuring(() => JSON.parse(addon().readRegistry(settingsOf(config))) as Registry);
}

/** The schema of a job that is code. */
export function checkOf(config: JobsConfig, key: string): ((params: unknown) => Promise<Checked>) | undefined {
  const jobs = config.jobs ?? {};
  const schema = Object.hasOwn(jobs, key) ? jobs[key]?.params : undefined;
  return isCallable(schema) ? (params) => check(schema, params) : undefined;
}
