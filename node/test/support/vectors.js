// Runs the shared vectors through any form of the core that JavaScript can call: the addon, or the browser's module in Node.js.
//
//   vectorTests("addon", { call: (rule, input) => text, rules: [names], waitMachine: (tick, wall, options) => machine })
//
// `call` takes and gives JSON text, as `lakeflow_core::door` does. A rule that is not in `rules` is not run, and `missing` says
// which may be missing: so a small build can leave out what it does not hold, but nothing goes missing unnoticed.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { digits, parse, text } from "./lossless.js";
import { waitVector } from "./wait-vectors.js";

export const VECTORS = new URL("../../../tests/vectors/", import.meta.url);

/** The cases of a file; in inputs large integers are marked, in expectations they are texts of their digits. */
export function cases(file) {
  const exact = parse(readFileSync(new URL(file, VECTORS), "utf8"));
  assert.ok(exact.length > 0, `${file} has no cases`);
  return exact.map((kase) => ({ ...kase, expect: digits(kase.expect) }));
}

/** Long texts that vectors about limits stand for. */
export function expand(value) {
  if (Array.isArray(value)) return value.map(expand);
  if (value === null || typeof value !== "object") return value;
  if (value.$repeat) return (value.before ?? "") + value.$repeat[0].repeat(value.$repeat[1]) + (value.after ?? "");
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, expand(member)]));
}

/** What of `found` the vectors speak of: members that `expect` does not name are left out, at any depth. */
function narrowed(expect, found) {
  if (Array.isArray(expect) && Array.isArray(found)) {
    return found.map((item, n) => (n < expect.length ? narrowed(expect[n], item) : item));
  }
  if (expect && found && typeof expect === "object" && typeof found === "object" && !Array.isArray(expect)) {
    return Object.fromEntries(Object.keys(expect).map((key) => [key, narrowed(expect[key], found[key])]));
  }
  return found === undefined ? null : found;
}

