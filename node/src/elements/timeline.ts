// The timeline: a row for each task, its attempts as bars, setting up hatched, the critical path underlined, long idle times
// folded. The text of a row says all that its bars show.
import { html, nothing, type TemplateResult } from 'lit/html.js'
import { rows } from './element.js'
import { short, tile } from './html.js'
import { label, latestOf, over, stateOf, tone } from './states.js'
import { clamp, now, remaining, span, ticks } from './time.js'
import type { Attempt, Run, RunModel, Task } from './types.js'

/** What is read and changed of the element that shows the timeline. */
export interface TimelineHost {
  model: RunModel | undefined
  task: string
  /** Which life of the run: 0 the original, then the repairs. */
  round: number
  order: 'start' | 'duration'
  lens: [number, number] | undefined
  drag: [number, number] | undefined
  see(key: string): void
}

/** Beginnings of the original run and of its repairs. */
export const rounds = (run: Run): number[] => [run.start ?? run.at, ...run.repairs.map(repair => repair.start)]

const took = (task: Task): number => { const last = latestOf(task); return last?.start ? (last.end ?? now()) - last.start : -1 }
const began = (task: Task): number => task.attempts.find(attempt => !attempt.old && attempt.start)?.start ?? Infinity
const until = (attempt: Attempt): number => attempt.end ?? now()

/** A folded time is as wide as this share of the axis. */
const FOLDED = 0.05

