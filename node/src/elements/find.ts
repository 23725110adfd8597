// Search in a log: in the whole of it where the source can, for patterns too; else in the lines that are held. Matches are
// marked without touching the lines.
import { topOf } from './html.js'
import type { LogView } from './log.js'
import type { Hit } from './types.js'

/** Matches that are marked at most. */
const MOST = 10_000

export class Finder {
  words = ''
  pattern = false
  /** How many there are, and which is the present one, from 1. */
  all = 0
  at = 0
  error = ''
  #hits: Hit[] = []
  #turn = 0
  #timer = 0
  readonly #log: LogView
  constructor(log: LogView) { this.#log = log }

  close(): void {
    this.#turn++
    clearTimeout(this.#timer)
    mark([], undefined)
  }

  /** Looks for something else. */
  find(words: string, pattern = this.pattern): void {
    Object.assign(this, { words, pattern })
    clearTimeout(this.#timer)
    this.#later(true, this.#log.source.search ? 120 : 0)
    this.#log.changed()
  }

  /** There are more lines than before. */
  grown(): void {
    if (this.words && !this.#timer) this.#later(false, 1000)
  }
  #later(fresh: boolean, wait: number): void {
    this.#timer = window.setTimeout(() => {
      this.#timer = 0
      void this.#search(fresh)
    }, wait)
  }

  async #search(fresh: boolean): Promise<void> {
    const turn = ++this.#turn
    const { words, pattern } = this
    // Upper case in the words makes case count.
    const sensitive = words !== words.toLowerCase()
    const log = this.#log
    let found = { all: 0, hits: [] as Hit[] }
    this.error = ''
    try {
      if (words && log.source.search) found = await log.source.search(log.attempt, { words, pattern, sensitive }, log.stopped)
      else if (words) found.all = (found.hits = this.#held(sensitive)).length
    } catch (error) {
      if (log.stopped.aborted) return
      this.error = (error as Error).message
    }
    if (turn !== this.#turn) return
    const old = this.#hits[this.at - 1]
    Object.assign(this, { all: found.all })
    this.#hits = found.hits
    if (fresh) {
      // From where one looks, as browsers do it.
      const top = topOf(log.box)
      const seen = (all: Iterable<Element>): Element | undefined => [...all].find(one => one.getBoundingClientRect().bottom > top)
      const line = seen(seen(log.lineList.children)?.children ?? [])
      const from = line ? log.number(line) : 0
      this.at = this.#hits.length && 1 + Math.max(0, this.#hits.findIndex(([n]) => n >= from))
      await this.#show()
    } else {
      this.at = 1 + this.#hits.findIndex(hit => `${hit}` === `${old}`)
      this.#mark()
    }
    log.changed()
  }

  #held(sensitive: boolean): Hit[] {
    const hits: Hit[] = []
    for (const line of this.#log.lineList.querySelectorAll('.ln')) {
      const text = sensitive ? line.textContent! : line.textContent!.toLowerCase()
      let at = text.indexOf(this.words)
      const n = at < 0 ? 0 : this.#log.number(line)
      for (; at >= 0 && hits.length < MOST; at = text.indexOf(this.words, at + this.words.length)) hits.push([n, at, this.words.length])
    }
    return hits
  }

  /** The next or the one before. */
  async step(by: number): Promise<void> {
    const n = this.#hits.length
    if (!n) return
    this.at = ((this.at - 1 + by + n) % n) + 1
    await this.#show()
    this.#log.changed()
  }

  async #show(): Promise<void> {
    const hit = this.#hits[this.at - 1]
    const log = this.#log
    if (hit) {
      await log.reach(hit[0])
      const line = log.at(hit[0])
      // A match is not looked for behind a filter.
      if (line && !line.clientHeight) log.only('', '')
      if (line) log.bring(line, 0.4)
    }
    this.#mark()
  }

  #mark(): void {
    const range = ([n, at, length]: Hit): Range | undefined => {
      const line = this.#log.at(n)
      const range = document.createRange()
      const walker = line && document.createTreeWalker(line, NodeFilter.SHOW_TEXT)
      let open = false
      for (let node = walker?.nextNode(); node; node = walker?.nextNode()) {
        const size = node.textContent!.length
        if (!open && at < size) {
          range.setStart(node, at)
          open = true
        }
        if (open && at + length <= size) {
          range.setEnd(node, at + length)
          return range
        }
        at -= size
      }
      return undefined
    }
    const now = this.#hits[this.at - 1]
    mark(this.words ? this.#hits.map(range).filter(range => range !== undefined) : [], now && range(now))
  }
}

/** Marks ranges, one of them as the present one. */
function mark(ranges: Range[], now: Range | undefined): void {
  // Browsers without it show the present match by its place alone.
  if (!('highlights' in CSS)) return
  const set = (name: string, ranges: Range[], priority: number): void => {
    CSS.highlights.delete(name)
    if (ranges.length) CSS.highlights.set(name, Object.assign(new Highlight(...ranges), { priority }))
  }
  set('lakeflow-find', ranges, 0)
  set('lakeflow-found', now ? [now] : [], 1)
}
