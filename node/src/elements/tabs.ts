// The tabs of a task.
import type { Task } from './types.js'

export type Tab = 'log' | 'iterations' | 'details' | 'parameters' | 'output'
const TABS: [Tab, string][] = [['log', 'Log'], ['iterations', 'Iterations'], ['details', 'Details'], ['parameters', 'Parameters'], ['output', 'Output']]
/** The tabs that a task has. */
export const tabsOf = (task: Task): [Tab, string][] =>
  TABS.filter(([tab]) => (tab === 'iterations' ? task.type === 'for each' : tab === 'log' ? task.type !== 'if / else' : true))
