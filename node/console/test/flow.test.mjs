// What a person does with the console, in a real browser against a real engine.
import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { Browser, Engine, HOSTILE } from './harness.mjs'

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

const state = (page, word) => page.locator('lakeflow-run h1', { hasText: word }).waitFor()

test('a browser that is not signed in is told how to be', async () => {
  const page = await (await browser.context()).newPage()
  browser.allowed = [/401/]
  await page.goto(`${engine.url}/jobs/1`)
  await page.getByText('This browser is not signed in').waitFor()
  await page.goto(`${engine.url}/console/sign-in?code=wrong`)
  await page.getByText('was used already or has expired').waitFor()
  await page.goto(engine.link)
  await page.locator('h1', { hasText: 'shop' }).waitFor()
  const cookie = (await page.context().cookies())[0]
  assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, 'Strict'])
  assert.equal(await page.evaluate(() => document.cookie), '')
})

test('fill the form, watch it fail, repair it to green, by keyboard alone', async () => {
  const page = await browser.signedIn(engine)
  // Keys are for a page whose list is there.
  await page.getByRole('link', { name: 'flow', exact: true }).first().waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('flow')
  await page.keyboard.press('Enter')
  await page.locator('h1', { hasText: 'flow' }).waitFor()
  await page.keyboard.press('n')
  const mode = page.locator('lakeflow-param-form').getByLabel('mode', { exact: true })
  await mode.focus()
  await page.keyboard.press('Control+a')
  await page.keyboard.type('bad')
  await page.keyboard.press('Control+Enter')
  await page.waitForURL(/\/runs\/\d+/)
  await state(page, 'Failed')
  const panel = page.locator('lakeflow-run .dp')
  await panel.locator('h2', { hasText: 'transform' }).waitFor()
  await panel.locator('.err', { hasText: 'ValueError: 3 orders without a customer' }).waitFor()
  await panel.locator('.err', { hasText: 'Stopped report' }).waitFor()
  await panel.locator('.ln.x', { hasText: 'ValueError' }).first().waitFor()
  await page.locator('body').press('Shift+R')
  const dialog = page.getByRole('dialog', { name: 'Repair the run' })
  await dialog.getByRole('button', { name: 'Repair 2 tasks' }).waitFor()
  await dialog.getByText('after transform').waitFor()
  const field = dialog.locator('lakeflow-param-form').getByLabel('mode', { exact: true })
  assert.equal(await field.inputValue(), 'bad', 'as the run had it')
  await field.fill('good')
  await dialog.getByText('was bad').waitFor()
  await dialog.getByRole('button', { name: 'Exact request' }).click()
  await dialog.locator('pre', { hasText: '"mode": "good"' }).waitFor()
  await dialog.getByRole('button', { name: 'Repair 2 tasks' }).press('Enter')
  await state(page, 'Succeeded')
  await page.locator('lakeflow-run .seg button', { hasText: 'Attempt 2' }).waitFor()
  await page.locator('lakeflow-run .seg button', { hasText: 'Repair 1' }).waitFor()
})

test('keys pressed while a dialog is still being loaded are for the dialog', async () => {
  const run = await engine.run('flow')
  await engine.ended(run)
  const page = await browser.signedIn(engine)
  let gate
  const shut = () => { gate = {}; gate.open = new Promise(done => { gate.arrive = done }) }
  await page.route(/\/dialogs-/, async route => { await gate.open; await route.continue() })
  shut()
  const asked = page.waitForRequest(/\/dialogs-/)
  await page.goto(`${engine.url}/runs/${run}`)
  await state(page, 'Succeeded')
  await page.keyboard.press('/')
  await asked
  await page.keyboard.type('holx')
  await page.keyboard.press('Backspace')
  await page.keyboard.type('d n')
  await page.keyboard.press('Backspace')
  await page.keyboard.press('Backspace')
  assert.ok(page.url().endsWith(run), 'no letter was a command of the page below')
  gate.arrive()
  const field = page.getByRole('combobox', { name: 'Jump to a job, a run or a task' })
  await field.waitFor()
  assert.equal(await field.inputValue(), 'hold')
  await page.keyboard.press('Enter')
  await page.locator('h1', { hasText: 'hold' }).waitFor()
  // The same with Enter, and with a dialog that has no field, given up before it came.
  for (const [keys, then] of [['/ f l o w Enter', () => page.locator('h1', { hasText: 'flow' }).waitFor()], ['Shift+R n Escape', () => page.waitForFunction(() => document.activeElement)]]) {
    await page.goto(`${engine.url}/runs/${run}`)
    await state(page, 'Succeeded')
    const [first, ...others] = keys.split(' ')
    shut()
    const again = page.waitForRequest(/\/dialogs-/)
    await page.keyboard.press(first)
    await again
    for (const key of others) await page.keyboard.press(key)
    gate.arrive()
    await then()
  }
  assert.ok(page.url().endsWith(run))
  assert.equal(await page.getByRole('dialog').count(), 0)
})

