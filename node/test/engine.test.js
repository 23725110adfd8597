// The local engine in this process, with real tasks; and the command that the package carries.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { getEventListeners } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Jobs, LakeflowError, LocalEngine } from "lakeflow-jobs";

const BUNDLE = `
bundle:
  name: shop
resources:
  jobs:
    etl:
      name: etl
      parameters:
        - name: day
          default: monday
        - name: fail
          default: "no"
      tasks:
        - task_key: load
          spark_python_task:
            python_file: ./load.py
            parameters: ["{{job.parameters.day}}", "{{job.parameters.fail}}"]
          environment_key: default
        - task_key: report
          depends_on: [{task_key: load}]
          spark_python_task:
            python_file: ./report.py
          environment_key: default
      environments:
        - environment_key: default
          spec:
            environment_version: "2"
`;

const python = process.env.LAKEFLOW_PYTHON;
let folder, engine, jobs;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "lakeflow-node-"));
  await writeFile(join(folder, "databricks.yml"), BUNDLE);
  await writeFile(join(folder, "load.py"), "import sys\nprint('loaded', sys.argv[1])\nassert sys.argv[2] != 'yes', 'asked to fail'\n");
  await writeFile(join(folder, "report.py"), "print('reported')\n");
  engine = await LocalEngine.start({ bundle: folder, python });
  jobs = engine.jobs({ etl: { taskType: "job_parameters" } });
});

after(async () => {
  await engine.stop();
  await engine.stop();
  await rm(folder, { recursive: true, force: true });
});

test("a bundle's job runs, and tells of each task", async () => {
  assert.deepEqual(engine.deployed.map(({ key, created }) => [key, created]), [["etl", true]]);
  const waiting = jobs.job("etl").runAndWait({ day: "friday" });
  const seen = [];
  for await (const { changes } of waiting) seen.push(...changes.map((change) => `${change.task_key} ${change.state}`));
  assert.ok(seen.includes("load SUCCESS") && seen.at(-1) === "report SUCCESS", seen.join(", "));
  const run = await waiting.result();
  assert.equal(run.progress.succeeded, 2);
  const outputs = await jobs.outputs(run.runId);
  assert.match(outputs[0].output.logs, /loaded friday/);
  assert.match(await jobs.runLog(run.task("load").runId), /loaded friday/);
  assert.equal((await jobs.job("etl").lastRun()).runId, run.runId);
});

test("a failed run is repaired", async () => {
  const waiting = jobs.job("etl").runAndWait({ fail: "yes" });
  const end = await waiting.end();
  assert.equal(end.verdict, "failed");
  assert.deepEqual(end.failures.map((failure) => failure.task_key), ["load"]);
  assert.match(end.error.message, /asked to fail/);
  const repaired = await jobs.repairRun(end.runId, { jobParameters: { fail: "no" } }).result();
  assert.deepEqual(repaired.tasks.map(({ taskKey, state }) => [taskKey, state]), [["load", "SUCCESS"], ["report", "SUCCESS"]]);
  assert.notEqual(repaired.task("load").runId, end.run.task("load").runId);
});

test("the token opens the engine and is shown by nothing", async () => {
  assert.ok(engine.token.length > 20);
  assert.ok(!JSON.stringify(engine).includes(engine.token));
  const other = new Jobs({ host: engine.url, token: "wrong", discover: false });
  await assert.rejects(other.listJobs(), (error) => error instanceof LakeflowError && error.code === "UNAUTHENTICATED" && !error.message.includes(engine.token));
});

test("what cannot be started says why", async () => {
  const refused = (options, code) => assert.rejects(LocalEngine.start(options), (error) => error instanceof LakeflowError && error.code === code);
  await refused({ bundle: join(folder, "gone") }, "NOT_FOUND");
  await refused({}, "INVALID_ARGUMENT");
  await refused({ bundle: folder }, "STORAGE");
  await refused({ bundle: folder, prot: 1 }, "INVALID_ARGUMENT");
  await refused({ data: join(folder, "other"), port: Number(new URL(engine.url).port) }, "INVALID_ARGUMENT");
  const broken = join(folder, "broken.yml");
  await writeFile(broken, "resources:\n  jobs:\n    a:\n      max_concurrent_runs: 5000\n      tasks: [{task_key: x}]\n");
  const error = await LocalEngine.start({ bundle: broken, data: join(folder, "broken") }).catch((thrown) => thrown);
  assert.equal(error.code, "INVALID_DEFINITION");
  assert.deepEqual(error.problems.map(({ code }) => code), ["out_of_range", "no_task_type"]);
  assert.deepEqual([error.problems[0].position.line, error.problems[0].position.column], [4, 28]);
});

