// The observable rows of the built-in plugin's behaviour, each as one look at a plugin. `better` says what ours shows instead
// where that is on purpose, and why.

import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { z } from "zod";
import { ask, collect, events, outcome, readUntil, until } from "./both.js";
import { rows as setup } from "./rows-setup.js";

/** The environment and the configuration that all rows share. */
export const environment = {
  DATABRICKS_JOB_ETL: "11",
  DATABRICKS_JOB_OPEN: "12",
  DATABRICKS_JOB_NB: "13",
  DATABRICKS_JOB_SCRIPT: "14",
  DATABRICKS_JOB_DBT: "15",
  DATABRICKS_JOB_FREE: "16",
  DATABRICKS_JOB_NOID: "abc",
  DATABRICKS_JOB_BROKEN: "18",
  DATABRICKS_JOB_SHORT: "17",
};
export const configuration = {
  pollIntervalMs: 20,
  jobs: {
    etl: { taskType: "notebook", params: z.object({ day: z.string(), n: z.coerce.number().default(7) }) },
    nb: { taskType: "notebook" },
    script: { taskType: "python_script" },
    dbt: { taskType: "dbt" },
    free: { params: z.object({ queue: z.any(), only: z.any(), idempotency_token: z.any() }).partial() },
    short: { waitTimeout: 100 },
    broken: {
      params: z.object({}).refine(() => {
        throw new Error("a fault of the schema");
      }),
    },
  },
};

const json = (text) => JSON.parse(text);
/** A reply without what only ours adds to it. */
const plain = ({ status, body }) => ({ status, error: body?.error, plugin: body?.plugin ? "plugin" : undefined });
const sent = (fake) => fake.calls.filter((call) => call.path === "/run-now").map((call) => {
  const { idempotency_token: _token, ...body } = call.body;
  return body;
});
const post = (side, path, body, headers) => ask(side.base, side.plugin, "POST", path, body, headers);
const get = (side, path) => ask(side.base, side.plugin, "GET", path);
/** The states of a wait, each once. */
const states = (updates) => updates.map(({ status }) => status).filter((status, n, all) => n === 0 || all[n - 1] !== status);

const rows = [];
function row(id, what, look, better) {
  rows.push({ id, what, look, better });
}

// Shape.
row("B6", "the export is a function", (side) => typeof side.jobs);
row("B2", "the methods of a handle", (side) => ["runNow", "runAndWait", "lastRun", "listRuns", "getRun", "getRunOutput", "cancelRun", "getJob", "asUser"].map((name) => typeof side.jobs("etl")[name]));
row("B14", "an unknown key throws and lists the keys", async (side) => {
  const { thrown, message } = await outcome(() => side.jobs("nope"));
  return { thrown, names: message.includes('"nope"') && message.includes("etl, open") };
});
row("B14b", "a key without id throws and names the variable", async (side) => {
  const { thrown, message } = await outcome(() => side.jobs("noid"));
  return { thrown, names: message.includes("DATABRICKS_JOB_NOID") };
});
row("B15", "each job sends its own id", async (side) => {
  await side.jobs("open").runNow();
  await side.jobs("nb").runNow();
  return sent(side.fake);
});

