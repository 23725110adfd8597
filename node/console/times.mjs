// How long the screens of the console take, from the address to what is waited for: medians of five cold pages. With
// `LAKEFLOW_WEB`, the folder of the browser's modules, the layout of a large graph in the page, too.
import { createServer } from 'node:http'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Browser, Engine } from './test/harness.mjs'

const median = numbers => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)]
const engine = new Engine()
await engine.start()
const browser = await Browser.open()
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
  const page = await browser.signedIn(engine)
  const measure = async (path, ready) => {
    const found = []
    for (let n = 0; n < 5; n++) {
      await page.goto('about:blank')
      await page.goto(engine.url + path, { waitUntil: 'commit' })
      await page.waitForFunction(ready, undefined, { polling: 'raf' })
      found.push(await page.evaluate(() => performance.now()))
    }
    return median(found)
  }
  const times = {
    run: await measure(`/runs/${run}`, () => document.querySelector('lakeflow-run')?.shadowRoot?.querySelectorAll('.n').length === 3),
    tasks: await measure(`/runs/${wide}`, () => {
      const root = document.querySelector('lakeflow-run')?.shadowRoot
      return root?.querySelectorAll('.tr').length === 1000 && !!root.querySelector('.fold')
    }),
    matrix: await measure(`/jobs/${job_id}`, () => document.querySelectorAll('.mr').length === 1000),
    runs: await measure(`/jobs/${idle}/runs`, () => document.querySelectorAll('.tb tbody tr').length === 100 && document.body.textContent.includes('10,000 runs')),
    filtered: await measure(`/jobs/${idle}/runs?state=SUCCESS`, () => document.querySelectorAll('.tb tbody tr').length === 100 && document.body.textContent.includes('10,000 runs')),
    columns: await measure(`/jobs/${idle}`, () => document.querySelectorAll('.mc').length === 30),
    log: await measure(`/runs/${noisy}?task=lines`, () => {
      const root = document.querySelector('lakeflow-run')?.shadowRoot
      return !!root?.querySelector('.ln') && root.textContent.includes('50,000 lines')
    }),
  }
  await page.goto(`${engine.url}/runs/${noisy}?task=lines`)
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
  if (process.env.LAKEFLOW_WEB) times.layout = await layout(process.env.LAKEFLOW_WEB)
  console.log(JSON.stringify(times))
} finally {
  await browser.close()
  await engine.stop()
}
