// Pieces that several screens draw: bars of last runs, rows of runs, badges, errors of a part.
import { html, nothing, type TemplateResult } from 'lit/html.js'
import { glyph, tile, titled } from '../src/elements/html.js'
import { failed, label, over, trigger } from '../src/elements/states.js'
import { away, day, now, span, stamp } from '../src/elements/time.js'
import type { Run } from '../src/elements/types.js'
import type { Job, Reading, Schedule } from './app.js'

export const took = (run: Run): number => (run.start ? Math.max(0, (run.end ?? now()) - run.start) : 0)
export const badge = (state: string): TemplateResult => html`<span class="badge" data-state=${state} title=${state}>${tile(state, 's')}${label(state)}</span>`

/** Six small bars: the last runs, newest right. */
export function spark(runs: Run[]): TemplateResult {
  const last = runs.slice(0, 6).reverse()
  const most = Math.max(1, ...last.map(took))
  return html`<span class="spark" role="img" aria-label=${last.length ? `Last runs: ${last.map(run => label(run.s)).join(', ')}` : 'No runs'}>${last.map(run => html`<i data-state=${run.s} .style=${`height:${3 + Math.round((11 * took(run)) / most)}px`}></i>`)}</span>`
}

/** Share of states among runs, in words with a bar. */
export function share(runs: Run[]): TemplateResult {
  const done = runs.filter(run => over(run.s))
  const good = done.filter(run => run.s === 'SUCCESS' || run.s === 'SUCCESS_WITH_FAILURES').length
  const order = ['SUCCESS', 'SUCCESS_WITH_FAILURES', 'FAILED', 'TIMEDOUT', 'INTERNAL_ERROR', 'CANCELED', 'SKIPPED']
  return html`<span class="num">${done.length ? `${Math.round((100 * good) / done.length)} %` : '–'}</span><span class="share" aria-hidden="true">${order.map(state => { const n = done.filter(run => run.s === state).length; return n ? html`<i data-state=${state} .style=${`flex:${n}`}></i>` : nothing })}</span>`
}

export function scheduleLine(schedule: Schedule | null): TemplateResult {
  if (!schedule) return html`<span>Starts by hand</span>`
  const next = schedule.next?.[0]
  return html`<span>${glyph('calendar')}${schedule.words ?? html`<code>${schedule.text}</code>`}${schedule.zone ? `, ${schedule.zone}` : ''}</span>${schedule.paused ? html`<span><b>Paused</b></span>` : next ? html`<span title=${`${next.local} (${stamp(next.at)} here)`}>Next <b class="num">${away(next.at)}</b></span>` : nothing}`
}

/** A part that could not be read, with what to do; `whole` when it is all that the page has. */
export function trouble<T>(reading: Reading<T>, what: string, again: () => void, whole = false): TemplateResult {
  return html`<div class="err" role="alert">${whole ? html`<h1>${what}</h1>` : html`<b>${what}</b>`}<span>${reading.error}</span><span><button class="sm" @click=${again}>Retry</button></span></div>`
}

/** Placeholders of the final sizes; they appear only after a moment. */
export const hold = (...heights: number[]): TemplateResult => html`<div class="stack" aria-busy="true" aria-label="Loading">${heights.map(height => html`<div class="hold" .style=${`height:${height}px`}></div>`)}</div>`

const differs = (before: Run | undefined, name: string, value: string): string | undefined => {
  const was = before?.params.find(([other]) => other === name)?.[1]
  return was !== undefined && was !== value ? was : undefined
}
export const paramList = (run: Run, before?: Run): TemplateResult => html`<ul class="mono">${run.params.map(([name, value]) => { const was = differs(before, name, value); return html`<li>${name}=${value} ${was === undefined ? nothing : html`<span class="was">was ${was}</span>`}</li>` })}</ul>`

/** What can be done about a run of a list. */
const actions = (run: Run, cancel: (run: Run) => void): TemplateResult => html`<span>${over(run.s) ? html`${run.s !== 'SUCCESS' && run.start ? html`<a class="btn sm" href=${`/runs/${run.id}?repair=1`} aria-label=${`Repair run ${run.id}`}>Repair</a>` : nothing}${run.stored === false ? nothing : html`<a class="btn sm" href=${`/jobs/${run.job}/run?from=${run.id}`} aria-label=${`Run again as run ${run.id}`}>Run again</a>`}` : html`<button class="sm danger" ?disabled=${run.s === 'TERMINATING'} aria-label=${`Cancel run ${run.id}`} @click=${() => cancel(run)}>Cancel</button>`}</span>`

/** The table of runs, which becomes cards on a phone. */
export function runTable(runs: Run[], options: { jobs?: Map<string, Job> | undefined; median?: number | undefined; picked: Set<string>; pick: (id: string, on: boolean) => void; focus: string; cancel?: (run: Run) => void }): TemplateResult {
  const longest = Math.max(options.median ? options.median * 2 : 1, 1)
  return html`<div class="card wrapx cards"><table class="tb"><thead><tr><th class="opt"><span class="sr">Choose</span></th><th>State</th><th>Run</th>${options.jobs ? html`<th>Job</th>` : nothing}<th>Started</th><th>Duration</th><th class="opt">Trigger</th><th class="opt">Parameters</th>${options.cancel ? html`<th class="opt"><span class="sr">Actions</span></th>` : nothing}</tr></thead>
    <tbody>${runs.map(run => html`<tr class=${options.focus === run.id ? 'on' : ''} data-run=${run.id}>
      <td class="opt"><input type="checkbox" aria-label=${`Choose run ${run.id}`} .checked=${options.picked.has(run.id)} @change=${(event: Event) => options.pick(run.id, (event.target as HTMLInputElement).checked)}></td>
      <td><span class="st">${titled(run.s)}<span class=${failed(run.s) ? 'bad' : ''}>${label(run.s)}</span></span></td>
      <td class="num"><a class="lk" href=${`/runs/${run.id}`}>${run.id}</a></td>
      ${options.jobs ? html`<td><a class="lk2" href=${`/jobs/${run.job}`}>${run.name}</a></td>` : nothing}
      <td class="num" title=${stamp(run.at)}>${Math.abs(now() - run.at) < 36e5 * 20 ? html`<span class="rel">${away(run.at)}</span><span class="abs" aria-hidden="true">${stamp(run.at)}</span>` : day(run.at)}</td>
      <td><span class="dur num">${run.start ? span(took(run)) : '–'}<i aria-hidden="true"><b data-state=${run.s} .style=${`width:${Math.min(100, (100 * took(run)) / longest)}%`}></b></i></span></td>
      <td class="opt">${trigger(run.trigger)}</td>
      <td class="opt">${run.params.slice(0, 2).map(([name, value]) => html`<span class="param" title=${`${name}=${value}`}>${name}=${value}</span>`)}${run.params.length > 2 ? html`<span class="muted">+${run.params.length - 2}</span>` : nothing}</td>${options.cancel ? html`<td class="opt acs">${actions(run, options.cancel)}</td>` : nothing}</tr>`)}</tbody></table></div>`
}
