// The head of every page of a job, and starting it.
import { html, nothing, type TemplateResult } from 'lit/html.js'
import { glyph } from '../src/elements/html.js'
import { post } from './api.js'
import type { App, Job, Schedule } from './app.js'
import { scheduleLine } from './parts.js'

/** Name, schedule and buttons of a job, with the tabs of its pages. */
export function jobHead(app: App, job: Job, tab: string, changed: (schedule: Schedule) => void): TemplateResult {
  const pause = (paused: boolean): Promise<void> => once(app, async () => {
    changed((await post<{ schedule: Schedule }>(`jobs/${job.id}/pause`, { paused })).schedule)
    app.say(paused ? 'The schedule is paused' : 'The schedule goes on')
  })
  const tabs: [string, string, string][] = [['runs', 'Runs', `/jobs/${job.id}`], ['run', 'Run with parameters', `/jobs/${job.id}/run`], ['definition', 'Definition', `/jobs/${job.id}/definition`]]
  return html`<div class="hd"><div><h1>${job.name}</h1><p class="meta">${scheduleLine(job.schedule)}${job.place ? html`<a class="mono" href=${`/jobs/${job.id}/definition`}>${job.place.file}</a>` : nothing}</p></div>
    <div class="acts">${job.schedule ? html`<button ?disabled=${app.stale()} @click=${(event: MouseEvent) => { if (event.detail < 2) void pause(!job.schedule!.paused) }}>${job.schedule.paused ? html`${glyph('play')}Go on with the schedule` : html`${glyph('pause')}Pause schedule`}</button>` : nothing}<button class="pri" ?disabled=${app.stale()} @click=${(event: MouseEvent) => void runNow(app, job, event)}>${glyph('play')}Run now</button></div></div>
    <nav class="tabs" aria-label="Pages of the job">${tabs.map(([name, text, href]) => html`<a href=${href} aria-current=${name === tab ? 'page' : nothing}>${text}</a>`)}</nav>`
}

/** Something is being sent. */
let sending = false
async function once(app: App, send: () => Promise<void>): Promise<void> {
  if (sending) return
  sending = true
  try {
    await send()
  } catch (error) { app.say((error as Error).message) }
  sending = false
}

/** A job without parameters starts at once; any other opens its form, and so does Shift. The second click of two means the first. */
export async function runNow(app: App, job: Job, { shiftKey, detail }: MouseEvent): Promise<void> {
  if (detail > 1) return
  if (shiftKey || job.needs) { app.go(`/jobs/${job.id}/run`); return }
  await once(app, async () => {
    const { run } = await post<{ run: string }>(`jobs/${job.id}/run`, { params: {}, token: crypto.randomUUID() })
    app.go(`/runs/${run}`)
  })
}
