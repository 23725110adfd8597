// Parameter schemas: JSON Schema 2020-12, checked by the core.

import type native from "../native/index.cjs";
import { rules } from "./addon.js";
import { type Problem, calling } from "./errors.js";
import { encode, noForm, textOf } from "./json.js";
import { quick, type Quick } from "./quick.js";

/** One way in which parameters break their schema. */
export interface Violation {
  /** JSON Pointer of the value at fault: `/tables/0/name`; empty for the whole. */
  path: string;
  /** The keyword of the schema that is broken; `json` for a value that JSON has no form for, `limit` for a limit. */
  keyword: string;
  /** What is wrong, with the value and the limit. */
  message: string;
}

/** Under this every schema keeps its handle, also one of the other module format in the same process. */
const HANDLE = Symbol.for("lakeflow-jobs.schema");

/**
 * A compiled JSON Schema (2020-12) for the parameters of a job. The violations are the same, in the same order and words, in
 * Rust, Python, Node.js and the browser.
 *
 * ```ts
 * const schema = new ParamSchema({ type: "object", required: ["day"], properties: { day: { format: "date", type: "string" } } });
 * schema.validate({ day: "today" }); // [{ path: "/day", keyword: "format", message: … }]
 * ```
 */
export class ParamSchema {
  readonly #schema: native.Schema;
  /** Knows parameters that are plainly right by itself. */
  readonly #quick: Quick | undefined;
  /** The schema as it was given. */
  readonly schema: object | boolean;

  /**
   * Compiles a schema, which is done once; checking is quick then.
   *
   * @throws {LakeflowError} `INVALID_ARGUMENT` with every problem of a schema that is none in `problems`.
   */
  constructor(schema: object | boolean) {
    const text = textOf(schema, "compile_schema", "INVALID_ARGUMENT");
    this.schema = schema;
    this.#schema = calling(() => new (rules().Schema)(text));
    Object.defineProperty(this, HANDLE, { value: this.#schema });
    // Of the text, which nobody changes any more.
    this.#quick = quick(JSON.parse(text));
  }

  /** All violations, in a fixed order; an empty list when the parameters are right. */
  validate(params: unknown): Violation[] {
    if (this.#quick?.(params)) return [];
    const { text, unwritable } = encode(params);
    if (unwritable.length > 0) {
      return unwritable.map(({ path, type }) => ({ path, keyword: "json", message: noForm(type) }));
    }
    const found = calling(() => this.#schema.validate(text));
    return found === null ? [] : (JSON.parse(found) as Violation[]);
  }

  /** Whether the parameters are right. Quicker than {@link validate} where only that matters. */
  isValid(params: unknown): boolean {
    if (this.#quick?.(params)) return true;
    const { text, unwritable } = encode(params);
    return unwritable.length === 0 && calling(() => this.#schema.isValid(text));
  }

  /** What has no effect in the schema: unknown keywords, which may be typos, and formats that are not checked. */
  get warnings(): Problem[] {
    return JSON.parse(this.#schema.warnings()) as Problem[];
  }

  /** For {@link Jobs}, which hands it to the addon: the handle of a compiled schema, and of one that is compiled now. */
  static handleOf(schema: ParamSchema | object | boolean): native.Schema {
    const known = typeof schema === "object" ? (schema as { [HANDLE]?: native.Schema })[HANDLE] : undefined;
    return known ?? new ParamSchema(schema).#schema;
  }
}
