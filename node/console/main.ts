// The console: frame, addresses, keys, the connection. Screens are in files of their own.
import { html, nothing, render, type TemplateResult } from 'lit/html.js'
import { repeat } from 'lit/directives/repeat.js'
import { glyph, sheet, titled } from '../src/elements/html.js'
import { over, tone } from '../src/elements/states.js'
import { clock, setClock } from '../src/elements/time.js'
import type { Run } from '../src/elements/types.js'
import { get, heard } from './api.js'
import type { App, Home, Screen } from './app.js'
import { CSS_TEXT } from './css.js'
import { Live, type Change } from './live.js'
import { hold, spark } from './parts.js'

document.adoptedStyleSheets = [sheet(CSS_TEXT)]

/** Kept between visits; nothing of it is a secret. */
const kept = {
  get: (name: string): string => { try { return localStorage.getItem(`lakeflow-${name}`) ?? '' } catch { return '' } },
  set: (name: string, value: string): void => { try { localStorage.setItem(`lakeflow-${name}`, value) } catch { /* the choice lasts for this page then */ } },
}
let theme = kept.get('theme')
const dress = (): void => { if (theme) document.documentElement.dataset['theme'] = theme; else delete document.documentElement.dataset['theme'] }
dress()

let home: Home | undefined
let signedOut = false
let screen: Screen
let toast = ''
let back = 0
let railOpen = false
let letters = kept.get('letters') !== 'off'
let first = 0
let dialog: ((close: () => void) => TemplateResult) | undefined
let dialogLabel = ''
let opener: Element | null = null
let frame = 0
let timer = 0
/** Nothing is drawn before the first answers are there, or have taken too long: the first picture is the whole one. */
let held = true
/** Keys pressed while a dialog is being loaded: they belong to it. */
let coming: string[] | undefined

const stale = (): boolean => live.status === 'lost' && Date.now() - live.since > 1200
const app: App = {
  get home() { return home },
  tasks: () => screen.tasks?.() ?? [],
  draw: () => { if (!frame && !held) frame = requestAnimationFrame(() => { frame = 0; draw() }) },
  go: (address, replace = false) => {
    history[replace ? 'replaceState' : 'pushState'](null, '', address)
    void open()
  },
  note: query => {
    const now = new URLSearchParams(location.search)
    for (const [name, value] of Object.entries(query)) if (name !== '#') { if (value) now.set(name, value); else now.delete(name) }
    const hash = '#' in query ? (query['#'] ? `#${query['#']}` : '') : location.hash
    history.replaceState(null, '', `${location.pathname}${now.size ? `?${now}` : ''}${hash}`)
    here = location.pathname + location.search
  },
  say: text => {
    toast = text
    clearTimeout(timer)
    timer = window.setTimeout(() => { toast = ''; app.draw() }, 4000)
    app.draw()
  },
  dialog: (made, name) => {
    opener = document.activeElement
    dialog = made
    dialogLabel = name
    app.draw()
  },
  summon: async show => {
    if (coming) return
    const own = turn
    const typed: string[] = coming = []
    try {
      const part = await parts.dialogs()
      if (own === turn && !typed.includes('Escape')) {
        show(part, typed)
        // At once, so that no key falls between the file and the field.
        draw()
      }
    } catch {
      app.say('The engine does not answer, so this dialog cannot be opened now')
    }
    coming = undefined
  },
  stale,
}

/** Screens come when they are first opened; then the others, so that all are there should the engine go away. */
const parts = { jobs: () => import('./jobs.js'), job: () => import('./job.js'), run: () => import('./run.js'), form: () => import('./form.js'), pages: () => import('./pages.js'), dialogs: () => import('./dialogs.js') }

/** The screen of an address; the long forms are those that the API gives out. */
async function route(): Promise<Screen> {
  const query = new URLSearchParams(location.search)
  const old = /^#job\/(\d+)(?:\/run\/(\d+))?/.exec(location.hash)
  if (old) history.replaceState(null, '', old[2] ? `/runs/${old[2]}` : `/jobs/${old[1]}`)
  const [, top, id = '', part = '', inner = ''] = location.pathname.split('/')
  const run = top === 'runs' ? id : top === 'jobs' && part === 'runs' ? inner : ''
  if (run) return new (await parts.run()).RunScreen(app, run, query, location.hash)
  if (top === 'runs') return new (await parts.job()).RunsScreen(app, '', query)
  if (top === 'jobs' && part === 'runs') return new (await parts.job()).RunsScreen(app, id, query)
  if (top === 'jobs' && part === 'run') return new (await parts.form()).FormScreen(app, id, query)
  if (top === 'jobs' && part === 'definition') return new (await parts.pages()).DefinitionScreen(app, id)
  if (top === 'jobs' && id) return new (await parts.job()).JobScreen(app, id, query)
  if (top === 'compare') return new (await parts.pages()).CompareScreen(app, query)
  if (top === 'schedules') return new (await parts.pages()).SchedulesScreen(app)
  return new (await parts.jobs()).JobsScreen(app)
}

