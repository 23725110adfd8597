// The types of the plugin: those of AppKit's own `jobs` plugin, and what is added to them. Documents of the Jobs API have the
// types that AppKit gives them.

import type { BasePluginConfig, ExecutionResult, JobAPI } from "@databricks/appkit";
import type { TaskType } from "../connect.js";
import type { IdLike } from "../types.js";

type DataOf<Result> = Result extends { ok: true; data: infer Data } ? Data : never;
type Answered<Method extends keyof JobAPI> = JobAPI[Method] extends (...args: never[]) => Promise<infer Result>
  ? DataOf<Result>
  : never;

/** The answer to run-now. */
export type RunNowResponse = Answered<"runNow">;
/** A run with its tasks. */
export type RunDocument = Answered<"getRun">;
/** A run as lists show it. */
export type BaseRunDocument = Answered<"listRuns">[number];
/** The output of one task run. */
export type RunOutputDocument = Answered<"getRunOutput">;
/** A job with its definition. */
export type JobDocument = Answered<"getJob">;

/** An id. Numbers beyond 2^53 - 1 have been rounded already and are refused: give those as text or BigInt. */
export type RunId = IdLike;

export type { TaskType };

/** What Zod, Valibot, ArkType and others have in common: https://standardschema.dev */
export interface StandardSchema {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => unknown;
  };
}

/** A JSON Schema of the draft 2020-12. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** One job. */
export interface JobOptions {
  /** Its id, instead of the environment variable's. */
  id?: RunId;
  /** Its unique name, looked up when no id is known. */
  name?: string;
  /** How long `runAndWait` waits, in milliseconds. Ten minutes when missing; `Infinity` for as long as the run takes. */
  waitTimeout?: number;
  /** What its parameters are for. */
  taskType?: TaskType;
  /** How its parameters are checked: a Zod, Valibot or ArkType schema (or another Standard Schema), or plain JSON Schema. */
  params?: StandardSchema | JsonSchema;
}

/** Settings that bring back what AppKit's own plugin does, for programs that depend on it. */
export interface Compat {
  /** `runAndWait` yields the last state again whenever `pollIntervalMs` has passed without a change. */
  repeatUpdates?: boolean;
  /** Streams do not begin with the event `started`. */
  noStartedEvent?: boolean;
  /** Bodies that are not JSON objects by their type are ignored, and the job starts without parameters. */
  ignoreOtherBodies?: boolean;
  /** Bodies of errors have `error` and `plugin` alone, without `code` and `details`. */
  plainErrors?: boolean;
}

/** Configuration of the plugin. */
export interface JobsConfig extends BasePluginConfig {
  /** Limit of one operation in milliseconds: 30 seconds for reads and two minutes for writes when missing. */
  timeout?: number;
  /** The shortest distance of polls in milliseconds; they grow to six times of it. */
  pollIntervalMs?: number;
  /** Jobs by key. Those that `DATABRICKS_JOB_<KEY>` names need no entry. */
  jobs?: Record<string, JobOptions>;
  /**
   * Who sends the calls: the package itself (`native`, when missing), or AppKit's own client (`appkit`), so that apps tested
   * with mocked clients keep working. A client without a host is taken for a mocked one.
   */
  transport?: "native" | "appkit";
  /** Opens `POST /webhook` for notifications of the platform, with what a sender has to know. */
  webhook?: { username: string; password: string } | { token: string };
  /**
   * As whom the tools of agents run: the user whom the agent works for (`user`, when missing, as all tools of AppKit do), or the app
   * itself (`app`). The platform has no scope that lets an app's users run jobs by their own tokens, so that an app there needs `app`.
   */
  toolsRunAs?: "user" | "app";
  /** Calls that waits make in a second, at most; 0 for no limit. 15 when missing, as the official Go client has it. */
  maxRequestsPerSecond?: number;
  /** What AppKit's own plugin does and this one does not. */
  compat?: Compat;
}

/** How a run ended, or that the wait did. */
export type Outcome = "succeeded" | "succeeded_with_failures" | "failed" | "canceled" | "timed_out" | "skipped";

/** A task that failed by itself. */
export interface Failure {
  taskKey: string;
  runId: number | string;
  attempt: number;
  /** `FAILED`, `TIMEDOUT`. */
  outcome: string;
  message: string;
  error: string | null;
}

/** What came of a run. */
export interface RunOutcome {
  runId: number | string;
  outcome: Outcome;
  /** True for `succeeded` and `succeeded_with_failures`. */
  isSuccess: boolean;
  failures: Failure[];
  run: RunDocument;
}

