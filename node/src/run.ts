// A run: the document stays in the addon, and what is looked at is taken out.

import type native from "../native/index.cjs";
import { calling } from "./errors.js";
import type { Fields, Id, Progress } from "./types.js";

/** So much JSON is parsed at a time when a whole document is asked for. */
const SLICE_BYTES = 256 * 1024;

/** What a run or a task run says of itself in the form that the addon gives. */
interface Summary {
  state: string;
  isTerminal: boolean;
  isSuccess: boolean;
  outcome: string | null;
  terminationCode: string | null;
  message: string;
  runId: Id;
  pageUrl: string | null;
  startTime: number | null;
  endTime: number | null;
}

interface RunSummary extends Summary {
  jobId: Id | null;
  name: string | null;
  runType: string | null;
  progress: Progress;
}

interface TaskSummary extends Summary {
  taskKey: string;
  attempt: number;
}

/** What runs and task runs have in common: it is read when something of it is first looked at, and once. */
abstract class Standing<About extends Summary> {
  readonly #read: () => string;
  #summary: About | undefined;

  /** @internal */
  constructor(read: () => string) {
    this.#read = read;
  }

  /** @internal */
  protected get about(): About {
    return (this.#summary ??= JSON.parse(this.#read()) as About);
  }

  get runId(): Id {
    return this.about.runId;
  }
  /** One word: the state while it lasts (`RUNNING`), the outcome once it is over (`SUCCESS`). */
  get state(): string {
    return this.about.state;
  }
  /** True once it is over. An unknown state is never over. */
  get isTerminal(): boolean {
    return this.about.isTerminal;
  }
  /** True once it is over and did what it should. An unknown outcome is never success. */
  get isSuccess(): boolean {
    return this.about.isSuccess;
  }
  /** The outcome; `null` while it is not over. */
  get outcome(): string | null {
    return this.about.outcome;
  }
  /** Why it ended, as the platform names it; `null` while it is not over. */
  get terminationCode(): string | null {
    return this.about.terminationCode;
  }
  /** What the state says, for people. */
  get message(): string {
    return this.about.message;
  }
  /** Where people see it. */
  get pageUrl(): string | null {
    return this.about.pageUrl;
  }
  /** Milliseconds since 1970; `null` before it started. */
  get startTime(): number | null {
    return this.about.startTime;
  }
  /** Milliseconds since 1970; `null` while it is active. */
  get endTime(): number | null {
    return this.about.endTime;
  }
}

/** A run of a job at the moment it was read. What it says comes from `status`, with the legacy `state` as fallback. */
export class Run extends Standing<RunSummary> {
  readonly #run: native.RunHandle;

  /** @internal */
  constructor(run: native.RunHandle) {
    super(() => run.summary());
    this.#run = run;
  }

  get jobId(): Id | null {
    return this.about.jobId;
  }
  /** The job's name at the time. */
  get name(): string | null {
    return this.about.name;
  }
  /** `JOB_RUN`, `SUBMIT_RUN` or `WORKFLOW_RUN`. */
  get runType(): string | null {
    return this.about.runType;
  }
  /** How many tasks stand where. */
  get progress(): Progress {
    return this.about.progress;
  }

  /** The newest attempt of each task, in the order of the definition. Each is read when it is looked at. */
  get tasks(): TaskRun[] {
    return this.#run.newest(false).map((index) => new TaskRun(this.#run, index, false));
  }

  /** Every attempt of every task, as the platform lists them. */
  get attempts(): TaskRun[] {
    return Array.from({ length: this.#run.taskCount() }, (_, index) => new TaskRun(this.#run, index, false));
  }

  /** The newest attempt of each iteration, of a for-each task run. */
  get iterations(): TaskRun[] {
    return this.#run.newest(true).map((index) => new TaskRun(this.#run, index, true));
  }

  /** The newest attempt of a task. */
  task(key: string): TaskRun | undefined {
    return this.tasks.find((task) => task.taskKey === key);
  }

  /**
   * The document as the platform sent it, unknown fields included. It is put together in slices, so that the event loop goes
   * on while a large one is.
   */
  async document(): Promise<Fields> {
    const document = JSON.parse(await this.#run.head()) as Fields;
    for (const [list, count] of [["tasks", this.#run.taskCount()], ["iterations", this.#run.iterationCount()]] as const) {
      if (count === 0) continue;
      const items: unknown[] = [];
      while (items.length < count) {
        const slice = JSON.parse(await this.#run.documents(items.length, SLICE_BYTES, list === "iterations")) as unknown[];
        for (const item of slice) items.push(item);
      }
      document[list] = items;
    }
    return document;
  }

  /** The same at once: for `JSON.stringify`, and for documents that are small. A large one holds the event loop up. */
  toJSON(): Fields {
    return JSON.parse(this.#run.json()) as Fields;
  }
}

/** One attempt of a task. */
export class TaskRun extends Standing<TaskSummary> {
  readonly #run: native.RunHandle;
  readonly #index: number;
  readonly #iteration: boolean;

  /** @internal */
  constructor(run: native.RunHandle, index: number, iteration: boolean) {
    super(() => calling(() => run.task(index, iteration)));
    this.#run = run;
    this.#index = index;
    this.#iteration = iteration;
  }

  get taskKey(): string {
    return this.about.taskKey;
  }
  /** From 0. */
  get attempt(): number {
    return this.about.attempt;
  }

  /** The attempt as the platform sent it. */
  toJSON(): Fields {
    return JSON.parse(calling(() => this.#run.taskDocument(this.#index, this.#iteration))) as Fields;
  }
}