test("the package carries the command", async () => {
  const command = fileURLToPath(new URL("../bin/lakeflow.js", import.meta.url));
  const lakeflow = (...args) =>
    promisify(execFile)(process.execPath, [command, ...args], { cwd: folder }).then(
      ({ stdout }) => ({ code: 0, stdout }),
      ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
    );
  const next = await lakeflow("next", "0 0 2 * * ?", "--after", "2026-03-27T12:00:00Z", "--count", "1", "--json");
  assert.deepEqual(JSON.parse(next.stdout), [{ utc: "2026-03-28T02:00:00Z", local: "2026-03-28T02:00:00+00:00" }]);
  assert.equal((await lakeflow("validate", folder)).code, 0);
  assert.equal((await lakeflow("validate", join(folder, "broken.yml"))).code, 2);
  const listed = await lakeflow("run", "etl", "--param", "day=sunday", "--json", "--host", engine.url, "--token", engine.token);
  assert.equal(listed.code, 0, listed.stderr);
  assert.ok(JSON.parse(listed.stdout.split("\n")[0]).run_id);
  assert.equal((await lakeflow("no-such-command")).code, 2);
});

// LOCAL[triggers] own: `LocalEngine` of Node.js fires triggers only when it is asked to, and moves a clock of its own
test("triggers fire when they are asked to", async () => {
  const own = await mkdtemp(join(tmpdir(), "lakeflow-ticks-"));
  const job = { name: "tick", schedule: { quartz_cron_expression: "0 0 6 * * ?", timezone_id: "UTC" } };
  job.tasks = [{ task_key: "a", condition_task: { op: "EQUAL_TO", left: "1", right: "1" } }];
  const bundle = { bundle: { name: "ticks" }, resources: { jobs: { tick: job } } };
  await writeFile(join(own, "databricks.yml"), JSON.stringify(bundle));
  const start = (data, more) => LocalEngine.start({ bundle: own, data: join(own, data), ...more });
  const clock = "2026-03-01T00:00:00Z";
  for (const [triggers, expect] of [[false, 0], [true, 2]]) {
    const engine = await start(`data-${triggers}`, { triggers, clock });
    try {
      assert.equal(await engine.advance(2 * 24 * 3_600_000), expect);
    } finally {
      await engine.stop();
    }
  }
  const real = await start("real", { triggers: true });
  try {
    await assert.rejects(real.advance(1000), (error) => error instanceof LakeflowError && error.code === "INVALID_STATE");
  } finally {
    await real.stop();
    await rm(own, { recursive: true });
  }
});

test("a start that is called off leaves no engine behind", async () => {
  const other = await mkdtemp(join(tmpdir(), "lakeflow-node-"));
  const options = { data: join(other, "data") };
  const isAbort = (reason) => (error) => error instanceof LakeflowError && error.code === "INTERRUPTED" && error.cause === reason;
  const before = new Error("before");
  await assert.rejects(LocalEngine.start({ ...options, signal: AbortSignal.abort(before) }), isAbort(before));
  const aborter = new AbortController();
  const starting = LocalEngine.start({ ...options, signal: aborter.signal });
  const under = new Error("under way");
  aborter.abort(under);
  await assert.rejects(starting, isAbort(under));
  // The data folder is free again once what was under way has been stopped; until then the start says that it is in use.
  const signal = new AbortController().signal;
  for (;;) {
    try {
      await (await LocalEngine.start({ ...options, signal })).stop();
      break;
    } catch (error) {
      assert.equal(error.code, "STORAGE");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  assert.equal(getEventListeners(signal, "abort").length, 0);
  await rm(other, { recursive: true, force: true });
});
