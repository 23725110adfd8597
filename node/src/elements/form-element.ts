// `<lakeflow-param-form>`: a form made of a parameter schema. One state, three views of it: fields, JSON and the request.
// Which fields there are, what texts stand for and what is wrong with them is the core's to say; this shows it.
import { html, nothing, type TemplateResult } from 'lit/html.js'
import { Base, type Changes } from './element.js'
import { FORM_CSS } from './form-css.js'
import { drawControl, EMPTY, textOf, typed } from './form-controls.js'
import { act, glyph, later, many, note, pretty, seg, words, wrong } from './html.js'

/** A field, as `describe` of the core tells it. */
export interface Field {
  name: string; path: string; label: string; description?: string; type?: string; items?: string; control: string
  required: boolean; nullable?: boolean; default?: unknown; enum?: { value: unknown; label: string }[]
  limits?: Record<string, unknown>; writeOnly?: boolean; readOnly?: boolean; deprecated?: boolean; examples?: unknown[]; fields?: Field[]
  /** What a default that is a reference would be now. */
  now?: string
}
export interface Form { title?: string; description?: string; fields: Field[]; open: boolean; cut: boolean }
export interface Violation { path: string; keyword: string; message: string }
/** Names and texts; U+0000 alone stands for the empty text, since no text is "not set". */
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

type Values = Record<string, unknown>
type Texts = Map<string, string>
const leaves = (fields: Field[]): Field[] => fields.flatMap(field => (field.control === 'group' ? leaves(field.fields ?? []) : [field]))
const keyOf = (field: Field): string => field.path.split('/').at(-1)!.replaceAll('~1', '/').replaceAll('~0', '~')
const secret = (field: Field): unknown => field.writeOnly || field.control === 'password'
/** What typing more cannot cure. */
const stays = ({ keyword }: Violation, { control }: Field): boolean => /^(exclusiveM|m)ax/.test(keyword) || keyword === 'type' && control === 'number'
/** How long a field rests before that is said, in milliseconds. */
const REST = 800
type Mode = 'fields' | 'json' | 'request'

const START = {
  schema: undefined, values: undefined, presets: undefined, rules: undefined, send: undefined, request: undefined, label: 'Run now', draft: '', name: '', disabled: false, defaults: false,
  form_: undefined, texts: new Map<string, string>(), verdict: { params: {}, violations: [] }, mode: 'fields', left: new Set<string>(), sent: false, busy: false, failure: '',
  jsonText: '', jsonError: '', offer: undefined, undo: undefined, shown: '',
}

export class LakeflowParamFormElement extends Base {
  static formAssociated = true
  static observedAttributes = ['schema', 'values', 'label', 'draft', 'name', 'disabled', 'defaults']
  declare schema: unknown
  declare values: Values | undefined
  declare presets: Preset[] | undefined
  declare rules: FormRules | undefined
  /** Starts a run; without it the event `lakeflow-submit` alone tells what was sent. */
  declare send: ((params: Values, token: string) => Promise<{ run?: string; violations?: Violation[] }>) | undefined
  /** The request that would be sent, to look at. */
  declare request: ((params: Values) => Promise<unknown>) | undefined
  declare label: string
  declare draft: string
  declare name: string
  declare disabled: boolean
  /** Sends what equals its default, too. */
  declare defaults: boolean
  declare form_: Form | undefined
  declare texts: Texts
  declare verdict: Checked
  declare mode: Mode
  declare left: Set<string>
  declare sent: boolean
  declare busy: boolean
  declare failure: string
  declare jsonText: string
  declare jsonError: string
  declare offer: { label: string; texts: Texts } | undefined
  declare undo: Texts | undefined
  declare shown: string
  readonly #internals: ElementInternals
  /** Every field that holds a value, by name. */
  #fields = new Map<string, Field>()
  #turn = 0
  #token = ''
  #rest = 0

  constructor() {
    super(START, FORM_CSS)
    this.#internals = this.attachInternals()
  }

