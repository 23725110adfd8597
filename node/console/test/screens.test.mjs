// The pictures of all screens are what they were: in both themes, on a desktop and on a phone, with the clock frozen and
// motion off. After a change that is meant, `node console/test/pictures.mjs` draws them anew; look at them.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { difference, drawnWith, FOLDER, list, major, open, saved, SIZES, stage } from './pictures.mjs'

/** Pixels that may differ by more than a shade: builds of one version round edges in their own ways. */
const MOST = 0.001
const told = saved()
// Fonts are chosen as Linux does it; elsewhere the machine's own would be compared.
const skip = process.platform === 'linux' ? false : 'the fonts of the pictures are set by fontconfig, which is only on Linux'
let browser
before(async () => { if (!skip) browser = await open() })
after(() => browser?.close())

for (const colorScheme of ['light', 'dark']) {
  for (const size of Object.keys(SIZES)) {
    test(`the screens look as they did: ${colorScheme}, ${size} px`, { skip }, async t => {
      // Browsers draw edges and controls as they like: another one's pictures say nothing of a change here.
      if (major(browser) !== drawnWith()) return t.skip(`drawn with Chromium ${drawnWith()}, this is ${major(browser)}; node console/test/pictures.mjs draws them with this one`)
      const faults = []
      const { shoot, page, close } = await stage(browser, told, { colorScheme, size, faults })
      const differ = []
      for (const screen of list(told.ids, size)) {
        const name = `${screen[0]}-${colorScheme}-${size}`
        const picture = await shoot(screen)
        const share = existsSync(join(FOLDER, `${name}.webp`)) ? await difference(page, picture, readFileSync(join(FOLDER, `${name}.webp`))) : 1
        if (share <= MOST) continue
        const folder = join(tmpdir(), 'lakeflow-screens')
        mkdirSync(folder, { recursive: true })
        writeFileSync(join(folder, `${name}.webp`), picture)
        differ.push(`${name}: ${(100 * share).toFixed(2)} % of its pixels; it is now ${join(folder, `${name}.webp`)}`)
      }
      await close()
      assert.deepEqual({ differ, faults }, { differ: [], faults: [] })
    })
  }
}

test('a button that is gone, and another colour, are seen', { skip }, async () => {
  const { shoot, page, close } = await stage(browser, told, { colorScheme: 'light', size: '1440', faults: [] })
  const [, ...rest] = list(told.ids, '1440').find(([name]) => name === 'job')
  const before = await shoot(['job', ...rest])
  for (const [selector, style] of [['.acts .pri', 'visibility:hidden'], ['.figs .bad', 'font-size:20px'], ['.pv .err', 'background:#FFFFFF']]) {
    const changed = ['job', rest[0], rest[1], page => page.evaluate(([selector, style]) => { document.querySelector(selector).style.cssText = style }, [selector, style])]
    assert.ok(await difference(page, before, await shoot(changed)) > MOST, `${selector} ${style}`)
  }
  assert.equal(await difference(page, before, await shoot(['job', ...rest])), 0)
  await close()
})

test('there is a picture for each screen, and no other', () => {
  const names = ['light', 'dark'].flatMap(theme => Object.keys(SIZES).flatMap(size => list(told.ids, size).map(([name]) => `${name}-${theme}-${size}.webp`)))
  assert.deepEqual(readdirSync(FOLDER).filter(name => name.endsWith('.webp')).sort(), names.sort())
})
