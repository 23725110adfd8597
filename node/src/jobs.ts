// The jobs and runs of a workspace or a local engine.

import type native from "../native/index.cjs";
import { abortable } from "./calls.js";
import { type Authenticate, type JobsOptions, connect, credentials } from "./connect.js";
import { type LakeflowError, calling, errorOf, invalidArgument, type Told } from "./errors.js";
import { idText, textOf } from "./json.js";
import { Run } from "./run.js";
import type { CallOptions, Fields, Id, IdLike } from "./types.js";
import { RunWait, type WaitOptions } from "./wait.js";

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
const LIST_COMPLIANCE_DEFAULT = 100;

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

  /** Jobs, newest first, without their tasks: all, or at most `limit`; with `name` only those that bear it. */
  async listJobs(options: CallOptions & { name?: string; limit?: number } = {}): Promise<JobDocument[]> {
    const answer = await this.#call("list_jobs", { name: options.name, most: options.limit }, options);
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

  /** Changes top-level fields of a job's settings, and takes the named ones away. */
  async updateJob(jobId: IdLike, settings: Fields, options: CallOptions & { remove?: string[] } = {}): Promise<void> {
    const args = { job_id: idText(jobId, "jobId", "update_job"), settings, remove: options.remove };
    await this.#call("update_job", args, options);
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

  /** Something was heard about a run, for example by a webhook: whoever waits for it here looks at once. */
  notify(runId: IdLike): void {
    const text = idText(runId, "runId", "notify");
    calling(() => this.#client.notify(text));
  }

  /** Who may do what with a job. */
  async getPermissions(jobId: IdLike, options?: CallOptions): Promise<Fields> {
    return this.#json("get_permissions", { job_id: idText(jobId, "jobId", "get_permissions") }, options);
  }

  /** Replaces who may do what with a job; gives what holds then. */
  async setPermissions(jobId: IdLike, entries: Fields[], options?: CallOptions): Promise<Fields> {
    return this.#json("set_permissions", { job_id: idText(jobId, "jobId", "set_permissions"), entries }, options);
  }

  /** Adds to who may do what with a job; gives what holds then. */
  async updatePermissions(jobId: IdLike, entries: Fields[], options?: CallOptions): Promise<Fields> {
    return this.#json("update_permissions", { job_id: idText(jobId, "jobId", "update_permissions"), entries }, options);
  }

  /** The levels of permission that a job has. */
  async getPermissionLevels(jobId: IdLike, options?: CallOptions): Promise<Fields> {
    return this.#json("get_permission_levels", { job_id: idText(jobId, "jobId", "get_permission_levels") }, options);
  }

  /** Whether a job complies with the cluster policies that it uses. */
  async getPolicyCompliance(jobId: IdLike, options?: CallOptions): Promise<Fields> {
    return this.#json("get_policy_compliance", { job_id: idText(jobId, "jobId", "get_policy_compliance") }, options);
  }

  /** Which jobs that use a policy comply with it; at most `limit`, 100 without it. */
  async listPolicyCompliance(policyId: string, options: CallOptions & { limit?: number } = {}): Promise<Fields[]> {
    const args = { policy_id: policyId, most: options.limit ?? LIST_COMPLIANCE_DEFAULT };
    const answer = await this.#call("list_policy_compliance", args, options);
    return answer.texts().map((text) => JSON.parse(text) as Fields);
  }

  /** Makes a job comply with its policies, or with `validateOnly` says what would change. */
  async enforcePolicyCompliance(jobId: IdLike, options: CallOptions & { validateOnly?: boolean } = {}): Promise<Fields> {
    const job_id = idText(jobId, "jobId", "enforce_policy_compliance");
    return this.#json("enforce_policy_compliance", { job_id, validate_only: options.validateOnly }, options);
  }

  /** @internal */
  waitFor(goal: () => object, options: WaitOptions): RunWait {
    const { timeoutMs, cancelOnTimeout, cancelOnAbort, signal } = options;
    const begin = async (): Promise<native.WaitHandle> => {
      const settings = {
        timeoutMs: timeoutMs === undefined ? undefined : milliseconds(timeoutMs, "wait"),
        cancelOnTimeout,
        cancelOnStop: cancelOnAbort,
      };
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
    return send(this.#client, operation, text, options);
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
    const answer = await send(this.#client, "run_now", text, options);
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
    return send(this.#client, operation, text, options);
  }
}

/** Carries out an operation within the limits of the caller. */
async function send(client: native.Client, operation: string, text: string, options: CallOptions | undefined): Promise<native.Answer> {
  const timeoutMs = options?.timeoutMs === undefined ? undefined : milliseconds(options.timeoutMs, operation);
  return abortable(options?.signal, operation, (abort) => client.call(operation, text, abort, timeoutMs));
}

/** Whole milliseconds that fit a timer; longer ones are as good as none. */
function milliseconds(timeoutMs: number, operation: string): number {
  if (typeof timeoutMs !== "number" || !(timeoutMs >= 0)) {
    throw invalidArgument(operation, `timeoutMs ${String(timeoutMs)} is not a number of milliseconds`);
  }
  return Math.min(Math.ceil(timeoutMs), 0xffff_ffff);
}

function isClient(options: JobsOptions | native.Client): options is native.Client {
  return typeof (options as native.Client).actingAs === "function";
}