  /** The parameters as they are now. */
  get params(): Values { return this.verdict.params }
  get violations(): Violation[] { return this.verdict.violations }
  get validity(): ValidityState { return this.#internals.validity }
  get value(): string { return JSON.stringify(this.params) }
  checkValidity(): boolean { return this.#internals.checkValidity() }
  reportValidity(): boolean {
    this.sent = true
    return this.checkValidity()
  }
  formResetCallback(): void { void this.#begin() }
  formDisabledCallback(disabled: boolean): void { this.disabled = disabled }

  override prepare(changed: Changes): void {
    if (changed.has('schema') && this.schema) void this.#begin()
    else if (changed.has('values') && this.values && this.form_) this.fill(this.values, false)
  }

  async #core(): Promise<FormRules> { return this.rules ?? rules.get() }

  async #begin(): Promise<void> {
    try {
      const form = await (await this.#core()).describe(this.schema)
      this.#fields = new Map(leaves(form.fields).map(field => [field.name, field]))
      const texts = new Map([...this.#fields].filter(([, field]) => field.default !== undefined).map(([name, field]) => [name, textOf(field.default)]))
      Object.assign(this, { form_: form, texts, left: new Set(), sent: false, failure: '' })
      if (this.values) this.texts = this.#with(this.values)
      const kept = JSON.parse(this.#store('getItem') ?? 'null') as Entries | null
      if (kept) this.texts = new Map([...this.texts, ...kept])
      await this.#check()
    } catch (error) {
      this.failure = words(error)
    }
  }

  /** The draft of this form in the storage of the tab. */
  #store(does: 'getItem' | 'setItem' | 'removeItem', text?: string): string | null | void {
    // Full or forbidden: a draft is a comfort.
    if (this.draft) try { return sessionStorage[does](`lakeflow-draft-${this.draft}`, text!) } catch { /* as above */ }
    return null
  }

  /** The texts with some values in them; what fits no field is kept, too. */
  #with(values: Values, texts = new Map(this.texts)): Texts {
    const take = (fields: Field[], from: Values): void => {
      for (const field of fields) {
        const value = from[keyOf(field)]
        if (value === undefined) continue
        if (field.control === 'group' && value && typeof value === 'object') take(field.fields ?? [], value as Values)
        else if (!secret(field)) texts.set(field.name, textOf(value))
      }
    }
    const { fields } = this.form_!
    take(fields, values)
    const known = new Set(fields.map(keyOf))
    for (const [name, value] of Object.entries(values)) if (!known.has(name)) texts.set(name, textOf(value))
    return texts
  }

  /** Takes values over; what fits no field is shown and marked. */
  fill(values: Values, mark = true): void { this.#change(this.#with(values), mark) }

  #change(texts: Texts, mark = false): void {
    if (mark) this.undo = this.texts
    Object.assign(this, { texts, offer: undefined })
    this.#token = ''
    this.#store('setItem', JSON.stringify([...texts].filter(([name]) => !secret(this.#fields.get(name) ?? {} as Field))))
    void this.#check()
  }
  #set(name: string, text: string): void { this.#change(new Map(this.texts).set(name, text)) }

  /** Asks before values are taken over, and shows what would change. */
  #ask(label: string, values: Values): void { this.offer = { label, texts: this.#with(values) } }

  #entries(): Entries {
    return [...this.texts].filter(([name, text]) => {
      const field = this.#fields.get(name)
      // A field that equals its default is not sent.
      return this.defaults || !field || field.required || field.default === undefined || text !== textOf(field.default)
    })
  }

  async #check(): Promise<void> {
    const turn = ++this.#turn
    try {
      const checked = await (await this.#core()).check(this.schema, this.#entries())
      if (turn !== this.#turn) return
      this.verdict = checked
      if (this.mode !== 'json') this.jsonText = pretty(checked.params)
      if (this.mode === 'request') void this.#preview()
      this.#internals.setFormValue(this.value)
      const first = checked.violations[0]
      await this.updateComplete
      if (first) this.#internals.setValidity({ customError: true }, first.message, this.find('input,textarea,select,button')!)
      else this.#internals.setValidity({})
      this.tell('change', { ...checked })
    } catch (error) {
      if (turn === this.#turn) this.failure = words(error)
    }
  }

  /** What is typed is said to be wrong once the field was left or the form sent; what typing more cannot cure, when it rests. */
  #typed(field: Field, text: string): void {
    this.#set(field.name, text)
    clearTimeout(this.#rest)
    this.#rest = window.setTimeout(() => { if (this.violations.some(found => found.path === field.path && stays(found, field))) this.#leave(field) }, REST)
  }
  #leave({ name }: Field): void { if (!this.left.has(name)) this.left = new Set(this.left).add(name) }

  /** What is wrong with a field, once it may be said. */
  #errors(field: Field): Violation[] {
    if (!this.sent && !this.left.has(field.name)) return []
    const parent = field.path.slice(0, field.path.lastIndexOf('/'))
    return this.violations.filter(({ path, keyword, message }) =>
      path === field.path || path.startsWith(`${field.path}/`) || (keyword === 'required' && path === parent && !this.texts.get(field.name) && message.includes(`"${keyOf(field)}"`)))
  }

  #paste(event: ClipboardEvent, field?: Field): void {
    const text = event.clipboardData!.getData('text').trim()
    const lines = text.split('\n').map(line => /^([\w.-]+)=(.*)$/.exec(line))
    let values: Values | undefined
    if (field?.control === 'json') return
    if (text[0] === '{') try { values = JSON.parse(text) as Values } catch { return }
    else if (lines[1] && lines.every(line => line)) values = Object.fromEntries(lines.map(line => line!.slice(1)))
    if (values) {
      this.#ask(`Fill ${many(Object.keys(values).length, 'field')} with what was pasted?`, values)
    } else if (field?.control === 'list' && text.includes(',') && !lines[1]) {
      // Items, too; the browser puts them where the text would be.
      document.execCommand('insertText', false, text.split(',').map(item => item.trim()).join('\n'))
    } else return
    event.preventDefault()
  }

  #json(text: string): void {
    this.jsonText = text
    try {
      const values = JSON.parse(text) as Values
      if (values?.constructor !== Object) throw new Error('parameters are an object: {"name": value}')
      this.jsonError = ''
      this.#change(this.#with(values, new Map()))
    } catch (error) {
      this.jsonError = words(error)
    }
  }
  /** The line of the JSON text that cannot be read, from 1. */
  get #line(): number {
    const [, line, at] = /line (\d+)|position (\d+)/.exec(this.jsonError) ?? []
    return Number(line ?? (at && this.jsonText.slice(0, Number(at)).split('\n').length))
  }

  async #preview(): Promise<void> {
    this.shown = ''
    if (this.request && !this.violations.length) this.shown = await this.request(this.params).then(pretty, words)
  }

