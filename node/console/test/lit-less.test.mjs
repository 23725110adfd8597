// The elements' lit reads templates by a short rule; what it makes of each of them is what lit makes of it.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { join } from 'node:path'
import { transform } from 'esbuild'
import { parseAst } from 'rolldown/parseAst'
import { less, squeeze } from '../lit-less.mjs'

globalThis.document = { createComment() {}, createTreeWalker() {} }
const node = join(import.meta.dirname, '../..')
const lit = readFileSync(join(node, 'node_modules/lit-html/lit-html.js'), 'utf8')
/** How a lit reads a template, and its marks for values and behind names of attributes. */
const parts = (text, names) => import(`data:text/javascript,${encodeURIComponent(`${text.replace(/\/\/#.*/, '')};export{${names}}`)}`)

/** The texts of every template of a script. */
function templates(code) {
  const found = []
  const walk = node => {
    if (node?.type === 'TaggedTemplateExpression' && node.tag.name === 'html') {
      const texts = node.quasi.quasis.map(text => text.value.cooked)
      found.push(Object.assign(texts, { raw: texts }))
    }
    if (node && typeof node === 'object') Object.values(node).forEach(walk)
  }
  walk(parseAst(code))
  return found
}

test('every template is read as lit reads it, as it is written and as it is packed', async () => {
  const [ours, theirs] = await Promise.all([parts(less(lit), 'N,h'), parts(lit, 'N,h,o')])
  const folder = join(node, 'src/elements')
  let count = 0
  for (const name of readdirSync(folder)) {
    const { code } = await transform(readFileSync(join(folder, name), 'utf8'), { loader: 'ts', target: 'es2022', minifyWhitespace: true })
    for (const texts of [...templates(code), ...templates(squeeze(code))]) {
      const [markup, names] = theirs.N(texts, 1)
      assert.equal(String(ours.N(texts)).replaceAll(ours.h, '*'), String(markup).replaceAll(theirs.o, '*').replaceAll(theirs.h, '*'), name)
      assert.deepEqual(names, names.map(name => name.toLowerCase()), 'names are read off the markup, where case is lost')
      count++
    }
  }
  assert.ok(count > 200, `${count} templates were found`)
})

test('text that no program wrote is no template', async () => {
  const { N } = await parts(less(lit), 'N')
  for (const texts of ['<b>', ['<b>'], { raw: ['<b>'], 0: '<b>', length: 1 }]) assert.throws(() => N(texts), /no template|is not a function/)
})
