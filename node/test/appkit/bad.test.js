// Bad input over HTTP, as bytes on a socket where `fetch` would not send it: each request gets an answer in JSON that says what is
// wrong, starts no run, pollutes nothing, and the app goes on.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, beforeEach, test } from "node:test";
import { z } from "zod";
import { ask, bootBoth } from "./both.js";

const open = { type: "object", properties: { day: { type: "string" } } };
const configuration = {
  jobs: {
    etl: { taskType: "job_parameters", params: open },
    zod: { taskType: "notebook", params: z.looseObject({ day: z.string() }) },
    free: { taskType: "notebook" },
  },
};
let booted;

before(async () => {
  const environment = { DATABRICKS_JOB_ETL: "11", DATABRICKS_JOB_ZOD: "12", DATABRICKS_JOB_FREE: "13" };
  // The built-in plugin knows no job_parameters until a run is started.
  booted = await bootBoth(environment, configuration);
});
after(() => booted?.stop());
beforeEach(() => booted.fake.reset());

const request = (method, path, body, headers) => ask(booted.base, "ours", method, path, body, headers);
const started = () => booted.fake.calls.filter(({ path }) => path === "/run-now");

/** Bytes as they are, after which the client hangs up or not; the whole answer, once the server closes the connection. */
async function raw(text, hangUp = false) {
  const socket = connect(booted.http.address().port, "127.0.0.1");
  if (hangUp) socket.end(text, "latin1");
  else socket.write(text, "latin1");
  let answer = "";
  socket.setEncoding("latin1").on("data", (chunk) => (answer += chunk));
  await once(socket, "close");
  return answer;
}

test("names that could poison a prototype are parameters like others, or refused", async () => {
  const evil = '{"params":{"day":"x","__proto__":{"polluted":"yes"},"constructor":{"prototype":{"polluted":"yes"}}}}';
  const answers = [];
  for (const key of ["etl", "zod", "free"]) answers.push(await request("POST", `/${key}/run`, evil));
  for (const { status, body } of answers) assert.ok(status === 200 || (status === 400 && body.plugin === "ours" && body.error), JSON.stringify(body));
  assert.equal({}.polluted, undefined);
  assert.equal(Object.prototype.polluted, undefined);
  const plain = '{"__proto__":{"params":{"day":"x"}},"constructor":1}';
  assert.equal((await request("POST", "/free/run", plain)).status, 200);
  // What lies in the prototype is no parameter.
  assert.equal(started().at(-1).body.notebook_params, undefined);
});

test("job keys that look like paths are keys that are not there", async () => {
  for (const key of ["..%2F..%2Fetc%2Fpasswd", "%2e%2e%2fetl", "etl%2F..%2Fzod", "etl%00", "%0d%0aset-cookie:x=1", "__proto__", "constructor", "<script>", "a".repeat(5000)]) {
    const { status, body, headers } = await request("GET", `/${key}/status`);
    assert.equal(status, 404, key);
    assert.match(body.error, /^Unknown job "[A-Za-z0-9_-]*"$/, key);
    assert.equal(headers.get("set-cookie"), null);
  }
  // Broken escapes do not reach a route.
  for (const key of ["%", "%zz", "%c3%28"]) assert.ok([400, 404].includes((await request("GET", `/${key}/status`)).status), key);
  assert.equal(booted.fake.calls.length, 0);
});

test("run ids are exact or refused", async () => {
  for (const id of ["abc", "1e3", "12abc", "-5", "0", "1.5", "9223372036854775808", "%20", "1%20", "0x10", "1".repeat(400)]) {
    for (const [method, path] of [["GET", ""], ["DELETE", ""], ["GET", "/outputs"], ["POST", "/repair"], ["GET", "?stream=true"]]) {
      const { status, body } = await request(method, `/etl/runs/${id}${path}`, method === "POST" ? {} : undefined);
      assert.deepEqual([status, body?.error], [400, "Invalid runId"], `${method} ${id}${path}`);
    }
  }
  assert.equal(booted.fake.calls.length, 0);
  booted.fake.add(11, { id: 9007199254740993n, end: 1, result: "SUCCESS" });
  assert.match((await request("GET", "/etl/runs/9007199254740993")).text, /"run_id":"9007199254740993"/);
});

test("malformed, cut short, deep and large bodies", async () => {
  const deep = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`;
  const bodies = ['{"params":', '{"params":{}}x', "\u0000", "{'params':{}}", '{"params":{"a":NaN}}', '"text"', "[1]", "7", "null", deep, JSON.stringify({ params: deep }), '{"params":{"a":"\\ud800"}}'];
  for (const body of bodies) {
    const { status, body: told } = await request("POST", "/free/run", body);
    assert.ok(status === 400 && told.plugin === "ours" && told.error.length > 0, `${body.slice(0, 40)}: ${status}`);
  }
  const large = await request("POST", "/free/run", JSON.stringify({ params: { x: "y".repeat(10 << 20) } }));
  assert.deepEqual([large.status, large.body.code], [413, "LIMIT_EXCEEDED"]);
  assert.equal(started().length, 0);
});

test("a body that breaks off starts nothing", async () => {
  const answer = await raw("POST /api/ours/free/run HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{\"params\":{}", true);
  assert.doesNotMatch(answer, /^HTTP\/1.1 200/);
  assert.equal((await request("GET", "/free/status")).status, 200);
  assert.equal(started().length, 0);
});

test("header injection", async () => {
  for (const key of ["a b", "x".repeat(300), "a\tb", "ä", '"']) {
    const { status, body } = await request("POST", "/free/run", {}, { "idempotency-key": key });
    assert.deepEqual([status, body.code], [400, "INVALID_ARGUMENT"], key);
  }
  const head = "POST /api/ours/free/run HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 2\r\n";
  // A line break in a header ends it: what follows is a header of the caller's own, and nothing of it is sent on or back.
  const answer = await raw(`${head}idempotency-key: click\r\nx-databricks-evil: 1\r\nset-cookie: a=1\r\n\r\n{}`);
  assert.match(answer, /^HTTP\/1.1 200/);
  assert.doesNotMatch(answer, /evil|a=1/);
  // A bare carriage return or a zero byte is no header at all.
  for (const text of ["idempotency-key: a\rb", "idempotency-key: a\0b"]) assert.match(await raw(`${head}${text}\r\n\r\n{}`), /^HTTP\/1.1 400/);
  const before = started().length;
  for (const id of ["x", "1:2", "\u00e4", "9".repeat(100)]) {
    const { status } = await request("POST", "/free/run?stream=true", {}, { "last-event-id": id });
    assert.ok([204, 400, 404].includes(status), `${id}: ${status}`);
  }
  assert.equal(started().length, before);
});

test("the program's own queries are not a browser's", async () => {
  booted.fake.duration = 50;
  const { status, text } = await request("POST", "/free/run?stream=true&waitTimeout=1&cancelOnStop=true&cancelOnTimeout=true", {});
  assert.equal(status, 200);
  assert.match(text, /"outcome":"succeeded"/);
});