  async submit(): Promise<void> {
    if (this.busy || this.disabled) return
    this.sent = true
    await this.#check()
    if (this.jsonError || this.violations.length) {
      await this.updateComplete
      this.#show(this.find('[aria-invalid=true],.bad input') ?? this.find('.sum'))
      return
    }
    const { params } = this
    try {
      let run: string | undefined
      if (this.send) {
        Object.assign(this, { busy: true, failure: '' })
        // One intent has one token, also when it is sent again after a broken connection.
        this.#token ||= crypto.randomUUID()
        const answer = await this.send(params, this.#token)
        if (answer.violations?.length) {
          this.verdict = { params, violations: answer.violations }
          return
        }
        this.#token = ''
        run = answer.run
      }
      if (this.tell('submit', { params, ...(run && { run }) })) this.#store('removeItem')
    } catch (error) {
      this.failure = words(error)
    } finally {
      this.busy = false
    }
  }

  override render(): TemplateResult {
    const { form_: form, mode, offer, undo, presets, failure } = this
    if (!form) return failure ? wrong('The form cannot be shown', failure) : html`<div class="hold" .style=${'height:120px'}></div>`
    const modes: [Mode, string][] = [['fields', 'Fields'], ['json', 'JSON']]
    if (this.request) modes.push(['request', 'Request'])
    const seen = this.sent ? this.violations : []
    return html`<div class="form" part="form" @keydown=${(event: KeyboardEvent) => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void this.submit() }}>
      <div class="row bar">${seg('View', modes, mode, mode => {
        this.mode = mode
        if (mode === 'request') void this.#preview()
        this.jsonText = pretty(this.params)
      })}<span class="sp"></span>
        ${presets?.length ? html`<select class="sm" aria-label="Fill from" @change=${(event: Event) => {
          const select = event.target as HTMLSelectElement
          const preset = presets[Number(select.value)]
          if (preset) this.#ask(`Fill from ${preset.label}?`, preset.values)
          select.value = ''
        }}><option value="">Fill from…</option>${presets.map(({ label }, n) => html`<option value=${n}>${label}</option>`)}</select>` : nothing}
        ${undo ? act('Undo', () => { this.undo = undefined; this.#change(undo) }) : nothing}</div>
      ${offer ? this.#offer(offer) : nothing}
      ${seen.length ? html`<div class="err sum" role="alert" tabindex="-1"><b>${seen.length === 1 ? 'One thing is' : `${seen.length} things are`} wrong</b>${seen.slice(0, 8).map(found => html`<span><a href="#" @click=${(event: Event) => { event.preventDefault(); this.#goto(found) }}>${found.path || 'parameters'}</a>: ${found.message}</span>`)}</div>` : nothing}
      ${mode === 'fields' ? this.#fieldsView(form) : mode === 'json' ? html`<label class="f"><span class="lab">Parameters as JSON</span><textarea class="mono js" .style=${this.jsonError && `--l:${this.#line}`} rows="12" spellcheck="false" aria-invalid=${!!this.jsonError} .value=${this.jsonText} @input=${(event: Event) => this.#json((event.target as HTMLTextAreaElement).value)}></textarea>${this.jsonError ? html`<span class="fe" part="error">${this.jsonError}; the last good values are kept</span>` : nothing}</label>`
        : html`<pre tabindex="0">${this.shown || 'First mend what is wrong'}</pre>`}
      ${failure ? wrong('The run was not started', failure) : nothing}
      <div class="row foot"><button class="pri" part="submit" aria-busy=${this.busy} ?disabled=${this.disabled} @click=${() => void this.submit()}>${glyph('play')}${this.busy ? 'Starting…' : this.label}</button><slot name="foot"></slot></div></div>`
  }

  #offer({ label, texts }: { label: string; texts: Texts }): TemplateResult {
    const changes = [...texts].filter(([name, text]) => text !== (this.texts.get(name) ?? ''))
    const word = (text = ''): string => (text ? (text === EMPTY ? 'empty' : text.slice(0, 80)) : 'not set')
    return html`<div class="row offer" role="alert"><span>${label}</span><span class="sp"></span>${act('Fill', () => this.#change(texts, true), 'sm pri')}${act('No', () => { this.offer = undefined })}
      <ul>${changes.length ? changes.slice(0, 20).map(([name, text]) => html`<li><span class="mono">${name}</span> ${word(this.texts.get(name))} → <b>${word(text)}</b></li>`) : 'Nothing would change'}</ul></div>`
  }

  #show(place: HTMLElement | null | undefined): void {
    for (let fold = place?.closest('details'); fold; fold = fold.parentElement!.closest('details')) fold.open = true
    place?.focus()
  }
  #goto(found: Violation): void {
    this.mode = 'fields'
    void this.updateComplete.then(() => {
      const field = [...this.#fields.values()].find(field => this.#errors(field).includes(found))
      this.#show(this.find(field ? `#${CSS.escape(`f-${field.name}`)}` : 'input,textarea,select'))
    })
  }

  #fieldsView({ description, fields, open, cut }: Form): TemplateResult {
    const others = [...this.texts.keys()].filter(name => !this.#fields.has(name))
    return html`${description ? note(description) : nothing}
      ${fields.length || others.length || open ? nothing : note('This job takes no parameters.')}
      ${fields.map(field => this.#field(field))}
      ${others.map(name => html`<div class="f"><label class="lab" for=${`x-${name}`}>${name} <span class="tag">not in the schema</span></label><div class="row"><input id=${`x-${name}`} .value=${(this.texts.get(name) ?? '').replace(EMPTY, '')} @input=${(event: Event) => this.#set(name, (event.target as HTMLInputElement).value)}><button class="ghost" aria-label=${`Remove ${name}`} @click=${() => { const texts = new Map(this.texts); texts.delete(name); this.#change(texts) }}>${glyph('cross')}</button></div></div>`)}
      ${open ? html`<div class="row add"><button class="sm" @click=${this.#add}>${glyph('plus')}Add a parameter</button><input id="add" placeholder="name" aria-label="Name of the parameter to add" @keydown=${(event: KeyboardEvent) => { if (event.key === 'Enter') this.#add() }} @paste=${(event: ClipboardEvent) => this.#paste(event)}></div>` : nothing}
      ${cut ? note('More than fit a form: give the others as JSON.') : nothing}`
  }

  #add = (): void => {
    const input = this.find<HTMLInputElement>('#add')!
    const name = input.value.trim()
    if (name) this.#set(name, this.texts.get(name) ?? '')
    else input.focus()
    input.value = ''
  }

  #field(field: Field): TemplateResult {
    const { name, label, path, control, description, required } = field
    const must = required ? html`<span class="req">required</span>` : nothing
    if (control === 'group') return html`<details ?open=${path.lastIndexOf('/') < 1}><summary>${label} ${must}</summary>${description ? note(description) : nothing}${(field.fields ?? []).map(inner => this.#field(inner))}</details>`
    const text = this.texts.get(name) ?? ''
    const errors = this.#errors(field)
    const initial = textOf(field.default)
    const id = `f-${name}`
    const set = (text: string): void => this.#set(name, text)
    return html`<fieldset class="f ${errors.length ? 'bad' : ''}" part="field" role="none" ?disabled=${this.busy || this.disabled || field.readOnly}
        @input=${(event: Event) => this.#typed(field, typed(event.target as HTMLInputElement))} @paste=${(event: ClipboardEvent) => this.#paste(event, field)}
        @focusout=${(event: FocusEvent) => { if (!(event.currentTarget as Node).contains(event.relatedTarget as Node)) this.#leave(field) }}>
      <div class="lab"><label part="label" id=${`${id}-l`} for=${id}>${label}</label>${label === keyOf(field) ? nothing : html`<span class="mono faint">${keyOf(field)}</span>`}${must}${field.deprecated ? html`<span class="tag">deprecated</span>` : nothing}<span class="sp"></span>
        ${/^(text|pass)/.test(control) && !required && (!text || text === EMPTY) ? html`<span class="faint">${text ? 'empty' : 'not set'}</span>${act(text ? 'Not set' : 'Set to empty', () => set(text ? '' : EMPTY), 'ghost sm')}` : nothing}
        ${field.default === undefined || control === 'constant' ? nothing : text === initial ? html`<span class="faint">default${field.now ? html`, now <span class="mono">${field.now}</span>` : ''}</span>` : html`<span class="dot"></span><button class="ghost sm" aria-label=${`Reset ${label} to its default`} @click=${() => set(initial)}>Reset</button>`}</div>
      ${drawControl({ field, text, id, set, invalid: !!errors.length, describedBy: [description && `${id}-d`, errors.length && `${id}-e`].filter(Boolean).join(' ') })}
      ${description ? html`<span class="fd" id=${`${id}-d`}>${description}</span>` : nothing}
      ${errors.length ? html`<span class="fe" id=${`${id}-e`} part="error" role="alert">${errors.slice(0, 4).map(found => html`<span>${found.path.length > path.length ? `${found.path.slice(path.length + 1)}: ` : ''}${found.message}</span>`)}</span>` : nothing}</fieldset>`
  }
}
