// The page of one run: `<lakeflow-run>` with what can be done about it. Changes are put into the model part by part, so
// that nothing is read again while a run goes on.
import { html, nothing, type TemplateResult } from 'lit/html.js'
import { repeat } from 'lit/directives/repeat.js'
import { glyph, copy } from '../src/elements/html.js'
import type { LakeflowRunElement } from '../src/elements/run-element.js'
import '../src/elements/run.js'
import { failed, latestOf, over, stateOf } from '../src/elements/states.js'
import { tabsOf } from '../src/elements/tabs.js'
import { now, span } from '../src/elements/time.js'
import type { Details, LogPart, RunModel, RunSource } from '../src/elements/types.js'
import { get, jobsApi } from './api.js'
import { Reading, type App, type Found, type Screen } from './app.js'
import type { Change } from './live.js'
import { trouble } from './parts.js'

const source: RunSource = {
  log: (attempt, at, stop) => get<LogPart>(`tasks/${attempt}/log?${new URLSearchParams(Object.entries(at).flatMap(([name, value]) => (value === undefined || value === false ? [] : [[name, value === true ? '1' : String(value)]])))}`, stop),
  search: (attempt, { words, pattern, sensitive }, stop) => get(`tasks/${attempt}/search?${new URLSearchParams({ q: words, ...(pattern && { regex: '1' }), ...(sensitive && { case: '1' }) })}`, stop),
  details: attempt => get<Details>(`tasks/${attempt}`),
  raw: attempt => `/console/api/tasks/${attempt}/raw`,
}

export class RunScreen implements Screen {
  private model: Reading<RunModel & { seq: number }>
  private pop = false
  private gone = false
  private whole = false
  private again = 0
  private task = ''
  private attempt = 0
  private tab = ''
  private line: [number, number] | undefined
  /** The address asks for the dialog of a repair. */
  #repairs: boolean
  /** On a phone one part is shown: a link to a task leads to its log. */
  readonly #view: 'tasks' | 'log'

  constructor(private readonly app: App, readonly id: string, query: URLSearchParams, hash: string) {
    this.model = new Reading(app)
    this.task = query.get('task') ?? ''
    this.attempt = Number(query.get('attempt') ?? 0)
    this.tab = query.get('tab') ?? ''
    this.#repairs = query.has('repair')
    this.#view = this.task || hash ? 'log' : 'tasks'
    this.hash(hash)
  }

  hash(hash: string): void {
    const line = /^#L(\d+)(?:-L(\d+))?$/.exec(hash)
    if (line) this.line = [Number(line[1]), Number(line[2] ?? line[1])]
    this.app.draw()
  }

  get run(): string { return this.id }
  get job(): string { return this.model.value?.run.job ?? '' }
  get icon(): string { return this.model.value?.run.s ?? '' }
  title(): string {
    const run = this.model.value?.run
    if (!run) return `Run ${this.id}`
    const took = span((run.end ?? now()) - (run.start ?? run.at))
    return over(run.s) ? `${run.s === 'SUCCESS' ? '✓' : '✕'} ${run.name}` : `▶ ${took} ${run.name}`
  }

  async load(): Promise<void> {
    const model = await this.model.read(get(`runs/${this.id}${this.whole ? '?whole=1' : ''}`))
    if (model && model.run.id !== this.id) {
      // The address named a task run.
      const task = model.tasks.find(task => task.attempts.some(attempt => attempt.id === this.id))
      this.app.go(`/runs/${model.run.id}${task ? `?task=${encodeURIComponent(task.key)}` : ''}`, true)
    }
    if (model && this.#repairs) {
      this.#repairs = false
      this.app.note({ repair: '' })
      if (this.canRepair()) void this.repair()
    }
  }

