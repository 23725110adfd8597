// The log of one attempt: the end first, older parts on demand, following while it grows, search, links to lines. Lines
// are text nodes in blocks that the browser skips while they are out of sight; there is no virtual list, so that the
// browser's own search, selection over any length and copying work (console reference 6).
import { pen, pieces, type Pen } from './ansi.js'
import { bytes } from './time.js'
import type { LogPart, RunSource } from './types.js'

const BLOCK = 200
/** Bytes that a page holds; older ones go. */
const MOST = 5 << 20
/** A longer line is cut, with its length. */
const LONG = 16_384
const STARTS = /^(Traceback|\S*(Error|Exception)\b|.*\b(ERROR|FATAL|CRITICAL)\b)/
const GOES_ON = /^(\s+|Traceback|During handling|The above exception)/

/** What the toolbar shows. */
export interface LogState {
  lines: number
  size: number
  follow: boolean
  fresh: number
  over: boolean
  loaded: boolean
  matches: number
  match: number
  error: string
}

export class LogView {
  readonly box = document.createElement('div')
  state: LogState = { lines: 0, size: 0, follow: true, fresh: 0, over: false, loaded: false, matches: 0, match: 0, error: '' }
  private list = document.createElement('div')
  private note = document.createElement('div')
  private first = 0
  private last = 0
  private from = 0
  private to = 0
  private kept = 0
  private held = 0
  private rest = ''
  private pen: Pen = pen()
  private inError = false
  private stop = new AbortController()
  private ranges: Range[] = []
  private words = ''
  private target: [number, number] | undefined
  private waiting: string[] = []
  private frame = 0

  constructor(
    private readonly source: RunSource,
    readonly attempt: string,
    private readonly changed: () => void,
    private readonly options: { failed: boolean; line?: [number, number] | undefined; onLine: (from: number, to: number) => void },
  ) {
    this.box.className = 'box'
    this.box.tabIndex = 0
    this.box.setAttribute('role', 'log')
    this.box.setAttribute('aria-live', 'off')
    this.note.className = 'note'
    this.box.append(this.note, this.list)
    this.target = options.line
    this.box.addEventListener('scroll', () => this.scrolled(), { passive: true })
    this.box.addEventListener('click', event => this.clicked(event))
    void this.open()
  }

  close(): void {
    this.stop.abort()
    cancelAnimationFrame(this.frame)
    this.mark([])
  }

  /** Reads the end, and goes on reading while there is more to come. */
  private async open(): Promise<void> {
    try {
      this.take(await this.source.log(this.attempt, {}, this.stop.signal), true)
      if (this.target && this.target[0] <= this.first) await this.reach(this.target[0])
      this.place()
      await this.go()
    } catch (error) {
      this.fail(error)
    }
  }

  private fail(error: unknown): void {
    if (this.stop.signal.aborted) return
    this.set({ error: error instanceof Error ? error.message : String(error), loaded: true })
  }

  /** Tries again after an error. */
  again(): void {
    this.set({ error: '' })
    void (this.state.lines ? this.go().catch(error => this.fail(error)) : this.open())
  }

  private async go(): Promise<void> {
    while (!this.stop.signal.aborted) {
      if (document.hidden) await new Promise<void>(done => document.addEventListener('visibilitychange', () => done(), { once: true }))
      if (this.state.over && this.to >= this.state.size) return
      const part = await this.source.log(this.attempt, { from: this.to, wait: true }, this.stop.signal)
      if (!part.text && part.over && part.to <= this.to) {
        this.set({ over: true })
        this.flush()
        return
      }
      this.take(part, false)
    }
  }

  private set(state: Partial<LogState>): void {
    this.state = { ...this.state, ...state }
    this.changed()
  }

  private take(part: LogPart, fresh: boolean): void {
    if (fresh) {
      this.first = this.last = part.line
      this.from = part.from
    }
    this.to = part.to
    this.kept = part.kept
    this.waiting.push(part.text)
    this.state.over = part.over
    this.state.size = part.size
    if (fresh) this.draw()
    else {
      cancelAnimationFrame(this.frame)
      this.frame = requestAnimationFrame(() => this.draw())
    }
  }

  /** Puts what came since the last frame at the end. */
  private draw(): void {
    const text = this.rest + this.waiting.join('')
    this.waiting = []
    const lines = text.split('\n')
    this.rest = lines.pop() ?? ''
    const before = this.last
    this.append(lines)
    if (this.state.over && this.to >= this.state.size) this.flush()
    this.trim()
    const added = this.last - before
    this.describe()
    if (this.state.follow && this.state.loaded) this.box.scrollTop = this.box.scrollHeight
    if (this.words) this.find(this.words, 0, true)
    this.set({ lines: this.last, loaded: true, fresh: this.state.follow || !this.state.loaded ? 0 : this.state.fresh + added })
  }