// Parameters.
row("B19", "the schema's output is sent", async (side) => {
  await side.jobs("etl").runNow({ day: "x", n: "3", extra: 1 });
  await side.jobs("etl").runNow({ day: "y" });
  return sent(side.fake);
});
row("B19b", "a schema that does not hold rejects with ValidationError", async (side) => {
  const { thrown, message, statusCode } = await outcome(() => side.jobs("etl").runNow({ day: 7 }));
  return { thrown, statusCode, names: message.includes('"etl"') && message.includes("day"), calls: side.fake.calls.length };
});
row("B20", "without parameters only the job is sent", async (side) => {
  await side.jobs("nb").runNow();
  return sent(side.fake);
});
row("B20b", "scalars become text", async (side) => {
  await side.jobs("nb").runNow({ a: 1, b: true, c: null, d: "x" });
  return sent(side.fake);
});
row("B20c", "an empty object is sent as one", async (side) => {
  await side.jobs("nb").runNow({});
  return sent(side.fake);
});
row("B20d", "undefined becomes text", async (side) => {
  await side.jobs("nb").runNow({ a: undefined });
  return sent(side.fake)[0].notebook_params;
}, { ours: {}, reason: "a value that is not there is not sent (weak point 19)" });
row("B20e", "a nested value throws", async (side) => {
  const { thrown, message } = await outcome(() => side.jobs("nb").runNow({ deep: { x: 1 } }));
  return { thrown, names: message.includes("deep"), calls: side.fake.calls.length };
}, { ours: { thrown: "ValidationError", names: true, calls: 0 }, reason: "a caller's mistake is a 400, not an unknown fault (weak point 16)" });
row("B20f", "a script's args become text", async (side) => {
  await side.jobs("script").runNow({ args: [1, "x", true] });
  return sent(side.fake);
});
row("B20g", "a script without args", async (side) => {
  await side.jobs("script").runNow({});
  return sent(side.fake);
}, { ours: [{ job_id: 14 }], reason: "the job's own list is not overwritten by an empty one (weak point 19)" });
row("B20g2", "a script with an empty list of args", async (side) => {
  await side.jobs("script").runNow({ args: [] });
  return sent(side.fake);
});
row("B20h", "a script with other keys", async (side) => {
  const { thrown } = await outcome(() => side.jobs("script").runNow({ args: ["a"], other: 1 }));
  return { thrown, sent: sent(side.fake).length };
}, { ours: { thrown: "ValidationError", sent: 0 }, reason: "what would be dropped silently is refused (weak point 19)" });
row("B20i", "dbt takes no parameters", async (side) => {
  await side.jobs("dbt").runNow({});
  const { thrown } = await outcome(() => side.jobs("dbt").runNow({ x: 1 }));
  return { thrown: Boolean(thrown), sent: sent(side.fake) };
});
row("B21", "without a task type the object goes into the request, the job stays", async (side) => {
  await side.jobs("open").runNow({ queue: { enabled: true }, job_parameters: { a: "b" }, job_id: 99, unknown: 1 });
  return sent(side.fake);
});

// Methods.
row("B23", "runNow gives the server's answer", async (side) => json(JSON.stringify(await side.jobs("open").runNow())));
row("B23b", "the answer of runNow can be copied", async (side) => {
  const { data } = await side.jobs("open").runNow();
  return (await outcome(() => structuredClone(data))).thrown ?? "copied";
}, { ours: "copied", reason: "the SDK's wait() is there, but not enumerable" });
row("B23c", "the answer of runNow has wait()", async (side) => {
  side.fake.duration = 30;
  const { data } = await side.jobs("open").runNow();
  return typeof data.wait;
});
row("B24", "lastRun", async (side) => {
  const none = await side.jobs("open").lastRun();
  side.fake.add(13);
  const one = await side.jobs("nb").lastRun();
  return { none, one: one.data.run_id, calls: side.fake.calls.map(({ path, query }) => [path, query.get("limit")]) };
});
row("B25", "listRuns over pages", async (side) => {
  for (let n = 0; n < 60; n += 1) side.fake.add(12);
  const { data } = await side.jobs("open").listRuns({ limit: 55 });
  return { length: data.length, first: data[0].run_id, last: data[54].run_id };
});
row("B25b", "the page size of listRuns", async (side) => {
  for (let n = 0; n < 3; n += 1) side.fake.add(14);
  await side.jobs("script").listRuns();
  return Number(side.fake.calls[0].query.get("limit"));
}, { ours: 25, reason: "the API's own limit of a page is 25 (weak point 14)" });
row("B26", "getRun", async (side) => {
  const run = side.fake.add(12);
  const { ok, data } = await side.jobs("open").getRun(Number(run.id));
  return { ok, run: data.run_id, job: data.job_id, state: data.state };
});
row("B26b", "tasks past the first hundred", async (side) => {
  const run = side.fake.add(12, { tasks: 250 });
  return (await side.jobs("open").getRun(Number(run.id))).data.tasks.length;
}, { ours: 250, reason: "no task is lost (weak point 15)" });
row("B27", "getRunOutput of a task run", async (side) => {
  const run = side.fake.add(12, { single: true });
  return side.jobs("open").getRunOutput(Number(run.id));
});
row("B27b", "getRunOutput of a run with several tasks", async (side) => {
  const run = side.fake.add(12, { tasks: 2 });
  return side.jobs("open").getRunOutput(Number(run.id));
});
row("B28", "cancelRun", async (side) => {
  const run = side.fake.add(12);
  const answer = await side.jobs("open").cancelRun(Number(run.id));
  return { answer: { ok: answer.ok, data: answer.data }, state: run.result };
});
row("B29", "getJob", (side) => side.jobs("open").getJob());
for (const status of [400, 403, 404, 409]) {
  row(`B30-${status}`, `the workspace answers ${status}`, async (side) => {
    side.fake.fault({ path: "/run-now", status });
    return side.jobs("open").runNow();
  });
}
row("B30b", "a read that always fails with 501", async (side) => {
  side.fake.fault({ path: "/runs/list", status: 501, times: 9 });
  return side.jobs("dbt").lastRun();
});
row("B30c", "an answer that is not JSON", async (side) => {
  side.fake.fault({ path: "/run-now", status: 200, body: "<html>" });
  const { ok, status } = await side.jobs("open").runNow();
  return { ok, status };
}, { ours: { ok: true, status: undefined }, reason: "asked again under the same token, and the run is found (weak points 2, 3)" });
row("B31", "another job's run", async (side) => {
  const run = side.fake.add(99);
  const id = Number(run.id);
  const job = side.jobs("open");
  return [await job.getRun(id), await job.getRunOutput(id), await job.cancelRun(id), side.fake.count("/runs/cancel"), run.result];
});
row("B31b", "a run whose job id is text", async (side) => {
  const run = side.fake.add(12, { jobIdText: '"12"' });
  return (await side.jobs("open").getRun(Number(run.id))).ok;
}, { ours: true, reason: "ids are read as numbers and as text" });

