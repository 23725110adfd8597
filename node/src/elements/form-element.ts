// `<lakeflow-param-form>`: a form made of a parameter schema. One state, three views of it: fields, JSON and the request.
// Which fields there are, what texts stand for and what is wrong with them is the core's to say; this shows it.
import { html, nothing, type TemplateResult } from 'lit/html.js'
import { Base, type Changes } from './element.js'
import { FORM_CSS } from './form-css.js'
import { drawControl, type ControlState } from './form-controls.js'
import { glyph, later } from './html.js'

/** A field, as `describe` of the core tells it. */
export interface Field {
  name: string; path: string; label: string; description?: string; type?: string; items?: string; control: string
  required: boolean; nullable?: boolean; default?: unknown; enum?: { value: unknown; label: string }[]
  limits?: Record<string, unknown>; writeOnly?: boolean; readOnly?: boolean; deprecated?: boolean; examples?: unknown[]; fields?: Field[]
}
export interface Form { title?: string; description?: string; fields: Field[]; open: boolean; cut: boolean }
export interface Violation { path: string; keyword: string; message: string }
export type Entries = [string, string][]
export interface Checked { params: Record<string, unknown>; violations: Violation[] }
/** The core, wherever it runs: in the page (`lakeflow-jobs/web`) or in the engine. */
export interface FormRules {
  describe(schema: unknown): Form | Promise<Form>
  check(schema: unknown, entries: Entries): Checked | Promise<Checked>
}
export interface Preset { label: string; values: Record<string, unknown> }

const rules = later<FormRules>()
/** Where the core comes from; called once by who embeds the elements, before or after there is a form. */
export const useFormRules = rules.give

/** The text that stands for a value in a control. */
export const textOf = (value: unknown): string =>
  value === undefined || value === null ? '' : typeof value === 'string' ? value
  : Array.isArray(value) && value.every(item => typeof item !== 'object') ? value.map(String).join('\n') : JSON.stringify(value)

const leaves = (fields: Field[]): Field[] => fields.flatMap(field => (field.control === 'group' ? leaves(field.fields ?? []) : [field]))
type Mode = 'fields' | 'json' | 'request'

const START = {
  schema: undefined, values: undefined, presets: undefined, rules: undefined, send: undefined, request: undefined, label: 'Run now', draft: '', name: '', disabled: false,
  form_: undefined, texts: new Map<string, string>(), checked: { params: {}, violations: [] }, mode: 'fields', left: new Set<string>(), sent: false, busy: false, failure: '',
  jsonText: '', jsonError: '', offer: undefined, undo: undefined, shown: '', extra: [],
}

export class LakeflowParamFormElement extends Base {
  static formAssociated = true
  static observedAttributes = ['schema', 'values', 'label', 'draft', 'name', 'disabled']
  declare schema: unknown
  declare values: Record<string, unknown> | undefined
  declare presets: Preset[] | undefined
  declare rules: FormRules | undefined
  /** Starts a run; without it the event `lakeflow-submit` alone tells what was sent. */
  declare send: ((params: Record<string, unknown>, token: string) => Promise<{ run?: string; violations?: Violation[] }>) | undefined
  /** The request that would be sent, to look at. */
  declare request: ((params: Record<string, unknown>) => Promise<unknown>) | undefined
  declare label: string
  declare draft: string
  declare name: string
  declare disabled: boolean
  declare form_: Form | undefined
  declare texts: Map<string, string>
  declare checked: Checked
  declare mode: Mode
  declare left: Set<string>
  declare sent: boolean
  declare busy: boolean
  declare failure: string
  declare jsonText: string
  declare jsonError: string
  declare offer: { label: string; values: Record<string, unknown> } | undefined
  declare undo: Map<string, string> | undefined
  declare shown: string
  declare extra: string[]
  readonly #internals: ElementInternals | undefined
  #turn = 0
  #token = ''

  constructor() {
    super(START, FORM_CSS)
    this.#internals = 'attachInternals' in this ? this.attachInternals() : undefined
  }