  private flush(): void {
    if (this.rest) {
      const rest = this.rest
      this.rest = ''
      this.append([rest])
      this.set({ lines: this.last })
    }
  }

  private append(lines: string[]): void {
    for (const line of lines) {
      let block = this.list.lastElementChild as HTMLElement | null
      if (!block || block.childElementCount >= BLOCK) block = this.block(this.last)
      block.append(this.line(line))
      this.last++
      this.held += line.length + 1
    }
    for (const block of [...this.list.children].slice(-2)) (block as HTMLElement).style.containIntrinsicSize = `auto ${block.childElementCount * 20}px`
    this.box.style.setProperty('--digits', String(Math.max(3, String(this.last).length)))
  }

  private block(after: number): HTMLElement {
    const block = document.createElement('div')
    block.className = 'blk'
    block.dataset['n'] = String(after)
    block.style.counterReset = `ln ${after}`
    this.list.append(block)
    return block
  }

  private line(text: string): HTMLElement {
    const line = document.createElement('span')
    line.className = 'ln'
    let cut = ''
    if (text.length > LONG) {
      cut = ` … ${bytes(text.length - LONG)} more`
      text = text.slice(0, LONG)
    }
    if (/[\x00-\x08\x0b-\x1f\x7f]/.test(text) || this.pen.class.size || this.pen.color) {
      for (const piece of pieces(text, this.pen)) {
        const span = document.createElement(piece.link ? 'a' : 'span')
        span.className = piece.class
        if (piece.color) span.style.color = piece.color
        if (span instanceof HTMLAnchorElement && piece.link) {
          span.href = piece.link
          span.rel = 'noopener noreferrer'
          span.target = '_blank'
        }
        span.textContent = piece.text
        line.append(span)
      }
    } else line.textContent = text
    if (cut) line.append(cut)
    const plain = line.textContent ?? ''
    if (this.inError ? GOES_ON.test(plain) || STARTS.test(plain) : STARTS.test(plain)) {
      line.classList.add('x')
      this.inError = plain.startsWith('Traceback') || this.inError && GOES_ON.test(plain)
    } else this.inError = false
    return line
  }

  /** Drops the oldest blocks above the limit. */
  private trim(): void {
    while (this.held > MOST && this.list.childElementCount > 1) {
      const block = this.list.firstElementChild!
      this.held -= (block.textContent?.length ?? 0) + block.childElementCount
      this.first += block.childElementCount
      this.from += new TextEncoder().encode(block.textContent ?? '').length + block.childElementCount
      block.remove()
    }
  }

  private describe(): void {
    this.note.textContent = ''
    if (this.from > this.kept) {
      this.note.append(`Older ${bytes(this.from - this.kept)} not shown`)
      const more = document.createElement('button')
      more.className = 'sm'
      more.textContent = 'Load 1 MB more'
      more.onclick = () => void this.older()
      this.note.append(more)
    } else if (this.kept > 0) this.note.append(`The first ${bytes(this.kept)} are no longer kept; lines are counted from here`)
    this.note.hidden = !this.note.childNodes.length
  }

  /** Puts an older part before what is shown; what is in sight stays where it is. */
  private async older(): Promise<void> {
    const part = await this.source.log(this.attempt, { before: this.from }, this.stop.signal)
    if (part.from >= this.from) return
    const lines = part.text.replace(/\n$/, '').split('\n')
    const fragment = document.createDocumentFragment()
    const kept = this.list
    const list = document.createElement('div')
    const [last, pen_, inError] = [this.last, this.pen, this.inError]
    this.list = list
    this.pen = pen()
    this.inError = false
    this.last = part.line
    this.append(lines)
    fragment.append(...list.children)
    this.list = kept
    this.last = last
    this.pen = pen_
    this.inError = inError
    const height = this.box.scrollHeight
    kept.prepend(fragment)
    this.box.scrollTop += this.box.scrollHeight - height
    this.first = part.line
    this.from = part.from
    this.kept = part.kept
    this.describe()
    if (this.words) this.find(this.words, 0, true)
  }

  /** Shows lines that may not have been loaded yet. */
  async jump(lines: [number, number]): Promise<void> {
    if (this.target?.[0] === lines[0] && this.target[1] === lines[1]) return
    this.target = lines
    if (!this.state.loaded) return
    await this.reach(lines[0])
    this.set({ follow: false })
    this.show(lines)
  }

  private async reach(line: number): Promise<void> {
    while (line <= this.first && this.from > this.kept && !this.stop.signal.aborted) await this.older()
  }

  /** Where a log opens: at the linked line, at the first error of what failed, else at the end. */
  private place(): void {
    if (this.target) {
      this.set({ follow: false })
      this.show(this.target)
      return
    }
    const error = this.options.failed ? this.list.querySelector<HTMLElement>('.x') : null
    if (error) {
      this.set({ follow: false })
      this.scrollTo(error, 0.8)
    } else this.bottom()
  }

