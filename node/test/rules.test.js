// The functions over plain data.

import assert from "node:assert/strict";
import { test } from "node:test";
import { LakeflowError, callRule, mapParams, nextFireTimes, readState, resolveReferences, simulate, validateJob } from "lakeflow-jobs";

const refusal = (act) => {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof LakeflowError, String(error));
    return error;
  }
  throw new Error("it was not refused");
};

test("a definition is judged as an object and as text", () => {
  const job = { name: "j", tasks: [{ task_key: "a", notebook_task: { notebook_path: "/n" }, depends_on: [{ task_key: "b" }] }] };
  const [problem] = validateJob(job);
  assert.deepEqual([problem.code, problem.path, problem.position], ["unknown_dependency", "tasks[0].depends_on[0].task_key", undefined]);
  const [placed] = validateJob("name: j\ntasks:\n  - task_key: a\n    notebook_task: {notebook_path: /n}\n    depends_on:\n      - task_key: b\n");
  assert.deepEqual([placed.code, placed.position.line, placed.position.column], ["unknown_dependency", 6, 19]);
  assert.deepEqual(validateJob("{broken").map(({ code }) => code), ["bad_yaml"]);
  assert.equal(validateJob([]).length > 0, true);
  assert.equal(refusal(() => validateJob({ timeout_seconds: NaN })).code, "INVALID_ARGUMENT");
});

test("parameters become the fields of a request", () => {
  assert.deepEqual(mapParams("notebook", { n: 1, big: 2n ** 60n, yes: true }), {
    notebook_params: { n: "1", big: "1152921504606846976", yes: "true" },
  });
  assert.deepEqual(mapParams(null, { job_parameters: { a: "b" } }), { job_parameters: { a: "b" } });
  const nested = refusal(() => mapParams("notebook", { a: { b: 1 } }));
  assert.equal(nested.code, "INVALID_PARAMETERS");
  assert.deepEqual(nested.problems.map(({ path }) => path), ["a"]);
  assert.match(refusal(() => mapParams("Notebook", {})).message, /not a task type/);
  assert.match(refusal(() => mapParams("sql", { x: NaN })).message, /NaN/);
});

test("fire times of a Quartz expression", () => {
  const after = "2026-03-27T12:00:00Z";
  assert.deepEqual(
    nextFireTimes("0 0 2 * * ?", { timezone: "Europe/Warsaw", after, count: 2 }).map(({ local }) => local),
    ["2026-03-28T02:00:00+01:00", "2026-03-30T02:00:00+02:00"],
  );
  assert.deepEqual(nextFireTimes("0 0 0 1 1 ?", { after: new Date(after), count: 1 }), [
    { utc: "2027-01-01T00:00:00Z", local: "2027-01-01T00:00:00+00:00" },
  ]);
  assert.equal(nextFireTimes("0 0 2 * * ?").length, 5);
  const error = refusal(() => nextFireTimes("0 61 * * * ?", { timezone: "Mars/Olympus", after, count: 0 }));
  assert.equal(error.code, "INVALID_ARGUMENT");
  for (const slip of ["61", "Mars/Olympus", "count 0"]) assert.ok(error.message.includes(slip), error.message);
  assert.equal(refusal(() => nextFireTimes("0 0 2 * * ?", { after: "tomorrow" })).code, "INVALID_ARGUMENT");
  assert.equal(refusal(() => nextFireTimes("0 0 2 * * ?", { after: new Date(NaN) })).code, "INVALID_ARGUMENT");
  assert.equal(refusal(() => nextFireTimes("0 0 2 * * ?", { count: 1.5 })).code, "INVALID_ARGUMENT");
});

test("references are resolved, or told", () => {
  const context = { job: { id: 9007199254740993n, name: "etl" } };
  assert.deepEqual(resolveReferences({ a: ["{{job.id}}"] }, context), { value: { a: ["9007199254740993"] } });
  const { unresolved } = resolveReferences("{{job.parameters.day}}", context);
  assert.equal(unresolved[0].text, "{{job.parameters.day}}");
});

test("an unknown state is neither over nor success", () => {
  assert.deepEqual(readState({ status: { state: "HIBERNATING" } }), { phase: { phase: "unknown", state: "HIBERNATING" }, terminal: false, success: false });
  assert.equal(readState({ state: { life_cycle_state: "TERMINATED", result_state: "SUCCESS" } }).success, true);
});

test("what runs if a task fails", () => {
  const task = (task_key, ...upstream) => ({ task_key, notebook_task: { notebook_path: "/n" }, depends_on: upstream.map((key) => ({ task_key: key })) });
  const ends = simulate([task("a"), task("b", "a")], { a: { outcome: "FAILED" } });
  assert.deepEqual(ends, { tasks: { a: "FAILED", b: "UPSTREAM_FAILED" }, job: "FAILED" });
  assert.match(refusal(() => simulate([task("a", "b"), task("b", "a")])).message, /a → b/);
});

test("a rule that is none is told with those that are", () => {
  assert.match(refusal(() => callRule("lnt", {})).message, /lint/);
});