/** Problems of one value have no order among themselves. */
function sorted(problems) {
  const key = ({ code, path, severity }) => JSON.stringify([code, path, severity]);
  return problems.map(({ code, path, severity }) => ({ code, path, severity })).sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** Files whose expectations say less than the whole answer, or say it in another form. */
const SPECIAL = {
  bundle: bundleCase,
  layout: layoutCase,
  lint: (call, kase) => assert.deepEqual(sorted(call("lint", expand(kase.input))), sorted(kase.expect), kase.name),
  source: sourceCase,
};

/** Rules that only the engine and the command use: Rust alone runs them. */
const ENGINES = /^(trigger|backfill_.*|system_.*)$/;

/** Files where members that the vectors do not name say something for people beside the verdict. */
const NARROWED = new Set(["mapping", "params", "reference", "reference_task", "schedule", "schedule_periodic", "gateway", "registry"]);

export function vectorTests(name, { call: callText, rules, waitMachine, missing = [] }) {
  const call = (rule, input) => JSON.parse(callText(rule, text(input)));
  const files = readdirSync(VECTORS).filter((file) => file.endsWith(".json"));
  for (const file of files) {
    const rule = file.replace(/\.json$/, "");
    if (ENGINES.test(rule)) continue;
    if (rule === "wait") {
      if (waitMachine) test(`${name}: ${file}`, () => cases(file).forEach((kase) => waitVector(waitMachine, kase)));
      else assert.ok(missing.includes(rule), `${name} has no wait machine`);
      continue;
    }
    if (!rules.includes(rule)) {
      assert.ok(missing.includes(rule), `${name} has no rule ${rule}`);
      continue;
    }
    test(`${name}: ${file}`, () => {
      for (const kase of cases(file)) {
        if (SPECIAL[rule]) SPECIAL[rule](call, kase);
        else plainCase(call, rule, kase);
      }
    });
  }
  if (rules.includes("schedule")) test(`${name}: quartz-oracle.txt`, () => quartz(call));
}

function plainCase(call, rule, kase) {
  const found = call(rule, expand(kase.input));
  const shown = NARROWED.has(rule) && !Array.isArray(kase.expect) ? narrowed(kase.expect, found) : found;
  assert.deepEqual(shown, kase.expect, `${rule}: ${kase.name}: ${kase.why}`);
}

function bundleCase(call, { name, input, expect }) {
  const paths = Object.keys(expect.local ?? {});
  const { bundle, problems } = call("bundle", { ...input, ids: expect.ids ?? {}, paths });
  const at = ({ file, line, column }) => (file ? `${file}:${line}:${column}` : `${line}:${column}`);
  const told = (list) => list.map(({ code, path, position }) => ({ code, path, at: position ? at(position) : null }));
  if (expect.problem_codes) assert.deepEqual(problems.map(({ code }) => code), expect.problem_codes, name);
  else assert.deepEqual(told(problems), (expect.problems ?? []).map((p) => ({ at: null, ...p })), name);
  assert.equal(bundle === null, expect.none ?? false, name);
  if (!bundle) return;
  for (const field of ["shape", "name", "target", "mode", "order", "files", "others"]) {
    if (expect[field] !== undefined) assert.deepEqual(bundle[field], expect[field], `${name}: ${field}`);
  }
  for (const field of ["workspace", "variables", "references", "local"]) {
    if (expect[field]) assert.deepEqual(narrowed(expect[field], bundle[field]), expect[field], `${name}: ${field}`);
  }
  for (const [job, wanted] of Object.entries(expect.jobs ?? {})) atPointers(name, bundle.jobs[job], wanted);
  for (const [job, wanted] of Object.entries(expect.resolved ?? {})) atPointers(name, bundle.resolved[job].body, wanted);
  for (const [job, wanted] of Object.entries(expect.unresolved ?? {})) {
    assert.deepEqual(told(bundle.resolved[job].problems), wanted.map((p) => ({ at: null, ...p })), name);
  }
}

function atPointers(name, body, wanted) {
  for (const [pointer, value] of Object.entries(wanted)) {
    const steps = pointer.split("/").slice(1).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
    const found = steps.reduce((here, step) => here?.[step], body) ?? null;
    assert.deepEqual(found, value, `${name}: ${pointer}`);
  }
}

function layoutCase(call, { name, input, expect }) {
  const found = call("layout", input);
  for (const field of ["width", "height", "edges", "critical"]) {
    if (expect[field] !== undefined) assert.deepEqual(found[field], expect[field], `${name}: ${field}`);
  }
  for (const [key, [x, y]] of Object.entries(expect.places ?? {})) {
    const node = found.nodes.find((one) => one.key === key);
    assert.deepEqual([node.x, node.y], [x, y], `${name}: ${key}`);
  }
  if (expect.layers) {
    const layers = [];
    for (const { layer, key } of found.nodes) (layers[layer] ??= []).push(key);
    assert.deepEqual(layers, expect.layers, name);
  }
}

function sourceCase(call, { name, input, expect }) {
  const found = call("source", { ...input, paths: Object.keys(expect.positions ?? {}) });
  const wanted = expect.problems ?? [];
  const problems = found.problems ?? [];
  assert.equal(problems.length, wanted.length, `${name}: ${JSON.stringify(problems)}`);
  problems.forEach((problem, n) => {
    const { code, path = "", line, column, message = "", hint = "" } = wanted[n];
    const { position } = problem;
    assert.deepEqual([problem.code, problem.path, position.line, position.column], [code, path, line, column], name);
    assert.ok(problem.message.includes(message) && (problem.hint ?? "").includes(hint), `${name}: ${problem.message}`);
  });
  if (wanted.length === 0) {
    assert.deepEqual(found.value, expect.value ?? null, name);
    assert.deepEqual(found.positions, expect.positions ?? {}, name);
  }
}

/** Every row of the golden file made by Java Quartz, as the Rust suite reads it. */
function quartz(call) {
  const rows = readFileSync(new URL("quartz-oracle.txt", VECTORS), "utf8").trim().split("\n");
  assert.equal(rows.length, 51 * 4 * 4);
  for (const row of rows) {
    const [cron, timezone, after, answer] = row.split("|");
    // In months without day 31 Quartz answers by where the search started.
    if (cron === "0 0 0 31W * ?") continue;
    const found = call("schedule", { cron, timezone, after, count: 8 });
    if (answer.startsWith("PARSE:")) assert.ok(found.codes.length > 0, row);
    else assert.deepEqual(found.map(({ utc }) => Date.parse(utc) / 1000), answer.split(",").map(Number), row);
  }
}
