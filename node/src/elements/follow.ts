// A run in somebody else's page: read from a document, or polled from an address until it is over. The core makes the
// model of the document and says when to ask again.
import { later, words } from './html.js'
import { over } from './states.js'
import type { RunModel } from './types.js'

/** What the element needs of the core; `lakeflow-jobs/web` has it. */
export interface RunRules {
  /** The model of a `runs/get` document at a time of this clock; `whole` never folds its graph. */
  runModel(run: never, now: number, whole: boolean): RunModel
}

const rules = later<RunRules>()
/** Where the core comes from; called once by who embeds the elements, before or after there is a run. */
export const useRunRules = rules.give

export interface Follower { stop(): void }
interface Target { model: RunModel | undefined; problem: string }
interface Asked { src: string; run: unknown; whole: boolean; fetcher: ((url: string, init?: RequestInit) => Promise<Response>) | undefined }

/** Waits between two readings, in milliseconds: quick at first, then calmer. */
const WAITS = [1000, 1000, 2000, 3000, 5000]

export function follow(target: Target, asked: Asked): Follower {
  const stop = new AbortController()
  void work(target, asked, stop.signal).catch(error => {
    if (!stop.signal.aborted) target.problem = words(error)
  })
  return { stop: () => stop.abort() }
}

async function work(target: Target, asked: Asked, stop: AbortSignal): Promise<void> {
  const core = await rules.get()
  if (stop.aborted) return
  if (!asked.src) {
    target.model = core.runModel(asked.run as never, Date.now(), asked.whole)
    return
  }
  const fetcher = asked.fetcher ?? ((url: string, init?: RequestInit) => fetch(url, init))
  for (let turn = 0, faults = 0; !stop.aborted; turn++) {
    try {
      const answer = await fetcher(asked.src, { signal: stop, headers: { accept: 'application/json' } })
      if (!answer.ok) throw new Error(`the run cannot be read: ${answer.status} ${answer.statusText}`)
      // As text, so that no id passes through a number.
      target.model = core.runModel(await answer.text() as never, Date.now(), asked.whole)
      target.problem = ''
      faults = 0
      if (over(target.model.run.s)) return
    } catch (error) {
      if (stop.aborted) return
      if (++faults > 5) throw error
    }
    await new Promise(done => setTimeout(done, WAITS[Math.min(turn, WAITS.length - 1)]! * (1 + faults)))
  }
}
