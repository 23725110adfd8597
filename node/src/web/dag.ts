// The graph of a job's tasks: levels, what runs if a task fails, and where it is drawn.

import { invalidArgument } from "../errors.js";
import { call, running } from "./core.js";

/** A task as a definition has it; what is not about the graph is not looked at. */
export interface TaskLike {
  task_key: string;
  depends_on?: { task_key: string; outcome?: string }[];
  run_if?: string;
  [field: string]: unknown;
}

/** What is assumed of a task, should it run. */
export interface Assumption {
  /** How it ends: `FAILED`, `TIMEDOUT`, `CANCELED`; `SUCCESS` without it. */
  outcome?: string;
  /** What a condition gives; `true` without it. */
  condition?: boolean;
}

/** How a graph ends. */
export interface Simulated {
  /** The end of each task, by key: `SUCCESS`, `UPSTREAM_FAILED`, `EXCLUDED`, … */
  tasks: Record<string, string>;
  /** The result of the job run. */
  job: string;
}

/** Sizes in pixels, and when to fold. */
export interface LayoutOptions {
  width?: number;
  height?: number;
  layer_gap?: number;
  row_gap?: number;
  margin?: number;
  /** More nodes than this are folded; 0 never folds. */
  fold_above?: number;
}

/** A drawn graph. */
export interface Layout {
  width: number;
  height: number;
  nodes: { key: string; layer: number; x: number; y: number; members?: string[] }[];
  edges: { from: string; to: string; points: [number, number][] }[];
  folded: boolean;
}

/** The graph of a job's tasks. */
export class Dag {
  /** The tasks as they were given. */
  readonly tasks: readonly TaskLike[];
  /** The level of each task, by key: 0 without dependencies, else one more than the highest above it. */
  readonly levels: Readonly<Record<string, number>>;

  /**
   * Of a job's settings, or of its tasks.
   *
   * @throws {LakeflowError} `INVALID_DEFINITION` naming the tasks of a cycle.
   */
  constructor(job: { tasks?: readonly TaskLike[] } | readonly TaskLike[]) {
    const tasks = (Array.isArray(job) ? job : typeof job === "object" && job !== null && ((job as { tasks?: unknown }).tasks ?? [])) as unknown;
    if (!Array.isArray(tasks)) throw invalidArgument("dag", "a graph is made of a job's settings, or of the list of its tasks");
    this.tasks = tasks as TaskLike[];
    this.levels = call(running("dag"), "dag_levels", { tasks: this.tasks });
  }

  /** The keys of each level, in the order of the tasks. */
  get layers(): string[][] {
    const layers: string[][] = [];
    for (const { task_key } of this.tasks) (layers[this.levels[task_key] ?? 0] ??= []).push(task_key);
    return layers;
  }

  /**
   * How every task ends when some end as assumed; the others succeed if they run.
   *
   * @throws {LakeflowError} `INVALID_ARGUMENT` for a key that is no task.
   */
  simulate(assumed: Record<string, Assumption> = {}): Simulated {
    const unknown = Object.keys(assumed).find((key) => !Object.hasOwn(this.levels, key));
    if (unknown !== undefined) throw invalidArgument("dag", `${JSON.stringify(unknown)} is not a task of this graph`);
    return call(running("dag"), "dag_simulate", { tasks: this.tasks, assumed });
  }

  /** What runs if this task fails. */
  ifFails(taskKey: string): Simulated {
    return this.simulate({ [taskKey]: { outcome: "FAILED" } });
  }

  /** Where nodes and edges are drawn. */
  layout(options: LayoutOptions = {}): Layout {
    const nodes = this.tasks.map(({ task_key, depends_on = [] }) => ({
      key: task_key,
      depends_on: depends_on.map((edge) => edge.task_key),
    }));
    return call(running("dag"), "layout", { nodes, options });
  }
}
