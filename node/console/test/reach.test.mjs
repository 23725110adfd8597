// What a person reaches from lists, the matrix and the jump: names, histories, actions, tasks, the graph on a phone; and what the
// page says when a bundle is edited or another engine came.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { Browser, Engine } from './harness.mjs'

const engine = new Engine()
let browser
let twice
let failed
before(async () => {
  await engine.start()
  browser = await Browser.open()
  const python = (key, file, more = {}) => ({ task_key: key, spark_python_task: { python_file: `${engine.bundle}/${file}.py`, parameters: ['bad'] }, ...more })
  const tasks = [python('first_step_with_a_name_that_is_rather_long', 'extract'), python('check', 'transform', { max_retries: 1, min_retry_interval_millis: 1 })]
  twice = (await engine.call('/api/2.2/jobs/create', { name: 'twice', tasks })).job_id
  for (let n = 0; n < 2; n++) await engine.ended(failed = await engine.run(twice))
})
after(async () => {
  await browser?.close()
  engine.go()
  await engine.stop()
})
afterEach(() => browser.check())

const matrix = async options => {
  const page = await browser.signedIn(engine, options)
  await page.goto(`${engine.url}/jobs/${twice}`)
  await page.locator('.mr .t').first().waitFor()
  return page
}

test('names of the matrix are widened by keys and by pointer, and stay so', async () => {
  const page = await matrix()
  const edge = page.getByRole('separator', { name: 'Width of the names' })
  const name = page.locator('.mr .mh span').first()
  const width = async () => [Number(await edge.getAttribute('aria-valuenow')), await page.locator('.mr .mh').first().evaluate(head => head.offsetWidth)]
  const [first] = await width()
  assert.match(await name.textContent(), /…/, 'cut in its middle')
  await edge.focus()
  await page.keyboard.press('ArrowRight')
  assert.deepEqual(await width(), [first + 16, first + 16])
  const { x, y } = await edge.boundingBox()
  await page.mouse.move(x + 4, y + 20)
  await page.mouse.down()
  await page.mouse.move(x + 204, y + 20, { steps: 4 })
  await page.mouse.up()
  const [wide, drawn] = await width()
  assert.ok(Math.abs(wide - (first + 216)) < 8 && drawn === wide, `${wide}`)
  assert.equal(await name.textContent(), 'first_step_with_a_name_that_is_rather_long')
  await page.reload()
  await page.locator('.mr .t').first().waitFor()
  assert.deepEqual(await width(), [wide, wide])
})

test('row and column are marked and told for as long as a cell is pointed at or has the focus, with all attempts', async () => {
  const page = await matrix()
  const tip = page.locator('.tip')
  const cell = page.locator(`[role=gridcell][aria-label^="check, run ${failed}"]`)
  await cell.hover()
  await tip.getByText('attempt 1: Failed').waitFor()
  await tip.getByText('attempt 2: Failed').waitFor()
  await page.mouse.move(2, 2)
  await tip.waitFor({ state: 'hidden' })
  await page.locator('[role=gridcell][tabindex="0"]').focus()
  await page.keyboard.press('ArrowDown')
  await tip.getByText(/^check, run \d+, Failed/).waitFor()
  const marked = () => page.evaluate(() => {
    const cell = document.activeElement
    const column = document.querySelector('.col.hov')
    return [!column.hidden && Math.abs(column.getBoundingClientRect().left - cell.getBoundingClientRect().left) < 6, getComputedStyle(cell.parentElement).backgroundColor !== 'rgba(0, 0, 0, 0)']
  })
  assert.deepEqual(await marked(), [true, true])
  await page.keyboard.press('Escape')
  await tip.waitFor({ state: 'hidden' })
})

test('attempts that come while the matrix is shown are told with it', async () => {
  const page = await matrix()
  const run = await engine.run(twice)
  await engine.ended(run)
  await page.locator(`[role=gridcell][aria-label^="check, run ${run}, Failed"]`).hover()
  await page.locator('.tip', { hasText: 'attempt 2: Failed' }).waitFor()
})

test('a name leads to the history of its task, by pointer and by keys', async () => {
  const page = await matrix()
  await page.locator('.mh', { hasText: 'check' }).click()
  const history = page.getByRole('complementary', { name: 'History of check' })
  await history.getByText(/^0 of \d runs succeeded here$/).waitFor()
  assert.ok(await history.locator('li').count() >= 2)
  await history.getByText('×2').first().waitFor()
  await page.reload()
  await history.waitFor()
  await history.getByRole('button', { name: 'Close the history' }).click()
  await history.waitFor({ state: 'detached' })
  await page.locator('[role=gridcell][tabindex="0"], .mh[tabindex="0"]').first().focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('Enter')
  await page.locator('.pv .hist li').first().waitFor()
  await page.locator('.pv .hist a').first().click()
  await page.waitForURL(/\/runs\/\d+\?task=/)
})

