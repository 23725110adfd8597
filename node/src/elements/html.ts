// Small pieces that every screen draws with. All text goes through lit as text, never as markup.
import { html, nothing, type TemplateResult } from 'lit/html.js'
import { label } from './states.js'

/** The tile of a state; the word is beside it or in `title`. */
export const tile = (state: string, size = '', title = ''): TemplateResult =>
  html`<i class="t ${size}" data-s=${state} title=${title || nothing} aria-hidden="true"></i>`
export const glyph = (name: string): TemplateResult => html`<i class="g" data-g=${name} aria-hidden="true"></i>`
/** A tile that is read out, for places without a word. */
export const badge = (state: string, size = ''): TemplateResult =>
  html`<i class="t ${size}" data-s=${state} role="img" aria-label=${label(state)} title=${label(state)}></i>`

/** A long name with its middle cut and its ends kept. */
export const short = (name: string, most = 26): string =>
  name.length <= most ? name : `${name.slice(0, Math.ceil(most / 2) - 1)}…${name.slice(1 - Math.floor(most / 2))}`

/** A style sheet of its text; one object for all that use it. */
const sheets = new Map<string, CSSStyleSheet>()
export function sheet(text: string): CSSStyleSheet {
  let found = sheets.get(text)
  if (!found) {
    found = new CSSStyleSheet()
    found.replaceSync(text)
    sheets.set(text, found)
  }
  return found
}

/** Puts text where it can be pasted from; false when the browser refuses. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}

/** Something that is given once a page has it; whoever asks earlier waits for it. */
export function later<T>(): { get: () => Promise<T> | T; give: (given: Promise<T> | T) => void } {
  let done: (given: Promise<T> | T) => void
  let value: Promise<T> | T = new Promise<T>(resolve => { done = resolve })
  return { get: () => value, give: given => { done(given); value = given } }
}
