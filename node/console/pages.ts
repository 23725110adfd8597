// The smaller pages: the definition, comparing two runs, schedules.
import { html, nothing, type TemplateResult } from 'lit/html.js'
import { drawGraph, zoomButtons, type Sight } from '../src/elements/graph.js'
import { glyph, tile } from '../src/elements/html.js'
import { label, over } from '../src/elements/states.js'
import { away, day, span, stamp } from '../src/elements/time.js'
import type { Attempt, Graph, Run, Task } from '../src/elements/types.js'
import { get } from './api.js'
import { Reading, type App, type Job, type Problem, type Schedule, type Screen } from './app.js'
import { jobHead } from './head.js'
import type { Change } from './live.js'
import { badge, hold, scheduleLine, took, trouble } from './parts.js'

interface Definition extends Job {
  graph: Graph; list: Task[]; description?: string | null
  text: { file: string | null; line: number; text: string; problems: Problem[] }
}

/** What is written, with the findings of the lint at their lines, and the graph. */
export class DefinitionScreen implements Screen {
  private definition: Reading<Definition>
  private zoom = 0
  private whole = false
  private picked = ''
  private sight: Sight = [0, 0, 1500, 900]
  constructor(private readonly app: App, readonly job: string) { this.definition = new Reading(app) }
  title(): string { return `Definition of ${this.definition.value?.name ?? 'a job'}` }
  async load(): Promise<void> { await this.definition.read(get<Definition>(`jobs/${this.job}${this.whole ? '?whole=1' : ''}`)) }
  change(_: number, change: Change): void { if (change.t === 'bundle' || (change.t === 'job' && change.job === this.job)) void this.load() }

  render(): TemplateResult {
    const d = this.definition.value
    if (!d) return this.definition.error ? html`<div class="who card">${trouble(this.definition, 'The definition cannot be read', () => void this.load(), true)}</div>` : hold(56, 200, 420)
    const fit = Math.min(1, Math.max(0.5, ((document.querySelector('main')?.clientWidth ?? innerWidth - 232) - 60) / Math.max(1, d.graph.width)))
    const set = (zoom: number): void => { this.zoom = Math.min(2, Math.max(0.25, zoom)); this.app.draw() }
    const problems = d.text.problems
    const errors = problems.filter(one => one.severity === 'error').length
    const at = new Map<number, Problem[]>()
    for (const one of problems) at.set(one.position?.line ?? 1, [...(at.get(one.position?.line ?? 1) ?? []), one])
    const lines = d.text.text.replace(/\n$/, '').split('\n')
    const named = this.picked ? lines.findIndex(line => new RegExp(`task_key"?:\\s*"?${this.picked.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}"?,?\\s*$`).test(line)) + 1 : 0
    return html`${jobHead(this.app, d, 'definition', schedule => { d.schedule = schedule; this.app.draw() })}
      <div class="stack" .style=${'margin-top:16px'}>
        <section class="card" aria-label="Graph" .style=${'overflow:hidden'}><div class="ph"><h2>Graph</h2><span class="faint">${d.list.length} ${d.list.length === 1 ? 'task' : 'tasks'}</span><span class="sp"></span>${zoomButtons(this.zoom || fit, set, () => set(fit))}</div>
          ${drawGraph({ graph: d.graph, tasks: new Map(d.list.map(task => [task.key, task])), plain: true, selected: this.picked, zoom: this.zoom || fit, setZoom: set, sight: this.sight, look: sight => { this.sight = sight; this.app.draw() }, unfold: () => { this.whole = true; void this.load() },
            pick: key => { this.picked = key; this.app.draw(); requestAnimationFrame(() => { const line = document.querySelector<HTMLElement>('.code .own'); if (line) line.closest('.code')!.scrollTop = line.offsetTop - 120 }) } })}</section>
        ${d.schedule?.next?.length ? html`<section class="card" aria-label="Schedule"><div class="ph"><h2>Next fire times</h2><span class="sp"></span><a class="btn sm" href="/schedules">All schedules</a></div><div .style=${'padding:0 16px 14px'}>${fires(d.schedule)}</div></section>` : nothing}
        <section class="card" aria-label="Definition"><div class="ph"><h2 class="mono">${d.text.file ?? 'Stored definition'}</h2><span class=${errors ? 'bad' : 'muted'}>${problems.length ? `${errors} ${errors === 1 ? 'error' : 'errors'}, ${problems.length - errors} ${problems.length - errors === 1 ? 'warning' : 'warnings'}` : 'nothing found'}</span></div>
          <div class="code" tabindex="0" role="region" aria-label="Text of the definition">${lines.map((line, n) => { const found = at.get(n + 1); const worst = found?.some(one => one.severity === 'error') ? 'error' : ''; return html`<div id=${`L${n + 1}`} class="${found ? `f ${worst}` : ''} ${n + 1 === (named || d.text.line) && (named || d.text.file) ? 'own' : ''}"><span>${n + 1}</span>${line}</div>${found?.map(one => html`<p class=${one.severity}><b>${one.code}</b> ${one.message}${one.hint ? `; ${one.hint}` : ''}</p>`)}` })}</div></section></div>`
  }
}

