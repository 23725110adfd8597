// Waits as async generators: the states of a run as they change, and what came of it.

import { ExecutionError } from "@databricks/appkit";
import { LakeflowError } from "../errors.js";
import { JSON_BODY, refuse, type Host } from "./handle.js";
import type { Events } from "./events.js";
import type { Reply } from "./gateway.js";
import type { Identity } from "./identity.js";
import type { JobRunUpdate, Outcome, RunDocument, RunId, RunOutcome, WaitOptions } from "./types.js";

/** What is waited for: a run to be started, or one that exists. */
export type WaitGoal = { body: () => Promise<string>; key: string } | { path: string | null; runId: string };

/** A run that ended and did not succeed, for waits with `throwOnFailure`. */
export class RunFailedError extends ExecutionError {
  /** What came of the run. */
  readonly outcome: RunOutcome;

  constructor(outcome: RunOutcome) {
    const tasks = outcome.failures.map(({ taskKey, error, message }) => `task ${taskKey}: ${error ?? message}`);
    const word = outcome.outcome.replaceAll("_", " ");
    super(`Run ${outcome.runId} ${word}${tasks.length > 0 ? `: ${tasks.join("; ")}` : ""}`);
    this.name = "RunFailedError";
    this.outcome = outcome;
  }
}

/** A wait that ended before its run did. The run goes on, unless the wait's options said otherwise. */
export class WaitError extends ExecutionError {
  /** `TIMEOUT`, or `UPSTREAM_ERROR` when the workspace could not be asked any more. */
  readonly reason: string;
  /** The run, when it was known. `handle.wait(runId)` takes the wait up again. */
  readonly runId: number | string | undefined;
  /** The workspace's HTTP status. */
  readonly status: number | undefined;

  constructor(message: string, facts: { reason: string; runId?: number | string | undefined; status?: number | undefined }) {
    super(message, { context: { runId: facts.runId, status: facts.status } });
    this.name = "WaitError";
    this.reason = facts.reason;
    this.runId = facts.runId;
    this.status = facts.status;
  }
}

interface Told {
  id: string | null;
  event: "started" | "message" | "error";
  data: JobRunUpdate & { runId?: number | string; error?: string; code?: string };
}

/** Waits for a run; nothing is sent before the first `next()`. */
export async function* waitFor(
  host: Host,
  at: string,
  identity: Identity,
  goal: WaitGoal,
  options: WaitOptions,
): AsyncGenerator<JobRunUpdate, RunOutcome | undefined, unknown> {
  const { signal } = options;
  const began = performance.now();
  // A thousand waits that begin at once begin in as many turns as they need.
  const pause = host.gateway.turn();
  if (pause) await pause;
  if (signal?.aborted) return undefined;
  const stream = await open(host, at, identity, goal, options);
  const stop = signal && ((): void => stream.close(false));
  if (stop) signal.addEventListener("abort", stop, { once: true });
  let ended = "left";
  try {
    if (signal?.aborted) return undefined;
    let last: JobRunUpdate | undefined;
    for (;;) {
      const text = await (last && host.repeatUpdates ? within(stream, host.pollIntervalMs) : stream.next());
      if (text === "again") {
        yield { ...(last as JobRunUpdate), timestamp: Date.now() };
        continue;
      }
      if (text === null) return undefined;
      const told = JSON.parse(text) as Told;
      if (told.event === "started") {
        host.telemetry.called("runNow", true, performance.now() - began);
        continue;
      }
      if (told.event === "error") throw failure(told.data, options, host);
      host.telemetry.called("getRun", true, 0);
      last = told.data;
      if (last.outcome === undefined) {
        yield last;
        continue;
      }
      ended = last.outcome;
      yield last;
      return finished(last, options);
    }
  } finally {
    if (stop) signal.removeEventListener("abort", stop);
    stream.close(false);
    host.telemetry.waited(performance.now() - began, ended);
  }
}

