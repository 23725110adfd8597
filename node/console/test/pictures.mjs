// Pictures of every screen that are the same on every machine: the built pages with answers that were taken down once from a
// real engine, at a time that stands still, with fonts of their own, without motion. They are kept small.
// `node console/test/pictures.mjs` draws those that are compared; with `answers`, the answers are taken down first.
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib'
import { chromium } from 'playwright-core'
import { Browser, CHROMIUM, Engine } from './harness.mjs'
import { bundle, history, others, screens } from './screens.mjs'

export const FOLDER = join(import.meta.dirname, 'screens')
const PAGES = process.env.LAKEFLOW_CONSOLE_FILES || join(import.meta.dirname, '..', '..', '..', 'crates', 'engine', 'console')
const ANSWERS = join(FOLDER, 'answers.br')
const DRAWN_WITH = join(FOLDER, 'chromium.txt')
/** Where the pages say that they come from. */
const HOST = 'http://127.0.0.1:8080'
/** The engine's time in all answers. */
const NOW = Date.UTC(2026, 10, 25, 22, 30)

/** Windows of the pictures, and what part of a side is kept. */
export const SIZES = { 1440: { width: 1440, height: 900, scale: 0.16 }, 390: { width: 390, height: 844, scale: 0.25 } }
/** The major version of a browser, and that of the one that drew what is compared. */
export const major = browser => browser.version().split('.')[0]
export const drawnWith = () => readFileSync(DRAWN_WITH, 'utf8').trim()
export const saved = () => JSON.parse(brotliDecompressSync(readFileSync(ANSWERS)))
/** The screens of a window, with one of a run that goes on; some are for one window alone. */
const ALONE = { find: '1440', 'form-json': '1440', details: '1440', 'phone-log': '390', graph: '390', tasks: '390' }
export const list = (ids, size) => [['live', `/runs/${ids.live}`, '.ln'], ...screens(ids)].filter(([name]) => (ALONE[name] ?? size) === size)

/** Takes down what a real engine answers on every screen. */
async function answers() {
  const engine = new Engine()
  bundle(engine)
  await engine.start()
  const browser = await Browser.open()
  try {
    const { runs, live } = await history(engine)
    const told = { live: {}, over: {} }
    let into = told.live
    const page = await browser.signedIn(engine)
    page.on('response', async response => {
      const url = new URL(response.url())
      if (!url.pathname.startsWith('/console/api/')) return
      const request = response.request()
      const key = `${request.method()} ${url.pathname}${url.search}${request.postData() ? ` ${request.postData()}` : ''}`
      const target = into
      const text = await response.text().catch(() => '')
      // Of a run that goes on the first answers count: they are from one time.
      if (target !== told.live || !target[key]) target[key] = [response.status(), text]
    })
    const visit = async ([, path, there, act]) => {
      await page.goto(engine.url + path)
      await page.locator(there).first().waitFor({ state: 'attached' })
      await act?.(page)
      await page.waitForLoadState('networkidle')
    }
    await page.goto(`${engine.url}/runs/${live}`)
    await page.locator('lakeflow-run button', { hasText: 'Attempt 2' }).waitFor()
    const ids = { job: engine.jobs.daily_sales, live, last: runs.at(-1) }
    await visit(['live', `/runs/${live}`, '.ln'])
    await engine.ended(live)
    Object.assign(ids, await others(engine))
    into = told.over
    for (const screen of screens(ids)) await visit(screen)
    const began = JSON.parse(told.over['GET /console/api/home'][1]).now
    const text = JSON.stringify({ ids, ...told }).replaceAll(engine.bundle, '/home/me/acme').replaceAll(engine.url, HOST)
      // Times keep their distance from the time that stands still.
      .replace(/(?<![\d.])1[78]\d{11}(?!\d)/g, time => String(Number(time) - began + NOW)).replace(/\\"now\\":\d+/g, `\\"now\\":${NOW}`)
    writeFileSync(ANSWERS, brotliCompressSync(text))
  } finally {
    await browser.close()
    await engine.stop()
  }
}

/** A browser whose fonts are those of a package. */
export async function open() {
  const folder = mkdtempSync(join(tmpdir(), 'lakeflow-fonts-'))
  const fonts = join(dirname(createRequire(import.meta.url).resolve('dejavu-fonts-ttf/package.json')), 'ttf')
  writeFileSync(join(folder, 'fonts.conf'), `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>${fonts}</dir><cachedir>${folder}</cachedir>
<match target="font"><edit name="antialias" mode="assign"><bool>true</bool></edit><edit name="hinting" mode="assign"><bool>false</bool></edit><edit name="rgba" mode="assign"><const>none</const></edit></match>
<selectfont><rejectfont>${['Serif', 'Condensed', 'ExtraLight', 'MathTeX', 'Oblique'].map(word => `<glob>*${word}*</glob>`).join('')}</rejectfont></selectfont>
<match target="pattern"><edit name="family" mode="append" binding="weak"><string>DejaVu Sans</string></edit></match>
${['sans-serif:DejaVu Sans', 'sans:DejaVu Sans', 'system-ui:DejaVu Sans', 'monospace:DejaVu Sans Mono', 'Menlo:DejaVu Sans Mono'].map(pair => pair.split(':')).map(([family, font]) => `<alias binding="same"><family>${family}</family><prefer><family>${font}</family></prefer></alias>`).join('')}</fontconfig>`)
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-lcd-text', '--font-render-hinting=none', '--force-color-profile=srgb', '--hide-scrollbars'], env: { ...process.env, FONTCONFIG_FILE: join(folder, 'fonts.conf') } })
}

