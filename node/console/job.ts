// The home of a job: figures, the matrix of its runs with a preview of one, or the list of its runs.
import { html, nothing, type TemplateResult } from 'lit/html.js'
import { glyph, tile, titled } from '../src/elements/html.js'
import { counts, failed, label, over, STATES, trigger } from '../src/elements/states.js'
import { away, day, now, span, stamp } from '../src/elements/time.js'
import type { Run } from '../src/elements/types.js'
import { get, jobsApi } from './api.js'
import { Reading, type App, type Found, type Job, type Screen } from './app.js'
import type { Change } from './live.js'
import { decode, MatrixView, type Column, type Row } from './matrix.js'
import { jobHead, runNow } from './head.js'
import { badge, hold, paramList, runTable, share, took, trouble } from './parts.js'

interface Sent { seq: number; job: Job; rows: Row[]; runs: (Run & { cells: string; ms: number[]; ids: number[]; tries?: Record<string, string> })[]; older: boolean; total: number; figures: { median?: number; p95?: number } }
interface Matrix { seq: number; job: Job; rows: Row[]; columns: Column[]; older: boolean; total: number; figures: { median?: number; p95?: number } }

export class JobScreen implements Screen {
  private matrix: Reading<Matrix>
  private view: MatrixView
  private picked = ''
  private task = ''
  private second = ''
  private before = ''
  private words = ''
  private readonly none = new Set<string>()
  private again = 0
  /** Errors of attempts by id, asked for when they are looked at. */
  private errors = new Map<string, string>()

  constructor(private readonly app: App, readonly job: string, query: URLSearchParams) {
    this.matrix = new Reading(app)
    this.picked = query.get('run') ?? ''
    this.task = query.get('task') ?? ''
    this.view = new MatrixView({
      pick: (run, task, shift) => this.pick(run, task, shift),
      open: (run, task) => app.go(`/runs/${run}${task ? `?task=${encodeURIComponent(task)}` : ''}`),
    })
  }

  title(): string { return this.matrix.value?.job.name ?? 'Job' }

  async load(): Promise<void> {
    const at = this.before ? `&before=${this.before}` : this.picked && !this.matrix.value ? `&with=${this.picked}` : ''
    const shape = async (): Promise<Matrix> => {
      const { runs, ...rest } = await get<Sent>(`jobs/${this.job}/matrix?count=30${at}`)
      return { ...rest, columns: runs.map(({ cells, tries, ...run }) => ({ ...run, states: decode(cells), tries: Object.fromEntries(Object.entries(tries ?? {}).map(([r, letters]) => [r, decode(letters)])) })) }
    }
    await this.matrix.read(shape())
  }

  private pick(run: string, task: string, shift: boolean): void {
    if (shift && this.picked && this.picked !== run) this.second = this.second === run ? '' : run
    else if (!run && this.task === task && !this.picked) this.task = ''
    else Object.assign(this, { picked: this.picked === run && !task ? '' : run, task, second: '' })
    this.app.note({ run: this.picked, task: this.task })
    this.app.draw()
  }

  change(number: number, change: Change): void {
    const matrix = this.matrix.value
    if (!matrix || ('job' in change && change.job !== this.job)) return
    if (change.t === 'job' || change.t === 'gone') { this.soon(); return }
    if (change.t !== 'run' || number <= matrix.seq) return
    const { t: _, tasks, ...run } = change
    let column = matrix.columns.find(column => column.id === change.id)
    if (!column) {
      if (this.before || run.at === undefined) return
      column = { repairs: [], params: [], name: '', by: '', trigger: '', states: [], ms: [], ids: [], ...run } as unknown as Column
      matrix.total++
      matrix.columns = [...matrix.columns, column].slice(-100)
    }
    const was = column.s
    Object.assign(column, run)
    if (run.s && !run.end) delete column.end
    for (const attempt of tasks) {
      if (attempt.of || attempt.old) continue
      const r = matrix.rows.findIndex(row => row.key === attempt.key)
      const id = Number(BigInt(attempt.id) - BigInt(column.id))
      if (r < 0 || (column.ids[r] ?? 0) > id) continue
      // Of what is tried again all attempts are told.
      const before = column.tries?.[r] ?? (column.states[r] ? [column.states[r]!] : [])
      const tries = [...((column.ids[r] ?? 0) < id ? before : before.slice(0, -1)), attempt.s]
      if (tries.length > 1) column.tries = { ...column.tries, [r]: tries }
      column.states[r] = attempt.s
      column.ids[r] = id
      column.ms[r] = attempt.start && attempt.end ? attempt.end - attempt.start : 0
    }
    if (run.s && over(run.s) && !over(was)) this.soon()
    this.app.draw()
  }