  private scrollTo(line: HTMLElement, share: number): void {
    // Heights out of sight are estimates until they are seen, so the second look is exact.
    for (let n = 0; n < 2; n++) {
      const offset = line.getBoundingClientRect().top - this.box.getBoundingClientRect().top
      this.box.scrollTop += offset - this.box.clientHeight * share + (share > 0.5 ? 20 : 0)
    }
  }

  private at(number: number): HTMLElement | undefined {
    const blocks = [...this.list.children] as HTMLElement[]
    const block = blocks.find(block => Number(block.dataset['n']) + block.childElementCount >= number)
    return block?.children[number - 1 - Number(block.dataset['n'])] as HTMLElement | undefined
  }

  /** Marks lines and brings the first into sight. */
  show([from, to]: [number, number]): void {
    this.target = [from, to]
    for (const old of this.list.querySelectorAll('.at')) old.classList.remove('at')
    for (let n = from; n <= to; n++) this.at(n)?.classList.add('at')
    const line = this.at(from)
    if (line) this.scrollTo(line, 0.3)
  }

  private clicked(event: MouseEvent): void {
    const line = (event.target as HTMLElement).closest<HTMLElement>('.ln')
    if (!line || event.clientX > line.getBoundingClientRect().left + parseFloat(getComputedStyle(line).paddingLeft) - 8) return
    const block = line.parentElement!
    const number = Number(block.dataset['n']) + [...block.children].indexOf(line) + 1
    const from = event.shiftKey && this.target ? Math.min(this.target[0], number) : number
    const to = event.shiftKey && this.target ? Math.max(this.target[1], number) : number
    const top = this.box.scrollTop
    this.show([from, to])
    this.box.scrollTop = top
    this.options.onLine(from, to)
  }

  private scrolled(): void {
    const end = this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < 40
    if (end !== this.state.follow && this.state.loaded) this.set({ follow: end, fresh: end ? 0 : this.state.fresh })
  }

  bottom(): void {
    this.box.scrollTop = this.box.scrollHeight
    this.set({ follow: true, fresh: 0 })
  }

  /** The next or previous line that tells of an error. */
  error(step: number): void {
    const top = this.box.getBoundingClientRect().top + this.box.clientHeight * 0.3
    const all = [...this.list.querySelectorAll<HTMLElement>('.x')].filter(line => !line.previousElementSibling?.classList.contains('x'))
    const later = all.filter(line => (line.getBoundingClientRect().top - top) * step > 4)
    const next = step > 0 ? later[0] : later.at(-1)
    if (next) this.scrollTo(next, 0.3)
  }

  /** Finds plain text; upper case in the words makes case count. */
  find(words: string, step = 0, keep = false): void {
    if (words !== this.words || keep) {
      this.words = words
      this.ranges = []
      if (words) {
        const fold = words === words.toLowerCase()
        for (const line of this.list.querySelectorAll<HTMLElement>('.ln')) {
          const text = fold ? line.textContent!.toLowerCase() : line.textContent!
          for (let at = text.indexOf(words); at >= 0 && this.ranges.length < 10_000; at = text.indexOf(words, at + words.length)) {
            const range = this.range(line, at, words.length)
            if (range) this.ranges.push(range)
          }
        }
      }
      this.state.matches = this.ranges.length
      if (!keep) this.state.match = this.ranges.length ? 1 : 0
      step = 0
    } else if (this.ranges.length) {
      this.state.match = ((this.state.match - 1 + step + this.ranges.length) % this.ranges.length) + 1
    }
    const current = this.ranges[this.state.match - 1]
    this.mark(this.ranges, current)
    if (current && !keep) {
      const line = (current.startContainer.parentElement as HTMLElement).closest<HTMLElement>('.ln')
      if (line) this.scrollTo(line, 0.4)
    }
    this.set({})
  }

  private range(line: HTMLElement, at: number, length: number): Range | undefined {
    const range = document.createRange()
    const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT)
    let seen = 0
    let open = false
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const size = node.textContent!.length
      if (!open && at < seen + size) {
        range.setStart(node, at - seen)
        open = true
      }
      if (open && at + length <= seen + size) {
        range.setEnd(node, at + length - seen)
        return range
      }
      seen += size
    }
    return undefined
  }

  private mark(ranges: Range[], current?: Range): void {
    if (!('highlights' in CSS)) return
    const marks = CSS.highlights as unknown as Map<string, Highlight>
    marks.delete('lakeflow-find')
    marks.delete('lakeflow-found')
    if (ranges.length) marks.set('lakeflow-find', new Highlight(...ranges))
    if (current) {
      const found = new Highlight(current)
      found.priority = 1
      marks.set('lakeflow-found', found)
    }
  }

  /** The lines that are held, as plain text. */
  text(): string {
    return [...this.list.querySelectorAll('.ln')].map(line => line.textContent).join('\n')
  }
}
