// The selected task: error first, attempts, and tabs for log, iterations, details, parameters and output. It is loaded
// with the log when a task is first selected.
import { html, nothing, type TemplateResult } from 'lit/html.js'
import { glyph, tile } from './html.js'
import type { LogView } from './log.js'
import { tabsOf, type Tab } from './tabs.js'
import { failed, label, over } from './states.js'
import { bytes, now, span, stamp } from './time.js'
import type { Attempt, Details, RunSource, Task } from './types.js'

export { LogView } from './log.js'

export const PANEL_CSS = `.dp{display:flex;flex-direction:column;min-width:0;min-height:0}
.dh{padding:14px 16px 0}.dt{display:flex;gap:12px;align-items:center;margin-bottom:8px;min-width:0}.dt>div{min-width:0}.dt h2{font-size:15px;line-height:20px;overflow-wrap:anywhere}.dt p{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.dp .tabs{margin:0 -16px;padding:0 8px}.dp>.err{margin:12px 16px 0}.at{display:flex;align-items:center;gap:10px;padding:10px 16px 0;flex-wrap:wrap}.at .seg{flex:0 1 auto;overflow-x:auto}
.lt{display:flex;flex-wrap:wrap;align-items:center;gap:8px;padding:10px 16px}.lt .row{width:100%;display:flex;gap:8px;align-items:center}.lt select{height:28px;font-size:12px;padding:0 6px}.lt [aria-pressed=true]{background:var(--sunken)}.fe{color:var(--bad-text);font-size:12px}.find{display:flex;align-items:center;gap:6px;height:28px;padding:0 8px;border:1px solid var(--control);border-radius:var(--r);background:var(--surface);color:var(--faint);flex:1;max-width:280px;min-width:0}.find:focus-within{outline:2px solid var(--focus);outline-offset:1px}.find input{border:0;outline:0;height:24px;padding:0;flex:1;background:none;font-size:12px}.find .g{width:14px;height:14px}
.lb{display:flex;gap:10px;align-items:center;padding:7px 10px 7px 16px;font-size:12px;min-height:40px}
.body{overflow:auto;flex:1;padding:14px 16px 18px;min-height:180px}.body:focus-visible{outline-offset:-2px}
.dl{display:grid;grid-template-columns:minmax(90px,max-content) minmax(0,1fr);gap:6px 16px}.dl dt{color:var(--muted)}.dl dd{margin:0;overflow-wrap:anywhere}
.kv{width:100%;border-collapse:collapse;font-size:12px}.kv th{text-align:left;font-weight:600;color:var(--muted);padding:4px 10px 4px 0;border-bottom:1px solid var(--line)}.kv td{padding:5px 10px 5px 0;vertical-align:top;border-bottom:1px solid var(--line);overflow-wrap:anywhere}.kv td.mono{white-space:pre-wrap}
.pre{font:12px/18px var(--mono);white-space:pre-wrap;overflow-wrap:anywhere;background:var(--logbg);border:1px solid var(--line);border-radius:var(--r);padding:8px 10px;margin:6px 0 14px;max-height:420px;overflow:auto}
.dp.full{position:fixed;inset:8px;z-index:30;box-shadow:0 8px 24px #0003}
.lg{display:flex;flex-direction:column;min-height:0;flex:1}
.box{flex:1;min-height:220px;overflow:auto;background:var(--logbg);color:var(--logtext);border-block:1px solid var(--line);padding:6px 0;font:12px/20px var(--mono);position:relative;overflow-anchor:auto}
.box:focus-visible{outline-offset:-2px}
.blk{content-visibility:auto;contain-intrinsic-size:auto 4000px}
.ln{display:block;padding:0 12px 0 calc(var(--digits)*1ch + 22px);min-height:20px;white-space:pre;position:relative;counter-increment:ln}
.ln::before{content:counter(ln);position:absolute;left:0;width:calc(var(--digits)*1ch + 10px);text-align:right;color:var(--faint);cursor:pointer}
.ln.r::before{color:var(--warn-text)}.box[data-r=out] .r,.box[data-r=err] .ln:not(.r),.box[data-l=x] .ln:not(.x),.box[data-l=w] .ln:not(.w),.box[data-l=i] .ln:not(.i),.box[data-l=d] .ln:not(.d){height:0;min-height:0;overflow:hidden;visibility:hidden}
.wrap .ln{white-space:pre-wrap;overflow-wrap:anywhere}
.ln.x{background:var(--bad-soft);box-shadow:inset 3px 0 var(--bad)}.ln.at{background:var(--run-soft);box-shadow:inset 3px 0 var(--accent)}
.ln .B{font-weight:700}.ln .D{opacity:.75}.ln .I{font-style:italic}.ln .U{text-decoration:underline}.ln .S{text-decoration:line-through}.ln .V{background:var(--logtext);color:var(--logbg)}
.ak{color:var(--faint)}.ar{color:var(--bad-text)}.ag{color:var(--ok-text)}.ay{color:var(--warn-text)}.ab{color:var(--run-text)}.am{color:var(--wait-text)}.ac{color:var(--accent)}.aw{color:var(--logtext)}
.box a{color:var(--accent)}.note{padding:4px 12px;color:var(--muted);font:12px/20px var(--sans)}.note button{margin-left:8px}
::highlight(lakeflow-find){background:#F6C64F;color:#2B1D00}::highlight(lakeflow-found){background:#F08A24;color:#1B0F00}
@container(max-width:1100px){.box{max-height:70vh}}
@container(max-width:720px){.find{flex-basis:60%;max-width:none}.dp .shut{display:none}.box{max-height:none;height:58vh}}
@media print{.lt,.lb{display:none}.box{max-height:none;overflow:visible}}
`