  change(number: number, change: Change): void {
    if (change.t === 'gone' && change.id === this.id) {
      this.gone = true
      this.app.draw()
    }
    const model = this.model.value
    if (change.t !== 'run' || change.id !== this.id || !model || number <= model.seq) return
    const { t: _, tasks, job: _job, ...run } = change
    const before = model.run
    const next = { ...model, seq: number, run: { ...before, ...run } }
    // What is over in one life of a run is not in the next.
    if (run.s && !run.end) delete next.run.end
    if (run.s && run.msg === undefined) delete next.run.msg
    const own = new Map(tasks.filter(attempt => !attempt.of).map(attempt => [attempt.id, attempt]))
    const keys = new Set([...own.values()].map(attempt => attempt.key))
    if (keys.size) {
      next.tasks = model.tasks.map(task => {
        if (!keys.has(task.key)) return task
        const attempts = task.attempts.map(attempt => own.get(attempt.id) ?? attempt)
        for (const attempt of own.values()) if (attempt.key === task.key && !task.attempts.some(known => known.id === attempt.id)) attempts.push(attempt)
        return { ...task, attempts }
      })
    }
    this.model.value = next
    const unknown = [...keys].some(key => !model.tasks.some(task => task.key === key))
    // The graph and the critical path are the engine's to say.
    if (unknown || (run.s && over(run.s) !== over(before.s)) || next.run.repairs.length !== before.repairs.length) {
      clearTimeout(this.again)
      this.again = window.setTimeout(() => void this.load(), 300)
    }
    this.app.draw()
  }

  close(): void { clearTimeout(this.again) }

  graph(): void {
    const { element } = this
    if (element) Object.assign(element, { graphOnPhone: !element.graphOnPhone, view: 'tasks' })
  }

  tasks(): Found[] {
    return this.model.value?.tasks.map(task => ({ key: task.key, state: stateOf(task), href: `/runs/${this.id}?task=${encodeURIComponent(task.key)}` })) ?? []
  }

  private get element(): LakeflowRunElement | null { return document.querySelector<LakeflowRunElement>('lakeflow-run') }

  key(event: KeyboardEvent): boolean {
    const run = this.model.value?.run
    if (!run) return false
    if (event.key === 'x' && !over(run.s)) { this.ask(); return true }
    if (event.key === 'R' && this.canRepair()) { void this.repair(); return true }
    if (event.key === 'n' && run.stored) { this.app.go(`/jobs/${run.job}/run?from=${run.id}`); return true }
    if (event.key === 'Escape') {
      if (this.pop) this.keep()
      else if (this.element?.task) this.element.leave()
      else return false
      return true
    }
    return this.letter(event)
  }

  /** The letters that are about the selected task and its log; false when one means nothing. */
  private letter({ key }: KeyboardEvent): boolean {
    const element = this.element
    const tasks = this.model.value!.tasks
    if (!element) return false
    const { log } = element
    const at = tasks.findIndex(task => task.key === element.task)
    const task = tasks[at]
    if (key === 'j' || key === 'k') {
      const next = tasks[at < 0 ? 0 : Math.min(tasks.length - 1, Math.max(0, at + (key === 'j' ? 1 : -1)))]
      if (next) element.pick(next.key)
    } else if (key === 'e' || key === 'E') log?.error(key === 'e' ? 1 : -1)
    else if (key === 'f') {
      if (log?.state.follow) log.box.scrollTop -= 200
      else log?.bottom()
    } else if (key === 'F') element.full = !element.full
    else if (key === 's') element.shadowRoot!.querySelector<HTMLElement>('#find')?.focus()
    else if (key === '[' || key === ']') {
      const tries = task?.attempts.length ?? 0
      element.choose({ attempt: Math.min(tries, Math.max(1, (element.attempt || tries) + (key === '[' ? -1 : 1))) })
    } else {
      const tab = task && tabsOf(task)[Number(key) - 1]
      if (!tab) return false
      element.choose({ tab: tab[0] })
    }
    return true
  }

  private ask(): void {
    this.pop = true
    this.app.draw()
    queueMicrotask(() => requestAnimationFrame(() => [...document.querySelectorAll<HTMLElement>('.pop .danger')].find(button => button.offsetParent)?.focus()))
  }

  /** Closes the question; what opened it has the focus again. */
  private keep(): void {
    this.pop = false
    this.app.draw()
    requestAnimationFrame(() => [...document.querySelectorAll<HTMLElement>('.cancel>.danger')].find(button => button.offsetParent)?.focus())
  }

  private async cancel(): Promise<void> {
    this.pop = false
    const model = this.model.value!
    this.model.value = { ...model, run: { ...model.run, s: 'TERMINATING' } }
    this.app.draw()
    try {
      await jobsApi('runs/cancel', { run_id: this.id })
    } catch (error) {
      this.app.say((error as Error).message)
      void this.load()
    }
  }

