// `<lakeflow-run>`: a run with live graph, timeline, log and the error of each attempt. It shows what it is given and asks
// a source for logs and details; it decides nothing about runs.
import { html, nothing, type TemplateResult } from 'lit/html.js'
import { Base, type Changes } from './element.js'
import { drawGraph, zoomButtons, type Sight } from './graph.js'
import { act, copy, seg, tile, words, wrong } from './html.js'
import type { LogView } from './log.js'
import { tabsOf, type Tab } from './tabs.js'
import { RUN_CSS } from './run-css.js'
import { counts, failed, label, over, trigger } from './states.js'
import { drawTimeline, latestOf, rounds } from './timeline.js'
import { away, now, setClock, span, stamp } from './time.js'
import type { Attempt, Details, RunModel, RunSource, Task } from './types.js'
import { follow, type Follower } from './follow.js'
import { enter, type Room } from './panel-later.js'

type View = 'tasks' | 'timeline' | 'log'

/** Properties with their first values; those of the second line are for pages that come with the console. */
const START = {
  model: undefined, source: undefined, run: '', src: '', fetcher: undefined, task: '', attempt: 0, tab: '', line: undefined,
  repairable: false, zoom: 1, sight: undefined, filter: '', view: 'tasks', order: 'start', round: -1, window: undefined, drag: undefined,
  inner: '', details: undefined, trouble: '', wrap: undefined, full: false, whole: false, beat: 0, problem: '', graphOnPhone: false, said: '',
}

const WRAP = 'lakeflow-wrap'
/** In the place of a task that is not there. */
const NONE = { attempts: [] as Attempt[] } as Task

export class LakeflowRunElement extends Base {
  static observedAttributes = ['run', 'src', 'task', 'attempt', 'tab', 'repairable']
  declare model: RunModel | undefined
  declare source: RunSource | undefined
  /** A `runs/get` document or its text; made to a model by the core. */
  declare run: unknown
  declare src: string
  declare fetcher: ((url: string, init?: RequestInit) => Promise<Response>) | undefined
  declare task: string
  declare attempt: number
  declare tab: Tab | ''
  declare line: [number, number] | undefined
  declare repairable: boolean
  declare zoom: number
  declare sight: Sight | undefined
  declare filter: string
  declare view: View
  declare order: 'start' | 'duration'
  declare round: number
  declare window: [number, number] | undefined
  declare drag: [number, number] | undefined
  declare inner: string
  declare details: Details | undefined
  declare trouble: string
  /** As it was chosen; else narrow logs are wrapped. */
  declare wrap: boolean | undefined
  declare full: boolean
  declare beat: number
  declare whole: boolean
  declare problem: string
  declare graphOnPhone: boolean
  declare said: string

  #room: Room | undefined
  #entering: Promise<Room> | undefined
  #log: LogView | undefined
  /** The attempt whose log is shown, or will be. */
  #opening = ''
  #timer = 0
  #fitted = ''
  #asked = ''
  /** The task was chosen here, not by a person: a failure may take its place. */
  #auto = false
  #chosen = false
  #follower: Follower | undefined
  #states = ''
  /** Puts the rows of the timeline into their place. */
  #rows: ((place: Element | null) => void) | undefined

