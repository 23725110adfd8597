// The elements as TypeScript and React see them. Written by hand: lit is inside the bundle and no dependency.
import type { Details, LogPart, RunModel, RunSource } from './types.js'

export type { Attempt, Details, Graph, LogPart, Run, RunModel, RunSource, Task } from './types.js'

export interface Field {
  name: string; path: string; label: string; description?: string; type?: string; items?: string; control: string; required: boolean; nullable?: boolean
  default?: unknown; enum?: { value: unknown; label: string }[]; limits?: Record<string, unknown>; writeOnly?: boolean; readOnly?: boolean; fields?: Field[]
  /** What a default that is a reference would be now. */
  now?: string
}
export interface Form { title?: string; description?: string; fields: Field[]; open: boolean; cut: boolean }
export interface Violation { path: string; keyword: string; message: string }
export interface Checked { params: Record<string, unknown>; violations: Violation[] }
/** The core, as the form asks it; `lakeflow-jobs/web` or a server of yours answers. */
export interface FormRules {
  describe(schema: unknown): Form | Promise<Form>
  /** Names and texts; U+0000 alone stands for the empty text, since no text is "not set". */
  check(schema: unknown, entries: [string, string][]): Checked | Promise<Checked>
}
/** The core, as the run asks it. `run` is the document, or its JSON text, in which no id was rounded. */
export interface RunRules {
  /** `whole` never folds the graph. */
  runModel(run: any, now: number, whole: boolean): RunModel
}

/** `<lakeflow-run>`. Events: `lakeflow-select`, `lakeflow-done`, `lakeflow-repair`, `lakeflow-unfold`. */
export declare class LakeflowRunElement extends HTMLElement {
  /** What is shown; or give `run`, or `src`. */
  model: RunModel | undefined
  source: RunSource | undefined
  /** A `runs/get` document. */
  run: unknown
  /** An address that answers with one; polled until the run is over. */
  src: string
  fetcher: ((url: string, init?: RequestInit) => Promise<Response>) | undefined
  /** The selected task, and its attempt from 1. */
  task: string
  attempt: number
  repairable: boolean
  /** In a narrow place, where the graph is not shown first: whether it is shown above the tasks. */
  graphOnPhone: boolean
  /** Selects the first failed task. */
  failure(): void
}
/** `<lakeflow-param-form>`. Events: `lakeflow-change`, `lakeflow-submit`. */
export declare class LakeflowParamFormElement extends HTMLElement {
  schema: unknown
  values: Record<string, unknown> | undefined
  presets: { label: string; values: Record<string, unknown> }[] | undefined
  rules: FormRules | undefined
  send: ((params: Record<string, unknown>, token: string) => Promise<{ run?: string; violations?: Violation[] }>) | undefined
  request: ((params: Record<string, unknown>) => Promise<unknown>) | undefined
  label: string
  disabled: boolean
  /** Sends what equals its default, too. */
  defaults: boolean
  readonly params: Record<string, unknown>
  readonly violations: Violation[]
  checkValidity(): boolean
  reportValidity(): boolean
  fill(values: Record<string, unknown>): void
  submit(): Promise<void>
}
export declare function useRunRules(rules: RunRules | Promise<RunRules>): void
export declare function useFormRules(rules: FormRules | Promise<FormRules>): void
/** Lets the elements ask `lakeflow-jobs/web`, once its `init()` is done: `useWeb(await import('lakeflow-jobs/web'))`. */
export declare function useWeb(web: object): void
export declare function define(): void
export type { Details as RunDetails, LogPart as RunLogPart }

declare global {
  interface HTMLElementTagNameMap {
    'lakeflow-run': LakeflowRunElement
    'lakeflow-param-form': LakeflowParamFormElement
  }
  namespace JSX {
    interface IntrinsicElements {
      'lakeflow-run': Record<string, unknown>
      'lakeflow-param-form': Record<string, unknown>
    }
  }
}
