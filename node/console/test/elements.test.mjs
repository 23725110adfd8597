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

test('an optional text is not set, empty or something, and each is told apart', async () => {
  const page = await open('/form.html')
  const form = page.locator('lakeflow-param-form')
  const note = () => page.evaluate(() => document.querySelector('lakeflow-param-form').params.note)
  const field = form.locator('.f', { has: page.getByLabel('Note', { exact: true }) })
  await field.getByText('not set', { exact: true }).waitFor()
  assert.equal(await note(), undefined)
  await field.getByRole('button', { name: 'Set to empty' }).click()
  await field.getByText('empty', { exact: true }).waitFor()
  assert.equal(await note(), '')
  await field.getByLabel('Note', { exact: true }).fill('x')
  await page.waitForFunction(() => document.querySelector('lakeflow-param-form').params.note === 'x')
  await field.getByLabel('Note', { exact: true }).fill('')
  await field.getByText('not set', { exact: true }).waitFor()
  assert.equal(await note(), undefined)
})

test('a fill shows what it would change before it does, and can be undone', async () => {
  const page = await open('/form.html')
  const form = page.locator('lakeflow-param-form')
  await page.evaluate(() => { document.querySelector('lakeflow-param-form').presets = [{ label: 'Last run', values: { limit: 5, note: '', secret: 'old', mode: 'full' } }] })
  await form.getByRole('combobox', { name: 'Fill from' }).selectOption('Last run')
  await form.getByText('Fill from Last run?').waitFor()
  assert.deepEqual(await form.locator('.offer li').evaluateAll(rows => rows.map(row => row.textContent.trim())), ['limit 100 → 5', 'mode not set → full', 'note not set → empty'], 'what is secret is never carried over')
  assert.equal(await form.getByLabel('Limit', { exact: true }).inputValue(), '100', 'nothing is filled yet')
  await form.getByRole('button', { name: 'Fill', exact: true }).click()
  assert.equal(await form.getByLabel('Limit', { exact: true }).inputValue(), '5')
  await form.getByRole('button', { name: 'Undo' }).click()
  assert.equal(await form.getByLabel('Limit', { exact: true }).inputValue(), '100')
})

test('days and times are typed, pasted and picked, in a zone that is named', async () => {
  const page = await open('/form.html')
  const form = page.locator('lakeflow-param-form')
  const param = name => page.evaluate(name => document.querySelector('lakeflow-param-form').params[name], name)
  await form.getByLabel('Day', { exact: true }).pressSequentially('2026-02-03')
  assert.equal(await param('day'), '2026-02-03')
  await form.getByLabel('Pick Day').fill('2026-03-04')
  await page.waitForFunction(() => document.querySelector('lakeflow-param-form').params.day === '2026-03-04')
  const at = form.locator('.f', { has: page.getByLabel('At', { exact: true }) })
  await at.getByText('UTC', { exact: true }).waitFor()
  await at.getByLabel('Pick At').fill('2026-03-04T05:06')
  await page.waitForFunction(() => document.querySelector('lakeflow-param-form').params.at === '2026-03-04T05:06:00Z')
  assert.equal(await at.getByLabel('At', { exact: true }).inputValue(), '2026-03-04T05:06:00Z')
  await at.getByRole('button', { name: 'start of month' }).click()
  await page.waitForFunction(() => /^\d{4}-\d\d-01T00:00:00Z$/.test(document.querySelector('lakeflow-param-form').params.at))
})

test('a default that refers to something says what it is now; what equals its default is sent when asked to', async () => {
  const page = await open('/form.html')
  const form = page.locator('lakeflow-param-form')
  await form.getByText('default, now 2026-11-25').waitFor()
  const params = () => page.evaluate(() => document.querySelector('lakeflow-param-form').params)
  assert.deepEqual(await params(), {})
  await page.evaluate(() => document.querySelector('lakeflow-param-form').setAttribute('defaults', ''))
  await form.getByLabel('Note', { exact: true }).fill('x')
  await page.waitForFunction(() => document.querySelector('lakeflow-param-form').params.note === 'x')
  assert.deepEqual(await params(), { limit: '100', from: '{{job.start_time.iso_date}}', note: 'x' })
})

