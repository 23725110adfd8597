// What shows a task, in the same file as the rest.
import { drawPanel, LogView } from './panel.js'

export const enter = (): Promise<object> => Promise.resolve({ drawPanel, LogView })
