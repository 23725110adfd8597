// Dialogs over a screen: repairing, the list of keys, jumping to a job or a run.
import { html, nothing, type TemplateResult } from 'lit/html.js'
import { glyph, tile } from '../src/elements/html.js'
import { label, latestOf, over, stateOf } from '../src/elements/states.js'
import type { Checked, FormRules, LakeflowParamFormElement } from '../src/elements/form-element.js'
import { span } from '../src/elements/time.js'
import type { RunModel } from '../src/elements/types.js'
import { get, jobsApi, post } from './api.js'
import type { App } from './app.js'
import type { Definition } from './form.js'
import { hold } from './parts.js'

/** Head, body and foot of a dialog. */
export const frame = (title: string, close: () => void, body: TemplateResult, foot: TemplateResult | typeof nothing): TemplateResult => html`<div class="dlg"><header><h2>${title}</h2><button class="ghost" aria-label="Close" @click=${close}>${glyph('cross')}</button></header><div class="in" tabindex="-1">${body}</div>${foot === nothing ? nothing : html`<footer>${foot}</footer>`}</div>`

/** Shows what a repair will run again, and sends it. Which tasks that are is asked of the engine. */
export class Repair {
  private chosen: Set<string>
  private plan: string[] | undefined
  private error = ''
  private busy = false
  private params: Map<string, string>
  private exact = false
  private turn = 0
  private first = new Set<string>()
  /** The form of the job, once it is there; of a job that is gone there is none. */
  private form: { schema: unknown; rules: FormRules } | undefined
  private loading: boolean
  private readonly old: Map<string, string>
  private readonly values: Record<string, string>

  constructor(private readonly app: App, private readonly model: RunModel, from: string | undefined, private readonly done: () => void) {
    const bad = model.tasks.filter(task => !['SUCCESS', 'EXCLUDED', 'DISABLED', 'UPSTREAM_FAILED', 'UPSTREAM_CANCELED'].includes(latestOf(task)?.s ?? ''))
    this.chosen = new Set(from ? [from] : bad.map(task => task.key))
    this.params = this.old = new Map(model.run.params)
    this.values = Object.fromEntries(this.old)
    this.loading = this.params.size > 0 && model.run.stored !== false
    if (this.loading) void this.load(model.run.job)
    void this.ask()
  }

  private async load(job: string): Promise<void> {
    try {
      const [{ rulesOf }, definition] = await Promise.all([import('./form.js'), get<Definition>(`jobs/${job}`)])
      // A run may have parameters that its job has no more.
      const known = new Set(definition.form.fields.map(field => field.name))
      if ([...this.old.keys()].every(name => known.has(name))) this.form = { schema: definition.schema, rules: rulesOf(job, () => definition.form) }
    } catch { /* plain fields do then */ }
    this.loading = false
    this.app.draw()
  }

  private async ask(): Promise<void> {
    const turn = ++this.turn
    try {
      const { tasks } = await post<{ tasks: string[] }>(`runs/${this.model.run.id}/plan`, { tasks: [...this.chosen] })
      if (turn !== this.turn) return
      this.plan = tasks
      // What runs again stands first, and stays there.
      if (!this.first.size) this.first = new Set(tasks)
      this.error = ''
    } catch (error) {
      if (turn !== this.turn) return
      this.plan = []
      this.error = (error as Error).message
    }
    this.app.draw()
  }

  private changed(): [string, string][] { return [...this.params].filter(([name, value]) => this.old.get(name) !== value) }

  private body(): Record<string, unknown> {
    const changed = this.changed()
    const last = this.model.run.repairs.at(-1)
    return { run_id: this.model.run.id, rerun_tasks: this.plan, ...(last ? { latest_repair_id: last.id } : {}), ...(changed.length ? { job_parameters: Object.fromEntries(changed) } : {}) }
  }

  private async send(close: () => void): Promise<void> {
    if (this.busy || !this.plan?.length) return
    this.busy = true
    this.error = ''
    this.app.draw()
    try {
      await jobsApi('runs/repair', this.body())
      close()
      this.app.say(`${this.plan.length} ${this.plan.length === 1 ? 'task runs' : 'tasks run'} again`)
      this.done()
    } catch (error) {
      this.error = (error as Error).message
    }
    this.busy = false
    this.app.draw()
  }