  private soon(): void {
    clearTimeout(this.again)
    this.again = window.setTimeout(() => void this.load(), 400)
  }
  close(): void {
    clearTimeout(this.again)
    this.view.close()
  }

  key(event: KeyboardEvent): boolean {
    const matrix = this.matrix.value
    if (!matrix) return false
    if (event.key === 'n') { this.app.go(`/jobs/${this.job}/run`); return true }
    if (event.key === 'Escape' && (this.picked || this.task)) { Object.assign(this, { picked: '', task: '', second: '' }); this.app.note({ run: '', task: '' }); this.app.draw(); return true }
    const step = event.key === 'j' || event.key === 'ArrowRight' ? 1 : event.key === 'k' || event.key === 'ArrowLeft' ? -1 : 0
    if (step && matrix.columns.length) {
      const at = matrix.columns.findIndex(column => column.id === this.picked)
      const next = matrix.columns[at < 0 ? matrix.columns.length - 1 : Math.min(matrix.columns.length - 1, Math.max(0, at + step))]!
      if (next.id !== this.picked) this.pick(next.id, '', false)
      this.view.reveal(next.id)
      return true
    }
    if (event.key === 'Enter' && this.picked) { this.app.go(`/runs/${this.picked}`); return true }
    return false
  }

  render(): TemplateResult {
    const matrix = this.matrix.value
    if (!matrix) return this.matrix.error ? html`<div class="who card">${trouble(this.matrix, this.matrix.status === 404 ? 'There is no such job' : 'The job cannot be read', () => void this.load(), true)}</div>` : hold(56, 40, 66, 420)
    const { job, columns } = matrix
    const rows = matrix.rows.map((row, r) => ({ row, r })).filter(({ row }) => !this.words || row.key.includes(this.words))
    this.view.set(rows.map(({ row }) => row), this.words ? columns.map(column => ({ ...column, states: rows.map(({ r }) => column.states[r] ?? ''), ms: rows.map(({ r }) => column.ms[r] ?? 0), ids: rows.map(({ r }) => column.ids[r] ?? 0), tries: Object.fromEntries(rows.flatMap(({ r }, n) => (column.tries?.[r] ? [[n, column.tries[r]]] : []))) })) : columns)
    queueMicrotask(() => this.view.settle(this.picked))
    const run = columns.find(column => column.id === this.picked)
    const task = matrix.rows.find(row => row.key === this.task)
    const beside = run ? this.preview(run, matrix) : task ? this.history(task, matrix) : undefined
    const present = new Set(columns.map(column => column.s))
    for (const column of columns) for (const state of column.states) present.add(state)
    return html`${jobHead(this.app, job, 'runs', schedule => { job.schedule = schedule; this.app.draw() })}
      ${this.figures(matrix)}
      <div class="ctl"><div class="seg" role="group" aria-label="Shown as"><a aria-current="true" href=${`/jobs/${this.job}`}>${glyph('grid')}Matrix</a><a href=${`/jobs/${this.job}/runs`}>${glyph('lines')}List</a></div>
        ${matrix.rows.length > 40 ? html`<input placeholder="Tasks named…" aria-label="Only tasks whose name holds" .value=${this.words} @input=${(event: Event) => { this.words = (event.target as HTMLInputElement).value; this.app.draw() }}>` : nothing}
        <span class="sp"></span><span class="muted num">${matrix.total.toLocaleString('en')} ${matrix.total === 1 ? 'run' : 'runs'}</span>${this.second ? html`<a class="btn sm pri" href=${`/compare?a=${this.picked}&b=${this.second}`}>Compare the two</a>` : nothing}
        <div class="seg"><button ?disabled=${!matrix.older} @click=${() => { this.before = columns[0]!.id; void this.load() }}>Older</button><button ?disabled=${!this.before} @click=${() => { this.before = ''; void this.load() }}>Newest</button></div></div>
      ${this.matrix.error ? trouble(this.matrix, 'Not refreshed', () => void this.load()) : nothing}
      ${columns.length ? html`<div class=${beside ? 'two' : ''}><section class="card" .style=${'min-width:0;overflow:hidden'} aria-label="Matrix of tasks and runs">${this.view.root}<div class="legend">${STATES.filter(state => present.has(state)).map(state => html`<span>${tile(state, '')}${label(state)}</span>`)}</div></section>${beside ?? nothing}</div><div class="phone">${runTable([...columns].reverse().slice(0, 10), { picked: this.none, pick: () => {}, focus: '' })}</div>`
      : html`<div class="card empty"><h2>No runs yet</h2><p>Each run becomes a column here, each task a row.</p><button class="pri" @click=${(event: MouseEvent) => void runNow(this.app, job, event)}>${glyph('play')}Run now</button></div>`}`
  }

