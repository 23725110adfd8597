// The official JSON Schema suite for 2020-12 through the browser's module: in Node.js, and once more in Chromium, whose verdicts
// must be the same. The suite in `LAKEFLOW_JSON_SCHEMA_SUITE` is the one that Rust and Python run.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { basename, join, sep } from "node:path";
import { after, test } from "node:test";
import init, { ParamSchema } from "../../dist/web/params.js";
import { openPage } from "./browser.js";

/** `file | case` (`*` at the end for all that start so) and why it is not passed: the list of the Rust suite. */
const SKIPPED = {
  "cross-draft | refs to historic drafts are processed as historic drafts":
    "2020-12 is the only dialect; a document of another one is refused when the schema is compiled",
  "idn-hostname | *": "this format asks for the tables of IDNA 2008; it is not checked, and a warning of the schema says so",
};

function files(folder) {
  return readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".json")).sort();
}

/** Every case of the suite: its schema, its tests, and whether formats are rules in it. */
function suite() {
  const root = process.env.LAKEFLOW_JSON_SCHEMA_SUITE;
  assert.ok(root, "LAKEFLOW_JSON_SCHEMA_SUITE is not set: run `cargo xtask test`, or see CONTRIBUTING.md");
  const read = (path) => JSON.parse(readFileSync(path, "utf8"));
  const remotes = join(root, "remotes");
  const resources = Object.fromEntries(
    files(remotes).map((name) => [`http://localhost:1234/${name.split(sep).join("/")}`, read(join(remotes, name))]),
  );
  const folder = join(root, "tests", "draft2020-12");
  const cases = files(folder).flatMap((name) => {
    // The required part has `format` as a remark; the part for formats has it as a rule.
    const formats = name.startsWith(join("optional", "format")) ? "assert" : "annotate";
    const file = basename(name, ".json");
    return read(join(folder, name)).map((kase) => ({ name: `${file} | ${kase.description}`, formats, ...kase }));
  });
  return { resources, cases };
}

/** What the module makes of the cases: a verdict for each test, or why the schema was refused. Runs in the page, too. */
function verdicts(ParamSchema, text) {
  const { resources, cases } = JSON.parse(text);
  return cases.map(({ schema, formats, tests }) => {
    try {
      const remote = JSON.stringify(schema).includes("localhost:1234");
      const compiled = new ParamSchema(schema, remote ? { formats, resources } : { formats });
      const told = tests.map(({ data }) => [compiled.isValid(data), compiled.validate(data).length === 0]);
      compiled.free();
      return told;
    } catch (error) {
      return String(error);
    }
  });
}

const skips = (name) => Object.keys(SKIPPED).find((key) => (key.endsWith("*") ? name.startsWith(key.slice(0, -1)) : key === name));
const { resources, cases } = suite();
const run = cases.filter(({ name }) => !skips(name));
// As text, which keeps members such as `__proto__` on the way to the page.
const input = JSON.stringify({ resources, cases: run });
let here;

test("the official suite passes through the module", async () => {
  const unused = Object.keys(SKIPPED).filter((key) => !cases.some(({ name }) => skips(name) === key));
  assert.deepEqual(unused, [], "listed as skipped and not in the suite");
  await init();
  here = verdicts(ParamSchema, input);
  const wrong = [];
  let count = 0;
  run.forEach(({ name, tests }, n) => {
    if (typeof here[n] === "string") return wrong.push(`${name}: ${here[n]}`);
    tests.forEach(({ description, valid }, t) => {
      count += 1;
      const [quick, whole] = here[n][t];
      if (quick !== valid || whole !== valid) wrong.push(`${name} | ${description}: expected ${valid}, found ${quick} and ${whole}`);
    });
  });
  assert.deepEqual(wrong, []);
  assert.ok(count > 1800, `only ${count} tests were found`);
});

test("and in Chromium", { timeout: 300_000 }, async () => {
  const page = await openPage();
  after(() => page.close());
  const there = await page.evaluate(
    async ([source, input]) => {
      const web = await import("/dist/web/params.js");
      await web.default();
      return new Function(`return ${source}`)()(web.ParamSchema, input);
    },
    [verdicts.toString(), input],
  );
  assert.deepEqual(there, here);
});