export interface PanelState {
  task: Task
  attempt: Attempt | undefined
  /** An iteration that was opened, with its attempt. */
  inner: Attempt | undefined
  tab: Tab
  log: LogView | undefined
  wrap: boolean
  full: boolean
  details: Details | undefined
  detailsError: string
  source: RunSource | undefined
  stopped: string[]
  canRepair: boolean
  set: (change: { tab?: Tab; attempt?: string; inner?: string; wrap?: boolean; full?: boolean }) => void
  repair: () => void
  copied: (text: string) => void
  close: () => void
}

export function drawPanel(p: PanelState): TemplateResult {
  const { task, attempt } = p
  const shown = p.inner ?? attempt
  const state = shown?.s ?? 'BLOCKED'
  const error = p.details?.error ?? (shown && (failed(state) || state === 'INTERNAL_ERROR') ? shown.msg : undefined)
  const tabs = tabsOf(task)
  return html`<section class="card dp ${p.full ? 'full' : ''}" aria-label=${`Task ${task.key}`}>
    <div class="dh"><div class="dt">${tile(state, 'l')}<div><h2>${task.key}${p.inner ? html` <span class="muted">iteration ${p.inner.i}</span>` : nothing}</h2><p class="muted" title=${task.what}><span class="sr">${label(state)}. </span>${task.type}${task.what ? ` · ${task.what}` : ''}</p></div><span class="sp"></span>
      <button class="ghost sm" aria-label=${p.full ? 'Smaller' : 'Full screen'} aria-pressed=${p.full} @click=${() => p.set({ full: !p.full })}>${glyph(p.full ? 'minus' : 'full')}</button>
      <button class="ghost sm shut" aria-label="Close the task" @click=${p.close}>${glyph('cross')}</button></div>
      <div class="tabs" role="tablist" aria-label="About the task">${tabs.map(([tab, name]) => html`<button role="tab" id=${`tab-${tab}`} aria-selected=${tab === p.tab} tabindex=${tab === p.tab ? 0 : -1} @click=${() => p.set({ tab })}
        @keydown=${(event: KeyboardEvent) => along(event, tabs, p)}>${name}</button>`)}</div></div>
    ${error ? html`<div class="err" role="group" aria-label="Error"><b>${first(error)}</b><span class="muted">${task.what}${p.stopped.length ? html`${task.what ? '. ' : ''}Stopped <b>${p.stopped.slice(0, 3).join(', ')}</b>${p.stopped.length > 3 ? ` and ${p.stopped.length - 3} more` : ''}` : nothing}</span></div>` : nothing}
    ${drawAttempts(p)}
    ${p.tab === 'log' ? drawLog(p, shown) : html`<div class="body" role="tabpanel" tabindex="0" aria-labelledby=${`tab-${p.tab}`}>${drawTab(p)}</div>`}
  </section>`
}

const first = (text: string): string => text.split('\n')[0]!.slice(0, 400)

function along(event: KeyboardEvent, tabs: [Tab, string][], p: PanelState): void {
  const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
  if (!step) return
  const next = tabs[(tabs.findIndex(([tab]) => tab === p.tab) + step + tabs.length) % tabs.length]!
  event.preventDefault()
  event.stopPropagation()
  p.set({ tab: next[0] })
  const list = (event.currentTarget as HTMLElement).parentElement!
  queueMicrotask(() => list.querySelector<HTMLElement>(`#tab-${next[0]}`)?.focus())
}