  /** One task in all runs that are shown, newest first. */
  private history(row: Row, { rows, columns }: Matrix): TemplateResult {
    const r = rows.indexOf(row)
    const own = columns.filter(column => column.states[r]).reverse()
    const most = Math.max(1, ...own.map(column => column.ms[r] ?? 0))
    const good = own.filter(column => column.states[r] === 'SUCCESS').length
    return html`<aside class="card pv" aria-label=${`History of ${row.key}`}><div class="pvh"><div><h2 .style=${'overflow-wrap:anywhere'}>${row.key}</h2><span class="muted">${row.gone ? 'no longer in the job' : row.type}${row.usual ? `, usually ${span(row.usual)}` : ''}</span></div><button class="ghost sm" aria-label="Close the history" @click=${() => this.pick('', row.key, false)}>${glyph('cross')}</button></div>
      <span>${good} of ${own.length} ${own.length === 1 ? 'run' : 'runs'} succeeded here</span>
      <ul class="hist">${own.map(column => html`<li><a href=${`/runs/${column.id}?task=${encodeURIComponent(row.key)}`} title=${`Run ${column.id}, ${stamp(column.at)}`}>${tile(column.states[r]!, 's')}<span class="num">${away(column.at)}<span class="sr">, ${label(column.states[r]!)}</span></span><i aria-hidden="true"><b data-state=${column.states[r]} .style=${`width:${(100 * (column.ms[r] ?? 0)) / most}%`}></b></i><span class="num">${column.ms[r] ? span(column.ms[r]!) : ''}${column.tries?.[r] ? html` <span class="muted">×${column.tries[r]!.length}</span>` : nothing}</span></a></li>`)}</ul></aside>`
  }

  /** What the jump finds here: tasks of the newest run. */
  tasks(): Found[] {
    const newest = this.matrix.value?.columns.at(-1)
    return newest ? this.matrix.value!.rows.map((row, r) => ({ key: row.key, state: newest.states[r] || 'BLOCKED', href: `/runs/${newest.id}?task=${encodeURIComponent(row.key)}` })) : []
  }

