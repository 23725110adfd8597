// Parameters and the schemas of users: their own code is called, so that refinements, transforms, defaults and coercion keep
// their meaning; plain JSON Schema is left to the core.

import type { JsonSchema, StandardSchema } from "./types.js";

/** What a check found: the parameters to be used, or what is wrong. */
export type Checked = { valid: unknown } | { invalid: Issue[]; told: string };

/** One thing that is wrong. */
export interface Issue {
  /** JSON Pointer. */
  path: string;
  message: string;
}

interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

type StandardResult = { value: unknown; issues?: undefined } | { issues: readonly StandardIssue[] };

/** True for a schema of Zod, Valibot, ArkType and their like, which is called. */
export function isCallable(schema: StandardSchema | JsonSchema | undefined): schema is StandardSchema {
  if (schema === undefined || schema === null) return false;
  const standard = (schema as { "~standard"?: unknown })["~standard"];
  return typeof standard === "object" && standard !== null;
}

/** Checks parameters; no parameters are an empty object. */
export async function check(schema: StandardSchema, params: unknown): Promise<Checked> {
  const result = (await schema["~standard"].validate(params ?? {})) as StandardResult;
  if (!result.issues) return { valid: result.value };
  const invalid = result.issues.map(({ message, path }) => ({ path: pointer(path), message }));
  return { invalid, told: JSON.stringify(result.issues, null, 2) };
}

function pointer(path: StandardIssue["path"]): string {
  const steps = (path ?? []).map((step) => String(typeof step === "object" ? step.key : step));
  return steps.map((step) => `/${step.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/**
 * The JSON Schema of what a caller may send: of the input, so that fields with defaults are optional. `null` when the schema
 * cannot say; it still holds on the server.
 */
export function describe(schema: StandardSchema): JsonSchema | null {
  const standard = schema["~standard"] as unknown as {
    jsonSchema?: { input?: (options: { target: string }) => JsonSchema };
  };
  const other = schema as unknown as {
    toJSONSchema?: (options: object) => JsonSchema;
    toJsonSchema?: (options?: object) => JsonSchema;
  };
  const ways = [
    // Zod: dates and transforms have no form in JSON Schema and are left open instead of failing.
    () => other.toJSONSchema?.({ io: "input", unrepresentable: "any", target: "draft-2020-12" }),
    () => standard.jsonSchema?.input?.({ target: "draft-2020-12" }),
    () => other.toJsonSchema?.(),
  ];
  for (const way of ways) {
    try {
      const found = way();
      if (found) return JSON.parse(JSON.stringify(found)) as JsonSchema;
    } catch {
      // The next way may do.
    }
  }
  return null;
}
