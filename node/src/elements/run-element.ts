// `<lakeflow-run>`: a run with live graph, timeline, log and the error of each attempt. It shows what it is given and asks
// a source for logs and details; it decides nothing about runs.
import { html, nothing, type TemplateResult } from 'lit/html.js'
import { Base, type Changes } from './element.js'
import { drawGraph, grab, zoomButtons, type Sight } from './graph.js'
import { act, arrow, copy, halt, many, seg, tile, topOf, words, wrong } from './html.js'
import type { LogView } from './log.js'
import { tabsOf, type Tab } from './tabs.js'
import { RUN_CSS } from './run-css.js'
import { counts, failed, label, latestOf, over, stateOf, trigger } from './states.js'
import { drawTimeline, rounds } from './timeline.js'
import { away, clamp, now, setClock, span, stamp } from './time.js'
import type { Attempt, Details, RunModel, RunSource, Task } from './types.js'
import { follow } from './follow.js'
import { enter, type Room } from './panel-later.js'

type View = 'tasks' | 'timeline' | 'log'

/** Properties with their first values; those of the second line are for pages that come with the console. */
const START = {
  model: undefined, source: undefined, run: '', src: '', fetcher: undefined, task: '', attempt: 0, tab: '', line: undefined,
  repairable: false, zoom: 1, sight: [0, 0, 1500, 900], filter: '', view: 'tasks', order: 'start', round: -1, lens: undefined, drag: undefined,
  inner: '', details: undefined, trouble: '', wrap: undefined, split: Math.trunc(Math.min(560, innerHeight * 0.52)), full: false, whole: false, beat: 0, problem: '', graphOnPhone: false, said: '',
}