  private figures(matrix: Matrix): TemplateResult {
    const { columns, rows, figures } = matrix
    const slow = [...rows].sort((a, b) => (b.usual ?? 0) - (a.usual ?? 0))[0]
    const last = [...columns].reverse().find(column => failed(column.s))
    const row = last ? last.states.findIndex(failed) : -1
    return html`<dl class="card figs"><div><dt>Success, ${columns.length} ${columns.length === 1 ? 'run' : 'runs'}</dt><dd>${share(columns)}</dd></div>
      <div><dt>Median duration</dt><dd><span class="num">${figures.median === undefined || figures.median === null ? '–' : span(figures.median)}</span><small class="num">${figures.p95 ? `p95 ${span(figures.p95)}` : ''}</small></dd></div>
      <div><dt>Slowest task</dt><dd>${slow?.usual ? html`<span>${slow.key}</span><small class="num">${span(slow.usual)} median</small>` : html`<span>–</span>`}</dd></div>
      <div><dt>Last failure</dt><dd>${last ? html`<a class="bad" href=${`/runs/${last.id}`}>${rows[row]?.key ?? label(last.s)}</a><small>${away(last.at)}</small>` : html`<span>none</span>`}</dd></div></dl>`
  }

  private preview(run: Column, matrix: Matrix): TemplateResult {
    const at = matrix.columns.indexOf(run)
    const before = matrix.columns[at - 1]
    const r = this.task ? matrix.rows.findIndex(row => row.key === this.task) : run.states.findIndex(failed)
    const row = matrix.rows[r]
    const slower = matrix.rows.map((row, n) => ({ key: row.key, ms: (run.ms[n] ?? 0) - (row.usual ?? Infinity) })).filter(one => one.ms > 1000).sort((a, b) => b.ms - a.ms).slice(0, 3)
    const id = run.ids[r] ? String(BigInt(run.id) + BigInt(run.ids[r]!)) : ''
    const bad = !!row && failed(run.states[r] ?? '')
    if (bad && id && !this.errors.has(id)) {
      this.errors.set(id, '')
      void get<{ error?: string }>(`tasks/${id}`).then(details => { this.errors.set(id, details.error ?? ''); this.app.draw() }, () => {})
    }
    const told = (id && this.errors.get(id)) || run.msg
    const open = `/runs/${run.id}${row ? `?task=${encodeURIComponent(row.key)}` : ''}`
    return html`<aside class="card pv" aria-label=${`Run ${run.id}`}><div class="pvh"><div><h2 class="num" .style=${'overflow-wrap:anywhere'}>Run ${run.id}</h2><span class="muted num">${day(run.at)} · ${trigger(run.trigger)}</span></div><button class="ghost sm" aria-label="Close the preview" @click=${() => this.pick(this.picked, '', false)}>${glyph('cross')}</button></div>
      <div class="row">${badge(run.s)}<span class="num muted">${span(took(run))}</span></div>
      ${row && this.task ? html`<div><h3>Task</h3><div class="row">${tile(run.states[r] ?? '', 's')}<b>${row.key}</b></div><span class="muted">${label(run.states[r] ?? '')}${run.ms[r] ? `, ${span(run.ms[r]!)}` : ''}${row.usual ? `, usually ${span(row.usual)}` : ''}</span></div>` : nothing}
      ${bad ? html`<div class="err"><b>${row.key} ${label(run.states[r]!).toLowerCase()}</b>${told ? html`<span class="mono">${told.split('\n')[0]!.slice(0, 240)}</span>` : nothing}<a class="lk" href=${open}>Open the log at the error</a></div>` : nothing}
      <div><h3>Tasks</h3><div class="row">${counts(run.states.filter(Boolean)).map(([state, n]) => html`<span class="row" .style=${'gap:4px'}>${titled(state, 's')}<span class="sr">${label(state)}: </span>${n}</span>`)}</div></div>
      ${run.params.length ? html`<div><h3>Parameters</h3>${paramList(run, before)}</div>` : nothing}
      ${slower.length ? html`<div><h3>Slower than usual</h3>${slower.map(one => html`<div>${one.key} <b class="num">+${span(one.ms)}</b></div>`)}</div>` : nothing}
      <div class="row">${over(run.s) && run.s !== 'SUCCESS' && run.start ? html`<a class="btn pri" href=${`/runs/${run.id}?repair=1`}>${glyph('retry')}Repair</a><a class="btn" href=${open}>Open run</a>` : html`<a class="btn pri" href=${open}>Open run</a>`}${before ? html`<a class="btn" href=${`/compare?a=${before.id}&b=${run.id}`}>Compare with the run before</a>` : nothing}</div><p class="muted">Shift+click on another run compares the two.</p></aside>`
  }
}

