// The core's rules as functions: plain data in, plain data out.

import { rules } from "./addon.js";
import { LakeflowError, type Problem, calling, invalidArgument } from "./errors.js";
import { textOf } from "./json.js";
import type { TaskType } from "./connect.js";
import type { Fields } from "./types.js";

/** One fire time. */
export interface Fire {
  /** In UTC: `2026-03-01T02:00:00Z`. */
  utc: string;
  /** On the clock of the schedule's zone, with its offset: `2026-03-01T03:00:00+01:00`. */
  local: string;
}

/** A reference that stays without value. */
export interface Unresolved {
  path?: string;
  text: string;
  code: string;
  reason: string;
}

function call<T>(rule: string, input: unknown, code: "INVALID_PARAMETERS" | "INVALID_ARGUMENT" = "INVALID_ARGUMENT"): T {
  const text = textOf(input, rule, code);
  return JSON.parse(calling(() => rules().callRule(rule, text))) as T;
}

/**
 * All problems of a job definition, in the order of the document; none when it is sound. A definition is an object, or JSON or
 * YAML text, whose problems then have a line and a column.
 */
export function validateJob(job: object | string): Problem[] {
  return call("validate_job", typeof job === "string" ? { text: job } : { job });
}

/**
 * The fields of a run-now request that parameters become for a task type; without one they are those fields.
 *
 * @throws {LakeflowError} `INVALID_PARAMETERS` with every value that cannot be mapped in `problems`.
 */
export function mapParams(taskType: TaskType | null | undefined, params: unknown): Fields {
  const input = { task_type: taskType ?? undefined, params };
  const told = call<{ fields: Fields } | { problems: Problem[] }>("mapping", input, "INVALID_PARAMETERS");
  if ("fields" in told) return told.fields;
  const message = told.problems.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join("; ");
  throw new LakeflowError({ code: "INVALID_PARAMETERS", operation: "map_params", message, problems: told.problems });
}

/** Options of {@link nextFireTimes}. */
export interface FireOptions {
  /** A time zone as schedules name it; `UTC` without it. */
  timezone?: string | undefined;
  /** Fire times strictly after this; now without it. Texts without an offset are in the zone. */
  after?: Date | string | number | undefined;
  /** So many, 1 to 1000; 5 without it. */
  count?: number | undefined;
}

/**
 * The next fire times of a Quartz cron expression, earliest first.
 *
 * @throws {LakeflowError} `INVALID_ARGUMENT` with everything that is wrong with the expression, the zone or the count.
 */
export function nextFireTimes(cron: string, options: FireOptions = {}): Fire[] {
  const { timezone = "UTC", after = Date.now(), count = 5 } = options;
  const moment = typeof after === "string" ? after : new Date(after);
  if (moment instanceof Date && Number.isNaN(moment.getTime())) {
    throw invalidArgument("next_fire_times", `after ${String(after)} is not a time`);
  }
  const text = typeof moment === "string" ? moment : moment.toISOString();
  return call("next_fire_times", { cron, timezone, after: text, count });
}

/**
 * A value with the values of a context in the place of the references (`{{job.parameters.day}}`) in its texts.
 *
 * @returns the value, or all references that have none.
 */
export function resolveReferences<T>(value: T, context: object): { value: T } | { unresolved: Unresolved[] } {
  return call("resolve_references", { value, context });
}

/** What the `state` and `status` of a run document mean. */
export function readState(run: { state?: unknown; status?: unknown }): {
  phase: Fields & { phase: string };
  terminal: boolean;
  success: boolean;
} {
  return call("run_read", { state: run.state ?? null, status: run.status ?? null });
}

/** How every task of a job ends when some end as assumed: what runs if this task fails. */
export function simulate(
  tasks: object[],
  assumed: Record<string, { outcome?: string; condition?: boolean }> = {},
): { tasks: Record<string, string>; job: string } {
  return call("dag_simulate", { tasks, assumed });
}

/** Calls any rule of the core by the name of its vectors: for what has no function of its own. */
export function callRule(rule: string, input: unknown): unknown {
  return call(rule, input);
}
