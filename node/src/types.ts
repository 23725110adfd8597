// Types that several parts share: ids, and what runs and waits are made of.

/** An int64 id: a number where a number is exact, else the text of its digits. */
export type Id = number | string;

/** An id as a caller may give it. */
export type IdLike = number | bigint | string;

/** How a wait ended. All but `unfinished` are verdicts on the run. */
export type Verdict =
  | "succeeded"
  | "succeeded_with_failures"
  | "failed"
  | "canceled"
  | "timed_out"
  | "skipped"
  | "unfinished";

/** A task that failed by itself, with what it said. */
export interface TaskFailure {
  task_key: string;
  /** Its last attempt. */
  run_id: Id;
  /** From 0. */
  attempt: number;
  /** How it ended: `FAILED`, `TIMEDOUT`. */
  outcome: string;
  /** The message of its state. */
  message: string;
  /** The task's own error. */
  error?: string;
  /** Its stack trace. */
  trace?: string;
  /** The last lines of its output. */
  output?: string;
}

/** A task attempt that is not where it was. */
export interface TaskChange {
  task_key: string;
  run_id: Id;
  /** From 0. */
  attempt: number;
  /** One word: `RUNNING`, or the outcome once it is over. */
  state: string;
  /** True once this attempt is over. */
  ended: boolean;
  /** What the state says, for people. */
  message: string;
  /** Milliseconds since the attempt started; 0 before. */
  elapsed_ms: number;
}

/** How many tasks stand where; only the newest attempt of each counts. */
export interface Progress {
  total: number;
  /** Not yet started. */
  waiting: number;
  /** At work. */
  active: number;
  succeeded: number;
  /** Over by a failure, a time-out or a cancel. */
  failed: number;
  /** Over without having run. */
  skipped: number;
}

/** Options of every call that sends something. */
export interface CallOptions {
  /** Calls it off: the promise is rejected with code `INTERRUPTED` and the signal's reason as `cause`. */
  signal?: AbortSignal | undefined;
  /** The call ends with `DEADLINE_EXCEEDED` after so many milliseconds, all its pages and tries included. */
  timeoutMs?: number | undefined;
}

/** What is on its way to the platform: the fields of the REST API under their own names. */
export type Fields = Record<string, unknown>;