// Cache.
row("B33", "equal reads at once share a call", async (side) => {
  const run = side.fake.add(12);
  side.fake.latency = 20;
  await Promise.all(Array.from({ length: 10 }, () => side.jobs("open").getRun(Number(run.id))));
  return side.fake.calls.length;
});
row("B33b", "errors are not kept", async (side) => {
  const run = side.fake.add(12);
  side.fake.fault({ path: "/runs/get", status: 404 });
  const first = await side.jobs("open").getRun(Number(run.id));
  const second = await side.jobs("open").getRun(Number(run.id));
  return [first.ok, second.ok, second.data?.run_id === Number(run.id)];
});
row("B34", "callers get an object of their own", async (side) => {
  const run = side.fake.add(12, { end: 1, result: "SUCCESS" });
  const first = await side.jobs("open").getRun(Number(run.id));
  first.data.run_name = "changed by a caller";
  return (await side.jobs("open").getRun(Number(run.id))).data.run_name;
}, { ours: "run", reason: "a caller's change is not seen by others (weak point 6)" });
row("B35", "the last run after runNow", async (side) => {
  await side.jobs("free").lastRun();
  const { data } = await side.jobs("free").runNow();
  return (await side.jobs("free").lastRun()).data?.run_id === data.run_id;
}, { ours: true, reason: "own writes are seen at once (weak point 6)" });
row("B35b", "a run after cancelRun", async (side) => {
  const run = side.fake.add(12);
  await side.jobs("open").getRun(Number(run.id));
  await side.jobs("open").cancelRun(Number(run.id));
  return (await side.jobs("open").getRun(Number(run.id))).data.state.result_state ?? null;
}, { ours: "CANCELED", reason: "own writes are seen at once (weak point 6)" });

// Tries.
row("B37", "a read that is answered 503 once", async (side) => {
  const run = side.fake.add(12);
  side.fake.fault({ path: "/runs/get", status: 503 });
  return (await side.jobs("open").getRun(Number(run.id))).ok;
}, { ours: true, reason: "reads are tried again (weak point 3)" });
row("B38", "run-now is answered 429 after it took effect", async (side) => {
  side.fake.fault({ path: "/run-now", status: 429, after: true, headers: { "retry-after": "0" } });
  const { ok } = await side.jobs("open").runNow();
  return { ok, runs: side.fake.runs.size };
}, { ours: { ok: true, runs: 1 }, reason: "a trigger happens once (weak point 2)" });