  /** The parameters as they are now. */
  get params(): Record<string, unknown> { return this.checked.params }
  get violations(): Violation[] { return this.checked.violations }
  get validity(): ValidityState | undefined { return this.#internals?.validity }
  get value(): string { return JSON.stringify(this.checked.params) }
  checkValidity(): boolean { return this.#internals?.checkValidity() ?? !this.violations.length }
  reportValidity(): boolean {
    this.sent = true
    return this.checkValidity()
  }
  formResetCallback(): void { void this.#begin() }

  override prepare(changed: Changes): void {
    if (changed.has('schema') && this.schema) void this.#begin()
    else if (changed.has('values') && this.values && this.form_) this.fill(this.values, false)
  }

  async #core(): Promise<FormRules> { return this.rules ?? rules.get() }

  async #begin(): Promise<void> {
    try {
      const form = await (await this.#core()).describe(this.schema)
      const texts = new Map(leaves(form.fields).filter(field => field.default !== undefined).map(field => [field.name, textOf(field.default)]))
      Object.assign(this, { form_: form, texts, left: new Set(), sent: false, failure: '', extra: [] })
      if (this.values) this.fill(this.values, false)
      this.#restore()
      await this.#check()
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error)
    }
  }

  #restore(): void {
    if (!this.draft) return
    try {
      const kept = JSON.parse(globalThis.sessionStorage.getItem(`lakeflow-draft-${this.draft}`) ?? 'null') as [string, string][] | null
      if (kept) this.texts = new Map([...this.texts, ...kept])
      this.extra = [...this.texts.keys()].filter(name => !this.#known(name))
    } catch { /* no storage, or not ours: the form starts fresh */ }
  }
  #keep(): void {
    if (!this.draft) return
    const secret = new Set(leaves(this.form_?.fields ?? []).filter(field => field.writeOnly || field.control === 'password').map(field => field.name))
    try {
      globalThis.sessionStorage.setItem(`lakeflow-draft-${this.draft}`, JSON.stringify([...this.texts].filter(([name]) => !secret.has(name))))
    } catch { /* full or forbidden: the draft is a comfort */ }
  }

  #known(name: string): boolean { return leaves(this.form_?.fields ?? []).some(field => field.name === name) }

  /** Takes values over; what fits no field is kept, shown and marked. */
  fill(values: Record<string, unknown>, mark = true): void {
    if (mark) this.undo = new Map(this.texts)
    const texts = new Map(this.texts)
    const secret = (field: Field): boolean => !!field.writeOnly || field.control === 'password'
    const take = (fields: Field[], from: Record<string, unknown>): void => {
      for (const field of fields) {
        const key = field.path.split('/').at(-1)!.replaceAll('~1', '/').replaceAll('~0', '~')
        if (!(key in from)) continue
        if (field.control === 'group' && typeof from[key] === 'object' && from[key]) take(field.fields ?? [], from[key] as Record<string, unknown>)
        else if (!secret(field)) texts.set(field.name, textOf(from[key]))
      }
    }
    take(this.form_?.fields ?? [], values)
    const tops = new Set((this.form_?.fields ?? []).map(field => field.path.slice(1).replaceAll('~1', '/').replaceAll('~0', '~')))
    for (const [name, value] of Object.entries(values)) if (!tops.has(name)) texts.set(name, textOf(value))
    this.texts = texts
    this.extra = [...texts.keys()].filter(name => !this.#known(name))
    this.#changed()
  }

  #entries(): Entries {
    const fields = new Map(leaves(this.form_?.fields ?? []).map(field => [field.name, field]))
    return [...this.texts].filter(([name, text]) => {
      const field = fields.get(name)
      // A field that equals its default is not sent.
      return !field || field.required || field.default === undefined || text !== textOf(field.default)
    })
  }

  #changed(): void {
    this.#token = ''
    this.#keep()
    void this.#check()
  }

