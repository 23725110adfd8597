// The client against a host: calls, waits, credentials, ids, aborts, faults.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { Jobs, LakeflowError, RunFailedError } from "lakeflow-jobs";
import { run, serve, task, transportOf } from "./support/host.js";

const BIG = "9007199254740993";
const HOST = { host: "https://host.example", token: "dapi-secret", discover: false };

const client = (routes, options = {}) => {
  const { transport, seen } = transportOf(routes);
  return { jobs: new Jobs({ ...HOST, transport, ...options }), seen };
};

const refusal = async (promise, code) => {
  const error = await promise.then(
    () => assert.fail("it was not refused"),
    (thrown) => thrown,
  );
  assert.ok(error instanceof LakeflowError, String(error.stack));
  if (code) assert.equal(error.code, code, error.message);
  assert.ok(!JSON.stringify({ ...error, m: error.message }).includes("dapi-secret"), "no secret is told");
  return error;
};

/** A run that is running when it is looked at first, and over when it is looked at again. */
const runs = (code, tasks = []) => {
  let polls = 0;
  const states = { SUCCESS: "SUCCESS" };
  return {
    "run-now": () => ({ run_id: 7 }),
    "runs/get": () => (polls++ === 0 ? run(7, "RUNNING") : run(7, "TERMINATED", { code: states[code] ?? code, tasks })),
    "runs/list": () => ({ runs: [] }),
    "runs/get-output": () => ({ error: "ZeroDivisionError", error_trace: "line 1", metadata: {} }),
    "runs/cancel": () => ({}),
  };
};

test("a run is triggered once, told as it changes, and ends in a verdict", async () => {
  const { jobs, seen } = client(runs("SUCCESS"), { jobs: { etl: { id: 1, taskType: "notebook" } } });
  const waiting = jobs.job("etl").runAndWait({ day: "2026-01-01", n: 3 });
  const states = [];
  for await (const { run } of waiting) states.push(run.state);
  assert.deepEqual(states, ["RUNNING", "SUCCESS"]);
  const end = await waiting.end();
  assert.deepEqual([end.verdict, end.isSuccess, end.runId, end.error], ["succeeded", true, 7, null]);
  assert.equal((await waiting.result()).pageUrl, "https://host/run/7");
  const sent = JSON.parse(seen[0].text);
  assert.deepEqual([sent.job_id, sent.notebook_params], [1, { day: "2026-01-01", n: "3" }]);
  assert.ok(sent.idempotency_token.length >= 16);
  assert.equal(seen.filter(({ path }) => path.endsWith("run-now")).length, 1);
});

test("a run that fails is never success", async () => {
  const tasks = [task("load", 70, "TERMINATED", "RUN_EXECUTION_ERROR")];
  const { jobs } = client(runs("RUN_EXECUTION_ERROR", tasks), { jobs: { etl: { id: 1 } } });
  const waiting = jobs.job("etl").runAndWait();
  const end = await waiting.end();
  assert.deepEqual([end.verdict, end.isSuccess], ["failed", false]);
  const error = await refusal(waiting.result(), "RUN_FAILED");
  assert.ok(error instanceof RunFailedError);
  assert.equal(error.name, "RunFailedError");
  assert.deepEqual(error.failures.map((failure) => [failure.task_key, failure.error]), [["load", "ZeroDivisionError"]]);
  assert.match(error.message, /task load: ZeroDivisionError/);
  assert.deepEqual([error.runId, error.pageUrl, error.context.run_id], [7, "https://host/run/7", "7"]);
});

test("ids over 2^53 stay what they are", async () => {
  const text = JSON.stringify(run(7, "TERMINATED", { code: "SUCCESS", tasks: [task("a", 8, "TERMINATED", "SUCCESS")] }));
  const exact = text.replace('"run_id":7', `"run_id":${BIG}`).replace('"run_id":8', `"run_id":${BIG}`).replace('"job_id":1', `"job_id":${BIG}`);
  const { jobs, seen } = client({ "runs/get": () => ({ status: 200, body: exact }), "run-now": () => ({ status: 200, body: `{"run_id":${BIG}}` }) });
  for (const id of [BIG, BigInt(BIG)]) {
    const found = await jobs.getRun(id);
    assert.deepEqual([found.runId, found.jobId, found.tasks[0].runId], [BIG, BIG, BIG]);
    assert.equal((await found.document()).run_id, BIG);
    assert.equal(seen.at(-1).query.run_id, BIG);
  }
  assert.equal(await jobs.job(BIG).runNow(), BIG);
  assert.match(seen.at(-1).text, new RegExp(`"job_id":${BIG}[,}]`));
  // A number that has been rounded before we see it cannot be told from another id.
  assert.match((await refusal(jobs.getRun(Number(BIG)), "INVALID_ARGUMENT")).message, /rounded/);
  for (const bad of ["abc", "", "1.5", " 7", "9223372036854775808", 1.5, NaN, -0.1, null, {}, 10n ** 30n]) {
    await refusal(jobs.getRun(bad), "INVALID_ARGUMENT");
  }
  await refusal(jobs.wait("abc").end(), "INVALID_ARGUMENT");
});

