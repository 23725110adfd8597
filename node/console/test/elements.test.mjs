// The elements in somebody else's page: plain HTML under a strict policy, attributes as text, properties set before the
// element is there, and a server that imports them.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { Browser } from './harness.mjs'
import { RULES, RUN } from './samples.mjs'

const dist = join(import.meta.dirname, '../../dist/elements')
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const PAGE = script => `<!doctype html><html lang="en"><meta charset="utf-8"><title>host</title><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><main><h1 id="t">Host</h1>${script}</main><script type="module" src="/host.js"></script></html>`
const PAGES = {
  '/form.html': PAGE('<form><lakeflow-param-form name="params" schema="{}"></lakeflow-param-form></form>'),
  '/run.html': PAGE('<lakeflow-run></lakeflow-run>'),
}
const HOST = `
import { useFormRules, useRunRules } from '/elements/index.js'
const form = document.querySelector('lakeflow-param-form')
${RULES}
const ground = new CSSStyleSheet()
ground.replaceSync('html { background: light-dark(#ffffff, #151a21); color: light-dark(#000000, #ffffff) }')
document.adoptedStyleSheets = [ground]
window.events = []
for (const name of ['lakeflow-submit', 'lakeflow-change', 'lakeflow-select', 'lakeflow-done']) document.addEventListener(name, event => window.events.push([name, JSON.parse(JSON.stringify(event.detail))]))
window.ready = true
`
let server
let url
let browser
let polls = 0
before(async () => {
  server = createServer((request, answer) => {
    const path = request.url.split('?')[0]
    const policy = "default-src 'none'; script-src 'self'; img-src data:; connect-src 'self'; style-src 'none'"
    const send = (type, body) => { answer.writeHead(200, { 'content-type': type, 'content-security-policy': policy }); answer.end(body) }
    if (PAGES[path]) send('text/html', PAGES[path])
    else if (path === '/host.js') send('text/javascript', HOST)
    else if (path.startsWith('/elements/')) send('text/javascript', readFileSync(join(dist, path.slice('/elements/'.length))))
    else if (path === '/poll') send('application/json', JSON.stringify(RUN(++polls > 2 ? 'FAILED' : 'RUNNING')))
    else { answer.writeHead(404); answer.end() }
  })
  await new Promise(done => server.listen(0, '127.0.0.1', done))
  url = `http://127.0.0.1:${server.address().port}`
  browser = await Browser.open()
})
after(async () => {
  await browser?.close()
  server.close()
})
afterEach(() => browser.check())

const open = async (path, options) => {
  const page = await (await browser.context(options)).newPage()
  browser.allowed = [/favicon|404/]
  await page.goto(url + path)
  await page.waitForFunction(() => window.ready)
  return page
}

test('the form is silent until it was left, explains on sending, and submits what was typed', async () => {
  const page = await open('/form.html')
  const form = page.locator('lakeflow-param-form')
  const limit = form.getByLabel('Limit', { exact: true })
  await limit.waitFor()
  // The clock stands still, so that a slow machine does not rest.
  await page.clock.install()
  await page.clock.pauseAt(Date.now() + 60_000)
  await limit.fill('abc')
  await page.waitForFunction(() => document.querySelector('lakeflow-param-form').violations.length === 2)
  assert.equal(await form.locator('.fe').count(), 0, 'nothing is said while typing')
  await page.clock.runFor(800)
  await form.getByText('expected an integer, found "abc"').waitFor()
  await page.clock.resume()
  await limit.blur()
  await limit.fill('7')
  await form.locator('.fe').waitFor({ state: 'detached' })
  await form.getByRole('button', { name: 'Run now' }).click()
  await form.getByText('One thing is wrong').waitFor()
  assert.equal(await page.evaluate(() => document.querySelector('form').checkValidity()), false)
  await form.getByLabel('Day', { exact: true }).fill('2026-11-21')
  await form.getByRole('combobox', { name: 'Region' }).fill('17')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await form.getByRole('radio', { name: 'full' }).check()
  await form.getByLabel('Tags', { exact: true }).fill('a\nb')
  await form.getByText('2 items').waitFor()
  await form.getByLabel('Secret', { exact: true }).fill('hidden')
  await form.getByRole('button', { name: 'Run now' }).click()
  await page.waitForFunction(() => window.events.some(([name]) => name === 'lakeflow-submit'))
  const sent = await page.evaluate(() => window.events.find(([name]) => name === 'lakeflow-submit')[1].params)
  assert.deepEqual(sent, { limit: '7', day: '2026-11-21', region: 'region_17', mode: 'full', tags: 'a\nb', secret: 'hidden' })
  assert.equal(await page.evaluate(() => new FormData(document.querySelector('form')).get('params')), JSON.stringify(sent), 'it is part of the form around it')
})

