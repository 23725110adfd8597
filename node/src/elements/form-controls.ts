// One control for each kind of field. Texts go in and out; numbers are typed as text, so that no digit is lost. What is typed,
// pasted and left is heard by the field around a control.
import { html, nothing, type TemplateResult } from 'lit/html.js'
import type { Field } from './form-element.js'
import { act, arrow, many } from './html.js'
import { clamp } from './time.js'

/** The text that stands for the empty text, where none stands for "not set". */
export const EMPTY = '\0'
/** The text that stands for a value in a control. */
export const textOf = (value: unknown): string =>
  value === undefined || value === null ? '' : typeof value === 'string' ? value || EMPTY
  : Array.isArray(value) && value.every(item => typeof item !== 'object') ? value.map(String).join('\n') : JSON.stringify(value)

export interface Control {
  field: Field
  text: string
  id: string
  invalid: boolean
  describedBy: string
  set: (text: string) => void
}

const EXAMPLES: Record<string, string> = { date: '2026-11-21', time: '06:00:00Z', 'date-time': '2026-11-21T06:00:00Z', json: '{ }', list: 'one value a line' }
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone

/** Days from today, as the place or UTC counts them. */
function day(ago: number, utc: boolean): string {
  const at = new Date()
  if (!utc) at.setMinutes(at.getMinutes() - at.getTimezoneOffset())
  at.setUTCDate(at.getUTCDate() - ago)
  return at.toISOString().slice(0, 10)
}

/** What stands in a control, as text. */
export function typed(target: HTMLInputElement): string {
  const { value, type } = target
  if (type === 'checkbox') return String(target.checked)
  // What was picked is of the zone that is named beside it.
  return value && target.classList.contains('pk') && type !== 'date' ? `${value}${/\d:\d\d:/.test(value) ? '' : ':00'}Z` : value
}

export function drawControl(c: Control): TemplateResult {
  const { field, id, text } = c
  const { control } = field
  const shown = text === EMPTY ? '' : text
  const choices = (field.enum ?? []).map(choice => [textOf(choice.value), choice.label] as const)
  const unset = ['', 'Not set'] as const
  const described = c.describedBy || nothing
  const example = field.examples?.length ? textOf(field.examples[0]) : (EXAMPLES[control] ?? '')
  switch (control) {
    case 'constant':
      return html`<output id=${id} class="mono">${textOf(field.default)}</output>`
    case 'radio': case 'tristate': {
      const all = control === 'tristate' ? [['true', 'True'] as const, ['false', 'False'] as const, unset] : field.required ? choices : [...choices, unset]
      return html`<div class="pick" role="radiogroup" aria-labelledby=${`${id}-l`} aria-describedby=${described}>${all.map(([value, name], n) => html`<label><input type="radio" id=${n ? nothing : id} name=${id} .value=${value} .checked=${text === value}><span>${name}</span></label>`)}</div>`
    }
    case 'select':
      return html`<select id=${id} aria-invalid=${c.invalid} aria-describedby=${described}>${(field.required && text ? choices : [unset, ...choices]).map(([value, name]) => html`<option value=${value} ?selected=${text === value}>${name}</option>`)}</select>`
    case 'combobox':
      return combobox(c, choices)
    case 'switch':
      return html`<label class="sw"><input type="checkbox" role="switch" id=${id} .checked=${text === 'true'}><span>${text === 'true' ? 'On' : 'Off'}</span></label>`
    case 'textarea': case 'list': case 'json': {
      const lines = shown.split('\n')
      const count = lines.filter(line => line.trim()).length
      return html`<textarea id=${id} class=${control === 'textarea' ? '' : 'mono'} rows=${clamp(control === 'json' ? 4 : 2, lines.length, 8)} spellcheck=${control === 'textarea'} placeholder=${example} aria-invalid=${c.invalid} aria-describedby=${described} .value=${shown}></textarea>${control === 'list' ? html`<span class="fd">${many(count, 'item')}</span>` : nothing}`
    }
  }
  const input = html`<input id=${id} type=${control === 'password' ? control : 'text'} inputmode=${control === 'number' ? (field.type === 'integer' ? 'numeric' : 'decimal') : nothing} autocomplete="off" spellcheck="false" placeholder=${example} aria-invalid=${c.invalid} aria-describedby=${described} ?required=${field.required} .value=${shown}>`
  if (!/^(date|time)/.test(control)) return input
  // Any text can be typed; beside it is what the browser has for picking.
  const end = control === 'date' ? '' : 'T00:00:00Z'
  const days: [string, string][] = ['today', 'yesterday', 'start of month'].map((name, n) => [name, (n < 2 ? day(n, !!end) : `${day(0, !!end).slice(0, 8)}01`) + end])
  if (end) days.unshift(['now', `${new Date().toISOString().slice(0, 19)}Z`])
  return html`<div class="row">${input}<input class="pk" type=${end && control !== 'time' ? 'datetime-local' : control} step="1" aria-label=${`Pick ${field.label}`} .value=${text.replace(/Z$/, '')}>${control === 'time' ? nothing : days.map(([name, value]) => act(name, () => c.set(value)))}<span class="faint">${end ? 'UTC' : ZONE}</span></div>`
}