  /** The parameters as the run had them, in the form of the job, and which of them were changed. */
  private drawParams(close: () => void): TemplateResult | typeof nothing {
    if (!this.params.size) return nothing
    if (this.loading) return hold(this.params.size * 66)
    const changed = this.changed()
    const form = this.form ? html`<lakeflow-param-form .rules=${this.form.rules} .schema=${this.form.schema} .values=${this.values} .defaults=${true} .disabled=${this.busy}
        @lakeflow-change=${({ detail }: CustomEvent<Checked>) => { this.params = new Map(Object.entries(detail.params).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)])); this.app.draw() }}
        @lakeflow-submit=${() => void this.send(close)}></lakeflow-param-form>`
      : [...this.params].map(([name, value]) => html`<label class="stack" .style=${'gap:4px'}><b>${name}</b><input .value=${value} ?disabled=${this.busy} @input=${(event: Event) => { this.params = new Map(this.params).set(name, (event.target as HTMLInputElement).value); this.app.draw() }}></label>`)
    return html`<div class="stack">${form}${changed.length ? html`<p class="row">Changed: ${changed.map(([name]) => html`<span class="mono">${name} <span class="was">was ${this.old.get(name) ?? 'not set'}</span></span>`)}</p>` : nothing}</div>`
  }

  draw = (close: () => void): TemplateResult => {
    const again = new Set(this.plan ?? [])
    const n = again.size
    const kept = this.model.tasks.length - n
    const why = (key: string): string => {
      const task = this.model.tasks.find(task => task.key === key)!
      const state = stateOf(task)
      if (this.chosen.has(key)) return label(state).toLowerCase()
      const above = task.deps.map(dep => dep[0]).find(up => again.has(up))
      return above ? `after ${above}` : label(state).toLowerCase()
    }
    return frame('Repair the run', close, html`
      <p class="muted">The same run goes on: what is ticked runs again, ${kept ? `${kept} ${kept === 1 ? 'task keeps its result' : 'tasks keep their results'}` : 'no task keeps its result'}.</p>
      <div class="opts" role="group" aria-label="Tasks to run again">${[...this.model.tasks].sort((a, b) => Number(this.first.has(b.key)) - Number(this.first.has(a.key))).map((task, n) => {
        const state = stateOf(task)
        const on = again.has(task.key)
        const follows = on && !this.chosen.has(task.key)
        return html`<label><input type="checkbox" ?autofocus=${!n} .checked=${on} ?disabled=${follows || this.busy} @change=${(event: Event) => {
          if ((event.target as HTMLInputElement).checked) this.chosen.add(task.key)
          else this.chosen.delete(task.key)
          void this.ask()
        }}>${tile(state, 's')}<span>${task.key}</span><span class="muted">${on ? why(task.key) : `${label(state).toLowerCase()}${latestOf(task)?.start && latestOf(task)?.end ? `, ${span(latestOf(task)!.end! - latestOf(task)!.start!)}` : ''}`}</span></label>`
      })}</div>
      ${this.drawParams(close)}
      ${this.exact ? html`<pre class="pre" tabindex="0">POST /api/2.2/jobs/runs/repair
${JSON.stringify(this.body(), null, 2)}</pre>` : nothing}
      ${this.error ? html`<div class="err" role="alert"><b>Not repaired</b><span>${this.error}</span></div>` : nothing}`,
    html`<button class="pri" aria-busy=${this.busy} ?disabled=${!n || this.app.stale()} @click=${() => { const form = document.querySelector<LakeflowParamFormElement>('.dlg lakeflow-param-form'); void (form ? form.submit() : this.send(close)) }}>${glyph('retry')}Repair ${n} ${n === 1 ? 'task' : 'tasks'}</button><button @click=${close}>Cancel</button><span class="sp"></span><button class="ghost" aria-pressed=${this.exact} @click=${() => { this.exact = !this.exact; this.app.draw() }}>Exact request</button>`)
  }
}

export const KEYS: [string, string][] = [
  ['/  Ctrl+K', 'find a job, a run or a task'], ['g j', 'jobs'], ['g r', 'runs'], ['j  k', 'next, previous row or task'], ['Arrows', 'move in the matrix and the graph'], ['Enter', 'open'],
  ['n', 'run now (form)'], ['x', 'cancel the run (asks)'], ['Shift+r', 'repair'], ['f', 'follow the log'], ['Shift+f', 'log over the whole page'], ['s', 'find in the log'],
  ['e  Shift+e', 'next, previous error in the log'], ['[  ]', 'previous, next attempt'], ['1 … 5', 'tabs of the task'], ['t', 'theme: system, light, dark'], ['Escape', 'close what is on top, then the task'],
]
export function keysDialog(close: () => void, on: boolean, set: (on: boolean) => void): TemplateResult {
  return frame('Keys', close, html`<label class="row"><input type="checkbox" .checked=${on} @change=${(event: Event) => set((event.target as HTMLInputElement).checked)}>Single letters do something</label><dl class="keys">${KEYS.map(([keys, does]) => html`<dt>${keys.split('  ').map(key => html`<kbd>${key}</kbd> `)}</dt><dd>${does}</dd>`)}</dl>`, nothing)
}

