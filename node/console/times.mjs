// How long the screens of the console take in a real browser on a real engine, as JSON of milliseconds. Times are taken
// in the page, at the first frame in which what is waited for has been drawn; between two screens an address of the same
// engine with nothing on it is opened, so that a busy machine can be told from a slow page. With `LAKEFLOW_WEB`, the
// folder of the browser's modules, the layout of a large graph in the page, too.
import { createServer } from 'node:http'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Browser, Engine } from './test/harness.mjs'

const ROUNDS = 7
const median = numbers => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)]
const say = (what, found) => console.error(`${what}: ${found.map(one => Math.round(one)).join(' ')} ms`)
const engine = new Engine()
await engine.start()
const browser = await Browser.open()

/** What has to be drawn, each by a name; run in the page. `at` looks into the shadow root of the run. */
const THERE = {
  empty: () => !!document.body,
  run: () => at('.n').length === 3,
  tasks: () => at('.tr').length === 1000 && at('.rh h1').length === 1,
  graph: () => at('.n').length > 20 && at('.fold').length === 1,
  matrix: () => document.querySelectorAll('.mr').length === 1000 && document.querySelector('.mr').querySelectorAll('[role=gridcell][data-state]').length === 30,
  runs: () => document.querySelectorAll('.tb tbody tr').length === 100 && document.body.textContent.includes('10,000 runs'),
  columns: () => document.querySelectorAll('.mc').length === 30,
  log: () => /line 50000 of/.test(at('.blk:last-child .ln:last-child')[0]?.textContent ?? '') && at('.lb')[0]?.textContent.includes('50,000 lines'),
}
/** Goes into every page: notes when each of the things became visible. */
const watcher = tests => {
  if (location.protocol === 'about:') return
  window.at = selector => document.querySelector('lakeflow-run')?.shadowRoot?.querySelectorAll(selector) ?? []
  const open = new Map(Object.entries(tests).map(([name, text]) => [name, (0, eval)(`(${text})`)]))
  window.seen = {}
  window.since = 0
  const channel = new MessageChannel()
  let found = []
  // A task after the frame: what the frame had to draw is drawn.
  channel.port1.onmessage = () => {
    for (const name of found.splice(0)) {
      window.seen[name] = performance.now() - window.since
      console.debug(`seen ${name}`)
    }
  }
  const look = () => {
    for (const [name, test] of open) if (test()) { open.delete(name); found.push(name) }
    if (found.length) channel.port2.postMessage(0)
    requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}

async function watched() {
  const context = await browser.context({ bypassCSP: true })
  const page = await context.newPage()
  await page.goto((await engine.call('/console/link', {})).url)
  await page.waitForSelector('.conn:has-text("Live")')
  await page.addInitScript(`(${watcher})(${JSON.stringify(Object.fromEntries(Object.entries(THERE).map(([name, test]) => [name, String(test)])))})`)
  return page
}
const seen = (page, name) => page.waitForEvent('console', message => message.text() === `seen ${name}`)
const taken = (page, name) => page.evaluate(name => window.seen[name], name)

/** Medians of the times from an address to each of some things, cold, beside those of the empty address. */
async function opened(page, path, names, times) {
  const found = Object.fromEntries([...names, 'empty'].map(name => [name, []]))
  for (let n = 0; n < ROUNDS; n++) {
    for (const [address, list] of [['/console/assets/none', ['empty']], [path, names]]) {
      await page.goto('about:blank')
      const there = list.map(name => seen(page, name))
      await page.goto(engine.url + address, { waitUntil: 'commit' })
      await Promise.all(there)
      for (const name of list) found[name].push(await taken(page, name))
    }
  }
  for (const [name, list] of Object.entries(found)) say(`${path}: ${name}`, list)
  for (const name of names) times[name] = median(found[name])
  times.empties.push(...found.empty)
}

/** From the click on a task of an open run to the last line of its log. */
async function logOpened(page, run, times) {
  const found = []
  for (let n = 0; n < ROUNDS; n++) {
    await page.goto(`${engine.url}/runs/${run}`)
    await page.locator('.tr').first().waitFor()
    await page.evaluate(() => { addEventListener('pointerdown', event => { window.since = event.timeStamp }, { capture: true, once: true }) })
    const there = seen(page, 'log')
    await page.locator('.tr').first().click()
    await there
    found.push(await taken(page, 'log'))
  }
  say('log', found)
  times.log = median(found)
}

async function findings(page, run, times) {
  await page.goto(`${engine.url}/runs/${run}?task=lines`)
  await page.locator('.ln').first().waitFor()
  const look = []
  for (const words of ['line 777 of', 'line 20777 of', 'line 40777 of']) {
    const before = Date.now()
    await page.getByPlaceholder('Find').fill(words)
    await page.getByText('1 / 1', { exact: true }).waitFor()
    look.push(Date.now() - before)
    await page.getByPlaceholder('Find').fill('')
  }
  times.find = median(look)
}

/** How long keys wait while sixty changes a second come for ten seconds, in the page of a run with 1,000 tasks. */
async function busy(page, run, times) {
  await page.goto(`${engine.url}/runs/${run}`)
  await page.locator('.fold').waitFor()
  const keys = (async () => {
    await page.waitForFunction(() => window.changing)
    while (await page.evaluate(() => window.changing)) {
      await page.keyboard.press('j')
      await new Promise(done => setTimeout(done, 150))
    }
  })()
  const { delays, told, seconds } = await page.evaluate(async run => {
    const { seq, instance, tasks } = await (await fetch(`/console/api/runs/${run}`)).json()
    const delays = []
    addEventListener('keydown', event => delays.push(performance.now() - event.timeStamp), true)
    // As another tab passes on what its stream tells.
    const channel = new BroadcastChannel('lakeflow-live')
    window.changing = true
    const begun = performance.now()
    let told = 0
    while (performance.now() - begun < 10_000) {
      const due = Math.floor((performance.now() - begun) * 0.06)
      for (; told < due; told++) {
        const task = tasks[(told * 7) % tasks.length]
        const states = ['RUNNING', 'FAILED', 'SUCCESS', 'WAITING_FOR_RETRY']
        const change = { t: 'run', id: run, job: '0', s: 'RUNNING', tasks: [{ ...task.attempts.at(-1), s: states[told % 4] }] }
        channel.postMessage({ kind: 'event', id: `${instance}.${seq + 1 + told}`, data: JSON.stringify(change) })
      }
      await new Promise(done => setTimeout(done, 4))
    }
    window.changing = false
    return { delays, told, seconds: (performance.now() - begun) / 1000 }
  }, run)
  await keys
  say(`${told} changes in ${seconds.toFixed(1)} s, ${delays.length} keys`, delays)
  if (delays.length < 10 || told < 500) throw new Error(`${delays.length} keys, ${told} changes`)
  times.delay = Math.max(...delays)
}

/** From a kill of the engine to the page's saying so, and from its return to the page's being live again. */
async function killed(page, times) {
  engine.wait()
  const found = { gone: [], back: [] }
  for (let n = 0; n < 3; n++) {
    const run = await engine.run('hold')
    await page.goto(`${engine.url}/runs/${run}`)
    await page.waitForFunction(() => document.querySelector('.conn')?.textContent === 'Live' && document.querySelector('lakeflow-run')?.shadowRoot.querySelector('.ln'))
    await page.evaluate(() => {
      const note = (name, test) => {
        const observer = new MutationObserver(() => { if (!window[name] && test()) window[name] = Date.now() })
        observer.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true })
      }
      note('goneAt', () => document.querySelector('.gone')?.textContent.includes('not reachable'))
      note('backAt', () => window.goneAt && document.querySelector('.conn').textContent === 'Live')
    })
    browser.allowed = [/net::ERR_\w+|Failed to fetch/]
    const kill = Date.now()
    await engine.kill()
    await page.waitForFunction(() => window.goneAt)
    found.gone.push(await page.evaluate(() => window.goneAt) - kill)
    await engine.start()
    const start = Date.now()
    await page.waitForFunction(() => window.backAt)
    found.back.push(Math.max(0, await page.evaluate(() => window.backAt) - start))
  }
  engine.go()
  for (const [name, list] of Object.entries(found)) {
    say(name, list)
    times[name] = median(list)
  }
}

