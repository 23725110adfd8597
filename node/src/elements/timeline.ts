// The timeline: a row for each task, its attempts as bars, setting up hatched, the critical path underlined. The text
// of a row says all that its bars show.
import { html, nothing, type TemplateResult } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import { short, tile } from './html.js'
import { label, over, tone } from './states.js'
import { now, span, ticks } from './time.js'
import type { Attempt, Run, Task } from './types.js'

export const TIMELINE_CSS = `.tm{position:relative;padding:0 14px 10px 8px}
.tr,.ax,.gr{display:grid;grid-template-columns:18px minmax(90px,clamp(110px,22%,190px)) minmax(0,1fr);gap:8px;align-items:center;height:24px;padding:0 8px;border-radius:5px;color:inherit;text-decoration:none;font-size:12px}
.tr{position:relative;content-visibility:auto;contain-intrinsic-size:auto 24px;cursor:pointer;width:100%;border:0;background:none;font-weight:400;text-align:left;justify-content:stretch}.tr:hover{background:var(--sunken)}
.tk{position:relative;height:100%;min-width:0}.tl{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.tr[aria-current]{background:var(--run-soft)}.tr[aria-current] .tl{font-weight:600}.tr:focus-visible{outline-offset:-2px}
.ax{height:22px;cursor:crosshair;touch-action:none}.ax em{position:absolute;font-style:normal;font-size:11px;color:var(--faint);transform:translateX(-50%);top:3px;white-space:nowrap}.ax em:first-child{transform:none}
.gr{position:absolute;inset:22px 14px 10px 8px;height:auto;pointer-events:none}.gr em{position:absolute;top:0;bottom:0;width:1px;background:var(--line)}.gr .now{background:var(--run);width:1.5px}.gr .sel{background:color-mix(in srgb,var(--accent) 18%,transparent)}
.br,.q,.rt{position:absolute;top:6px;height:12px;border-radius:3px}.br{background:var(--c,var(--control));min-width:3px}.br[data-s=RUNNING],.br[data-s=TERMINATING]{border-radius:3px 0 0 3px}
.br[data-s=WAITING_FOR_RETRY],.br[data-s=PENDING],.br[data-s=SUCCESS_WITH_FAILURES]{outline:1px solid var(--b);outline-offset:-1px}
.q{background:repeating-linear-gradient(135deg,var(--control) 0 1.5px,transparent 1.5px 4px);min-width:3px;border-radius:2px}.rt{background:repeating-linear-gradient(90deg,var(--warn-edge) 0 3px,transparent 3px 7px);height:2px;top:11px}
.cr{box-shadow:0 3px 0 -1px var(--surface),0 4.5px 0 -1px var(--text)}
.bl,.nv{position:absolute;font-size:11px;line-height:24px;color:var(--muted);white-space:nowrap;font-variant-numeric:tabular-nums;padding:0 4px;max-width:100%;overflow:hidden;text-overflow:ellipsis}.nv{left:0;font-style:italic}
.key{display:inline-flex;gap:6px;align-items:center;font-size:11px;color:var(--muted)}.key i{position:static;width:16px;height:10px}.key .br{margin-left:8px}
.tv{display:none}
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

export function drawTimeline(t: TimelineState): TemplateResult {
  const starts = rounds(t.run)
  const from = starts[t.round] ?? t.run.at
  const next = starts[t.round + 1]
  const inside = (attempt: Attempt): boolean => !!attempt.start && attempt.start >= from && (!next || attempt.start < next)
  const attempts = t.tasks.flatMap(task => task.attempts.filter(inside))
  const live = !over(t.run.s) && t.round === starts.length - 1
  const end = live ? now() : Math.max(from + 1, ...attempts.map(attempt => attempt.end ?? now()))
  const [left, right] = t.zoom ?? [from, Math.max(end + (end - from) * 0.12, from + 500)]
  const width = right - left
  const at = (time: number): number => (100 * (time - left)) / width
  const rows = [...t.tasks]
  if (t.order === 'duration') rows.sort((a, b) => took(b) - took(a))
  else rows.sort((a, b) => (began(a) === began(b) ? 0 : began(a) - began(b)))
  const marks = ticks(width, 6)
  const place = (event: PointerEvent): number => {
    const track = (event.currentTarget as HTMLElement).querySelector('.tk')!.getBoundingClientRect()
    return left + (width * Math.min(1, Math.max(0, (event.clientX - track.left) / track.width)))
  }
  return html`<div class="tm">
    <div class="ax" aria-hidden="true"
      @pointerdown=${(event: PointerEvent) => { (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId); t.setDrag([place(event), place(event)]) }}
      @pointermove=${(event: PointerEvent) => { if (t.drag) t.setDrag([t.drag[0], place(event)]) }}
      @pointerup=${() => {
        if (t.drag) {
          const [a, b] = [Math.min(...t.drag), Math.max(...t.drag)]
          if (b - a > width / 50) t.setZoom([a, b])
        }
        t.setDrag(undefined)
      }}><span></span><span></span><span class="tk">${marks.map(mark => html`<em .style=${`left:${(100 * mark) / width}%`}>${span(mark + left - from)}</em>`)}</span></div>
    <div class="gr" aria-hidden="true"><span></span><span></span><span class="tk">${marks.map(mark => html`<em .style=${`left:${(100 * mark) / width}%`}></em>`)}${live && at(end) <= 100 ? html`<em class="now" .style=${`left:${at(end)}%`}></em>` : nothing}${t.drag ? html`<em class="sel" .style=${`left:${at(Math.min(...t.drag))}%;width:${Math.abs(at(t.drag[1]) - at(t.drag[0]))}%`}></em>` : nothing}</span></div>
    <ul aria-label="Timeline">${repeat(rows, task => task.key, task => html`<li>${drawRow(t, task, inside, at)}</li>`)}</ul>
  </div>`
}

function drawRow(t: TimelineState, task: Task, inside: (attempt: Attempt) => boolean, at: (time: number) => number): TemplateResult {
  const latest = latestOf(task)
  const state = latest?.s ?? 'BLOCKED'
  const shown = task.attempts.filter(inside)
  const last = shown.at(-1)
  const critical = t.critical.has(task.key) && t.round === rounds(t.run).length - 1
  const waits = latest?.s === 'WAITING_FOR_RETRY' ? task.attempts.at(-2) : undefined
  const words = last ? span((last.end ?? now()) - last.start!) : why(state, latest)
  return html`<button class="tr" aria-current=${task.key === t.selected ? 'true' : nothing} @click=${() => t.pick(task.key)}>${tile(state, 's')}<span class="tl" title=${task.key}>${short(task.key, 28)}</span><span class="tk">${shown.map(attempt => drawBars(attempt, attempt === last && critical, at))}${waits?.end ? html`<i class="rt" .style=${`left:${at(waits.end)}%;width:${Math.max(0, at(now()) - at(waits.end))}%`}></i>` : nothing}${last
    ? html`<span class="bl" .style=${end(at(last.end ?? now()), critical)}>${words}</span>`
    : html`<span class="nv">${words}</span>`}</span><span class="sr">, ${label(state)}${critical ? ', on the critical path' : ''}</span></button>`
}

/** Behind the bar where there is room, else before its end. */
const end = (left: number, _critical: boolean): string => (left > 93 ? `right:${100 - left}%;color:var(--text)` : `left:calc(${left}% + 2px)`)

function why(state: string, latest: Attempt | undefined): string {
  if (state === 'SUCCESS' || tone(state) === 'bad' && state !== 'UPSTREAM_FAILED') return latest?.start ? 'kept from before' : label(state).toLowerCase()
  return label(state).toLowerCase()
}

function drawBars(attempt: Attempt, critical: boolean, at: (time: number) => number): TemplateResult {
  const until = attempt.end ?? now()
  const exec = attempt.exec ?? (attempt.end ? attempt.start! : until)
  const [a, b, c] = [at(attempt.start!), at(exec), at(until)]
  return html`${b > a ? html`<i class="q" .style=${`left:${a}%;width:${b - a}%`}></i>` : nothing}${c > b || attempt.end ? html`<i class="br ${critical ? 'cr' : ''}" data-s=${attempt.s} .style=${`left:${b}%;width:${Math.max(0, c - b)}%`}></i>` : nothing}`
}
