// The elements in React: a small app of each major version, bundled by esbuild out of the package as it is given out, in a
// page with a strict content policy. Properties, text in attributes, events, and that an element outlives new renderings.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { build } from 'esbuild'
import { Browser } from './harness.mjs'
import { FORM, RUN, RULES } from './samples.mjs'

const node = join(import.meta.dirname, '../..')
const APP = `
import * as React from 'react'
import { createRoot } from 'react-dom/client'
import { useFormRules, useRunRules } from 'lakeflow-jobs/elements'
import { fromReact } from 'lakeflow-jobs/elements/react'
${RULES}
const h = React.createElement
window.events = []
const heard = event => window.events.push([event.type, JSON.parse(JSON.stringify(event.detail))])
const old = React.version.startsWith('18.')
// React 19 takes the tags as they are; React 18 takes them through the wrapper.
const Form = old ? fromReact(React, 'lakeflow-param-form') : 'lakeflow-param-form'
const Run = old ? fromReact(React, 'lakeflow-run') : 'lakeflow-run'
const on = name => old ? 'onLakeflow' + name[0].toUpperCase() + name.slice(1) : 'onlakeflow-' + name
function App() {
  const [turn, setTurn] = React.useState(0)
  const model = window.models[turn > 0 ? 1 : 0]
  return h('main', null, h('h1', null, 'React ' + React.version), h('button', { onClick: () => setTurn(turn + 1) }, 'Go on'),
    h(Form, { schema: window.schema, values: turn > 1 ? { limit: 9 } : undefined, [on('submit')]: heard, [on('change')]: heard }),
    h(Run, { model, task: 'check', [on('select')]: heard, [on('done')]: heard }))
}
window.models = ${JSON.stringify([RUN('RUNNING'), RUN('FAILED')])}
window.schema = ${JSON.stringify({ title: 'any' })}
createRoot(document.getElementById('app')).render(h(App))
`
/** The app for a version, with everything in it that is loaded at once; what comes later lies beside it. */
async function bundled(react) {
  const made = await build({
    stdin: { contents: APP, resolveDir: join(node, 'console', 'test') }, bundle: true, splitting: true, write: false, format: 'esm', outdir: '/', entryNames: 'app', target: 'es2022',
    define: { 'process.env.NODE_ENV': '"production"' }, ...(react && { alias: { react: join(react, 'react'), 'react-dom': join(react, 'react-dom') } }),
  })
  return new Map(made.outputFiles.map(file => [file.path, file.text]))
}

let server
let url
let browser
const apps = {}
before(async () => {
  apps[19] = await bundled()
  apps[18] = await bundled(join(node, 'console', 'react18', 'node_modules'))
  server = createServer((request, answer) => {
    const [, version, name] = /^\/(\d+)(\/.*)$/.exec(request.url) ?? []
    const script = apps[version]?.get(name)
    const policy = "default-src 'none'; script-src 'self'; img-src data:; style-src 'none'; require-trusted-types-for 'script'; trusted-types lit-html"
    answer.writeHead(script || name === '/' ? 200 : 404, { 'content-type': script ? 'text/javascript' : 'text/html', 'content-security-policy': policy })
    answer.end(script ?? '<!doctype html><html lang="en"><meta charset="utf-8"><title>app</title><link rel="icon" href="data:,"><div id="app"></div><script type="module" src="app.js"></script></html>')
  })
  await new Promise(done => server.listen(0, '127.0.0.1', done))
  url = `http://127.0.0.1:${server.address().port}`
  browser = await Browser.open()
})
after(async () => {
  await browser?.close()
  server?.close()
})
afterEach(() => browser.check())

for (const version of [18, 19]) {
  test(`React ${version}: properties go in, events come out, and a rendering keeps the element`, async () => {
    const page = await (await browser.context()).newPage()
    await page.goto(`${url}/${version}/`)
    await page.getByText(`React ${version}.`).waitFor()
    const form = page.locator('lakeflow-param-form')
    await form.getByLabel('Day', { exact: true }).fill('2026-11-21')
    await form.getByLabel('Limit', { exact: true }).fill('7')
    const run = page.locator('lakeflow-run')
    await run.locator('h1', { hasText: 'Running' }).waitFor()
    await page.evaluate(() => { for (const tag of ['lakeflow-run', 'lakeflow-param-form']) document.querySelector(tag).kept = true })
    await page.getByRole('button', { name: 'Go on' }).click()
    await run.locator('h1', { hasText: 'Failed' }).waitFor()
    await run.locator('.err', { hasText: 'ValueError' }).waitFor()
    assert.equal(await form.getByLabel('Limit', { exact: true }).inputValue(), '7', 'what was typed stays')
    await run.locator('.n[data-key=load]').click()
    await form.getByRole('button', { name: 'Run now' }).click()
    await page.waitForFunction(() => ['lakeflow-submit', 'lakeflow-select', 'lakeflow-done'].every(name => window.events.some(([heard]) => heard === name)))
    const sent = await page.evaluate(() => window.events.filter(([name]) => name === 'lakeflow-submit').map(([, detail]) => detail.params))
    assert.deepEqual(sent, [{ day: '2026-11-21', limit: '7' }], 'heard once')
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.waitForFunction(() => document.querySelector('lakeflow-param-form').params.limit === '9')
    assert.ok(await page.evaluate(() => ['lakeflow-run', 'lakeflow-param-form'].every(tag => document.querySelector(tag).kept)))
  })
}

test('React on a server renders the tags, and importing the elements there does nothing', async () => {
  const { createElement } = await import('react')
  const { renderToString } = await import('react-dom/server')
  const elements = await import('lakeflow-jobs/elements')
  assert.equal(elements.define(), undefined)
  assert.equal(renderToString(createElement('lakeflow-run', { task: 'check' })), '<lakeflow-run task="check"></lakeflow-run>')
  assert.match(readFileSync(join(node, 'dist/elements/react.d.ts'), 'utf8'), /fromReact/)
})
