// The matrix of tasks and runs. Cells are built and patched by hand: there may be thirty thousand of them, and a change
// touches a few. Every row is there at once with its name; cells come first where they are in sight, then, while the
// browser has nothing else to do, everywhere. One tab stop; arrows move within.
import { short } from '../src/elements/html.js'
import { label, over } from '../src/elements/states.js'
import { span, stamp } from '../src/elements/time.js'
import type { Run } from '../src/elements/types.js'
import { took } from './parts.js'

export interface Row { key: string; type: string; what?: string; gone?: boolean; usual?: number }
export interface Column extends Run { states: string[]; ms: number[]; ids: number[]; tries?: Record<number, string[]> }

const CODES = ['QUEUED', 'PENDING', 'BLOCKED', 'RUNNING', 'WAITING_FOR_RETRY', 'TERMINATING', 'SUCCESS', 'SUCCESS_WITH_FAILURES', 'FAILED', 'TIMEDOUT', 'INTERNAL_ERROR', 'CANCELED', 'UPSTREAM_FAILED', 'UPSTREAM_CANCELED', 'SKIPPED', 'EXCLUDED', 'DISABLED']
/** States of the letters that the engine sends. */
export const decode = (letters: string): string[] => [...letters].map(letter => (letter === '.' ? '' : (CODES[letter.charCodeAt(0) - 97] ?? '?')))

/** Where the browser remembers how wide names are, in pixels. */
const KEPT = 'lakeflow-names'
const WIDTH = { least: 120, usual: 196, most: 640 }

/** Rows are as high, in blocks of so many: the browser has few things to ask whether they are in sight. */
const HIGH = 25
const BLOCK = 20
/** A cell and a row with what all of them have; they are copied. */
const CELL = Object.assign(document.createElement('i'), { className: 't', tabIndex: -1, role: 'gridcell' })
const ROW = Object.assign(document.createElement('div'), { className: 'mr', role: 'row', innerHTML: '<div class="mh" role="rowheader" tabindex="-1"><span></span><small></small></div>' })

/** The cells of a row with what they show. */
interface Line { cells: HTMLElement[]; states: string[]; ms: number[] }

export class MatrixView {
  readonly root = document.createElement('div')
  private scroller = document.createElement('div')
  private grid = document.createElement('div')
  private top = document.createElement('div')
  private body = document.createElement('div')
  private hover = document.createElement('div')
  private mark = document.createElement('div')
  private rows: Row[] = []
  private columns: Column[] = []
  /** Rows by number, and what is in those that have their cells. */
  private lines: HTMLElement[] = []
  private filled: (Line | undefined)[] = []
  private idle = 0
  private near = new IntersectionObserver(seen => {
    for (const { target, isIntersecting } of seen) if (isIntersecting) {
      this.near.unobserve(target)
      const from = this.lines.indexOf(target.firstElementChild as HTMLElement)
      this.fill(from, from + BLOCK)
    }
  }, { rootMargin: '400px 0px' })
  /** The one tab stop: row and column, of which -1 is the name. */
  private at: [number, number] = [0, 0]
  private tip = document.createElement('div')
  private wide = document.createElement('div')
  private width = WIDTH.usual
  private shown = ''
  /** Whether the newest column is in sight. */
  private end = true
  private placed = false

  constructor(private readonly on: { pick: (run: string, task: string, shift: boolean) => void; open: (run: string, task: string) => void }) {
    this.root.className = 'mx'
    this.scroller.className = 'ms'
    this.grid.className = 'mg'
    this.body.setAttribute('role', 'grid')
    this.body.setAttribute('aria-label', 'Tasks by runs, newest run right')
    this.top.className = 'mt'
    this.hover.className = 'col hov'
    this.mark.className = 'col'
    this.tip.className = 'tip'
    this.tip.setAttribute('aria-hidden', 'true')
    this.hover.hidden = this.mark.hidden = this.tip.hidden = true
    this.grid.append(this.hover, this.mark, this.top, this.body)
    this.scroller.append(this.grid)
    this.root.append(this.scroller, this.wide, this.tip)
    this.widen()
    for (const name of ['pointerover', 'focusin']) this.grid.addEventListener(name, event => this.over(event))
    for (const name of ['pointerleave', 'focusout']) this.grid.addEventListener(name, () => { this.hover.hidden = this.tip.hidden = true })
    this.grid.addEventListener('click', event => this.click(event))
    this.grid.addEventListener('dblclick', event => { const place = this.place(event.target); if (place && place[1] >= 0) this.on.open(this.columns[place[1]]!.id, this.rows[place[0]]?.key ?? '') })
    this.grid.addEventListener('keydown', event => this.key(event))
    this.scroller.addEventListener('scroll', () => {
      this.tip.hidden = true
      this.end = this.scroller.scrollLeft + this.scroller.clientWidth > this.scroller.scrollWidth - 24
    }, { passive: true })
  }

