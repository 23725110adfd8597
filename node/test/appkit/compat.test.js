// The same looks at AppKit's own plugin and at ours, on the same workspace: same, better on purpose, or different (which fails).

import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { after, before, test } from "node:test";
import { bootBoth } from "./both.js";
import { configuration, environment, rows } from "./rows.js";

let booted, sides;
const table = [];

before(async () => {
  booted = await bootBoth(environment, configuration);
  sides = ["builtin", "ours"].map((plugin) => side(plugin));
});

after(async () => {
  await booted?.stop();
  const count = (verdict) => table.filter((row) => row.verdict === verdict).length;
  const lines = table.map(({ id, what, verdict, reason }) => `${id.padEnd(9)} ${verdict.padEnd(9)} ${what}${reason ? `: ${reason}` : ""}`);
  process.stdout.write(`${lines.join("\n")}\n${count("same")} same, ${count("better")} better on purpose, ${count("different")} different\n`);
});

function side(plugin) {
  const { app, base, fake } = booted;
  return { plugin, base, fake, jobs: app[plugin], instance: booted.instances[plugin] };
}

/** One look at a plugin, on a workspace that has forgotten all others. The built-in plugin keeps answers for a minute under the
 * id of a run, so that each row has runs of its own. */
async function look(row, side) {
  side.fake.reset();
  side.fake.nextRunId = BigInt(rows.indexOf(row) + 1) * 1000n;
  return row.look({ ...side, firstRun: Number(side.fake.nextRunId) });
}

for (const row of rows) {
  test(`${row.id}: ${row.what}`, async () => {
    const found = [];
    for (const one of sides) found.push(JSON.parse(JSON.stringify((await look(row, one)) ?? null)));
    const [builtin, ours] = found;
    const same = isDeepStrictEqual(ours, builtin);
    const better = row.better && isDeepStrictEqual(ours, JSON.parse(JSON.stringify(row.better.ours)));
    const verdict = same ? "same" : better ? "better" : "different";
    table.push({ id: row.id, what: row.what, verdict, reason: verdict === "better" ? row.better.reason : undefined });
    if (row.better) assert.ok(!same, `the built-in plugin shows ${JSON.stringify(builtin)} too: the row is not a difference any more`);
    assert.notEqual(verdict, "different", `${row.what}\nbuilt-in ${JSON.stringify(builtin)}\nours     ${JSON.stringify(ours)}`);
  });
}
