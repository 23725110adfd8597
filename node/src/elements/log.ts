// The log of one attempt: the end first, other parts on demand, following while it grows, search, filters, links to lines.
// Lines are text nodes in blocks that the browser skips while they are out of sight; there is no virtual list, so that the
// browser's own search, selection over any length and copying work (console reference 6). At most 5 MB are held: where
// older lines come in, the newest go, and the other way round.
import { html, nothing, render } from 'lit/html.js'
import { pen, pieces, type Pen } from './ansi.js'
import { Finder } from './find.js'
import { act, topOf, words } from './html.js'
import { bytes, minutes, stamp } from './time.js'
import type { LogPart, RunSource } from './types.js'

const MORE = 'Load 1 MB more'
const BLOCK = 200
const MOST = 5 << 20
/** A longer line is cut, with its length. */
const LONG = 16_384
const LEVEL = /\b(?:(ERROR|FATAL|CRITICAL|SEVERE)|(WARN(?:ING)?)|(INFO|NOTICE)|(DEBUG|TRACE))\b/
const STARTS = /^(Traceback|\S*(Error|Exception)\b)/
const GOES_ON = /^(\s+|Traceback|During handling|The above exception)/
/** Classes of levels, as `LEVEL` captures them. */
const LEVELS = ['x', 'w', 'i', 'd']

/** What the toolbar shows. */
export interface LogState {
  lines: number
  size: number
  follow: boolean
  fresh: number
  over: boolean
  loaded: boolean
  error: string
  /** The log has its streams told apart. */
  streams: boolean
  /** The first line that tells of an error, of those that were read. */
  bad: number
}

const make = (tag: string, css: string): HTMLElement => Object.assign(document.createElement(tag), { className: css })
/** Lines that the browser skips together while they are out of sight. */
interface Block extends HTMLElement {
  /** Lines before it, and its bytes. */
  n: number
  size: number
}
const utf8 = new TextEncoder()
/** Bytes of a line with its end. */
const sizeOf = (line: string): number => 1 + utf8.encode(line).length

export class LogView {
  readonly box = make('div', 'box')
  readonly lineList = make('div', '')
  state: LogState = { lines: 0, size: 0, follow: true, fresh: 0, over: false, loaded: false, error: '', streams: false, bad: 0 }
  readonly finder: Finder
  /** Which lines are shown: of a stream (`out`, `err`), of a level (a class of `LEVELS`). */
  stream = ''
  level = ''
  #note = make('div', 'note')
  #end = make('div', 'note')
  #first = 0
  #last = 0
  #from = 0
  #to = 0
  #kept = 0
  #held = 0
  #rest: [text: string, err: boolean] = ['', false]
  /** Of the present line: since the start of the attempt, and by the clock. */
  #time: [string, string] | undefined
  #pen: Pen = pen()
  #level = ''
  #stop = new AbortController()
  #target: [number, number] | undefined
  #waiting: LogPart[] = []
  #frame = 0
  #turn = 0
  /** Lines after those that are held were let go. */
  #ahead = false