/** Pages of 100 runs that are in the document at most. */
const MOST_PAGES = 5

/** Runs of a job, or of all jobs, as a list. */
export class RunsScreen implements Screen {
  private page: Reading<{ seq: number; runs: Run[]; next: string | null; total: number | null }>
  private jobs: Reading<Job>
  /** The pages that are shown, one after the other, and the first one's number; more than a few are never in the document. */
  private pages: Run[][] = []
  private start = 0
  /** What each page is asked for with. */
  private tokens: string[] = []
  private total: number | null = null
  private fresh: Run[] = []
  private picked = new Set<string>()
  /** Runs that are to be cancelled, once that is confirmed. */
  private doomed: Run[] = []
  private filter: { state: string; trigger: string; q: string; from: string; day: string }
  private at = -1

  constructor(private readonly app: App, readonly job: string, query: URLSearchParams) {
    this.page = new Reading(app)
    this.jobs = new Reading(app)
    this.filter = { state: query.get('state') ?? '', trigger: query.get('trigger') ?? '', q: query.get('q') ?? '', from: query.get('from') ?? '', day: query.get('day') ?? '' }
  }
  title(): string { return this.job ? `Runs of ${this.head?.name ?? 'the job'}` : 'Runs' }
  private get head(): Job | undefined { return this.jobs.value ?? this.app.home?.jobs.find(job => job.id === this.job) }

  private address(page?: string): string {
    const query = new URLSearchParams()
    const { day, from, ...plain } = this.filter
    for (const [name, value] of Object.entries(plain)) if (value) query.set(name, value)
    if (from) query.set('from', String(now() - Number(from) * 36e5))
    // The list begins with the last run of that day, on the viewer's clock.
    if (day) query.set('to', String(new Date(`${day}T23:59:59.999`).getTime()))
    if (page) query.set('page', page)
    return `${this.job ? `jobs/${this.job}/` : ''}runs${query.size ? `?${query}` : ''}`
  }

  private get runs(): Run[] { return this.pages.flat() }

  async load(): Promise<void> {
    if (this.start) {
      // Far down nothing moves: what is shown is read again where it is.
      for (let n = 0; n < this.pages.length; n++) {
        const page = await this.page.read(get(this.address(this.tokens[this.start + n])))
        if (page) this.pages = this.pages.with(n, page.runs)
      }
      return
    }
    const page = await this.page.read(get(this.address()))
    if (this.job && !this.head) void this.jobs.read(get<Job>(`jobs/${this.job}`))
    if (!page) return
    Object.assign(this, { pages: [page.runs], start: 0, tokens: ['', page.next ?? ''], total: page.total, fresh: [] })
    this.app.draw()
  }
  /** Puts the page before or after those that are shown to them. */
  private async turn(by: 1 | -1): Promise<void> {
    const n = by > 0 ? this.start + this.pages.length : this.start - 1
    const page = await this.page.read(get(this.address(this.tokens[n])))
    if (!page) return
    this.tokens[n + 1] = page.next ?? ''
    if (by > 0) this.pages = [...this.pages, page.runs].slice(-MOST_PAGES)
    else this.pages = [page.runs, ...this.pages].slice(0, MOST_PAGES)
    this.start = by > 0 ? n + 1 - this.pages.length : n
    // The first page was read anew, so nothing waits any more.
    if (!this.start) this.fresh = []
    this.app.draw()
  }
  private set(change: Partial<RunsScreen['filter']>): void {
    Object.assign(this.filter, change)
    this.start = 0
    this.app.note(this.filter)
    void this.load()
  }

