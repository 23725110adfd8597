// The app's jobs as tools of AppKit's agents.

import type { Registry } from "./config.js";
import type { JobsAPI, WaitOptions } from "./types.js";

/** A tool as AppKit's agents take it. */
export interface AgentTool {
  name: string;
  description: string;
  parameters: Record<string, unknown>;
  annotations: { effect: "read" | "write" | "destructive" };
}

/** Which tools an agent is given, and under which names. */
export interface ToolkitOptions {
  /** Before each name; `jobs.` when missing. */
  prefix?: string;
  /** These tools alone. */
  only?: string[];
  /** All but these tools. */
  except?: string[];
  /** Whole names by tool, instead of prefix and tool. */
  rename?: Record<string, string>;
}

/** A tool in the toolkit of an agent. */
export interface ToolkitEntry {
  readonly __toolkitRef: true;
  pluginName: string;
  localName: string;
  def: AgentTool;
  annotations: AgentTool["annotations"];
  /** True for tools that only look: agents that inherit tools get them without being told. */
  autoInheritable: boolean;
}

const RUN_ID = { type: "string", pattern: "^[1-9][0-9]{0,18}$", description: "Id of a run of this job" };

/** The tools of every job that has an id or a name: start and wait, look, cancel. */
export function agentTools(registry: Registry): AgentTool[] {
  const config = (registry.clientConfig["jobs"] ?? {}) as Record<string, { params: Record<string, unknown> | null; taskType: string | null }>;
  const jobs = registry.jobs.filter(({ id, name }) => id !== null || name !== null);
  return jobs.flatMap(({ key }): AgentTool[] => {
    const described = Object.hasOwn(config, key) ? config[key] : undefined;
    const params = described?.params ?? { type: "object", ...(described?.taskType ? {} : { additionalProperties: false }) };
    const object = (properties: Record<string, unknown>, required: string[] = []) => ({
      type: "object",
      properties,
      required,
      additionalProperties: false,
    });
    return [
      {
        name: `${key}.run`,
        description: `Runs the job "${key}" and waits for its end. Says what came of it and which tasks failed with what error.`,
        parameters: object({ params }),
        annotations: { effect: "write" },
      },
      {
        name: `${key}.status`,
        description: `Says where the last run of the job "${key}" stands, or the run with the id that is given.`,
        parameters: object({ runId: RUN_ID }),
        annotations: { effect: "read" },
      },
      {
        name: `${key}.outputs`,
        description: `Reads what the tasks of a run of the job "${key}" left behind.`,
        parameters: object({ runId: RUN_ID }, ["runId"]),
        annotations: { effect: "read" },
      },
      {
        name: `${key}.cancel`,
        description: `Cancels a run of the job "${key}".`,
        parameters: object({ runId: RUN_ID }, ["runId"]),
        annotations: { effect: "destructive" },
      },
    ];
  });
}

/** The tools by the names under which an agent has them. */
export function toolkit(plugin: string, tools: AgentTool[], options: ToolkitOptions = {}): Record<string, ToolkitEntry> {
  const { only, except = [], rename = {}, prefix = `${plugin}.` } = options;
  const chosen = tools.filter(({ name }) => (only?.includes(name) ?? true) && !except.includes(name));
  const entries = chosen.map((tool): [string, ToolkitEntry] => {
    const name = (Object.hasOwn(rename, tool.name) && rename[tool.name]) || prefix + tool.name;
    const { annotations } = tool;
    const autoInheritable = annotations.effect === "read";
    return [name, { __toolkitRef: true, pluginName: plugin, localName: tool.name, def: { ...tool, name }, annotations, autoInheritable }];
  });
  return Object.fromEntries(entries);
}

/** Carries out a tool. What went wrong is told in the answer, since an agent reads it. */
export async function executeTool(api: (key: string) => JobsAPI, name: string, args: unknown, signal?: AbortSignal): Promise<unknown> {
  const at = name.lastIndexOf(".");
  const [key, verb] = [name.slice(0, at), name.slice(at + 1)];
  const { params, runId } = (args ?? {}) as { params?: Record<string, unknown>; runId?: string };
  const job = api(key);
  switch (verb) {
    case "run": {
      const options: WaitOptions = signal ? { signal } : {};
      const waiting = job.runAndWait(params, options);
      let seen: unknown;
      for (;;) {
        const step = await waiting.next();
        if (!step.done) {
          seen = (step.value.run as { run_id?: unknown }).run_id;
          continue;
        }
        if (!step.value) return { runId: seen, outcome: "the wait was stopped; the run goes on" };
        const { run: _run, ...came } = step.value;
        return came;
      }
    }
    case "status":
      return runId === undefined ? job.lastRun() : job.getRun(runId);
    case "outputs":
      return job.outputs(String(runId));
    case "cancel":
      return job.cancelRun(String(runId));
    default:
      throw new Error(`${JSON.stringify(name)} is not a tool of the jobs plugin`);
  }
}