  private canRepair(): boolean {
    const model = this.model.value
    return !!model && over(model.run.s) && model.run.start !== undefined && !this.gone
  }

  private repair(from?: string): Promise<void> {
    return this.app.summon(({ Repair }) => this.app.dialog(new Repair(this.app, this.model.value!, from, () => void this.load()).draw, 'Repair the run'))
  }

  render(): TemplateResult {
    const model = this.model.value
    if (!model && this.model.error) {
      return html`<div class="who card">${this.model.status === 404 ? html`<h1>There is no run ${this.id}</h1><p class="muted">It may have been deleted. Runs are kept for 60 days.</p><p><a class="btn" href="/runs">All runs</a></p>` : trouble(this.model, 'The run cannot be read', () => void this.load(), true)}</div>`
    }
    const run = model?.run
    const active = run && !over(run.s)
    const running = model?.tasks.filter(task => latestOf(task)?.s === 'RUNNING').length ?? 0
    const bad = model?.tasks.some(task => failed(stateOf(task)))
    const why = active ? 'A run can be repaired once it is over' : run?.s === 'SUCCESS' ? 'Everything succeeded; tasks can be chosen in the dialog' : ''
    const stop = html`<button class="danger" ?disabled=${run?.s === 'TERMINATING' || this.app.stale()} aria-expanded=${this.pop} @click=${() => { if (this.pop) this.keep(); else this.ask() }}>${glyph('stop')}Cancel run</button>`
    const pop = this.pop ? html`<div class="pop" role="dialog" aria-label="Cancel the run?" @keydown=${(event: KeyboardEvent) => { if (event.key === 'Escape') { event.stopPropagation(); this.keep() } }}><span>${running ? `${running} running ${running === 1 ? 'task is' : 'tasks are'} stopped, the rest does not start.` : 'No task is running; none will start.'}</span><span class="row"><button class="danger" @click=${() => void this.cancel()}>Cancel the run</button><button @click=${() => this.keep()}>Keep it</button></span></div>` : nothing
    return html`${this.gone ? html`<div class="gone" role="alert">This run was deleted elsewhere. What you see is what it was.</div>` : nothing}
      ${repeat([this], one => one, () => html`<lakeflow-run .model=${model} .source=${this.gone ? undefined : source} .task=${this.task} .attempt=${this.attempt} .tab=${this.tab} .view=${this.#view} .line=${this.line} .repairable=${this.canRepair()}
        @lakeflow-select=${(event: CustomEvent<{ task: string; attempt: number; tab: string; line?: [number, number] }>) => {
          const { task, attempt, tab, line } = event.detail
          Object.assign(this, { task, attempt, tab, line })
          this.app.note({ task, attempt: attempt ? String(attempt) : undefined, tab: tab && tab !== 'log' ? tab : undefined, '#': line ? `L${line[0]}${line[1] > line[0] ? `-L${line[1]}` : ''}` : '' })
        }}
        @lakeflow-unfold=${(event: Event) => { event.preventDefault(); this.whole = true; void this.load() }}
        @lakeflow-repair=${(event: CustomEvent<{ task: string }>) => void this.repair(event.detail.task)}>
        <div slot="actions" class="acts"><button class="ghost" @click=${() => void copy(location.href).then(said => this.app.say(said))}>${glyph('link')}Copy link</button>
          ${run?.stored && !active ? html`<a class="btn" href=${`/jobs/${run.job}/run?from=${run.id}`}>${glyph('play')}Run again</a>` : nothing}
          ${active ? html`<span class="cancel">${stop}${pop}</span>` : nothing}
          <button title=${why} ?disabled=${!this.canRepair() || this.app.stale()} @click=${() => void this.repair()}>${glyph('retry')}Repair</button></div>
      </lakeflow-run>`)}
      <div class="bb">${active ? html`<span class="cancel" .style=${'display:grid'}>${stop}${pop}</span>` : html`<button ?disabled=${!this.canRepair() || this.app.stale()} @click=${() => void this.repair()}>${glyph('retry')}Repair</button>`}${bad ? html`<button class="pri" @click=${() => this.element?.failure()}>${glyph('cross')}Go to failure</button>` : run?.stored ? html`<a class="btn" href=${`/jobs/${run.job}/run?from=${run.id}`}>Run again</a>` : nothing}</div>`
  }
}
