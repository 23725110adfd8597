// The first page: the jobs of the bundle with their last runs, and what is wrong with the bundle.
import { html, nothing, type TemplateResult } from 'lit/html.js'
import { repeat } from 'lit/directives/repeat.js'
import { copy, glyph, titled } from '../src/elements/html.js'
import { label } from '../src/elements/states.js'
import { away, span, stamp } from '../src/elements/time.js'
import type { App, Problem, Screen } from './app.js'
import { hold, share, spark, took } from './parts.js'

/** What is wrong with the bundle; what is said of several lines is said once. */
export function problems(list: Problem[], folder = ''): TemplateResult | typeof nothing {
  if (!list.length) return nothing
  const groups = new Map<string, Problem[]>()
  for (const one of list) groups.set(one.message, [...(groups.get(one.message) ?? []), one])
  const place = ({ position }: Problem): string => (position ? `${(position.file ?? '').replace(`${folder}/`, '')}:${position.line}` : '')
  return html`<section class="card strip" aria-label="Problems of the bundle"><ul class="stack" .style=${'gap:6px'}>${[...groups.values()].slice(0, 8).map(group => {
    const one = group[0]!
    const places = group.map(place).filter(Boolean)
    return html`<li class=${one.severity}>${glyph('warn')}<span><span class="mono" title=${places.join(', ')}>${places[0] ?? ''}${places.length > 1 ? html` <span class="muted">and ${places.length - 1} more ${places.length > 2 ? 'lines' : 'line'}</span>` : nothing}</span> ${one.message}${one.hint ? html`<br><span class="muted">${one.hint}</span>` : nothing}</span></li>`
  })}${groups.size > 8 ? html`<li class="muted">and ${groups.size - 8} more: <code>lakeflow validate</code> prints all</li>` : nothing}</ul></section>`
}

/** A bundle with one job, for who has none yet. */
const EXAMPLE = `cat > databricks.yml <<'END'
bundle: { name: example }
resources:
  jobs:
    hello:
      name: hello
      tasks:
        - task_key: greet
          spark_python_task: { python_file: ./greet.py }
END
echo 'print("hello")' > greet.py`

export class JobsScreen implements Screen {
  private at = -1
  /** Jobs that were in the bundle since this page was opened. */
  private static readonly known = new Set<string>()
  constructor(private readonly app: App) {}
  title(): string { return this.app.home?.bundle?.name ?? 'lakeflow' }
  load(): Promise<void> { return Promise.resolve() }

  key(event: KeyboardEvent): boolean {
    const jobs = this.app.home?.jobs ?? []
    const step = event.key === 'j' || event.key === 'ArrowDown' ? 1 : event.key === 'k' || event.key === 'ArrowUp' ? -1 : 0
    if (step && jobs.length) {
      this.at = Math.min(jobs.length - 1, Math.max(0, this.at + step))
      document.querySelectorAll<HTMLElement>('.jobname')[this.at]?.focus()
      return true
    }
    return false
  }

  render(): TemplateResult {
    const home = this.app.home
    if (!home) return hold(56, 320)
    const bundle = home.bundle
    const of = new Set(bundle?.jobs)
    for (const id of of) JobsScreen.known.add(id)
    return html`<div class="hd"><div><h1>${bundle?.name ?? 'Jobs'}</h1><p class="meta">${bundle ? html`<span>Target <b>${bundle.target}</b></span><span class="mono">${bundle.folder}</span>` : html`<span>No bundle is served; these are the jobs of the engine</span>`}</p></div></div>
      ${problems(bundle?.problems ?? [], bundle?.folder)}
      ${home.jobs.length ? html`<div class="card wrapx cards"><table class="tb"><thead><tr><th>Job</th><th>Starts</th><th>Last run</th><th class="opt">Usual</th><th class="opt">Success of the last 30</th><th class="opt">Last runs</th><th><span class="sr">Actions</span></th></tr></thead><tbody>
        ${repeat(home.jobs, job => job.id, job => {
          const last = job.runs[0]
          const left = !!bundle && !of.has(job.id) && !!of.size
          const next = job.schedule?.next?.[0]
          return html`<tr class=${left ? 'gonejob' : ''}><td><span class="st">${last ? titled(last.s) : html`<i class="t none" aria-hidden="true"></i>`}<a class="jobname lk2" href=${`/jobs/${job.id}`}><b .style=${'font-weight:600'}>${job.name}</b></a>${left ? html`<span class="tag">${JobsScreen.known.has(job.id) ? 'no longer in the bundle' : 'not in the bundle'}</span>` : nothing}</span></td>
          <td class="opt">${job.schedule ? html`${job.schedule.words ?? html`<code>${job.schedule.text}</code>`} <span class="muted num" title=${next ? next.local : ''}>${job.schedule.paused ? 'paused' : next ? away(next.at) : ''}</span>` : html`<span class="muted">by hand</span>`}</td>
          <td>${last ? html`<a class="lk2 num" href=${`/runs/${last.id}`} title=${stamp(last.at)}>${label(last.s)}, ${away(last.at)}${last.start ? `, ${span(took(last))}` : ''}</a>` : html`<span class="muted">never</span>`}</td>
          <td class="opt num">${job.usual ? span(job.usual) : '–'}</td><td class="opt"><span class="row">${share(job.runs)}</span></td><td class="opt">${spark(job.runs)}</td>
          <td class="act"><a class="btn sm" href=${`/jobs/${job.id}/run`} aria-label=${`Run ${job.name}`}>${glyph('play')}Run</a></td></tr>`
        })}</tbody></table></div>`
      : html`<div class="card empty"><h2>No jobs yet</h2><p>A bundle is a folder with a <code>databricks.yml</code> that names jobs.${bundle ? html` This one is watched: <span class="mono">${bundle.folder}</span>` : nothing}</p><p>Put a job under <code>resources: jobs:</code> and it appears here. In ${bundle ? 'that folder' : 'an empty folder'} this makes an example:</p><pre class="pre" .style=${'text-align:left'} tabindex="0">${EXAMPLE}</pre><p class="row"><button @click=${() => void copy(EXAMPLE).then(said => this.app.say(said))}>${glyph('copy')}Copy the command</button>${bundle ? nothing : html`<span>then <code>lakeflow dev</code></span>`}</p></div>`}`
  }
}
