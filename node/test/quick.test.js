// The quick check of parameters beside the core: what it accepts the core accepts, whatever the schema and the value; and it is
// worth having, since it knows nearly all values that are right.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inspect } from "node:util";
import { ParamSchema } from "lakeflow-jobs";
import { quick } from "../dist/quick.js";

/** The core's own verdict, without the quick check before it. */
function coreSays(schema, value) {
  const text = JSON.stringify(value);
  return text !== undefined && ParamSchema.handleOf(schema).isValid(text);
}

/** Numbers that look random and are the same in every run. */
function seeded(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const WORDS = ["", "a", "main", "2026-01-31", "Ω", "x😀", "\ud800", "__proto__", "with space", "UPPER", "a-b_c.9", "line\nbreak", "toJSON"];
const NUMBERS = [0, -0, 1, -1, 0.5, 10, 1e21, 2 ** 53, 2 ** 53 - 1, -7, 1.5e-7, NaN, Infinity];
const PATTERNS = ["^[a-z][a-z0-9_]*$", "^[A-Za-z0-9 ._-]+$", "^a", "b$", "^x?[0-9]{1,4}", "(a|b)+", "^[^a]*$", "\\d", "^main$", "^[a-c]{2}[a-z]+$"];

function schemaFrom(pick, depth = 0) {
  const one = (list) => list[pick(list.length)];
  const schema = {};
  const types = ["string", "number", "integer", "boolean", "null", "array", "object"];
  if (pick(4) > 0) schema.type = pick(5) === 0 ? [one(types), one(types)].filter((type, n, all) => all.indexOf(type) === n) : one(types);
  const keywords = {
    enum: () => [...new Set([one(WORDS.filter((word) => word !== "\ud800")), pick(3), null, true])],
    const: () => one(["main", 1, null, false, 0.5]),
    minimum: () => one([0, -1, 0.5, 9]), maximum: () => one([10, 0, 2 ** 53]), exclusiveMinimum: () => 0, exclusiveMaximum: () => 1,
    minLength: () => pick(3), maxLength: () => pick(12), pattern: () => one(PATTERNS), format: () => "date",
    minItems: () => pick(2), maxItems: () => pick(4), uniqueItems: () => true, multipleOf: () => 2,
    required: () => [...new Set([one(WORDS.slice(1, 4)), "b"])].slice(0, pick(3)),
    properties: () => (depth > 2 ? {} : Object.fromEntries(["a", "b", "main", "__proto__"].slice(0, pick(5)).map((name) => [name, schemaFrom(pick, depth + 1)]))),
    additionalProperties: () => (depth > 2 || pick(2) === 0 ? pick(2) === 0 : schemaFrom(pick, depth + 1)),
    items: () => (depth > 2 ? true : schemaFrom(pick, depth + 1)),
    title: () => "a title", $comment: () => "a remark", not: () => false, anyOf: () => [true], unknown: () => 1,
  };
  for (let n = pick(5); n > 0; n -= 1) {
    const keyword = one(Object.keys(keywords));
    // Rare ones have no quick check; they are here to show that it stays away from them.
    if (["format", "uniqueItems", "multipleOf", "not", "anyOf", "unknown"].includes(keyword) && pick(5) > 0) continue;
    schema[keyword] = keywords[keyword]();
  }
  return schema;
}

function valueFrom(pick, depth = 0) {
  const one = (list) => list[pick(list.length)];
  switch (pick(depth > 3 ? 5 : 9)) {
    case 0: return one(WORDS);
    case 1: return one(NUMBERS);
    case 2: return pick(20) - 5;
    case 3: return one([true, false, null]);
    case 4: return one([undefined, 7n, new Date(0), Symbol.iterator, () => 1, new Map()].slice(0, pick(30) === 0 ? 6 : 1)) ?? one(WORDS);
    case 5: return Array.from({ length: pick(5) }, () => valueFrom(pick, depth + 1));
    default: return Object.fromEntries(["a", "b", "main", "c", "\ud800", "__proto__"].filter((name) => pick(name === "\ud800" ? 40 : 3) === 0).map((name) => [name, valueFrom(pick, depth + 1)]));
  }
}

/** A value that suits a schema of the generator in most cases, so that there is something to accept. */
function fitting(pick, schema) {
  if (typeof schema !== "object") return pick(5);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[pick(schema.enum.length)];
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case "string": return ["main", "a", "2026-01-31", "abc"][pick(4)];
    case "number": case "integer": return [0, 1, 5, 9, 0.5][pick(type === "number" ? 5 : 4)];
    case "boolean": return true;
    case "null": return null;
    case "array": return Array.from({ length: Math.max(schema.minItems ?? 0, pick(3)) }, () => fitting(pick, schema.items ?? true));
    case "object": {
      const names = [...new Set([...Object.keys(schema.properties ?? {}), ...(schema.required ?? [])])];
      return Object.fromEntries(names.map((name) => [name, fitting(pick, schema.properties?.[name] ?? schema.additionalProperties ?? true)]));
    }
    default: return valueFrom(pick);
  }
}