  /** The edge of the names, which is dragged or moved by arrows. */
  private widen(): void {
    const edge = this.wide
    edge.className = 'mw'
    edge.tabIndex = 0
    for (const [name, value] of [['role', 'separator'], ['aria-orientation', 'vertical'], ['aria-label', 'Width of the names'], ['aria-valuemin', WIDTH.least], ['aria-valuemax', WIDTH.most]] as const) edge.setAttribute(name, String(value))
    const set = (width: number): void => {
      this.width = Math.round(Math.max(WIDTH.least, Math.min(WIDTH.most, width)))
      this.root.style.setProperty('--wide', `${this.width}px`)
      edge.setAttribute('aria-valuenow', String(this.width))
      this.lines.forEach((line, r) => { line.querySelector('span')!.textContent = this.named(this.rows[r]!.key) })
      try { localStorage.setItem(KEPT, String(this.width)) } catch { /* the choice lasts for this page then */ }
    }
    try { this.width = Number(localStorage.getItem(KEPT)) || WIDTH.usual } catch { /* as above */ }
    set(this.width)
    edge.addEventListener('pointerdown', event => edge.setPointerCapture(event.pointerId))
    edge.addEventListener('pointermove', event => { if (edge.hasPointerCapture(event.pointerId)) set(event.clientX - this.root.getBoundingClientRect().left) })
    edge.addEventListener('dblclick', () => set(WIDTH.usual))
    edge.addEventListener('keydown', event => {
      const step = event.key === 'ArrowRight' ? 16 : event.key === 'ArrowLeft' ? -16 : 0
      if (!step) return
      set(this.width + step)
      event.preventDefault()
      event.stopPropagation()
    })
  }
  /** A name with as many of its letters as there is room for. */
  private named(key: string): string { return short(key, Math.max(12, Math.floor((this.width - 28) / 7))) }

  /** Shows rows and columns; what is the same already is not touched. */
  set(rows: Row[], columns: Column[]): void {
    const shape = `${rows.map(row => row.key).join('\n')}\n\n${columns.map(column => column.id).join('\n')}`
    if (shape !== this.shown) {
      this.shown = shape
      this.build(rows, columns)
      if (this.end) this.scroller.scrollLeft = this.scroller.scrollWidth
    }
    this.rows = rows
    this.columns = columns
    this.heads()
    this.filled.forEach((line, r) => { if (line) this.patch(r, line) })
    // As many as the window may show come at once.
    this.fill(0, Math.ceil(innerHeight / HIGH))
    this.later()
  }

  /** Lets go of what waits. */
  close(): void {
    cancelIdleCallback(this.idle)
    this.near.disconnect()
  }

  /** Fills the rows that are left, a few at a time. */
  private later(): void {
    cancelIdleCallback(this.idle)
    let next = 0
    const some = (time: IdleDeadline): void => {
      for (; next < this.rows.length; next++) {
        if (time.timeRemaining() < 3) { this.idle = requestIdleCallback(some); return }
        this.fill(next, next + 1)
      }
    }
    this.idle = requestIdleCallback(some)
  }

  /** Gives rows their cells. */
  private fill(from: number, to: number): void {
    for (let r = from; r < Math.min(to, this.lines.length); r++) {
      if (this.filled[r]) continue
      const cells = this.columns.map((_, c) => {
        const cell = CELL.cloneNode() as HTMLElement
        if (r === this.at[0] && c === this.at[1]) cell.tabIndex = 0
        cell.dataset['at'] = `${r},${c}`
        return cell
      })
      const line: Line = { cells, states: [], ms: [] }
      this.filled[r] = line
      this.patch(r, line)
      this.lines[r]!.append(...cells)
    }
  }

