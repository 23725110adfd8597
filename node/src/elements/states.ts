// States as people see them: label, order of severity, counts. Which state a run is in was decided by the core.

/** Each state as it is shown (console reference 2.2): label, tone, fill, glyph; worst first, the order in which they are summed up. */
export const LOOK: [state: string, label: string, tone: Tone, fill: 'solid' | 'hollow' | 'dash' | 'hatch', glyph: string][] = [
  ['FAILED', 'Failed', 'bad', 'solid', 'cross'],
  ['TIMEDOUT', 'Timed out', 'bad', 'solid', 'clock'],
  ['INTERNAL_ERROR', 'Internal error', 'bad', 'solid', 'bolt'],
  ['UPSTREAM_FAILED', 'Upstream failed', 'bad', 'hollow', 'up'],
  ['SUCCESS_WITH_FAILURES', 'Succeeded with failures', 'warn', 'solid', 'check'],
  ['WAITING_FOR_RETRY', 'Waiting for retry', 'warn', 'hatch', 'retry'],
  ['RUNNING', 'Running', 'run', 'solid', 'play'],
  ['TERMINATING', 'Stopping', 'run', 'hatch', 'stop'],
  ['PENDING', 'Pending', 'wait', 'hollow', 'dots'],
  ['QUEUED', 'Queued', 'wait', 'hollow', 'lines'],
  ['BLOCKED', 'Blocked', 'wait', 'hollow', 'ring'],
  ['SUCCESS', 'Succeeded', 'ok', 'solid', 'check'],
  ['CANCELED', 'Canceled', 'off', 'solid', 'slash'],
  ['UPSTREAM_CANCELED', 'Upstream canceled', 'off', 'hollow', 'up'],
  ['EXCLUDED', 'Excluded', 'off', 'dash', 'diamond'],
  ['SKIPPED', 'Skipped', 'off', 'dash', 'skip'],
  ['DISABLED', 'Disabled', 'off', 'dash', 'bars'],
  ['MAXIMUM_CONCURRENT_RUNS_REACHED', 'Skipped: too many runs', 'off', 'dash', 'many'],
]
export type Tone = 'wait' | 'run' | 'ok' | 'warn' | 'bad' | 'off'

const RANK = new Map(LOOK.map(([key, label, tone], rank) => [key, { label, tone, rank }]))
/** Every known state. */
export const STATES = LOOK.map(([key]) => key)

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