test('a paste of items fills a list, broken JSON is marked at its line, and a folded group opens at its error', async () => {
  const page = await open('/form.html')
  const form = page.locator('lakeflow-param-form')
  const tags = form.getByLabel('Tags', { exact: true })
  await tags.focus()
  await tags.evaluate(area => {
    const data = new DataTransfer()
    data.setData('text/plain', 'a, b,c')
    area.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
  })
  await form.getByText('3 items').waitFor()
  assert.equal(await tags.inputValue(), 'a\nb\nc')
  await form.getByRole('button', { name: 'JSON' }).click()
  const json = form.getByLabel('Parameters as JSON')
  await json.fill('{\n  "limit": 8,\n  oops\n}')
  await form.getByText('the last good values are kept').waitFor()
  assert.equal(await json.evaluate(area => area.style.getPropertyValue('--l')), '3')
  await json.fill('{ "day": "2026-01-02", "deep": { "inner": { "level": 10 } } }')
  await form.getByRole('button', { name: 'Fields' }).click()
  const inner = form.locator('details details')
  assert.equal(await inner.evaluate(one => one.open), false)
  await page.evaluate(() => document.querySelector('lakeflow-param-form').submit())
  await form.getByText('10 is greater than the maximum of 9').first().waitFor()
  await page.waitForFunction(() => document.querySelector('lakeflow-param-form').shadowRoot.activeElement?.id === 'f-deep.inner.level')
  assert.equal(await inner.evaluate(one => one.open), true)
})

test('the form by keyboard alone', async () => {
  const page = await open('/form.html')
  const form = page.locator('lakeflow-param-form')
  await form.getByLabel('Day', { exact: true }).waitFor()
  const at = () => page.evaluate(() => {
    const own = document.querySelector('lakeflow-param-form').shadowRoot.activeElement
    return own?.id || own?.textContent.trim() || own?.ariaLabel || own?.value
  })
  const to = async wanted => {
    for (let n = 0; n < 60 && await at() !== wanted; n++) await page.keyboard.press('Tab')
    assert.equal(await at(), wanted)
  }
  await to('f-day')
  await page.keyboard.type('2026-11-21')
  await to('f-limit')
  // "Not set" is the last of its choices: an arrow goes on to the first.
  await page.keyboard.press('Tab')
  await page.keyboard.press('ArrowRight')
  await to('f-region')
  await page.keyboard.type('17')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await to('f-on')
  await page.keyboard.press('Space')
  await to('Set to empty')
  await page.keyboard.press('Enter')
  await to('Inner')
  await page.keyboard.press('Enter')
  await to('f-deep.inner.level')
  await page.keyboard.type('3')
  await page.keyboard.press('Control+Enter')
  await page.waitForFunction(() => window.events.some(([name]) => name === 'lakeflow-submit'))
  const sent = await page.evaluate(() => window.events.find(([name]) => name === 'lakeflow-submit')[1].params)
  assert.equal(sent.day, '2026-11-21')
  assert.equal(sent.region, 'region_17')
  assert.equal(sent.on, 'true')
  assert.equal(sent['deep.inner.level'], '3')
  assert.ok(sent.mode)
})

test('the run by keyboard alone: graph, timeline, tabs, full screen', async () => {
  polls = 2
  const page = await open('/run.html')
  await page.evaluate(() => { document.querySelector('lakeflow-run').src = '/poll' })
  const run = page.locator('lakeflow-run')
  await run.locator('.dp').waitFor()
  const at = () => page.evaluate(() => {
    const own = document.querySelector('lakeflow-run').shadowRoot.activeElement
    return own?.dataset.key || own?.ariaLabel || own?.textContent.trim()
  })
  const to = async wanted => {
    for (let n = 0; n < 60 && !wanted.test(await at() ?? ''); n++) await page.keyboard.press('Tab')
    assert.match(await at(), wanted)
  }
  await to(/^Task graph$/)
  await to(/^load$/)
  await page.keyboard.press('ArrowRight')
  assert.equal(await at(), 'check')
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('Enter')
  await run.locator('.dp h2', { hasText: 'load' }).waitFor()
  await to(/^Zoom to task$/)
  await page.keyboard.press('Enter')
  await run.getByRole('button', { name: 'Whole run' }).waitFor()
  await to(/^check/)
  await page.keyboard.press('Enter')
  await run.locator('.dp h2', { hasText: 'check' }).waitFor()
  await to(/^Full screen$/)
  await page.keyboard.press('Enter')
  await run.locator('.dp.full').waitFor()
  await page.keyboard.press('Escape')
  await run.locator('.dp:not(.full)').waitFor()
  await to(/^Log$/)
  await page.keyboard.press('ArrowRight')
  await run.getByRole('tab', { name: 'Details', selected: true }).waitFor()
  assert.equal(await at(), 'Details')
})

test('the divider gives the graph its height, by keys and by pointer, also in the next page', async () => {
  const page = await open('/run.html')
  const show = model => page.evaluate(model => { document.querySelector('lakeflow-run').model = model }, model)
  const model = RUN('SUCCESS')
  model.graph.height = 1200
  await show(model)
  const divider = page.getByRole('separator', { name: 'Height of the graph' })
  const height = () => page.evaluate(() => document.querySelector('lakeflow-run').shadowRoot.querySelector('.gs').offsetHeight)
  const told = async () => Number(await divider.getAttribute('aria-valuenow'))
  const first = await height()
  assert.equal(await told(), first)
  await divider.focus()
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('ArrowUp')
  assert.equal(await height(), first - 40)
  await page.keyboard.press('ArrowDown')
  assert.deepEqual([await height(), await told()], [first - 20, first - 20])
  const { x, y, width } = await divider.boundingBox()
  await page.mouse.move(x + width / 2, y + 4)
  await page.mouse.down()
  await page.mouse.move(x + width / 2, y - 96, { steps: 4 })
  await page.mouse.up()
  const chosen = await height()
  assert.ok(Math.abs(chosen - (first - 120)) <= 6, `${chosen} of ${first}`)
  await page.mouse.move(x + width / 2, y + 200)
  assert.equal(await height(), chosen, 'let go')
  await page.reload()
  await page.waitForFunction(() => window.ready)
  await show(model)
  assert.deepEqual([await height(), await told()], [chosen, chosen])
})

