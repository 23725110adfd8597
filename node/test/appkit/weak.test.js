// The 22 weak points of AppKit's own plugin, each shown on it where it can be run, and gone from ours. Those that one look can
// show are rows of `rows.js`; the others have an app of their own, in a process of its own.

import assert from "node:assert/strict";
import { test } from "node:test";
import { part } from "./part.js";
import { rows } from "./rows.js";

/** A weak point that rows show. */
function byRows(number, ids) {
  test(`${number}: rows ${ids.join(", ")}`, () => {
    for (const id of ids) {
      const row = rows.find((row) => row.id === id);
      assert.ok(row?.better, `${id} is a row of the compatibility suite that asserts a difference`);
      assert.match(row.reason ?? row.better.reason, new RegExp(`weak points? [0-9, ]*\\b${number}\\b`), id);
    }
  });
}

/** A weak point that a part shows on both plugins. */
function byPart(number, what, name, builtin, ours, environment) {
  test(`${number}: ${what}`, async () => {
    const [theirs, found] = await Promise.all([part(name, "builtin", environment), part(name, "ours", environment)]);
    builtin(theirs);
    ours(found);
  });
}

byRows(1, ["S7"]);
byPart(1, "the browser client of AppKit on a connection that breaks", "reconnect", (found) => assert.equal(found.runs, 2), (found) => assert.deepEqual(found, { runs: 1, last: "TERMINATED", outcome: "succeeded" }));
byPart(1, "a connection that breaks before the first event", "early", (found) => assert.equal(found.runs, 2), (found) => assert.equal(found.runs, 1));
byRows(2, ["B38", "B30c"]);
byRows(3, ["B37", "B46"]);
test("4: how often a wait looks at a run that is about to end", async () => {
  const [theirs, found] = [await part("delay", "builtin"), await part("delay", "ours")];
  assert.ok(found.late >= 2 * theirs.late, `${found.late} looks in the last third, ${theirs.late} by the built-in plugin`);
});
byPart(5, "a hundred waits for runs of one job", "herd", (found) => assert.ok(found.polls > 500, JSON.stringify(found)), (found) => assert.ok(found.polls < 300 && found.ended === 100, JSON.stringify(found)));
byRows(6, ["B34", "B35", "B35b"]);
byPart(7, "named jobs alone start in production", "named", (found) => assert.match(found.error, /DATABRICKS_JOB_ID/), (found) => assert.deepEqual(found, { started: true }));
byPart(8, "a host with the certificate of another", "tls", (found) => assert.deepEqual(found, { ok: true, sent: 1 }), (found) => assert.deepEqual(found, { ok: false, sent: 0 }));
test('8: transport: "appkit" takes the certificate of another, as AppKit does', async () => {
  assert.deepEqual(await part("otherTls", "ours"), { ok: true, sent: 1 });
});
byRows(9, ["H12b"]);
byRows(10, ["B44"]);
byRows(11, ["B43b"]);
byPart(12, "a wait is taken up again by the run's id", "resume", (found) => assert.deepEqual(found, { wait: "undefined", route: 404 }), (found) => assert.deepEqual(found, { wait: "function", error: "TIMEOUT", known: true, outcome: "succeeded", route: 200 }));
byRows(13, ["B49", "B50"]);
byPart(13, "an abort while a poll hangs", "hang", (found) => assert.equal(found.ended, false), (found) => assert.equal(found.ended, true));
byRows(14, ["B25b"]);
byRows(15, ["B26b"]);
byPart(15, "the outputs of a run with several tasks", "outputs", (found) => assert.deepEqual(found, { whole: 400 }), (found) => assert.deepEqual(found, { whole: 400, outputs: ["output of 1000000", "output of 1000001", "output of 1000002"] }));
byRows(16, ["B20e", "H7b", "H8", "H8b", "H10", "S1b"]);
byRows(17, ["B42b", "S3b"]);
// Streams that the built-in plugin evicts, and on a busy machine those that it loses by polls which time out.
byPart(17, "more than a thousand streams", "streams", (found) => assert.ok(found.ended < 1050, JSON.stringify(found)), (found) => assert.deepEqual(found, { evicted: 0, ended: 1050 }));
byPart(18, "settings that are not documented change no call", "settings", (found) => assert.equal(found.runs, 1), (found) => assert.equal(found.runs, 2));
byRows(19, ["B20d", "B20g", "B20h"]);
byPart(19, "job parameters", "parameters", (found) => assert.ok(found.error), (found) => assert.deepEqual(found, { sent: { day: "x" } }));
byRows(20, ["H12 12abc", "H12 1e3", "H12 1.5"]);
const traps = { DATABRICKS_JOB_DEFAULT: "5", DATABRICKS_JOB_Etl: "9", DATABRICKS_JOB_RUN_ID: "77", DATABRICKS_JOB_BAD: "12abc" };
byPart(20, "traps of names and ids in the environment", "environment", (found) => assert.deepEqual([found.keys, found.ids], [["bad", "default", "etl", "run_id"], { run_id: 77, bad: 12 }]), (found) => {
  assert.deepEqual([found.keys, found.ids], [["bad", "default", "etl"], { default: "5", etl: "9", bad: null }]);
  assert.deepEqual(found.ignored, ["DATABRICKS_JOB_BAD", "DATABRICKS_JOB_RUN_ID"]);
}, traps);
byRows(21, ["C1b"]);
byPart(21, "repair, cancel and wait, the job, its schema, tools for agents, notifications", "additions", (found) => assert.deepEqual(found, { repair: 404, job: 404, schema: 404, webhook: 404, tools: 0 }), (found) => assert.deepEqual(found, { repair: 200, job: 200, schema: 200, webhook: 204, tools: 4, cancelled: "CANCELED" }));
byPart(22, "a hundred calls when a token has run out", "tokens", (found) => assert.ok(found.tokens > 50, JSON.stringify(found)), (found) => assert.ok(found.tokens < 50 && found.ok === 100, JSON.stringify(found)));

test("every weak point is here", async () => {
  const { readFile } = await import("node:fs/promises");
  const text = await readFile(new URL(import.meta.url), "utf8");
  for (let number = 1; number <= 22; number += 1) assert.match(text, new RegExp(`by(Rows|Part)\\(${number},|"${number}: `), `weak point ${number}`);
});
