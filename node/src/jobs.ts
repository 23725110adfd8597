// The jobs and runs of a workspace or a local engine.

import type native from "../native/index.cjs";
import { addon } from "./addon.js";
import { abortable } from "./calls.js";
import { type LakeflowError, calling, errorOf, invalidArgument, keepCause, type Told } from "./errors.js";
import { idText, textOf } from "./json.js";
import { ParamSchema } from "./params.js";
import { Run } from "./run.js";
import type { CallOptions, Fields, Id, IdLike } from "./types.js";
import { RunWait, type WaitOptions } from "./wait.js";

/** What the parameters of a job are for: they decide which fields of the request they become. */
export type TaskType =
  | "notebook"
  | "python_wheel"
  | "python_script"
  | "spark_jar"
  | "sql"
  | "dbt"
  | "job_parameters"
  | "pipeline"
  | "spark_submit";

/** What is known of a job beforehand. */
export interface JobConfig {
  /** Its id; without one the key is its name. */
  id?: IdLike | undefined;
  /** What its parameters are for; without it they are the fields of the run-now request. */
  taskType?: TaskType | undefined;
  /** JSON Schema of its parameters, checked before anything is sent. */
  params?: ParamSchema | object | boolean | undefined;
}

/** A request as the transport of the caller gets it, complete with host and credentials. */
export interface HttpRequest {
  method: "GET" | "POST";
  url: string;
  headers: Record<string, string>;
  /** JSON text; empty for none. */
  body: string;
  /** Used when the answer is not waited for any more. */
  signal: AbortSignal;
}

/** What a transport brings back, whatever the status. */
export interface HttpResponse {
  status: number;
  headers?: Record<string, string> | Iterable<readonly [string, string]> | undefined;
  body?: string | Uint8Array | undefined;
}

/** Gives the `Authorization` header (or headers with it) for the next request. With `refresh` the last one was refused. */
export type Authenticate = (asked: {
  refresh: boolean;
}) => string | Record<string, string> | Headers | Promise<string | Record<string, string> | Headers>;

/** Where to connect to, and as whom. */
export interface JobsOptions {
  /** `https://….cloud.databricks.com`, or `http://127.0.0.1:8080`. */
  host?: string | undefined;
  /** Personal access token. */
  token?: string | undefined;
  /** Application id of a service principal. */
  clientId?: string | undefined;
  /** Its OAuth secret. */
  clientSecret?: string | undefined;
  /** Name of a profile of `~/.databrickscfg`. */
  profile?: string | undefined;
  /** To choose when several credentials are set: `pat`, `oauth-m2m`, … */
  authType?: string | undefined;
  /** A credential of the caller's, asked for each request. */
  authenticate?: Authenticate | undefined;
  /** Sends in the place of the built-in HTTP client. Retries, waiting and limits stay as they are. */
  transport?: ((request: HttpRequest) => Promise<HttpResponse>) | undefined;
  /** Jobs under keys of the caller's. */
  jobs?: Record<string, JobConfig> | undefined;
  /** `false`: nothing is taken from `DATABRICKS_…` variables and the profile file. */
  discover?: boolean | undefined;
}

/** A job as the platform keeps it. */
export interface JobDocument extends Fields {
  job_id: Id;
  settings?: Fields & { name?: string };
}

/** What one task left behind. */
export interface TaskOutput {
  taskKey: string;
  /** The for-each task whose iteration it is. */
  iterationOf: string | null;
  runId: Id;
  /** Milliseconds since 1970; `null` while it goes on. */
  endTime: number | null;
  state: string;
  /** The output as the platform sends it (`notebook_output`, `logs`, `error`, …); `null` when there is none. */
  output: RunOutput | null;
  /** Why there is no output. */
  error: LakeflowError | null;
}

/** The output of a task run as the platform sends it. */
export interface RunOutput extends Fields {
  error?: string;
  error_trace?: string;
  logs?: string;
  logs_truncated?: boolean;
  notebook_output?: { result?: string; truncated?: boolean };
}

/** Which runs are listed. */
export interface ListRunsOptions extends CallOptions {
  /** Only runs of this job. */
  jobId?: IdLike | undefined;
  activeOnly?: boolean | undefined;
  completedOnly?: boolean | undefined;
  /** Started at this time or later, in milliseconds since 1970. */
  startTimeFrom?: number | undefined;
  /** Started at this time or earlier, in milliseconds since 1970. */
  startTimeTo?: number | undefined;
  expandTasks?: boolean | undefined;
  /** At most so many; 25 without it. */
  limit?: number | undefined;
}