test('what waits for its retry says when that is, and counts down', async () => {
  const page = await open('/run.html')
  const model = RUN('RUNNING')
  model.tasks[1].attempts = [{ ...model.tasks[1].attempts[0], s: 'FAILED', end: 60_000 }, { id: '9007199254740996', key: 'check', n: 1, s: 'WAITING_FOR_RETRY', retry: model.now + 600_000 }]
  await page.evaluate(model => { document.querySelector('lakeflow-run').model = model }, model)
  const run = page.locator('lakeflow-run')
  const node = run.locator('.n[data-key=check] small')
  const row = run.locator('.tr', { hasText: 'check' }).locator('.bl')
  const first = await node.textContent()
  assert.match(first, /^retry in (10m 00|9m \d\d)s$/)
  assert.match(await row.textContent(), /^in \d+m \d\ds$/)
  await run.locator('.n[data-key=check] small', { hasNotText: first }).waitFor()
  const left = text => { const [, minutes, seconds] = /(\d+)m (\d+)s/.exec(text); return 60 * minutes + Number(seconds) }
  assert.ok(left(await node.textContent()) < left(first))
})

test('a screen reader is told of the run and of the selected task alone, and not more than once in two seconds', async () => {
  const page = await open('/run.html')
  const show = model => page.evaluate(model => { document.querySelector('lakeflow-run').model = model }, model)
  await show(RUN('RUNNING'))
  const run = page.locator('lakeflow-run')
  await run.locator('.dp h2', { hasText: 'check' }).waitFor()
  await page.clock.install()
  await page.clock.pauseAt(Date.now() + 60_000)
  const said = run.getByRole('status').first()
  await page.evaluate(() => {
    window.told = []
    new MutationObserver(() => window.told.push(document.querySelector('lakeflow-run').shadowRoot.querySelector('[role=status]').textContent)).observe(document.querySelector('lakeflow-run').shadowRoot.querySelector('[role=status]'), { childList: true, characterData: true, subtree: true })
  })
  for (const state of ['QUEUED', 'RUNNING', 'TERMINATING']) {
    await show(RUN(state))
    await page.clock.runFor(200)
  }
  assert.equal(await said.textContent(), '')
  await page.clock.runFor(2000)
  await said.getByText('Run Stopping. check Stopping').waitFor()
  const other = RUN('TERMINATING')
  other.tasks[0].attempts[0].s = 'FAILED'
  await show(other)
  await page.clock.runFor(5000)
  assert.deepEqual(await page.evaluate(() => window.told), ['Run Stopping. check Stopping'], 'the last word counts, and other tasks are left out')
})

test('custom properties and parts dress the elements', async () => {
  const page = await open('/form.html', { bypassCSP: true })
  const form = page.locator('lakeflow-param-form')
  await page.addStyleTag({ content: 'lakeflow-param-form { --lakeflow-text: rgb(1, 2, 3); --lakeflow-radius: 13px; --lakeflow-font: monospace; --lakeflow-primary: rgb(4, 5, 6) } lakeflow-param-form::part(submit) { letter-spacing: 3px }' })
  const style = await form.getByRole('button', { name: 'Run now' }).evaluate(button => { const style = getComputedStyle(button); return [style.backgroundColor, style.borderRadius, style.letterSpacing, style.fontFamily] })
  assert.deepEqual(style, ['rgb(4, 5, 6)', '13px', '3px', 'monospace'])
  assert.equal(await form.evaluate(form => getComputedStyle(form.shadowRoot.querySelector('.form')).color), 'rgb(1, 2, 3)')
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
  assert.equal(await page.evaluate(() => document.querySelector('lakeflow-run').shadowRoot.querySelectorAll('i:not([data-state], [data-g], [class]), b > b').length), 0, 'text stays text')
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
        const unseen = await page.evaluate(() => [...document.querySelector('lakeflow-run, lakeflow-param-form').shadowRoot.querySelectorAll('.g, .t')].filter(one => getComputedStyle(one, one.matches('.t') ? '::before' : null).maskImage === 'none').map(one => one.outerHTML))
        assert.deepEqual(unseen, [], 'every glyph has its ink')
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
