// The log of a task: search in the whole of it by text and by pattern, streams and levels, and what is kept in the page.
import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { Browser, Engine } from './harness.mjs'

const engine = new Engine()
let browser
let run
before(async () => {
  await engine.start()
  browser = await Browser.open()
  run = await engine.run('levels')
  await engine.ended(run)
})
after(async () => {
  await browser?.close()
  await engine.stop()
})
afterEach(() => browser.check())

const open = async (id = run, task = 'levels') => {
  const page = await browser.signedIn(engine)
  await page.goto(`${engine.url}/runs/${id}?task=${task}`)
  await page.locator('.ln').first().waitFor()
  return page
}
/** Texts of the lines that are seen. */
const seen = page => page.locator('.ln').evaluateAll(lines => lines.filter(line => line.clientHeight).map(line => line.textContent))

test('text is found in the whole log, also where it is not loaded, and marked', async () => {
  const page = await open()
  assert.ok(await page.locator('.ln').count() < 10_000, 'the end alone is loaded')
  await page.getByPlaceholder('Find').fill('acme')
  await page.getByText('1 / 4', { exact: true }).or(page.getByText('4 / 4', { exact: true })).waitFor()
  await page.getByPlaceholder('Find').press('Enter')
  await page.locator('.ln', { hasText: 'INFO acme started' }).waitFor()
  assert.ok(await page.evaluate(() => CSS.highlights.get('lakeflow-found').size === 1 && [...CSS.highlights.get('lakeflow-found')][0].toString() === 'acme'))
  await page.getByPlaceholder('Find').press('Shift+Enter')
  await page.getByText('4 / 4', { exact: true }).waitFor()
  await page.getByPlaceholder('Find').fill('Acme')
  await page.getByText('none', { exact: true }).waitFor()
})

test('a pattern is found, a broken one is explained, and a bad one ends nothing', async () => {
  const page = await open()
  await page.getByRole('button', { name: 'Regular expression' }).click()
  await page.getByPlaceholder('Find').fill('row 1234[05] ')
  await page.getByText('1 / 2', { exact: true }).waitFor()
  await page.locator('.ln', { hasText: 'row 12340 of' }).waitFor()
  browser.allowed = [/400/]
  await page.getByPlaceholder('Find').fill('row (')
  await page.getByText('unclosed group').waitFor()
  await page.getByPlaceholder('Find').fill('(w+)+$x')
  await page.getByText('none', { exact: true }).waitFor()
})

test('streams are tabs, levels select, and a filter that hides everything says so', async () => {
  const page = await open()
  const stream = page.getByRole('group', { name: 'Stream' })
  await stream.getByRole('button', { name: 'stderr' }).click()
  assert.deepEqual(await seen(page), ['ERROR acme no customer'])
  await stream.getByRole('button', { name: 'stdout' }).click()
  assert.ok(!(await seen(page)).includes('ERROR acme no customer'))
  const number = await page.locator('.ln', { hasText: /^ende$/ }).evaluate(line => getComputedStyle(line, '::before').content)
  await stream.getByRole('button', { name: 'All' }).click()
  await page.getByRole('combobox', { name: 'Level' }).selectOption('Errors')
  assert.deepEqual(await seen(page), ['ERROR acme no customer'])
  await page.getByRole('combobox', { name: 'Level' }).selectOption('Debug')
  await page.getByText('The filter hides all lines').waitFor()
  await page.getByRole('button', { name: 'Show all' }).click()
  await page.locator('.ln', { hasText: /^ende$/ }).waitFor()
  assert.equal(await page.locator('.ln', { hasText: /^ende$/ }).evaluate(line => getComputedStyle(line, '::before').content), number)
  await stream.getByRole('button', { name: 'stderr' }).click()
  await page.getByPlaceholder('Find').fill('row 30000 of')
  await page.getByText('1 / 1', { exact: true }).waitFor()
  await page.locator('.ln', { hasText: 'row 30000 of' }).waitFor()
  assert.equal(await stream.getByRole('button', { name: 'All' }).getAttribute('aria-pressed'), 'true', 'a match is shown')
})