/** In the place of the stream of changes: it says hello, and nothing changes. */
const STREAM = now => {
  window.EventSource = class extends EventTarget {
    constructor() {
      super()
      setTimeout(() => this.dispatchEvent(new MessageEvent('hello', { data: JSON.stringify({ instance: 'kept', now }), lastEventId: 'kept.0' })))
    }
    close() {}
  }
}

/** The pages in a window, with the answers in the place of an engine; `faults` gets what was asked in vain. */
export async function stage(browser, told, { colorScheme, size, faults }) {
  const { width, height, scale } = SIZES[size]
  const context = await browser.newContext({ viewport: { width, height }, deviceScaleFactor: scale, colorScheme, reducedMotion: 'reduce', locale: 'en-US', timezoneId: 'UTC' })
  const names = readdirSync(PAGES)
  let live = false
  await context.route('**', route => {
    const request = route.request()
    const { pathname, search } = new URL(request.url())
    if (pathname.startsWith('/console/assets/')) {
      const name = pathname.split('/').at(-1)
      if (names.includes(name)) return route.fulfill({ contentType: name.endsWith('.css') ? 'text/css' : 'text/javascript', body: readFileSync(join(PAGES, name)) })
    } else if (pathname.startsWith('/console/api/')) {
      const key = `${request.method()} ${pathname}${search}${request.postData() ? ` ${request.postData()}` : ''}`
      const answer = (live && told.live[key]) || told.over[key]
      if (answer) return route.fulfill({ status: answer[0], contentType: 'application/json', body: answer[1] })
      // A log is looked at again and again while its task runs.
      if (!pathname.endsWith('/log')) faults.push(key)
      return undefined
    // Every page can show every screen; they differ in what they load first.
    } else return route.fulfill({ contentType: 'text/html', body: readFileSync(join(PAGES, 'run.html')) })
    return route.abort()
  })
  await context.addInitScript(STREAM, NOW)
  const page = await context.newPage()
  await page.clock.setFixedTime(NOW)
  page.on('pageerror', error => faults.push(error.message))
  const shoot = async ([name, path, there, act]) => {
    live = name === 'live'
    await page.goto(HOST + path)
    await page.locator(there).first().waitFor({ state: 'attached' })
    await act?.(page)
    return settled(page)
  }
  return { shoot, page, close: () => context.close() }
}

/** A picture of a page that has come to rest: two in a row are the same. */
async function settled(page) {
  let last = await page.screenshot()
  for (let n = 0; n < 40; n++) {
    await page.waitForTimeout(60)
    const next = await page.screenshot()
    if (n > 2 && next.equals(last)) break
    last = next
  }
  // The same without a loss, in half the bytes.
  const text = await page.evaluate(async text => {
    const image = await createImageBitmap(new Blob([Uint8Array.from(atob(text), c => c.charCodeAt(0))]))
    const canvas = new OffscreenCanvas(image.width, image.height)
    canvas.getContext('2d').drawImage(image, 0, 0)
    const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/webp', quality: 1 })).arrayBuffer())
    return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''))
  }, last.toString('base64'))
  return Buffer.from(text, 'base64')
}

/** The share of pixels that differ by more than a shade, or why two pictures cannot be compared. */
export async function difference(page, a, b) {
  return page.evaluate(async ([a, b]) => {
    const pixels = async text => {
      const image = await createImageBitmap(new Blob([Uint8Array.from(atob(text), c => c.charCodeAt(0))]))
      const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d')
      canvas.drawImage(image, 0, 0)
      return canvas.getImageData(0, 0, image.width, image.height)
    }
    const [one, other] = await Promise.all([pixels(a), pixels(b)])
    if (one.width !== other.width || one.height !== other.height) return 1
    let n = 0
    for (let at = 0; at < one.data.length; at += 4) if ([0, 1, 2].some(c => Math.abs(one.data[at + c] - other.data[at + c]) > 12)) n++
    return n / (one.data.length / 4)
  }, [a, b].map(bytes => bytes.toString('base64')))
}

async function draw(themes = ['light', 'dark']) {
  const told = saved()
  const browser = await open()
  const faults = []
  let bytes = 0
  for (const colorScheme of themes) {
    for (const size of Object.keys(SIZES)) {
      const { shoot, close } = await stage(browser, told, { colorScheme, size, faults })
      for (const screen of list(told.ids, size)) {
        const picture = await shoot(screen)
        bytes += picture.length
        writeFileSync(join(FOLDER, `${screen[0]}-${colorScheme}-${size}.webp`), picture)
      }
      await close()
    }
  }
  writeFileSync(DRAWN_WITH, `${major(browser)}\n`)
  await browser.close()
  if (faults.length) throw new Error(`asked in vain: ${faults.join(', ')}`)
  console.log(`${Math.round(bytes / 1000)} kB of pictures in ${FOLDER}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === 'answers') await answers()
  const themes = process.argv.slice(2).filter(word => word === 'light' || word === 'dark')
  await draw(themes.length ? themes : undefined)
}