let turn = 0
/** The address that is shown, without the place in it. */
let here = ''
async function open(): Promise<void> {
  const own = ++turn
  here = location.pathname + location.search
  dialog = undefined
  railOpen = false
  let next: Screen
  try {
    next = await route()
  } catch {
    app.say('The engine does not answer, so this page cannot be opened now')
    return
  }
  if (own !== turn) return
  screen.close?.()
  screen = next
  if (!location.hash) scrollTo(0, 0)
  const loaded = screen.load()
  app.draw()
  if (held) await loaded
}

/** What is there before the first screen. */
class Blank implements Screen {
  title(): string { return 'lakeflow' }
  load(): Promise<void> { return Promise.resolve() }
  render(): TemplateResult { return hold(56, 320) }
}

const jump = (): Promise<void> => app.summon(({ Jump }, typed) => app.dialog(new Jump(app, typed).draw, 'Jump to'))
const keys = (): Promise<void> => app.summon(({ keysDialog }) => app.dialog(close => keysDialog(close, letters, on => { letters = on; kept.set('letters', on ? 'on' : 'off'); app.draw() }), 'Keys'))

/** Another engine may have come with other pages than this one. */
let outdated = false
async function compare(): Promise<void> {
  const own = document.querySelector<HTMLScriptElement>('script[type=module]')!.getAttribute('src')!
  const page = await fetch(location.pathname, { headers: { accept: 'text/html' } })
  outdated = page.ok && !(await page.text()).includes(own)
  app.draw()
}

async function readHome(): Promise<void> {
  try {
    const before = home?.instance
    home = await get<Home>('home')
    setClock(home.now)
    if (before && before !== home.instance) void compare().catch(() => { /* asked again with the next engine */ })
  } catch { /* the frame says that the engine is gone, or that nobody is signed in */ }
  app.draw()
}

/** Puts a change into the list of jobs. */
function patch(number: number, change: Change): void {
  if (change.t === 'job' || change.t === 'bundle') { void readHome(); return }
  if (!home || number <= home.seq || change.t !== 'run') return
  const job = home.jobs.find(job => job.id === change.job)
  const { t: _, tasks: __, ...run } = change
  const known = job?.runs.findIndex(one => one.id === change.id) ?? -1
  if (job && known >= 0) {
    const next = { ...job.runs[known]!, ...run }
    if (run.s && !run.end) delete next.end
    job.runs = job.runs.with(known, next)
  } else if (job && run.at !== undefined) job.runs = [run as Run, ...job.runs].slice(0, 30)
}

const waiting: [number, Change][] = []
function apply(): void {
  for (const [number, change] of waiting.splice(0)) {
    patch(number, change)
    screen.change?.(number, change)
  }
  app.draw()
  if (document.hidden) title()
}
let again = false
const live = new Live({
  change: (number, change) => {
    waiting.push([number, change])
    if (waiting.length > 1) return
    // A tab in the background has no frames; what is left to see of it is its title.
    if (document.hidden) setTimeout(apply, 500)
    else requestAnimationFrame(apply)
  },
  reset: () => {
    if (again) return
    again = true
    setTimeout(() => { again = false; void readHome(); void screen.load() }, 50)
  },
  status: () => {
    if (live.status === 'live' && back === -1) {
      back = Date.now()
      setTimeout(() => { back = 0; app.draw() }, 2000)
      void screen.load()
      void readHome()
    } else if (live.status === 'lost') back = -1
    app.draw()
  },
})
heard.signedOut = () => { signedOut = true; app.draw() }
heard.lost = () => live.lost()
heard.upTo = (instance, number) => live.upTo(instance, number)

function shut(): void {
  dialog = undefined
  app.draw()
  if (opener instanceof HTMLElement) opener.focus()
}

function nextTheme(): void {
  theme = theme === '' ? 'light' : theme === 'light' ? 'dark' : ''
  kept.set('theme', theme)
  dress()
  app.say(`Theme: ${theme || 'as the system'}`)
}

function crumbs(): TemplateResult {
  const job = home?.jobs.find(job => job.id === screen.job)
  const run = screen.run ?? ''
  return html`<nav class="crumb" aria-label="Where you are">${home?.bundle ? html`<a class="hid" href="/">${home.bundle.name}</a><span class="tag hid" title="Target of the bundle">${home.bundle.target}</span>` : html`<a class="hid" href="/">Jobs</a>`}${job ? html`<span class="hid">${glyph('chevron')}</span>${run ? html`<a href=${`/jobs/${job.id}`}>${job.name}</a>` : html`<b>${job.name}</b>`}` : nothing}${run ? html`${glyph('chevron')}<b class="num">Run ${run}</b>` : nothing}</nav>`
}

