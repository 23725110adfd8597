// axe-core finds nothing on any screen, in light and dark, at 1,440 and 390 pixels.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, afterEach, before, test } from 'node:test'
import { Browser, Engine } from './harness.mjs'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const engine = new Engine()
let browser
let run
let held
before(async () => {
  await engine.start()
  browser = await Browser.open()
  for (const mode of ['good', 'bad']) {
    run = await engine.run('flow', { mode })
    await engine.ended(run)
  }
  engine.wait()
  held = await engine.run('hold')
})
after(async () => {
  await browser?.close()
  engine.go()
  await engine.stop()
})
afterEach(() => browser.check())

const screens = () => [
  ['/', '.tb'], [`/jobs/${engine.jobs.flow}?run=${run}`, '.pv'], [`/jobs/${engine.jobs.idle}`, '.empty'], [`/jobs/${engine.jobs.flow}/runs`, '.tb'], ['/runs', '.tb'],
  [`/runs/${run}`, '.ln'], [`/runs/${run}?tab=details`, '.dl'], [`/runs/${held}`, '.ln'], [`/jobs/${engine.jobs.flow}/run`, 'input'], [`/jobs/${engine.jobs.flow}/definition`, '.code'],
  [`/compare?a=${run}&b=${run}`, '.cmp'], ['/schedules', '.fires'],
]

for (const colorScheme of ['light', 'dark']) {
  for (const width of [1440, 390]) {
    test(`no violation: ${colorScheme}, ${width} px`, async () => {
      const page = await browser.signedIn(engine, { colorScheme, viewport: { width, height: width < 500 ? 844 : 900 }, bypassCSP: true })
      const found = []
      for (const [path, there] of screens()) {
        await page.goto(engine.url + path)
        await page.locator(there).first().waitFor({ state: 'attached' })
        found.push(...await violations(page, path))
      }
      await page.goto(`${engine.url}/runs/${run}`)
      await page.locator('lakeflow-run h1').waitFor()
      await page.locator('body').press('Shift+R')
      await page.getByRole('button', { name: /Repair \d+ tasks/ }).waitFor()
      found.push(...await violations(page, 'repair'))
      assert.deepEqual(found, [])
    })
  }
}

async function violations(page, what) {
  await page.evaluate(axe)
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
  return found.violations.map(one => `${what}: ${one.id}: ${one.nodes.slice(0, 3).map(node => `${node.target} ${node.html.slice(0, 120)} ${node.failureSummary}`).join(' | ')}`)
}
