// Bad input in Chromium, where it matters that the page stays alive: no WebAssembly, a module that is served wrong, schemas that are
// none or mean harm, and parameters of five megabytes. Each gives an error or a verdict, and the page answers afterwards.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { openPage } from "./browser.js";
import { DIST } from "./support.js";

/** How the module is served: what is asked for carries one of these names. */
const SERVED = {
  "start-page": (response) => response.setHeader("content-type", "text/html").end("<!doctype html><title>app</title>"),
  "plain-text": (response) => response.setHeader("content-type", "text/plain").end(readFileSync(new URL("wasm/params.wasm", DIST))),
  "cut-off": (response) => response.setHeader("content-type", "application/wasm").end(readFileSync(new URL("wasm/params.wasm", DIST)).subarray(0, 1000)),
  missing: (response) => response.writeHead(404).end(),
};

let page;

before(async () => {
  page = await openPage((request, response) => {
    const how = SERVED[new URL(request.url, "http://x").searchParams.get("served")];
    if (how) how(response);
    return how !== undefined;
  });
});

after(() => page?.close());

/** Runs in the page with the functions of the package; gives what came, or the error's code and message. */
async function inPage(work, input) {
  const told = await page.evaluate(
    async ([source, input]) => {
      const web = await import("/dist/web/params.js");
      try {
        return { value: await new Function(`return ${source}`)()(web, input) };
      } catch (error) {
        return { code: error.code, message: error.message, problems: error.problems?.map(({ code }) => code) };
      }
    },
    [work.toString(), input],
  );
  assert.equal(await page.evaluate("1 + 1"), 2, "the page answers");
  return told;
}

const load = ({ default: init }, served) => init({ module: `/module.wasm?served=${served}` });

test("a module that is served wrong is told, and can be loaded again", async () => {
  const page = await inPage(load, "start-page");
  assert.deepEqual([page.code, page.message.includes("text/html")], ["MALFORMED", true], page.message);
  assert.equal((await inPage(load, "missing")).code, "NOT_FOUND");
  assert.equal((await inPage(load, "cut-off")).code, "UNSUPPORTED");
  const without = await inPage(async ({ default: init }) => {
    const { WebAssembly: kept } = globalThis;
    delete globalThis.WebAssembly;
    try {
      await init();
    } finally {
      globalThis.WebAssembly = kept;
    }
  });
  assert.deepEqual([without.code, /no WebAssembly/.test(without.message)], ["UNSUPPORTED", true]);
  assert.deepEqual(await inPage(load, "plain-text"), { value: undefined }, "a wrong type alone does no harm");
});

test("a schema that is none says all that is wrong", async () => {
  const told = await inPage(({ ParamSchema }) => new ParamSchema({ type: "strin", minimum: "1", properties: { a: 3 } }));
  assert.deepEqual([told.code, told.problems], ["INVALID_ARGUMENT", ["keyword_type", "not_a_schema", "keyword_value"]]);
});

test("hostile schemas end", { timeout: 120_000 }, async () => {
  const told = await inPage(({ ParamSchema }) => {
    const verdicts = {};
    const defs = { last: { type: "integer" } };
    for (let n = 0; n < 60; n++) defs[`d${n}`] = { allOf: Array(2).fill({ $ref: n === 59 ? "#/$defs/last" : `#/$defs/d${n + 1}` }) };
    verdicts.doubling = new ParamSchema({ $ref: "#/$defs/d0", $defs: defs }).validate(1).at(-1).keyword;
    verdicts.recursive = new ParamSchema({ properties: { a: { $ref: "#" } }, additionalProperties: false }).isValid({ a: { a: { a: {} } } });
    const text = "a".repeat(9_000) + "!";
    for (const pattern of ["(a+)+$", "^(a|aa)+$", "^(?=(a+)+$)b", "^(a+)\\1+\\1(?<!b)c$"]) {
      verdicts[pattern] = new ParamSchema({ pattern }).isValid(text);
    }
    for (const [name, schema] of Object.entries({
      loop: { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } },
      grows: { pattern: "(((a{100}){100}){100}){100}" },
      deep: Array.from({ length: 200 }).reduce((inner) => ({ not: inner }), true),
      wide: { allOf: Array.from({ length: 30_000 }, (_, n) => ({ minimum: n })) },
      anchors: { $defs: Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`a${n}`, { $anchor: "same", minimum: n }])) },
    })) {
      try {
        new ParamSchema(schema);
        verdicts[name] = "compiled";
      } catch (error) {
        verdicts[name] = error.problems?.[0]?.code ?? error.code;
      }
    }
    return verdicts;
  });
  assert.deepEqual(told.value, {
    doubling: "limit",
    recursive: true,
    "(a+)+$": false,
    "^(a|aa)+$": false,
    "^(?=(a+)+$)b": false,
    "^(a+)\\1+\\1(?<!b)c$": false,
    loop: "endless_ref",
    grows: "bad_pattern",
    // JSON text is read 127 deep.
    deep: "MALFORMED",
    wide: "schema_too_large",
    anchors: "duplicate_anchor",
  }, JSON.stringify(told));
});

test("a worker takes it all off the page", { timeout: 120_000 }, async () => {
  const told = await page.evaluate(() => {
    const program = `
      import init, { ParamSchema, nextFireTimes } from "${location.origin}/dist/web/index.js";
      await init();
      const found = new ParamSchema({ pattern: "^(a+)+$" }).validate("a".repeat(200_000) + "!");
      postMessage([found[0].keyword, (await nextFireTimes("0 0 2 * * ?", { timezone: "Europe/Warsaw", count: 1 })).length]);`;
    const worker = new Worker(URL.createObjectURL(new Blob([program], { type: "text/javascript" })), { type: "module" });
    return new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    });
  });
  assert.deepEqual(told, ["pattern", 1]);
});

test("parameters of five megabytes get their verdict", { timeout: 120_000 }, async () => {
  const told = await inPage(({ ParamSchema }) => {
    const rows = Array.from({ length: 60_000 }, (_, id) => ({ id, name: "some text that is not short at all", tags: ["a", "b"], share: id / 7 }));
    const schema = new ParamSchema({ items: { required: ["id"], properties: { id: { type: "integer", maximum: 59_998 } } } });
    return [JSON.stringify(rows).length > 5_000_000, schema.validate(rows).map(({ path }) => path)];
  });
  assert.deepEqual(told, { value: [true, ["/59999/id"]] });
});
