// Parameter schemas: JSON Schema 2020-12, checked by the addon.

import type native from "../native/index.cjs";
import { addon } from "./addon.js";

/** One way in which parameters break their schema. */
export interface Violation {
  /** JSON Pointer of the value at fault, empty for the whole. */
  path: string;
  /** The keyword of the schema that is broken. */
  keyword: string;
  /** What is wrong, in one sentence. */
  message: string;
}

/** A compiled JSON Schema for the parameters of a job. */
export class ParamSchema {
  readonly #handle: native.ParamSchemaHandle;

  constructor(schema: object | boolean) {
    this.#handle = new (addon().ParamSchema)(JSON.stringify(schema));
  }

  /** All violations in a fixed order; an empty list when there are none. */
  validate(params: unknown): Violation[] {
    const found = this.#handle.validate(JSON.stringify(params));
    return found === null ? [] : (JSON.parse(found) as Violation[]);
  }
}