test("parameters that break the schema are told, and nothing is sent", async () => {
  const params = { type: "object", required: ["day"], properties: { day: { type: "string" } } };
  const { jobs, seen } = client(runs("SUCCESS"), { jobs: { etl: { id: 1, taskType: "notebook", params } } });
  assert.match((await refusal(jobs.job("etl").runNow({ day: 1 }), "INVALID_PARAMETERS")).message, /day/);
  await refusal(jobs.job("etl").runAndWait({}).result(), "INVALID_PARAMETERS");
  assert.match((await refusal(jobs.job("etl").runNow({ day: NaN }), "INVALID_PARAMETERS")).message, /NaN/);
  const cycle = {};
  cycle.cycle = cycle;
  assert.match((await refusal(jobs.job("etl").runNow(cycle), "INVALID_PARAMETERS")).message, /cycle/);
  assert.equal(seen.length, 0);
});

test("a name is looked up; one that is not there is told", async () => {
  const listed = { jobs: [{ job_id: 5, settings: { name: "nightly" } }] };
  const { jobs } = client({ "list": ({ query }) => (query.name === "nightly" ? listed : { jobs: [] }), ...runs("SUCCESS") });
  assert.equal(await jobs.job("nightly").id(), 5);
  assert.match((await refusal(jobs.job("gone").runNow(), "NOT_FOUND")).message, /"gone"/);
  assert.match((await refusal(jobs.job("__proto__").runNow(), "NOT_FOUND")).message, /__proto__/);
});

test("credentials of a callback are asked for each request, and renewed once after a 401", async () => {
  const asked = [];
  let token = 0;
  const authenticate = async ({ refresh }) => {
    asked.push(refresh);
    token += 1;
    return { Authorization: `Bearer t${token}` };
  };
  const seenTokens = [];
  const routes = {
    "runs/get": ({ headers }) => {
      seenTokens.push(headers.authorization);
      if (headers.authorization === "Bearer t2") return { status: 401, body: '{"error_code":"UNAUTHENTICATED","message":"expired"}' };
      return run(7, "RUNNING");
    },
  };
  const { transport } = transportOf(routes);
  const jobs = new Jobs({ host: HOST.host, discover: false, authenticate, transport });
  await jobs.getRun(7);
  await jobs.getRun(8);
  assert.deepEqual(seenTokens, ["Bearer t1", "Bearer t2", "Bearer t3"]);
  assert.deepEqual(asked, [false, false, true]);
  const other = jobs.actingAs(() => "Bearer ada");
  await other.getRun(7);
  assert.equal(seenTokens.at(-1), "Bearer ada");
});

test("what a callback throws is the cause of the error", async () => {
  const cause = new RangeError("the vault is locked");
  const { transport } = transportOf(runs("SUCCESS"));
  const failing = new Jobs({ host: HOST.host, discover: false, transport, authenticate: () => { throw cause; } });
  const error = await refusal(failing.getRun(7), "UNAUTHENTICATED");
  assert.equal(error.cause, cause);
  assert.match(error.message, /the vault is locked/);
  assert.equal(error.context.cause, undefined);
  const offline = Object.assign(new TypeError("the cable is out"), { code: "ECONNREFUSED" });
  const apart = new Jobs({ ...HOST, retryBudgetMs: 0, transport: async () => { throw offline; } });
  const unreached = await refusal(apart.getRun(7), "UNREACHABLE");
  assert.equal(unreached.cause, offline);
  assert.equal(unreached.context.cause, undefined);
  for (const nothing of [undefined, null, "", {}, 7]) {
    const silent = new Jobs({ host: HOST.host, discover: false, transport, authenticate: () => nothing });
    await refusal(silent.getRun(7), "UNAUTHENTICATED");
  }
});

