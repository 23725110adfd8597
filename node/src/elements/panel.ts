// The selected task: error first, attempts, and tabs for log, iterations, details, parameters and output. It is loaded
// with the log when a task is first selected.
import { html, nothing, type TemplateResult } from 'lit/html.js'
import { act, arrow, glyph, halt, icon, note, pretty, seg, tile, wrong } from './html.js'
import type { LogView } from './log.js'
import { tabsOf, type Tab } from './tabs.js'
import { failed, label, lower, over } from './states.js'
import { bytes, now, remaining, span, stamp } from './time.js'
import type { Attempt, Details, RunModel, RunSource, Task } from './types.js'

export { LogView } from './log.js'

/** What is read and changed of the element that shows the panel. */
export interface Host {
  model: RunModel | undefined
  tab: Tab | ''
  /** As it was chosen; else narrow logs are wrapped. */
  wrap: boolean | undefined
  full: boolean
  details: Details | undefined
  trouble: string
  source: RunSource | undefined
  repairable: boolean
  /** Id of the iteration that is open. */
  inner: string
  readonly log: LogView | undefined
  choose(change: { tab?: Tab; attempt?: number; inner?: string; task?: string }): void
  repair(): void
  copy(text: string): void
  leave(): void
}
export interface PanelState {
  task: Task
  attempt: Attempt | undefined
  /** An iteration that was opened, with its attempt. */
  inner: Attempt | undefined
  stopped: string[]
}

export function drawPanel(host: Host, p: PanelState): TemplateResult {
  const { task, attempt, inner } = p
  const { tab, full } = host
  const shown = inner ?? attempt
  const state = shown?.s ?? 'BLOCKED'
  const tabs = tabsOf(task)
  const { run } = host.model!
  const again = host.repairable && over(run.s) && run.start ? act('Rerun from here', () => host.repair()) : nothing
  return html`<section class="card dp ${full ? 'full' : ''}" aria-label=${`Task ${task.key}`}>
    <div class="dh"><div class="dt">${tile(state, 'l')}<div class="sp"><h2>${task.key}${inner ? html` <span class="muted">iteration ${inner.i}</span>` : nothing}</h2></div>${again}<div class="seg ic">${icon(full ? 'Smaller' : 'Full screen', full ? 'minus' : 'full', () => { host.full = !full }, full)}${full ? nothing : icon('Close the task', 'cross', () => host.leave())}</div></div><p class="muted"><span class="sr">${label(state)}. </span>${task.type}${task.what ? ` · ${task.what}` : ''}</p>
      <div class="tabs" role="tablist" aria-label="About the task">${tabs.map(([key, name]) => html`<button role="tab" id=${`tab-${key}`} aria-selected=${key === tab} tabindex=${key === tab ? 0 : -1} @click=${() => host.choose({ tab: key })} @keydown=${(event: KeyboardEvent) => along(event, tabs, host)}>${name}</button>`)}</div></div>
    ${drawError(host, p, shown)}${drawAttempts(host, p, shown)}
    ${tab === 'log' ? drawLog(host, p, shown) : html`<div class="body" role="tabpanel" tabindex="0" aria-labelledby=${`tab-${tab}`}>${drawTab(host, p, shown)}</div>`}
  </section>`
}

