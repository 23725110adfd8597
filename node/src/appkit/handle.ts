// One job of the app for programs: each method is a request to the gateway, so that programs and browsers meet the same rules.

import { STATUS_CODES } from "node:http";
import { ValidationError, type ExecutionResult } from "@databricks/appkit";
import { textOf } from "../json.js";
import { readRegistry } from "./config.js";
import type { AppGateway, GatewayRequest, Reply } from "./gateway.js";
import type { Identity } from "./identity.js";
import type { Checked } from "./schema.js";
import type { JobsTelemetry } from "./telemetry.js";
import type { JobsAPI, RunId, RunNowResponse, TaskOutput } from "./types.js";
import { attachWait, waitFor, type WaitGoal } from "./wait.js";

/** What a handle needs of its plugin. */
export interface Host {
  readonly gateway: AppGateway;
  readonly telemetry: JobsTelemetry;
  readonly pollIntervalMs: number;
  readonly repeatUpdates: boolean;
  check(key: string): ((params: unknown) => Promise<Checked>) | undefined;
}

type Failed = Extract<ExecutionResult<unknown>, { ok: false }>;

/** The methods of a job under one identity. */
export function createJobAPI(host: Host, key: string, identity: Identity): JobsAPI {
  const at = `/${encodeURIComponent(key)}`;

  const ask = async (operation: string, request: Omit<GatewayRequest, "program">): Promise<Reply> => {
    const pause = host.gateway.turn();
    if (pause) await pause;
    const reply = await host.telemetry.operation(
      operation,
      identity,
      () => host.gateway.handle(identity, { ...request, program: true }) as Promise<Reply>,
      (answer) => answer.status < 400,
    );
    return reply;
  };

  const get = async <T>(operation: string, path: string): Promise<ExecutionResult<T>> =>
    result<T>(await ask(operation, { method: "GET", path: at + path }));

  /** The path of a run, or the answer to an id that is none. */
  const ofRun = (runId: RunId): string | Failed => {
    const text = typeof runId === "number" && !Number.isSafeInteger(runId) ? "" : String(runId);
    return /^[1-9]\d{0,18}$/.test(text) ? `/runs/${text}` : failed(400);
  };

  /** Parameters that were checked, as the body of a request. */
  const body = async (params: Record<string, unknown> | undefined): Promise<string> => {
    const check = host.check(key);
    let checked: unknown = params;
    if (check) {
      const found = await check(params);
      if ("invalid" in found) {
        throw new ValidationError(`Parameter validation failed for job "${key}": ${found.told}`, {
          context: { issues: found.invalid },
        });
      }
      checked = found.valid;
    }
    if (checked === undefined || checked === null) return "{}";
    return textOf({ params: checked }, "run_now", "INVALID_PARAMETERS");
  };

  const wait = (goal: WaitGoal, options: Parameters<typeof waitFor>[4]) => waitFor(host, at, identity, goal, options);

  const api: JobsAPI = {
    async runNow(params) {
      const reply = await ask("runNow", { method: "POST", path: `${at}/run`, headers: JSON_BODY, body: await body(params) });
      refuse(key, reply);
      const answered = result<RunNowResponse>(reply);
      if (answered.ok) attachWait(answered.data, (runId, options) => api.wait(runId, options));
      return answered;
    },
    runAndWait(params?: Record<string, unknown>, given?: unknown): never {
      const options = given instanceof AbortSignal || isSignal(given) ? { signal: given } : ((given as object) ?? {});
      return wait({ body: () => body(params), key }, options) as never;
    },
    wait(runId, options) {
      const path = ofRun(runId);
      const target = typeof path === "string" ? path : null;
      return wait({ path: target, runId: String(runId) }, options ?? {}) as never;
    },
    async lastRun() {
      const answered = await get<{ run: never }>("listRuns", "/status");
      return answered.ok ? { ok: true, data: answered.data.run ?? undefined } : answered;
    },
    async listRuns(options) {
      const limit = options?.limit;
      const most = typeof limit === "number" && !Number.isNaN(limit) ? Math.max(1, Math.min(Math.floor(limit), 100)) : 100;
      const answered = await get<{ runs: never }>("listRuns", `/runs?limit=${most}`);
      return answered.ok ? { ok: true, data: answered.data.runs } : answered;
    },
    async getRun(runId) {
      const path = ofRun(runId);
      return typeof path === "string" ? get("getRun", path) : path;
    },
    async getRunOutput(runId) {
      const path = ofRun(runId);
      return typeof path === "string" ? get("getRunOutput", `${path}/output`) : path;
    },
    async outputs(runId) {
      const path = ofRun(runId);
      if (typeof path !== "string") return path;
      const answered = await get<{ outputs: TaskOutput[] }>("getRunOutput", `${path}/outputs`);
      return answered.ok ? { ok: true, data: answered.data.outputs } : answered;
    },
    async cancelRun(runId, options) {
      const path = ofRun(runId);
      if (typeof path !== "string") return path;
      const answered = result<void>(await ask("cancelRun", { method: "DELETE", path: at + path }));
      if (answered.ok && options?.wait) {
        const rest = api.wait(runId, options.signal ? { signal: options.signal } : {});
        while (!(await rest.next()).done);
      }
      return answered;
    },
    async repairRun(runId, options) {
      const path = ofRun(runId);
      if (typeof path !== "string") return path;
      const text = textOf(options ?? {}, "repair_run", "INVALID_ARGUMENT");
      const reply = await ask("repairRun", { method: "POST", path: `${at}${path}/repair`, headers: JSON_BODY, body: text });
      refuse(key, reply);
      return result(reply);
    },
    async getJob() {
      return get("getJob", "");
    },
  };
  return api;
}

export const JSON_BODY = ["content-type", "application/json"] as const;

function isSignal(value: unknown): value is AbortSignal {
  return typeof value === "object" && value !== null && "aborted" in value && "addEventListener" in value;
}

function failed(status: number): Failed {
  return { ok: false, status, message: STATUS_CODES[status] ?? "Request failed" };
}

/** An answer as AppKit's programs know it; the workspace's own words stay in the log. */
export function result<T>(reply: Reply): ExecutionResult<T> {
  if (reply.status >= 400) return failed(reply.status);
  if (reply.document !== undefined) return { ok: true, data: reply.document as T };
  return { ok: true, data: (reply.body === null ? undefined : JSON.parse(reply.body)) as T };
}

/** What is wrong with a program's own parameters is thrown, not answered. */
export function refuse(key: string, reply: Reply): void {
  if (reply.status !== 400 || reply.error !== null || reply.body === null) return;
  const told = JSON.parse(reply.body) as { error: string; details?: { path: string; message: string }[] };
  const details = told.details?.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join("; ");
  const message = details === undefined ? told.error : `Parameter validation failed for job "${key}": ${details}`;
  throw new ValidationError(message, { context: { issues: told.details ?? [] } });
}

/** What the platform has to provide, as AppKit's registry takes it. */
export function requirements(config: Parameters<typeof readRegistry>[0]) {
  const registry = readRegistry(config);
  const single = { alias: "job-default", key: "default", variable: "DATABRICKS_JOB_ID" };
  // An app without any job is a mistake that is told when it starts.
  const wanted = registry.jobs.length === 0 ? [single] : registry.requirements;
  return wanted.map(({ alias, key, variable }) => ({
    type: "job" as never,
    alias,
    resourceKey: alias,
    description: `Databricks Job "${key}"`,
    permission: "CAN_MANAGE_RUN" as never,
    fields: { id: { env: variable, description: `Job ID for "${key}"` } },
    required: true,
  }));
}
