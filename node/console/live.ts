// Changes as they happen, one stream for a browser: the tab that holds a lock reads it and passes it on to the others.
// What was missed while away is asked for by the number of the last change; when that is too old, pages start over.
import { setClock } from '../src/elements/time.js'
import type { Attempt, Run } from '../src/elements/types.js'

export type Change =
  | ({ t: 'run'; id: string; job: string; tasks: Attempt[] } & Partial<Run>)
  | { t: 'gone'; id: string } | { t: 'job'; job: string } | { t: 'bundle' }
type Said = { kind: 'event' | 'beat' | 'reset'; id: string; data: string } | { kind: 'at'; id: string } | { kind: 'status'; status: Status; since: number; retry: number } | { kind: 'who' } | { kind: 'try' }
export type Status = 'starting' | 'live' | 'lost'

const STEPS = [500, 1000, 2000, 4000, 8000, 15_000]
/** Somebody who looks at a page waits no longer than this for the next attempt. */
const SEEN = 1400
/** A stream that says nothing for this long is lost: it shows a sign of life every 10 s. */
const SILENCE = 35_000
/** After this long only a look at the page tries again. */
const TIRED = 600_000

export class Live {
  status: Status = 'starting'
  since = Date.now()
  /** When it is tried again. */
  retry = 0
  instance = ''
  private last = ''
  /** The number that listening began with. */
  private base = -1
  private begun = false
  private channel = new BroadcastChannel('lakeflow-live')
  private leads = false
  private source: EventSource | undefined
  private tries = 0
  private timer = 0
  /** When the stream showed a sign of life. */
  private heard = 0
  private tried = 0

  constructor(private readonly on: { change: (number: number, change: Change) => void; reset: () => void; status: () => void }) {
    this.channel.onmessage = event => this.hear(event.data as Said)
    const lead = (): Promise<void> => {
      this.leads = true
      if (this.begun) this.open()
      // Held until the tab is gone; then another tab takes over.
      return new Promise(() => {})
    }
    if (navigator.locks) void navigator.locks.request('lakeflow-live', lead)
    else void lead()
    setInterval(() => {
      // Measured against the clock: after a sleep of the machine the silence is known at the first look.
      if (this.source && this.status === 'live' && Date.now() - this.heard > SILENCE) this.lost()
      // A tab in the background, which may be the one that reads the stream, has slow timers.
      if (!document.hidden && this.status === 'lost' && this.retry && Date.now() > Math.min(this.retry, this.since + SEEN)) this.again()
    }, 1000)
    addEventListener('focus', () => this.again())
    addEventListener('online', () => this.again())
  }

  /** Tries at once, or asks the tab that reads the stream to. */
  private again(): void {
    if (this.status !== 'lost') return
    if (!this.leads) this.say({ kind: 'try' })
    else if (Date.now() - this.tried > 900) this.open()
  }

  /** An answer tells all up to a change; what comes after the first one is listened for, so that nothing falls between. */
  upTo(instance: string, number: number): void {
    if (!this.last) {
      this.last = `${instance}.${number}`
      this.base = number
      this.begin()
    } else if (number < this.base && this.last.startsWith(`${instance}.`)) this.on.reset()
  }

  /** Begins to listen, also when no answer has come. */
  begin(): void {
    if (this.begun) return
    this.begun = true
    this.say({ kind: 'who' })
    if (this.leads) this.open()
  }

  private say(said: Said): void { this.channel.postMessage(said) }

  private tell(said: Said): void {
    this.say(said)
    this.hear(said)
  }

  private hear(said: Said): void {
    if (said.kind === 'try') {
      if (this.leads) this.again()
      return
    }
    if (said.kind === 'who') {
      if (!this.leads) return
      this.say({ kind: 'status', status: this.status, since: this.since, retry: this.retry })
      if (this.last) this.say({ kind: 'at', id: this.last })
      return
    }
    if (said.kind === 'status') {
      Object.assign(this, { status: said.status, since: said.since, retry: said.retry })
      this.on.status()
      return
    }
    const [instance, text] = said.id.split('.') as [string, string]
    const number = Number(text)
    const [before, known] = this.last.split('.')
    const seen = before === instance ? Number(known) : -1
    if (number < seen || (said.kind === 'event' && number === seen)) return
    this.last = said.id
    // A change that this tab has not heard: it listens since later than its answers are from.
    if (seen >= 0 && number > seen + (said.kind === 'event' ? 1 : 0)) this.on.reset()
    if (said.kind === 'event') {
      this.on.change(number, JSON.parse(said.data) as Change)
      return
    }
    if (said.kind === 'at') return
    const told = JSON.parse(said.data) as { now: number; instance: string }
    setClock(told.now)
    if (said.kind === 'reset' || (this.instance && this.instance !== told.instance)) this.on.reset()
    this.instance = told.instance
  }

  private open(): void {
    clearTimeout(this.timer)
    this.tried = Date.now()
    this.source?.close()
    const source = new EventSource(`/console/events${this.last ? `?after=${this.last}` : ''}`)
    this.source = source
    const alive = (): void => {
      this.heard = Date.now()
      if (this.status !== 'live') {
        this.tries = 0
        this.tell({ kind: 'status', status: 'live', since: Date.now(), retry: 0 })
      }
    }
    const beat = (kind: 'beat' | 'reset') => (event: MessageEvent<string>): void => {
      alive()
      this.tell({ kind, id: event.lastEventId, data: event.data })
    }
    source.onmessage = (event: MessageEvent<string>) => {
      alive()
      this.tell({ kind: 'event', id: event.lastEventId, data: event.data })
    }
    source.addEventListener('hello', beat('beat'))
    source.addEventListener('beat', beat('beat'))
    source.addEventListener('reset', beat('reset'))
    source.onerror = () => { if (source === this.source) this.lost() }
  }

  /** The stream broke: says so, and tries again after a while. */
  lost(): void {
    if (!this.leads) return
    this.source?.close()
    this.source = undefined
    const since = this.status === 'lost' ? this.since : Date.now()
    const step = STEPS[Math.min(this.tries++, STEPS.length - 1)]!
    const wait = (document.hidden ? step : Math.min(step, SEEN)) * (0.8 + Math.random() * 0.4)
    const tired = Date.now() - since > TIRED
    this.tell({ kind: 'status', status: 'lost', since, retry: tired ? 0 : Date.now() + wait })
    clearTimeout(this.timer)
    if (!tired) this.timer = window.setTimeout(() => this.open(), wait)
  }
}
