// What the elements show: a run, its tasks and attempts, and the picture of its graph. The local engine answers in this
// form, and the core makes it of a `runs/get` document (`runModel` of `lakeflow-jobs/web`). Ids are text, times are
// milliseconds since 1970, and what is not known is left out. No rule is here.

/** Counts of a for-each task. */
export interface Each { all: number; done: number; active: number; failed: number }

/** One attempt of a task, or of an iteration. */
export interface Attempt {
  id: string
  key: string
  /** From 0. */
  n: number
  /** Key of its state, for example `RUNNING`. */
  s: string
  msg?: string
  /** Will begin, of one that waits for its retry. */
  retry?: number
  /** Began to be set up. */
  start?: number
  /** Began to run its own code. */
  exec?: number
  end?: number
  repair?: string
  /** Outcome of a condition. */
  cond?: boolean
  /** The for-each attempt it is an iteration of, and its index. */
  of?: string
  i?: number
  input?: string
  /** True when a later repair took its place. */
  old?: boolean
  each?: Each
}

/** A task of a run. */
export interface Task {
  key: string
  type: string
  what: string
  /** Keys of the tasks it depends on, with the branch of a condition. */
  deps: [string, string?][]
  /** Its run condition, unless that is the usual one. */
  if?: string
  attempts: Attempt[]
}

/** A run without its tasks. */
export interface Run {
  id: string
  job: string
  name: string
  s: string
  msg?: string
  /** Created. */
  at: number
  /** Admitted. */
  start?: number
  end?: number
  trigger: string
  by: string
  params: [string, string][]
  repairs: { id: string; start: number; end?: number }[]
  /** Usual duration of the job. */
  usual?: number
  /** The run before this one. */
  before?: { id: string; params: [string, string][] }
  /** Whether the job still exists. */
  stored?: boolean
  limit?: number
  parent?: string
}

/** Positions of nodes and edges (`layout` of the core). */
export interface Graph {
  width: number
  height: number
  nodes: { key: string; members?: string[]; layer: number; x: number; y: number }[]
  edges: { from: string; to: string; points: [number, number][] }[]
  folded: boolean
}

/** Everything about a run but its logs. */
export interface RunModel {
  run: Run
  tasks: Task[]
  graph: Graph
  /** Keys of the tasks on the critical path. */
  critical: string[]
  /** The clock of who made this, to measure the own one against. */
  now?: number
}

/** Part of a log, and where it stands in the whole. */
export interface LogPart {
  text: string
  /** First byte, byte after the last, bytes in all, first byte that is still kept. */
  from: number
  to: number
  size: number
  kept: number
  /** Lines before the part. */
  line: number
  /** Nothing more will come. */
  over: boolean
  /** Lines of standard error, where the streams are told apart: first line of the part, from 0, and number. */
  err?: [number, number][]
  /** Times of lines, where they are known: a line of the part, from 0, and when it and what follows came. */
  times?: [number, number][]
}

/** A match in a log: line from 1, column and length in characters of what is shown. */
export type Hit = [line: number, column: number, length: number]

/** What an attempt left behind. */
export interface Details {
  attempt: Attempt
  given: { name: string; value: string; from?: string }[]
  definition: unknown
  error?: string
  code?: string
  trace?: string
  exit?: { value: string | null; cut: boolean }
  sql?: unknown
  values: [string, string][]
  iterations?: { all: number; rows: Attempt[] }
  child?: string | null
}

/** Where a run element asks for what is not in the model. */
export interface RunSource {
  log(attempt: string, at: { from?: number; before?: number; wait?: boolean }, stop: AbortSignal): Promise<LogPart>
  details(attempt: string): Promise<Details>
  /** Finds text or a pattern in the whole log; without it the lines that are shown are searched, for text alone. */
  search?(attempt: string, asked: { words: string; pattern: boolean; sensitive: boolean }, stop: AbortSignal): Promise<{ all: number; hits: Hit[] }>
  /** Address of the whole log. */
  raw?(attempt: string): string
}