  constructor(
    readonly source: RunSource,
    readonly attempt: string,
    readonly changed: () => void,
    readonly options: { failed: boolean; start: number; line?: [number, number] | undefined; onLine: (from: number, to: number) => void },
  ) {
    const { box } = this
    Object.assign(box, { tabIndex: 0, role: 'log', ariaLive: 'off' })
    box.append(this.#note, this.lineList, this.#end)
    this.finder = new Finder(this)
    this.#target = options.line
    box.onscroll = () => this.#scrolled()
    box.onclick = event => this.#clicked(event)
    // Lines are as high as they are only once they were seen: the end is held on to.
    new ResizeObserver(() => { if (this.state.follow && this.state.loaded && !this.#ahead) this.#toEnd() }).observe(this.lineList)
    void this.#open()
  }

  get #blocks(): Block[] { return [...this.lineList.children] as Block[] }
  get stopped(): AbortSignal { return this.#stop.signal }
  close(): void {
    this.#stop.abort()
    cancelAnimationFrame(this.#frame)
    this.finder.close()
  }

  /** Reads the end, and goes on reading while there is more to come. */
  async #open(): Promise<void> {
    await this.#try(async () => {
      this.#take(await this.source.log(this.attempt, {}, this.stopped), true)
      if (this.#target) await this.reach(this.#target[0])
      this.#place()
      await this.#go()
    })
  }

  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!this.stopped.aborted) this.set({ error: words(error), loaded: true })
    }
  }

  /** Tries again after an error. */
  again(): void {
    this.set({ error: '' })
    void (this.state.lines ? this.#try(() => this.#go()) : this.#open())
  }

  async #go(): Promise<void> {
    // One reads at a time: an earlier one may still wait for an answer.
    const turn = ++this.#turn
    while (!this.stopped.aborted && !this.#ahead && turn === this.#turn) {
      if (document.hidden) await new Promise<void>(done => document.addEventListener('visibilitychange', () => done(), { once: true }))
      if (this.state.over && this.#to >= this.state.size) return
      if (await this.#read(true)) return
    }
  }

  /** Reads what comes next; true at the end of a log that is over. */
  async #read(wait: boolean): Promise<boolean> {
    const from = this.#to
    const part = await this.source.log(this.attempt, { from, ...(wait && { wait }) }, this.stopped)
    // What is held may have changed meanwhile.
    if (from !== this.#to || (wait && this.#ahead)) return false
    const end = !part.text && part.over && part.to <= from
    if (end) {
      this.state.over = true
      this.#flush()
      this.set({})
    } else this.#take(part, !wait)
    return end
  }

  set(state: Partial<LogState>): void {
    this.state = { ...this.state, ...state }
    this.changed()
  }

  #take(part: LogPart, now: boolean): void {
    if (now && !this.#ahead) {
      this.#first = this.#last = part.line
      this.#from = part.from
    }
    this.#to = part.to
    this.#kept = part.kept
    this.#waiting.push(part)
    Object.assign(this.state, { over: part.over, size: part.size, streams: this.state.streams || !!part.err })
    cancelAnimationFrame(this.#frame)
    if (now) this.#draw()
    else this.#frame = requestAnimationFrame(() => this.#draw())
  }

  /** Puts what came since the last frame at the end. */
  #draw(): void {
    const before = this.#last
    for (const part of this.#waiting.splice(0)) this.#rest = this.#append(part, this.#rest)
    if (this.#to >= this.state.size) {
      this.#ahead = false
      if (this.state.over) this.#flush()
    }
    while (this.#held > MOST && this.lineList.childElementCount > 1) {
      const [count, size] = this.#drop(this.#blocks[0]!)
      this.#first += count
      this.#from += size
    }
    this.#describe()
    // What is selected is being read.
    if (this.#reads) this.state.follow = false
    const { follow, loaded, fresh } = this.state
    if (follow && loaded && !this.#ahead) this.#toEnd()
    if (this.#last > before) this.finder.grown()
    this.set({ lines: this.#last, loaded: true, fresh: follow || !loaded ? 0 : fresh + this.#last - before })
  }

  /** Lets a block go; its lines and bytes. */
  #drop(block: Block): [number, number] {
    this.#held -= block.size
    block.remove()
    return [block.childElementCount, block.size]
  }

  #flush(): void {
    const [text, err] = this.#rest
    this.#rest = ['', false]
    if (text) this.#add(text, err)
    this.set({ lines: this.#last })
  }

  /** Adds the lines of a part to the end of the list; what is left is the beginning of a line. */
  #append(part: LogPart, [text, err]: [string, boolean]): [string, boolean] {
    const errors = new Set(part.err?.flatMap(([first, count]) => Array.from({ length: count }, (_, n) => first + n)))
    const lines = part.text.split('\n')
    // In narrow windows there is no room for times.
    const times = new Map(innerWidth > 720 ? part.times : [])
    lines.forEach((line, n) => {
      const time = times.get(n)
      if (time) this.#time = [`  ${minutes(time - this.options.start)}`, stamp(time)]
      text += line
      err ||= errors.has(n)
      if (n === lines.length - 1) return
      this.#add(text, err)
      text = ''
      err = false
    })
    this.box.style.setProperty('--digits', String(Math.max(3, String(this.#last).length) + (this.#time ? 7 : 0)))
    return [text, err]
  }

  #add(text: string, err: boolean): void {
    let block = this.lineList.lastElementChild as Block | null
    if (!block || block.childElementCount >= BLOCK) {
      if (block) this.#measure(block)
      block = Object.assign(make('div', 'blk'), { n: this.#last, size: 0 })
      this.lineList.append(block)
    }
    const line = this.#line(text)
    if (err) line.classList.add('r')
    if (this.#time) [line.dataset['t'], line.title] = this.#time
    // Blocks are apart for counters, too, so that each begins its own.
    if (!block.firstChild) line.style.counterReset = `ln ${this.#last}`
    block.append(line)
    const { bad } = this.state
    if (this.#level === 'x' && (!bad || bad > this.#last)) this.state.bad = this.#last + 1
    const size = sizeOf(text)
    block.size += size
    this.#held += size
    this.#last++
  }

  #line(whole: string, most = LONG): HTMLElement {
    const line = make('span', 'ln')
    const text = whole.slice(0, most)
    if (/[\x00-\x08\x0b-\x1f\x7f]/.test(text) || this.#pen.inks.size || this.#pen.color) {
      for (const piece of pieces(text, this.#pen)) {
        const span = make(piece.link ? 'a' : 'span', piece.ink)
        if (piece.color) span.style.color = piece.color
        if (piece.link) Object.assign(span, { href: piece.link, rel: 'noreferrer', target: '_blank' })
        span.textContent = piece.text
        line.append(span)
      }
    } else line.textContent = text
    if (whole.length > most) {
      const more = make('button', 'sm')
      // Drawn by the style sheet, so that it is not copied.
      more.ariaLabel = `${bytes(whole.length - most)} more`
      more.onclick = () => {
        const kept = [this.#pen, this.#level] as const
        this.#pen = pen()
        const open = this.#line(whole, Infinity)
        Object.assign(open, { className: line.className, style: line.style.cssText })
        line.replaceWith(open)
        ;[this.#pen, this.#level] = kept
      }
      line.append(more)
    }
    const plain = line.textContent!
    const found = LEVEL.exec(plain.slice(0, 200))
    // Lines that go on belong to the level of the one before.
    if (STARTS.test(plain) || found?.[1]) this.#level = 'x'
    else if (found) this.#level = LEVELS[found.slice(1).findIndex(Boolean)]!
    else if (!GOES_ON.test(plain)) this.#level = ''
    if (this.#level) line.classList.add(this.#level)
    return line
  }

  #describe(): void {
    const say = (place: HTMLElement, text: string, ...acts: unknown[]): void => {
      render(html`${text}${acts}`, place)
      place.hidden = !text
    }
    const older = this.#from - this.#kept
    say(this.#note, older > 0 ? `Older ${bytes(older)} not shown` : this.#kept > 0 ? `The first ${bytes(this.#kept)} are no longer kept; lines count from here` : '',
      older > 0 ? [act(MORE, () => this.#try(() => this.#older())), this.source.raw && html` <a href=${this.source.raw(this.attempt)} download>Download all</a>`] : nothing)
    const none = this.lineList.firstElementChild && !this.lineList.querySelector(this.#shown)
    if (none) say(this.#end, 'The filter hides all lines', act('Show all', () => this.only('', '')))
    else if (this.#ahead) say(this.#end, `Newer ${bytes(this.state.size - this.#to)} not shown`, act(MORE, () => this.#try(async () => { await this.#read(false); if (!this.#ahead) await this.#go() })), act('To the end', () => this.bottom()))
    else say(this.#end, '')
  }

  /** Puts an older part before what is shown; what is in sight stays where it is. */
  async #older(): Promise<void> {
    const part = await this.source.log(this.attempt, { before: this.#from }, this.stopped)
    if (part.from >= this.#from) return
    const blocks = this.#blocks
    const kept = [this.#last, this.#pen, this.#level] as const
    const { box } = this
    const height = box.scrollHeight - box.scrollTop
    this.lineList.replaceChildren()
    this.#pen = pen()
    this.#last = part.line
    const [text, err] = this.#append(part, ['', false])
    if (text) this.#add(text, err)
    this.#measure(this.#blocks.at(-1)!)
    this.lineList.append(...blocks)
    ;[this.#last, this.#pen, this.#level] = kept
    box.scrollTop = box.scrollHeight - height
    Object.assign(this.state, { size: part.size, over: part.over })
    this.#first = part.line
    this.#from = part.from
    this.#kept = part.kept
    while (this.#held > MOST && this.lineList.childElementCount > 1) {
      const [count, size] = this.#drop(this.#blocks.at(-1)!)
      // A line that was begun comes again with what follows.
      this.#to -= size + (this.#ahead ? 0 : sizeOf(this.#rest[0]) - 1)
      this.#last -= count
      this.#rest = ['', false]
      this.#ahead = true
      this.state.follow = false
    }
    this.#describe()
    this.finder.grown()
    this.changed()
  }

  /** Shows lines that may not have been loaded yet. */
  async jump(lines: [number, number]): Promise<void> {
    if (`${this.#target}` === `${lines}`) return
    this.#target = lines
    if (this.state.loaded) await this.#try(async () => { await this.reach(lines[0]); this.show(lines) })
  }

  /** Loads what is missing up to a line. */
  async reach(line: number): Promise<void> {
    while (line <= this.#first && this.#from > this.#kept && !this.stopped.aborted) await this.#older()
    while (line > this.#last && this.#ahead && !this.stopped.aborted) await this.#read(false)
  }

  /** Where a log opens: at the linked line, at the first error of what failed, else at the end. */
  #place(): void {
    const error = this.options.failed && this.lineList.querySelector('.x')
    if (this.#target) this.show(this.#target)
    else if (error) this.bring(error, 0.8)
    else this.bottom()
  }

  bring(line: Element, share: number): void {
    this.set({ follow: false })
    // Heights out of sight are estimates until they are seen, so each look is more exact.
    for (let n = 0; n < 4; n++) {
      const offset = topOf(line) - topOf(this.box)
      this.box.scrollTop += offset - this.box.clientHeight * share + (share > 0.5 ? 20 : 0)
    }
  }

  /** A line that is held. */
  at(number: number): Element | undefined {
    const block = this.#blocks.findLast(block => block.n < number)
    return block?.children[number - 1 - block.n]
  }
  /** Number of a line. */
  number(line: Element): number {
    const block = line.parentElement as Block
    return block.n + [...block.children].indexOf(line) + 1
  }

  /** Marks lines and brings the first into sight. */
  show([from, to]: [number, number], scroll = true): void {
    this.#target = [from, to]
    for (const old of this.lineList.querySelectorAll('.at')) old.classList.remove('at')
    for (let n = from; n <= to; n++) this.at(n)?.classList.add('at')
    const line = this.at(from)
    if (line && scroll) this.bring(line, 0.3)
  }

  #clicked(event: MouseEvent): void {
    const line = (event.target as HTMLElement).closest('.ln')
    if (!line || event.clientX > line.getBoundingClientRect().left + parseFloat(getComputedStyle(line).paddingLeft) - 8) return
    const number = this.number(line)
    const first = event.shiftKey && this.#target ? this.#target[0] : number
    const lines: [number, number] = [Math.min(first, number), Math.max(first, number)]
    this.show(lines, false)
    this.options.onLine(...lines)
  }

  /** Text of the log is selected. */
  get #reads(): boolean {
    const root = this.box.getRootNode() as Partial<Document>
    const selection = root.getSelection ? root.getSelection() : getSelection()
    return !!selection && !selection.isCollapsed && this.box.contains(selection.anchorNode)
  }

  #scrolled(): void {
    const { box, state } = this
    const end = !this.#ahead && box.scrollHeight - box.scrollTop - box.clientHeight < 40
    if (end !== state.follow && state.loaded && !(end && this.#reads)) this.set({ follow: end, fresh: end ? 0 : state.fresh })
  }

  bottom(): void {
    if (this.#ahead) {
      this.lineList.replaceChildren()
      Object.assign(this.state, { loaded: false, fresh: 0, follow: true })
      this.#ahead = false
      this.#held = 0
      this.#rest = ['', false]
      this.#target = undefined
      void this.#open()
      return
    }
    this.set({ follow: true, fresh: 0 })
    this.#toEnd()
  }
  #toEnd(): void { this.box.scrollTop = this.box.scrollHeight }

  /** The next or previous line that tells of an error. */
  error(step: number): void {
    const top = topOf(this.box) + this.box.clientHeight * 0.3
    const all = [...this.lineList.querySelectorAll('.x')].filter(line => !line.previousElementSibling?.classList.contains('x'))
    const later = all.filter(line => (topOf(line) - top) * step > 4)
    const next = step > 0 ? later[0] : later.at(-1)
    if (next) this.bring(next, 0.3)
  }

  /** The lines that the filter lets through. */
  get #shown(): string {
    return `.ln${this.level && `.${this.level}`}${this.stream && (this.stream === 'err' ? '.r' : ':not(.r)')}`
  }
  /** Shows lines of a stream and of a level alone. */
  only(stream: string, level: string): void {
    Object.assign(this, { stream, level })
    Object.assign(this.box.dataset, { r: stream, l: level })
    this.#blocks.forEach(block => this.#measure(block))
    this.#describe()
    if (this.state.follow) this.bottom()
    this.changed()
  }
  /** A block's height while it is out of sight. */
  #measure(block: Block): void {
    const filter = this.stream || this.level
    block.style.containIntrinsicSize = filter ? `0 ${block.querySelectorAll(this.#shown).length * 20}px` : `auto ${block.childElementCount * 20}px`
  }

  /** The lines that are held, as plain text. */
  text(): string {
    return [...this.lineList.querySelectorAll(this.#shown)].map(line => line.textContent).join('\n')
  }
}