function drawAttempts(p: PanelState): TemplateResult {
  const { task, attempt } = p
  const shown = p.inner ?? attempt
  const time = shown?.start ? span((shown.end ?? now()) - shown.start) : ''
  const many = task.attempts.length > 1
  return html`<div class="at">${p.inner ? html`<button class="sm" @click=${() => p.set({ inner: '' })}>${glyph('up')}All iterations</button>` : many
    ? html`<div class="seg" role="group" aria-label="Attempts">${task.attempts.map((one, n) => html`<button aria-pressed=${one.id === attempt?.id} title=${one.repair ? 'Made by a repair' : ''} @click=${() => p.set({ attempt: one.id })}>${tile(one.s, 's')}Attempt ${n + 1}</button>`)}</div>` : nothing}
    <span class="muted num">${label(shown?.s ?? 'BLOCKED')}${time ? `, ${time}` : ''}</span><span class="sp"></span>${p.canRepair ? html`<button class="sm" @click=${p.repair}>Rerun from here</button>` : nothing}</div>`
}

function drawLog(p: PanelState, shown: Attempt | undefined): TemplateResult {
  const log = p.log
  if (!shown?.start || !log) return html`<div class="body" role="tabpanel" tabindex="0" aria-labelledby="tab-log"><p class="muted">${silent(p.task, shown)}</p></div>`
  const s = log.state
  const f = log.finder
  return html`<div class="lg" role="tabpanel" aria-labelledby="tab-log"><div class="lt"><label class="find">${glyph('search')}<span class="sr">Find in the log</span><input id="find" type="text" placeholder="Find" .value=${f.words} @input=${(event: Event) => f.find((event.target as HTMLInputElement).value)}
      @keydown=${(event: KeyboardEvent) => {
        if (event.key === 'Enter') void f.step(event.shiftKey ? -1 : 1)
        else if (event.key === 'Escape' && f.words) { event.stopPropagation(); f.find('') }
      }}>${f.words ? html`<span class="num faint" aria-live="polite">${f.error ? 'no pattern' : f.all ? `${f.at} / ${f.all}` : 'none'}</span>` : nothing}</label>${p.source?.search ? html`<button class="sm mono" aria-label="Regular expression" title="Regular expression" aria-pressed=${f.pattern} @click=${() => f.find(f.words, !f.pattern)}>.*</button>` : nothing}<span class="sp"></span>
      <div class="seg ic"><button aria-label="Next error" title="Next error (e)" @click=${() => log.error(1)}>${glyph('warn')}</button><button aria-label="Wrap lines" aria-pressed=${p.wrap} @click=${() => p.set({ wrap: !p.wrap })}>${glyph('wrap')}</button><button aria-label="Copy the log" @click=${() => p.copied(log.text())}>${glyph('copy')}</button>${p.source?.raw ? html`<a aria-label="Download the log" href=${p.source.raw(shown.id)} download>${glyph('load')}</a>` : nothing}</div>
      <div class="row">${s.streams ? html`<div class="seg" role="group" aria-label="Stream">${['', 'out', 'err'].map(stream => html`<button aria-pressed=${log.stream === stream} @click=${() => log.only(stream, log.level)}>${stream ? `std${stream}` : 'All'}</button>`)}</div>` : nothing}<select class="sm" aria-label="Level" @change=${(event: Event) => log.only(log.stream, (event.target as HTMLSelectElement).value)}>${['', 'x', 'w', 'i', 'd'].map((level, n) => html`<option value=${level} ?selected=${log.level === level}>${['All levels', 'Errors', 'Warnings', 'Info', 'Debug'][n]}</option>`)}</select>${f.error ? html`<span class="fe" role="alert">${f.error}</span>` : nothing}</div></div>
    ${s.error ? html`<div class="err" role="alert"><b>The log cannot be read</b><span>${s.error}</span><span><button class="sm" @click=${() => log.again()}>Retry</button></span></div>` : nothing}
    <div class="slot ${p.wrap ? 'wrap' : ''}">${log.box}</div>
    ${s.loaded && !s.lines && !s.error ? html`<div class="lb muted">${over(shown.s) ? 'No output' : html`No output yet, running for <span class="num">${span(now() - shown.start)}</span>`}</div>`
      : html`<div class="lb"><span class="num muted">${s.loaded ? `${s.lines.toLocaleString('en')} lines, ${bytes(s.size)}` : ''}</span><span class="sp"></span><span class="muted">${s.over ? 'End of log' : s.follow ? 'Following' : ''}</span>${s.follow ? nothing : html`<button class="sm" @click=${() => log.bottom()}>${glyph('down')}Bottom${s.fresh ? html`, <span class="num">${s.fresh} new</span>` : nothing}</button>`}</div>`}</div>`
}

