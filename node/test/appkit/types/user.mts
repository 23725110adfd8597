// A user's AppKit app that uses both packages. Each `@ts-expect-error` is a mistake that the types find.

import { createApp, server, type ExecutionResult, type JobAPI as BuiltinAPI } from "@databricks/appkit";
import { type } from "arktype";
import { Jobs, LakeflowError, ParamSchema, mapParams } from "lakeflow-jobs";
import { RunFailedError, WaitError, jobs, type JobAPI, type JobsConfig, type Outcome, type RunOutcome } from "lakeflow-jobs/appkit";
import * as v from "valibot";
import { z } from "zod";

const config: JobsConfig = {
  pollIntervalMs: 1000,
  transport: "native",
  toolsRunAs: "app",
  webhook: { token: "t" },
  compat: { repeatUpdates: true, noStartedEvent: true, ignoreOtherBodies: true },
  jobs: {
    etl: { taskType: "notebook", waitTimeout: 60_000, params: z.object({ day: z.string(), n: z.coerce.number().default(1) }) },
    valibot: { taskType: "sql", params: v.object({ day: v.string() }) },
    arktype: { taskType: "job_parameters", params: type({ day: "string" }) },
    plain: { id: 9007199254740993n, params: { type: "object", required: ["day"] } },
  },
};

// @ts-expect-error no such transport
export const wrong: JobsConfig = { transport: "pigeon" };
// @ts-expect-error no such task type
export const other: JobsConfig = { jobs: { etl: { taskType: "shell" } } };

export async function main(signal: AbortSignal): Promise<Outcome | undefined> {
  const app = await createApp({ plugins: [server({ port: 8000 }), jobs(config)] });
  const etl = app.jobs("etl");

  const started = await etl.runNow({ day: "2026-01-31" });
  if (!started.ok) throw new Error(`${started.status} ${started.message}`);
  const runId: number | undefined = started.data.run_id;
  // @ts-expect-error the key of a job is text
  app.jobs(7);
  // @ts-expect-error a result that was not looked at has no message
  console.log(started.message, runId);

  // As AppKit's own plugin has it: a signal, and a generator that returns nothing.
  for await (const { status, timestamp, run } of etl.runAndWait({ day: "2026-01-31" }, signal)) {
    console.log(status?.toLowerCase(), timestamp.toFixed(), run.tasks?.[0]?.task_key);
  }

  const waiting = etl.runAndWait({ day: "2026-01-31" }, { signal, cancelOnAbort: true, cancelOnTimeout: true, throwOnFailure: true });
  let came: RunOutcome | undefined;
  try {
    for (;;) {
      const step = await waiting.next();
      if (step.done) {
        came = step.value;
        break;
      }
      console.log(step.value.status, step.value.failures?.[0]?.taskKey);
    }
  } catch (error) {
    if (error instanceof RunFailedError) console.log(error.outcome.failures.map(({ error }) => error));
    else if (error instanceof WaitError && error.runId !== undefined) for await (const update of etl.wait(error.runId)) console.log(update.status);
    else if (error instanceof LakeflowError) console.log(error.code, error.cause);
    throw error;
  }

  const user = etl.asUser({ header: (name) => (name === "x-forwarded-user" ? "me" : undefined) });
  const outputs = await user.outputs("9007199254740993");
  if (outputs.ok) console.log(outputs.data[0]?.output?.notebook_output?.result);
  const repaired = await user.repairRun(1n, { rerunAllFailedTasks: true, jobParameters: { day: "2026-02-01" } });
  if (repaired.ok) console.log(repaired.data.repairId);
  const cancelled: ExecutionResult<void> = await user.cancelRun(1, { wait: true, signal });
  const [last, list, run, output, job] = await Promise.all([etl.lastRun(), etl.listRuns({ limit: 5 }), etl.getRun(1), etl.getRunOutput(1), etl.getJob()]);
  console.log(cancelled.ok, last.ok && last.data?.run_id, list.ok && list.data.length, run.ok && run.data.state, output.ok && output.data.error, job.ok && job.data.settings?.name);
  return came?.outcome;
}

/** Code that was written for the handle of AppKit's own plugin takes ours. */
export const asBuiltin = (api: JobAPI): BuiltinAPI => api;

/** The other package, in the same program. */
export async function plain(): Promise<string> {
  const schema = new ParamSchema({ type: "object", required: ["day"] });
  const client = new Jobs({ host: "https://host", token: "t", jobs: { etl: { id: 11, taskType: "notebook", params: schema } } });
  const run = await client.job("etl").runAndWait({ day: "x" }).result();
  return `${run.runId} ${JSON.stringify(mapParams("notebook", { a: 1 }))}`;
}