test("a wrong token, a host that is not there, and answers that are no JSON are told apart", async () => {
  const denied = { status: 401, body: '{"error_code":"UNAUTHENTICATED","message":"Invalid token"}' };
  const { jobs } = client({ "runs/get": () => denied });
  const wrong = await refusal(jobs.getRun(7), "UNAUTHENTICATED");
  assert.deepEqual([wrong.context.host, wrong.context.status, wrong.retryable], ["https://host.example", "401", false]);
  const gone = await serve({});
  gone.close();
  const unreachable = new Jobs({ host: gone.url, token: "t", discover: false });
  const error = await refusal(unreachable.getRun(7), "UNREACHABLE");
  assert.equal(error.context.host, gone.url);
  assert.equal(error.retryable, true);
  const none = client({ "runs/get": () => ({ status: 404, body: '{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"Run 7 does not exist."}' }) });
  await refusal(none.jobs.getRun(7), "NOT_FOUND");
});

test("settings that make no sense are refused before anything is sent", () => {
  const refused = (options, words) => assert.throws(() => new Jobs(options), (error) => error instanceof LakeflowError && words.test(error.message));
  refused({ discover: false }, /no host/);
  refused({ ...HOST, host: "ftp://x" }, /not an http/);
  refused({ host: "https://x", discover: false }, /credential/);
  refused({ ...HOST, hots: "https://x" }, /"hots" is no option.*host/);
  refused({ ...HOST, jobs: { etl: { id: "abc" } } }, /jobs\.etl\.id/);
  refused({ ...HOST, jobs: { etl: { taskType: "Notebook" } } }, /jobs\.etl\.taskType.*Notebook/);
  refused({ ...HOST, jobs: { etl: { params: { type: "strnig" } } } }, /not a JSON Schema/);
});

test("a signal calls off what was given it, and leaves no listener behind", async () => {
  let polled;
  const reached = new Promise((resolve) => (polled = resolve));
  const hang = { "runs/get": () => new Promise(() => {}), "run-now": () => ({ run_id: 7 }) };
  const transport = async ({ url }) => {
    if (url.includes("run-now")) return { status: 200, body: '{"run_id":7}' };
    if (url.includes("runs/list")) return { status: 200, body: "{}" };
    polled();
    return hang["runs/get"]();
  };
  const jobs = new Jobs({ ...HOST, transport });
  const controller = new AbortController();
  const reason = new Error("the user left");
  const call = jobs.getRun(7, { signal: controller.signal });
  await reached;
  assert.equal(getEventListeners(controller.signal, "abort").length, 1);
  controller.abort(reason);
  const error = await refusal(call, "INTERRUPTED");
  assert.equal(error.cause, reason);
  assert.equal(getEventListeners(controller.signal, "abort").length, 0);
  assert.equal((await refusal(jobs.getRun(7, { signal: controller.signal }), "INTERRUPTED")).cause, reason);

  const second = new AbortController();
  const waiting = jobs.job("1").runAndWait({}, { signal: second.signal });
  assert.equal(await waiting.runId(), 7);
  second.abort(reason);
  const end = await waiting.end();
  assert.deepEqual([end.verdict, end.runId, end.error.code, end.error.cause], ["unfinished", 7, "INTERRUPTED", reason]);
  assert.equal(getEventListeners(second.signal, "abort").length, 0);
});

test("a used signal triggers nothing", async () => {
  const { jobs, seen } = client(runs("SUCCESS"), { jobs: { etl: { id: 1 } } });
  await refusal(jobs.job("etl").runNow({}, { signal: AbortSignal.abort() }), "INTERRUPTED");
  await refusal(jobs.job("etl").runAndWait({}, { signal: AbortSignal.abort() }).end(), "INTERRUPTED");
  assert.equal(seen.length, 0);
});

test("a trigger that was called off under way names the token that finds its run", async () => {
  const tokens = [];
  let reached;
  const arrived = new Promise((resolve) => (reached = resolve));
  let answer;
  const released = new Promise((resolve) => (answer = resolve));
  const transport = async ({ body }) => {
    const { idempotency_token: token } = JSON.parse(body);
    if (!tokens.includes(token)) tokens.push(token);
    reached();
    if (tokens.length === 1) await released;
    return { status: 200, body: `{"run_id":${7 + tokens.indexOf(token)}}` };
  };
  const jobs = new Jobs({ ...HOST, transport });
  const controller = new AbortController();
  const reason = new Error("the user left");
  const call = jobs.job("1").runNow({}, { signal: controller.signal });
  await arrived;
  controller.abort(reason);
  const error = await refusal(call, "INTERRUPTED");
  answer();
  assert.equal(error.cause, reason);
  assert.match(error.message, /may have been started/);
  assert.equal(error.context.idempotency_token, tokens[0]);
  assert.equal(await jobs.job("1").runNow({ idempotency_token: tokens[0] }), 7);
  assert.equal(tokens.length, 1);
});