/** Where the browser remembers how runs were looked at. */
const KEPT = 'lakeflow-run'

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
  declare sight: Sight
  declare filter: string
  declare view: View
  declare order: 'start' | 'duration'
  declare round: number
  declare lens: [number, number] | undefined
  declare drag: [number, number] | undefined
  declare inner: string
  declare details: Details | undefined
  declare trouble: string
  /** As it was chosen; else narrow logs are wrapped. */
  declare wrap: boolean | undefined
  /** How high the graph may be. */
  declare split: number
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
  #follower: AbortController | undefined
  #states = ''
  /** What is said next: not more than one thing in two seconds. */
  #words = ''
  #saying: unknown = 0
  /** Puts the rows of the timeline into their place. */
  #rows: ((place: Element | null) => void) | undefined

  constructor() {
    super(START, RUN_CSS)
    try { Object.assign(this, JSON.parse(localStorage.getItem(KEPT)!)) } catch { /* forbidden: nothing is remembered */ }
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
    this.#follower?.abort()
  }

  override prepare(changed: Changes): void {
    const { wrap, split } = this
    if (changed.has('wrap') || changed.has('split')) try { localStorage.setItem(KEPT, JSON.stringify({ wrap, split })) } catch { /* as above */ }
    if (['src', 'fetcher', 'run', 'whole'].some(name => changed.has(name)) && (this.src || this.run)) {
      this.#follower?.abort()
      void follow(this, (this.#follower = new AbortController()).signal)
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
    if (changed.has('model') && this.#auto && !failed(stateOf(this.#current))) {
      const first = this.#firstChoice(model)
      if (first && (!this.task || failed(stateOf(model.tasks.find(task => task.key === first))))) this.task = first
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
    this.#rows?.(this.find('.tm ul'))
    const graph = this.model?.graph
    const key = graph ? `${this.model!.run.id}:${graph.nodes.length}` : ''
    if (graph && key !== this.#fitted) {
      this.#fitted = key
      this.#fit()
    }
  }

  /** First the first failed task, else the longest running. */
  #firstChoice(model: RunModel): string {
    const by = (test: (state: string) => boolean): Task[] => model.tasks.filter(task => test(stateOf(task)))
    const running = by(state => state === 'RUNNING').sort((a, b) => (latestOf(a)!.start ?? 0) - (latestOf(b)!.start ?? 0))
    return (by(failed)[0] ?? running[0])?.key ?? ''
  }

  /** Tells a screen reader, and the page, what changed: the run and the selected task, not more. */
  #say(before: RunModel | undefined): void {
    const model = this.model!
    const own = latestOf(this.#current)
    const states = `${model.run.s}/${this.task}/${own?.s ?? ''}`
    if (before && states !== this.#states && states.split('/')[1] === this.#states.split('/')[1]) {
      this.#words = `Run ${label(model.run.s)}${own ? `. ${this.task} ${label(own.s)}` : ''}`
      this.#saying ||= setTimeout(() => { this.#saying = 0; this.said = this.#words }, 2000)
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
          failed: failed(shown!.s), start: shown!.start!, line,
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

  choose(change: { tab?: Tab; attempt?: number; inner?: string; task?: string; view?: View } = {}): void {
    Object.assign(this, change)
    this.tell('select', { task: this.task, attempt: this.attempt, tab: this.tab, line: this.line })
  }
  pick(key: string): void {
    if (key === this.task) return
    this.#auto = false
    this.line = undefined
    this.choose({ task: key, attempt: 0, inner: '' })
  }
  /** Selects a task that was chosen in the list. */
  see(key: string): void {
    this.pick(key)
    if (this.view === 'tasks') this.view = 'log'
  }
  /** Brings the first failed task into view. */
  failure(): void {
    const key = this.model && this.#firstChoice(this.model)
    if (key) this.task = key
    this.choose({ view: 'log', tab: 'log' })
  }

  #fit(): void {
    const room = (this.#ground as HTMLElement | null)?.clientWidth ?? 0
    if (room && this.model) this.#setZoom(clamp(0.5, room / this.model.graph.width, 1))
  }
  #setZoom(zoom: number): void {
    this.zoom = clamp(0.25, zoom, 2)
  }

  get #ground(): HTMLElement { return this.find('.gs')! }
  /** The graph is at most as high; what it does not need is the timeline's. */
  #divide(height: number): void { this.split = Math.trunc(clamp(90, height, this.#ground.scrollHeight + 2)) }
  #divider(): TemplateResult {
    return html`<div class="dv" role="separator" tabindex="0" aria-label="Height of the graph" aria-valuenow=${this.split}
      @pointerdown=${(event: PointerEvent) => grab(event, event => this.#divide(event.clientY - topOf(this.#ground)))}
      @keydown=${(event: KeyboardEvent) => {
        const step = arrow(event, 'Up', 'Down')
        if (!step) return
        halt(event)
        this.#divide(this.#ground.offsetHeight + 20 * step)
      }}></div>`
  }

  #pressed = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && (this.lens || this.full)) {
      halt(event)
      Object.assign(this, { lens: undefined, full: false })
    }
  }
  override render(): TemplateResult {
    const model = this.model
    if (!model) {
      return html`<slot name="empty">${this.problem ? wrong('The run cannot be shown', this.problem) : html`<div class="rh"><div class="hold" .style=${'height:92px'}></div></div>`}</slot>`
    }
    const tasks = this.filter ? model.tasks.filter(task => stateOf(task) === this.filter) : model.tasks
    const by = new Map(model.tasks.map(task => [task.key, task]))
    const task = this.#current
    const timeline = tasks.length ? drawTimeline(this, tasks) : undefined
    this.#rows = timeline?.place
    const { run } = model
    const whole = (): void => { this.lens = undefined }
    const last = task && task.attempts.find(one => one.start)
    return html`${this.#header(model)}
    <div class="sr" role="status">${this.said}</div>
    ${seg<View>('Parts of the run', [['tasks', 'Tasks'], ['timeline', 'Timeline'], ['log', 'Log']], this.view, view => { this.view = view }, 'mt')}
    <div class="sp2 t-${this.view} ${task ? '' : 'solo'}"><div class="lc" .style=${`--lakeflow-graph:${this.split}px`}>
      <section class="card gp ${this.graphOnPhone ? 'show' : ''}" aria-label="Graph"><div class="ph"><h2>Graph</h2><span class="faint">${many(model.tasks.length, 'task')}</span><span class="sp"></span>${zoomButtons(this.zoom, zoom => this.#setZoom(zoom), () => this.#fit())}</div>
        ${model.tasks.length ? drawGraph({ graph: model.graph, tasks: by, selected: this.task, zoom: this.zoom, pick: key => this.pick(key), setZoom: zoom => this.#setZoom(zoom), sight: this.sight, look: sight => { this.sight = sight }, unfold: () => { if (this.tell('unfold', {})) this.whole = true } }) : html`<div class="empty">No task ran</div>`}</section>${model.tasks.length ? this.#divider() : nothing}
      <section class="card tp" aria-label="Timeline"><div class="ph"><h2>Timeline</h2><span class="key"><i class="q"></i>queue and setup<i class="br cr" data-state="SUCCESS"></i>critical path</span><span class="sp"></span>
        ${this.lens ? act('Whole run', whole) : last ? act('Zoom to task', () => { this.lens = [last.start!, latestOf(task)!.end ?? now()] }) : nothing}
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
    const states = counts(model.tasks.map(stateOf))
    const from = run.start ?? run.at
    const took = span((run.end ?? now()) - from)
    const was = new Map(run.before?.params)
    const active = !over(run.s)
    return html`<div class="rh"><div class="r1">${tile(run.s, 'x')}<div><h1>Run <span class="num" .style=${'color:inherit'}>${run.id}</span> <span data-state=${run.s} title=${run.s}>${label(run.s)}</span></h1>
      <p class="muted row meta"><span class="num" title=${stamp(from)}>${took}${active && run.usual ? `, usually ${span(run.usual)}` : ''}</span><span title=${stamp(run.at)}>${active ? '' : `${away(run.at)}, `}${trigger(run.trigger)}, by ${run.by}</span>${run.params.slice(0, 6).map(([name, value]) => html`<span class="mono">${name}=${value}${was.has(name) && was.get(name) !== value ? html`<span class="was">was ${was.get(name)}</span>` : nothing}</span>`)}${run.params.length > 6 ? html`<span>+${run.params.length - 6}</span>` : nothing}${run.parent ? html`<a href=${`/runs/${run.parent}`}>started by a job</a>` : nothing}</p></div></div>
      <div class="act"><slot name="actions"></slot></div>
      ${run.msg && run.s !== 'SUCCESS' && run.s !== 'TERMINATING' ? html`<p class="muted banner">${run.msg}</p>` : nothing}
      <div class="prog" role="img" aria-label=${states.map(([state, n]) => `${n} ${label(state).toLowerCase()}`).join(', ') || 'no tasks'}>${states.map(([state, n]) => html`<i data-state=${state} class=${state === 'RUNNING' ? 'stripe' : ''} .style=${`flex:${n}`}></i>`)}</div>
      <div class="row cnts" role="group" aria-label="Tasks by state">${states.map(([state, n]) => html`<button class=${failed(state) ? 'f' : ''} aria-pressed=${this.filter === state} title="Show only these" @click=${() => { this.filter = this.filter === state ? '' : state }}>${tile(state, 's')}${n} ${label(state).toLowerCase()}</button>`)}</div></div>`
  }

  #panel(task: Task): TemplateResult {
    if (!this.#room) return html`<div class="card"></div>`
    const { tasks } = this.model!
    const by = new Map(tasks.map(task => [task.key, task]))
    // Whether a task comes after the selected one, however far.
    const after = new Map([[task.key, true]])
    const follows = (key: string): boolean => {
      if (!after.has(key)) {
        after.set(key, false)
        after.set(key, !!by.get(key)?.deps.some(([up]) => follows(up)))
      }
      return after.get(key)!
    }
    const stopped = failed(stateOf(task)) ? tasks.filter(other => stateOf(other) === 'UPSTREAM_FAILED' && follows(other.key)).map(task => task.key) : []
    return this.#room.drawPanel(this, { task, attempt: this.#shown, inner: this.#iteration, stopped })
  }
  repair(): void { this.tell('repair', { task: this.task }) }
  async copy(text: string): Promise<void> { this.said = await copy(text) }
  leave(): void {
    this.#auto = false
    this.choose({ task: '' })
  }
}