// Waits.
row("B41", "nothing is sent before next()", async (side) => {
  const waiting = side.jobs("open").runAndWait();
  await new Promise((resolve) => setImmediate(resolve));
  const before = side.fake.calls.length;
  side.fake.duration = 0;
  await collect(waiting);
  return before;
});
row("B42", "the states of a wait", async (side) => {
  side.fake.duration = 100;
  const { yielded } = await collect(side.jobs("open").runAndWait());
  const last = yielded.at(-1);
  return { states: states(yielded), keys: Object.keys(last).filter((key) => ["status", "timestamp", "run"].includes(key)), time: typeof last.timestamp, run: last.run.run_id, result: last.run.state.result_state };
});
row("B42b", "a state that stays is yielded once", async (side) => {
  side.fake.duration = 400;
  const { yielded } = await collect(side.jobs("open").runAndWait());
  return yielded.length === states(yielded).length;
}, { ours: true, reason: "changes are told, not polls (weak point 17); compat.repeatUpdates brings them back" });
row("B43", "a failed run ends the wait normally", async (side) => {
  Object.assign(side.fake, { duration: 30, result: "FAILED" });
  const { yielded } = await collect(side.jobs("open").runAndWait());
  return { last: yielded.at(-1).status, result: yielded.at(-1).run.state.result_state };
});
row("B43b", "what came of the run is said", async (side) => {
  Object.assign(side.fake, { duration: 30, result: "FAILED" });
  const { yielded } = await collect(side.jobs("open").runAndWait());
  return yielded.at(-1).outcome ?? null;
}, { ours: "failed", reason: "failure does not look like success (weak point 11)" });
row("B44", "a server that sends status alone", async (side) => {
  Object.assign(side.fake, { duration: 30, statusOnly: true });
  const aborter = new AbortController();
  const timer = setTimeout(() => aborter.abort(), 1500);
  const { yielded } = await collect(side.jobs("open").runAndWait(undefined, aborter.signal));
  clearTimeout(timer);
  return yielded.at(-1)?.status ?? null;
}, { ours: "TERMINATED", reason: "verdicts are read from status (weak point 10)" });
row("B46", "a poll that is answered 503 once", async (side) => {
  side.fake.duration = 60;
  side.fake.fault({ path: "/runs/get", status: 503 });
  const { value, thrown } = await outcome(() => collect(side.jobs("open").runAndWait()));
  return thrown ?? value.yielded.at(-1).status;
}, { ours: "TERMINATED", reason: "one bad poll does not lose a wait (weak point 3)" });
row("B47", "a trigger that is refused", async (side) => {
  side.fake.fault({ path: "/run-now", status: 403 });
  const { thrown, message } = await outcome(() => collect(side.jobs("open").runAndWait()));
  return { isError: thrown !== undefined, names: /failed to trigger/i.test(message) };
});
row("B48", "a wait that times out", async (side) => {
  const { message } = await outcome(() => collect(side.jobs("short").runAndWait()));
  return { names: /polling timeout/.test(message), cancelled: side.fake.count("/runs/cancel") };
});
row("B49", "a signal that was used before", async (side) => {
  const { yielded } = await collect(side.jobs("open").runAndWait(undefined, AbortSignal.abort()));
  return { yielded: yielded.length, runs: side.fake.runs.size };
}, { ours: { yielded: 0, runs: 0 }, reason: "an aborted call sends nothing (weak point 13)" });
row("B49b", "a signal while waiting", async (side) => {
  const aborter = new AbortController();
  const waiting = side.jobs("open").runAndWait(undefined, aborter.signal);
  await waiting.next();
  aborter.abort();
  const { yielded } = await collect(waiting);
  return { more: yielded.length <= 1, cancelled: side.fake.count("/runs/cancel") };
});
row("B50", "listeners left on a signal", async (side) => {
  side.fake.duration = 700;
  const { getEventListeners } = await import("node:events");
  const aborter = new AbortController();
  await collect(side.jobs("open").runAndWait(undefined, aborter.signal));
  return getEventListeners(aborter.signal, "abort").length === 0;
}, { ours: true, reason: "no listener is left behind (weak point 13)" });