test('a run is watched live, its log followed, and cancelled', async () => {
  engine.wait()
  const page = await browser.signedIn(engine)
  await page.goto(`${engine.url}/jobs/${engine.jobs.hold}`)
  await page.getByRole('button', { name: 'Run now' }).first().click({ modifiers: ['Shift'] })
  await page.locator('lakeflow-param-form').getByRole('button', { name: 'Run now' }).click()
  await state(page, 'Running')
  await page.locator('.ln', { hasText: /^waiting 12$/ }).waitFor()
  const box = page.locator('.box')
  assert.ok(await box.evaluate(box => box.scrollHeight - box.scrollTop - box.clientHeight < 40), 'it follows')
  await page.evaluate(() => { document.querySelector('lakeflow-run').shadowRoot.querySelector('.n').marked = true })
  await page.keyboard.press('x')
  await page.getByRole('dialog', { name: 'Cancel the run?' }).waitFor()
  await page.keyboard.press('Enter')
  await state(page, 'Canceled')
  assert.ok(await page.evaluate(() => document.querySelector('lakeflow-run').shadowRoot.querySelector('.n').marked), 'nodes are patched, not drawn anew')
})

test('on a phone a run is cancelled with the bar at the bottom, and a link to a task shows its log', async () => {
  engine.wait()
  const run = await engine.run('hold')
  const page = await browser.signedIn(engine, { viewport: { width: 390, height: 844 } })
  await page.goto(`${engine.url}/runs/${run}?task=wait`)
  await page.locator('.ln').first().waitFor()
  await page.getByRole('button', { name: 'Cancel run' }).click()
  await page.getByRole('dialog', { name: 'Cancel the run?' }).waitFor()
  await page.keyboard.press('Enter')
  await state(page, 'Canceled')
})

test('the matrix shows runs live, opens a preview and compares two', async () => {
  engine.go()
  for (const mode of ['good', 'bad', 'good']) await engine.ended(await engine.run('flow', { mode }))
  const page = await browser.signedIn(engine)
  await page.goto(`${engine.url}/jobs/${engine.jobs.flow}`)
  const columns = page.locator('.mc')
  await page.waitForFunction(() => document.querySelectorAll('.mc').length >= 3)
  const n = await columns.count()
  const run = await engine.run('flow', { mode: 'bad', day: '2026-11-22' })
  await page.waitForFunction(n => document.querySelectorAll('.mc').length === n + 1, n)
  await engine.ended(run)
  await page.locator(`[role=gridcell][aria-label^="transform, run ${run}, Failed"]`).click()
  const preview = page.locator('.pv')
  await preview.getByText('ValueError: 3 orders without a customer').waitFor()
  await preview.getByText('was 2026-11-21').waitFor()
  await page.locator('.mc').nth(-2).click({ modifiers: ['Shift'] })
  await page.getByRole('link', { name: 'Compare the two' }).click()
  await page.getByText('2 differ').waitFor()
  const cell = page.locator('td', { hasText: '2026-11-22' })
  await cell.waitFor()
  await page.goBack()
  await page.locator('.mx').waitFor()
  await page.locator('[role=gridcell][tabindex="0"]').focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('ArrowDown')
  assert.match(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), /^\S+, run \d+, /)
})

