// `lakeflow-jobs/web` as the elements ask it: `useWeb(await import('lakeflow-jobs/web'))` after its `init()`. Every rule is
// in its module; here names are only put where the elements read them.
import { useFormRules, type Entries, type Form, type Violation } from './form-element.js'
import { useRunRules } from './follow.js'
import type { Attempt, Graph, RunModel, Task } from './types.js'

interface Schema { describe(): unknown; coerceForm(entries: Entries): Record<string, unknown>; validate(params: unknown): Violation[]; free?(): void }
interface Bar { run_id: unknown; attempt: number; part: string; state: string; start: number; end: number }
interface Row { task_key: string; run_id: unknown; attempt: number; state: string; message: string; start: number | null; end: number | null }
interface View { runId: unknown; jobId: unknown; name: string; state: string; message: string; start: number | null; end: number | null; tasks: readonly Row[]; timeline: { rows: readonly { task_key: string; bars: readonly Bar[] }[] } }
/** What is used of `lakeflow-jobs/web`. */
export interface Web {
  ParamSchema: new (schema: never) => Schema
  RunView: new (run: never, now?: number) => View
  Dag: new (tasks: never) => { layout(options?: object): unknown }
}

/** Lets the elements ask a loaded `lakeflow-jobs/web`. */
export function useWeb(web: Web): void {
  useFormRules({
    describe: schema => new web.ParamSchema(schema as never).describe() as Form,
    check: (schema, entries) => {
      const compiled = new web.ParamSchema(schema as never)
      const params = compiled.coerceForm(entries)
      return { params, violations: compiled.validate(params) }
    },
  })
  useRunRules({ runModel: (run, now) => model(web, run, now) })
}

interface Doc { trigger?: string; creator_user_name?: string; start_time?: number; job_parameters?: { name: string; value?: string; default?: string }[]; tasks?: { task_key: string; depends_on?: { task_key: string; outcome?: string }[] }[] }

function model(web: Web, run: unknown, now: number): RunModel {
  const view = new web.RunView(run as never, now)
  // Ids are read by the module; what is read here holds none.
  const doc = (typeof run === 'string' ? JSON.parse(run) : run) as Doc
  const defined = new Map((doc.tasks ?? []).map(task => [task.task_key, task]))
  const bars = new Map(view.timeline.rows.map(row => [row.task_key, row.bars]))
  const tasks = view.tasks.map((row): Task => {
    const type = Object.keys(defined.get(row.task_key) ?? {}).find(name => name.endsWith('_task'))?.slice(0, -5).replaceAll('_', ' ') ?? 'task'
    return { key: row.task_key, type, what: '', deps: (defined.get(row.task_key)?.depends_on ?? []).map(edge => (edge.outcome ? [edge.task_key, edge.outcome] : [edge.task_key])), attempts: attempts(row, bars.get(row.task_key) ?? []) }
  })
  const edges = tasks.map(task => ({ task_key: task.key, depends_on: task.deps.map(([task_key]) => ({ task_key })) }))
  return {
    now, tasks, critical: [],
    graph: new web.Dag(edges as never).layout() as Graph,
    run: {
      id: String(view.runId), job: String(view.jobId ?? ''), name: view.name, s: view.state, ...(view.message && { msg: view.message }), at: doc.start_time ?? now,
      ...(view.start && { start: view.start }), ...(view.end && { end: view.end }), trigger: doc.trigger ?? '', by: doc.creator_user_name ?? '', repairs: [],
      params: (doc.job_parameters ?? []).map(one => [one.name, one.value ?? one.default ?? '']),
    },
  }
}

function attempts(row: Row, bars: readonly Bar[]): Attempt[] {
  const found = new Map<string, Attempt>()
  for (const bar of bars) {
    const id = String(bar.run_id)
    const own = found.get(id) ?? { id, key: row.task_key, n: bar.attempt, s: bar.state, start: bar.start }
    if (bar.part === 'run') own.exec = bar.start
    found.set(id, own)
  }
  const newest = found.get(String(row.run_id)) ?? { id: String(row.run_id), key: row.task_key, n: row.attempt, s: row.state }
  found.delete(newest.id)
  for (const bar of bars) {
    const own = found.get(String(bar.run_id))
    if (own) own.end = Math.max(own.end ?? 0, bar.end)
  }
  return [...found.values(), { ...newest, s: row.state, ...(row.message && { msg: row.message }), ...(row.start && { start: row.start }), ...(row.end && { end: row.end }) }]
}