// Routes.
row("H1", "an unknown key", async (side) => plain(await get(side, "/no%3Cpe/status")));
row("H0", "what is in the body of an error", async (side) => Object.keys((await get(side, "/nope/status")).body), { ours: ["error", "plugin", "code"], reason: "a stable code beside the text, for programs (weak point 16); compat.plainErrors leaves it out" });
row("H2", "a key without id", async (side) => plain(await get(side, "/noid/status")));
row("H3", "a run is started", async (side) => {
  const answers = [await post(side, "/open/run", {}), await post(side, "/open/run")];
  return { answers: answers.map(({ status, body }) => ({ status, body })), sent: sent(side.fake) };
});
row("H3b", "a body that is a list", async (side) => (await post(side, "/open/run", "[1]")).status, { ours: 400, reason: "what was sent is not ignored; compat.ignoreOtherBodies brings it back" });
row("H3c", "a body that is no JSON by its type", async (side) => (await post(side, "/open/run", "x=1", { "content-type": "text/plain" })).status, { ours: 415, reason: "what was sent is not ignored, and no form of another site starts a job" });
for (const value of ["null", "[]", '"x"', "7"]) row(`H4 ${value}`, `params ${value}`, async (side) => plain(await post(side, "/nb/run", `{"params":${value}}`)));
row("H5", "params without schema and task type", async (side) => plain(await post(side, "/open/run", { params: {} })));
row("H6", "too many parameters", async (side) => {
  const params = Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, "v"]));
  const { status, body } = await post(side, "/nb/run", { params });
  delete params.k50;
  return { status, begins: body.error.startsWith("Too many parameters (51)."), fifty: (await post(side, "/nb/run", { params })).status };
});
row("H6b", "what too many parameters are told", async (side) => {
  const params = Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, "v"]));
  return (await post(side, "/nb/run", { params })).body.error;
}, { ours: "Too many parameters (51). Define a schema to accept more than 50.", reason: "schemas of all kinds are taken, not Zod's alone" });
row("H7", "params that break the schema", async (side) => [plain(await post(side, "/etl/run", { params: { day: 7 } })), plain(await post(side, "/etl/run", {}))]);
row("H7b", "what exactly is wrong", async (side) => (await post(side, "/etl/run", { params: { day: 7 } })).body.details?.[0]?.path ?? null, { ours: "/day", reason: "details beside the same message (weak point 16)" });
row("H8", "a nested value", async (side) => (await post(side, "/nb/run", { params: { x: { y: 1 } } })).status, { ours: 400, reason: "a caller's mistake is a 400 (weak point 16)" });
row("H8b", "params for dbt", async (side) => (await post(side, "/dbt/run", { params: { x: 1 } })).status, { ours: 400, reason: "a caller's mistake is a 400 (weak point 16)" });
for (const status of [403, 404, 409]) {
  row(`H9-${status}`, `the workspace answers ${status}`, async (side) => {
    side.fake.fault({ path: "/run-now", status });
    return plain(await post(side, "/open/run", {}));
  });
}
row("H10", "malformed JSON", async (side) => {
  const { status, body, text } = await post(side, "/open/run", '{"params":');
  return { status, isJson: body !== undefined, shows: /node_modules|\n\s+at /.test(text) };
}, { ours: { status: 400, isJson: true, shows: false }, reason: "an error is JSON (weak point 16)" });
row("H10b", "a body of ten megabytes", async (side) => {
  const { status, body } = await post(side, "/open/run", JSON.stringify({ params: { x: "y".repeat(10 << 20) } }));
  return { status, isJson: body !== undefined };
}, { ours: { status: 413, isJson: true }, reason: "an error is JSON (weak point 16)" });
row("H10c", "a body that is compressed", async (side) => {
  const packed = async (body, encoding) => (await post(side, "/nb/run", body, { "content-encoding": encoding })).status;
  const body = JSON.stringify({ params: { day: "x" } });
  const large = gzipSync(JSON.stringify({ params: { x: "y".repeat(2 << 20) } }));
  const answers = [await packed(gzipSync(body), "gzip"), await packed(deflateSync(body), "deflate"), await packed(brotliCompressSync(body), "br"), await packed(gzipSync(body).subarray(0, 20), "gzip"), await packed(body, "gzip"), await packed(large, "gzip"), await packed(body, "zip")];
  return [answers, sent(side.fake)];
});
for (const limit of ["", "0", "abc", "-5", "1000", "7.9", "1e2"]) {
  row(`H11 ${limit}`, `limit=${limit}`, async (side) => {
    for (let n = 0; n < 30; n += 1) side.fake.add(16);
    const { status, body } = await get(side, `/free/runs?limit=${limit}`);
    return { status, runs: body.runs.length, first: body.runs[0].job_id };
  });
}
row("H12", "a run", async (side) => {
  const run = side.fake.add(12);
  const { status, body } = await get(side, `/open/runs/${run.id}`);
  return { status, run: body.run_id, tasks: body.tasks.length, state: body.state };
});
for (const id of ["abc", "0", "-5"]) row(`H12 ${id}`, `run id ${id}`, async (side) => plain(await get(side, `/open/runs/${id}`)));
for (const id of ["12abc", "1e3", "1.5"]) {
  row(`H12 ${id}`, `run id ${id}`, async (side) => plain(await get(side, `/open/runs/${id}`)), {
    ours: { status: 400, error: "Invalid runId", plugin: "plugin" },
    reason: "ids are read to their end (weak point 20)",
  });
}
row("H12b", "a run id of 2^53+1", async (side) => {
  side.fake.add(12, { id: 9007199254740993n });
  const { status, text } = await get(side, "/open/runs/9007199254740993");
  return { status, exact: text.includes('"9007199254740993"') };
}, { ours: { status: 200, exact: true }, reason: "ids are exact, as text where a number would round (weak point 9)" });
row("H12c", "another job's run, and one that is not there", async (side) => {
  const run = side.fake.add(99);
  return [plain(await get(side, `/open/runs/${run.id}`)), plain(await get(side, "/open/runs/5"))];
});
row("H13", "status", async (side) => {
  const none = await get(side, "/script/status");
  side.fake.add(15);
  const one = await get(side, "/dbt/status");
  return { none: none.body, status: one.body.status, run: one.body.run.run_id };
});
row("H14", "cancel", async (side) => {
  const [run, other] = [side.fake.add(12), side.fake.add(99)];
  const del = async (id) => {
    const { status, text } = await ask(side.base, side.plugin, "DELETE", `/open/runs/${id}`);
    return [status, status === 204 ? text : ""];
  };
  return [await del(run.id), await del("x"), await del(other.id), run.result, other.result];
});
row("H15", "a fault of the schema itself", async (side) => plain(await post(side, "/broken/run", { params: {} })));
row("H16", "other paths and methods", async (side) => {
  const paths = [["GET", "/open/nothing"], ["PUT", "/open/run"], ["GET", "/open/run"]];
  return Promise.all(paths.map(async ([method, path]) => (await ask(side.base, side.plugin, method, path)).status));
});
row("H16b", "only stream=true streams", async (side) => (await post(side, "/open/run?stream=1", {})).body);

