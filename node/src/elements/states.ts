// States as people see them: label, order of severity, counts. Which state a run is in was decided by the core.

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
MAXIMUM_CONCURRENT_RUNS_REACHED off d many Skipped: too many runs`.split('\n').map(line => {
    const [state, tone, fill, glyph, ...label] = line.split(' ') as [string, Tone, string, string]
    return { state, tone, fill, glyph, label: label.join(' ') || state[0] + state.slice(1).toLowerCase().replaceAll('_', ' ') }
  })
export type Tone = 'wait' | 'run' | 'ok' | 'warn' | 'bad' | 'off'

const RANK = new Map(LOOK.map((look, rank) => [look.state, { ...look, rank }]))
/** Every known state. */
export const STATES = LOOK.map(look => look.state)

/** The label; a state that is not known is shown as it came. */
export const label = (state: string): string => RANK.get(state)?.label ?? state
export const tone = (state: string): Tone => RANK.get(state)?.tone ?? 'wait'
export const rank = (state: string): number => RANK.get(state)?.rank ?? 9
/** True once nothing changes by itself any more; never for a state that is not known. */
export const over = (state: string): boolean => {
  const known = tone(state)
  return RANK.has(state) && (known === 'ok' || known === 'bad' || known === 'off' || state === 'SUCCESS_WITH_FAILURES')
}
/** True for what did not succeed by its own doing. */
export const failed = (state: string): boolean => rank(state) < 3

/** The worst of some states. */
export const worst = (states: string[]): string =>
  states.reduce((a, b) => (rank(b) < rank(a) ? b : a), states[0] ?? 'BLOCKED')

/** How often each state occurs, worst first. */
export function counts(states: string[]): [string, number][] {
  const found = new Map<string, number>()
  for (const state of states) found.set(state, (found.get(state) ?? 0) + 1)
  return [...found].sort(([a], [b]) => rank(a) - rank(b))
}

const TRIGGERS: Record<string, string> = { ONE_TIME: 'manual', PERIODIC: 'schedule', RETRY: 'retry', RUN_JOB_TASK: 'by a job', FILE_ARRIVAL: 'file arrival', TABLE: 'table update', CONTINUOUS: 'continuous' }
/** What started a run, in words. */
export const trigger = (word: string): string => TRIGGERS[word] ?? word.toLowerCase().replaceAll('_', ' ')