  change(number: number, change: Change): void {
    if (change.t === 'gone') { this.pages = this.pages.map(page => page.filter(run => run.id !== change.id)); this.app.draw() }
    if (change.t !== 'run' || (this.job && change.job !== this.job) || number <= (this.page.value?.seq ?? Infinity)) return
    const { t: _, tasks: __, ...run } = change
    const known = (list: Run[]): Run[] => list.map(one => {
      if (one.id !== run.id) return one
      const next = { ...one, ...run }
      if (run.s && !run.end) delete next.end
      return next
    })
    if ([...this.runs, ...this.fresh].some(one => one.id === run.id)) {
      this.pages = this.pages.map(known)
      this.fresh = known(this.fresh)
    } else if (run.at !== undefined && !Object.values(this.filter).some(Boolean)) {
      if (this.total !== null) this.total++
      // What is being looked at does not move: new runs wait until they are asked for.
      if (scrollY > 120 || this.start) this.fresh = [run as Run, ...this.fresh]
      else this.pages[0] = [run as Run, ...(this.pages[0] ?? [])]
    }
    this.app.draw()
  }

  key(event: KeyboardEvent): boolean {
    const step = event.key === 'j' || event.key === 'ArrowDown' ? 1 : event.key === 'k' || event.key === 'ArrowUp' ? -1 : 0
    if (step && this.runs.length) {
      this.at = Math.min(this.runs.length - 1, Math.max(0, this.at + step))
      document.querySelector<HTMLElement>(`[data-run="${this.runs[this.at]!.id}"] a`)?.focus()
      this.app.draw()
      return true
    }
    if (event.key === 'n' && this.job) { this.app.go(`/jobs/${this.job}/run`); return true }
    return false
  }

  /** Stops what is chosen, or one; a person is asked before. */
  private async cancel(): Promise<void> {
    const active = this.doomed
    this.doomed = []
    const done = await Promise.allSettled(active.map(run => jobsApi('runs/cancel', { run_id: run.id })))
    this.picked = new Set()
    this.app.say(`${done.filter(one => one.status === 'fulfilled').length} of ${active.length} runs are being stopped`)
    this.app.draw()
  }

  private ask(runs: Run[]): void {
    this.doomed = runs.filter(run => !over(run.s))
    const n = this.doomed.length
    const what = n === 1 ? `run ${this.doomed[0]!.id}` : `${n} runs`
    void this.app.summon(({ frame }) => this.app.dialog(close => frame(`Cancel ${what}?`, close, html`<p>Tasks that are running are stopped, the others do not start.</p>`, html`<button class="danger" autofocus @click=${() => { close(); void this.cancel() }}>Cancel ${n === 1 ? 'the run' : what}</button><button @click=${close}>${n === 1 ? 'Keep it' : 'Keep them'}</button>`), `Cancel ${what}?`))
  }

