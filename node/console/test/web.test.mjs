// The elements with the core in the page: `useWeb` with the modules of `lakeflow-jobs/web` as they are given out, a real
// schema, and a document that the engine answered with.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { Browser, Engine } from './harness.mjs'

const dist = join(import.meta.dirname, '../../dist')
const SCHEMA = {
  type: 'object', required: ['day'], additionalProperties: false,
  properties: {
    day: { type: 'string', format: 'date', title: 'Day' },
    limit: { type: 'integer', minimum: 1, title: 'Limit' },
    mode: { enum: ['fast', 'full'], title: 'Mode' },
  },
}
const text = JSON.stringify(SCHEMA)
const PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><title>host</title><link rel="icon" href="data:,"><main><h1>Host</h1>
<lakeflow-param-form schema='${text}'></lakeflow-param-form><lakeflow-run></lakeflow-run></main><script type="module" src="/host.js"></script></html>`
const HOST = `
import * as web from '/web/index.js'
import { useWeb } from '/elements/index.js'
await web.default()
useWeb(web)
window.events = []
for (const name of ['lakeflow-submit', 'lakeflow-done']) document.addEventListener(name, event => window.events.push([name, JSON.parse(JSON.stringify(event.detail))]))
document.querySelector('lakeflow-run').src = '/run'
window.ready = true
`
const engine = new Engine()
let server
let url
let browser
let run
before(async () => {
  await engine.start()
  run = await engine.run('flow', { mode: 'bad' })
  await engine.ended(run)
  const types = { js: 'text/javascript', wasm: 'application/wasm', html: 'text/html' }
  server = createServer(async (request, answer) => {
    const send = (type, body) => {
      answer.writeHead(200, { 'content-type': type, 'content-security-policy': "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; img-src data:; connect-src 'self'; style-src 'none'" })
      answer.end(body)
    }
    if (request.url === '/host.html') send(types.html, PAGE)
    else if (request.url === '/host.js') send(types.js, HOST)
    else if (request.url === '/run') {
      // As the engine wrote it: its ids are numbers that this language would round.
      const found = await fetch(`${engine.url}/api/2.2/jobs/runs/get?run_id=${run}`, { headers: { authorization: `Bearer ${engine.token}` } })
      send('application/json', await found.text())
    } else send(types[request.url.split('.').at(-1)] ?? 'text/plain', readFileSync(join(dist, request.url)))
  })
  await new Promise(done => server.listen(0, '127.0.0.1', done))
  url = `http://127.0.0.1:${server.address().port}`
  browser = await Browser.open()
})
after(async () => {
  await browser?.close()
  server?.close()
  await engine.stop()
})
afterEach(() => browser.check())

test('the form says what the core says, and sends what it makes of the texts', async () => {
  const page = await (await browser.context()).newPage()
  await page.goto(`${url}/host.html`)
  await page.waitForFunction(() => window.ready)
  const form = page.locator('lakeflow-param-form')
  const limit = form.getByLabel('Limit', { exact: true })
  await limit.fill('0')
  await limit.blur()
  const said = await form.locator('.fe').first().textContent()
  const words = await page.evaluate(async schema => {
    const { ParamSchema } = await import('/web/index.js')
    return new ParamSchema(JSON.parse(schema)).validate({ day: '2026-11-21', limit: 0 })[0].message
  }, text)
  assert.equal(said.trim(), words, 'the very words of the validator')
  await limit.fill('12')
  await form.locator('.fe').waitFor({ state: 'detached' })
  await form.getByLabel('Day', { exact: true }).fill('2026-11-21')
  await form.getByRole('radio', { name: 'full' }).check()
  await form.getByRole('button', { name: 'Run now' }).click()
  await page.waitForFunction(() => window.events.some(([name]) => name === 'lakeflow-submit'))
  const sent = await page.evaluate(() => window.events.find(([name]) => name === 'lakeflow-submit')[1].params)
  assert.deepEqual([sent.day, String(sent.limit), sent.mode], ['2026-11-21', '12', 'full'])
})

test('the run is read, laid out and drawn by the core in the page', async () => {
  const page = await (await browser.context()).newPage()
  await page.goto(`${url}/host.html`)
  const element = page.locator('lakeflow-run')
  await element.locator('h1', { hasText: 'Failed' }).waitFor()
  await element.locator('h1', { hasText: run }).waitFor()
  const places = await element.locator('.n').evaluateAll(nodes => nodes.map(node => [node.dataset.key, Number(/translate\((\d+)/.exec(node.style.transform)[1])]))
  assert.deepEqual(places.map(([key]) => key), ['extract', 'transform', 'report'])
  assert.ok(places[0][1] < places[1][1] && places[1][1] < places[2][1], 'from left to right')
  await element.locator('.dp h2', { hasText: 'transform' }).waitFor()
  await page.waitForFunction(() => window.events.some(([name]) => name === 'lakeflow-done') || document.querySelector('lakeflow-run').model)
})
