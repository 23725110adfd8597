// Parameter schemas in the browser: the very checks of the server, and what a form needs.

import { type Problem, invalidArgument } from "../errors.js";
import type { TaskType } from "../connect.js";
import { encode, noForm, textOf } from "../json.js";
import type { Violation } from "../params.js";
import type { Fields } from "../types.js";
import { type SchemaHandle, call, guarded, parse, refused, running } from "./core.js";

/** Which control suits a field of a form. */
export type Control =
  | "text"
  | "textarea"
  | "password"
  | "radio"
  | "select"
  | "combobox"
  | "number"
  | "switch"
  | "tristate"
  | "date"
  | "date-time"
  | "time"
  | "list"
  | "group"
  | "constant"
  | "json";

/** One value that may be chosen. */
export interface Choice {
  value: unknown;
  /** What is shown: its title, else the value. */
  label: string;
}

/** One field of a form. */
export interface Field {
  /** The name that its control bears; inside a group `group.parameter`. */
  name: string;
  /** JSON Pointer of the value, as violations have it: `/day`. */
  path: string;
  /** What is shown: the schema's title, else the parameter's name. */
  label: string;
  description?: string;
  /** Type as the schema calls it; absent when it is open. */
  type?: string;
  /** Of a list: the type of its items. */
  items?: string;
  control: Control;
  required: boolean;
  /** `null` is allowed. */
  nullable: boolean;
  default?: unknown;
  /** The values that are allowed, when they are listed. */
  enum?: Choice[];
  /** Bounds and other limits by keyword: `minimum`, `maxLength`, `pattern`, …; those of a list's items under `items`. */
  limits?: Record<string, unknown>;
  writeOnly?: boolean;
  readOnly?: boolean;
  deprecated?: boolean;
  examples?: unknown[];
  /** Of a group. */
  fields?: Field[];
}

/** A form for the parameters of a job. */
export interface Form {
  title?: string;
  description?: string;
  /** In the order in which the schema has them. */
  fields: Field[];
  /** Parameters that are not listed are allowed. */
  open: boolean;
  /** There are more fields than a form takes; the others are to be given as JSON. */
  cut: boolean;
}

/** How a schema is compiled. */
export interface SchemaOptions {
  /** `assert`: a `format` is a rule like others, as on the server. `annotate`: it is a remark, as the standard has it. */
  formats?: "assert" | "annotate";
  /** Documents that references may lead to, by URI. Nothing is ever fetched. */
  resources?: Record<string, object | boolean>;
}

/**
 * A compiled JSON Schema (2020-12) for the parameters of a job. The violations are the same, in the same order and words, as on
 * the server.
 *
 * ```ts
 * const schema = new ParamSchema({ type: "object", required: ["day"], properties: { day: { type: "string", format: "date" } } });
 * schema.validate(schema.coerceForm(new FormData(form))); // [{ path: "/day", keyword: "format", message: … }]
 * ```
 */
export class ParamSchema {
  readonly #handle: SchemaHandle;
  /** The schema as it was given. */
  readonly schema: object | boolean;

  /**
   * Compiles a schema, which is done once; checking is quick then.
   *
   * @throws {LakeflowError} `INVALID_ARGUMENT` with every problem of a schema that is none in `problems`; `INVALID_STATE` before
   *   `init()`.
   */
  constructor(schema: object | boolean, options: SchemaOptions = {}) {
    const { Schema } = running("compile_schema");
    const { formats = "assert", resources } = options;
    if (formats !== "assert" && formats !== "annotate") {
      const message = `formats is ${JSON.stringify(formats)}, it can be "assert" or "annotate"`;
      throw invalidArgument("compile_schema", message);
    }
    const text = textOf(schema, "compile_schema", "INVALID_ARGUMENT");
    const documents = resources && textOf(resources, "compile_schema", "INVALID_ARGUMENT");
    this.schema = schema;
    this.#handle = guarded("compile_schema", () => new Schema(text, formats === "annotate", documents));
  }

  /** All violations, in a fixed order; an empty list when the parameters are right. */
  validate(params: unknown): Violation[] {
    const { text, unwritable } = encode(params);
    if (unwritable.length > 0) {
      return unwritable.map(({ path, type }) => ({ path, keyword: "json", message: noForm(type) }));
    }
    const found = guarded("validate", () => this.#handle.validate(text));
    return found === "" ? [] : (JSON.parse(found) as Violation[]);
  }

  /** Whether the parameters are right. Quicker than {@link validate} where only that matters. */
  isValid(params: unknown): boolean {
    const { text, unwritable } = encode(params);
    return unwritable.length === 0 && guarded("validate", () => this.#handle.isValid(text));
  }

  /** What has no effect in the schema: unknown keywords, which may be typos, and formats that are not checked. */
  get warnings(): Problem[] {
    return JSON.parse(guarded("warnings", () => this.#handle.warnings())) as Problem[];
  }

  /** The fields of a form for these parameters. */
  describe(): Form {
    return call<Form>(running("describe"), "form_describe", { schema: this.schema }, "bigint");
  }

  /**
   * The parameters that a form's entries stand for. A text that stands for a value of its field's type becomes that value
   * (integers beyond 2^53 a BigInt); any other stays text, for {@link validate} to refuse. Empty texts are left out, but for
   * required texts.
   *
   * @throws {LakeflowError} `INVALID_ARGUMENT` for a file among the entries, and for what has no entries.
   */
  coerceForm(form: FormData | Iterable<readonly [string, unknown]>): Fields {
    const entries: [string, string][] = [];
    if (typeof (form as Partial<typeof form> | null)?.[Symbol.iterator] !== "function") {
      throw invalidArgument("coerce_form", "the form is to be a FormData, or entries of names and texts");
    }
    for (const [name, value] of form) {
      if (typeof value !== "string") {
        const what = value instanceof Blob ? "a file" : `a value of type ${typeof value}`;
        throw invalidArgument("coerce_form", `the field ${JSON.stringify(name)} holds ${what}; parameters are text`);
      }
      entries.push([name, value]);
    }
    return call<Fields>(running("coerce_form"), "form_coerce", { schema: this.schema, entries }, "bigint");
  }

  /** Gives the memory of the schema back at once; the garbage collector does it later. */
  free(): void {
    this.#handle.free();
  }
}

/**
 * The fields of a run-now request that parameters become for a task type; without one they are those fields.
 *
 * @throws {LakeflowError} `INVALID_PARAMETERS` with every value that cannot be mapped in `problems`.
 */
export function mapParams(taskType: TaskType | null | undefined, params: unknown): Fields {
  const input = { task_type: taskType ?? undefined, params };
  const told = call<{ fields: Fields } | { problems: Problem[] }>(running("map_params"), "mapping", input, "bigint", "INVALID_PARAMETERS");
  if ("fields" in told) return told.fields;
  throw refused("INVALID_PARAMETERS", "map_params", told.problems);
}

/** Reads JSON text as the core does: integers that a number would round become a BigInt. */
export function parseParams(text: string): unknown {
  return parse(text, "bigint");
}
