// The page that runs a job with parameters.
import { html, nothing, type TemplateResult } from 'lit/html.js'
import '../src/elements/form.js'
import type { Checked, Entries, Form, FormRules, Preset } from '../src/elements/form-element.js'
import { label } from '../src/elements/states.js'
import type { Run } from '../src/elements/types.js'
import { get, post } from './api.js'
import { Reading, type App, type Job, type Screen } from './app.js'
import { jobHead } from './head.js'
import { hold, trouble } from './parts.js'

export interface Definition extends Job { schema: unknown; form: Form; description?: string | null }

/** What a form asks: what is wrong is asked of the engine that would refuse it. */
export const rulesOf = (job: string, form: () => Form): FormRules => ({ describe: form, check: (_, entries: Entries) => post<Checked>(`jobs/${job}/check`, { entries }) })

/** The form of a job. */
export class FormScreen implements Screen {
  private definition: Reading<Definition>
  private presets: Preset[] = []
  private values: Record<string, unknown> | undefined
  private readonly rules: FormRules

  constructor(private readonly app: App, readonly job: string, private readonly asked: URLSearchParams) {
    this.definition = new Reading(app)
    this.rules = rulesOf(job, () => this.definition.value!.form)
  }
  title(): string { return `Run ${this.definition.value?.name ?? 'a job'}` }

  async load(): Promise<void> {
    if (this.definition.value) return
    const definition = await this.definition.read(get<Definition>(`jobs/${this.job}`))
    if (!definition) return
    const of = (run: Run): Record<string, unknown> => Object.fromEntries(run.params)
    const runs = definition.runs.filter(run => run.params.length)
    const good = runs.find(run => run.s === 'SUCCESS')
    this.presets = [
      { label: 'Job defaults', values: Object.fromEntries(definition.form.fields.filter(field => field.default !== undefined).map(field => [field.name, field.default])) },
      ...(runs[0] ? [{ label: 'Last run', values: of(runs[0]) }] : []), ...(good ? [{ label: 'Last successful run', values: of(good) }] : []),
      ...runs.slice(0, 5).map(run => ({ label: `Run ${run.id}, ${label(run.s).toLowerCase()}`, values: of(run) })),
    ]
    const linked = Object.fromEntries([...this.asked].filter(([name]) => name.startsWith('p.')).map(([name, value]) => [name.slice(2), value]))
    const from = this.asked.get('from')
    if (from) {
      try { this.values = { ...of((await get<{ run: Run }>(`runs/${from}`)).run), ...linked } } catch { this.app.say('The run to take parameters from is gone') }
    } else if (Object.keys(linked).length) this.values = linked
    this.app.draw()
  }

  render(): TemplateResult {
    const definition = this.definition.value
    if (!definition) return this.definition.error ? html`<div class="who card">${trouble(this.definition, 'The job cannot be read', () => void this.load(), true)}</div>` : hold(56, 300)
    return html`${jobHead(this.app, definition, 'run', schedule => { definition.schedule = schedule; this.app.draw() })}
      <div class="card" .style=${'padding:20px;margin-top:16px;max-width:682px'}>${definition.description ? html`<p class="muted" .style=${'margin-bottom:14px'}>${definition.description}</p>` : nothing}
      <lakeflow-param-form .rules=${this.rules} .schema=${definition.schema} .values=${this.values} .presets=${this.presets} .draft=${this.asked.has('from') ? '' : this.job} .disabled=${this.app.stale()} label="Run now"
        .send=${(params: Record<string, unknown>, token: string) => post(`jobs/${this.job}/run`, { params, token })}
        .request=${async (params: Record<string, unknown>) => (await post<{ request: unknown }>(`jobs/${this.job}/run`, { params, dry: true })).request}
        @lakeflow-submit=${(event: CustomEvent<{ run?: string }>) => { if (event.detail.run) this.app.go(`/runs/${event.detail.run}`) }}></lakeflow-param-form></div>`
  }
}
