// `lakeflow-jobs/web/params`: schemas and mapping of parameters alone, in the smaller module.

import { type Glue, Loaded, use } from "./core.js";
import type { ModuleSource } from "./module.js";
import * as glue from "./wasm/params.js";

export { LakeflowError, type ErrorCode, type Problem } from "../errors.js";
export type { Violation } from "../params.js";
export type { ModuleSource } from "./module.js";
export { type Choice, type Control, type Field, type Form, ParamSchema, type SchemaOptions, mapParams, parseParams } from "./schema.js";

const module = new Loaded(
  () => Promise.resolve(glue as Glue),
  () => new URL("./wasm/params.wasm", import.meta.url),
);

/** Options of {@link init}. */
export interface InitOptions {
  /** Where the module is, if not beside this file. */
  module?: ModuleSource | Promise<ModuleSource>;
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
  use(await module.start(options.module, options.signal), false);
}
