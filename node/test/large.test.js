// A run document of ten megabytes: the event loop goes on while it arrives, is looked at, and is put together.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Jobs } from "lakeflow-jobs";
import { run, task } from "./support/host.js";

const TASKS = 1000;
const PADDING = "x".repeat(10_000);

const document = JSON.stringify(
  run(7, "TERMINATED", {
    code: "SUCCESS",
    tasks: Array.from({ length: TASKS }, (_, n) => ({ ...task(`t${n}`, 100 + n, "TERMINATED", "SUCCESS"), description: PADDING })),
  }),
);

/** What a promise comes to, and how often the event loop turned meanwhile. */
async function turnsDuring(promise) {
  let over = false;
  let turns = 0;
  const turn = () => {
    turns += 1;
    if (!over) setImmediate(turn);
  };
  setImmediate(turn);
  const value = await promise.finally(() => (over = true));
  return { value, turns };
}

test("ten megabytes arrive, are looked at one by one, and are put together in slices", async () => {
  assert.ok(document.length > 10_000_000);
  const bytes = new TextEncoder().encode(document);
  const jobs = new Jobs({ host: "https://host", token: "t", discover: false, transport: async () => ({ status: 200, body: bytes }) });
  const arrived = await turnsDuring(jobs.getRun(7));
  const found = arrived.value;
  assert.ok(arrived.turns > 1, `the loop turned ${arrived.turns} times`);
  assert.equal(found.progress.succeeded, TASKS);
  assert.equal(found.tasks.length, TASKS);
  assert.equal(found.task("t999").runId, 1099);
  assert.equal(found.tasks[5].toJSON().description, PADDING);
  const whole = await turnsDuring(found.document());
  // At most 256 kB of text a slice: forty slices, each with a turn of the loop between.
  assert.ok(whole.turns >= 40, `the loop turned ${whole.turns} times`);
  assert.deepEqual(whole.value, JSON.parse(document));
  assert.deepEqual(found.toJSON(), whole.value);
});