/** Text with a list to pick from: the combobox pattern, since lists of the browser fail on phones. */
function combobox(c: Control, choices: (readonly [string, string])[]): TemplateResult {
  const fold = c.text.toLowerCase()
  const exact = choices.some(([text]) => text === c.text)
  const found = (exact ? choices : choices.filter(choice => choice.some(text => text.toLowerCase().includes(fold)))).slice(0, 50)
  const list = `${c.id}-o`
  // Which option is the active one is the list's own state, not the form's.
  const open = (event: Event, on: boolean, n = -1): void => {
    const combo = (event.currentTarget as HTMLElement).closest<HTMLElement>('.combo')!
    const input = combo.querySelector('input')!
    combo.classList.toggle('open', on)
    input.ariaExpanded = String(on)
    combo.querySelectorAll('li').forEach((option, at) => {
      option.ariaSelected = String(at === n)
      if (at === n) option.scrollIntoView({ block: 'nearest' })
    })
    if (n < 0) input.removeAttribute('aria-activedescendant')
    else input.setAttribute('aria-activedescendant', `${list}-${n}`)
  }
  const key = (event: KeyboardEvent): void => {
    const input = event.currentTarget as HTMLElement
    const at = Number(/\d*$/.exec(input.getAttribute('aria-activedescendant') ?? '')![0] || -1)
    const step = arrow(event, 'Up', 'Down')
    if (step && found.length) open(event, true, at < 0 && step < 0 ? found.length - 1 : (at + step + found.length) % found.length)
    else if (event.key === 'Enter' && found[at]) {
      c.set(found[at][0])
      open(event, false)
    } else if (event.key === 'Escape' && input.ariaExpanded === 'true') {
      event.stopPropagation()
      open(event, false)
    } else return
    event.preventDefault()
  }
  return html`<div class="combo"><input id=${c.id} role="combobox" aria-autocomplete="list" aria-expanded="false" aria-controls=${list} autocomplete="off" aria-invalid=${c.invalid} aria-describedby=${c.describedBy || nothing} .value=${c.text}
    @input=${(event: Event) => open(event, true)} @focus=${(event: Event) => open(event, true)} @keydown=${key} @blur=${(event: Event) => open(event, false)}>
    <ul role="listbox" id=${list} aria-label=${c.field.label}>${found.map(([text, name], n) => html`<li role="option" id=${`${list}-${n}`} aria-selected="false" @pointerdown=${(event: Event) => { event.preventDefault(); c.set(text); open(event, false) }}>${name}</li>`)}</ul></div>`
}
