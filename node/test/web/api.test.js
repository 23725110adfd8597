// The functions of `lakeflow-jobs/web` in Node.js: what comes out, and what bad input says.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import init, {
  Dag,
  LakeflowError,
  ParamSchema,
  RunView,
  mapParams,
  nextFireTimes,
  resolveReferences,
  validateJob,
} from "../../dist/web/index.js";

const schema = {
  type: "object",
  required: ["day", "rows"],
  additionalProperties: false,
  properties: {
    day: { type: "string", format: "date", title: "Day" },
    rows: { type: "integer", minimum: 1 },
    name: { type: "string", pattern: "^(?!tmp)\\p{L}+$" },
  },
};

test("before init() everything says so", async () => {
  await assert.rejects(validateJob({}), { code: "INVALID_STATE" });
  await assert.rejects(nextFireTimes("0 0 2 * * ?"), { code: "INVALID_STATE" });
  assert.throws(() => new ParamSchema(schema), { code: "INVALID_STATE", message: /await init\(\)/ });
});

test("loading says what went wrong, and can be tried again", async () => {
  const wrong = (body, type) => new Response(body, { headers: { "content-type": type } });
  await assert.rejects(init({ module: wrong("<!doctype html>", "text/html") }), { code: "MALFORMED", message: /text\/html/ });
  await assert.rejects(init({ module: new Response("", { status: 404 }) }), { code: "NOT_FOUND" });
  await assert.rejects(init({ module: new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 9, 9]) }), { code: "UNSUPPORTED", message: /cut off/ });
  // A sound module that is not this one: of another build, or of another program.
  const other = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  await assert.rejects(init({ module: other }), { code: "MALFORMED", message: /another program/ });
  const smaller = readFileSync(new URL("../../dist/web/wasm/params.wasm", import.meta.url));
  await assert.rejects(init({ module: smaller }), { code: "MALFORMED", message: /not the one of this version/ });
  await assert.rejects(init({ module: new URL("file:///nowhere.wasm") }), { code: "NOT_FOUND" });
  await assert.rejects(init({ module: "http://127.0.0.1:9/x.wasm" }), { code: "UNREACHABLE" });
  const { WebAssembly: kept } = globalThis;
  globalThis.WebAssembly = undefined;
  await assert.rejects(init(), { code: "UNSUPPORTED", message: /no WebAssembly/ });
  globalThis.WebAssembly = kept;
  const module = readFileSync(new URL("../../dist/web/wasm/full.wasm", import.meta.url));
  await init({ module: wrong(module, "application/octet-stream") });
});

test("a form from its schema, and back", async () => {
  await init();
  const params = new ParamSchema(schema);
  assert.deepEqual(params.describe().fields.map(({ name, control, required }) => [name, control, required]), [
    ["day", "date", true],
    ["rows", "number", true],
    ["name", "text", false],
  ]);
  const form = new FormData();
  for (const [name, value] of [["day", "31.1.2026"], ["rows", "9007199254740993"], ["name", "tmpé"]]) form.append(name, value);
  const given = params.coerceForm(form);
  assert.deepEqual(given, { day: "31.1.2026", rows: 9007199254740993n, name: "tmpé" });
  assert.deepEqual(params.validate(given).map(({ path, keyword }) => [path, keyword]), [["/day", "format"], ["/name", "pattern"]]);
  assert.ok(params.isValid({ day: "2026-01-31", rows: 1, name: "Émile" }));
  form.append("file", new Blob(["x"]), "x.txt");
  assert.throws(() => params.coerceForm(form), { code: "INVALID_ARGUMENT", message: /holds a file/ });
  assert.throws(() => params.coerceForm([["rows", 5]]), { code: "INVALID_ARGUMENT", message: /holds a value of type number/ });
  assert.throws(() => params.coerceForm(undefined), { code: "INVALID_ARGUMENT", message: /FormData/ });
  params.free();
});

test("values without a form in JSON are violations, not silence", () => {
  const cycle = {};
  cycle.self = cycle;
  const params = new ParamSchema({});
  assert.deepEqual(params.validate({ a: NaN, b: [() => 1] }).map(({ path, keyword }) => [path, keyword]), [["/a", "json"], ["/b/0", "json"]]);
  assert.equal(params.validate(cycle)[0].keyword, "json");
  const halves = { "a/b": "x\ud83d", "\ude00": 1, whole: "\ud83d\ude00", said: "\\ud83d" };
  assert.deepEqual(params.validate(halves).map(({ path, keyword }) => [path, keyword]), [["/a~1b", "json"], ["/\ude00", "json"]]);
  assert.equal(params.isValid(halves), false);
  // Thirty objects, and a thousand million values as JSON.
  let shared = [];
  for (let n = 0; n < 30; n++) shared = [shared, shared];
  assert.match(params.validate(shared)[0].message, /more than 10000000 values/);
});

