// `watchRun` against hosts that cut, stall, repeat and refuse, and the reader of events in pieces of every size.

import assert from "node:assert/strict";
import { test } from "node:test";
import { EventReader, EVENT_MAX } from "../../dist/web/events.js";
import init, { LakeflowError, watchRun } from "../../dist/web/index.js";

await init();

const bytes = (text) => new TextEncoder().encode(text);
const event = (id, name, data) => `${id ? `id: ${id}\n` : ""}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
const digest = "00000000000000ff";
const started = event(`run-7-0-${digest}`, "started", { status: "PENDING", timestamp: 1, run: { run_id: 7, job_id: 1 }, runId: 7 });
const running = (n) =>
  event(`run-7-${n}-${digest}`, "message", { status: "RUNNING", timestamp: 1000 * n, run: { run_id: 7, start_time: 1, status: { state: "RUNNING" } } });
const SUCCESS = { state: "TERMINATED", termination_details: { code: "SUCCESS", type: "SUCCESS", message: "" } };
const ended = (n) =>
  event(`end-7-${n}`, "message", { status: "TERMINATED", timestamp: 9000, run: { run_id: 7, start_time: 1, end_time: 9000, status: SUCCESS }, outcome: "succeeded", failures: [] });

/** A body of these pieces; after the last one it ends, or breaks. */
function stream(pieces, { breaks = false } = {}) {
  const left = pieces.map(bytes);
  return new ReadableStream({
    pull(controller) {
      const piece = left.shift();
      if (piece) controller.enqueue(piece);
      else if (breaks) controller.error(new TypeError("network error"));
      else controller.close();
    },
  });
}

const sse = (pieces, options) =>
  new Response(stream(["retry: 1\n\n", ...pieces], options), { headers: { "content-type": "text/event-stream; charset=utf-8" } });

/** A host that answers with these, one after the other, and keeps what it was asked. */
function host(...answers) {
  const asked = [];
  const fetch = async (url, { method = "GET", headers, body }) => {
    asked.push({ url, method, headers, body });
    const answer = answers.shift();
    assert.ok(answer, `asked once more: ${method} ${url}`);
    return answer();
  };
  return { asked, fetch };
}

const fails = () => {
  throw new TypeError("fetch failed");
};

test("events come whole from pieces of every size", () => {
  const text = "\uFEFFretry: 5\r\nid: 1\r\ndata: ä\r\ndata: 漢🐲\r\n\r\n: heartbeat\n\nevent: x\rdata:y\r\rid: 2\ndata\n\nevent: lost\n\ndata: cut";
  const expected = [
    { event: "message", data: "ä\n漢🐲", id: "1" },
    { event: "x", data: "y", id: "1" },
    { event: "message", data: "", id: "2" },
  ];
  const all = bytes(text);
  for (let size = 1; size <= all.length; size++) {
    const reader = new EventReader();
    const found = [];
    for (let at = 0; at < all.length; at += size) found.push(...reader.push(all.slice(at, at + size)));
    assert.deepEqual(found, expected, `pieces of ${size}`);
    assert.equal(reader.retry, 5);
  }
});

test("an event without end is refused, not kept", () => {
  const reader = new EventReader();
  const piece = bytes("data: " + "x".repeat(1 << 20));
  assert.throws(() => {
    for (let n = 0; n * piece.length < 2 * EVENT_MAX; n++) reader.push(piece);
  }, RangeError);
});

test("a run is triggered once and watched to its end", async () => {
  const { asked, fetch } = host(() => sse([started, ": heartbeat\n\n", running(1), ended(2)]));
  const states = [];
  let known;
  const end = await watchRun("/api/jobs/etl/run", {
    params: { day: "2026-01-31", big: 9007199254740993n },
    fetch,
    onStart: (id) => (known = id),
    onChange: (run) => states.push([run.state, run.elapsedMs]),
  });
  assert.equal(known, 7);
  assert.deepEqual(states, [["RUNNING", 999], ["SUCCESS", 8999]]);
  assert.deepEqual([end.outcome, end.run.success, end.failures], ["succeeded", true, []]);
  assert.equal(asked.length, 1);
  assert.equal(asked[0].url, "/api/jobs/etl/run?stream=true");
  assert.equal(asked[0].body, '{"params":{"day":"2026-01-31","big":9007199254740993}}');
  assert.match(asked[0].headers["idempotency-key"], /^[0-9a-f]{32}$/);
});

test("before the run is known every try bears the same key; afterwards nothing is triggered", async () => {
  const { asked, fetch } = host(
    fails,
    () => sse([], { breaks: true }),
    () => sse([started.slice(0, 40)], { breaks: true }),
    () => sse([started, running(1), running(2).slice(0, 30)], { breaks: true }),
    fails,
    () => sse([running(2)]),
    () => sse([ended(3)]),
  );
  const connections = [];
  const end = await watchRun("https://app.example/api/jobs/etl/run", { trigger: true, fetch, onConnection: (c) => connections.push(c) });
  assert.equal(end.run.success, true);
  assert.deepEqual(asked.map(({ method }) => method), ["POST", "POST", "POST", "POST", "GET", "GET", "GET"]);
  assert.equal(new Set(asked.slice(0, 4).map(({ headers }) => headers["idempotency-key"])).size, 1);
  for (const { url, headers } of asked.slice(4)) {
    assert.equal(url, "https://app.example/api/jobs/etl/runs/7?stream=true");
    assert.equal(headers["idempotency-key"], undefined);
  }
  assert.deepEqual(asked.slice(4).map(({ headers }) => headers["last-event-id"]), [`run-7-1-${digest}`, `run-7-1-${digest}`, `run-7-2-${digest}`]);
  assert.deepEqual(connections.slice(0, 3), ["connecting", "lost", "connecting"]);
});

test("two calls are two intents", async () => {
  const { asked, fetch } = host(() => sse([started, ended(1)]), () => sse([started, ended(1)]));
  await watchRun("/run", { trigger: true, fetch });
  await watchRun("/run", { trigger: true, fetch });
  assert.notEqual(asked[0].headers["idempotency-key"], asked[1].headers["idempotency-key"]);
});

test("a page that was reloaded takes the run up again", async () => {
  const { asked, fetch } = host(() => sse([running(4), ended(5)]));
  await watchRun("/api/jobs/etl/runs/7", { fetch, lastEventId: `run-7-3-${digest}`, headers: { authorization: "Bearer x" } });
  assert.deepEqual([asked[0].method, asked[0].headers["last-event-id"], asked[0].headers.authorization], ["GET", `run-7-3-${digest}`, "Bearer x"]);
});

test("with an event to go on from, nothing is triggered, also when asked to", async () => {
  const { asked, fetch } = host(() => sse([ended(5)]));
  await watchRun("/api/jobs/etl/run", { trigger: true, fetch, lastEventId: `run-7-3-${digest}` });
  assert.deepEqual([asked[0].method, asked[0].url], ["GET", "/api/jobs/etl/runs/7?stream=true"]);
});

test("an end that was told before is told again, with what failed", async () => {
  const failures = [{ taskKey: "a", runId: 8, attempt: 0, outcome: "FAILED", message: "", error: "boom" }];
  const status = { state: "TERMINATED", termination_details: { code: "RUN_EXECUTION_ERROR", type: "CLIENT_ERROR", message: "" } };
  const again = event("end-7-9", "message", { timestamp: 9, run: { run_id: 7, start_time: 1, end_time: 2, status }, outcome: "failed", failures });
  const { asked, fetch } = host(() => new Response(null, { status: 204 }), () => sse([again]));
  const end = await watchRun("/api/jobs/etl/runs/7", { fetch, lastEventId: "end-7-9" });
  assert.deepEqual([end.outcome, end.failures], ["failed", failures]);
  assert.deepEqual(asked.map(({ headers }) => headers["last-event-id"]), ["end-7-9", undefined]);
});

test("what no request can have is told at once, and nothing is sent", async () => {
  const nothing = host();
  for (const options of [{ idempotencyKey: "a\nb" }, { idempotencyKey: "k".repeat(45) }, { headers: { "bad name": "x" } }, { lastEventId: "a\nb" }]) {
    await assert.rejects(watchRun("/run", { trigger: true, ...options, ...nothing }), { code: "INVALID_ARGUMENT" });
  }
  await assert.rejects(watchRun("http://[", { trigger: true }), { code: "INVALID_ARGUMENT", message: /no request can be sent/ });
  await assert.rejects(watchRun("/run", { params: { a: NaN }, ...nothing }), { code: "INVALID_PARAMETERS" });
  assert.equal(nothing.asked.length, 0);
});

test("events of other kinds need be no JSON; those of a run do", async () => {
  const ping = "event: ping\ndata: still here\n\n";
  const end = await watchRun("/run", { trigger: true, ...host(() => sse([ping, started, ping, ended(1)])) });
  assert.equal(end.run.success, true);
  for (const data of ["{\"run\":", "null", "7"]) {
    const broken = `event: message\ndata: ${data}\n\n`;
    await assert.rejects(watchRun("/run", { trigger: true, ...host(() => sse([started, broken])) }), { code: "MALFORMED", context: { run_id: "7" } });
  }
  const refusal = () => new Response("null", { status: 403, headers: { "content-type": "application/json" } });
  await assert.rejects(watchRun("/run", { trigger: true, ...host(refusal) }), { code: "PERMISSION_DENIED", message: /status 403/ });
});

test("an answer that is cut off on its way is asked for again, with the same key", async () => {
  const cut = () => new Response(stream(['{"runId": 7'], { breaks: true }), { headers: { "content-type": "application/json" } });
  const { asked, fetch } = host(cut, () => sse([started, ended(1)]));
  await watchRun("/api/jobs/etl/run", { trigger: true, fetch });
  assert.deepEqual(asked.map(({ method }) => method), ["POST", "POST"]);
  assert.equal(asked[0].headers["idempotency-key"], asked[1].headers["idempotency-key"]);
});

test("who ends the watch hears of no lost connection", async () => {
  const stop = new AbortController();
  const connections = [];
  const fetch = (_url, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const watching = watchRun("/run", { trigger: true, signal: stop.signal, fetch, onConnection: (c) => connections.push(c) });
  stop.abort();
  await assert.rejects(watching, { code: "INTERRUPTED" });
  assert.deepEqual(connections, ["connecting"]);
});

test("a host without streams for runs that are there is asked again", async () => {
  const told = (status) => () => Response.json({ run_id: 7, start_time: 1, status });
  const { fetch } = host(told({ state: "RUNNING" }), told(SUCCESS));
  const states = [];
  await watchRun("/api/jobs/etl/runs/7", { fetch, onChange: (run) => states.push(run.state) });
  assert.deepEqual(states, ["RUNNING", "SUCCESS"]);
});

test("a refusal is told with everything that is wrong", async () => {
  const refusal = { error: "Invalid job parameters", code: "INVALID_PARAMETERS", details: [{ path: "/day", keyword: "format", message: "bad" }] };
  const { fetch } = host(() => Response.json(refusal, { status: 400 }));
  await assert.rejects(watchRun("/run", { params: {}, fetch }), (error) => {
    assert.ok(error instanceof LakeflowError);
    assert.equal(error.code, "INVALID_PARAMETERS");
    assert.equal(error.problems[0].path, "/day");
    return true;
  });
});

test("what is no stream and no run is told", async () => {
  const page = () => new Response("<!doctype html>", { headers: { "content-type": "text/html" } });
  await assert.rejects(watchRun("/run", { trigger: true, ...host(page) }), { code: "MALFORMED", message: /text\/html/ });
  await assert.rejects(watchRun("/run", { trigger: true, ...host(() => Response.json([1])) }), { code: "MALFORMED" });
});

test("a host that keeps failing is given up, and says what it said", async () => {
  const down = () => Response.json({ error: "Service Unavailable" }, { status: 503, headers: { "retry-after": "0.001" } });
  const { asked, fetch } = host(...Array(20).fill(down));
  await assert.rejects(watchRun("/api/jobs/etl/runs/7", { fetch }), { code: "UNAVAILABLE", message: "Service Unavailable" });
  assert.equal(asked.length, 9);
});

test("a wait that the host ended is made again; the run goes on", async () => {
  const timeout = event("", "error", { error: "The wait for the run timed out; the run goes on", code: "TIMEOUT", runId: 7 });
  const { asked, fetch } = host(() => sse([started, timeout]), () => sse([ended(1)]));
  await watchRun("/api/jobs/etl/run", { trigger: true, fetch });
  assert.deepEqual(asked.map(({ method }) => method), ["POST", "GET"]);
});

test("an unknown state is no end", async () => {
  const dreaming = event(`run-7-1-${digest}`, "message", { timestamp: 5, run: { run_id: 7, status: { state: "DREAMING" } } });
  const { asked, fetch } = host(() => sse([dreaming]), () => sse([ended(2)]));
  const states = [];
  await watchRun("/api/jobs/etl/runs/7", { fetch, onChange: (run) => states.push(run.state) });
  assert.deepEqual([states, asked.length], [["DREAMING", "SUCCESS"], 2]);
});

test("ids beyond 2^53 keep every digit", async () => {
  const big = `id: end-9007199254740993-0\nevent: message\ndata: {"run":{"run_id":9007199254740993,"start_time":1,"end_time":2,"status":${JSON.stringify(SUCCESS)}}}\n\n`;
  const { run } = await watchRun("/api/jobs/etl/runs/9007199254740993", { ...host(() => sse([big])) });
  assert.equal(run.runId, "9007199254740993");
});

test("the caller ends it, at once or while it waits", async () => {
  const reason = new Error("enough");
  await assert.rejects(watchRun("/run", { trigger: true, signal: AbortSignal.abort(reason), ...host() }), { code: "INTERRUPTED", cause: reason });
  const stop = new AbortController();
  const open = new ReadableStream({ start: (c) => c.enqueue(bytes(started + running(1))) });
  const fetch = async (_url, { signal }) => {
    const body = open.pipeThrough(new TransformStream(), { signal });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
  const watching = watchRun("/run", { trigger: true, signal: stop.signal, fetch, onChange: () => stop.abort(reason) });
  await assert.rejects(watching, { code: "INTERRUPTED", cause: reason, context: { run_id: "7" } });
});

test("what a callback throws ends the watch", async () => {
  const onChange = () => {
    throw new Error("mine");
  };
  await assert.rejects(watchRun("/run", { trigger: true, onChange, ...host(() => sse([started, running(1)])) }), /mine/);
});
