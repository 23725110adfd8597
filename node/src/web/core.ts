// The running modules of the page, and how rules of the core are called in them. Decides nothing.

import { type ErrorCode, LakeflowError, type Problem, type Told, calling } from "../errors.js";
import { encode, noForm } from "../json.js";
import { type ModuleSource, compile } from "./module.js";

/** The glue of a module of rules. */
export interface Rules {
  callRule(rule: string, input: string): string;
  default(input: { module_or_path: WebAssembly.Module }): Promise<unknown>;
}

/** The glue of a module that has schemas, too. */
export interface Glue extends Rules {
  Schema: new (schema: string, annotate?: boolean, resources?: string) => SchemaHandle;
}

/** A compiled schema inside a module. */
export interface SchemaHandle {
  validate(params: string): string;
  isValid(params: string): boolean;
  warnings(): string;
  free(): void;
}

/** A module that is loaded once, when it is first asked for. */
export class Loaded<G extends Rules> {
  readonly #glue: () => Promise<G>;
  readonly #standard: () => URL;
  #starting: Promise<G> | undefined;
  /** The running module. */
  glue: G | undefined;

  constructor(glue: () => Promise<G>, standard: () => URL) {
    this.#glue = glue;
    this.#standard = standard;
  }

  /** Starts it; later calls wait for the first one. One that failed can be tried again. */
  start(source?: ModuleSource | Promise<ModuleSource>, signal?: AbortSignal): Promise<G> {
    this.#starting ??= this.#start(source, signal).catch((error: unknown) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  async #start(source: ModuleSource | Promise<ModuleSource> | undefined, signal: AbortSignal | undefined): Promise<G> {
    const [glue, module] = await Promise.all([this.#glue(), compile((await source) ?? this.#standard(), signal)]);
    await instantiate(glue, module);
    this.glue = glue;
    return glue;
  }
}

/** Functions of which each module of this package has one. */
const ENTRIES = ["callRule", "compile"];

/** Runs a compiled module, once it is seen to be one of this package: the glue would keep another one for good. */
async function instantiate(glue: Rules, module: WebAssembly.Module): Promise<void> {
  let cause: unknown;
  if (WebAssembly.Module.exports(module).some(({ name }) => ENTRIES.includes(name))) {
    try {
      await glue.default({ module_or_path: module });
      return;
    } catch (thrown) {
      cause = thrown;
    }
  }
  const why = cause === undefined ? "it is another program" : cause instanceof Error ? cause.message : String(cause);
  const message = `the WebAssembly module is not the one of this version of lakeflow-jobs: ${why}; serve the file that is beside the scripts`;
  throw new LakeflowError({ code: "MALFORMED", operation: "init", message }, cause === undefined ? undefined : { cause });
}

/** The module that answers: the one of `lakeflow-jobs/web` when it runs, else that of `lakeflow-jobs/web/params`. */
let current: Glue | undefined;

/** Makes a module the one that answers, unless one with more rules does. */
export function use(glue: Glue, more: boolean): void {
  if (more || current === undefined) current = glue;
}

/** The module that answers; throws before `init()`. */
export function running(operation: string): Glue {
  if (current) return current;
  throw new LakeflowError({
    code: "INVALID_STATE",
    operation,
    message: "the module is not loaded yet: call `await init()` once before anything else",
  });
}

/** Calls a rule: plain data in, plain data out. */
export function call<T>(glue: Rules, rule: string, input: unknown, ints: Ints = "text", code: ErrorCode = "INVALID_ARGUMENT"): T {
  const { text, unwritable } = encode(input);
  if (unwritable.length > 0) {
    const told = unwritable.map(({ path, type }) => `${path}: ${noForm(type)}`).join("; ");
    throw new LakeflowError({ code, operation: rule, message: told });
  }
  return parse<T>(guarded(rule, () => glue.callRule(rule, text)), ints);
}

/** Calls into a module; what it throws becomes a typed error. */
export function guarded<T>(operation: string, work: () => T): T {
  try {
    return calling(() => {
      try {
        return work();
      } catch (thrown) {
        // The module throws the JSON text of an error.
        throw typeof thrown === "string" ? new Error(thrown) : thrown;
      }
    });
  } catch (thrown) {
    if (thrown instanceof LakeflowError) throw thrown;
    const message = `the module failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    throw new LakeflowError({ code: "INTERNAL", operation, message }, { cause: thrown });
  }
}

/** What becomes of an integer that a number of JavaScript would round: the text of its digits, or a BigInt. */
export type Ints = "text" | "bigint";

const MARK = "\u0000int:";

/** Reads JSON text without rounding integers. */
export function parse<T>(text: string, ints: Ints): T {
  // Sixteen digits in a row are needed to be beyond 2^53.
  if (!/\d{16}/.test(text)) return JSON.parse(text) as T;
  const before = ints === "text" ? "" : "\\u0000int:";
  const marked = text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g, (piece) =>
    /^-?\d{16,}$/.test(piece) && !Number.isSafeInteger(Number(piece)) ? `"${before}${piece}"` : piece,
  );
  if (ints === "text") return JSON.parse(marked) as T;
  return JSON.parse(marked, (_key, value: unknown) =>
    typeof value === "string" && value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value,
  ) as T;
}

/** The error for problems of somebody's text. */
export function refused(code: Told["code"], operation: string, problems: Problem[]): LakeflowError {
  const message = problems.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join("; ");
  return new LakeflowError({ code, operation, message, problems });
}
