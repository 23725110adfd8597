// A page as its author writes it, under --strict and with the types of a browser alone.

import init, { Dag, LakeflowError, ParamSchema, type Field, RunView, mapParams, nextFireTimes, resolveReferences, validateJob, watchRun } from "lakeflow-jobs/web";
import initParams, * as params from "lakeflow-jobs/web/params";

await init({ module: fetch("/full.wasm"), extra: "/extra.wasm", every: new URL("https://host/every.wasm"), signal: AbortSignal.timeout(1000) });
await initParams();

const schema = new ParamSchema({ type: "object" }, { formats: "annotate", resources: { "https://host/day": { type: "string" } } });
const fields: Field[] = schema.describe().fields;
const given = schema.coerceForm(new FormData(document.querySelector("form") ?? undefined));
for (const { path, keyword, message } of schema.validate(given)) document.title = `${path} ${keyword} ${message}`;
document.title = fields.map(({ label, required, enum: choices = [] }) => `${label} ${required} ${choices.map((choice) => choice.label).join()}`).join();
const { notebook_params } = mapParams("notebook", { day: "2026-01-31" });
const lines: (number | undefined)[] = (await validateJob("name: x\n")).map(({ position }) => position?.line);
const local: string | undefined = (await nextFireTimes("0 0 2 * * ?", { timezone: "Europe/Warsaw" }))[0]?.local;
const resolved = resolveReferences({ a: "{{job.id}}" }, { job: { id: 1 } });
if ("value" in resolved) document.title = resolved.value.a;
const ends: Record<string, string> = new Dag([{ task_key: "a" }]).ifFails("a").tasks;
const state: string = new RunView({ run_id: 1 }).state;
const end = await watchRun("/api/jobs/orders/run", { params: given, onChange: (run) => (document.title = run.state) });
const outcome: string | null = end.outcome;
try {
  // @ts-expect-error formats are one of two
  new params.ParamSchema({}, { formats: "maybe" });
} catch (error) {
  if (error instanceof LakeflowError && error.code === "INVALID_ARGUMENT") document.title = error.problems.map(({ code }) => code).join();
}
document.title = [notebook_params, lines, local, ends, state, outcome].join();