/** What is run again by a repair. Without tasks it is all that failed. */
export interface RepairOptions extends WaitOptions {
  /** Exactly these tasks. */
  tasks?: string[] | undefined;
  /** Also everything downstream of them. */
  dependents?: boolean | undefined;
  /** Overrides of job parameters. */
  jobParameters?: Record<string, string> | undefined;
  /** The last repair; looked up when it is not given. */
  latestRepairId?: IdLike | undefined;
}

const LIST_RUNS_DEFAULT = 25;

/**
 * The jobs and runs of a workspace or a local engine.
 *
 * ```ts
 * const jobs = new Jobs({ jobs: { etl: { id: 42, taskType: "notebook", params: schema } } });
 * const run = await jobs.job("etl").runAndWait({ day: "2026-01-01" }).result();
 * ```
 *
 * What is not given is taken from `DATABRICKS_…` variables, then from `~/.databrickscfg`, as all Databricks tools do. Every
 * method that sends something takes a `signal`, and rejects with a {@link LakeflowError}.
 */
export class Jobs {
  readonly #client: native.Client;

  /** @throws {LakeflowError} when the settings make no sense or name no host. Nothing is sent. */
  constructor(options: JobsOptions | native.Client = {}) {
    this.#client = isClient(options) ? options : connect(options);
  }

  /** The host, without a slash at its end. */
  get host(): string {
    return this.#client.host();
  }