const first = (text: string): string => text.split('\n')[0]!.slice(0, 400)
const plain = (text: string): string => text.replace(/\x1b\[[0-9;]*m/g, '')

function along(event: KeyboardEvent, tabs: [Tab, string][], host: Host): void {
  const step = arrow(event, 'Left', 'Right')
  if (!step) return
  const [tab] = tabs[(tabs.findIndex(([tab]) => tab === host.tab) + step + tabs.length) % tabs.length]!
  halt(event)
  host.choose({ tab })
  const list = (event.currentTarget as HTMLElement).parentElement!
  queueMicrotask(() => list.querySelector<HTMLElement>(`#tab-${tab}`)?.focus())
}

/** What failed, where, what it stopped, and the line of the log that tells of it. */
function drawError(host: Host, { task, stopped }: PanelState, shown: Attempt | undefined): unknown {
  const { details, log } = host
  const error = details?.error ?? (shown && failed(shown.s) && shown.msg)
  if (!error) return nothing
  const trace = plain(details?.trace ?? '')
  const at = [...trace.matchAll(/File "([^"]+)", line (\d+)/g)].at(-1)
  const bad = log?.state.bad
  return html`<div class="err" role="group" aria-label="Error"><b>${first(error)}</b><span class="muted">${at ? `${task.what && at[1]!.endsWith(task.what) ? task.what : at[1]}:${at[2]}` : task.what}${stopped.length ? html`. Stopped <b>${stopped.slice(0, 3).join(', ')}</b>${stopped.length > 3 ? ` and ${stopped.length - 3} more` : ''}` : nothing}</span><span class="row">${bad ? act(`Line ${bad}`, () => log!.show([bad, bad])) : nothing}${act('Copy', () => host.copy(trace || error))}</span></div>`
}

function drawAttempts(host: Host, p: PanelState, shown: Attempt | undefined): TemplateResult {
  const { attempts } = p.task
  return html`<div class="row at">${p.inner ? act('All iterations', () => host.choose({ inner: '', tab: 'iterations' })) : attempts.length > 1
    ? seg('Attempts', attempts.map(({ s }, n): [number, TemplateResult] => [n + 1, html`${tile(s, 's')}Attempt ${n + 1}`]), attempts.indexOf(p.attempt!) + 1, attempt => host.choose({ attempt, inner: '' })) : nothing}
    <span class="muted num">${label(shown?.s ?? 'BLOCKED')}${shown?.start ? `, ${took(shown)}` : ''}${shown?.repair ? ', by a repair' : ''}</span></div>`
}
const took = ({ start, end }: Attempt): string => span((end ?? now()) - start!)

const LEVELS = [['', 'All levels'], ['x', 'Errors'], ['w', 'Warnings'], ['i', 'Info'], ['d', 'Debug']]

function drawLog(host: Host, p: PanelState, shown: Attempt | undefined): TemplateResult {
  const { log, source } = host
  if (!shown?.start || !log) return html`<div class="body" role="tabpanel" tabindex="0" aria-labelledby="tab-log">${note(silent(p.task, source, shown))}</div>`
  const { state: s, finder: f, box } = log
  const wrap = host.wrap ?? box.clientWidth < 700
  return html`<div class="lg" role="tabpanel" aria-labelledby="tab-log"><div class="row lt"><label class="find">${glyph('search')}<span class="sr">Find in the log</span><input id="find" placeholder="Find" .value=${f.words} @input=${(event: Event) => f.find((event.target as HTMLInputElement).value)}
      @keydown=${(event: KeyboardEvent) => {
        if (event.key === 'Enter') void f.step(event.shiftKey ? -1 : 1)
        else if (event.key === 'Escape' && f.words) { halt(event); f.find('') }
      }}>${f.words ? html`<span class="num faint" aria-live="polite">${f.error ? 'no pattern' : f.all ? `${f.at} / ${f.all}` : 'none'}</span>` : nothing}</label>${source?.search ? html`<button class="sm mono" aria-label="Regular expression" title="Regular expression" aria-pressed=${f.pattern} @click=${() => f.find(f.words, !f.pattern)}>.*</button>` : nothing}
      <div class="seg ic">${icon('Next error', 'warn', () => log.error(1))}${icon('Wrap lines', 'wrap', () => { host.wrap = !wrap }, wrap)}${icon('Read new lines aloud', 'speak', () => { box.ariaLive = box.ariaLive === 'off' ? 'polite' : 'off'; log.set({}) }, box.ariaLive !== 'off')}${icon('Copy the log', 'copy', () => host.copy(log.text()))}${source?.raw ? html`<a aria-label="Download the log" title="Download the log" href=${source.raw(shown.id)} download>${glyph('load')}</a>` : nothing}</div>
      <div class="row">${s.streams ? seg('Stream', [['', 'All'], ['out', 'stdout'], ['err', 'stderr']], log.stream, stream => log.only(stream, log.level)) : nothing}<select class="sm" aria-label="Level" @change=${(event: Event) => log.only(log.stream, (event.target as HTMLSelectElement).value)}>${LEVELS.map(([level, name]) => html`<option value=${level} ?selected=${log.level === level}>${name}</option>`)}</select>${f.error ? html`<span class="fe" role="alert">${f.error}</span>` : nothing}</div></div>
    ${s.error ? html`${wrong('The log cannot be read', s.error)}${act('Retry', () => log.again())}` : nothing}
    <div class="slot ${wrap ? 'wrap' : ''}">${box}</div>
    <div class="lb muted">${!s.loaded || s.error ? nothing : s.lines ? html`<span class="num">${s.lines.toLocaleString('en')} lines, ${bytes(s.size)}</span><span class="sp"></span>${s.over ? 'End of log' : s.follow ? 'Following' : ''}${s.follow ? nothing : act(html`${glyph('down')}Bottom${s.fresh ? html`, <span class="num">${s.fresh} new</span>` : nothing}`, () => log.bottom())}`
      : over(shown.s) ? 'No output' : `No output yet, running for ${took(shown)}`}</div></div>`
}

function silent(task: Task, source: RunSource | undefined, attempt: Attempt | undefined): string {
  const after = task.deps.map(([key]) => key).join(', ')
  if (!attempt || /^[BQ]/.test(attempt.s)) return after ? `Starts when ${after} has finished` : 'Not started yet'
  if (/^[PW]/.test(attempt.s)) return attempt.retry ? `Tried again in ${remaining(attempt.retry)}` : 'Starting'
  return attempt.start && !source ? 'This page has no logs' : `Did not run${attempt.msg ? `: ${attempt.msg}` : ''}`
}

const table = (head: string[], rows: unknown): TemplateResult => html`<table class="kv">${head.length ? html`<thead><tr>${head.map(name => html`<th>${name}</th>`)}</tr></thead>` : nothing}<tbody>${rows}</tbody></table>`
const pre = (title: string, text: unknown): unknown => (text ? html`<h3>${title}</h3><pre tabindex="0">${typeof text === 'string' ? text : pretty(text)}</pre>` : nothing)

function drawTab(host: Host, p: PanelState, shown: Attempt | undefined): unknown {
  const { tab, details: d, trouble } = host
  if (trouble) return wrong('The details cannot be read', trouble)
  if (!shown) return note('Nothing yet: the task has not started')
  if (!d && host.source) return html`<div class="hold" .style=${'height:120px'}></div>`
  if (tab === 'iterations') return drawIterations(host, d)
  if (tab === 'parameters') return d?.given.length ? table(['Name', 'Value'], d.given.map(({ name, value, from }) => html`<tr><td class="mono">${name}</td><td class="mono">${value}${from ? html`<div class="muted">from ${from}</div>` : nothing}</td></tr>`)) : note('No parameters')
  if (tab === 'output') return drawOutput(d, shown)
  const a = d?.attempt ?? shown
  const rows: [string, unknown][] = [
    ['Task run', html`<span class="mono">${a.id}</span>`], ['State', label(a.s)], ['Ended with', d?.code], ['Message', a.msg],
    ['Started', a.start && stamp(a.start)], ['Set up', a.start && a.exec && span(a.exec - a.start)],
    ['Ran', a.exec && span((a.end ?? now()) - a.exec)], ['Ended', a.end && stamp(a.end)],
    ['Runs if', p.task.if && lower(p.task.if)], ['Depends on', p.task.deps.map(dep => dep.join(' = ')).join(', ')],
    ['Condition', a.cond?.toString()],
    ['Job run', d?.child && html`<a href=${`/runs/${d.child}`}>${d.child}</a>`],
  ]
  return html`<dl class="dl">${rows.map(([name, value]) => (value ? html`<dt>${name}</dt><dd>${value}</dd>` : nothing))}</dl>${pre('Stack trace', plain(d?.trace ?? ''))}${pre('Definition', d?.definition)}`
}

function drawOutput(d: Details | undefined, shown: Attempt): unknown {
  if (!d?.exit?.value && !d?.sql && !d?.values.length) return note(`No output${over(shown.s) ? '' : ' yet'}`)
  return html`${pre('Exit value', d.exit?.value)}${d.exit?.cut ? note('Cut at 5 MB') : nothing}
    ${d.values.length ? html`<h3>Task values</h3>${table([], d.values.map(row => html`<tr>${row.map(text => html`<td class="mono">${text}</td>`)}</tr>`))}` : nothing}
    ${pre('SQL output', (d.sql as { query_output?: unknown } | undefined)?.query_output ?? d.sql)}`
}

function drawIterations(host: Host, d: Details | undefined): unknown {
  const { all = 0, rows = [] } = d?.iterations ?? {}
  if (!rows.length) return note('No iterations yet')
  return html`${table(['#', 'State', 'Input', 'Took'], rows.map(row => html`<tr>
    <td><button class="ghost sm" aria-label=${`Open iteration ${row.i}`} @click=${() => host.choose({ inner: row.id, tab: 'log' })}>${row.i}</button></td><td>${tile(row.s, 's')} ${label(row.s)}${row.msg ? html`<div class="muted">${first(row.msg)}</div>` : nothing}</td><td class="mono">${row.input ?? ''}</td><td class="num">${row.start ? took(row) : ''}</td></tr>`))}
    ${all > rows.length ? note(`${all - rows.length} more are not shown`) : nothing}`
}