function rail(): TemplateResult {
  const of = new Set(home?.bundle?.jobs)
  const here = location.pathname
  return html`<nav class="rail ${railOpen ? 'open' : ''}" aria-label="Jobs">
    <a href="/" aria-current=${here === '/' ? 'page' : nothing}>${glyph('grid')}<span>All jobs</span></a><a href="/runs" aria-current=${here === '/runs' ? 'page' : nothing}>${glyph('lines')}<span>Runs</span></a><a href="/schedules" aria-current=${here === '/schedules' ? 'page' : nothing}>${glyph('calendar')}<span>Schedules</span></a>
    ${screen.graph ? html`<button class="ghost graph" @click=${() => { railOpen = false; screen.graph?.(); app.draw() }}>${glyph('fit')}<span>Graph of this run</span></button>` : nothing}
    <h2 .style=${'margin-top:12px'}>Jobs<span>${home?.jobs.length ?? ''}</span></h2>
    ${repeat(home?.jobs ?? [], job => job.id, job => html`<a class=${of.size && !of.has(job.id) ? 'left' : ''} href=${`/jobs/${job.id}`} aria-current=${screen.job === job.id ? 'page' : nothing}>${job.runs[0] ? titled(job.runs[0].s, 's') : html`<i class="t s none" aria-hidden="true"></i>`}<span title=${job.name}>${job.name}</span>${spark(job.runs)}</a>`)}
    <div class="foot"><span>${home ? `Engine ${home.version}` : ''}</span><span>${location.host}</span></div></nav>`
}

function gone(): TemplateResult | typeof nothing {
  if (stale()) {
    const wait = live.retry ? Math.max(0, Math.ceil((live.retry - Date.now()) / 1000)) : 0
    return html`<div class="gone" role="alert">${glyph('warn')}<span>Engine not reachable since ${clock(live.since)}. What you see is from then. ${live.retry ? (wait ? `Retrying in ${wait} s.` : 'Retrying.') : 'Start it again and come back to this page.'}</span></div>`
  }
  if (outdated) return html`<div class="gone" role="status"><span>The engine has other pages than this one. What you see goes on working, but may be told wrongly.</span><button class="sm" @click=${() => location.reload()}>Reload</button></div>`
  return back > 0 ? html`<div class="gone back" role="status">Connected</div>` : nothing
}

function welcome(): TemplateResult {
  return html`<main><div class="who card"><h1>This browser is not signed in</h1><p>${new URLSearchParams(location.search).has('link') ? 'A link signs one browser in, once, and this one was used already or has expired. ' : ''}A link is printed by <code>lakeflow dev</code>, in the line that begins with <code>pages</code>. Another one comes from</p><p><code>lakeflow console</code></p><p class="muted">in the folder of the bundle. The link works once, within twelve hours.</p></div></main>`
}

function draw(): void {
  // A run takes the whole width, also before it is there: nothing moves when it comes.
  const flush = screen.run === undefined ? screen instanceof Blank && /^\/runs\/./.test(location.pathname) : !!screen.run
  const root = document.getElementById('app')!
  render(signedOut ? html`<header class="top"><span class="brand"><span class="logo"></span><span>lakeflow</span></span></header>${welcome()}` : html`
    <header class="top"><button class="ghost menu" aria-label="Jobs" aria-expanded=${railOpen} @click=${() => { railOpen = !railOpen; app.draw() }}>${glyph('menu')}</button><a class="brand" href="/" aria-label="lakeflow"><span class="logo"></span><span>lakeflow</span></a>${crumbs()}<span class="sp"></span>
      <span class="conn" data-tone=${live.status === 'live' ? 'ok' : live.status === 'lost' ? 'bad' : 'wait'} role="status">${live.status === 'live' ? 'Live' : live.status === 'lost' ? 'Offline' : 'Connecting'}</span>
      <button class="jump" aria-label="Jump to job, run, task" @click=${() => void jump()}>${glyph('search')}<span class="sp" .style=${'text-align:left'}>Jump to job, run, task</span><kbd aria-hidden="true">/</kbd></button>
      <button class="ghost" aria-label=${`Theme: ${theme || 'as the system'}`} title="Theme (t)" @click=${nextTheme}>${glyph(theme === 'dark' ? 'moon' : 'sun')}</button></header>
    ${gone()}
    <div class="frame ${flush ? 'wide' : ''} ${stale() ? 'dim' : ''}">${flush && !railOpen ? nothing : rail()}<div class="scrim ${railOpen ? 'on' : ''}" @click=${() => { railOpen = false; app.draw() }}></div><main class=${flush ? 'flush' : ''}>${screen.render()}</main></div>
    ${dialog ? html`<dialog aria-label=${dialogLabel} @close=${shut} @click=${(event: Event) => { if (event.target === event.currentTarget) shut() }}>${dialog(shut)}</dialog>` : nothing}
    <div role="status">${toast ? html`<div class="toast">${toast}</div>` : nothing}</div>`, root)
  const box = root.querySelector('dialog')
  if (box && !box.open) {
    box.showModal()
    ;['[autofocus]', '.in input', '.in'].map(place => box.querySelector<HTMLElement>(place)).find(Boolean)?.focus()
  }
  title()
}

