// Small pieces that every screen draws with. All text goes through lit as text, never as markup.
import { html, nothing, type TemplateResult } from 'lit/html.js'
import { label } from './states.js'

/** The tile of a state; the word is beside it. */
export const tile = (state: string, size = ''): TemplateResult => html`<i class="t ${size}" data-state=${state} aria-hidden="true"></i>`
/** The same with the word of the API when it is pointed at. */
export const titled = (state: string, size = ''): TemplateResult => html`<i class="t ${size}" data-state=${state} title=${state} aria-hidden="true"></i>`
export const glyph = (name: string): TemplateResult => html`<i class="g" data-g=${name} aria-hidden="true"></i>`
/** A tile that is read out, for places without a word. */
export const badge = (state: string, size = ''): TemplateResult =>
  html`<i class="t ${size}" data-state=${state} role="img" aria-label=${label(state)} title=${state}></i>`

type Text = string | number | TemplateResult | typeof nothing
/** A button of one of the small sizes. */
export const act = (text: Text, done: () => unknown, css = 'sm'): TemplateResult => html`<button class=${css} @click=${done}>${text}</button>`
/** A button that is a glyph. */
export const icon = (name: string, ink: string, done: () => void, pressed?: boolean): TemplateResult =>
  html`<button aria-label=${name} title=${name} aria-pressed=${pressed ?? nothing} @click=${done}>${glyph(ink)}</button>`
/** Buttons of which one is pressed. */
export const seg = <T>(name: string, items: [T, Text][], now: T, pick: (item: T) => void, css = ''): TemplateResult =>
  html`<div class="seg ${css}" role="group" aria-label=${name}>${items.map(([item, text]) => html`<button aria-pressed=${item === now} @click=${() => pick(item)}>${text}</button>`)}</div>`
/** Something that went wrong: what, and in whose words. */
export const wrong = (title: string, text: unknown): TemplateResult => html`<div class="err" role="alert"><b>${title}</b><span>${text}</span></div>`
export const note = (text: unknown): TemplateResult => html`<p class="muted">${text}</p>`
/** `1 task`, `2,000 tasks`. */
export const many = (n: number, thing: string): string => `${n.toLocaleString('en')} ${thing}${n === 1 ? '' : 's'}`
export const pretty = (value: unknown): string => JSON.stringify(value, null, 2)
/** The words of what was thrown. */
export const words = (error: unknown): string => (error as Partial<Error>).message ?? String(error)

/** A long name with its middle cut and its ends kept. */
export const short = (name: string, most = 26): string =>
  name.length <= most ? name : `${name.slice(0, Math.ceil(most / 2) - 1)}…${name.slice(1 - Math.floor(most / 2))}`

/** The event is done with. */
export const halt = (event: Event): void => {
  event.preventDefault()
  event.stopPropagation()
}
/** 1 for the one arrow key, -1 for the other, else 0. */
export const arrow = (event: KeyboardEvent, back: string, forth: string): number => Number(event.key === `Arrow${forth}`) - Number(event.key === `Arrow${back}`)
/** Top of an element, in the window. */
export const topOf = (element: Element): number => element.getBoundingClientRect().top

/** A style sheet of its text, in which `$name` stands for `var(--name)`; one object for all that use it. */
const sheets = new Map<string, CSSStyleSheet>()
export function sheet(text: string): CSSStyleSheet {
  let found = sheets.get(text)
  if (!found) {
    found = new CSSStyleSheet()
    found.replaceSync(text.replace(/\$([\w-]+)/g, 'var(--$1)'))
    sheets.set(text, found)
  }
  return found
}

/** Puts text where it can be pasted from, and says whether that was done. */
export async function copy(text: string): Promise<string> {
  try {
    await navigator.clipboard.writeText(text)
    return 'Copied'
  } catch {
    return 'Copying is not allowed'
  }
}

/** Something that is given once a page has it; whoever asks earlier waits for it. */
export function later<T>(): { get: () => Promise<T> | T; give: (given: Promise<T> | T) => void } {
  let done: (given: Promise<T> | T) => void
  let value: Promise<T> | T = new Promise<T>(resolve => { done = resolve })
  return { get: () => value, give: given => { done(given); value = given } }
}