test("a schema that is no schema says all that is wrong", () => {
  assert.throws(() => new ParamSchema({ type: "strin", minimum: "1", properties: { a: 3 } }), (error) => {
    assert.ok(error instanceof LakeflowError && error.code === "INVALID_ARGUMENT");
    assert.deepEqual(error.problems.map(({ path }) => path), ["/minimum", "/properties/a", "/type"]);
    return true;
  });
  assert.throws(() => new ParamSchema("nonsense"), { code: "INVALID_ARGUMENT" });
  assert.throws(() => new ParamSchema({ $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } }), (error) =>
    error.problems.some(({ code }) => code === "endless_ref"));
  assert.throws(() => new ParamSchema({ pattern: "\\p{Nonsense}" }), (error) => error.problems[0].code === "bad_pattern");
});

test("hostile schemas and large parameters end", () => {
  const defs = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`d${n}`, { allOf: [{ $ref: `#/$defs/d${n + 1}` }, { $ref: `#/$defs/d${n + 1}` }] }]));
  const doubling = new ParamSchema({ $ref: "#/$defs/d0", $defs: { ...defs, d60: { type: "integer" } } });
  assert.equal(doubling.validate(1).at(-1).keyword, "limit");
  const evil = "a".repeat(9_000) + "!";
  for (const pattern of ["(a+)+$", "^(a|aa)+$", "^(?=(a+)+$)b", "^(a+)\\1+\\1(?<!b)c$"]) {
    assert.equal(new ParamSchema({ pattern }).isValid(evil), false, pattern);
  }
  let deep = 1;
  for (let n = 0; n < 500; n++) deep = [deep];
  assert.throws(() => new ParamSchema({}).validate(deep), LakeflowError);
  const rows = Array.from({ length: 60_000 }, (_, id) => ({ id, name: "some text that is not short at all", tags: ["a", "b"], ok: true }));
  assert.ok(JSON.stringify(rows).length > 5_000_000);
  const table = new ParamSchema({ items: { required: ["id"], properties: { id: { type: "integer", maximum: 59_998 } } } });
  assert.deepEqual(table.validate(rows).map(({ path }) => path), ["/59999/id"]);
});

test("parameters are mapped, or told why not", () => {
  assert.deepEqual(mapParams("notebook", { n: 1, big: 9007199254740993n }), { notebook_params: { n: "1", big: "9007199254740993" } });
  assert.throws(() => mapParams("notebook", { a: { b: 1 } }), { code: "INVALID_PARAMETERS", message: /a:/ });
  assert.throws(() => mapParams("notebook", { a: NaN }), { code: "INVALID_PARAMETERS", message: /NaN/ });
  assert.throws(() => mapParams("notbook", {}), { code: "INVALID_ARGUMENT", message: /not a task type/ });
});

test("a module that is loaded later says what went wrong, and can be tried again", async () => {
  await init({ extra: new URL("file:///nowhere.wasm") });
  await assert.rejects(validateJob("name: x"), { code: "NOT_FOUND", message: /nowhere/ });
  await assert.rejects(nextFireTimes("0 0 2 * * ?", { timezone: "Europe/Warsaw" }), { code: "NOT_FOUND" });
  // What the page's own module has is answered all the same.
  assert.deepEqual((await validateJob({ name: "x" })).map(({ code }) => code), ["no_tasks"]);
  assert.equal((await nextFireTimes("0 0 2 * * ?", { count: 2 })).length, 2);
  // One that is sound, with other rules.
  await init({ extra: readFileSync(new URL("../../dist/web/wasm/params.wasm", import.meta.url)) });
  await assert.rejects(validateJob("name: x"), { code: "MALFORMED", message: /not the one of this version/ });
  await init({ extra: new URL("../../dist/web/wasm/extra.wasm", import.meta.url) });
  assert.deepEqual((await validateJob("name: x")).map(({ code }) => code), ["no_tasks"]);
});