test('at most 5 MB are in the page: where older lines come, newer go, and come back', async () => {
  const many = await engine.run('noisy', { mode: 'more' })
  await engine.ended(many)
  const page = await open(many, 'lines')
  const box = page.locator('.box')
  await page.getByText('120,000 lines').waitFor()
  const all = page.getByRole('link', { name: 'Download all' })
  const coming = page.waitForEvent('download')
  await all.click()
  assert.match((await coming).suggestedFilename(), /^lines-\d+\.log$/)
  const bytes = () => box.evaluate(box => [...box.querySelectorAll('.ln')].reduce((sum, line) => sum + line.textContent.length + 1, 0))
  for (let n = 0; n < 12 && await page.getByRole('button', { name: 'Load 1 MB more' }).count(); n++) {
    const first = await box.evaluate(box => box.querySelector('.ln').textContent)
    await page.getByRole('button', { name: 'Load 1 MB more' }).first().click()
    await page.waitForFunction(first => document.querySelector('lakeflow-run').shadowRoot.querySelector('.ln').textContent !== first, first)
    assert.ok(await bytes() <= 5 << 20)
    if (await page.getByText(/Newer .* not shown/).count()) break
  }
  await page.getByText(/Newer .* not shown/).waitFor()
  await page.getByPlaceholder('Find').fill('line 777 of')
  await page.locator('.ln', { hasText: 'line 777 of' }).waitFor()
  assert.ok(await bytes() <= 5 << 20)
  const number = page.locator('.ln', { hasText: 'line 777 of' })
  assert.equal(await number.evaluate(line => line.parentElement.n + [...line.parentElement.children].indexOf(line) + 1), 777, 'lines keep their numbers')
  await page.getByRole('button', { name: /^Bottom/ }).click()
  await page.locator('.ln', { hasText: 'line 120000 of' }).waitFor()
  assert.ok(await box.evaluate(box => box.scrollHeight - box.scrollTop - box.clientHeight < 40))
})

test('a log that grows by a thousand lines a second is followed without a loss', async () => {
  const id = await engine.run('quick')
  const page = await open(id, 'stream')
  await page.getByText('Following').waitFor()
  await page.locator('.ln', { hasText: /^row 8000$/ }).waitFor()
  await page.getByText('End of log').waitFor()
  const rows = await page.locator('.ln').allTextContents()
  assert.deepEqual(rows, Array.from({ length: 8000 }, (_, n) => `row ${n + 1}`), 'every line, once, in order')
  assert.ok(await page.locator('.box').evaluate(box => box.scrollHeight - box.scrollTop - box.clientHeight < 40), 'the end is in sight')
})

test('lines have the time since their attempt began, the clock when pointed at, and neither on a phone nor in what is copied', async () => {
  engine.wait()
  const id = await engine.run('hold')
  const page = await browser.signedIn(engine)
  await page.goto(`${engine.url}/runs/${id}?task=wait`)
  const line = n => page.locator('.ln', { hasText: new RegExp(`^waiting ${n}$`) })
  await line(25).waitFor()
  engine.go()
  await engine.ended(id)
  const read = async n => {
    const told = await line(n).evaluate(line => [getComputedStyle(line, '::before').content, line.dataset.t, line.title])
    const [, minutes, seconds] = /^ {2}(\d\d):(\d\d)$/.exec(told[1])
    assert.match(told[0], /attr\(data-t\)|\d\d:\d\d/)
    assert.match(told[2], /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
    return [60 * minutes + Number(seconds), new Date(told[2]).getTime()]
  }
  const [[early, at], [late, then]] = [await read(1), await read(25)]
  // Twenty-four waits of a tenth of a second lie between, which are more than two seconds; notes are a second apart.
  assert.ok(late - early >= 1 && late - early <= (then - at) / 1000 + 2, `${early} ${late}`)
  assert.ok(then - at >= 1000)
  const attempt = (await engine.call(`/api/2.2/jobs/runs/get?run_id=${id}`)).tasks[0]
  assert.ok(Math.abs(at - 1000 * early - attempt.start_time) < 3000, 'counted from the start of the attempt')
  assert.ok(!(await line(1).evaluate(line => { getSelection().selectAllChildren(line); return getSelection().toString() })).includes(':'))
  const phone = await browser.signedIn(engine, { viewport: { width: 390, height: 844 } })
  await phone.goto(`${engine.url}/runs/${id}?task=wait`)
  await phone.locator('.ln', { hasText: /^went on$/ }).waitFor()
  assert.equal(await phone.locator('.ln[data-t]').count(), 0)
})

test('a log whose beginning is gone says so, and one that cannot be read can be asked for again', async () => {
  const page = await browser.signedIn(engine)
  let broken = true
  browser.allowed = [/net::ERR_\w+|500/]
  await page.route(/\/console\/api\/tasks\/\d+\/log/, async route => {
    if (broken) return route.fulfill({ status: 500, contentType: 'application/json', body: '{"error_code":"INTERNAL","message":"the file is gone"}' })
    const answer = await (await route.fetch()).json()
    return route.fulfill({ json: { ...answer, kept: answer.from } })
  })
  await page.goto(`${engine.url}/runs/${run}?task=levels`)
  await page.getByText('The log cannot be read').waitFor()
  await page.getByText('the file is gone').waitFor()
  broken = false
  await page.getByRole('button', { name: 'Retry' }).click()
  await page.locator('.ln', { hasText: /^ende$/ }).waitFor()
  await page.locator('.note', { hasText: /The first .* are no longer kept/ }).waitFor({ state: 'attached' })
})