  render(): TemplateResult {
    const head = this.head
    const page = this.page.value
    const states = ['', 'RUNNING', 'QUEUED', 'SUCCESS', 'SUCCESS_WITH_FAILURES', 'FAILED,TIMEDOUT,INTERNAL_ERROR', 'CANCELED', 'SKIPPED,MAXIMUM_CONCURRENT_RUNS_REACHED']
    const named: Record<string, string> = { '': 'All states', 'FAILED,TIMEDOUT,INTERNAL_ERROR': 'Failed', 'SKIPPED,MAXIMUM_CONCURRENT_RUNS_REACHED': 'Skipped' }
    const filtered = Object.entries(this.filter).filter(([, value]) => value)
    const chosen = this.runs.filter(run => this.picked.has(run.id))
    const active = chosen.filter(run => !over(run.s)).length
    const option = (value: string, text: string, now: string): TemplateResult => html`<option value=${value} ?selected=${value === now}>${text}</option>`
    return html`${this.job ? (head ? jobHead(this.app, head, 'runs', schedule => { head.schedule = schedule; this.app.draw() }) : this.jobs.error ? trouble(this.jobs, 'The job cannot be read', () => void this.load(), true) : hold(56, 36)) : html`<div class="hd"><div><h1>Runs</h1><p class="meta"><span>Of every job, newest first</span></p></div></div>`}
      <div class="ctl">${this.job ? html`<div class="seg" role="group" aria-label="Shown as"><a href=${`/jobs/${this.job}`}>${glyph('grid')}Matrix</a><a aria-current="true" href=${`/jobs/${this.job}/runs`}>${glyph('lines')}List</a></div>` : nothing}
        <select aria-label="State" @change=${(event: Event) => this.set({ state: (event.target as HTMLSelectElement).value })}>${states.map(state => option(state, named[state] ?? label(state), this.filter.state))}</select>
        <select aria-label="Trigger" @change=${(event: Event) => this.set({ trigger: (event.target as HTMLSelectElement).value })}>${[['', 'All triggers'], ['ONE_TIME', 'Manual'], ['PERIODIC', 'Schedule'], ['RUN_JOB_TASK', 'By a job'], ['FILE_ARRIVAL', 'File arrival'], ['TABLE', 'Table update']].map(([value, text]) => option(value!, text!, this.filter.trigger))}</select>
        <select aria-label="Time" @change=${(event: Event) => this.set({ from: (event.target as HTMLSelectElement).value })}>${[['', 'Any time'], ['1', 'Last hour'], ['24', 'Last day'], ['168', 'Last week']].map(([value, text]) => option(value!, text!, this.filter.from))}</select>
        <label class="row muted">Up to<input type="date" aria-label="Jump to a day" .value=${this.filter.day} @change=${(event: Event) => this.set({ day: (event.target as HTMLInputElement).value })}></label>
        <input class="grow" placeholder="Parameter or run id" aria-label="Parameter or run id" .value=${this.filter.q} @change=${(event: Event) => this.set({ q: (event.target as HTMLInputElement).value.trim() })}>
        <span class="sp"></span>${chosen.length === 2 && chosen[0]!.job === chosen[1]!.job ? html`<a class="btn sm pri" href=${`/compare?a=${chosen[1]!.id}&b=${chosen[0]!.id}`}>Compare the two</a>` : nothing}${active ? html`<button class="sm danger" ?disabled=${this.app.stale()} @click=${() => this.ask(chosen)}>Cancel ${active} ${active === 1 ? 'run' : 'runs'}</button>` : nothing}
        <span class="muted num">${this.total === null ? '' : `${this.total.toLocaleString('en')} ${this.total === 1 ? 'run' : 'runs'}`}</span></div>
      ${this.fresh.length ? html`<p class="row" .style=${'justify-content:center;position:sticky;top:56px;z-index:3;margin-bottom:8px'}><button class="sm pri" @click=${() => { this.start = 0; scrollTo({ top: 0 }); void this.load() }}>${this.fresh.length} new ${this.fresh.length === 1 ? 'run' : 'runs'}</button></p>` : nothing}
      ${this.page.error ? trouble(this.page, 'The runs cannot be read', () => void this.load()) : nothing}
      ${!page ? (this.page.error ? nothing : hold(420)) : this.runs.length ? html`${this.start ? html`<p class="row" .style=${'justify-content:center;margin-bottom:12px'}><button @click=${() => void this.turn(-1)}>Newer runs</button></p>` : nothing}${runTable(this.runs, { jobs: this.job ? undefined : new Map(), median: head?.usual, picked: this.picked, focus: this.runs[this.at]?.id ?? '', cancel: run => this.ask([run]), pick: (id, on) => { if (on) this.picked.add(id); else this.picked.delete(id); this.app.draw() } })}${this.tokens[this.start + this.pages.length] ? html`<p class="row" .style=${'justify-content:center;margin-top:12px'}><button @click=${() => void this.turn(1)}>Older runs</button></p>` : nothing}`
      : filtered.length ? html`<div class="card empty"><h2>No run matches</h2><p>${filtered.map(([name, value]) => `${name}: ${value}`).join(', ')}</p><button @click=${() => this.set({ state: '', trigger: '', q: '', from: '', day: '' })}>Clear the filters</button></div>`
      : html`<div class="card empty"><h2>No runs yet</h2><p>What is started here, by a schedule or by a client appears in this list.</p>${this.job ? html`<a class="btn pri" href=${`/jobs/${this.job}/run`}>Run now</a>` : nothing}</div>`}`
  }
}
