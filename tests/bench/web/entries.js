// What each library is bundled and asked as: `make(schema)` gives `check(value)`, which gives true for what is valid.

export const ENTRIES = {
  "zod 4": `import * as z from "zod";
export const hand = () => { const s = z.strictObject({ catalog: z.string(), schema: z.string(), day: z.string(), full: z.boolean().optional() }); return (v) => s.safeParse(v).success; };`,
  "zod 4, fromJSONSchema": `import * as z from "zod";
export const make = (schema) => { const s = z.fromJSONSchema(schema); return (v) => s.safeParse(v).success; };`,
  "zod/mini": `import * as z from "zod/mini";
export const hand = () => { const s = z.strictObject({ catalog: z.string(), schema: z.string(), day: z.string(), full: z.optional(z.boolean()) }); return (v) => s.safeParse(v).success; };`,
  ajv: `import Ajv from "ajv/dist/2020.js"; import formats from "ajv-formats";
export const make = (schema) => { const ajv = new (Ajv.default ?? Ajv)({ allErrors: true }); (formats.default ?? formats)(ajv); return ajv.compile(schema); };`,
};

/** Ours, from the built package. */
export const OURS = `import init, { ParamSchema } from "./params.js";
export const start = init;
export const make = (schema) => { const s = new ParamSchema(schema); return (v) => s.validate(v).length === 0; };`;