/** Finds jobs by name, runs by id or parameter, and tasks: of the screen that is shown, then of all jobs. */
export class Jump {
  private words = ''
  private at = 0
  /** Enter was pressed before the dialog was there. */
  private enter: boolean
  /** Names of tasks by the id of their job. */
  private names: Record<string, string[]> = {}
  /** `typed` are the keys pressed since it was asked for. */
  constructor(private readonly app: App, typed: string[] = []) {
    void get<{ tasks: Record<string, string[]> }>('names').then(({ tasks }) => { this.names = tasks; this.app.draw() }, () => { /* jobs and runs are found without */ })
    for (const key of typed) this.words = key === 'Backspace' ? this.words.slice(0, -1) : key.length === 1 ? this.words + key : this.words
    this.enter = typed.includes('Enter')
  }
  private hits(): { href: string; state: string; name: string; more: string }[] {
    const words = this.words.trim().toLowerCase()
    const jobs = this.app.home?.jobs ?? []
    const found = jobs.filter(job => job.name.toLowerCase().includes(words) || job.place?.key.toLowerCase().includes(words)).map(job => ({ href: `/jobs/${job.id}`, state: job.runs[0]?.s ?? 'BLOCKED', name: job.name, more: 'job' }))
    const runs = jobs.flatMap(job => job.runs).filter(run => words && (run.id.includes(words) || run.params.some(([name, value]) => `${name}=${value}`.toLowerCase().includes(words)) || run.name.toLowerCase().includes(words) && !over(run.s))).sort((a, b) => b.at - a.at)
    const shown = words ? this.app.tasks().filter(task => task.key.toLowerCase().includes(words)) : []
    const here = shown.map(task => ({ href: task.href, state: task.state, name: task.key, more: 'task on this page' }))
    const elsewhere = words ? jobs.flatMap(job => (this.names[job.id] ?? []).filter(key => key.toLowerCase().includes(words) && !shown.some(task => task.key === key)).map(key => ({ href: `/jobs/${job.id}?task=${encodeURIComponent(key)}`, state: '', name: key, more: `task of ${job.name}` }))) : []
    const list = [...found.slice(0, 8), ...runs.slice(0, 8).map(run => ({ href: `/runs/${run.id}`, state: run.s, name: `Run ${run.id}`, more: run.name })), ...here.slice(0, 8), ...elsewhere.slice(0, 8)]
    if (/^\d{6,19}$/.test(words) && !list.length) list.push({ href: `/runs/${words}`, state: 'BLOCKED', name: `Run ${words}`, more: 'open by id' })
    return list
  }
  draw = (close: () => void): TemplateResult => {
    const hits = this.hits()
    const open = (href: string): void => { close(); this.app.go(href) }
    if (this.enter) {
      this.enter = false
      if (hits[0]) setTimeout(open, 0, hits[0].href)
    }
    return html`<div class="dlg"><header><label class="sp" .style=${'display:flex;flex:1'}><span class="sr">Jump to a job, a run or a task</span><input autofocus .style=${'flex:1'} role="combobox" aria-expanded="true" aria-controls="hits" aria-activedescendant=${hits[this.at] ? `hit-${this.at}` : nothing} placeholder="Jump to a job, a run id, a parameter, a task" .value=${this.words}
      @input=${(event: Event) => { this.words = (event.target as HTMLInputElement).value; this.at = 0; this.app.draw() }}
      @keydown=${(event: KeyboardEvent) => {
        if (event.key === 'ArrowDown' || event.key === 'ArrowUp') { event.preventDefault(); this.at = (this.at + (event.key === 'ArrowDown' ? 1 : hits.length - 1)) % Math.max(1, hits.length); this.app.draw() }
        else if (event.key === 'Enter' && hits[this.at]) { event.preventDefault(); open(hits[this.at]!.href) }
      }}></label></header><div class="in hits" tabindex="-1"><div role="listbox" id="hits" aria-label="Found">${hits.map((hit, n) => html`<a role="option" id=${`hit-${n}`} aria-selected=${n === this.at} href=${hit.href} @click=${(event: Event) => { event.preventDefault(); open(hit.href) }}>${hit.state ? tile(hit.state, 's') : html`<i class="t s none" aria-hidden="true"></i>`}<span>${hit.name}</span><span class="muted">${hit.more}</span></a>`)}</div>${hits.length ? nothing : html`<p class="muted">Nothing is called so</p>`}</div></div>`
  }
}