/** An axis from one time to another on which nothing happens for long nowhere: places in percent, and back. */
export class Axis {
  /** Idle times: more than a minute and than a tenth of the whole. */
  readonly gaps: [number, number][] = []
  readonly width: number
  /** Times and their places, between which both go on evenly. */
  readonly #knots: [number, number][] = []
  constructor(left: number, right: number, busy: [number, number][]) {
    let end = left
    let idle = 0
    for (const [from, to] of [...busy, [right, right] as const].sort(([a], [b]) => a - b)) {
      const gap = from - end
      if (gap > 60_000 && gap > (right - left) / 10 && from < right) {
        this.gaps.push([end, from])
        idle += gap
      }
      end = Math.max(end, to)
    }
    this.width = (right - left - idle) / (1 - this.gaps.length * FOLDED)
    let folded = 0
    const knot = (time: number): unknown => this.#knots.push([time, (100 * (time - left - folded)) / this.width])
    knot(left)
    for (const [from, to] of this.gaps) {
      knot(from)
      folded += to - from - this.width * FOLDED
      knot(to)
    }
    knot(right)
  }
  #read(value: number, from: 0 | 1): number {
    const knots = this.#knots
    // What lies outside goes on as inside.
    const n = Math.min(knots.length - 2, Math.max(0, knots.findIndex(knot => knot[from] > value) - 1 >>> 0))
    const [a, b] = [knots[n]!, knots[n + 1]!]
    const to = 1 - from
    return a[to]! + (b[to]! - a[to]!) * ((value - a[from]) / (b[from] - a[from]))
  }
  at(time: number): number { return this.#read(time, 0) }
  /** The time at a share of the axis. */
  time(share: number): number { return this.#read(100 * share, 1) }
}

/** The frame of the timeline, and what puts the rows into its list. */
export function drawTimeline(t: TimelineHost, tasks: Task[]): { frame: TemplateResult; place: (list: Element | null) => void } {
  const { run } = t.model!
  const starts = rounds(run)
  const from = starts[t.round] ?? run.at
  const next = starts[t.round + 1]
  const inside = (attempt: Attempt): boolean => !!attempt.start && attempt.start >= from && (!next || attempt.start < next)
  const attempts = tasks.flatMap(task => task.attempts.filter(inside))
  const live = !over(run.s) && t.round === starts.length - 1
  const end = live ? now() : Math.max(from + 1, ...attempts.map(until))
  const [left, right] = t.lens ?? [from, end]
  const room = t.lens ? 1 : 1.12
  const axis = new Axis(left, Math.max(right, left + 500), attempts.filter(one => until(one) > left && one.start! < right).map(one => [Math.max(one.start!, left), until(one)]))
  const at = (time: number): number => axis.at(time) / room
  // It belongs to the last life of a run.
  const path = new Set(t.round === starts.length - 1 ? t.model!.critical : [])
  const order = [...tasks]
  if (t.order === 'duration') order.sort((a, b) => took(b) - took(a))
  else order.sort((a, b) => (began(a) === began(b) ? 0 : began(a) - began(b)))
  const marks = ticks(axis.width * room, 6, left - from, right * 2 - left - from).map(mark => mark + from)
    .filter(mark => at(mark) <= 100 && !axis.gaps.some(([a, b]) => Math.abs(at(mark) - at((a + b) / 2)) < 7))
  const share = (event: PointerEvent): number => {
    const track = (event.currentTarget as HTMLElement).querySelector('.tk')!.getBoundingClientRect()
    return axis.time(clamp(0, ((event.clientX - track.left) / track.width) * room, 1))
  }
  const frame = html`<div class="tm">
    <div class="ax" aria-hidden="true"
      @pointerdown=${(event: PointerEvent) => { (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId); t.drag = [share(event), share(event)] }}
      @pointermove=${(event: PointerEvent) => { if (t.drag) t.drag = [t.drag[0], share(event)] }}
      @pointerup=${() => {
        if (t.drag) {
          const [a, b] = [Math.min(...t.drag), Math.max(...t.drag)]
          if (at(b) - at(a) > 2) t.lens = [a, b]
        }
        t.drag = undefined
      }}><span></span><span></span><span class="tk">${marks.map(mark => html`<em .style=${`left:${at(mark)}%`}>${span(mark - from)}</em>`)}${axis.gaps.map(([a, b]) => html`<em class="gap" .style=${`left:${at((a + b) / 2)}%`}>${span(b - a)} idle</em>`)}</span></div>
    <div class="gr" aria-hidden="true"><span></span><span></span><span class="tk">${marks.map(mark => html`<em .style=${`left:${at(mark)}%`}></em>`)}${[...axis.gaps.map(gap => [...gap, 'gap'] as const), ...(t.drag ? [[Math.min(...t.drag), Math.max(...t.drag), 'sel'] as const] : [])].map(([a, b, kind]) => html`<em class=${kind} .style=${`left:${at(a)}%;width:${at(b) - at(a)}%`}></em>`)}${live && at(end) <= 100 ? html`<em class="now" .style=${`left:${at(end)}%`}></em>` : nothing}</span></div>
    <ul aria-label="Timeline"></ul>
  </div>`
  return { frame, place: list => rows(list, 'li', order, task => task.key, task => drawRow(t, task, path, inside, at)) }
}

function drawRow(t: TimelineHost, task: Task, path: Set<string>, inside: (attempt: Attempt) => boolean, at: (time: number) => number): TemplateResult {
  const latest = latestOf(task)
  const state = stateOf(task)
  const shown = task.attempts.filter(inside)
  const last = shown.at(-1)
  const critical = path.has(task.key)
  const waits = state === 'WAITING_FOR_RETRY' ? task.attempts.at(-2) : undefined
  const words = latest?.retry ? `in ${remaining(latest.retry)}` : last ? span(until(last) - last.start!) : why(state, latest)
  return html`<button class="tr" aria-current=${task.key === t.task ? 'true' : nothing} @click=${() => t.see(task.key)}>${tile(state, 's')}<span class="tl" title=${task.key}>${short(task.key, 28)}</span><span class="tk">${shown.map(attempt => drawBars(attempt, attempt === last && critical, at))}${waits?.end ? html`<i class="rt" .style=${`left:${at(waits.end)}%;width:${Math.max(0, at(now()) - at(waits.end))}%`}></i>` : nothing}${last
    ? html`<span class="bl" .style=${end(at(waits ? now() : until(last)))}>${words}</span>`
    : html`<span class="nv">${words}</span>`}</span><span class="sr">, ${label(state)}${critical ? ', on the critical path' : ''}</span></button>`
}

/** Behind the bar where there is room, else before its end. */
const end = (left: number): string => (left > 93 ? `right:${100 - left}%;color:var(--text)` : `left:calc(${left}% + 2px)`)

const why = (state: string, latest: Attempt | undefined): string =>
  latest?.start && (state === 'SUCCESS' || tone(state) === 'bad' && state !== 'UPSTREAM_FAILED') ? 'kept from before' : label(state).toLowerCase()

function drawBars(attempt: Attempt, critical: boolean, at: (time: number) => number): TemplateResult {
  const [a, b, c] = [attempt.start!, attempt.exec ?? (attempt.end ? attempt.start! : until(attempt)), until(attempt)].map(at) as [number, number, number]
  return html`${b > a ? html`<i class="q" .style=${`left:${a}%;width:${b - a}%`}></i>` : nothing}${c > b || attempt.end ? html`<i class="br ${critical ? 'cr' : ''}" data-state=${attempt.s} .style=${`left:${b}%;width:${Math.max(0, c - b)}%`}></i>` : nothing}`
}