test('rows of a list have their actions on focus, ask before a run is cancelled, and are copied with absolute times', async () => {
  engine.wait()
  const held = await engine.run('hold')
  const page = await browser.signedIn(engine)
  await page.goto(`${engine.url}/jobs/${twice}/runs`)
  const row = page.locator(`tr[data-run="${failed}"]`)
  const repair = row.getByRole('link', { name: `Repair run ${failed}` })
  const seen = link => link.evaluate(link => getComputedStyle(link.parentElement).opacity)
  await repair.waitFor()
  assert.equal(await seen(repair), '0')
  await repair.focus()
  assert.equal(await seen(repair), '1')
  await row.getByRole('link', { name: `Run again as run ${failed}` }).waitFor()
  const copied = await row.evaluate(row => { getSelection().selectAllChildren(row); return getSelection().toString() })
  assert.match(copied, /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/)
  assert.doesNotMatch(copied, / ago/)
  await page.goto(`${engine.url}/runs?state=RUNNING`)
  await page.getByRole('button', { name: `Cancel run ${held}` }).click()
  await page.getByRole('dialog', { name: `Cancel run ${held}?` }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  assert.equal((await engine.call(`/api/2.2/jobs/runs/get?run_id=${held}`)).status.state, 'RUNNING')
  await page.getByRole('button', { name: `Cancel run ${held}` }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel the run' }).press('Enter')
  const ended = await engine.ended(held)
  assert.equal(ended.state.result_state, 'CANCELED')
})

test('the jump finds tasks: of the run that is shown, and of every job', async () => {
  const page = await browser.signedIn(engine)
  await page.goto(`${engine.url}/runs/${failed}`)
  await page.locator('lakeflow-run .dp h2', { hasText: 'check' }).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('first_st')
  await page.getByRole('option', { name: /first_step.*task on this page/ }).waitFor()
  await page.keyboard.press('Enter')
  await page.locator('lakeflow-run .dp h2', { hasText: 'first_step' }).waitFor()
  await page.goto(engine.url)
  await page.locator('.tb').waitFor()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('transfo')
  await page.getByRole('option', { name: /transform.*task of flow/ }).click()
  await page.getByRole('complementary', { name: 'History of transform' }).or(page.locator('.empty')).first().waitFor()
  await page.locator('h1', { hasText: 'flow' }).waitFor()
})

test('Escape closes what is on top, then clears the selection; the question about cancelling gives the focus back', async () => {
  engine.wait()
  const held = await engine.run('hold')
  const page = await browser.signedIn(engine)
  await page.goto(`${engine.url}/runs/${held}?task=wait`)
  await page.locator('.ln').first().waitFor()
  await page.keyboard.press('x')
  await page.getByRole('dialog', { name: 'Cancel the run?' }).waitFor()
  await page.getByRole('button', { name: 'Keep it' }).click()
  await page.waitForFunction(() => document.activeElement.textContent.trim() === 'Cancel run')
  await page.keyboard.press('Escape')
  await page.locator('lakeflow-run .dp').waitFor({ state: 'detached' })
  assert.equal(new URL(page.url()).searchParams.get('task'), null)
  engine.go()
  await engine.ended(held)
})

test('on a phone the graph is reached from the menu', async () => {
  const page = await browser.signedIn(engine, { viewport: { width: 390, height: 844 } })
  await page.goto(`${engine.url}/runs/${failed}`)
  await page.locator('lakeflow-run .tr').first().waitFor()
  const graph = page.locator('lakeflow-run .gs')
  assert.equal(await graph.isVisible(), false, 'it is not shown first')
  await page.getByRole('button', { name: 'Jobs', exact: true }).click()
  await page.getByRole('button', { name: 'Graph of this run' }).click()
  await graph.waitFor()
  await page.locator('lakeflow-run .n', { hasText: 'check' }).waitFor()
})

test('a bundle that is edited while it is looked at: jobs come, and those that went stay greyed', async () => {
  const page = await browser.signedIn(engine)
  await page.goto(engine.url)
  await page.getByTitle('Target of the bundle').waitFor()
  const row = name => page.locator('.tb tr', { has: page.locator('.jobname', { hasText: new RegExp(`^${name}$`) }) })
  await row('idle').waitFor()
  const file = join(engine.bundle, 'jobs.yml')
  const text = readFileSync(file, 'utf8')
  await page.evaluate(() => { for (const row of document.querySelectorAll('.tb tr')) row.kept = true })
  writeFileSync(file, text.replace('    idle:\n      name: idle', '    later:\n      name: later'))
  await row('later').waitFor()
  await row('idle').getByText('no longer in the bundle').waitFor()
  assert.ok(await row('flow').evaluate(row => row.kept), 'rows stay what they are')
  writeFileSync(file, text)
  await row('idle').getByText('no longer in the bundle').waitFor({ state: 'detached' })
})

test('a page that another engine does not have any more offers to be loaded again, and does not do it by itself', async () => {
  const page = await browser.signedIn(engine)
  await page.goto(`${engine.url}/runs/${failed}`)
  await page.locator('lakeflow-run h1').waitFor()
  await page.evaluate(() => { window.kept = true })
  browser.allowed = [/net::ERR_\w+|Failed to fetch/]
  await page.route(url => url.pathname.startsWith('/runs/'), route => route.fulfill({ contentType: 'text/html', body: '<script type="module" src="/console/assets/console-new.js"></script>' }))
  await engine.kill()
  await page.getByText(/Engine not reachable since/).waitFor()
  await engine.start()
  await page.getByRole('button', { name: 'Reload' }).waitFor()
  assert.ok(await page.evaluate(() => window.kept))
})
