// The shared vectors through the browser's modules: in Node.js, and the same calls again in Chromium, whose answers must be the
// same to the byte.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { parse } from "../../dist/web/core.js";
import initParams, * as small from "../../dist/web/params.js";
import { text } from "../support/lossless.js";
import { cases, expand, vectorTests } from "../support/vectors.js";
import { openPage } from "./browser.js";
import { glueOf } from "./support.js";

const NAMES = ["every", "extra", "full", "params"];
const glues = Object.fromEntries(await Promise.all(NAMES.map(async (name) => [name, await glueOf(name)])));
const every = JSON.parse(glues.every.rules());
const calls = Object.fromEntries(NAMES.map((name) => [name, []]));

/** Calls a rule and remembers what it gave, for Chromium. */
function through(name, glue) {
  return (rule, input) => {
    const text = glue.callRule(rule, input);
    calls[name].push([rule, input, text]);
    // The addon writes integers that a double would round as texts.
    return JSON.stringify(parse(text, "text"));
  };
}

// The browser waits by a stream of its host, not by a machine of its own.
for (const [name, glue] of Object.entries(glues)) {
  const rules = JSON.parse(glue.rules());
  vectorTests(`${name}.wasm`, {
    call: through(name, glue),
    rules,
    missing: [...every, "wait"].filter((rule) => !rules.includes(rule)),
  });
}

// Rules of pages that have no vectors of their own are held to those of the rules beside them, and to the answers of the module that
// has both, to the last word. A module without time zones says so, and its caller then asks another.
const asked = (name, rule, input) => JSON.parse(through(name, glues[name])(rule, text(input)));
const answered = (rule, input) => JSON.parse(JSON.stringify(parse(glues.every.callRule(rule, text(input)), "text")));
const told = (problems) => problems.map(({ code, path, severity }) => `${path} ${code} ${severity}`).sort();

for (const [name, least] of [["every", 85], ["extra", 85], ["full", 75]]) {
  test(`${name}.wasm: lint.json by validate_job`, () => {
    let compared = 0;
    for (const { name: kase, input, expect } of cases("lint.json").map((kase) => ({ ...kase, input: expand(kase.input) }))) {
      if (input.api) continue;
      const found = asked(name, "validate_job", { job: input.job });
      if (name === "full" && found.some(({ code }) => code === "bad_time_zone")) continue;
      assert.deepEqual(told(found), told(expect), kase);
      assert.deepEqual(found, answered("lint", input), kase);
      const placed = asked(name, "validate_job", { text: text(input.job), file: ".json" });
      assert.deepEqual(placed.map(({ position: _, ...problem }) => problem), found, kase);
      compared++;
    }
    assert.ok(compared >= least, `${compared} cases`);
  });
}

for (const [name, least] of [["every", 85], ["extra", 85], ["full", 40]]) {
  test(`${name}.wasm: schedule.json by next_fire_times`, () => {
    let compared = 0;
    for (const { name: kase, input, expect } of cases("schedule.json")) {
      if (name === "full" && !/^(UTC|GMT.*)$/.test(input.timezone)) continue;
      // What is sound and fits no date is a problem of a definition; here it has no times.
      const times = expect.codes?.includes("cron_never_fires") ? [] : expect;
      if (Array.isArray(times)) assert.deepEqual(asked(name, "next_fire_times", input), times, kase);
      else assert.throws(() => asked(name, "next_fire_times", input), (thrown) => JSON.parse(thrown).code === "INVALID_ARGUMENT", kase);
      compared++;
    }
    assert.ok(compared >= least, `${compared} cases`);
  });
}

for (const name of ["every", "full"]) {
  test(`${name}.wasm: reference.json by resolve_references`, () => {
    for (const { name: kase, input, expect } of cases("reference.json")) {
      const { text: value, ...others } = input;
      const found = asked(name, "resolve_references", { value, ...others });
      if ("text" in expect) assert.deepEqual(found, { value: expect.text }, kase);
      else assert.deepEqual(found, answered("reference", input), kase);
    }
  });
}

test("params.wasm: params.json through the class", async () => {
  await initParams();
  for (const { name, input, expect } of cases("params.json")) {
    // Schemas that refer to other documents are not compiled by the class.
    if (input.resources && Object.keys(input.resources).length > 0) continue;
    let found;
    try {
      const schema = new small.ParamSchema(input.schema);
      found = expect.warnings ? { warnings: schema.warnings } : { violations: schema.validate(input.instance ?? null) };
    } catch (error) {
      assert.ok(error instanceof small.LakeflowError, `${name}: ${error}`);
      found = { problems: error.problems };
    }
    const told = (list) => list?.map(({ code, path, keyword, message }) => (code ? { code, path } : { path, keyword, message }));
    for (const key of ["problems", "warnings", "violations"]) assert.deepEqual(told(found[key]), told(expect[key]), name);
  }
});

test("the same calls give the same in Chromium", { timeout: 300_000 }, async () => {
  const page = await openPage();
  after(() => page.close());
  for (const name of NAMES) {
    assert.ok(calls[name].length > (name === "params" ? 50 : 100), `${calls[name].length} calls of ${name}`);
    const differ = await page.evaluate(
      async ([module, list]) => {
        const glue = await import(`/dist/web/wasm/${module}.js`);
        await glue.default({ module_or_path: await WebAssembly.compileStreaming(fetch(`/dist/web/wasm/${module}.wasm`)) });
        return list.filter(([rule, input, text]) => glue.callRule(rule, input) !== text).map(([rule, input]) => rule + input.slice(0, 200));
      },
      [name, calls[name]],
    );
    assert.deepEqual(differ, []);
  }
});