function title(): void {
  document.title = signedOut ? 'lakeflow' : screen.title()
  icon()
}

let icons = ''
function icon(): void {
  const state = screen.icon ?? ''
  const colour = state ? { wait: '#6F5CC2', run: '#1D6FE0', ok: '#14866D', warn: '#F0B429', bad: '#C4291C', off: '#6C7480' }[tone(state)] : '#1D6FE0'
  if (colour === icons) return
  icons = colour
  const link = document.querySelector<HTMLLinkElement>('link[rel=icon]')
  if (link) link.href = `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="${colour}"/><path d="M4 5h8M6 8h6M4 11h5" stroke="#fff" stroke-width="1.6"/></svg>`)}`
}

addEventListener('click', event => {
  const link = (event.composedPath() as Element[]).find((node): node is HTMLAnchorElement => node instanceof HTMLAnchorElement)
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || link.target || link.hasAttribute('download') || link.origin !== location.origin) return
  if (link.pathname.startsWith('/console/') || link.pathname.startsWith('/api/')) return
  event.preventDefault()
  if (link.href !== location.href) app.go(link.href)
})
addEventListener('popstate', () => { if (location.pathname + location.search !== here) void open() })
addEventListener('hashchange', () => { if (location.hash.startsWith('#job/')) void open(); else screen.hash?.(location.hash) })

const typing = (event: KeyboardEvent): boolean => {
  const target = event.composedPath()[0] as HTMLElement
  return /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && (target as HTMLInputElement).type !== 'checkbox' || target.isContentEditable
}
addEventListener('keydown', event => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
    event.preventDefault()
    void jump()
    return
  }
  if (event.ctrlKey || event.metaKey || event.altKey || dialog || signedOut) return
  if (coming) {
    coming.push(event.key)
    event.preventDefault()
    return
  }
  if (typing(event)) return
  if (event.key === 'Escape' || event.key === 'Enter' || event.key.startsWith('Arrow')) {
    const on = event.composedPath()[0] as HTMLElement
    if (event.key !== 'Escape' && /^(A|BUTTON)$/.test(on.tagName) && event.key === 'Enter') return
    if (event.key.startsWith('Arrow') && on !== document.body && !on.closest?.('tr')) return
    if (screen.key?.(event)) event.preventDefault()
    return
  }
  if (!letters && event.key !== '?') return
  const goes = Date.now() - first < 1200
  first = 0
  const acts: Record<string, () => void> = {
    '/': () => void jump(),
    '?': () => void keys(),
    g: () => { first = Date.now() },
    t: nextTheme,
  }
  if (goes && event.key === 'j') app.go('/')
  else if (goes && event.key === 'r') app.go(screen.job ? `/jobs/${screen.job}/runs` : '/runs')
  else if (acts[event.key]) acts[event.key]!()
  else if (!screen.key?.(event)) return
  event.preventDefault()
})
document.addEventListener('visibilitychange', () => {
  if (waiting.length) apply()
  // What was missed in the background is one snapshot.
  if (!document.hidden && Date.now() - hidden > 60_000) { void readHome(); void screen.load() }
  hidden = Date.now()
})
let hidden = Date.now()

setInterval(() => {
  if (document.hidden) return
  if (live.status === 'lost' || home?.jobs.some(job => job.runs.some(run => !over(run.s)))) app.draw()
}, 1000)

screen = new Blank()
/** The first picture: what is there by now. */
const show = (): void => { held = false; app.draw() }
setTimeout(show, 150)
// The frame of a run shows next to nothing of the other jobs, so they come after it.
const ofRun = /^\/(runs|jobs\/\d+\/runs)\/./.test(location.pathname)
const begun = ofRun ? Promise.resolve() : readHome()
void Promise.all([begun, open()]).finally(async () => {
  show()
  if (ofRun) await readHome()
  live.begin()
  setTimeout(() => requestIdleCallback(() => { for (const part of Object.values(parts)) void part().catch(() => {}) }), 1500)
})