function finished(last: JobRunUpdate, options: WaitOptions): RunOutcome {
  const outcome = last.outcome as Outcome;
  const run = last.run as RunDocument & { run_id: number | string };
  const isSuccess = outcome === "succeeded" || outcome === "succeeded_with_failures";
  const came = { runId: run.run_id, outcome, isSuccess, failures: last.failures ?? [], run };
  if (options.throwOnFailure && !isSuccess) throw new RunFailedError(came);
  return came;
}

async function open(host: Host, at: string, identity: Identity, goal: WaitGoal, options: WaitOptions): Promise<Events> {
  let query = "stream=true";
  if (options.timeout !== undefined && Number.isFinite(options.timeout)) query += `&waitTimeout=${encodeURIComponent(Math.ceil(options.timeout))}`;
  if (options.cancelOnAbort) query += "&cancelOnStop=true";
  if (options.cancelOnTimeout) query += "&cancelOnTimeout=true";
  if ("path" in goal && goal.path === null) {
    throw new WaitError(`${goal.runId} is not the id of a run`, { reason: "INVALID_ARGUMENT", status: 400 });
  }
  const starts = "body" in goal;
  const answer = await host.gateway.handle(identity, {
    method: starts ? "POST" : "GET",
    path: `${at}${starts ? "/run" : goal.path}?${query}`,
    headers: JSON_BODY,
    program: true,
    body: starts ? await goal.body() : undefined,
  });
  if ("stream" in answer) return answer.stream;
  if (starts) refuse(goal.key, answer);
  throw refused(answer, starts ? "Failed to trigger job run" : `Failed to read run ${goal.runId}`);
}

function refused(reply: Reply, message: string): WaitError {
  return new WaitError(`${message}: ${reply.status}`, { reason: "UPSTREAM_ERROR", status: reply.status });
}

/** The next event; `again` when nothing came in the time given; `null` at the end. */
async function within(stream: Events, ms: number): Promise<string | null> {
  const pending = pendings.get(stream) ?? stream.next();
  pendings.set(stream, pending);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"again">((resolve) => {
    timer = setTimeout(resolve, ms, "again");
  });
  try {
    const text = await Promise.race([pending, late]);
    if (text !== "again") pendings.delete(stream);
    return text;
  } finally {
    clearTimeout(timer);
  }
}

/** What was asked for and did not come before its timer. */
const pendings = new WeakMap<Events, Promise<string | null>>();

function failure(data: Told["data"], options: WaitOptions, host: Host): Error {
  const { code, runId } = data;
  const status = (data as { status?: unknown }).status;
  const facts = { reason: code ?? "UPSTREAM_ERROR", runId, status: typeof status === "number" ? status : undefined };
  if (code === "TIMEOUT") {
    const after = options.timeout === undefined ? "" : ` after ${options.timeout}ms`;
    return new WaitError(`Job run ${runId ?? ""} polling timeout${after}; the run goes on`, facts);
  }
  host.telemetry.called(runId === undefined ? "runNow" : "getRun", false, 0);
  if (runId === undefined) return new WaitError(`Failed to trigger job run: ${data.error}`, facts);
  return new WaitError(`Failed to poll run status for run ${runId}: ${data.error}`, facts);
}

/** `wait` of the answer to run-now, as the SDK has it; not enumerable, so that the answer can be sent and copied. */
export function attachWait(
  data: object,
  wait: (runId: RunId, options: WaitOptions) => AsyncGenerator<JobRunUpdate, RunOutcome | undefined, unknown>,
): void {
  const runId = (data as { run_id?: RunId }).run_id;
  const value = async (options: { onProgress?: (run: RunDocument) => Promise<unknown> | unknown } = {}): Promise<RunDocument> => {
    if (runId === undefined) throw new LakeflowError({ code: "MALFORMED", operation: "wait", message: "the answer has no run_id" });
    let last: RunDocument | undefined;
    for await (const update of wait(runId, {})) {
      last = update.run;
      await options.onProgress?.(update.run);
    }
    return last as RunDocument;
  };
  Object.defineProperty(data, "wait", { value, enumerable: false });
}
