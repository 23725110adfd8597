// How long the screens of the console take, from the address to what is waited for: medians of five cold pages.
import { Browser, Engine } from './test/harness.mjs'

const engine = new Engine()
await engine.start()
const browser = await Browser.open()
try {
  const tasks = Array.from({ length: 1000 }, (_, n) => ({
    task_key: `task_${n}`, condition_task: { op: 'EQUAL_TO', left: '1', right: '1' }, depends_on: n < 10 ? [] : [{ task_key: `task_${Math.floor(n / 10)}`, outcome: 'true' }, ...(n % 10 ? [{ task_key: `task_${Math.floor(n / 10) - 1}`, outcome: 'true' }] : [])].filter(edge => !edge.task_key.includes('-')),
  }))
  const { job_id } = await engine.call('/api/2.2/jobs/create', { name: 'wide', tasks })
  let wide
  for (let n = 0; n < 30; n++) await engine.ended(wide = await engine.run(job_id))
  const run = await engine.run('flow')
  await engine.ended(run)
  const noisy = await engine.run('noisy')
  await engine.ended(noisy)
  const page = await browser.signedIn(engine)
  const measure = async (path, ready) => {
    const found = []
    for (let n = 0; n < 5; n++) {
      await page.goto('about:blank')
      await page.goto(engine.url + path, { waitUntil: 'commit' })
      await page.waitForFunction(ready, undefined, { polling: 'raf' })
      found.push(await page.evaluate(() => performance.now()))
    }
    return found.sort((a, b) => a - b)[2]
  }
  const times = {
    run: await measure(`/runs/${run}`, () => document.querySelector('lakeflow-run')?.shadowRoot?.querySelectorAll('.n').length === 3),
    tasks: await measure(`/runs/${wide}`, () => {
      const root = document.querySelector('lakeflow-run')?.shadowRoot
      return root?.querySelectorAll('.tr').length === 1000 && !!root.querySelector('.fold')
    }),
    matrix: await measure(`/jobs/${job_id}`, () => document.querySelectorAll('.mr').length === 1000),
    log: await measure(`/runs/${noisy}?task=lines`, () => {
      const root = document.querySelector('lakeflow-run')?.shadowRoot
      return !!root?.querySelector('.ln') && root.textContent.includes('50,000 lines')
    }),
  }
  console.log(JSON.stringify(times))
} finally {
  await browser.close()
  await engine.stop()
}