test("cancelOnAbort cancels the run, else it is left alone", async () => {
  for (const cancelOnAbort of [false, true]) {
    let canceled = false;
    const routes = {
      "run-now": () => ({ run_id: 7 }),
      "runs/list": () => ({}),
      "runs/get": () => (canceled ? run(7, "TERMINATED", { code: "USER_CANCELED" }) : run(7, "RUNNING")),
      "runs/cancel": () => ((canceled = true), {}),
    };
    const { jobs } = client(routes, { jobs: { etl: { id: 1 } } });
    const controller = new AbortController();
    const waiting = jobs.job("etl").runAndWait({}, { signal: controller.signal, cancelOnAbort });
    await waiting.runId();
    controller.abort();
    const end = await waiting.end();
    assert.equal(end.verdict, "unfinished");
    assert.equal(canceled, cancelOnAbort);
  }
});

test("leaving a loop or a block ends the wait; the run goes on", async () => {
  const endless = { "run-now": () => ({ run_id: 7 }), "runs/get": () => run(7, "RUNNING"), "runs/list": () => ({}), "runs/cancel": () => assert.fail("no cancel") };
  const { jobs } = client(endless, { jobs: { etl: { id: 1 } } });
  const left = jobs.job("etl").runAndWait();
  for await (const update of left) {
    assert.equal(update.run.state, "RUNNING");
    break;
  }
  assert.equal((await left.end()).error.code, "INTERRUPTED");
  const disposed = jobs.wait(7);
  await disposed.runId();
  await disposed[Symbol.asyncDispose]();
  assert.equal((await disposed.end()).verdict, "unfinished");
  // What was never begun has nothing to end.
  await jobs.wait(7)[Symbol.asyncDispose]();
});

test("a wait that takes too long ends and says so", async () => {
  const { jobs } = client({ "runs/get": () => run(7, "RUNNING"), "runs/list": () => ({}) });
  const waiting = jobs.wait(7, { timeoutMs: 50 });
  const error = await refusal(waiting.result(), "WAIT_TIMED_OUT");
  assert.equal(error.context.run_id, "7");
  await assert.rejects(async () => { for await (const update of jobs.wait(7, { timeoutMs: 50 })) assert.ok(update.run); }, { code: "WAIT_TIMED_OUT" });
  for (const timeoutMs of [-1, NaN, "1"]) await refusal(jobs.wait(7, { timeoutMs }).end(), "INVALID_ARGUMENT");
});

test("lists, outputs, repairs and cancels", async () => {
  let canceled = false;
  const routes = {
    "runs/list": ({ query }) => ({ runs: query.job_id === "1" ? [run(9, "RUNNING"), run(8, "TERMINATED", { code: "SUCCESS" })] : [] }),
    "runs/get": () => run(7, "TERMINATED", { code: canceled ? "USER_CANCELED" : "SUCCESS", tasks: [task("a", 70, "TERMINATED", "SUCCESS"), task("b", 71, "TERMINATED", "SUCCESS")] }),
    "runs/get-output": ({ query }) =>
      query.run_id === "70" ? { notebook_output: { result: "ok" } } : { status: 400, body: '{"error_code":"INVALID_PARAMETER_VALUE","message":"no output"}' },
    "runs/cancel": () => ((canceled = true), {}),
    "runs/repair": () => ({ repair_id: 3 }),
    "get": () => ({ job_id: 1, settings: { name: "etl", tasks: [] } }),
    "create": () => ({ job_id: 12 }),
  };
  const { jobs, seen } = client(routes, { jobs: { etl: { id: 1 } } });
  assert.deepEqual((await jobs.job("etl").listRuns({ activeOnly: true })).map(({ runId }) => runId), [9, 8]);
  assert.equal(seen.at(-1).query.active_only, "true");
  assert.equal((await jobs.job("etl").lastRun()).runId, 9);
  assert.equal(await jobs.job("2").lastRun(), null);
  await refusal(jobs.listRuns({ limit: 0 }), "INVALID_ARGUMENT");
  const [a, b] = await jobs.outputs(7);
  assert.deepEqual([a.taskKey, a.output.notebook_output.result, a.error], ["a", "ok", null]);
  assert.deepEqual([b.taskKey, b.output, b.error.code], ["b", null, "INVALID_ARGUMENT"]);
  assert.equal((await jobs.job("etl").getJob()).settings.name, "etl");
  assert.equal(await jobs.createJob({ name: "new", tasks: [] }), 12);
  assert.equal((await jobs.cancelAndWait(7).end()).verdict, "canceled");
  await jobs.cancelRun(7);
  const repaired = await jobs.repairRun(7, { tasks: ["a"], jobParameters: { x: "1" }, latestRepairId: 2 }).end();
  assert.ok(repaired.runId);
  const sent = JSON.parse(seen.find(({ path }) => path.endsWith("runs/repair")).text);
  assert.deepEqual(sent, { run_id: 7, rerun_tasks: ["a"], latest_repair_id: 2, job_parameters: { x: "1" } });
});

