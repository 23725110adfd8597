// What screens have in common: the address, one drawing per frame, what is kept of the engine, notices.
import type { TemplateResult } from 'lit/html.js'
import type { Run } from '../src/elements/types.js'
import type { Change } from './live.js'

export interface Fire { at: number; utc: string; local: string }
export interface Schedule { kind: string; text?: string; words: string | null; zone?: string; paused: boolean; next?: Fire[] | null }
export interface Job {
  id: string; name: string; schedule: Schedule | null; tasks: number; needs: number; runs: Run[]; usual?: number
  place?: { key: string; file: string; line: number }
}
export interface Problem { code: string; severity: 'error' | 'warning'; path: string; message: string; hint?: string; position?: { file?: string; line: number; column: number } }
export interface Home {
  instance: string; seq: number; now: number; version: string; url: string; user: string; jobs: Job[]
  bundle: { name: string; target: string; folder: string; problems: Problem[]; jobs: string[] } | null
}

/** A task that a screen knows of. */
export interface Found { key: string; state: string; href: string }

/** One screen. It is made for an address, and thrown away when another one is opened. */
export interface Screen {
  title(): string
  render(): TemplateResult
  /** Reads everything anew; what is shown stays until the answer is there. */
  load(): Promise<void>
  change?(number: number, change: Change): void
  /** A letter; false when it means nothing here. */
  key?(event: KeyboardEvent): boolean
  /** Shows the graph where it is not shown first. */
  graph?(): void
  /** Tasks that can be jumped to. */
  tasks?(): Found[]
  /** Another place on the same screen. */
  hash?(hash: string): void
  close?(): void
  job?: string
  /** The run that is the whole screen. */
  run?: string
  icon?: string
}

export interface App {
  home: Home | undefined
  /** Tasks of the screen that is shown. */
  tasks(): Found[]
  /** Draws at the next frame. */
  draw(): void
  /** Opens an address within the console. */
  go(address: string, replace?: boolean): void
  /** Puts view state into the address without a new entry. */
  note(query: Record<string, string | undefined>): void
  /** A line that goes away by itself. */
  say(text: string): void
  /** Opens a dialog over the screen. */
  dialog(draw: ((close: () => void) => TemplateResult) | undefined, label: string): void
  /** Loads the dialogs and shows one; keys pressed meanwhile are for it. */
  summon(show: (part: typeof import('./dialogs.js'), typed: string[]) => void): Promise<void>
  stale(): boolean
}

/** A read that knows its state: loading, there, or failed; older answers never replace newer ones. */
export class Reading<T> {
  value: T | undefined
  error = ''
  status = 0
  private turn = 0
  constructor(private readonly app: App) {}
  async read(ask: Promise<T>): Promise<T | undefined> {
    const turn = ++this.turn
    try {
      const value = await ask
      if (turn !== this.turn) return undefined
      this.value = value
      this.error = ''
      return value
    } catch (error) {
      if (turn === this.turn) {
        this.error = error instanceof Error ? error.message : String(error)
        this.status = (error as { status?: number }).status ?? 0
      }
      return undefined
    } finally {
      this.app.draw()
    }
  }
}