const fires = (schedule: Schedule): TemplateResult => html`<ul class="fires num">${schedule.next?.map(fire => html`<li title=${`${stamp(fire.at)} here, ${fire.utc}`}>${fire.local.replace('T', ' ')} <span class="muted">${schedule.zone ?? 'UTC'}, ${away(fire.at)}</span></li>`)}</ul>`

export class SchedulesScreen implements Screen {
  private page: Reading<{ fires: boolean; jobs: { id: string; name: string; schedule: Schedule; last: number | null; waits: string | null; fault: string | null }[] }>
  constructor(app: App) { this.page = new Reading(app) }
  title(): string { return 'Schedules' }
  async load(): Promise<void> { await this.page.read(get('schedules')) }
  change(_: number, change: Change): void { if (change.t === 'job') void this.load() }
  render(): TemplateResult {
    const page = this.page.value
    return html`<div class="hd"><div><h1>Schedules</h1><p class="meta"><span>Jobs that start by themselves, with their next fire times in the zone of each schedule</span></p></div></div>
      ${this.page.error ? trouble(this.page, 'The schedules cannot be read', () => void this.load()) : nothing}
      ${page?.fires === false ? html`<p class="card strip"><span>${glyph('pause')} Nothing starts by itself now: the engine was started with <code>--pause-triggers</code>.</span></p>` : nothing}
      ${!page ? (this.page.error ? nothing : hold(240)) : page.jobs.length ? html`<div class="card wrapx cards"><table class="tb"><thead><tr><th>Job</th><th>Starts</th><th>Next fire times</th><th>State</th></tr></thead><tbody>${page.jobs.map(job => html`<tr><td><a class="lk2" href=${`/jobs/${job.id}`}><b .style=${'font-weight:600'}>${job.name}</b></a></td><td><span class="meta">${scheduleLine({ ...job.schedule, next: null, paused: false })}</span>${job.schedule.text ? html`<div class="mono muted">${job.schedule.text}</div>` : nothing}</td><td class="full" .style=${'padding-top:8px;padding-bottom:8px'}>${job.schedule.next?.length ? fires(job.schedule) : html`<span class="muted">waits for ${job.waits ?? 'what starts it'}</span>`}</td><td><span class="st">${tile(job.schedule.paused ? 'DISABLED' : 'QUEUED', 's')}${job.schedule.paused ? 'Paused' : 'Waiting'}</span>${job.last ? html`<span class="muted num" title=${stamp(job.last)}>last fired ${away(job.last)}</span>` : nothing}${job.fault ? html`<div class="bad">${job.fault}</div>` : nothing}</td></tr>`)}</tbody></table></div>`
      : html`<div class="card empty"><h2>No job starts by itself</h2><p>A <code>schedule</code> or a <code>trigger</code> in a job puts it here.</p></div>`}`
  }
}

interface Side { key: string; a: Attempt | null; b: Attempt | null; changed: string[] }
export class CompareScreen implements Screen {
  private both: Reading<{ a: Run; b: Run; tasks: Side[] }>
  constructor(app: App, private readonly asked: URLSearchParams) { this.both = new Reading(app) }
  title(): string { return 'Compare two runs' }
  async load(): Promise<void> { await this.both.read(get(`compare?${this.asked}`)) }
  change(_: number, change: Change): void { if (change.t === 'run' && [this.asked.get('a'), this.asked.get('b')].includes(change.id)) void this.load() }

