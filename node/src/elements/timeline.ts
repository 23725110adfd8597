// The timeline: a row for each task, its attempts as bars, setting up hatched, the critical path underlined, long idle times
// folded. The text of a row says all that its bars show.
import { html, nothing, type TemplateResult } from 'lit/html.js'
import { rows } from './element.js'
import { short, tile } from './html.js'
import { label, over, tone } from './states.js'
import { now, span, ticks } from './time.js'
import type { Attempt, Run, Task } from './types.js'

export const TIMELINE_CSS = `.tm{position:relative;padding:0 14px 10px 8px}
.tr,.ax,.gr{display:grid;grid-template-columns:18px minmax(90px,clamp(110px,18%,180px)) minmax(0,1fr);gap:8px;align-items:center;height:24px;padding:0 8px;border-radius:5px;color:inherit;text-decoration:none;font-size:12px}
.tr{position:relative;cursor:pointer;width:100%;border:0;background:none;font-weight:400;text-align:left;justify-content:stretch}.tm li{content-visibility:auto;contain-intrinsic-size:auto 24px}.tr:hover{background:var(--sunken)}
.tk{position:relative;height:100%;min-width:0}.tl{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.tr[aria-current]{background:var(--run-soft)}.tr[aria-current] .tl{font-weight:600}.tr:focus-visible{outline-offset:-2px}
.ax{height:22px;cursor:crosshair;touch-action:none}.ax em{position:absolute;font-style:normal;font-size:11px;color:var(--faint);transform:translateX(-50%);top:3px;white-space:nowrap}.ax em:first-child{transform:none}
.gr{position:absolute;inset:22px 14px 10px 8px;height:auto;pointer-events:none}.gr em{position:absolute;top:0;bottom:0;width:1px;background:var(--line)}.gr .now{background:var(--run);width:1.5px}.gr .sel{background:color-mix(in srgb,var(--accent) 18%,transparent)}
.gr .gap{background:repeating-linear-gradient(135deg,var(--line) 0 1px,transparent 1px 5px);border-inline:1px dashed var(--control)}.ax .gap{color:var(--muted);font-style:italic;background:var(--surface);padding:0 3px;z-index:1}
.br,.q,.rt{position:absolute;top:6px;height:12px;border-radius:3px}.br{background:var(--c,var(--control));min-width:3px}.br[data-s=RUNNING],.br[data-s=TERMINATING]{border-radius:3px 0 0 3px}
.br[data-s=WAITING_FOR_RETRY],.br[data-s=PENDING],.br[data-s=SUCCESS_WITH_FAILURES]{outline:1px solid var(--b);outline-offset:-1px}
.q{background:repeating-linear-gradient(135deg,var(--control) 0 1.5px,transparent 1.5px 4px);min-width:3px;border-radius:2px}.rt{background:repeating-linear-gradient(90deg,var(--warn-edge) 0 3px,transparent 3px 7px);height:2px;top:11px}
.cr{box-shadow:0 3px 0 -1px var(--surface),0 4.5px 0 -1px var(--text)}
.bl,.nv{position:absolute;font-size:11px;line-height:24px;color:var(--muted);white-space:nowrap;font-variant-numeric:tabular-nums;padding:0 4px;max-width:100%;overflow:hidden;text-overflow:ellipsis}.nv{left:0;font-style:italic}
.key{display:inline-flex;gap:6px;align-items:center;font-size:11px;color:var(--muted)}.key i{position:static;width:16px;height:10px}.key .br{margin-left:8px}
`

export interface TimelineState {
  run: Run
  tasks: Task[]
  critical: Set<string>
  selected: string
  /** Which life of the run: 0 the original, then the repairs. */
  round: number
  order: 'start' | 'duration'
  zoom: [number, number] | undefined
  drag: [number, number] | undefined
  pick: (key: string) => void
  setZoom: (zoom: [number, number] | undefined) => void
  setDrag: (drag: [number, number] | undefined) => void
}

/** Beginnings of the original run and of its repairs. */
export const rounds = (run: Run): number[] => [run.start ?? run.at, ...run.repairs.map(repair => repair.start)]

export const latestOf = (task: Task): Attempt | undefined => task.attempts.at(-1)
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
  readonly #fold: number
  constructor(readonly left: number, readonly right: number, busy: [number, number][]) {
    let end = left
    for (const [from, to] of [...busy, [right, right] as const].sort(([a], [b]) => a - b)) {
      if (from - end > 60_000 && from - end > (right - left) / 10 && from < right) this.gaps.push([end, from])
      end = Math.max(end, to)
    }
    const idle = this.gaps.reduce((sum, [from, to]) => sum + to - from, 0)
    const n = this.gaps.length
    this.width = (right - left - idle) / (1 - n * FOLDED)
    this.#fold = this.width * FOLDED
  }
  at(time: number): number {
    let x = time - this.left
    for (const [from, to] of this.gaps) {
      const inside = Math.min(Math.max(time - from, 0), to - from)
      x += inside * (this.#fold / (to - from) - 1)
    }
    return (100 * x) / this.width
  }
  /** The time at a share of the axis. */
  time(share: number): number {
    let [low, high] = [this.left, this.right]
    for (let n = 0; n < 40; n++) {
      const middle = (low + high) / 2
      if (this.at(middle) < 100 * share) low = middle
      else high = middle
    }
    return low
  }
}