function silent(task: Task, attempt: Attempt | undefined): string {
  const after = task.deps.map(dep => dep[0]).join(', ')
  switch (attempt?.s) {
    case undefined: case 'BLOCKED': case 'QUEUED': return after ? `Starts when ${after} has finished` : 'Not started yet'
    case 'PENDING': case 'WAITING_FOR_RETRY': return 'Starting'
    default: return `Did not run${attempt?.msg ? `: ${attempt.msg}` : ''}`
  }
}

function drawTab(p: PanelState): TemplateResult {
  if (p.detailsError) return html`<div class="err" role="alert"><b>The details cannot be read</b><span>${p.detailsError}</span></div>`
  const d = p.details
  if (!d) return p.attempt ? html`<div class="hold" .style=${'height:120px'}></div>` : html`<p class="muted">Nothing yet: the task has not started</p>`
  if (p.tab === 'iterations') return drawIterations(p, d)
  if (p.tab === 'parameters') return d.given.length ? html`<table class="kv"><thead><tr><th>Name</th><th>Value</th></tr></thead><tbody>${d.given.map(row => html`<tr><td class="mono">${row.name}</td><td class="mono">${row.value}${row.from ? html`<div class="muted">from ${row.from}</div>` : nothing}</td></tr>`)}</tbody></table>` : html`<p class="muted">No parameters</p>`
  if (p.tab === 'output') return drawOutput(d)
  const a = d.attempt
  const rows: [string, unknown][] = [
    ['Task run', html`<span class="mono">${a.id}</span>`], ['State', label(a.s)], ['Ended with', d.code], ['Message', a.msg],
    ['Started', a.start && stamp(a.start)], ['Set up', a.start && a.exec && span(a.exec - a.start)],
    ['Ran', a.exec && span((a.end ?? now()) - a.exec)], ['Ended', a.end && stamp(a.end)],
    ['Runs if', p.task.if?.toLowerCase().replaceAll('_', ' ')], ['Depends on', p.task.deps.map(dep => dep.join(' = ')).join(', ')],
    ['Condition', a.cond === undefined ? undefined : String(a.cond)],
    ['Job run', d.child && html`<a href=${`/runs/${d.child}`}>${d.child}</a>`],
  ]
  return html`<dl class="dl">${rows.filter(([, value]) => value).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
    ${d.trace ? html`<h3 class="muted">Stack trace</h3><pre class="pre" tabindex="0">${d.trace.replace(/\x1b\[[0-9;]*m/g, '')}</pre>` : nothing}
    <h3 class="muted" .style=${'margin-top:14px'}>Definition</h3><pre class="pre" tabindex="0">${JSON.stringify(d.definition, null, 2)}</pre>`
}

function drawOutput(d: Details): TemplateResult {
  const sql = d.sql as { query_output?: unknown } | undefined
  if (!d.exit?.value && !d.sql && !d.values.length) return html`<p class="muted">No output${over(d.attempt.s) ? '' : ' yet'}</p>`
  return html`${d.exit?.value ? html`<h3>Exit value</h3><pre class="pre" tabindex="0">${d.exit.value}</pre>${d.exit.cut ? html`<p class="muted">Cut at 5 MB</p>` : nothing}` : nothing}
    ${d.values.length ? html`<h3>Task values</h3><table class="kv"><tbody>${d.values.map(([key, value]) => html`<tr><td class="mono">${key}</td><td class="mono">${value}</td></tr>`)}</tbody></table>` : nothing}
    ${d.sql ? html`<h3>SQL output</h3><pre class="pre" tabindex="0">${JSON.stringify(sql?.query_output ?? d.sql, null, 2)}</pre>` : nothing}`
}

function drawIterations(p: PanelState, d: Details): TemplateResult {
  const list = d.iterations
  if (!list?.rows.length) return html`<p class="muted">No iterations yet</p>`
  return html`<table class="kv"><thead><tr><th>#</th><th>State</th><th>Input</th><th>Took</th></tr></thead><tbody>${list.rows.map(row => html`<tr>
    <td><button class="ghost sm" aria-label=${`Open iteration ${row.i}`} @click=${() => p.set({ inner: row.id, tab: 'log' })}>${row.i}</button></td><td>${tile(row.s, 's')} ${label(row.s)}${row.msg ? html`<div class="muted">${first(row.msg)}</div>` : nothing}</td><td class="mono">${row.input ?? ''}</td><td class="num">${row.start ? span((row.end ?? now()) - row.start) : ''}</td></tr>`)}</tbody></table>
    ${list.all > list.rows.length ? html`<p class="muted">${list.all - list.rows.length} more are not shown</p>` : nothing}`
}