test('JSON, pasting and reset are views of one state', async () => {
  const page = await open('/form.html')
  const form = page.locator('lakeflow-param-form')
  await form.getByLabel('Limit', { exact: true }).waitFor()
  await page.evaluate(() => {
    const data = new DataTransfer()
    data.setData('text/plain', '{"day": "2026-01-02", "limit": 5, "strange": "kept"}')
    document.querySelector('lakeflow-param-form').shadowRoot.querySelector('#f-limit').dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
  })
  await form.getByText('Fill 3 fields with what was pasted?').waitFor()
  await form.getByRole('button', { name: 'Fill', exact: true }).click()
  assert.equal(await form.getByLabel('Limit', { exact: true }).inputValue(), '5')
  await form.getByText('not in the schema').waitFor()
  await form.getByRole('button', { name: 'Reset Limit to its default' }).click()
  assert.equal(await form.getByLabel('Limit', { exact: true }).inputValue(), '100')
  await form.getByRole('button', { name: 'Undo' }).click()
  assert.equal(await form.getByLabel('Limit', { exact: true }).inputValue(), '100')
  await form.getByRole('button', { name: 'JSON' }).click()
  await form.getByLabel('Parameters as JSON').fill('{"limit": ')
  await form.getByText('the last good values are kept').waitFor()
  await form.getByLabel('Parameters as JSON').fill('{"limit": 8}')
  await form.getByRole('button', { name: 'Fields' }).click()
  assert.equal(await form.getByLabel('Limit', { exact: true }).inputValue(), '8')
})

test('a run is polled from an address until it is over, with ids that numbers would round', async () => {
  polls = 0
  const page = await open('/run.html')
  await page.evaluate(() => { document.querySelector('lakeflow-run').src = '/poll' })
  const run = page.locator('lakeflow-run')
  await run.locator('h1', { hasText: 'Run 9007199254740993' }).waitFor()
  await run.locator('h1', { hasText: 'Failed' }).waitFor()
  await page.waitForFunction(() => window.events.some(([name]) => name === 'lakeflow-done'))
  await run.locator('.err', { hasText: 'ValueError: <i>no</i>' }).waitFor()
  assert.equal(await page.evaluate(() => document.querySelector('lakeflow-run').shadowRoot.querySelectorAll('i:not([data-s], [data-g], [class]), b > b').length), 0, 'text stays text')
  await run.locator('.n[data-key=load]').focus()
  await page.keyboard.press('ArrowRight')
  assert.equal(await page.evaluate(() => document.querySelector('lakeflow-run').shadowRoot.activeElement.dataset.key), 'check')
  await run.locator('.n[data-key=load]').click()
  await page.waitForFunction(() => window.events.some(([name, detail]) => name === 'lakeflow-select' && detail.task === 'load'))
})

for (const colorScheme of ['light', 'dark']) {
  for (const width of [1440, 390]) {
    test(`no violation in either element: ${colorScheme}, ${width} px`, async () => {
      polls = 2
      for (const path of ['/form.html', '/run.html']) {
        const page = await open(path, { colorScheme, viewport: { width, height: 844 }, bypassCSP: true })
        if (path === '/run.html') {
          await page.evaluate(() => { document.querySelector('lakeflow-run').src = '/poll' })
          await page.locator('lakeflow-run .n').first().waitFor({ state: 'attached' })
        } else {
          await page.locator('lakeflow-param-form').getByRole('button', { name: 'Run now' }).click()
          await page.getByText('One thing is wrong').waitFor()
        }
        await page.evaluate(axe)
        const found = await page.evaluate(() => window.axe.run('lakeflow-run, lakeflow-param-form', { resultTypes: ['violations'] }))
        assert.deepEqual(found.violations.map(one => `${path} ${one.id}: ${one.nodes.slice(0, 2).map(node => `${node.html.slice(0, 160)} ${node.failureSummary}`).join(' | ')}`), [])
      }
    })
  }
}

test('importing on a server does nothing and does not fail', async () => {
  const elements = await import(join(dist, 'server.js'))
  assert.equal(elements.define(), undefined)
})
