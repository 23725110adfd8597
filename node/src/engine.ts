// The local engine in this process.

import type native from "../native/index.cjs";
import { addon } from "./addon.js";
import { abandonable } from "./calls.js";
import { errorFrom } from "./errors.js";
import { textOf } from "./json.js";
import type { JobConfig } from "./connect.js";
import { Jobs } from "./jobs.js";
import type { Id } from "./types.js";

/** How an engine is started. */
export interface LocalEngineOptions {
  /** Bundle folder, `databricks.yml`, or a file with one job; without it the engine starts with no job. */
  bundle?: string | undefined;
  /** Data folder; `.lakeflow` beside the bundle without it, and required when there is no bundle. */
  data?: string | undefined;
  /** TCP port on loopback; a free one without it. */
  port?: number | undefined;
  /** Target of the bundle. */
  target?: string | undefined;
  /** Values of bundle variables. */
  variables?: Record<string, string> | undefined;
  /** Python interpreter for tasks; one is found without it. */
  python?: string | undefined;
  /** Accept jobs with tasks that cannot run locally; such a task fails when it runs, and says why. */
  allowUnsupported?: boolean | undefined;
  /** Let schedules and triggers of jobs start runs. Without it all of them are as if paused, and only what the program asks for runs. */
  triggers?: boolean | undefined;
  /** A time with its zone (`2026-03-28T00:00:00Z`) that jobs and runs go by, from which only {@link LocalEngine.advance} moves on: for tests of schedules. */
  clock?: string | undefined;
  /** Calls the start off: what has started by then is stopped again. */
  signal?: AbortSignal | undefined;
}

/** A job of the bundle on the engine. */
export interface DeployedJob {
  key: string;
  name: string;
  jobId: Id;
  /** False when a job of that name was there and was brought up to date. */
  created: boolean;
}

/**
 * An engine in this process that really runs jobs, behind the Jobs REST API on loopback.
 *
 * ```ts
 * await using engine = await LocalEngine.start("examples/medallion");
 * const run = await engine.jobs().job("medallion").runAndWait().result();
 * ```
 */
export class LocalEngine implements AsyncDisposable {
  readonly #engine: native.EngineHandle;
  /** Base URL: `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The bearer token that the API asks for. */
  readonly token: string;
  /** The data folder. */
  readonly data: string;
  /** The bundle's jobs, each after those it needs. */
  readonly deployed: readonly DeployedJob[];

  private constructor(engine: native.EngineHandle) {
    this.#engine = engine;
    const about = JSON.parse(engine.about()) as { url: string; token: string; data: string; jobs: DeployedJob[] };
    this.url = about.url;
    this.data = about.data;
    this.deployed = about.jobs;
    this.token = about.token;
    // Not shown by `console.log` and not written by `JSON.stringify`.
    Object.defineProperty(this, "token", { enumerable: false });
  }

  /**
   * Starts an engine and deploys the bundle's jobs.
   *
   * @throws {LakeflowError} `INVALID_DEFINITION` with every problem of the bundle in `problems`, `STORAGE` when the data folder
   * cannot be used or is in use, `INVALID_ARGUMENT` when the port is taken, `INTERRUPTED` when the signal was used.
   */
  static async start(options: LocalEngineOptions | string): Promise<LocalEngine> {
    const { signal, ...given } = typeof options === "string" ? { bundle: options, signal: undefined } : options;
    const text = textOf(given, "start_engine", "INVALID_ARGUMENT");
    const begin = (): Promise<native.EngineHandle> => addon().EngineHandle.start(text);
    return new LocalEngine(await abandonable(signal, "start_engine", begin, (late) => late.stop()));
  }

  /** The engine's jobs, under their keys in the bundle; `config` says more of some of them, as {@link JobsOptions} does. */
  jobs(config: Record<string, JobConfig> = {}): Jobs {
    const jobs: Record<string, JobConfig> = { ...config };
    for (const { key, jobId } of this.deployed) jobs[key] = { id: jobId, ...config[key] };
    return new Jobs({ host: this.url, token: this.token, discover: false, jobs });
  }

  /**
   * Moves the clock of an engine that was started with `clock` on, from one due time to the next. Every run is over when this returns;
   * gives the number of runs that triggers started.
   *
   * @throws {LakeflowError} `INVALID_STATE` for an engine that goes by the clock of the machine.
   */
  async advance(ms: number): Promise<number> {
    try {
      return await this.#engine.advance(ms);
    } catch (thrown) {
      throw errorFrom(thrown);
    }
  }

  /** Stops the engine and every process that it started. Active runs are kept and go on at the next start. */
  async stop(): Promise<void> {
    await this.#engine.stop();
  }

  /** As {@link stop}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