/** The layout of 1,000 tasks and 2,000 edges by the core in the page: median of nine. */
async function layout(dist) {
  const types = { js: 'text/javascript', wasm: 'application/wasm' }
  const server = createServer((request, answer) => {
    if (request.url === '/') { answer.writeHead(200, { 'content-type': 'text/html' }); answer.end('<!doctype html><title>layout</title>'); return }
    try {
      const bytes = readFileSync(join(dist, request.url))
      answer.writeHead(200, { 'content-type': types[request.url.split('.').at(-1)] ?? 'text/plain' })
      answer.end(bytes)
    } catch { answer.writeHead(404); answer.end() }
  })
  await new Promise(done => server.listen(0, '127.0.0.1', done))
  try {
    const page = await (await browser.context()).newPage()
    await page.goto(`http://127.0.0.1:${server.address().port}/`)
    const times = await page.evaluate(async () => {
      const { default: init, Dag } = await import('/web/index.js')
      await init()
      const tasks = Array.from({ length: 1000 }, (_, n) => ({ task_key: `task_${n}`, depends_on: n < 40 ? [] : [...new Set([(n * 7) % 40, (n * 13 + 5) % 40])].map(back => ({ task_key: `task_${n - 1 - back}` })) }))
      const dag = new Dag(tasks)
      const found = []
      for (let n = 0; n < 9; n++) {
        const before = performance.now()
        const graph = dag.layout({ fold_above: 0 })
        found.push(performance.now() - before)
        if (graph.nodes.length !== 1000 || graph.edges.length < 1800) throw new Error(`${graph.nodes.length} nodes, ${graph.edges.length} edges`)
      }
      return found
    })
    return median(times)
  } finally {
    server.close()
  }
}