// Streams.
row("S1", "parameters are checked before a stream opens", async (side) => plain(await post(side, "/etl/run?stream=true", { params: { day: 7 } })));
row("S1b", "parameters that cannot be mapped", async (side) => (await post(side, "/nb/run?stream=true", { params: { x: {} } })).status, { ours: 400, reason: "told before the stream opens (weak point 16)" });
row("S2", "the headers of a stream", async (side) => {
  side.fake.duration = 0;
  const { status, headers } = await post(side, "/open/run?stream=true", {});
  return [status, ...["content-type", "cache-control", "x-accel-buffering"].map((name) => headers.get(name))];
});
row("S3", "the events of a stream", async (side) => {
  side.fake.duration = 100;
  const told = events((await post(side, "/open/run?stream=true", {})).text).filter(({ event }) => event === "message");
  const last = told.at(-1);
  return { states: states(told.map(({ data }) => data)), ids: told.every(({ id }) => id), run: last.data.run.run_id, result: last.data.run.state.result_state, time: typeof last.data.timestamp };
});
row("S3b", "the run's id is told before the first poll", async (side) => {
  side.fake.duration = 0;
  const [first] = events((await post(side, "/open/run?stream=true", {})).text);
  return [first.event, first.data.runId === side.firstRun];
}, { ours: ["started", true], reason: "a page knows its run at once (weak point 17); compat.noStartedEvent leaves it out" });
row("S4", "a trigger that is refused", async (side) => {
  side.fake.fault({ path: "/run-now", status: 403 });
  const { status, text } = await post(side, "/open/run?stream=true", {});
  const [told] = events(text);
  return { status, event: told.event, code: told.data.code, leaks: text.includes("secret text") };
});
row("S6", "a client that leaves does not cancel the run", async (side) => {
  await readUntil(side.base, side.plugin, "POST", "/open/run?stream=true", (text) => text.includes("RUNNING"), { body: "{}" });
  const before = side.fake.calls.length;
  await new Promise((resolve) => setTimeout(resolve, 300));
  return { cancelled: side.fake.count("/runs/cancel"), polls: side.fake.calls.length - before <= 1 };
});
row("S7", "a client that comes back with Last-Event-ID", async (side) => {
  const { text } = await readUntil(side.base, side.plugin, "POST", "/open/run?stream=true", (text) => text.includes("RUNNING"), { body: "{}" });
  const id = events(text).at(-1).id;
  const again = readUntil(side.base, side.plugin, "POST", "/open/run?stream=true", (text) => text.includes("TERMINATED"), { body: "{}", headers: { "last-event-id": id } });
  await until("a second look", () => side.fake.count("/runs/get") > 1);
  await side.fake.finishAllUntil(again);
  return side.fake.runs.size;
}, { ours: 1, reason: "a broken connection does not start the job again (weak point 1)" });

