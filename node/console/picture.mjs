// The pictures of the documents: a bundle whose jobs take some seconds, run a few times on a real engine, and looked at.
// `node console/picture.mjs FOLDER [all]`: the run page in light, or every screen in both themes and both widths.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Browser, Engine } from './test/harness.mjs'
import { bundle, history, others, screens } from './test/screens.mjs'

const [folder, all] = process.argv.slice(2)
if (!folder) throw new Error('say which folder the pictures go to')
mkdirSync(folder, { recursive: true })

const engine = new Engine()
bundle(engine)
await engine.start()
const browser = await Browser.open()
try {
  const { runs, live } = await history(engine)
  const shoot = async (page, name) => page.screenshot({ path: join(folder, `${name}.png`) })
  const open = async (options, path, there) => {
    const page = await browser.signedIn(engine, options)
    await page.goto(engine.url + path)
    await page.locator(there).first().waitFor({ state: 'attached' })
    return page
  }
  // Taken while the run goes on: after the check has failed twice, before all regions are done.
  const page = await open({ colorScheme: 'light' }, `/runs/${live}`, '.n')
  const again = all ? await open({ colorScheme: 'dark' }, `/runs/${live}`, '.n') : undefined
  await page.locator('lakeflow-run h2', { hasText: 'validate_orders' }).waitFor()
  await page.locator('lakeflow-run button', { hasText: 'Attempt 2' }).waitFor()
  await page.locator('lakeflow-run .ln.x').first().waitFor()
  await shoot(page, 'console')
  if (all) {
    await shoot(again, 'run-live-dark')
    await engine.ended(live)
    const list = screens({ job: engine.jobs.daily_sales, live, last: runs.at(-1), ...await others(engine) })
    const open = []
    for (const colorScheme of ['light', 'dark']) {
      for (const width of [1440, 390]) {
        const options = { colorScheme, viewport: { width, height: width < 500 ? 844 : 900 } }
        const page = await browser.signedIn(engine, options)
        for (const [name, path, there, act] of list) {
          await page.goto(engine.url + path)
          await page.locator(there).first().waitFor({ state: 'attached' })
          await page.waitForLoadState('networkidle', { timeout: 800 }).catch(() => {})
          await act?.(page)
          await shoot(page, `${name}-${colorScheme}-${width}`)
        }
        const other = await (await browser.context(options)).newPage()
        await other.goto(engine.url)
        await other.locator('.who').waitFor()
        await shoot(other, `sign-in-${colorScheme}-${width}`)
        await page.goto(`${engine.url}/runs/${live}`)
        await page.locator('.tr').first().waitFor({ state: 'attached' })
        open.push([page, `gone-${colorScheme}-${width}`])
      }
    }
    await engine.kill()
    for (const [page, name] of open) {
      await page.bringToFront()
      await page.getByText(/Engine not reachable since/).waitFor()
      await shoot(page, name)
    }
  }
} finally {
  await browser.close()
  await engine.stop()
}
