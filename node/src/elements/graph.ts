// The task graph: nodes as links placed by the core's layout, edges in one picture below them. Positions do not depend on
// states, so nothing moves when a state changes.
import { html, nothing, type TemplateResult } from 'lit/html.js'
import { act, halt, icon, many as number, short, tile } from './html.js'
import { counts, label, latestOf, stateOf, tone, worst } from './states.js'
import { now, remaining, span } from './time.js'
import type { Attempt, Graph, Task } from './types.js'

/** What happened to a task, in a few words; of one that did not run, why not. */
export function line(task: Task, latest: Attempt | undefined): string {
  if (!latest) return task.type
  if (latest.each) return `${latest.each.done} of ${latest.each.all} done`
  if (latest.retry) return `retry in ${remaining(latest.retry)}`
  const state = label(latest.s).toLowerCase()
  return latest.s === 'EXCLUDED' ? 'not taken' : /^[BDQUW]/.test(latest.s) ? state : `${task.type} · ${latest.start ? span((latest.end ?? now()) - latest.start) : state}`
}

/** The way of an edge: bends in the gaps, straight through the layers it passes. */
export function way(points: [number, number][]): string {
  let path = ''
  for (let n = 0; n + 1 < points.length; n += 2) {
    const [[x, y], [to, at]] = [points[n]!, points[n + 1]!]
    const middle = (x + to) / 2
    const end = n + 2 >= points.length ? 3 : 0
    path += `${n ? `L${x} ${y}` : `M${x} ${y}`}C${middle} ${y} ${middle} ${at} ${to - end} ${at}`
  }
  return path
}

export interface GraphState {
  graph: Graph
  tasks: Map<string, Task>
  selected: string
  zoom: number
  pick: (key: string) => void
  setZoom: (zoom: number) => void
  /** A definition: nothing has run, so nothing has a state. */
  plain?: boolean
  unfold: () => void
  /** The part that is in sight, in pixels of the page: of a graph with many nodes no others are drawn. */
  sight: Sight
  look: (sight: Sight) => void
}
/** Left, top, right, bottom. */
export type Sight = [number, number, number, number]
/** Above so many nodes only those in sight are drawn, with one screen around them. */
const MANY = 120

export function drawGraph(g: GraphState): TemplateResult {
  const { graph, tasks, zoom } = g
  const at = new Map(graph.nodes.map(node => [node.key, node]))
  const holder = graph.nodes.find(node => node.key === g.selected || node.members?.includes(g.selected))?.key ?? ''
  const states = new Map(graph.nodes.map(node => [node.key, worst(statesOf(g, node))]))
  const state = (key: string): string => states.get(key) ?? 'BLOCKED'
  const failing = (key: string): boolean => tone(state(key)) === 'bad'
  const total = number(tasks.size, 'task')
  const many = graph.nodes.length > MANY
  const [left, top, right, bottom] = g.sight.map(n => n / zoom) as Sight
  const seen = ({ x, y }: { x: number; y: number }): boolean => !many || (x > 2 * left - right && x < 2 * right - left && y > 2 * top - bottom && y < 2 * bottom - top)
  const nodes = graph.nodes.filter(node => seen(node) || node.key === holder)
  const edge = ({ from, to, points }: Graph['edges'][number]): unknown => {
    const touches = !!holder && (from === holder || to === holder)
    if (!touches && (graph.edges.length > 600 || many && !seen(at.get(from)!) && !seen(at.get(to)!))) return nothing
    const branch = tasks.get(to)?.deps.find(dep => dep[0] === from)?.[1]
    const kind = touches ? (failing(holder) && (failing(to) || to === holder && state(from) !== 'SUCCESS') ? 'hot' : 'on') : ''
    const [x, y] = points[0]!
    return html`<svg><path class="e ${kind} ${state(to) === 'EXCLUDED' ? 'off' : ''}" d=${way(points)}></path>${branch ? html`<svg><text class="el" x=${x + 4} y=${y + (points[1]![1] > y ? 14 : -5)}>${branch}</text></svg>` : nothing}</svg>`
  }
  const scrolled = (event: Event): void => {
    const { scrollLeft: x, scrollTop: y, clientWidth: w, clientHeight: h } = event.currentTarget as HTMLElement
    if (many) g.look([x, y, x + w, y + h])
  }
  return html`
    <div class="gs" tabindex="0" role="region" aria-label="Task graph" @scroll=${scrolled} @pointerdown=${drag} @wheel=${(event: WheelEvent) => {
      if (!event.ctrlKey) return
      event.preventDefault()
      g.setZoom(zoom * (event.deltaY < 0 ? 1.1 : 1 / 1.1))
    }}>
      <div class="gz" .style=${`width:${Math.ceil(graph.width * zoom)}px;height:${Math.ceil(graph.height * zoom)}px`}>
        <div class="gc ${holder ? 'pick' : ''}" .style=${`width:${graph.width}px;height:${graph.height}px;transform:scale(${zoom})`}>
          <svg width=${graph.width} height=${graph.height} aria-hidden="true"><defs><marker id="tip" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M1 1l5 3-5 3" fill="none" stroke="context-stroke" stroke-width="1.4"></path></marker></defs>${graph.edges.map(edge)}</svg>
          ${nodes.map(node => drawNode(g, node, holder, state(node.key)))}
        </div>
      </div>
    </div>
    ${graph.folded ? html`<div class="fold"><span>${total} folded to ${number(graph.nodes.length, 'node')}: equal siblings and chains share one</span><span class="sp"></span>${act(`Show all ${tasks.size.toLocaleString('en')}`, g.unfold)}</div>` : nothing}`
}

