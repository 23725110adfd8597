// axe-core finds nothing on any screen and in any of their states, in light and dark, at 1,440 and 390 pixels.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, afterEach, before, test } from 'node:test'
import { Browser, Engine } from './harness.mjs'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const engine = new Engine()
let browser
let run
let good
let held
let wide
before(async () => {
  await engine.start()
  browser = await Browser.open()
  for (const mode of ['good', 'bad']) {
    good = run
    run = await engine.run('flow', { mode })
    await engine.ended(run)
  }
  const { job_id } = await engine.call('/api/2.2/jobs/create', { name: 'wide', tasks: Array.from({ length: 1000 }, (_, n) => ({
    task_key: `task_${n}`, condition_task: { op: 'EQUAL_TO', left: '1', right: '1' }, depends_on: n < 10 ? [] : [{ task_key: `task_${n % 10}`, outcome: 'true' }],
  })) })
  wide = { job: job_id, run: await engine.run(job_id) }
  await engine.ended(wide.run)
  engine.wait()
  held = await engine.run('hold')
})
after(async () => {
  await browser?.close()
  engine.go()
  await engine.stop()
})
afterEach(() => browser.check())

/** Address, what has to be there, and what a person does then. */
const screens = () => {
  const flow = `/jobs/${engine.jobs.flow}`
  const dialog = (key, name) => async page => { await page.locator('body').press(key); await page.getByRole('dialog', { name }).waitFor() }
  return [
    ['/', '.tb'], [`${flow}?run=${run}`, '.pv'], [`/jobs/${engine.jobs.idle}`, '.empty'], [`/jobs/${wide.job}`, '.mr'], [`${flow}/runs`, '.tb'], ['/runs', '.tb'], ['/runs?state=SKIPPED', '.empty'],
    [`/runs/${run}`, '.ln'], [`/runs/${run}?tab=details`, '.dl'], [`/runs/${run}?tab=parameters`, '.kv'], [`/runs/${run}?tab=output`, '.body'], [`/runs/${held}`, '.ln'], [`/runs/${wide.run}`, '.fold'],
    [`${flow}/run`, 'input'], [`${flow}/definition`, '.code'], [`/compare?a=${run}&b=${run}`, '.cmp'], ['/schedules', '.fires'], ['/runs/12345', 'h1'], ['/jobs/7', '[role=alert]'],
    [`${flow}/run`, 'input', async page => { await page.getByRole('button', { name: 'JSON' }).click(); await page.getByLabel('Parameters as JSON').fill('{"mode": '); await page.getByText('the last good values').waitFor() }],
    [`${flow}/run`, 'input', async page => { await page.getByRole('button', { name: 'Request' }).click(); await page.getByText('"job_id"').waitFor() }],
    [`/runs/${run}`, '.ln', async page => { await page.locator('body').press('Shift+R'); await page.getByRole('button', { name: /Repair \d+ tasks/ }).waitFor() }],
    [`/runs/${held}`, '.ln', dialog('x', 'Cancel the run?')], ['/', '.tb', dialog('?', 'Keys')], ['/', '.tb', dialog('/', 'Jump to')],
    [`${flow}?task=transform`, '.hist'], [`/compare?a=${good}&b=${run}`, '.cmp'], [`/jobs/${wide.job}?run=${wide.run}`, '.pv'],
    ['/runs?state=RUNNING', '.tb', async page => { if (page.viewportSize().width > 500) { await page.getByRole('button', { name: /Cancel run/ }).first().click(); await page.getByRole('dialog', { name: /Cancel run/ }).waitFor() } }],
    [`/runs/${run}`, '.ln', async page => { if (page.viewportSize().width < 500) { await page.getByRole('button', { name: 'Jobs', exact: true }).click(); await page.getByRole('button', { name: 'Graph of this run' }).click(); await page.locator('lakeflow-run .gs').waitFor() } }],
    ['/', '.tb', async page => { if (page.viewportSize().width < 500) { await page.getByRole('button', { name: 'Jobs', exact: true }).click(); await page.locator('.rail.open').waitFor() } }],
    [flow, '.mr', async page => { await page.locator('[role=gridcell][tabindex="0"]').focus(); await page.locator('.tip').waitFor() }],
  ]
}

for (const colorScheme of ['light', 'dark']) {
  for (const width of [1440, 390]) {
    test(`no violation: ${colorScheme}, ${width} px`, async () => {
      const options = { colorScheme, viewport: { width, height: width < 500 ? 844 : 900 }, bypassCSP: true }
      const page = await browser.signedIn(engine, options)
      browser.allowed = [/status of 4\d\d/]
      const found = []
      for (const [path, there, act] of screens()) {
        await page.goto(engine.url + path)
        await page.locator(there).first().waitFor({ state: 'attached' })
        await act?.(page)
        found.push(...await violations(page, `${path}${act ? `, ${act}` : ''}`))
      }
      const stranger = await (await browser.context(options)).newPage()
      await stranger.goto(engine.url)
      await stranger.locator('.who').waitFor()
      found.push(...await violations(stranger, 'sign-in'))
      assert.deepEqual(found, [])
    })
  }
}

test('no violation once the run is deleted elsewhere, and the engine gone', async () => {
  const id = await engine.run('flow')
  await engine.ended(id)
  const pages = []
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [1440, 390]) {
      const page = await browser.signedIn(engine, { colorScheme, viewport: { width, height: 900 }, bypassCSP: true })
      await page.goto(`${engine.url}/runs/${id}`)
      await page.locator('lakeflow-run h1').waitFor()
      pages.push(page)
    }
  }
  await engine.call('/api/2.2/jobs/runs/delete', { run_id: id })
  const found = []
  for (const page of pages) {
    await page.bringToFront()
    await page.getByText('This run was deleted elsewhere').waitFor()
    found.push(...await violations(page, 'deleted'))
  }
  browser.allowed = [/net::ERR_\w+|Failed to fetch/]
  await engine.kill()
  for (const page of pages) {
    await page.bringToFront()
    await page.getByText(/Engine not reachable since/).waitFor()
    found.push(...await violations(page, 'gone', true))
    found.push(...await contrast(page, 'header, .gone:not(main *)'))
  }
  assert.deepEqual(found, [])
})

/** `dimmed`: old data fades on purpose, all that can be done with it is switched off, so its contrast is not looked at. */
async function violations(page, what, dimmed = false) {
  await page.evaluate(axe)
  const found = await page.evaluate(dimmed => window.axe.run(document, { resultTypes: ['violations'], ...(dimmed && { rules: { 'color-contrast': { enabled: false } } }) }), dimmed)
  return found.violations.map(one => `${what}: ${one.id}: ${one.nodes.slice(0, 3).map(node => `${node.target} ${node.html.slice(0, 120)} ${node.failureSummary}`).join(' | ')}`)
}

/** The contrast of a part alone. */
async function contrast(page, selector) {
  const found = await page.evaluate(selector => window.axe.run(selector, { runOnly: ['color-contrast'] }), selector)
  return found.violations.map(one => `${selector}: ${one.nodes.map(node => node.failureSummary)}`)
}