test("definitions as JSON, YAML and values, with their places", async () => {
  // None of them has tasks, and that is not what they are about.
  const others = (problems) => problems.filter(({ code }) => code !== "no_tasks");
  const at = (problems) => others(problems).map(({ code, position }) => [code, position?.line, position?.column]);
  const json = '{\n "name": "x",\n "max_concurrent_runs": 5000\n}';
  assert.deepEqual(at(await validateJob(json)), [["out_of_range", 3, 25]]);
  const yaml = "name: x\nmax_concurrent_runs: 5000\nschedule:\n  quartz_cron_expression: 0 0 2 * * ?\n  timezone_id: Europe/Warsw\n";
  assert.deepEqual(at(await validateJob(yaml)), [["out_of_range", 2, 22], ["bad_time_zone", 5, 16]]);
  assert.deepEqual(at(await validateJob({ name: "x", max_concurrent_runs: 5000 })), [["out_of_range", undefined, undefined]]);
  assert.deepEqual(at(await validateJob("{name: x, max_concurrent_runs: 5000}")), [["out_of_range", 1, 32]]);
  assert.equal((await validateJob('{"name": "x"'))[0].code, "bad_json");
  const sound = { name: "x", schedule: { quartz_cron_expression: "0 0 2 * * ?", timezone_id: "Europe/Warsaw" } };
  assert.deepEqual(others(await validateJob(sound)), []);
});

test("fire times in UTC and in zones", async () => {
  const after = "2026-03-27T12:00:00Z";
  assert.equal((await nextFireTimes("0 0 2 * * ?", { after, count: 1 }))[0].utc, "2026-03-28T02:00:00Z");
  const fires = await nextFireTimes("0 0 2 * * ?", { timezone: "Europe/Warsaw", after, count: 3 });
  assert.deepEqual(fires.map(({ utc }) => utc), ["2026-03-28T01:00:00Z", "2026-03-30T00:00:00Z", "2026-03-31T00:00:00Z"]);
  await assert.rejects(nextFireTimes("0 0 2 * * ?", { timezone: null }), { code: "INVALID_ARGUMENT", message: /timezone null/ });
  await assert.rejects(nextFireTimes("0 60 * * * ?"), { code: "INVALID_ARGUMENT", message: /60 is not in 0-59/ });
  await assert.rejects(nextFireTimes("0 0 2 * * ?", { timezone: "Mars/Olympus" }), { code: "INVALID_ARGUMENT", message: /Mars/ });
});

test("references", () => {
  const context = { job: { parameters: { day: "2026-01-31" } } };
  assert.deepEqual(resolveReferences({ a: "{{job.parameters.day}}" }, context), { value: { a: "2026-01-31" } });
  assert.equal(resolveReferences("{{job.parameters.dya}}", context).unresolved.length, 1);
});

test("what runs if a task fails", () => {
  const dag = new Dag([
    { task_key: "load" },
    { task_key: "clean", depends_on: [{ task_key: "load" }] },
    { task_key: "alert", depends_on: [{ task_key: "clean" }], run_if: "AT_LEAST_ONE_FAILED" },
  ]);
  assert.deepEqual(dag.layers, [["load"], ["clean"], ["alert"]]);
  assert.deepEqual(dag.ifFails("load"), { tasks: { load: "FAILED", clean: "UPSTREAM_FAILED", alert: "SUCCESS" }, job: "SUCCESS_WITH_FAILURES" });
  assert.deepEqual(dag.simulate().tasks.alert, "EXCLUDED");
  assert.equal(dag.layout().nodes.length, 3);
  assert.throws(() => dag.ifFails("laod"), { code: "INVALID_ARGUMENT", message: /"laod" is not a task/ });
  assert.deepEqual(new Dag({ name: "no tasks yet" }).layers, []);
  for (const none of [undefined, null, "tasks", { tasks: "load" }]) assert.throws(() => new Dag(none), { code: "INVALID_ARGUMENT" });
  assert.throws(() => new Dag([{ task_key: "a", depends_on: [{ task_key: "a" }] }]), { code: "INVALID_DEFINITION", message: /a/ });
});

test("a run from text keeps its ids", () => {
  const view = new RunView('{"run_id": 9007199254740993, "status": {"state": "RUNNING"}}', 5);
  assert.deepEqual([view.runId, view.state, view.terminal], ["9007199254740993", "RUNNING", false]);
  assert.throws(() => new RunView("{"), { code: "MALFORMED", message: /not JSON/ });
});