test('lists are filtered in the address, and a reload shows the same', async () => {
  const page = await browser.signedIn(engine)
  await page.goto(`${engine.url}/jobs/${engine.jobs.flow}/runs`)
  await page.getByLabel('State').selectOption({ label: 'Failed' })
  await page.waitForURL(/state=FAILED/)
  await page.waitForFunction(() => [...document.querySelectorAll('.tb tbody .st')].every(cell => /Failed/.test(cell.textContent)) && document.querySelector('.tb tbody tr'))
  await page.reload()
  assert.match(await page.getByLabel('State').inputValue(), /FAILED/)
  await page.getByLabel('Parameter or run id').fill('no such thing')
  await page.keyboard.press('Enter')
  await page.getByText('No run matches').waitFor()
  await page.getByRole('button', { name: 'Clear the filters' }).click()
  await page.locator('.tb tbody tr').first().waitFor()
  const run = await engine.run('flow', { mode: 'bad' })
  await engine.ended(run)
  await page.goto(`${engine.url}/runs/${run}?task=transform#L2`)
  await page.locator('.ln.at', { hasText: 'Traceback' }).waitFor()
  await page.locator('.ln').first().click({ position: { x: 10, y: 10 } })
  await page.waitForURL(/#L1$/)
  await page.reload()
  await page.locator('.ln.at', { hasText: 'checking' }).waitFor()
})

test('what comes from a run never becomes markup', async () => {
  const run = await engine.run('hostile', { mode: `${HOSTILE}"'>` })
  await engine.ended(run)
  const page = await browser.signedIn(engine)
  const clean = async () => assert.deepEqual(await page.evaluate(() => {
    const roots = [document, ...[...document.querySelectorAll('*')].map(node => node.shadowRoot).filter(Boolean)]
    return roots.flatMap(root => [...root.querySelectorAll('img, [onerror], script:not([src^="/console/assets/"]), a[href^="javascript:"]')].map(node => node.outerHTML))
  }), [])
  for (const path of [`/runs/${run}`, `/jobs/${engine.jobs.hostile}`, `/jobs/${engine.jobs.hostile}/run?from=${run}`, `/jobs/${engine.jobs.hostile}/definition`, '/', `/compare?a=${run}&b=${run}`, '/runs']) {
    await page.goto(engine.url + path)
    await page.getByText('onerror', { exact: false }).first().waitFor()
    await clean()
  }
  await page.goto(`${engine.url}/runs/${run}`)
  await page.locator('.ln', { hasText: '<script>alert(2)</script>' }).waitFor()
  await page.locator('.err', { hasText: `ValueError: ${HOSTILE}` }).waitFor()
  assert.equal(await page.locator('.ln a').count(), 0, 'a link of a log leads to http alone')
  for (const tab of ['Details', 'Parameters', 'Output']) {
    await page.getByRole('tab', { name: tab }).click()
    await page.getByRole('tabpanel').waitFor()
    await clean()
  }
})

test('the engine is killed and comes back: the page says so, and goes on without a reload', async () => {
  engine.wait()
  const run = await engine.run('hold')
  const page = await browser.signedIn(engine)
  await page.goto(`${engine.url}/runs/${run}`)
  await page.locator('.ln', { hasText: /^waiting 3$/ }).waitFor()
  await page.evaluate(() => { window.kept = true })
  browser.allowed = [/net::ERR_\w+|Failed to fetch/] // however the browser words a connection that is gone
  await engine.kill()
  await page.getByText(/Engine not reachable since/).waitFor()
  assert.ok(await page.getByRole('button', { name: 'Cancel run' }).first().isDisabled(), 'nothing can be done now')
  await engine.start()
  await page.locator('.conn', { hasText: 'Live' }).waitFor()
  await state(page, 'Failed')
  assert.ok(await page.evaluate(() => window.kept), 'the page was not loaded again')
  const next = await engine.run('hold')
  await page.goto(`${engine.url}/runs/${next}`)
  await state(page, 'Running')
  engine.go()
  await state(page, 'Succeeded')
})

test('nothing moves once a run is shown', async () => {
  engine.go()
  const run = await engine.run('flow', { mode: 'bad' })
  await engine.ended(run)
  const page = await browser.signedIn(engine)
  await page.addInitScript(() => {
    window.shifts = []
    new PerformanceObserver(list => {
      for (const one of list.getEntries()) window.shifts.push([one.value, one.sources.map(source => source.node?.className ?? source.node?.nodeName)])
    }).observe({ type: 'layout-shift', buffered: true })
  })
  await page.goto(`${engine.url}/runs/${run}`)
  await page.locator('.ln.x').first().waitFor()
  await page.getByText('End of log').waitFor()
  const shifts = await page.evaluate(() => window.shifts)
  assert.ok(shifts.reduce((sum, [value]) => sum + value, 0) < 0.02, JSON.stringify(shifts))
})

test('a run that is deleted elsewhere says so', async () => {
  engine.go()
  const run = await engine.run('flow')
  await engine.ended(run)
  const page = await browser.signedIn(engine)
  await page.goto(`${engine.url}/runs/${run}`)
  await state(page, 'Succeeded')
  await engine.call('/api/2.2/jobs/runs/delete', { run_id: run })
  await page.getByText('This run was deleted elsewhere').waitFor()
  browser.allowed = [/404/]
  await page.reload()
  await page.getByText(`There is no run ${run}`).waitFor()
})

test('eight tabs are live over one stream, and stay so when the tab that reads it is closed', async () => {
  engine.wait()
  const first = await browser.signedIn(engine)
  const run = await engine.run('hold')
  const isStream = request => new URL(request.url()).pathname === '/console/events'
  const streams = []
  first.context().on('request', request => { if (isStream(request)) streams.push(new URL(request.url()).search) })
  const pages = [first]
  while (pages.length < 8) pages.push(await first.context().newPage())
  for (const page of pages) {
    await page.goto(`${engine.url}/runs/${run}`)
    await state(page, 'Running')
    await page.locator('.conn', { hasText: 'Live' }).waitFor()
  }
  assert.equal(streams.length, 1, 'one stream for the browser')
  const next = first.context().waitForEvent('request', isStream)
  await first.close()
  assert.match(new URL((await next).url()).search, /^\?after=[^.]+\.\d+$/, 'another tab goes on where it ended')
  engine.go()
  for (const page of pages.slice(1)) {
    await page.bringToFront()
    await state(page, 'Succeeded')
  }
  assert.equal(streams.length, 2)
})

test('after a sleep of the machine the page finds out what it missed, and knows the time', async () => {
  engine.wait()
  const run = await engine.run('hold')
  const page = await browser.signedIn(engine)
  await page.goto(`${engine.url}/runs/${run}`)
  await page.locator('.ln', { hasText: /^waiting 2$/ }).waitFor()
  await page.evaluate(() => { window.kept = true })
  const again = page.waitForRequest(/\/console\/events\?after=/)
  // To the page it is as if an hour had passed without a word.
  await page.evaluate(() => { const now = Date.now; Date.now = () => now() + 3_600_000 })
  await again
  await page.locator('.conn', { hasText: 'Live' }).waitFor()
  engine.go()
  await state(page, 'Succeeded')
  assert.ok(await page.evaluate(() => window.kept), 'the page was not loaded again')
  assert.doesNotMatch(await page.locator('lakeflow-run .meta').textContent(), /\dh|59m/, 'times are those of the engine')
})

test('wrong addresses say what is not there, and lead on', async () => {
  const page = await browser.signedIn(engine)
  browser.allowed = [/status of 4\d\d/]
  for (const path of ['/runs/12345', '/runs/abc', '/runs/99999999999999999999', '/jobs/7', '/jobs/abc', '/jobs/7/run', '/jobs/7/definition', '/jobs/7/runs', '/compare', '/compare?a=<b>&b=1', '/runs?state=<b>&page=x', `/jobs/${engine.jobs.flow}?run=5&task=%00`]) {
    await page.goto(engine.url + path)
    await page.locator('main h1, main [role=alert], main h2').first().waitFor()
    await page.waitForFunction(() => !document.querySelector('.hold'), undefined, { timeout: 30_000 }).catch(() => assert.fail(`${path} is still loading`))
    await page.getByRole('link', { name: 'lakeflow' }).waitFor()
  }
  await page.goto(`${engine.url}/runs/12345`)
  await page.getByRole('link', { name: 'All runs' }).click()
  await page.locator('h1', { hasText: 'Runs' }).waitFor()
  await page.goBack()
  await page.getByText('There is no run 12345').waitFor()
})

test('a double click starts one run, and the way back leads to the job', async () => {
  const page = await browser.signedIn(engine)
  await page.goto(`${engine.url}/jobs/${engine.jobs.idle}`)
  const before = (await engine.call(`/api/2.2/jobs/runs/list?job_id=${engine.jobs.idle}`)).runs?.length ?? 0
  await page.getByRole('button', { name: 'Run now' }).first().dblclick()
  await page.waitForURL(/\/runs\/\d+/)
  await state(page, 'Succeeded')
  assert.equal((await engine.call(`/api/2.2/jobs/runs/list?job_id=${engine.jobs.idle}`)).runs.length, before + 1)
  await page.goBack()
  await page.locator('h1', { hasText: 'idle' }).waitFor()
  await page.locator('.mc').first().waitFor()
})

test('a browser whose session has ended says so on the page', async () => {
  const page = await browser.signedIn(engine)
  await page.goto(`${engine.url}/jobs/${engine.jobs.flow}`)
  await page.locator('h1', { hasText: 'flow' }).waitFor()
  browser.allowed = [/401|net::ERR/]
  await page.context().clearCookies()
  await page.getByRole('link', { name: 'List' }).click()
  await page.getByText('This browser is not signed in').waitFor()
})

test('a schedule is shown with its next times, and paused and resumed', async () => {
  const page = await browser.signedIn(engine)
  await page.goto(`${engine.url}/schedules`)
  await page.getByText('Every day at 06:00').waitFor()
  assert.equal(await page.locator('.fires li').count(), 5)
  await page.goto(`${engine.url}/jobs/${engine.jobs.flow}`)
  await page.getByRole('button', { name: 'Go on with the schedule' }).click()
  await page.getByRole('button', { name: 'Pause schedule' }).click()
  await page.getByRole('button', { name: 'Go on with the schedule' }).waitFor()
})