  constructor() {
    super(START, RUN_CSS)
    try {
      const kept = localStorage.getItem(WRAP)
      if (kept) this.wrap = kept === '1'
    } catch { /* forbidden: nothing is remembered */ }
    this.addEventListener('keydown', this.#pressed)
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#timer = window.setInterval(() => {
      if (!document.hidden && this.model && !over(this.model.run.s)) this.beat++
    }, 1000)
  }

  disconnectedCallback(): void {
    clearInterval(this.#timer)
    this.#log?.close()
    this.#log = undefined
    this.#opening = ''
    this.#follower?.stop()
    this.#follower = undefined
  }

  override prepare(changed: Changes): void {
    if (['src', 'fetcher', 'run', 'whole'].some(name => changed.has(name)) && (this.src || this.run)) {
      this.#follower?.stop()
      this.#follower = follow(this, this)
    }
    const model = this.model
    if (!model) return
    // Only what was just read knows the time; a model that changes were put into has the time of its beginning.
    if (changed.has('model') && model.now && (changed.get('model') as RunModel | undefined)?.now !== model.now) setClock(model.now)
    if (changed.has('model')) this.#say(changed.get('model') as RunModel | undefined)
    const known = this.#chosen
    if (!known && model.tasks.length) {
      this.#chosen = true
      this.#auto = !this.task
    }
    if (changed.has('model') && this.#auto && !failed(latestOf(this.#current ?? NONE)?.s ?? '')) {
      const first = this.#firstChoice(model)
      if (first && (!this.task || failed(latestOf(model.tasks.find(task => task.key === first)!)?.s ?? ''))) this.task = first
    }
    if (this.round < 0 || this.round >= rounds(model.run).length) this.round = rounds(model.run).length - 1
    if (known && changed.has('task')) Object.assign(this, { inner: '', ...(this.line ? {} : { attempt: 0 }) })
    const task = this.#current
    if (task && (!this.tab || !tabsOf(task).some(([tab]) => tab === this.tab))) this.tab = tabsOf(task)[0]![0]
    if (changed.has('line') && this.line && this.#log && !changed.has('task')) {
      void this.#log.jump(this.line)
      this.line = undefined
    }
    this.#attend()
  }

  override drawn(): void {
    this.#rows?.(this.shadowRoot!.querySelector('.tm ul'))
    const graph = this.model?.graph
    const key = graph ? `${this.model!.run.id}:${graph.nodes.length}` : ''
    if (graph && key !== this.#fitted) {
      this.#fitted = key
      this.#fit()
    }
  }

  /** First the first failed task, else the longest running. */
  #firstChoice(model: RunModel): string {
    const by = (test: (state: string) => boolean): Task[] => model.tasks.filter(task => test(latestOf(task)?.s ?? ''))
    const running = by(state => state === 'RUNNING').sort((a, b) => (latestOf(a)!.start ?? 0) - (latestOf(b)!.start ?? 0))
    return (by(failed)[0] ?? running[0])?.key ?? ''
  }

  /** Tells a screen reader, and the page, what changed: the run and the selected task, not more. */
  #say(before: RunModel | undefined): void {
    const model = this.model!
    const own = latestOf(this.#current ?? NONE)
    const states = `${model.run.s}/${this.task}/${own?.s ?? ''}`
    if (before && states !== this.#states && states.split('/')[1] === this.#states.split('/')[1]) {
      this.said = `Run ${label(model.run.s)}${own ? `. ${this.task} ${label(own.s)}` : ''}`
    }
    this.#states = states
    if (before && before.run.id === model.run.id && !over(before.run.s) && over(model.run.s)) this.tell('done', { run: model.run })
  }

  /** The log that is shown. */
  get log(): LogView | undefined { return this.#log }
  get #current(): Task | undefined {
    return this.model?.tasks.find(task => task.key === this.task)
  }
  /** The selected attempt: by number from 1, else the newest. */
  get #shown(): Attempt | undefined {
    const attempts = this.#current?.attempts ?? []
    return attempts[this.attempt - 1] ?? attempts.at(-1)
  }
  get #iteration(): Attempt | undefined {
    return this.inner ? this.details?.iterations?.rows.find(row => row.id === this.inner) : undefined
  }

  /** Opens the log and the details of what is selected, and closes those of what is not. */
  #attend(): void {
    const { source, line } = this
    const shown = this.#iteration ?? this.#shown
    if (this.task) void this.#enter()
    const wanted = source && this.#room && this.tab === 'log' && shown?.start ? shown.id : ''
    if (this.#opening !== wanted) {
      this.#opening = wanted
      this.#log?.close()
      this.#log = undefined
      if (wanted) {
        this.#log = new this.#room!.LogView(source!, wanted, () => this.requestUpdate(), {
          failed: failed(shown!.s), line,
          onLine: (from, to) => this.tell('select', { task: this.task, attempt: this.attempt, tab: this.tab, line: [from, to] }),
        })
        this.#log.box.ariaLabel = `Log of ${this.task}`
        this.line = undefined
      }
    }
    this.#attendDetails()
  }

  /** What shows a task comes when one is first selected. */
  async #enter(): Promise<void> {
    if (this.#room) return
    this.#room = await (this.#entering ??= enter())
    this.requestUpdate()
  }

  #attendDetails(): void {
    const own = this.#shown
    const key = own && this.source ? `${own.id}:${own.s}:${own.each?.done ?? ''}` : ''
    if (key === this.#asked) return
    if (!key || !this.#asked.startsWith(`${own!.id}:`)) this.details = undefined
    this.#asked = key
    this.trouble = ''
    if (key) {
      this.source!.details(own!.id).then(details => ({ details }), error => ({ trouble: words(error) })).then(found => { if (this.#asked === key) Object.assign(this, found) })
    }
  }

  choose(change: Partial<this> = {}): void {
    Object.assign(this, change)
    this.tell('select', { task: this.task, attempt: this.attempt, tab: this.tab, line: this.line })
  }
  pick(key: string): void {
    if (key === this.task) return
    this.#auto = false
    Object.assign(this, { task: key, attempt: 0, inner: '', line: undefined })
    this.choose()
  }
  /** Brings the first failed task into view. */
  failure(): void {
    const key = this.model && this.#firstChoice(this.model)
    if (key) this.task = key
    Object.assign(this, { view: 'log', tab: 'log' })
    this.choose()
  }

  #fit(): void {
    const room = this.shadowRoot!.querySelector('.gs')?.clientWidth ?? 0
    if (room && this.model) this.#setZoom(Math.min(1, Math.max(0.5, room / this.model.graph.width)))
  }
  #setZoom(zoom: number): void {
    this.zoom = Math.min(2, Math.max(0.25, zoom))
  }

  #pressed = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && (this.window || this.full)) {
      event.stopPropagation()
      Object.assign(this, { window: undefined, full: false })
    }
  }
  override render(): TemplateResult {
    const model = this.model
    if (!model) {
      return html`<slot name="empty">${this.problem ? wrong('The run cannot be shown', this.problem) : html`<div class="rh"><div class="hold" .style=${'height:92px'}></div></div>`}</slot>`
    }
    const tasks = this.filter ? model.tasks.filter(task => (latestOf(task)?.s ?? 'BLOCKED') === this.filter) : model.tasks
    const by = new Map(model.tasks.map(task => [task.key, task]))
    const task = this.#current
    const timeline = tasks.length ? drawTimeline({ run: model.run, tasks, critical: new Set(model.critical), selected: this.task, round: this.round, order: this.order, zoom: this.window, drag: this.drag,
      pick: key => { this.pick(key); if (this.view === 'tasks') this.view = 'log' }, setZoom: window => { this.window = window }, setDrag: drag => { this.drag = drag } }) : undefined
    this.#rows = timeline?.place
    const { run } = model
    const whole = (): void => { this.window = undefined }
    const last = task && task.attempts.find(one => one.start)
    return html`${this.#header(model)}
    <div class="sr" role="status">${this.said}</div>
    ${seg<View>('Parts of the run', [['tasks', 'Tasks'], ['timeline', 'Timeline'], ['log', 'Log']], this.view, view => { this.view = view }, 'mt')}
    <div class="sp2 t-${this.view} ${task ? '' : 'solo'}"><div class="lc">
      <section class="card gp ${this.graphOnPhone ? 'show' : ''}" aria-label="Graph"><div class="ph"><h2>Graph</h2><span class="faint">${model.tasks.length.toLocaleString('en')} ${model.tasks.length === 1 ? 'task' : 'tasks'}</span><span class="sp"></span>${zoomButtons(this.zoom, zoom => this.#setZoom(zoom), () => this.#fit())}</div>
        ${model.tasks.length ? drawGraph({ graph: model.graph, tasks: by, latest: latestOf, selected: this.task, zoom: this.zoom, pick: key => this.pick(key), setZoom: zoom => this.#setZoom(zoom), sight: this.sight, look: sight => { this.sight = sight }, unfold: () => { if (this.tell('unfold', {})) this.whole = true } }) : html`<div class="empty">No task ran</div>`}</section>
      <section class="card tp" aria-label="Timeline"><div class="ph"><h2>Timeline</h2><span class="key"><i class="q"></i>queue and setup<i class="br cr" data-s="SUCCESS"></i>critical path</span><span class="sp"></span>
        ${this.window ? act('Whole run', whole) : last ? act('Zoom to task', () => { this.window = [last.start!, latestOf(task)!.end ?? now()] }) : nothing}
        ${run.repairs.length ? seg('Part of the run', rounds(run).map((_, n): [number, string] => [n, n ? `Repair ${n}` : 'First']), this.round, round => { this.round = round; whole() }) : nothing}
        ${seg<'start' | 'duration'>('Order', [['start', 'Start'], ['duration', 'Duration']], this.order, order => { this.order = order })}</div>
        ${timeline ? timeline.frame
          : html`<div class="empty">${this.filter ? html`No task is ${label(this.filter).toLowerCase()} now${act('Show all', () => { this.filter = '' })}` : this.#silence(model)}</div>`}</section></div>
      ${task ? html`<div class="rc">${this.#panel(task)}</div>` : html`<div class="rc" hidden></div>`}</div>`
  }

  #silence(model: RunModel): string {
    return over(model.run.s) ? `No task ran${model.run.msg ? `: ${model.run.msg}` : ''}` : 'The run has not started yet'
  }

  #header(model: RunModel): TemplateResult {
    const run = model.run
    const states = counts(model.tasks.map(task => latestOf(task)?.s ?? 'BLOCKED'))
    const from = run.start ?? run.at
    const took = span((run.end ?? now()) - from)
    const was = new Map(run.before?.params)
    const active = !over(run.s)
    return html`<div class="rh"><div class="r1">${tile(run.s, 'x')}<div><h1>Run <span class="num" .style=${'color:inherit'}>${run.id}</span> <span data-s=${run.s}>${label(run.s)}</span></h1>
      <p class="muted meta"><span class="num" title=${stamp(from)}>${took}${active && run.usual ? `, usually ${span(run.usual)}` : ''}</span><span title=${stamp(run.at)}>${active ? '' : `${away(run.at)}, `}${trigger(run.trigger)}, by ${run.by}</span>${run.params.slice(0, 6).map(([name, value]) => html`<span class="mono">${name}=${value}${was.has(name) && was.get(name) !== value ? html`<span class="was">was ${was.get(name)}</span>` : nothing}</span>`)}${run.params.length > 6 ? html`<span>+${run.params.length - 6}</span>` : nothing}${run.parent ? html`<a href=${`/runs/${run.parent}`}>started by a job</a>` : nothing}</p></div></div>
      <div class="act"><slot name="actions"></slot></div>
      ${run.msg && run.s !== 'SUCCESS' && run.s !== 'TERMINATING' ? html`<p class="muted banner">${run.msg}</p>` : nothing}
      <div class="prog" role="img" aria-label=${states.map(([state, n]) => `${n} ${label(state).toLowerCase()}`).join(', ') || 'no tasks'}>${states.map(([state, n]) => html`<i data-s=${state} class=${state === 'RUNNING' ? 'stripe' : ''} .style=${`flex:${n}`}></i>`)}</div>
      <div class="cnts" role="group" aria-label="Tasks by state">${states.map(([state, n]) => html`<button class=${failed(state) ? 'f' : ''} aria-pressed=${this.filter === state} title="Show only these in the timeline" @click=${() => { this.filter = this.filter === state ? '' : state }}>${tile(state, 's')}${n} ${label(state).toLowerCase()}</button>`)}</div></div>`
  }

  #panel(task: Task): TemplateResult {
    if (!this.#room) return html`<div class="card"></div>`
    const key = task.key
    const stopped = failed(latestOf(task)?.s ?? '') ? this.model!.tasks.filter(other => latestOf(other)?.s === 'UPSTREAM_FAILED' && this.#follows(other, key)).map(task => task.key) : []
    const run = this.model!.run
    return this.#room.drawPanel({
      task, attempt: this.#shown, inner: this.#iteration, tab: this.tab as Tab, log: this.#log, wrap: this.wrap, full: this.full, details: this.details,
      problem: this.trouble, source: this.source, stopped, canRepair: this.repairable && over(run.s) && run.start !== undefined,
      set: change => {
        if (change.tab !== undefined) this.tab = change.tab
        if (change.attempt !== undefined) Object.assign(this, { attempt: task.attempts.findIndex(one => one.id === change.attempt) + 1, inner: '' })
        if (change.inner !== undefined) Object.assign(this, change.inner ? { inner: change.inner } : { inner: '', tab: 'iterations' })
        if (change.full !== undefined) this.full = change.full
        if (change.wrap !== undefined) {
          this.wrap = change.wrap
          try { localStorage.setItem(WRAP, change.wrap ? '1' : '0') } catch { /* as above */ }
        }
        if (change.tab !== undefined || change.attempt !== undefined) this.choose()
      },
      repair: () => this.tell('repair', { task: key }),
      copied: text => void copy(text).then(done => { this.said = done ? 'Copied' : 'The browser does not allow copying' }),
      close: () => { this.#auto = false; this.task = ''; this.choose() },
    })
  }

  /** Whether a task comes after another one, however far. */
  #follows(task: Task, key: string): boolean {
    const seen = new Set<string>()
    const open = [task]
    for (let next = open.pop(); next; next = open.pop()) {
      for (const [up] of next.deps) {
        if (up === key) return true
        const above = this.model!.tasks.find(task => task.key === up)
        if (above && !seen.has(up)) {
          seen.add(up)
          open.push(above)
        }
      }
    }
    return false
  }
}