  render(): TemplateResult {
    const both = this.both.value
    if (!both) return this.both.error ? html`<div class="who card">${trouble(this.both, 'The runs cannot be compared', () => void this.load(), true)}</div>` : hold(56, 120, 320)
    const { a, b } = both
    const names = [...new Set([...a.params, ...b.params].map(([name]) => name))]
    const of = (run: Run, name: string): string | undefined => run.params.find(([other]) => other === name)?.[1]
    const changed = names.filter(name => of(a, name) !== of(b, name))
    const ms = (attempt: Attempt | null): number => (attempt?.start && attempt.end ? attempt.end - attempt.start : 0)
    const rows = [...both.tasks].sort((x, y) => Math.abs(ms(y.b) - ms(y.a)) - Math.abs(ms(x.b) - ms(x.a)))
    const most = Math.max(1, ...rows.map(row => Math.abs(ms(row.b) - ms(row.a))))
    const side = (run: Run, name: string): TemplateResult => html`<div class="card"><span class="muted">${name}</span><h2 class="num"><a class="lk2" href=${`/runs/${run.id}`}>Run ${run.id}</a></h2><div class="row">${badge(run.s)}<span class="num muted">${span(took(run))}, ${day(run.at)}</span></div></div>`
    const cell = (attempt: Attempt | null): TemplateResult => (attempt ? html`<span class="st">${tile(attempt.s, 's')}${label(attempt.s)}${ms(attempt) ? html`<span class="muted num">${span(ms(attempt))}</span>` : nothing}</span>` : html`<span class="muted">not in it</span>`)
    const all = took(b) - took(a)
    return html`<div class="hd"><div><h1>Compare two runs</h1><p class="meta"><span><a class="lk" href=${`/jobs/${b.job}`}>${b.name}</a></span>${over(a.s) && over(b.s) ? html`<span>The second took <b class="num">${span(Math.abs(all))} ${all >= 0 ? 'longer' : 'less'}</b></span>` : nothing}</p></div><div class="acts"><a class="btn" href=${`/compare?a=${b.id}&b=${a.id}`}>Swap</a></div></div>
      <div class="cmp"><div class="sides">${side(a, 'First')}${side(b, 'Second')}</div>
      <section class="card wrapx cards" aria-label="Parameters"><div class="ph"><h2>Parameters</h2><span class="muted">${changed.length ? `${changed.length} differ` : 'the same in both'}</span></div>${changed.length ? html`<table class="tb"><thead><tr><th>Name</th><th>First</th><th>Second</th></tr></thead><tbody>${changed.map(name => html`<tr><td class="mono">${name}</td><td class="mono" data-of="First">${of(a, name) ?? html`<span class="muted">not set</span>`}</td><td class="mono" data-of="Second">${of(b, name) ?? html`<span class="muted">not set</span>`}</td></tr>`)}</tbody></table>` : nothing}</section>
      <section class="card wrapx cards" aria-label="Tasks"><div class="ph"><h2>Tasks</h2><span class="muted">by the difference of their durations</span></div><table class="tb"><thead><tr><th>Task</th><th>First</th><th>Second</th><th>Difference</th></tr></thead><tbody>${rows.map(row => { const d = row.a?.end && row.b?.end ? ms(row.b) - ms(row.a) : undefined; return html`<tr><td><a class="lk2" href=${`/runs/${b.id}?task=${encodeURIComponent(row.key)}`}>${row.key}</a>${row.changed.length ? html` <span class="was" title="The definition differs">${row.changed.join(', ')} changed</span>` : nothing}</td><td data-of="First">${cell(row.a)}</td><td data-of="Second">${cell(row.b)}</td><td>${d === undefined ? html`<span class="muted">–</span>` : html`<span class="diff num"><i aria-hidden="true"><b data-tone=${d > 0 ? 'warn' : 'ok'} .style=${`${d > 0 ? 'left:50%' : 'right:50%'};width:${(50 * Math.abs(d)) / most}%`}></b></i><span>${d > 0 ? '+' : d < 0 ? '−' : ''}${span(Math.abs(d))}</span></span>`}</td></tr>` })}</tbody></table></section></div>`
  }
}