  async #check(): Promise<void> {
    const turn = ++this.#turn
    const entries = this.#entries()
    try {
      const checked = await (await this.#core()).check(this.schema, entries)
      if (turn !== this.#turn) return
      this.checked = checked
      if (this.mode !== 'json') this.jsonText = JSON.stringify(checked.params, null, 2)
      if (this.mode === 'request') void this.#preview()
      this.#internals?.setFormValue(JSON.stringify(checked.params))
      const first = checked.violations[0]
      await this.updateComplete
      const anchor = this.shadowRoot!.querySelector<HTMLElement>('input,textarea,select,button') ?? undefined
      if (this.#internals) first ? this.#internals.setValidity({ customError: true }, first.message, anchor) : this.#internals.setValidity({})
      this.tell('change', { params: checked.params, violations: checked.violations })
    } catch (error) {
      if (turn === this.#turn) this.failure = error instanceof Error ? error.message : String(error)
    }
  }

  #set(name: string, text: string): void {
    this.texts = new Map(this.texts).set(name, text)
    this.#changed()
  }

  /** What is wrong with a field, once it may be said: after it was left, or after sending. */
  #errors(field: Field): Violation[] {
    if (!this.sent && !this.left.has(field.name)) return []
    const parent = field.path.slice(0, field.path.lastIndexOf('/'))
    const own = (found: Violation): boolean =>
      found.path === field.path || found.path.startsWith(`${field.path}/`) && field.control !== 'group' || (found.keyword === 'required' && found.path === parent && !this.texts.get(field.name) && found.message.includes(`"${field.path.split('/').at(-1)}"`))
    return this.violations.filter(own)
  }

  #paste(event: ClipboardEvent): void {
    const text = event.clipboardData?.getData('text/plain').trim() ?? ''
    let values: Record<string, unknown> | undefined
    if (text.startsWith('{')) {
      try { values = JSON.parse(text) as Record<string, unknown> } catch { return }
    } else if (text.split('\n').length > 1 && text.split('\n').every(line => /^[\w.-]+=/.test(line))) {
      values = Object.fromEntries(text.split('\n').map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
    }
    if (!values || Array.isArray(values)) return
    event.preventDefault()
    const n = Object.keys(values).length
    this.offer = { label: `Fill ${n} ${n === 1 ? 'field' : 'fields'} with what was pasted?`, values }
  }

  #json(text: string): void {
    this.jsonText = text
    try {
      const values = JSON.parse(text) as Record<string, unknown>
      if (typeof values !== 'object' || values === null || Array.isArray(values)) throw new Error('parameters are an object: {"name": value}')
      this.jsonError = ''
      this.texts = new Map()
      this.fill(values, false)
    } catch (error) {
      this.jsonError = error instanceof Error ? error.message : String(error)
    }
  }

