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
  await page.locator('.fold').waitFor({ state: 'detached' })
  const graph = page.locator('.gs')
  const drawn = () => page.locator('.n').evaluateAll(nodes => nodes.map(node => node.dataset.key))
  const first = await drawn()
  assert.ok(first.length < 600, `${first.length} of 1,000 nodes are drawn: those in sight with a screen around them`)
  await graph.evaluate(box => box.scrollTo(0, box.scrollHeight))
  await page.waitForFunction(known => [...document.querySelector('lakeflow-run').shadowRoot.querySelectorAll('.n')].some(node => !known.includes(node.dataset.key)), first)
  await page.goto(`${engine.url}/jobs/${job_id}`)
  await page.waitForFunction(() => document.querySelectorAll('.mr').length === 1000)
  await page.getByLabel('Only tasks whose name holds').fill('task_99')
  await page.waitForFunction(() => document.querySelectorAll('.mr').length === 11)
})

test('nothing jumps in a graph of 1,000 tasks when a task changes its state', async () => {
  engine.wait()
  const task = (n, more) => ({ task_key: `task_${n}`, ...more })
  const tasks = Array.from({ length: 1000 }, (_, n) => task(n, n === 500
    ? { spark_python_task: { python_file: './wait.py' } } : { condition_task: { op: 'EQUAL_TO', left: '1', right: '1' }, depends_on: n < 10 ? [] : [{ task_key: `task_${n % 10}`, outcome: 'true' }] }))
  const { job_id } = await engine.call('/api/2.2/jobs/create', { name: 'still', tasks: tasks.map(one => one.spark_python_task ? { ...one, spark_python_task: { python_file: `${engine.bundle}/wait.py` } } : one) })
  const run = await engine.run(job_id)
  const page = await browser.signedIn(engine)
  await page.goto(`${engine.url}/runs/${run}`)
  await page.getByText(/1,000 tasks folded/).waitFor()
  await page.locator('lakeflow-run h1', { hasText: 'Running' }).waitFor()
  await page.waitForFunction(() => /999 succeeded/.test(document.querySelector('lakeflow-run').shadowRoot.querySelector('.cnts').textContent))
  const places = () => page.evaluate(() => {
    const root = document.querySelector('lakeflow-run').shadowRoot
    return [...root.querySelectorAll('.n')].map(node => [node.dataset.key, node.style.transform, root.querySelector('.gs').scrollTop, root.querySelector('.gc').style.transform])
  })
  const before = await places()
  await page.evaluate(() => { for (const node of document.querySelector('lakeflow-run').shadowRoot.querySelectorAll('.n, .tr')) node.kept = true })
  const shift = page.evaluate(() => new Promise(done => {
    let sum = 0
    new PerformanceObserver(list => { for (const one of list.getEntries()) if (!one.hadRecentInput) sum += one.value }).observe({ type: 'layout-shift', buffered: false })
    window.told = () => done(sum)
  }))
  engine.go()
  await page.locator('lakeflow-run h1', { hasText: 'Succeeded' }).waitFor()
  assert.deepEqual(await places(), before)
  assert.ok(await page.evaluate(() => [...document.querySelector('lakeflow-run').shadowRoot.querySelectorAll('.n, .tr')].every(node => node.kept)), 'no node was made anew')
  await page.evaluate(() => window.told())
  assert.ok(await shift < 0.01, 'nothing moved')
})

test('a log of 50,000 lines opens at its end, and all of it can be reached and found', async () => {
  const run = await engine.run('noisy')
  await engine.ended(run)
  const page = await browser.signedIn(engine)
  await page.goto(`${engine.url}/runs/${run}?task=lines`)
  await page.locator('.ln', { hasText: 'line 50000 of' }).waitFor()
  await page.getByText('50,000 lines').waitFor()
  while (await page.getByRole('button', { name: 'Load 1 MB more' }).count()) {
    const lines = await page.locator('.ln').count()
    await page.getByRole('button', { name: 'Load 1 MB more' }).click()
    await page.waitForFunction(lines => document.querySelector('lakeflow-run').shadowRoot.querySelectorAll('.ln').length > lines, lines)
  }
  assert.equal(await page.locator('.ln').count(), 50_000)
  // The search of the browser reaches what it has not drawn: the first line, the last, and between.
  for (const line of ['line 1 of', 'line 43210 of', 'line 50000 of', 'line 2 of']) {
    assert.equal(await page.evaluate(line => window.find(line, false, false, true), line), true, line)
  }
  assert.equal(await page.evaluate(() => window.find('line 50001 of', false, false, true)), false)
  await page.getByPlaceholder('Find').fill('line 777 of')
  await page.getByText('1 / 1', { exact: true }).waitFor()
  await page.goto(`${engine.url}/runs/${run}?task=lines#L43210`)
  await page.locator('.ln.at', { hasText: 'line 43210 of' }).waitFor()
})

test('10,000 runs: a list in pages with an exact count, few rows, a jump to a day; a matrix of the newest', async () => {
  const job = engine.jobs.idle
  await engine.ended(await engine.run('idle'))
  await engine.copy(job, 10_000)
  const page = await browser.signedIn(engine)
  await page.goto(`${engine.url}/jobs/${job}/runs`)
  await page.getByText('10,000 runs').waitFor()
  const rows = page.locator('.tb tbody tr')
  assert.equal(await rows.count(), 100)
  const newest = await rows.first().getAttribute('data-run')
  for (let n = 2; n < 9; n++) {
    const last = await rows.last().getAttribute('data-run')
    await page.getByRole('button', { name: 'Older runs' }).click()
    await page.waitForFunction(last => document.querySelector('.tb tbody tr:last-child').dataset.run !== last, last)
    assert.ok(await rows.count() <= 500, 'the page holds five hundred at most')
  }
  await page.getByRole('button', { name: 'Newer runs' }).waitFor()
  const top = await rows.first().getAttribute('data-run')
  await page.evaluate(() => scrollTo(0, 2000))
  const fresh = await engine.run('idle')
  await engine.ended(fresh)
  await page.getByRole('button', { name: '1 new run' }).waitFor()
  assert.equal(await rows.first().getAttribute('data-run'), top, 'nothing moves')
  for (let n = 0; n < 5 && await page.getByRole('button', { name: 'Newer runs' }).count(); n++) {
    const first = await rows.first().getAttribute('data-run')
    await page.getByRole('button', { name: 'Newer runs' }).click()
    await page.waitForFunction(first => document.querySelector('.tb tbody tr').dataset.run !== first, first)
  }
  assert.deepEqual([await rows.first().getAttribute('data-run'), await rows.nth(1).getAttribute('data-run')], [fresh, newest])
  const day = new Date(Date.now() - 3 * 864e5)
  const text = `${day.getFullYear()}-${String(day.getMonth() + 1).padStart(2, '0')}-${String(day.getDate()).padStart(2, '0')}`
  await page.getByLabel('Jump to a day').fill(text)
  await page.waitForFunction(text => document.querySelector('.tb tbody tr [title]')?.closest('tr').querySelector('td[title]').title.startsWith(text), text)
  assert.equal(new URL(page.url()).searchParams.get('day'), text)
  await page.goto(`${engine.url}/jobs/${job}`)
  await page.getByText('10,001 runs').waitFor()
  assert.equal(await page.locator('.mc').count(), 30)
  await page.getByRole('button', { name: 'Older' }).click()
  await page.waitForFunction(newest => !document.querySelector(`[data-run="${newest}"]`), newest)
  assert.ok(await page.locator('.mc').count() <= 100)
})