// Users.
const asUser = (headers) => ({ header: (name) => headers[name] });
row("O1", "a request without a user's token", async (side) => {
  const { thrown, statusCode } = await outcome(() => side.jobs("open").asUser(asUser({ "x-forwarded-user": "ada" })));
  return { thrown, statusCode };
});
row("O1b", "a request without a user", async (side) => {
  const { thrown, statusCode } = await outcome(() => side.jobs("open").asUser(asUser({ "x-forwarded-access-token": "t" })));
  return { thrown, statusCode };
});
row("O2", "calls go out with the user's token", async (side) => {
  await side.jobs("open").asUser(asUser({ "x-forwarded-access-token": "t-ada", "x-forwarded-user": "ada" })).runNow();
  await side.jobs("open").runNow();
  return side.fake.calls.map(({ authorization }) => authorization);
});
row("O4", "another token of the same user", async (side) => {
  const run = side.fake.add(12, { end: 1, result: "SUCCESS" });
  for (const token of ["a", "b"]) {
    await side.jobs("open").asUser(asUser({ "x-forwarded-access-token": token, "x-forwarded-user": "eve" })).getRun(Number(run.id));
  }
  return side.fake.calls.map(({ authorization }) => authorization);
}, { ours: ["Bearer a", "Bearer b"], reason: "what one token may see another may not" });
row("O5", "a user's handle has the methods and no asUser", (side) => {
  const api = side.jobs("open").asUser(asUser({ "x-forwarded-access-token": "t", "x-forwarded-user": "ada" }));
  return [typeof api.runNow, typeof api.runAndWait, typeof api.getJob, typeof api.asUser];
});
row("O0", "routes run as the app, whatever the request says", async (side) => {
  await post(side, "/open/run", {}, { "x-forwarded-access-token": "t", "x-forwarded-user": "ada" });
  return side.fake.calls.map(({ authorization }) => authorization);
});

// What browsers are told.
row("C1", "jobs, task types and no ids", (side) => {
  const { jobs } = side.instance.clientConfig();
  return { keys: Object.keys(jobs).sort(), nb: jobs.nb, properties: Object.keys(jobs.etl.params.properties) };
});
row("C1b", "a field with a default is not required", (side) => side.instance.clientConfig().jobs.etl.params.required, { ours: ["day"], reason: "the schema of what is sent, not of what comes out (weak point 21)" });

rows.push(...setup);

export { rows };