  private build(rows: Row[], columns: Column[]): void {
    this.near.disconnect()
    this.filled = []
    this.columns = columns
    this.body.setAttribute('aria-rowcount', String(rows.length))
    const blocks = Array.from({ length: Math.ceil(rows.length / BLOCK) }, (_, n) => {
      const block = document.createElement('div')
      block.className = 'mb'
      block.setAttribute('role', 'rowgroup')
      block.style.height = `${HIGH * Math.min(BLOCK, rows.length - n * BLOCK)}px`
      this.near.observe(block)
      return block
    })
    this.lines = rows.map((row, r) => {
      const line = ROW.cloneNode(true) as HTMLElement
      if (row.gone) line.classList.add('gone')
      line.setAttribute('aria-rowindex', String(r + 1))
      const head = line.firstElementChild as HTMLElement
      head.setAttribute('aria-label', `${row.key}${row.gone ? ', no longer in the job' : ''}: its last runs`)
      head.dataset['at'] = `${r},-1`
      head.firstElementChild!.textContent = this.named(row.key)
      head.lastElementChild!.textContent = row.type
      blocks[Math.floor(r / BLOCK)]!.append(line)
      return line
    })
    this.body.replaceChildren(...blocks)
    this.at = [Math.max(0, Math.min(this.at[0], rows.length - 1)), columns.length - 1]
    const head = document.createElement('div')
    head.className = 'mh'
    this.top.replaceChildren(head, ...columns.map(column => {
      const link = document.createElement('a')
      link.className = 'mc'
      link.href = `/runs/${column.id}`
      link.dataset['run'] = column.id
      const bar = document.createElement('span')
      bar.className = 'bar'
      const tile = document.createElement('i')
      tile.className = 't s'
      link.append(bar, tile)
      return link
    }))
  }

  private heads(): void {
    const longest = Math.max(1000, ...this.columns.map(took))
    const scale = [longest, longest / 2]
    const head = this.top.firstElementChild as HTMLElement
    const y = (ms: number): number => 10 + 78 * (1 - ms / longest)
    head.replaceChildren(...scale.map(ms => Object.assign(document.createElement('em'), { textContent: span(ms) })))
    ;[...head.children].forEach((em, n) => { (em as HTMLElement).style.top = `${y(scale[n]!) - 6}px` })
    for (const old of this.grid.querySelectorAll('.gl')) old.remove()
    for (const ms of scale) {
      const line = document.createElement('div')
      line.className = 'gl'
      line.style.top = `${y(ms) + 4}px`
      this.grid.prepend(line)
    }
    this.columns.forEach((column, c) => {
      const link = this.top.children[c + 1] as HTMLElement
      const bar = link.firstElementChild as HTMLElement
      const tile = link.lastElementChild as HTMLElement
      bar.style.height = `${Math.max(2, (78 * took(column)) / longest)}px`
      bar.dataset['state'] = column.s
      bar.classList.toggle('stripe', column.s === 'RUNNING')
      if (bar.childElementCount !== column.repairs.length) bar.replaceChildren(...column.repairs.map((_, n) => Object.assign(document.createElement('span'), { className: 'fix', style: `bottom:${4 + n * 5}px` })))
      tile.dataset['state'] = column.s
      link.setAttribute('aria-label', `Run ${column.id}, ${label(column.s)}, ${span(took(column))}, ${stamp(column.at)}${column.repairs.length ? `, repaired ${column.repairs.length} times` : ''}`)
    })
  }

  /** Puts what is new into the cells of a row. */
  private patch(r: number, line: Line): void {
    const row = this.rows[r]!
    this.columns.forEach((column, c) => {
      const state = column.states[r] ?? ''
      const ms = column.ms[r] ?? 0
      if (line.states[c] === state && line.ms[c] === ms) return
      line.states[c] = state
      line.ms[c] = ms
      const cell = line.cells[c]!
      cell.dataset['state'] = state
      cell.setAttribute('aria-label', state ? `${row.key}, run ${column.id}, ${label(state)}${ms ? `, ${span(ms)}` : ''}` : `${row.key} is not in run ${column.id}`)
    })
  }

  /** Once the matrix is on the page: shows the run that was asked for, else the newest. */
  settle(run: string): void {
    if (!this.placed && this.root.isConnected) {
      this.placed = true
      this.scroller.scrollLeft = this.scroller.scrollWidth
      if (run) this.reveal(run)
    }
    this.select(run)
  }

  /** Marks the column of a run. */
  private select(run: string): void {
    const c = this.columns.findIndex(column => column.id === run)
    const link = c < 0 ? undefined : (this.top.children[c + 1] as HTMLElement | undefined)
    this.mark.hidden = !link
    if (link) this.mark.style.left = `${link.offsetLeft}px`
  }

  reveal(run: string): void {
    const link = this.top.querySelector<HTMLElement>(`[data-run="${CSS.escape(run)}"]`)
    if (link) this.scroller.scrollLeft = link.offsetLeft - this.scroller.clientWidth / 2
  }

