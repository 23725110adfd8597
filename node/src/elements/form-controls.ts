// One control for each kind of field. Texts go in and out; numbers are typed as text, so that no digit is lost.
import { html, nothing, type TemplateResult } from 'lit/html.js'
import { textOf, type Field } from './form-element.js'

export interface ControlState {
  field: Field
  text: string
  id: string
  invalid: boolean
  describedBy: string
  disabled: boolean
  set: (text: string) => void
  leave: () => void
  paste: (event: ClipboardEvent) => void
}

const PLACEHOLDER: Record<string, string> = { 'date-time': '2026-11-21T06:00:00Z', json: '{ }' }
const pad = (n: number): string => String(n).padStart(2, '0')
const dayOf = (d: Date): string => `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}`
const DAYS: [string, () => string][] = [
  ['today', () => dayOf(new Date())],
  ['yesterday', () => dayOf(new Date(Date.now() - 864e5))],
  ['start of month', () => `${dayOf(new Date()).slice(0, 8)}01`],
]

export function drawControl(c: ControlState): TemplateResult {
  const { field, text } = c
  const typed = (event: Event): void => c.set((event.target as HTMLInputElement).value)
  const choices = (field.enum ?? []).map(choice => ({ text: textOf(choice.value), label: choice.label }))
  const described = c.describedBy || nothing
  switch (field.control) {
    case 'constant':
      return html`<output id=${c.id} class="mono">${textOf(field.default)}</output>`
    case 'radio': case 'tristate': {
      const all = field.control === 'tristate' ? [{ text: 'true', label: 'True' }, { text: 'false', label: 'False' }, { text: '', label: 'Not set' }]
        : field.required ? choices : [...choices, { text: '', label: 'Not set' }]
      return html`<div class="pick" role="radiogroup" aria-labelledby=${`${c.id}-l`} aria-describedby=${described} @focusout=${c.leave}>${all.map((choice, n) => html`<label><input type="radio" id=${n ? nothing : c.id} name=${c.id} .checked=${text === choice.text} ?disabled=${c.disabled} @change=${() => c.set(choice.text)}><span>${choice.label}</span></label>`)}</div>`
    }
    case 'select':
      return html`<select id=${c.id} aria-invalid=${c.invalid} aria-describedby=${described} ?disabled=${c.disabled} .value=${text} @change=${typed} @blur=${c.leave}>${field.required && text ? nothing : html`<option value="" ?selected=${!text}>Not set</option>`}${choices.map(choice => html`<option value=${choice.text} ?selected=${choice.text === text}>${choice.label}</option>`)}</select>`
    case 'combobox':
      return combobox(c, choices)
    case 'switch':
      return html`<label class="sw"><input type="checkbox" role="switch" id=${c.id} .checked=${text === 'true'} ?disabled=${c.disabled} @change=${(event: Event) => c.set(String((event.target as HTMLInputElement).checked))}><span>${text === 'true' ? 'On' : 'Off'}</span></label>`
    case 'textarea': case 'list': case 'json': {
      const rows = Math.min(8, Math.max(field.control === 'json' ? 4 : 2, text.split('\n').length))
      const count = field.control === 'list' ? text.split('\n').filter(line => line.trim()).length : 0
      return html`<textarea id=${c.id} class=${field.control === 'textarea' ? '' : 'mono'} rows=${rows} spellcheck=${field.control === 'textarea'} placeholder=${field.control === 'list' ? 'one value a line' : (PLACEHOLDER[field.control] ?? '')} aria-invalid=${c.invalid} aria-describedby=${described} ?disabled=${c.disabled} .value=${text} @input=${typed} @blur=${c.leave} @paste=${field.control === 'json' ? nothing : c.paste}></textarea>${field.control === 'list' ? html`<span class="fd">${count} ${count === 1 ? 'item' : 'items'}</span>` : nothing}`
    }
    case 'date': case 'time': {
      const fits = !text || (field.control === 'date' ? /^\d{4}-\d\d-\d\d$/ : /^\d\d:\d\d(:\d\d)?$/).test(text)
      return html`<div class="row"><input id=${c.id} type=${fits ? field.control : 'text'} step="1" aria-invalid=${c.invalid} aria-describedby=${described} ?disabled=${c.disabled} .value=${text} @input=${typed} @blur=${c.leave} @paste=${(event: ClipboardEvent) => {
        const pasted = event.clipboardData?.getData('text/plain').trim() ?? ''
        if (/^\d{4}-\d\d-\d\d$/.test(pasted)) { event.preventDefault(); c.set(pasted) } else c.paste(event)
      }}>${field.control === 'date' ? DAYS.map(([name, day]) => html`<button type="button" class="sm" ?disabled=${c.disabled} @click=${() => c.set(day())}>${name}</button>`) : nothing}</div>`
    }
    case 'date-time':
      return html`<div class="row"><input id=${c.id} placeholder=${PLACEHOLDER['date-time']!} aria-invalid=${c.invalid} aria-describedby=${described} ?disabled=${c.disabled} .value=${text} @input=${typed} @blur=${c.leave} @paste=${c.paste}><button type="button" class="sm" ?disabled=${c.disabled} @click=${() => c.set(`${new Date().toISOString().slice(0, 19)}Z`)}>now, UTC</button></div>`
    default:
      return html`<input id=${c.id} type=${field.control === 'password' ? 'password' : 'text'} inputmode=${field.control === 'number' ? (field.type === 'integer' ? 'numeric' : 'decimal') : nothing} autocomplete="off" spellcheck="false" placeholder=${field.examples?.length ? textOf(field.examples[0]) : ''} aria-invalid=${c.invalid} aria-describedby=${described} ?required=${field.required} ?disabled=${c.disabled} .value=${text} @input=${typed} @blur=${c.leave} @paste=${c.paste}>`
  }
}

