// The errors of the package, and how they are made of what the addon tells.

import type { Run } from "./run.js";
import type { Id, TaskFailure, Verdict } from "./types.js";

/**
 * What went wrong, in a form that programs may compare. The texts never change, and are the same in Rust, Python and the
 * browser.
 */
export type ErrorCode =
  /** Parameters of a run break their schema or cannot be mapped to the task type. */
  | "INVALID_PARAMETERS"
  /** A job definition or a bundle has errors; they are in `problems`. */
  | "INVALID_DEFINITION"
  /** An argument or a setting makes no sense. */
  | "INVALID_ARGUMENT"
  /** Text is not what it should be: JSON cut short, bytes that are not UTF-8. */
  | "MALFORMED"
  /** A limit of the platform or of this package is exceeded. */
  | "LIMIT_EXCEEDED"
  /** The job, run, file or task does not exist. */
  | "NOT_FOUND"
  /** The request does not fit the state of the thing it names. */
  | "INVALID_STATE"
  /** No valid credentials. */
  | "UNAUTHENTICATED"
  /** The credentials do not allow it. */
  | "PERMISSION_DENIED"
  /** Too many requests. */
  | "RATE_LIMITED"
  /** The service is there but cannot answer now. */
  | "UNAVAILABLE"
  /** The host cannot be reached at all. */
  | "UNREACHABLE"
  /** The service answered with a fault of its own. */
  | "SERVER_ERROR"
  /** The wait ended before the run did; the run goes on. */
  | "WAIT_TIMED_OUT"
  /** The operation took longer than its time-out. */
  | "DEADLINE_EXCEEDED"
  /** The caller stopped the operation. */
  | "INTERRUPTED"
  /** The run ended and did not succeed. */
  | "RUN_FAILED"
  /** What is asked for cannot be done here. */
  | "UNSUPPORTED"
  /** An input that the state of a machine does not allow. */
  | "INVALID_TRANSITION"
  /** Storage is full, locked, damaged or not accessible. */
  | "STORAGE"
  /** A fault of this package. */
  | "INTERNAL";

/** One finding about a definition, a bundle, a schema or parameters. */
export interface Problem {
  /** Stable name of the rule, in `snake_case`. */
  code: string;
  severity: "error" | "warning";
  /** Path of the value: `tasks[2].depends_on[0].task_key`; empty for the whole. */
  path: string;
  /** What is wrong, with the offending value and the limit. */
  message: string;
  /** What to do about it, where there is something useful to say. */
  hint?: string;
  /** Where it stands in the text, when it was read from text; counted from 1. */
  position?: { file?: string; line: number; column: number };
}

/** An error as the addon tells it. */
export interface Told {
  code: ErrorCode;
  message: string;
  operation: string;
  retry?: "never" | "spent" | number;
  context?: Record<string, string>;
  problems?: Problem[];
}

const BRAND = Symbol.for("lakeflow-jobs.error");

/** Anything that goes wrong in this package. */
export class LakeflowError extends Error {
  /** What went wrong, to be compared. */
  readonly code: ErrorCode;
  /** What was being done, such as `run_now`. */
  readonly operation: string;
  /** Further facts, such as `run_id` or `host`. Never holds secrets. */
  readonly context: Readonly<Record<string, string>>;
  /** True when the same call may pass at another time. */
  readonly retryable: boolean;
  /** Milliseconds after which a further try makes sense; `null` when trying was given up or is of no use. */
  readonly retryAfterMs: number | null;
  /** Everything that is wrong with a definition, a bundle or a schema. */
  readonly problems: readonly Problem[];

  constructor(told: Told, options?: ErrorOptions) {
    super(told.message, options);
    this.name = new.target.name;
    this.code = told.code;
    this.operation = told.operation;
    this.context = Object.freeze({ ...told.context });
    this.retryable = told.retry !== undefined && told.retry !== "never";
    this.retryAfterMs = typeof told.retry === "number" ? told.retry : null;
    this.problems = Object.freeze([...(told.problems ?? [])]);
    Object.defineProperty(this, BRAND, { value: this.name });
  }

  /** True for errors of this package, also of its other module format in the same process. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (typeof value !== "object" || value === null) return false;
    const brand = (value as { [BRAND]?: unknown })[BRAND];
    // oxlint-disable-next-line no-this-alias
    return this === LakeflowError ? brand !== undefined : brand === this.name;
  }
}

/** A run that ended and did not succeed. */
export class RunFailedError extends LakeflowError {
  /** The run as it was last seen; `null` when it never became known. */
  readonly run: Run | null;
  /** How it ended. */
  readonly verdict: Verdict;
  /** The tasks that failed by themselves, with what they said. */
  readonly failures: readonly TaskFailure[];

  constructor(told: Told, end: { run: Run | null; verdict: Verdict; failures: readonly TaskFailure[] }) {
    super(told);
    this.run = end.run;
    this.verdict = end.verdict;
    this.failures = end.failures;
  }

  /** The run's id. */
  get runId(): Id | null {
    return this.run?.runId ?? null;
  }

  /** Where people see the run. */
  get pageUrl(): string | null {
    return this.run?.pageUrl ?? null;
  }
}

/** What callbacks of the caller threw, until the error that tells of it is made. Bounded, since an error may be retried away. */
const causes = new Map<number, unknown>();
const CAUSES_MAX = 1000;
let lastCause = 0;

/** Keeps what a callback threw and gives the number under which the addon tells of it. */
export function keepCause(cause: unknown): number {
  lastCause = (lastCause + 1) % 0x7fff_ffff;
  causes.set(lastCause, cause);
  if (causes.size > CAUSES_MAX) causes.delete(causes.keys().next().value as number);
  return lastCause;
}

/** The error for what the addon told. */
export function errorOf(told: Told, cause?: unknown): LakeflowError {
  const { cause: kept, ...context } = told.context ?? {};
  const number = kept === undefined ? undefined : Number(kept);
  const found = number === undefined ? cause : causes.get(number);
  if (number !== undefined) causes.delete(number);
  return new LakeflowError({ ...told, context }, found === undefined ? undefined : { cause: found });
}

/** The error for an exception of the addon; exceptions of other kinds stay what they are. */
export function errorFrom(thrown: unknown, cause?: unknown): unknown {
  // WebAssembly throws the text itself.
  const text = thrown instanceof Error ? thrown.message : thrown;
  if (typeof text !== "string" || !text.startsWith('{"code":')) return thrown;
  try {
    return errorOf(JSON.parse(text) as Told, cause);
  } catch {
    return thrown;
  }
}

/** Calls the addon; what it throws becomes a typed error. */
export function calling<T>(call: () => T): T {
  try {
    return call();
  } catch (thrown) {
    throw errorFrom(thrown);
  }
}

/** An argument that makes no sense. */
export function invalidArgument(operation: string, message: string): LakeflowError {
  return new LakeflowError({ code: "INVALID_ARGUMENT", operation, message });
}