  private place(target: EventTarget | null): [number, number] | undefined {
    const at = (target as HTMLElement).closest<HTMLElement>('[data-at]')?.dataset['at']
    if (at) return at.split(',').map(Number) as [number, number]
    const link = (target as HTMLElement).closest<HTMLElement>('.mc')
    return link ? [-1, [...this.top.children].indexOf(link) - 1] : undefined
  }

  /** Marks where one is, and says what is there for as long as one is there. */
  private over(event: Event): void {
    const place = this.place(event.target)
    const link = place && place[1] >= 0 ? (this.top.children[place[1] + 1] as HTMLElement | undefined) : undefined
    this.hover.hidden = !link
    if (link) this.hover.style.left = `${link.offsetLeft}px`
    this.tip.hidden = !place
    if (!place) return
    const [r, c] = place
    const own = r < 0 ? link! : c < 0 ? this.lines[r]! : (this.filled[r]!.cells[c] as HTMLElement)
    const row = this.rows[r]
    const tries = c < 0 ? undefined : this.columns[c]?.tries?.[r]
    const words = c < 0 ? `${row!.key}${row!.gone ? '\nno longer in the job' : ''}` : own.getAttribute('aria-label')!
    this.tip.textContent = `${words}${tries ? `\n${tries.map((state, n) => `attempt ${n + 1}: ${label(state)}`).join('\n')}` : ''}`
    const { left, bottom, top } = own.getBoundingClientRect()
    const { offsetWidth: width, offsetHeight: height } = this.tip
    this.tip.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`
    this.tip.style.top = `${bottom + 6 + height > innerHeight ? top - height - 6 : bottom + 6}px`
  }

  private click(event: MouseEvent): void {
    const place = this.place(event.target)
    if (!place || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    if (place[0] >= 0) this.focus(place[0], place[1], false)
    this.on.pick(this.columns[place[1]]?.id ?? '', this.rows[place[0]]?.key ?? '', event.shiftKey)
  }

  private stop(r: number, c: number): HTMLElement | undefined { return c < 0 ? (this.lines[r]?.firstElementChild as HTMLElement | undefined) : this.filled[r]?.cells[c] }

  private focus(r: number, c: number, move = true): void {
    const old = this.stop(...this.at)
    if (old) old.tabIndex = -1
    this.at = [r, c]
    this.fill(r, r + 1)
    const cell = this.stop(r, c)
    if (!cell) return
    cell.tabIndex = 0
    if (!move) return
    cell.focus({ preventScroll: true })
    const left = cell.offsetLeft
    const room = (this.grid.querySelector('.mh') as HTMLElement).offsetWidth
    if (c < 0) this.scroller.scrollLeft = 0
    else if (left < this.scroller.scrollLeft + room) this.scroller.scrollLeft = left - room - 8
    else if (left + 32 > this.scroller.scrollLeft + this.scroller.clientWidth) this.scroller.scrollLeft = left + 32 - this.scroller.clientWidth
    const box = cell.getBoundingClientRect()
    if (box.top < 60 || box.bottom > innerHeight - 8) cell.scrollIntoView({ block: 'center', inline: 'nearest' })
  }

  private key(event: KeyboardEvent): void {
    const place = this.place(event.target)
    if (!place || place[0] < 0) return
    const [r, c] = place
    const [rows, columns] = [this.rows.length - 1, this.columns.length - 1]
    if (event.key === 'Escape' && !this.tip.hidden) {
      this.tip.hidden = true
      event.stopPropagation()
      return
    }
    const to: Record<string, [number, number]> = {
      ArrowLeft: [r, Math.max(-1, c - 1)], ArrowRight: [r, Math.min(columns, c + 1)], ArrowUp: [Math.max(0, r - 1), c], ArrowDown: [Math.min(rows, r + 1), c],
      Home: [r, 0], End: [r, columns], PageUp: [Math.max(0, r - 10), c], PageDown: [Math.min(rows, r + 10), c],
    }
    const next = to[event.key]
    if (next) this.focus(...next)
    else if (event.key === ' ' || event.key === 'Enter' && c < 0) this.on.pick(this.columns[c]?.id ?? '', this.rows[r]!.key, event.shiftKey)
    else if (event.key === 'Enter') this.on.open(this.columns[c]!.id, this.rows[r]!.key)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
}

export const live = (columns: Column[]): boolean => columns.some(column => !over(column.s))