/** The frame of the timeline, and what puts the rows into its list. */
export function drawTimeline(t: TimelineState): { frame: TemplateResult; place: (list: Element | null) => void } {
  const starts = rounds(t.run)
  const from = starts[t.round] ?? t.run.at
  const next = starts[t.round + 1]
  const inside = (attempt: Attempt): boolean => !!attempt.start && attempt.start >= from && (!next || attempt.start < next)
  const attempts = t.tasks.flatMap(task => task.attempts.filter(inside))
  const live = !over(t.run.s) && t.round === starts.length - 1
  const end = live ? now() : Math.max(from + 1, ...attempts.map(until))
  const [left, right] = t.zoom ?? [from, end]
  const room = t.zoom ? 1 : 1.12
  const axis = new Axis(left, Math.max(right, left + 500), attempts.filter(one => until(one) > left && one.start! < right).map(one => [Math.max(one.start!, left), until(one)]))
  const at = (time: number): number => axis.at(time) / room
  const order = [...t.tasks]
  if (t.order === 'duration') order.sort((a, b) => took(b) - took(a))
  else order.sort((a, b) => (began(a) === began(b) ? 0 : began(a) - began(b)))
  const marks = ticks(axis.width * room, 6, left - from, right * 2 - left - from).map(mark => mark + from)
    .filter(mark => at(mark) <= 100 && !axis.gaps.some(([a, b]) => Math.abs(at(mark) - at((a + b) / 2)) < 7))
  const share = (event: PointerEvent): number => {
    const track = (event.currentTarget as HTMLElement).querySelector('.tk')!.getBoundingClientRect()
    return axis.time(Math.min(1, Math.max(0, ((event.clientX - track.left) / track.width) * room)))
  }
  const frame = html`<div class="tm">
    <div class="ax" aria-hidden="true"
      @pointerdown=${(event: PointerEvent) => { (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId); t.setDrag([share(event), share(event)]) }}
      @pointermove=${(event: PointerEvent) => { if (t.drag) t.setDrag([t.drag[0], share(event)]) }}
      @pointerup=${() => {
        if (t.drag) {
          const [a, b] = [Math.min(...t.drag), Math.max(...t.drag)]
          if (at(b) - at(a) > 2) t.setZoom([a, b])
        }
        t.setDrag(undefined)
      }}><span></span><span></span><span class="tk">${marks.map(mark => html`<em .style=${`left:${at(mark)}%`}>${span(mark - from)}</em>`)}${axis.gaps.map(([a, b]) => html`<em class="gap" .style=${`left:${at((a + b) / 2)}%`}>${span(b - a)} idle</em>`)}</span></div>
    <div class="gr" aria-hidden="true"><span></span><span></span><span class="tk">${marks.map(mark => html`<em .style=${`left:${at(mark)}%`}></em>`)}${[...axis.gaps.map(gap => [...gap, 'gap'] as const), ...(t.drag ? [[Math.min(...t.drag), Math.max(...t.drag), 'sel'] as const] : [])].map(([a, b, kind]) => html`<em class=${kind} .style=${`left:${at(a)}%;width:${at(b) - at(a)}%`}></em>`)}${live && at(end) <= 100 ? html`<em class="now" .style=${`left:${at(end)}%`}></em>` : nothing}</span></div>
    <ul aria-label="Timeline"></ul>
  </div>`
  return { frame, place: list => rows(list, 'li', order, task => task.key, task => drawRow(t, task, inside, at)) }
}

function drawRow(t: TimelineState, task: Task, inside: (attempt: Attempt) => boolean, at: (time: number) => number): TemplateResult {
  const latest = latestOf(task)
  const state = latest?.s ?? 'BLOCKED'
  const shown = task.attempts.filter(inside)
  const last = shown.at(-1)
  const critical = t.critical.has(task.key) && t.round === rounds(t.run).length - 1
  const waits = state === 'WAITING_FOR_RETRY' ? task.attempts.at(-2) : undefined
  const words = last ? span(until(last) - last.start!) : why(state, latest)
  return html`<button class="tr" aria-current=${task.key === t.selected ? 'true' : nothing} @click=${() => t.pick(task.key)}>${tile(state, 's')}<span class="tl" title=${task.key}>${short(task.key, 28)}</span><span class="tk">${shown.map(attempt => drawBars(attempt, attempt === last && critical, at))}${waits?.end ? html`<i class="rt" .style=${`left:${at(waits.end)}%;width:${Math.max(0, at(now()) - at(waits.end))}%`}></i>` : nothing}${last
    ? html`<span class="bl" .style=${end(at(until(last)))}>${words}</span>`
    : html`<span class="nv">${words}</span>`}</span><span class="sr">, ${label(state)}${critical ? ', on the critical path' : ''}</span></button>`
}

/** Behind the bar where there is room, else before its end. */
const end = (left: number): string => (left > 93 ? `right:${100 - left}%;color:var(--text)` : `left:calc(${left}% + 2px)`)

const why = (state: string, latest: Attempt | undefined): string =>
  latest?.start && (state === 'SUCCESS' || tone(state) === 'bad' && state !== 'UPSTREAM_FAILED') ? 'kept from before' : label(state).toLowerCase()

function drawBars(attempt: Attempt, critical: boolean, at: (time: number) => number): TemplateResult {
  const [a, b, c] = [attempt.start!, attempt.exec ?? (attempt.end ? attempt.start! : until(attempt)), until(attempt)].map(at) as [number, number, number]
  return html`${b > a ? html`<i class="q" .style=${`left:${a}%;width:${b - a}%`}></i>` : nothing}${c > b || attempt.end ? html`<i class="br ${critical ? 'cr' : ''}" data-s=${attempt.s} .style=${`left:${b}%;width:${Math.max(0, c - b)}%`}></i>` : nothing}`
}