  /** The same jobs for somebody else: for an app that acts for its users. Connections are shared. */
  actingAs(authenticate: Authenticate): Jobs {
    return new Jobs(this.#client.actingAs(credentials(authenticate)));
  }

  /** A job by its configured key, its id, or its unique name. Nothing is sent until it is used. */
  job(key: IdLike): Job {
    return new Job(this, this.#client, String(key));
  }

  /** All jobs, newest first, without their tasks; with `name` only those that bear it. */
  async listJobs(options: CallOptions & { name?: string } = {}): Promise<JobDocument[]> {
    const answer = await this.#call("list_jobs", { name: options.name }, options);
    return answer.texts().map((text) => JSON.parse(text) as JobDocument);
  }

  /** A job with its whole definition. */
  async getJob(jobId: IdLike, options?: CallOptions): Promise<JobDocument> {
    return this.#json("get_job", { job_id: idText(jobId, "jobId", "get_job") }, options);
  }

  /** Creates a job and gives its id. */
  async createJob(job: Fields, options?: CallOptions): Promise<Id> {
    return this.#json("create_job", job, options);
  }

  /** Replaces the whole definition of a job. */
  async resetJob(jobId: IdLike, settings: Fields, options?: CallOptions): Promise<void> {
    await this.#call("reset_job", { job_id: idText(jobId, "jobId", "reset_job"), settings }, options);
  }

  /** Deletes a job; its runs stay. */
  async deleteJob(jobId: IdLike, options?: CallOptions): Promise<void> {
    await this.#call("delete_job", { job_id: idText(jobId, "jobId", "delete_job") }, options);
  }

  /** Makes the job with this definition's name be as the definition says. */
  async deploy(job: Fields, options?: CallOptions): Promise<{ jobId: Id; created: boolean }> {
    return this.#json("deploy", job, options);
  }

  /** A run with all its tasks and its repair history. */
  async getRun(runId: IdLike, options?: CallOptions): Promise<Run> {
    const answer = await this.#call("get_run", { run_id: idText(runId, "runId", "get_run") }, options);
    return new Run(answer.runs()[0] as native.RunHandle);
  }

  /** Runs, newest start first. */
  async listRuns(options: ListRunsOptions = {}): Promise<Run[]> {
    return this.listRunsOf(null, options);
  }

  /** @internal */
  async listRunsOf(key: string | null, options: ListRunsOptions): Promise<Run[]> {
    const { limit = LIST_RUNS_DEFAULT, jobId } = options;
    if (!Number.isInteger(limit) || limit < 1) {
      throw invalidArgument("list_runs", `limit ${limit} is not a whole number of 1 or more`);
    }
    const filter = {
      job_id: jobId === undefined ? undefined : idText(jobId, "jobId", "list_runs"),
      active_only: options.activeOnly,
      completed_only: options.completedOnly,
      start_time_from: options.startTimeFrom,
      start_time_to: options.startTimeTo,
      expand_tasks: options.expandTasks,
    };
    const answer = await this.#call("list_runs", { key, filter, most: limit }, options);
    return answer.runs().map((run) => new Run(run));
  }

  /** The output of one task run. */
  async getRunOutput(runId: IdLike, options?: CallOptions): Promise<RunOutput> {
    return this.#json("get_run_output", { run_id: idText(runId, "runId", "get_run_output") }, options);
  }

  /** What every task of a run left behind, iterations included, in the order in which they ended. */
  async outputs(runId: IdLike, options?: CallOptions): Promise<TaskOutput[]> {
    const answer = await this.#call("outputs", { run_id: idText(runId, "runId", "outputs") }, options);
    return answer.texts().map((text) => {
      const told = JSON.parse(text) as Omit<TaskOutput, "error"> & { error: Told | null };
      return { ...told, error: told.error && errorOf(told.error) };
    });
  }

  /** The last megabyte of what a task run has printed; `null` from a workspace, which does not keep it. */
  async runLog(runId: IdLike, options?: CallOptions): Promise<string | null> {
    return this.#json("run_log", { run_id: idText(runId, "runId", "run_log") }, options);
  }

  /** Asks for a cancel of a job run or a task run, which takes effect a little later; see {@link cancelAndWait}. */
  async cancelRun(runId: IdLike, options?: CallOptions): Promise<void> {
    await this.#call("cancel_run", { run_id: idText(runId, "runId", "cancel_run") }, options);
  }

  /** Cancels a run and waits until it is really over. */
  cancelAndWait(runId: IdLike, options: WaitOptions = {}): RunWait {
    return this.waitFor(() => ({ cancel: idText(runId, "runId", "cancel_run") }), options);
  }

  /** Repairs a finished run and waits for its end. */
  repairRun(runId: IdLike, options: RepairOptions = {}): RunWait {
    const { tasks, dependents, jobParameters, latestRepairId } = options;
    return this.waitFor(() => {
      const latest = latestRepairId === undefined ? undefined : idText(latestRepairId, "latestRepairId", "repair_run");
      return {
        repair: {
          run_id: idText(runId, "runId", "repair_run"),
          rerun_tasks: tasks,
          rerun_all_failed_tasks: tasks === undefined ? true : undefined,
          rerun_dependent_tasks: dependents,
          job_parameters: jobParameters,
          latest_repair_id: latest,
        },
      };
    }, options);
  }

  /** Waits for a run that exists, whoever started it: also after a restart of this process. */
  wait(runId: IdLike, options: WaitOptions = {}): RunWait {
    return this.waitFor(() => ({ adopt: idText(runId, "runId", "wait") }), options);
  }

  /** @internal */
  waitFor(goal: () => object, options: WaitOptions): RunWait {
    const { timeoutMs, cancelOnTimeout, cancelOnAbort, signal } = options;
    const begin = async (): Promise<native.WaitHandle> => {
      if (timeoutMs !== undefined && !(Number.isFinite(timeoutMs) && timeoutMs >= 0)) {
        throw invalidArgument("wait", `timeoutMs ${timeoutMs} is not a number of milliseconds`);
      }
      const settings = { timeoutMs: timeoutMs === undefined ? undefined : Math.ceil(timeoutMs), cancelOnTimeout, cancelOnStop: cancelOnAbort };
      const text = textOf(goal(), "wait", "INVALID_PARAMETERS");
      return abortable(signal, "wait", (abort) => this.#client.wait(text, JSON.stringify(settings), abort));
    };
    return new RunWait(begin, signal);
  }

  async #json<T>(operation: string, args: object, options: CallOptions | undefined): Promise<T> {
    const answer = await this.#call(operation, args, options);
    return JSON.parse(answer.texts()[0] as string) as T;
  }

  async #call(operation: string, args: object, options: CallOptions | undefined): Promise<native.Answer> {
    const text = textOf(args, operation, "INVALID_ARGUMENT");
    return abortable(options?.signal, operation, (abort) => this.#client.call(operation, text, abort));
  }
}

/** One job: trigger it, wait for it, look at its runs. */
export class Job {
  readonly #jobs: Jobs;
  readonly #client: native.Client;
  /** The key, id or name it was asked for by. */
  readonly key: string;

  /** @internal */
  constructor(jobs: Jobs, client: native.Client, key: string) {
    this.#jobs = jobs;
    this.#client = client;
    this.key = key;
  }

  /** Its id: configured, or the key itself, or that of the one job whose name is the key. */
  async id(options?: CallOptions): Promise<Id> {
    const answer = await this.#call("job_id", { key: this.key }, options);
    return JSON.parse(answer.texts()[0] as string) as Id;
  }

  /** The stored job. */
  async getJob(options?: CallOptions): Promise<JobDocument> {
    return this.#jobs.getJob(await this.id(options), options);
  }

  /**
   * Starts a run and gives its id. However often the network fails, one run is started.
   *
   * @throws {LakeflowError} `INVALID_PARAMETERS` when they break the schema or cannot be mapped; nothing is sent then.
   */
  async runNow(params: unknown = {}, options?: CallOptions): Promise<Id> {
    const text = textOf({ key: this.key, params }, "run_now", "INVALID_PARAMETERS");
    const answer = await abortable(options?.signal, "run_now", (abort) => this.#client.call("run_now", text, abort));
    return JSON.parse(answer.texts()[0] as string) as Id;
  }

  /** Starts a run and waits for its end. */
  runAndWait(params: unknown = {}, options: WaitOptions = {}): RunWait {
    return this.#jobs.waitFor(() => ({ run_now: { key: this.key, params } }), options);
  }

  /** The run that started last. */
  async lastRun(options?: CallOptions): Promise<Run | null> {
    const [last] = await this.#jobs.listRunsOf(this.key, { ...options, limit: 1 });
    return last ?? null;
  }

  /** Runs of the job, newest start first. */
  async listRuns(options: Omit<ListRunsOptions, "jobId"> = {}): Promise<Run[]> {
    return this.#jobs.listRunsOf(this.key, options);
  }

  async #call(operation: string, args: object, options: CallOptions | undefined): Promise<native.Answer> {
    const text = textOf(args, operation, "INVALID_ARGUMENT");
    return abortable(options?.signal, operation, (abort) => this.#client.call(operation, text, abort));
  }
}

function isClient(options: JobsOptions | native.Client): options is native.Client {
  return typeof (options as native.Client).actingAs === "function";
}

function connect(options: JobsOptions): native.Client {
  const { jobs = {}, authenticate, transport, discover = true, ...given } = options;
  const schemas: [string, native.Schema][] = [];
  const configured: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [key, { id, taskType, params }] of Object.entries(jobs)) {
    configured[key] = { id: id === undefined ? undefined : idText(id, `jobs.${key}.id`, "configure"), taskType };
    if (params !== undefined) {
      const schema = params instanceof ParamSchema ? params : new ParamSchema(params);
      schemas.push([key, ParamSchema.handleOf(schema)]);
    }
  }
  const known = ["host", "token", "clientId", "clientSecret", "profile", "authType"];
  const unknown = Object.keys(given).filter((key) => !known.includes(key));
  if (unknown.length > 0) {
    const all = [...known, "authenticate", "transport", "jobs", "discover"].join(", ");
    throw invalidArgument("configure", `${unknown.map((key) => JSON.stringify(key)).join(", ")} is no option; options are ${all}`);
  }
  const settings = textOf({ ...given, discover, jobs: configured }, "configure", "INVALID_ARGUMENT");
  return calling(
    () => new (addon().Client)(settings, schemas, authenticate && credentials(authenticate), transport && sending(transport)),
  );
}

/** The callback for the addon: it never throws, but tells what went wrong. */
function credentials(authenticate: Authenticate): native.Credentials {
  return async (asked) => {
    try {
      const given = await authenticate(JSON.parse(asked) as { refresh: boolean });
      return JSON.stringify({ authorization: headerOf(given) });
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown.message : String(thrown);
      return JSON.stringify({ error, cause: keepCause(thrown) });
    }
  };
}

function headerOf(given: string | Record<string, string> | Headers): string | null {
  if (typeof given === "string") return given;
  if (typeof given !== "object" || given === null) return null;
  if (given instanceof Headers) return given.get("authorization");
  const entry = Object.entries(given).find(([name]) => name.toLowerCase() === "authorization");
  return entry?.[1] ?? null;
}

/** The transport for the addon: it never throws, but tells a fault. */
function sending(transport: (request: HttpRequest) => Promise<HttpResponse>): native.Send {
  return async ({ method, url, headers, body, timeoutMs }) => {
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const request = { method: method as "GET" | "POST", url, headers: Object.fromEntries(headers), body, signal };
      const answer = await transport(request);
      return {
        status: Number(answer.status),
        headers: headersOf(answer.headers),
        body: typeof answer.body === "string" ? Buffer.from(answer.body) : Buffer.from(answer.body ?? new Uint8Array()),
      };
    } catch (thrown) {
      return { status: 0, headers: [], body: Buffer.alloc(0), ...faultOf(thrown) };
    }
  };
}

function headersOf(headers: HttpResponse["headers"]): string[][] {
  if (headers === undefined) return [];
  const entries = Symbol.iterator in headers ? [...headers] : Object.entries(headers);
  return entries.map(([name, value]) => [name, String(value)]);
}

/** Which kind of fault an exception of a transport is, by the codes that Node.js gives. */
function faultOf(thrown: unknown): { fault: string; detail: string } {
  const chain = [thrown, (thrown as { cause?: unknown } | null)?.cause];
  const codes = chain.map((error) => (error as { code?: unknown } | null | undefined)?.code);
  const names = chain.map((error) => (error as { name?: unknown } | null | undefined)?.name);
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  if (codes.some((code) => code === "ECONNREFUSED" || code === "ENOTFOUND" || code === "EAI_AGAIN" || code === "EHOSTUNREACH")) {
    return { fault: "connect", detail };
  }
  if (names.includes("TimeoutError") || codes.includes("ETIMEDOUT")) return { fault: "timeout", detail };
  return { fault: "broken", detail };
}