/** What a wait yields: the state of the run, whenever it is not what it was. */
export interface JobRunUpdate {
  /** The life cycle state: `PENDING`, `RUNNING`, `TERMINATED`, … */
  status: string | undefined;
  /** Milliseconds since 1970. */
  timestamp: number;
  run: RunDocument;
  /** With the last update: what came of the run. */
  outcome?: Outcome;
  /** With the last update: the tasks that failed. */
  failures?: Failure[];
}

/** Limits of a wait. */
export interface WaitOptions {
  /** Ends the wait. The run goes on, unless `cancelOnAbort` is set. */
  signal?: AbortSignal;
  /** Milliseconds until the wait ends with an error; the job's `waitTimeout` when missing. */
  timeout?: number;
  /** Cancel the run when the wait is aborted. */
  cancelOnAbort?: boolean;
  /** Cancel the run when the wait times out. */
  cancelOnTimeout?: boolean;
  /** A run that did not succeed is an error (`RunFailedError`) instead of an outcome. */
  throwOnFailure?: boolean;
}

/** What is repaired. Without anything all tasks that did not succeed run again. */
export interface RepairOptions {
  rerunTasks?: string[];
  rerunAllFailedTasks?: boolean;
  rerunDependentTasks?: boolean;
  /** Looked up when missing. */
  latestRepairId?: RunId;
  jobParameters?: Record<string, string>;
}

/** What one task left behind. */
export interface TaskOutput {
  taskKey: string;
  /** The for-each task whose iteration it is. */
  iterationOf: string | null;
  runId: number | string;
  attempt: number;
  /** The outcome, or the state while it goes on. */
  state: string;
  endTime: number | null;
  /** As `getRunOutput` gives it, without `metadata`; `null` for a task that never began. */
  output: Omit<RunOutputDocument, "metadata"> | null;
  error: { status: number; message: string } | null;
}

/** One job of the app. */
export interface JobsAPI {
  /**
   * Starts a run and gives its id at once. However often the network fails, one run is started.
   *
   * @throws ValidationError when the parameters do not hold.
   */
  runNow(params?: Record<string, unknown>): Promise<ExecutionResult<RunNowResponse>>;
  /** Starts a run and yields its states until it is over. Nothing is sent before the first `next()`. */
  runAndWait(params?: Record<string, unknown>, signal?: AbortSignal): AsyncGenerator<JobRunUpdate, void, unknown>;
  /** The same; the generator's return value says what came of the run. */
  runAndWait(
    params: Record<string, unknown> | undefined,
    options: WaitOptions,
  ): AsyncGenerator<JobRunUpdate, RunOutcome | undefined, unknown>;
  /** Waits for a run of this job that exists, whoever started it. */
  wait(runId: RunId, options?: WaitOptions): AsyncGenerator<JobRunUpdate, RunOutcome | undefined, unknown>;
  /** The run that started last. */
  lastRun(): Promise<ExecutionResult<BaseRunDocument | undefined>>;
  /** Runs, newest start first: 100, or up to `limit` of them (1 to 100). */
  listRuns(options?: { limit?: number }): Promise<ExecutionResult<BaseRunDocument[]>>;
  /** A run with all its tasks. */
  getRun(runId: RunId): Promise<ExecutionResult<RunDocument>>;
  /** The output of one task run. */
  getRunOutput(runId: RunId): Promise<ExecutionResult<RunOutputDocument>>;
  /** The outputs of all tasks of a run, in the order in which they ended. */
  outputs(runId: RunId): Promise<ExecutionResult<TaskOutput[]>>;
  /** Cancels a run; with `wait` the answer comes when it is really over. */
  cancelRun(runId: RunId, options?: { wait?: boolean; signal?: AbortSignal }): Promise<ExecutionResult<void>>;
  /** Runs tasks of a finished run again. Follow it with `wait`. */
  repairRun(
    runId: RunId,
    options?: RepairOptions,
  ): Promise<ExecutionResult<{ runId: number | string; repairId: number | string }>>;
  /** The job with its whole definition. */
  getJob(): Promise<ExecutionResult<JobDocument>>;
}

/** What of a request says who asks. */
export interface RequestLike {
  header(name: string): string | undefined;
}

/** One job of the app, as the app or as somebody else. */
export type JobsHandle = JobsAPI & {
  /** The same job with the credentials of the user whose request it is. */
  asUser: (request: RequestLike) => JobsAPI;
};

/** What `app.jobs` is. */
export type JobsExport = (jobKey: string) => JobsHandle;
