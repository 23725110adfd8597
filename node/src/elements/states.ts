// States as people see them: label, order of severity, counts. Which state a run is in was decided by the core.
import type { Attempt, Task } from './types.js'

/** A word of an enumeration as people write it. */
export const lower = (word: string): string => word.toLowerCase().replaceAll('_', ' ')

/** Each state as it is shown (console reference 2.2): tone, fill (solid, hollow, dashed, hatched), glyph, label unless that is
 * its own words; worst first, the order in which they are summed up. */
export const LOOK = `FAILED bad s cross
TIMEDOUT bad s clock Timed out
INTERNAL_ERROR bad s bolt
UPSTREAM_FAILED bad h up
SUCCESS_WITH_FAILURES warn s check Succeeded with failures
WAITING_FOR_RETRY warn x retry
RUNNING run s play
TERMINATING run x stop Stopping
PENDING wait h dots
QUEUED wait h lines
BLOCKED wait h ring
SUCCESS ok s check Succeeded
CANCELED off s slash
UPSTREAM_CANCELED off h up
EXCLUDED off d diamond
SKIPPED off d skip
DISABLED off d bars
MAXIMUM_CONCURRENT_RUNS_REACHED off d many Skipped: too many runs`.split('\n').map((line, rank) => {
    const [state, tone, fill, glyph, ...label] = line.split(' ') as [string, Tone, string, string]
    return { state, tone, fill, glyph, rank, label: label.join(' ') || state[0] + lower(state.slice(1)) }
  })
export type Tone = 'wait' | 'run' | 'ok' | 'warn' | 'bad' | 'off'

const KNOWN = new Map(LOOK.map(look => [look.state, look]))
/** Every known state. */
export const STATES = LOOK.map(look => look.state)

/** The label; a state that is not known is shown as it came. */
export const label = (state: string): string => KNOWN.get(state)?.label ?? state
export const tone = (state: string): Tone => KNOWN.get(state)?.tone ?? 'wait'
export const rank = (state: string): number => KNOWN.get(state)?.rank ?? 9
/** True once nothing changes by itself any more; never for a state that is not known. */
export const over = (state: string): boolean => /ok|bad|off/.test(tone(state)) || state === 'SUCCESS_WITH_FAILURES'
/** True for what did not succeed by its own doing. */
export const failed = (state: string): boolean => rank(state) < 3

export const latestOf = (task: Task | undefined): Attempt | undefined => task?.attempts.at(-1)
/** State of the newest attempt. */
export const stateOf = (task: Task | undefined): string => latestOf(task)?.s ?? 'BLOCKED'

/** The worst of some states. */
export const worst = (states: string[]): string =>
  states.reduce((a, b) => (rank(b) < rank(a) ? b : a), states[0] ?? 'BLOCKED')

/** How often each state occurs, worst first. */
export function counts(states: string[]): [string, number][] {
  const found = new Map<string, number>()
  for (const state of states) found.set(state, (found.get(state) ?? 0) + 1)
  return [...found].sort(([a], [b]) => rank(a) - rank(b))
}

const TRIGGERS: Record<string, string> = { ONE_TIME: 'manual', PERIODIC: 'schedule', RUN_JOB_TASK: 'by a job', TABLE: 'table update' }
/** What started a run, in words. */
export const trigger = (word: string): string => TRIGGERS[word] ?? lower(word)
