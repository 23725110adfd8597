// The same looks at AppKit's own plugin and at ours, on the same workspace: same, better on purpose, or different (which fails).

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
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
  return { plugin, base, fake, jobs: app[plugin], instance: booted.instances[plugin], make: booted.make[plugin] };
}

/** One look at a plugin, on a workspace that has forgotten all others. The built-in plugin keeps answers for a minute under the
 * id of a run, so that each row has runs of its own. */
async function look(row, side) {
  side.fake.reset();
  side.fake.nextRunId = BigInt(rows.indexOf(row) + 1) * 1000n;
  return row.look({ ...side, firstRun: Number(side.fake.nextRunId) });
}

for (const row of rows) {
  test(`${row.id}: ${row.what}`, { timeout: 300_000 }, async () => {
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

/** Rows that take a process and more time than a look, by their part of `weak.js`. */
const ELSEWHERE = { B45: "delay", S8: "streams" };

test("every row of the behaviour table that can be observed is here", async () => {
  const weak = await readFile(new URL("weak.test.js", import.meta.url), "utf8");
  for (const [letter, last] of [["B", 50], ["H", 16], ["S", 9], ["O", 5], ["C", 2]]) {
    for (let n = 1; n <= last; n += 1) {
      const id = letter + n;
      const looked = rows.some((row) => new RegExp(`^${id}(?!\\d)`).test(row.id));
      assert.ok(looked || (ELSEWHERE[id] && weak.includes(`"${ELSEWHERE[id]}"`)), `no look at ${id}`);
    }
  }
});

test("README names every difference, and no row that is none", async () => {
  const text = await readFile(new URL("../../../README.md", import.meta.url), "utf8");
  const section = text.slice(text.indexOf("### Differences on purpose")).split("\n## ")[0];
  const lines = section.split("\n").filter((line) => line.startsWith("| ")).slice(1);
  const named = lines.flatMap((line) => line.split("|").at(-2).split(",").map((id) => id.trim()).filter(Boolean));
  const differences = rows.filter(({ better }) => better).map(({ id }) => id.replace(" ", "-"));
  assert.deepEqual(differences.filter((id) => !named.includes(id)), [], "rows that README does not name");
  const known = (id) => differences.includes(id) || /^([1-9]|1\d|2[0-2])$/.test(id);
  assert.deepEqual(named.filter((id) => !known(id)), [], "what README names is neither a row nor a weak point");
});