test("a transport that fails is borne like a socket that does", async () => {
  let calls = 0;
  const transport = async () => {
    calls += 1;
    if (calls === 1) throw Object.assign(new Error("fetch failed"), { cause: { code: "ECONNRESET" } });
    return { status: 200, headers: { "Content-Type": "application/json" }, body: new TextEncoder().encode(JSON.stringify(run(7, "RUNNING"))) };
  };
  const jobs = new Jobs({ ...HOST, transport });
  assert.equal((await jobs.getRun(7)).state, "RUNNING");
  assert.equal(calls, 2);
});

test("a call has a deadline of its own", async () => {
  const jobs = new Jobs({ ...HOST, transport: () => new Promise(() => {}) });
  const error = await refusal(jobs.getRun(7, { timeoutMs: 50 }), "DEADLINE_EXCEEDED");
  assert.equal(error.operation, "get_run");
  for (const timeoutMs of [-1, NaN, "1", null]) await refusal(jobs.getRun(7, { timeoutMs }), "INVALID_ARGUMENT");
});

test("what is heard about a run is looked at at once", async () => {
  let ended = false;
  const routes = {
    "runs/get": () => (ended ? run(7, "TERMINATED", { code: "SUCCESS" }) : run(7, "RUNNING")),
    "runs/list": () => ({}),
  };
  const { jobs } = client(routes);
  const waiting = jobs.wait(7);
  for await (const update of waiting) {
    if (update.run.isTerminal) break;
    ended = true;
    jobs.notify(7);
  }
  assert.equal((await waiting.end()).verdict, "succeeded");
  assert.throws(() => jobs.notify("abc"), { code: "INVALID_ARGUMENT" });
});

test("settings of a job, permissions and policies", async () => {
  const routes = { "update": () => ({}), "get": () => ({ job_id: 1 }) };
  const { jobs, seen } = client(routes);
  await jobs.updateJob(1, { name: "new" }, { remove: ["schedule"] });
  assert.deepEqual(JSON.parse(seen.at(-1).text), { job_id: 1, new_settings: { name: "new" }, fields_to_remove: ["schedule"] });
  const all = async ({ method, url, body }) => ({ status: 200, body: JSON.stringify({ asked: `${method} ${new URL(url).pathname}`, sent: body }) });
  const others = new Jobs({ ...HOST, transport: all });
  assert.equal((await others.getPermissions(1)).asked, "GET /api/2.0/permissions/jobs/1");
  assert.equal((await others.getPermissionLevels(1)).asked, "GET /api/2.0/permissions/jobs/1/permissionLevels");
  const entry = { user_name: "ada", permission_level: "CAN_MANAGE" };
  assert.match((await others.setPermissions(1, [entry])).asked, /^PUT /);
  assert.match((await others.updatePermissions(1, [entry])).asked, /^PATCH /);
  assert.match((await others.getPolicyCompliance(1)).asked, /get-compliance/);
  assert.match((await others.enforcePolicyCompliance(1, { validateOnly: true })).sent, /"validate_only":true/);
});

test("the user agent names what the caller adds; what a header cannot hold is refused", async () => {
  const { transport, seen } = transportOf({ "runs/get": () => run(7, "RUNNING") });
  await new Jobs({ ...HOST, transport, userAgent: "my-app/1.2" }).getRun(7);
  assert.match(seen[0].headers["user-agent"], /^lakeflow-jobs\/\S+ .*my-app\/1\.2/);
  assert.throws(() => new Jobs({ ...HOST, userAgent: "a\r\nx: y" }), { code: "INVALID_ARGUMENT" });
});
