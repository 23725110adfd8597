// A run in somebody else's page: read from a document, or polled from an address until it is over. The core makes the
// model of the document and says when to ask again.
import { later, words } from './html.js'
import { over } from './states.js'
import { clamp } from './time.js'
import type { RunModel } from './types.js'

/** What the element needs of the core; `lakeflow-jobs/web` has it. */
export interface RunRules {
  /** The model of a `runs/get` document at a time of this clock; `whole` never folds its graph. */
  runModel(run: never, now: number, whole: boolean): RunModel
}

const rules = later<RunRules>()
/** Where the core comes from; called once by who embeds the elements, before or after there is a run. */
export const useRunRules = rules.give

/** What is followed, and where it is put. */
interface Target {
  src: string; run: unknown; whole: boolean; fetcher: ((url: string, init?: RequestInit) => Promise<Response>) | undefined
  model: RunModel | undefined; problem: string
}

/** Wait after a reading, in milliseconds: quick at first, then calmer. */
const wait = (turn: number): number => clamp(1000, turn * 1000, 5000)

/** Reads until the run is over, or until that is stopped. */
export async function follow(target: Target, stop: AbortSignal): Promise<void> {
  try {
    const core = await rules.get()
    const take = (run: unknown): void => {
      if (!stop.aborted) Object.assign(target, { model: core.runModel(run as never, Date.now(), target.whole), problem: '' })
    }
    if (!target.src) return take(target.run)
    const fetcher = target.fetcher ?? ((url, init) => fetch(url, init))
    for (let turn = 0, faults = 0; !stop.aborted; turn++) {
      try {
        const answer = await fetcher(target.src, { signal: stop, headers: { accept: 'application/json' } })
        if (!answer.ok) throw new Error(`the run cannot be read: ${answer.status} ${answer.statusText}`)
        // As text, so that no id passes through a number.
        take(await answer.text())
        if (over(target.model!.run.s)) return
        faults = 0
      } catch (error) {
        if (++faults > 5) throw error
      }
      await new Promise(done => setTimeout(done, wait(turn) * (1 + faults)))
    }
  } catch (error) {
    if (!stop.aborted) target.problem = words(error)
  }
}