/** Text with a list to pick from: the combobox pattern, since lists of the browser fail on phones. */
function combobox(c: ControlState, choices: { text: string; label: string }[]): TemplateResult {
  const fold = c.text.toLowerCase()
  const exact = choices.some(choice => choice.text === c.text)
  const found = (exact ? choices : choices.filter(choice => choice.label.toLowerCase().includes(fold) || choice.text.toLowerCase().includes(fold))).slice(0, 50)
  const list = `${c.id}-o`
  const box = (event: Event): HTMLElement => (event.currentTarget as HTMLElement).closest<HTMLElement>('.combo')!
  const open = (event: Event, on: boolean): void => {
    const combo = box(event)
    combo.classList.toggle('open', on)
    combo.querySelector('input')!.setAttribute('aria-expanded', String(on))
    if (!on) active(combo, -1)
  }
  const active = (combo: HTMLElement, n: number): void => {
    const options = [...combo.querySelectorAll<HTMLElement>('[role=option]')]
    options.forEach((option, at) => option.setAttribute('aria-selected', String(at === n)))
    const input = combo.querySelector('input')!
    if (options[n]) { input.setAttribute('aria-activedescendant', options[n].id); options[n].scrollIntoView({ block: 'nearest' }) } else input.removeAttribute('aria-activedescendant')
  }
  const key = (event: KeyboardEvent): void => {
    const combo = box(event)
    const options = [...combo.querySelectorAll<HTMLElement>('[role=option]')]
    const at = options.findIndex(option => option.getAttribute('aria-selected') === 'true')
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      open(event, true)
      active(combo, (at + (event.key === 'ArrowDown' ? 1 : options.length - 1 + (at < 0 ? 1 : 0)) + (at < 0 && event.key === 'ArrowUp' ? -1 : 0) + options.length) % Math.max(1, options.length))
    } else if (event.key === 'Enter' && at >= 0) {
      event.preventDefault()
      c.set(found[at]!.text)
      open(event, false)
    } else if (event.key === 'Escape' && combo.classList.contains('open')) { event.stopPropagation(); open(event, false) }
  }
  return html`<div class="combo"><input id=${c.id} role="combobox" aria-autocomplete="list" aria-expanded="false" aria-controls=${list} autocomplete="off" aria-invalid=${c.invalid} aria-describedby=${c.describedBy || nothing} ?disabled=${c.disabled} .value=${c.text}
    @input=${(event: Event) => { c.set((event.target as HTMLInputElement).value); open(event, true) }} @focus=${(event: Event) => open(event, true)} @keydown=${key} @blur=${(event: Event) => { open(event, false); c.leave() }} @paste=${c.paste}>
    <ul role="listbox" id=${list} aria-label=${c.field.label}>${found.map((choice, n) => html`<li role="option" id=${`${list}-${n}`} aria-selected="false" @pointerdown=${(event: Event) => { event.preventDefault(); c.set(choice.text); open(event, false) }}>${choice.label}</li>`)}</ul></div>`
}