/** Follows a pointer until it is let go. */
export function grab(event: PointerEvent, move: (event: PointerEvent) => void): void {
  const own = event.currentTarget as HTMLElement
  own.setPointerCapture(event.pointerId)
  own.onpointermove = move
  own.onlostpointercapture = () => { own.onpointermove = null }
}

/** The ground is dragged along; a touch does that by itself. */
function drag(event: PointerEvent): void {
  const box = event.currentTarget as HTMLElement
  if (event.pointerType !== 'mouse' || event.button || (event.target as Element).closest('.n')) return
  const [x, y] = [box.scrollLeft + event.clientX, box.scrollTop + event.clientY]
  grab(event, event => box.scrollTo(x - event.clientX, y - event.clientY))
}

const statesOf = (g: GraphState, node: Graph['nodes'][number]): string[] => (node.members ?? [node.key]).map(key => stateOf(g.tasks.get(key)))

function drawNode(g: GraphState, node: Graph['nodes'][number], holder: string, shown: string): TemplateResult {
  const task = g.tasks.get(node.key)
  const latest = latestOf(task)
  const members = node.members
  const states = statesOf(g, node)
  const name = members ? `${members.length} × ${task?.type ?? 'task'}` : node.key
  const second = members ? counts(states).map(([s, n]) => `${n} ${label(s).toLowerCase()}`).join(', ') : task ? line(task, latest) : ''
  const each = latest?.each
  const after = task?.deps.length ? `after ${task.deps.map(dep => dep[0]).join(', ')}` : 'first'
  return html`<a class="n ${members || each || task?.type === 'for each' ? 'stack' : ''} ${shown === 'EXCLUDED' || shown === 'DISABLED' ? 'none' : ''}"
    href=${`#${encodeURIComponent(node.key)}`} data-key=${node.key} aria-current=${node.key === holder ? 'true' : nothing}
    title=${`${members ? members.join(', ') : node.key}${g.plain ? '' : `: ${shown}`}`}
    .style=${`transform:translate(${node.x}px,${node.y}px)`}
    @click=${(event: MouseEvent) => {
      if (event.ctrlKey || event.metaKey) return
      event.preventDefault()
      g.pick(members?.[states.indexOf(shown)] ?? node.key)
    }}
    @keydown=${(event: KeyboardEvent) => walk(event, g.graph, node.key)}
    >${g.plain ? nothing : tile(shown, 'm')}<span><b>${members ? name : short(node.key, 18)}</b><small class="num">${second}</small></span><span class="sr">${members || node.key.length > 18 ? `, ${node.key}` : ''}${g.plain ? '' : `, ${label(shown)}`}, ${after}</span>${each ? html`<i class="pg" .style=${`width:${each.all ? (100 * each.done) / each.all : 0}%`}></i>` : nothing}</a>`
}

/** Arrows walk along edges, and up and down within a layer. */
function walk(event: KeyboardEvent, graph: Graph, key: string): void {
  const { nodes, edges } = graph
  const at = nodes.findIndex(node => node.key === key)
  // Nodes are in the order of layers, from top to bottom.
  const beside = (n: number): string | undefined => (nodes[n]?.layer === nodes[at]!.layer ? nodes[n]!.key : undefined)
  const next = ({
    ArrowRight: edges.find(edge => edge.from === key)?.to,
    ArrowLeft: edges.find(edge => edge.to === key)?.from,
    ArrowDown: beside(at + 1),
    ArrowUp: beside(at - 1),
  } as Record<string, string | undefined>)[event.key]
  if (!next) return
  halt(event)
  const box = (event.target as HTMLElement).closest('.gs')!
  box.querySelector<HTMLElement>(`.n[data-key="${CSS.escape(next)}"]`)?.focus()
}

/** Buttons for the zoom. */
export const zoomButtons = (zoom: number, set: (zoom: number) => void, fit: () => void): TemplateResult => html`<div class="seg ic">${icon('Zoom out', 'minus', () => set(zoom / 1.25))}${icon('Zoom in', 'plus', () => set(zoom * 1.25))}${icon('Fit the graph', 'fit', fit)}</div>`

