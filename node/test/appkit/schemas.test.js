// Schemas other than Zod's, by the handle and by the route: what is accepted, what is refused, and what is sent afterwards.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type } from "arktype";
import * as v from "valibot";
import { ask, bootBoth } from "./both.js";

const VALIBOT = v.object({
  day: v.pipe(v.string(), v.trim(), v.isoDate()),
  n: v.optional(v.pipe(v.number(), v.transform((n) => n * 2)), 3),
});
const ARKTYPE = type({
  day: type("string.trim").to("string.date.iso"),
  n: type("number").pipe((n) => n * 2).default(3),
});
const JSON_SCHEMA = {
  type: "object",
  required: ["day"],
  properties: { day: { type: "string", format: "date" }, n: { type: "integer", minimum: 1, default: 6 } },
  additionalProperties: false,
};

let booted;

before(async () => {
  const environment = { DATABRICKS_JOB_VALIBOT: "21", DATABRICKS_JOB_ARKTYPE: "22", DATABRICKS_JOB_PLAIN: "23" };
  const jobs = {
    valibot: { taskType: "notebook", params: VALIBOT },
    arktype: { taskType: "notebook", params: ARKTYPE },
    plain: { taskType: "notebook", params: JSON_SCHEMA },
  };
  booted = await bootBoth(environment, { pollIntervalMs: 20 }, { jobs });
});

after(() => booted?.stop());

/** What was sent for parameters, by the handle and by the route. */
async function sent(key, params) {
  const { app, base, fake } = booted;
  fake.reset();
  assert.equal((await app.ours(key).runNow(params)).ok, true);
  const answer = await ask(base, "ours", "POST", `/${key}/run`, { params });
  assert.equal(answer.status, 200, answer.text);
  const found = fake.calls.map(({ body }) => body.notebook_params);
  assert.equal(found.length, 2);
  assert.deepEqual(found[0], found[1]);
  return found[0];
}

/** That parameters are refused by the handle and by the route, that both name the field, and that nothing is sent. */
async function refused(key, params, field) {
  const { app, base, fake } = booted;
  fake.reset();
  await assert.rejects(app.ours(key).runNow(params), (thrown) => {
    assert.equal(thrown.constructor.name, "ValidationError");
    assert.ok(thrown.message.includes(`"${key}"`) && thrown.message.includes(field), thrown.message);
    return true;
  });
  const waiting = app.ours(key).runAndWait(params);
  await assert.rejects(waiting.next(), { name: "ValidationError" });
  const answer = await ask(base, "ours", "POST", `/${key}/run`, { params });
  assert.equal(answer.status, 400, answer.text);
  assert.ok(answer.text.includes(field), answer.text);
  assert.equal(fake.calls.length, 0);
}

for (const [name, key] of [["Valibot", "valibot"], ["ArkType", "arktype"]]) {
  test(`${name}: accepted values, with transforms and defaults`, async () => {
    assert.deepEqual(await sent(key, { day: " 2026-01-31 ", n: 4 }), { day: "2026-01-31", n: "8" });
    assert.deepEqual(await sent(key, { day: "2026-01-31" }), { day: "2026-01-31", n: "6" });
  });
  test(`${name}: refused values`, async () => {
    await refused(key, { day: "soon" }, "day");
    await refused(key, { day: "2026-01-31", n: "four" }, "n");
    await refused(key, {}, "day");
  });
}

test("JSON Schema: accepted values", async () => {
  assert.deepEqual(await sent("plain", { day: "2026-01-31", n: 8 }), { day: "2026-01-31", n: "8" });
  // `default` says what the job itself takes for a parameter that is not sent; it does not add the parameter.
  assert.deepEqual(await sent("plain", { day: "2026-01-31" }), { day: "2026-01-31" });
});

test("JSON Schema: refused values", async () => {
  await refused("plain", { day: 7 }, "day");
  await refused("plain", { day: "2026-01-31", n: 0 }, "n");
  await refused("plain", { day: "2026-01-31", other: 1 }, "other");
  await refused("plain", {}, "day");
});

test("the schema that browsers get is of what they may send", async () => {
  const schema = async (key) => (await ask(booted.base, "ours", "GET", `/${key}/schema`)).body;
  const text = JSON.stringify(await schema("plain"));
  assert.ok(text.includes(JSON.stringify(JSON_SCHEMA.properties.day)), text);
});