test("what the quick check accepts the core accepts", () => {
  const pick = seeded(20260131);
  const seen = { schemas: 0, quick: 0, accepted: 0, valid: 0 };
  while (seen.schemas < 6000) {
    const given = schemaFrom(pick);
    let schema;
    try {
      schema = new ParamSchema(given);
    } catch {
      continue;
    }
    seen.schemas += 1;
    const check = quick(JSON.parse(JSON.stringify(given)));
    if (!check) continue;
    seen.quick += 1;
    for (const value of [valueFrom(pick), valueFrom(pick), fitting(pick, given), fitting(pick, given)]) {
      const accepted = check(value);
      const valid = (() => {
        try {
          return coreSays(schema, value);
        } catch {
          return false;
        }
      })();
      if (accepted && !valid) assert.fail(`${JSON.stringify(given)} accepts ${inspect(value)}`);
      seen.accepted += accepted ? 1 : 0;
      seen.valid += valid ? 1 : 0;
    }
  }
  assert.ok(seen.quick > 3000, inspect(seen));
  assert.ok(seen.accepted > 0.8 * seen.valid, inspect(seen));
});

test("the vectors hold for it too", () => {
  const vectors = JSON.parse(readFileSync(new URL("../../tests/vectors/params.json", import.meta.url)));
  let accepted = 0;
  for (const { name, input, expect } of vectors) {
    const { schema, instance } = input;
    if (schema === undefined || instance === undefined) continue;
    const check = quick(schema);
    if (!check?.(instance)) continue;
    accepted += 1;
    assert.deepEqual(expect.violations, [], name);
  }
  assert.ok(accepted >= 5, String(accepted));
});

test("it stays away from what two languages may see in two ways", () => {
  for (const schema of [false, null, 7, [], { $ref: "#" }, { format: "date" }, { uniqueItems: true }, { $schema: "http://json-schema.org/draft-07/schema#" }, { maximum: 2 ** 60 }, { enum: [{}] }, { pattern: "(a+)+" }, { pattern: "[a-z]*x[a-z]*" }, { pattern: "^[a-z]*x[a-z]*" }, { items: { not: true } }]) {
    assert.equal(quick(schema), undefined, JSON.stringify(schema));
  }
  const any = quick(true);
  class Own {}
  for (const value of [undefined, NaN, 1n, "\udc00", { "\ud800": 1 }, [undefined], [, 1], new Own(), { toJSON: () => 1 }, new Date(0), Object("text"), { get a() { throw new Error("no"); } }]) assert.equal(any(value), false);
  let deep = [];
  for (let n = 0; n < 100; n += 1) deep = [deep];
  assert.equal(any(deep), false);
  assert.equal(any(Array.from({ length: 300_000 }, () => 1)), false);
  for (const value of [0, "x😀", null, [], {}, { a: [1, { b: "c" }] }, Object.create(null)]) assert.equal(any(value), true);
});