try {
  const tasks = Array.from({ length: 1000 }, (_, n) => ({
    task_key: `task_${n}`, condition_task: { op: 'EQUAL_TO', left: '1', right: '1' }, depends_on: n < 10 ? [] : [{ task_key: `task_${Math.floor(n / 10)}`, outcome: 'true' }, ...(n % 10 ? [{ task_key: `task_${Math.floor(n / 10) - 1}`, outcome: 'true' }] : [])].filter(edge => !edge.task_key.includes('-')),
  }))
  const { job_id } = await engine.call('/api/2.2/jobs/create', { name: 'wide', tasks })
  let wide
  for (let n = 0; n < 30; n++) await engine.ended(wide = await engine.run(job_id))
  const run = await engine.run('flow')
  await engine.ended(run)
  const noisy = await engine.run('noisy')
  await engine.ended(noisy)
  const idle = engine.jobs.idle
  await engine.ended(await engine.run('idle'))
  await engine.copy(idle, 10_000)
  const page = await watched()
  const times = { empties: [] }
  await opened(page, `/runs/${run}`, ['run'], times)
  await opened(page, `/runs/${wide}`, ['tasks', 'graph'], times)
  await opened(page, `/jobs/${job_id}`, ['matrix'], times)
  await opened(page, `/jobs/${idle}/runs`, ['runs'], times)
  const { runs } = times
  await opened(page, `/jobs/${idle}/runs?state=SUCCESS`, ['runs'], times)
  Object.assign(times, { filtered: times.runs, runs })
  await opened(page, `/jobs/${idle}`, ['columns'], times)
  await logOpened(page, noisy, times)
  const { log } = times
  await opened(page, `/runs/${noisy}?task=lines`, ['log'], times)
  Object.assign(times, { cold_log: times.log, log })
  await findings(page, noisy, times)
  await busy(page, wide, times)
  await killed(page, times)
  times.empty = median(times.empties)
  delete times.empties
  if (process.env.LAKEFLOW_WEB) times.layout = await layout(process.env.LAKEFLOW_WEB)
  console.log(JSON.stringify(times))
} finally {
  await browser.close()
  await engine.stop()
}
