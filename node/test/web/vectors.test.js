// The shared vectors through the browser's modules: in Node.js, and the same calls again in Chromium, whose answers must be the
// same to the byte.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { parse } from "../../dist/web/core.js";
import initParams, * as small from "../../dist/web/params.js";
import { vectorTests, cases } from "../support/vectors.js";
import { openPage } from "./browser.js";
import { glueOf } from "./support.js";

const extra = await glueOf("extra");
const full = await glueOf("full");
const params = await glueOf("params");
const calls = { extra: [], full: [], params: [] };

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
vectorTests("extra.wasm", { call: through("extra", extra), rules: JSON.parse(extra.rules()), missing: ["wait"] });

for (const [name, glue] of [["full", full], ["params", params]]) {
  const rules = JSON.parse(glue.rules());
  vectorTests(`${name}.wasm`, {
    call: through(name, glue),
    rules,
    missing: [...JSON.parse(extra.rules()), "wait"].filter((rule) => !rules.includes(rule)),
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
  for (const name of ["extra", "full", "params"]) {
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
