// What is large: a thousand tasks, fifty thousand lines, hundreds of runs.
import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { Browser, Engine } from './harness.mjs'

const engine = new Engine()
let browser
before(async () => {
  await engine.start()
  browser = await Browser.open()
})
after(async () => {
  await browser?.close()
  await engine.stop()
})
afterEach(() => browser.check())

test('a run of 1,000 tasks is folded, and shown whole on demand', async () => {
  const tasks = Array.from({ length: 1000 }, (_, n) => ({
    task_key: `task_${n}`, condition_task: { op: 'EQUAL_TO', left: '1', right: n % 97 ? '1' : '2' }, depends_on: n < 10 ? [] : [{ task_key: `task_${Math.floor(n / 10)}`, outcome: 'true' }],
  }))
  const { job_id } = await engine.call('/api/2.2/jobs/create', { name: 'wide', tasks })
  const run = await engine.run(job_id)
  await engine.ended(run)
  const page = await browser.signedIn(engine)
  await page.goto(`${engine.url}/runs/${run}`)
  await page.getByText(/1,000 tasks folded to \d+ nodes/).waitFor()
  assert.ok(await page.locator('.n').count() <= 400)
  assert.equal(await page.locator('.tr').count(), 1000)
  await page.getByRole('button', { name: 'Show all 1,000' }).click()
  await page.waitForFunction(() => document.querySelector('lakeflow-run').shadowRoot.querySelectorAll('.n').length === 1000)
  await page.goto(`${engine.url}/jobs/${job_id}`)
  await page.waitForFunction(() => document.querySelectorAll('.mr').length === 1000)
  await page.getByLabel('Only tasks whose name holds').fill('task_99')
  await page.waitForFunction(() => document.querySelectorAll('.mr').length === 11)
})

test('a log of 50,000 lines opens at its end, and all of it can be reached and found', async () => {
  const run = await engine.run('noisy')
  await engine.ended(run)
  const page = await browser.signedIn(engine)
  await page.goto(`${engine.url}/runs/${run}?task=lines`)
  await page.locator('.ln', { hasText: 'line 50000 of' }).waitFor()
  await page.getByText('50,000 lines').waitFor()
  const box = page.locator('.box')
  while (await page.getByRole('button', { name: 'Load 1 MB more' }).count()) {
    const height = await box.evaluate(box => box.scrollHeight)
    await page.getByRole('button', { name: 'Load 1 MB more' }).click()
    await page.waitForFunction(height => document.querySelector('lakeflow-run').shadowRoot.querySelector('.box').scrollHeight > height, height)
  }
  assert.equal(await page.locator('.ln').count(), 50_000)
  assert.equal(await page.evaluate(() => window.find('line 43210 of')), true, 'the search of the browser')
  await page.getByPlaceholder('Find').fill('line 777 of')
  await page.getByText('1 / 1', { exact: true }).waitFor()
  await page.goto(`${engine.url}/runs/${run}?task=lines#L43210`)
  await page.locator('.ln.at', { hasText: 'line 43210 of' }).waitFor()
})

test('a list of many runs comes in pages with an exact count', async () => {
  const runs = []
  for (let n = 0; n < 130; n++) runs.push(await engine.run('idle'))
  await engine.ended(runs.at(-1))
  const page = await browser.signedIn(engine)
  await page.goto(`${engine.url}/jobs/${engine.jobs.idle}/runs`)
  await page.getByText('130 runs').waitFor()
  assert.equal(await page.locator('.tb tbody tr').count(), 100)
  await page.getByRole('button', { name: 'Older runs' }).click()
  await page.waitForFunction(() => document.querySelectorAll('.tb tbody tr').length === 130)
  await page.evaluate(() => scrollTo(0, 2000))
  await engine.ended(await engine.run('idle'))
  await page.getByRole('button', { name: '1 new run' }).waitFor()
  assert.equal(await page.locator('.tb tbody tr').count(), 130, 'nothing moves')
})
