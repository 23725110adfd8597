// A user's program over the whole of `lakeflow-jobs`: checked under --strict, not run.

import {
  type Id,
  Jobs,
  LakeflowError,
  LocalEngine,
  ParamSchema,
  type Problem,
  type Run,
  RunFailedError,
  type Verdict,
  type Violation,
  mapParams,
  nextFireTimes,
  resolveReferences,
  validateJob,
} from "lakeflow-jobs";

export async function nightly(signal: AbortSignal): Promise<number> {
  const schema = new ParamSchema({ type: "object", required: ["day"] });
  const violations: Violation[] = schema.validate({ day: "2026-01-31" });
  if (violations[0]) throw new Error(`${violations[0].path}: ${violations[0].message}`);
  const jobs = new Jobs({
    authenticate: async ({ refresh }) => ({ Authorization: `Bearer ${refresh ? "new" : "old"}` }),
    jobs: { etl: { id: 9007199254740993n, taskType: "notebook", params: schema } },
  });
  await using waiting = jobs.job("etl").runAndWait({ day: "2026-01-31" }, { signal, timeoutMs: 60_000, cancelOnTimeout: true });
  for await (const { run, changes } of waiting) {
    const state: string = run.state;
    console.log(state, changes.map((change) => change.task_key));
  }
  const end = await waiting.end();
  const verdict: Verdict = end.verdict;
  if (!end.isSuccess) console.log(verdict, end.error?.code, end.failures[0]?.trace);
  try {
    const run: Run = await waiting.result();
    const id: Id = run.runId;
    const outputs = await jobs.outputs(id, { signal });
    console.log(outputs[0]?.output?.notebook_output?.result, run.tasks[0]?.attempt);
    return run.progress.succeeded;
  } catch (error) {
    if (error instanceof RunFailedError) console.log(error.failures, error.pageUrl);
    else if (error instanceof LakeflowError && error.code === "INTERRUPTED") console.log(error.cause, error.retryable);
    throw error;
  }
}

export async function local(): Promise<void> {
  await using engine = await LocalEngine.start({ bundle: "examples/medallion", variables: { day: "1" } });
  const run = await engine.jobs({ medallion: { taskType: "job_parameters" } }).job("medallion").runAndWait().result();
  console.log(run.task("silver")?.isSuccess, await run.document());
}

const problems: Problem[] = validateJob("tasks: []");
const fields: Record<string, unknown> = mapParams("sql", { a: 1 });
const [fire] = nextFireTimes("0 0 2 * * ?", { timezone: "Europe/Warsaw", after: new Date(), count: 1 });
const resolved = resolveReferences({ a: "{{job.id}}" }, { job: { id: 1 } });
if ("value" in resolved) console.log(resolved.value.a.length);
console.log(problems.length, fields, fire?.utc);

// @ts-expect-error there is no such task type
mapParams("Notebook", {});
// @ts-expect-error an option that is none
new Jobs({ hots: "https://x" });
// @ts-expect-error an id is a number, a text or a BigInt
void new Jobs().getRun({});
