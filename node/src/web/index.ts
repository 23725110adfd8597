// `lakeflow-jobs/web`: the rules of the server in the browser, without the server. Decides nothing: the rules are in the module.

import { type Glue, Loaded, type Rules, call, running, use } from "./core.js";
import { type Problem, invalidArgument } from "../errors.js";
import type { Fire, FireOptions, Unresolved } from "../rules.js";
import type { ModuleSource } from "./module.js";
import * as glue from "./wasm/full.js";

export { LakeflowError, type ErrorCode, type Problem } from "../errors.js";
export type { Violation } from "../params.js";
export type { Fire, FireOptions, Unresolved } from "../rules.js";
export { type Assumption, Dag, type Layout, type LayoutOptions, type Simulated, type TaskLike } from "./dag.js";
export { runModel } from "./model.js";
export type { ModuleSource } from "./module.js";
export { type RunBar, type RunDocument, type RunTask, type RunTimeline, RunView } from "./run.js";
export { type Choice, type Control, type Field, type Form, ParamSchema, type SchemaOptions, mapParams, parseParams } from "./schema.js";
export { type Connection, type RunEnd, type RunFailure, type WatchOptions, watchRun } from "./watch.js";

const page = new Loaded(
  () => Promise.resolve(glue as Glue),
  () => new URL("./wasm/full.wasm", import.meta.url),
);
const extra = new Loaded(
  () => import("./wasm/extra.js"),
  () => new URL("./wasm/extra.wasm", import.meta.url),
);
const every = new Loaded(
  () => import("./wasm/every.js"),
  () => new URL("./wasm/every.wasm", import.meta.url),
);
type Source = ModuleSource | Promise<ModuleSource> | undefined;
let sources: { extra?: Source; every?: Source } = {};

/** Options of {@link init}. */
export interface InitOptions {
  /** Where the module is, if not beside this file. */
  module?: ModuleSource | Promise<ModuleSource>;
  /** Where the module is that is loaded for YAML and time zones, when either is first asked for. */
  extra?: ModuleSource | Promise<ModuleSource>;
  /** Where the one with every rule is, which {@link callRule} loads. */
  every?: ModuleSource | Promise<ModuleSource>;
  /** Calls loading off. */
  signal?: AbortSignal;
}

/**
 * Loads the module; to be awaited once, before anything else. Calls after the first wait for it.
 *
 * @throws {LakeflowError} `UNSUPPORTED` without WebAssembly or when a content policy forbids it, `NOT_FOUND` or `UNREACHABLE`
 *   when the file does not come, `MALFORMED` when something else comes in its place.
 */
export default async function init(options: InitOptions = {}): Promise<void> {
  sources = {
    extra: options.extra ?? sources.extra,
    every: options.every ?? sources.every,
  };
  use(await page.start(options.module, options.signal), true);
}

/** The page's module; the one with YAML and time zones where that runs already. */
async function plain(): Promise<Rules> {
  return extra.glue ?? (await page.start());
}

/** Codes of problems that say that the module lacks the time zone database. */
const LACKS = new Set(["unknown_time_zone", "bad_time_zone"]);

/**
 * All problems of a job definition, in the order of the document; none when it is sound. A definition is an object, or JSON or
 * YAML text, whose problems then have a line and a column. The first call that needs YAML or a time zone loads the module that has
 * them; it rejects as {@link init} does when that does not come.
 */
export async function validateJob(job: object | string): Promise<Problem[]> {
  // Before `init()` it is an error, as everywhere.
  running("validate_job");
  const text = typeof job === "string";
  // Text that begins like JSON is read as JSON first; its errors then speak of JSON.
  const json = text && /^\s*[{[]/.test(job);
  let found: Problem[] | undefined;
  if (json || !text) {
    found = call<Problem[]>(await plain(), "validate_job", text ? { text: job, file: ".json" } : { job });
    if (!found.some(({ code }) => LACKS.has(code) || (json && code === "bad_json"))) return found.map(nameless);
  }
  const again = call<Problem[]>(await extra.start(sources.extra), "validate_job", text ? { text: job } : { job });
  // Flow style is YAML, too; when it is neither, the words about JSON help more.
  const broken = again.some(({ code }) => code === "bad_yaml");
  return (json && broken && found ? found : again).map(nameless);
}

/** The file's name was made up here. */
function nameless(problem: Problem): Problem {
  if (problem.position?.file === undefined) return problem;
  const { file: _, ...position } = problem.position;
  return { ...problem, position };
}

/**
 * The next fire times of a Quartz cron expression, earliest first. The first call for a zone other than UTC and fixed offsets loads
 * the module with time zones, as {@link validateJob} does.
 *
 * @throws {LakeflowError} `INVALID_ARGUMENT` with everything that is wrong with the expression, the zone or the count.
 */
export async function nextFireTimes(cron: string, options: FireOptions = {}): Promise<Fire[]> {
  const { timezone = "UTC", after = Date.now(), count = 5 } = options;
  const moment = typeof after === "string" ? after : new Date(after);
  if (moment instanceof Date && Number.isNaN(moment.getTime())) {
    throw invalidArgument("next_fire_times", `after ${String(after)} is not a time`);
  }
  if (typeof timezone !== "string") throw invalidArgument("next_fire_times", `timezone ${String(timezone)} is not a text`);
  const input = { cron, timezone, after: typeof moment === "string" ? moment : moment.toISOString(), count };
  running("next_fire_times");
  const fixed = timezone === "UTC" || timezone.startsWith("GMT");
  const module = fixed ? await plain() : await extra.start(sources.extra);
  return call<Fire[]>(module, "next_fire_times", input);
}

/**
 * A value with the values of a context in the place of the references (`{{job.parameters.day}}`) in its texts.
 *
 * @returns the value, or all references that have none.
 */
export function resolveReferences<T>(value: T, context: object): { value: T } | { unresolved: Unresolved[] } {
  return call(running("resolve_references"), "resolve_references", { value, context }, "bigint");
}

/**
 * Calls any rule of the core by the name of its vectors, in a module of its own, which carries all of them.
 *
 * @throws {LakeflowError} `INVALID_ARGUMENT` for a name that is no rule or an input that the rule cannot read.
 */
export async function callRule(rule: string, input: unknown): Promise<unknown> {
  return call(await every.start(sources.every), rule, input);
}

