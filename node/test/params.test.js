// Parameter schemas: verdicts, and values and schemas that make no sense.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { Jobs, LakeflowError, ParamSchema } from "lakeflow-jobs";

const schema = new ParamSchema({
  type: "object",
  required: ["day"],
  additionalProperties: false,
  properties: { day: { type: "string", format: "date" }, rows: { type: "integer", minimum: 0 }, tags: { items: { type: "string" } } },
});

test("all violations come with path, keyword and message", () => {
  assert.deepEqual(schema.validate({ day: "2026-01-31", rows: 3 }), []);
  const found = schema.validate({ day: "today", rows: -1, extra: 1 });
  assert.deepEqual(found.map(({ path, keyword }) => [path, keyword]), [["/day", "format"], ["/extra", "additionalProperties"], ["/rows", "minimum"]]);
  assert.ok(found.every(({ message }) => message.length > 10));
  assert.equal(schema.isValid({ day: "2026-01-31" }), true);
  assert.equal(schema.isValid({}), false);
});

test("a schema that is none is refused with all that is wrong", () => {
  const refused = (bad) => {
    try {
      new ParamSchema(bad);
    } catch (error) {
      assert.ok(error instanceof LakeflowError, String(error));
      assert.equal(error.code, "INVALID_ARGUMENT");
      return error;
    }
    throw new Error("it was not refused");
  };
  const error = refused({ type: "strnig", properties: { a: { minimum: "1" } }, pattern: "(" });
  assert.deepEqual(error.problems.map(({ path }) => path).sort(), ["/pattern", "/properties/a/minimum", "/type"]);
  assert.equal(refused(7).problems[0].code, "not_a_schema");
  assert.equal(refused("string").problems[0].code, "not_a_schema");
  assert.equal(refused({ $ref: "#" }).problems[0].code, "endless_ref");
  assert.match(refused({ minimum: NaN }).message, /minimum.*NaN/);
  assert.match(refused(undefined).message, /null/);
});

test("values that JSON has no form for are told with their place", () => {
  const told = (value) => schema.validate(value).map(({ path, keyword, message }) => [path, keyword, message]);
  assert.deepEqual(told({ day: "2026-01-31", rows: NaN }), [["/rows", "json", "a value of type NaN has no form in JSON"]]);
  assert.deepEqual(told({ tags: ["a", Infinity, () => 1] }).map(([path]) => path), ["/tags/1", "/tags/2"]);
  assert.deepEqual(told({ "a/b~c": Symbol("x") })[0][0], "/a~1b~0c");
  assert.equal(told(new Map([["a", 1]]))[0][2], "a value of type Map has no form in JSON");
  const cycle = { day: "2026-01-31" };
  cycle.self = { back: [cycle] };
  assert.deepEqual(told(cycle), [["/self/back/0", "json", "a value of type cycle has no form in JSON"]]);
  // The same object twice is no cycle.
  const tag = {};
  assert.deepEqual(new ParamSchema(true).validate([tag, tag]), []);
  assert.equal(schema.isValid({ rows: NaN }), false);
});

test("integers of any size are exact", () => {
  const exact = new ParamSchema({ const: 0, maximum: 1 });
  assert.match(exact.validate(9007199254740993n)[0].message, /9007199254740993/);
  const bounded = new ParamSchema({ properties: { id: { type: "integer", maximum: 9007199254740992 } } });
  assert.equal(bounded.isValid({ id: 9007199254740992n }), true);
  assert.equal(bounded.isValid({ id: 9007199254740993n }), false);
  assert.equal(new ParamSchema({ type: "integer" }).isValid(2n ** 200n), true);
});

test("names that could poison a prototype are names like others", () => {
  const params = JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": 1}}');
  const closed = new ParamSchema({ additionalProperties: false });
  assert.deepEqual(closed.validate(params).map(({ path }) => path), ["/__proto__", "/constructor"]);
  assert.equal({}.polluted, undefined);
});

test("hostile input ends in bounded work", () => {
  let deep = {};
  for (let n = 0; n < 100_000; n++) deep = { deep };
  const open = new ParamSchema(true);
  assert.equal(open.validate(deep)[0].keyword, "json");
  const evil = new ParamSchema({ pattern: "^(a+)+$" });
  assert.equal(evil.validate(`${"a".repeat(9000)}!`)[0].keyword, "pattern");
  const large = { rows: Array.from({ length: 100_000 }, (_, n) => ({ n, text: "some text" })) };
  assert.deepEqual(open.validate(large), []);
});

test("warnings name what has no effect", () => {
  assert.deepEqual(new ParamSchema({ tpye: "string" }).warnings.map(({ code, path }) => [code, path]), [["unknown_keyword", "/tpye"]]);
});

test("a schema of one module format holds in a client of the other", async () => {
  const common = createRequire(import.meta.url)("lakeflow-jobs");
  assert.notEqual(common.ParamSchema, ParamSchema);
  for (const [Client, Schema] of [[Jobs, common.ParamSchema], [common.Jobs, ParamSchema]]) {
    const etl = { id: 1, params: new Schema({ type: "object", required: ["day"] }) };
    const transport = async () => ({ status: 200, body: '{"run_id":1}' });
    const job = new Client({ host: "https://host", token: "t", discover: false, jobs: { etl }, transport }).job("etl");
    await assert.rejects(job.runNow({}), (error) => error instanceof LakeflowError && error.code === "INVALID_PARAMETERS");
    assert.equal(await job.runNow({ day: "x" }), 1);
  }
});
