// What both elements stand on, over lit's templates: properties that draw anew, once for all that changed; attributes;
// a shadow root with shared sheets. It holds no state of its own and knows neither element.
import { render, type TemplateResult } from 'lit/html.js'
import { sheet } from './html.js'

/** What a property was before the change, by name. */
export type Changes = Map<string, unknown>

export abstract class Base extends HTMLElement {
  #values: Record<string, unknown>
  #changed: Changes = new Map()
  /** Changes made while a drawing begins belong to it. */
  #drawing = false
  #queued = false
  /** Done when what was changed is drawn. */
  updateComplete = Promise.resolve()

  /** `start` names every property with its first value, whose type says what an attribute's text stands for. */
  constructor(start: Record<string, unknown>, css: string) {
    super()
    const root = this.attachShadow({ mode: 'open' })
    root.adoptedStyleSheets = [sheet(css)]
    this.#values = { ...start }
    const early: Record<string, unknown> = {}
    for (const name of Object.keys(start)) {
      // Set before the element was defined.
      if (Object.hasOwn(this, name)) {
        early[name] = (this as never)[name]
        delete (this as never)[name]
      }
      if (!(name in this.constructor.prototype)) {
        Object.defineProperty(this.constructor.prototype, name, {
          get(this: Base) { return this.#values[name] },
          set(this: Base, value) {
            const before = this.#values[name]
            if (before === value) return
            this.#values[name] = value
            if (!this.#changed.has(name)) this.#changed.set(name, before)
            this.requestUpdate()
          },
        })
      }
    }
    Object.assign(this, early)
  }

  attributeChangedCallback(name: string, _: unknown, text: string | null): void {
    const kind = typeof this.#values[name]
    let value: unknown = text ?? ''
    if (kind === 'boolean') value = text !== null
    else if (kind === 'number') value = Number(text)
    // What is no JSON is left to whoever reads it, who has the words for it.
    else if (kind !== 'string') try { value = JSON.parse(text!) } catch { /* as above */ }
    ;(this as never as Record<string, unknown>)[name] = value
  }

  connectedCallback(): void { this.requestUpdate() }

  /** Draws at the end of the present task. */
  requestUpdate(): void {
    if (!this.isConnected || this.#drawing || this.#queued) return
    this.#queued = true
    this.updateComplete = Promise.resolve().then(() => this.#draw())
  }

  #draw(): void {
    this.#queued = false
    this.#drawing = true
    const changed = this.#changed
    this.prepare(changed)
    this.#changed = new Map()
    render(this.render(), this.shadowRoot!, { host: this })
    this.#drawing = false
    this.drawn()
  }

  /** Before a drawing: what follows from the changes. */
  abstract prepare(changed: Changes): void
  abstract render(): TemplateResult
  /** After a drawing. */
  drawn(): void {}

  /** What is drawn, by its selector. */
  find<T extends HTMLElement = HTMLElement>(selector: string): T | null { return this.shadowRoot!.querySelector<T>(selector) }

  /** Tells the page; false when it says no. */
  protected tell(name: string, detail: unknown): boolean {
    return this.dispatchEvent(new CustomEvent(`lakeflow-${name}`, { detail, bubbles: true, composed: true, cancelable: true }))
  }
}

/** What is shown of each key, kept as one element. */
const shown = new WeakMap<Element, Map<string, HTMLElement>>()
/** Puts one `tag` for each item into a place, in their order; what stays is not moved. */
export function rows<T>(place: Element | null, tag: string, items: T[], key: (item: T) => string, draw: (item: T) => TemplateResult): void {
  if (!place) return
  const before = shown.get(place) ?? new Map<string, HTMLElement>()
  const now: typeof before = new Map()
  let at = place.firstElementChild
  for (const item of items) {
    const own = before.get(key(item)) ?? document.createElement(tag)
    before.delete(key(item))
    now.set(key(item), own)
    render(draw(item), own)
    if (own === at) at = at.nextElementSibling
    else place.insertBefore(own, at)
  }
  for (const old of before.values()) old.remove()
  shown.set(place, now)
}
