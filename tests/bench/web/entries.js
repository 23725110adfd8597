// What each library is bundled and asked as: `make(schema)` gives `check(value)`, which gives true for what is valid; `hand(size)`
// does so for schemas that a program writes in the library's own way, here those of `cases.js`.

/** The two schemas in Zod's own words; `w` are those in which its two forms differ. */
const BY_HAND = `
const small = () => z.strictObject({ catalog: z.string(), schema: z.string(), day: z.string(), full: w.maybe(z.boolean()) });
const column = () => z.strictObject({ name: w.text(0, 64, /^[a-z][a-z0-9_]*$/), type: z.enum(["string", "bigint", "double", "date", "timestamp"]), nullable: w.maybe(z.boolean()), comment: w.maybe(w.text(0, 200)) });
function large() {
  const shape = {
    source: z.union([z.strictObject({ table: z.string() }), z.strictObject({ path: z.string() })]),
    columns: w.list(column(), 1, 100),
    owner: z.email(),
    day: z.iso.date(),
    since: z.iso.datetime({ offset: true }),
    run: z.uuid(),
    limits: z.strictObject({ rows: w.whole(1, 1_000_000_000), bytes: w.whole(0, Number.MAX_SAFE_INTEGER), ratio: w.maybe(w.share()) }),
    tags: w.unique(z.array(w.text(1, 32))),
  };
  for (let n = 0; n < 16; n++) shape["text_" + n] = w.maybe(w.text(1, 80, /^[A-Za-z0-9 ._-]+$/));
  for (let n = 0; n < 10; n++) shape["number_" + n] = w.maybe(w.whole(n, 1000 + n));
  for (let n = 0; n < 6; n++) shape["choice_" + n] = w.maybe(z.enum(["full", "incremental", "snapshot", "mode " + n]));
  return z.strictObject(shape);
}
const all = (list) => new Set(list).size === list.length;
export const hand = (size) => { const s = size === "small" ? small() : large(); return (v) => s.safeParse(v).success; };
`;

const ZOD = `import * as z from "zod";
const w = {
  maybe: (s) => s.optional(),
  text: (min, max, pattern) => { const s = z.string().min(min).max(max); return pattern ? s.regex(pattern) : s; },
  whole: (min, max) => z.int().min(min).max(max),
  share: () => z.number().gt(0).lte(1),
  list: (s, min, max) => z.array(s).min(min).max(max),
  unique: (s) => s.refine(all),
};`;

const MINI = `import * as z from "zod/mini";
const w = {
  maybe: (s) => z.optional(s),
  text: (min, max, pattern) => z.string().check(z.minLength(min), z.maxLength(max), ...(pattern ? [z.regex(pattern)] : [])),
  whole: (min, max) => z.int().check(z.gte(min), z.lte(max)),
  share: () => z.number().check(z.gt(0), z.lte(1)),
  list: (s, min, max) => z.array(s).check(z.minLength(min), z.maxLength(max)),
  unique: (s) => s.check(z.refine(all)),
};`;

export const ENTRIES = {
  "zod 4": ZOD + BY_HAND,
  "zod 4, fromJSONSchema": `import * as z from "zod";
export const make = (schema) => { const s = z.fromJSONSchema(schema); return (v) => s.safeParse(v).success; };`,
  "zod/mini": MINI + BY_HAND,
  ajv: `import Ajv from "ajv/dist/2020.js"; import formats from "ajv-formats";
export const make = (schema) => { const ajv = new (Ajv.default ?? Ajv)({ allErrors: true }); (formats.default ?? formats)(ajv); return ajv.compile(schema); };`,
};

/** The same with the small schema alone: what a page with that one schema loads. */
export const smallOnly = (entry) => entry.replace('size === "small" ? small() : large()', "small()");

/** Ours, from the built package. */
export const OURS = `import init, { ParamSchema } from "./params.js";
export const start = init;
export const make = (schema) => { const s = new ParamSchema(schema); return (v) => s.validate(v).length === 0; };`;
