// A document of `runs/get` as `<lakeflow-run>` of `lakeflow-jobs/elements` shows it: the view of the core in the names of the
// element. Decides nothing: states, times and the graph are the core's.

import type { Attempt, Graph, RunModel, Task } from "../elements/types.js";
import { Dag, type TaskLike } from "./dag.js";
import { type RunBar, type RunDocument, type RunTask, RunView } from "./run.js";

interface Doc {
  trigger?: string;
  creator_user_name?: string;
  start_time?: number;
  job_parameters?: { name: string; value?: string; default?: string }[];
  tasks?: { task_key: string; depends_on?: { task_key: string; outcome?: string }[] }[];
}

/** What `<lakeflow-run>` shows of a run, of its document or its text, at a time of this clock; `whole` never folds the graph. */
export function runModel(run: RunDocument | string, now: number = Date.now(), whole = false): RunModel {
  const view = new RunView(run, now);
  // Ids are read by the module; what is read here holds none.
  const doc = (typeof run === "string" ? JSON.parse(run) : run) as Doc;
  const defined = new Map((doc.tasks ?? []).map((task) => [task.task_key, task]));
  const bars = new Map(view.timeline.rows.map((row) => [row.task_key, row.bars]));
  const tasks = view.tasks.map((row): Task => {
    const task = defined.get(row.task_key);
    const block = Object.keys(task ?? {}).find((name) => name.endsWith("_task"));
    return {
      key: row.task_key,
      type: block?.slice(0, -5).replaceAll("_", " ") ?? "task",
      what: "",
      deps: (task?.depends_on ?? []).map(({ task_key, outcome }) => (outcome ? [task_key, outcome] : [task_key])),
      attempts: attempts(row, bars.get(row.task_key) ?? []),
    };
  });
  const edges: TaskLike[] = tasks.map(({ key, deps }) => ({ task_key: key, depends_on: deps.map(([task_key]) => ({ task_key })) }));
  return {
    now,
    tasks,
    critical: [],
    graph: new Dag(edges).layout(whole ? { fold_above: 0 } : {}) as Graph,
    run: {
      id: String(view.runId),
      job: String(view.jobId ?? ""),
      name: view.name,
      s: view.state,
      ...(view.message && { msg: view.message }),
      at: doc.start_time ?? now,
      ...(view.start && { start: view.start }),
      ...(view.end && { end: view.end }),
      trigger: doc.trigger ?? "",
      by: doc.creator_user_name ?? "",
      repairs: [],
      params: (doc.job_parameters ?? []).map(({ name, value, default: initial }) => [name, value ?? initial ?? ""]),
    },
  };
}

/** The attempts of a task, oldest first: the bars of the timeline by attempt, and the newest as the view has it. */
function attempts(row: RunTask, bars: readonly RunBar[]): Attempt[] {
  const found = new Map<string, Attempt>();
  for (const bar of bars) {
    const id = String(bar.run_id);
    const own = found.get(id) ?? { id, key: row.task_key, n: bar.attempt, s: bar.state, start: bar.start };
    if (bar.part === "run") own.exec = bar.start;
    own.end = Math.max(own.end ?? 0, bar.end);
    found.set(id, own);
  }
  const id = String(row.run_id);
  const newest: Attempt = {
    ...found.get(id),
    id,
    key: row.task_key,
    n: row.attempt,
    s: row.state,
    ...(row.message && { msg: row.message }),
    ...(row.start && { start: row.start }),
  };
  if (row.end) newest.end = row.end;
  else delete newest.end;
  found.delete(id);
  return [...found.values(), newest];
}