  async #preview(): Promise<void> {
    if (!this.request || this.violations.length) { this.shown = ''; return }
    try { this.shown = JSON.stringify(await this.request(this.checked.params), null, 2) } catch (error) { this.shown = String(error) }
  }

  async submit(): Promise<void> {
    if (this.busy) return
    this.sent = true
    await this.#check()
    if (this.jsonError || this.violations.length) {
      await this.updateComplete
      const first = this.shadowRoot!.querySelector<HTMLElement>('[aria-invalid=true],.bad input,.bad textarea,.bad select')
      ;(first ?? this.shadowRoot!.querySelector<HTMLElement>('.sum'))?.focus()
      return
    }
    const params = this.checked.params
    if (!this.send) { this.tell('submit', { params }); return }
    this.busy = true
    this.failure = ''
    // One intent has one token, also when it is sent again after a broken connection.
    this.#token ||= globalThis.crypto.randomUUID()
    try {
      const answer = await this.send(params, this.#token)
      if (answer.violations?.length) this.checked = { params, violations: answer.violations }
      else {
        this.#token = ''
        if (this.draft) globalThis.sessionStorage?.removeItem(`lakeflow-draft-${this.draft}`)
        this.tell('submit', { params, run: answer.run })
      }
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error)
    } finally {
      this.busy = false
    }
  }

  override render(): TemplateResult {
    const form = this.form_
    if (!form) return this.failure ? html`<div class="err" role="alert"><b>The form cannot be shown</b><span>${this.failure}</span></div>` : html`<div class="hold" .style=${'height:120px'}></div>`
    const modes: [Mode, string][] = [['fields', 'Fields'], ['json', 'JSON'], ...(this.request ? [['request', 'Request'] as [Mode, string]] : [])]
    const seen = this.sent ? this.violations : []
    return html`<div class="form" part="form" @keydown=${(event: KeyboardEvent) => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void this.submit() }}>
      <div class="bar"><div class="seg" role="group" aria-label="View">${modes.map(([mode, name]) => html`<button type="button" aria-pressed=${this.mode === mode} @click=${() => { this.mode = mode; if (mode === 'request') void this.#preview(); if (mode === 'json') this.jsonText = JSON.stringify(this.checked.params, null, 2) }}>${name}</button>`)}</div><span class="sp"></span>
        ${this.presets?.length ? html`<label class="pre"><span class="sr">Fill from</span><select @change=${(event: Event) => { const select = event.target as HTMLSelectElement; const preset = this.presets?.[Number(select.value)]; if (preset) this.fill(preset.values); select.value = '' }}><option value="">Fill from…</option>${this.presets.map((preset, n) => html`<option value=${n}>${preset.label}</option>`)}</select></label>` : nothing}
        ${this.undo ? html`<button type="button" class="sm" @click=${() => { this.texts = this.undo!; this.undo = undefined; this.#changed() }}>Undo</button>` : nothing}</div>
      ${this.offer ? html`<div class="offer" role="alert"><span>${this.offer.label}</span><span class="sp"></span><button type="button" class="sm pri" @click=${() => { this.fill(this.offer!.values); this.offer = undefined }}>Fill</button><button type="button" class="sm" @click=${() => { this.offer = undefined }}>No</button></div>` : nothing}
      ${seen.length ? html`<div class="err sum" role="alert" tabindex="-1"><b>${seen.length === 1 ? 'One thing is' : `${seen.length} things are`} wrong</b>${seen.slice(0, 8).map(found => html`<span><a href="#" @click=${(event: Event) => { event.preventDefault(); this.#goto(found) }}>${found.path || 'parameters'}</a>: ${found.message}</span>`)}</div>` : nothing}
      ${this.mode === 'fields' ? this.#fieldsView(form) : this.mode === 'json' ? html`<label class="f"><span class="lab">Parameters as JSON</span><textarea class="mono" rows="12" spellcheck="false" aria-invalid=${this.jsonError ? 'true' : 'false'} .value=${this.jsonText} @input=${(event: Event) => this.#json((event.target as HTMLTextAreaElement).value)}></textarea>${this.jsonError ? html`<span class="fe" part="error">${this.jsonError}; the last good values are kept</span>` : nothing}</label>`
        : html`<pre class="pre2" tabindex="0">${this.shown || 'What is wrong has to be put right first'}</pre>`}
      ${this.failure ? html`<div class="err" role="alert"><b>The run was not started</b><span>${this.failure}</span></div>` : nothing}
      <div class="foot"><button type="button" class="pri" part="submit" aria-busy=${this.busy} ?disabled=${this.disabled} @click=${() => void this.submit()}>${glyph('play')}${this.busy ? 'Starting…' : this.label}</button><slot name="foot"></slot></div></div>`
  }

  #goto(found: Violation): void {
    this.mode = 'fields'
    void this.updateComplete.then(() => {
      const field = leaves(this.form_?.fields ?? []).find(field => this.#errors(field).includes(found))
      this.shadowRoot!.querySelector<HTMLElement>(field ? `#${CSS.escape(`f-${field.name}`)}` : 'input,textarea,select')?.focus()
    })
  }

  #fieldsView(form: Form): TemplateResult {
    const unknown = this.extra.filter(name => !this.#known(name))
    return html`${form.description ? html`<p class="muted">${form.description}</p>` : nothing}
      ${form.fields.length ? nothing : unknown.length || form.open ? nothing : html`<p class="muted">This job takes no parameters.</p>`}
      ${form.fields.map(field => this.#field(field))}
      ${unknown.map(name => html`<div class="f"><label class="lab" for=${`x-${name}`}>${name} <span class="tag">not in the schema</span></label><div class="row"><input id=${`x-${name}`} .value=${this.texts.get(name) ?? ''} @input=${(event: Event) => this.#set(name, (event.target as HTMLInputElement).value)}><button type="button" class="ghost" aria-label=${`Remove ${name}`} @click=${() => { const texts = new Map(this.texts); texts.delete(name); this.texts = texts; this.extra = this.extra.filter(other => other !== name); this.#changed() }}>${glyph('cross')}</button></div></div>`)}
      ${form.open ? html`<div class="f"><button type="button" class="sm add" @click=${() => this.#add()}>${glyph('plus')}Add a parameter</button><input id="add" placeholder="name" aria-label="Name of the parameter to add" @keydown=${(event: KeyboardEvent) => { if (event.key === 'Enter') this.#add() }}></div>` : nothing}
      ${form.cut ? html`<p class="muted">More parameters than fit a form: give the others as JSON.</p>` : nothing}`
  }

  #add(): void {
    const input = this.shadowRoot!.querySelector<HTMLInputElement>('#add')
    const name = input?.value.trim() ?? ''
    if (!name) { input?.focus(); return }
    input!.value = ''
    this.extra = [...new Set([...this.extra, name])]
    this.#set(name, this.texts.get(name) ?? '')
  }

  #field(field: Field): TemplateResult {
    if (field.control === 'group') {
      return html`<fieldset><legend>${field.label}${field.required ? html` <span class="req">required</span>` : nothing}</legend>${field.description ? html`<p class="muted">${field.description}</p>` : nothing}${(field.fields ?? []).map(inner => this.#field(inner))}</fieldset>`
    }
    const text = this.texts.get(field.name) ?? ''
    const errors = this.#errors(field)
    const initial = field.default !== undefined && text === textOf(field.default)
    const id = `f-${field.name}`
    const key = field.path.split('/').at(-1)!
    const state: ControlState = {
      field, text, id, invalid: errors.length > 0, describedBy: [field.description && `${id}-d`, errors.length && `${id}-e`].filter(Boolean).join(' '), disabled: this.busy || this.disabled || !!field.readOnly,
      set: text => this.#set(field.name, text), leave: () => { if (!this.left.has(field.name)) this.left = new Set(this.left).add(field.name) }, paste: event => this.#paste(event),
    }
    return html`<div class="f ${errors.length ? 'bad' : ''}" part="field"><div class="lab"><label part="label" id=${`${id}-l`} for=${id}>${field.label}</label>${field.label === key ? nothing : html`<span class="mono faint">${key}</span>`}${field.required ? html`<span class="req">required</span>` : nothing}${field.deprecated ? html`<span class="tag">deprecated</span>` : nothing}<span class="sp"></span>
        ${initial && text ? html`<span class="faint">default</span>` : field.default !== undefined && field.control !== 'constant' ? html`<span class="dot" aria-hidden="true"></span><button type="button" class="ghost sm" aria-label=${`Reset ${field.label} to its default`} @click=${() => this.#set(field.name, textOf(field.default))}>Reset</button>` : nothing}</div>
      ${drawControl(state)}
      ${field.description ? html`<span class="fd" id=${`${id}-d`}>${field.description}</span>` : nothing}
      ${errors.length ? html`<span class="fe" id=${`${id}-e`} part="error" role="alert">${errors.slice(0, 4).map(found => html`<span>${found.path === field.path || found.keyword === 'required' ? '' : `${found.path.slice(field.path.length + 1)}: `}${found.message}</span>`)}</span>` : nothing}</div>`
  }
}
