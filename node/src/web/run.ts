// A run as a page shows it. What a state means is decided by the core.

import { LakeflowError } from "../errors.js";
import type { Id, Progress } from "../types.js";
import { call, parse, running } from "./core.js";

/** A document of `runs/get`, or the `run` of an event. */
export type RunDocument = object;

/** The newest attempt of one task. Times are milliseconds since 1970, `null` before. */
export interface RunTask {
  task_key: string;
  run_id: Id;
  /** From 0. */
  attempt: number;
  url: string | null;
  /** One word: `RUNNING`, `SUCCESS`, `UPSTREAM_FAILED`, … */
  state: string;
  terminal: boolean;
  success: boolean;
  /** What the state says, for people. Never markup: show it as text. */
  message: string;
  start: number | null;
  end: number | null;
  elapsed_ms: number;
  depends_on: string[];
}

/** A stretch of one attempt. */
export interface RunBar {
  run_id: Id;
  attempt: number;
  part: "queue" | "setup" | "run" | "cleanup";
  state: string;
  start: number;
  end: number;
}

/** The tasks of a run on a line of time. */
export interface RunTimeline {
  start: number;
  end: number;
  rows: { task_key: string; bars: RunBar[] }[];
}

interface View {
  run_id: Id;
  job_id: Id | null;
  name: string;
  url: string | null;
  state: string;
  terminal: boolean;
  success: boolean;
  outcome: string | null;
  message: string;
  start: number | null;
  end: number | null;
  elapsed_ms: number;
  progress: Progress;
  tasks: RunTask[];
  timeline: RunTimeline;
}

function read(text: string): RunDocument {
  try {
    return parse<RunDocument>(text, "text");
  } catch (cause) {
    const message = `the run is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new LakeflowError({ code: "MALFORMED", operation: "run_view", message }, { cause });
  }
}

/** A run as a page shows it. All texts are plain: names and messages of a run are to be shown as text, never as markup. */
export class RunView {
  readonly #view: View;

  /**
   * Of a document, or its JSON text, from which ids beyond 2^53 come unrounded. Elapsed times are up to `now`.
   *
   * @throws {LakeflowError} `INVALID_ARGUMENT` for what is no run, `MALFORMED` for text that is not JSON.
   */
  constructor(run: RunDocument | string, now: number | Date = Date.now()) {
    const document = typeof run === "string" ? read(run) : run;
    this.#view = call<View>(running("run_view"), "run_view", { run: document, now: Math.trunc(Number(now)) });
  }

  get runId(): Id {
    return this.#view.run_id;
  }
  get jobId(): Id | null {
    return this.#view.job_id;
  }
  /** The job's name at the time. */
  get name(): string {
    return this.#view.name;
  }
  /** Where people see it. */
  get url(): string | null {
    return this.#view.url;
  }
  /** One word: the state while it lasts, the outcome once it is over. */
  get state(): string {
    return this.#view.state;
  }
  /** True once it is over. An unknown state is never over. */
  get terminal(): boolean {
    return this.#view.terminal;
  }
  /** True once it is over and did what it should. An unknown outcome is never success. */
  get success(): boolean {
    return this.#view.success;
  }
  /** `null` while it is not over. */
  get outcome(): string | null {
    return this.#view.outcome;
  }
  /** What the state says, for people. */
  get message(): string {
    return this.#view.message;
  }
  /** Milliseconds since 1970; `null` before it started. */
  get start(): number | null {
    return this.#view.start;
  }
  /** Milliseconds since 1970; `null` before it ended. */
  get end(): number | null {
    return this.#view.end;
  }
  get elapsedMs(): number {
    return this.#view.elapsed_ms;
  }
  /** How many tasks stand where. */
  get progress(): Progress {
    return this.#view.progress;
  }
  /** The newest attempt of each task, in the order of the document. */
  get tasks(): readonly RunTask[] {
    return this.#view.tasks;
  }
  /** Every attempt on a line of time. */
  get timeline(): RunTimeline {
    return this.#view.timeline;
  }
  /** The same as plain data. */
  toJSON(): object {
    return this.#view;
  }
}
