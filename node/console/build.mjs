// Builds the pages of the console into `crates/engine/console`, and the elements into `dist/elements`. Files that never
// change carry a hash of their content in their name; packed forms lie beside them. `--check` writes nothing and fails
// when what is there is not what would be written; `--elements` makes the elements alone, `--sizes` only
// prints. Sizes are packed bytes, as JSON.
import { build } from 'esbuild'
import { rolldown } from 'rolldown'
import { minify } from 'terser'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'
import { LIT_LESS, squeeze } from './lit-less.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const out = join(here, '..', '..', 'crates', 'engine', 'console')
const check = process.argv.includes('--check')

/** Names carry a hash of what esbuild made; this puts what is done afterwards into it. */
const MINIFIED = `/* terser ${JSON.parse(readFileSync(join(here, '..', 'package-lock.json'), 'utf8')).packages['node_modules/terser'].version} */`
const pack = bytes => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } })
/** What comes later elsewhere is there at once: one file packs better than three. */
const AT_ONCE = { name: 'at-once', setup: build => build.onResolve({ filter: /\/panel-later\.js$/ }, ({ resolveDir }) => ({ path: join(resolveDir, 'panel-now.ts') })) }
/** Names of properties that nobody outside of the elements knows, shortened in them; what is made of JSON, what a page sets and what
 * the browser names is not among them. */
const INNER = `again bad beat busy choose describedBy drawn form_ fresh gaps grown inner jsonError jsonText jump loaded offer onLine pick prepare
  reach requestUpdate said sent setZoom sight stopped trouble undo look strings parts zoom order view drag stream level finder follow tell invalid
  state texts box shown changed options element show only place frame leave see give updateComplete verdict lens inks ink lineList bring level problem plain tone rank`.split(/\s+/)
const told = ['src/elements/types.ts', 'console/types/elements.d.ts'].map(name => readFileSync(join(here, '..', name), 'utf8').replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, '')).join()
for (const name of INNER) if (new RegExp(`\\b${name}\\b`).test(told)) throw new Error(`${name} is told to pages, so it cannot be shortened: look at INNER in node/console/build.mjs`)
const MANGLED = { properties: { builtins: true, regex: new RegExp(`^(_\\$.*|${INNER.join('|')})$`) } }

/** Bundles entries that share what they have in common; names are those of the outputs. */
const bundle = async (entryPoints, outdir, entryNames, plugins = []) => {
  const made = await build({
    entryPoints, bundle: true, splitting: true, plugins: [LIT_LESS, ...plugins], minify: true, write: false, format: 'esm', target: 'es2022', outdir, entryNames, chunkNames: '[name]-[hash]',
    legalComments: 'none', charset: 'utf8', metafile: true, banner: { js: MINIFIED }, tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
  })
  const files = new Map()
  // Inner names are shortened, the same in all files.
  const nameCache = {}
  for (const file of made.outputFiles) files.set(basename(file.path), Buffer.from(await smaller(squeeze(file.text), { nameCache, mangle: MANGLED })))
  const outputs = new Map(Object.entries(made.metafile.outputs).map(([path, one]) => [basename(path), one]))
  /** Packed bytes of some files with what they import; what is imported later is not among them. */
  const load = names => {
    const open = [...names]
    const seen = new Set()
    for (let name = open.pop(); name; name = open.pop()) {
      if (seen.has(name)) continue
      seen.add(name)
      for (const used of outputs.get(name).imports) if (used.kind === 'import-statement') open.push(basename(used.path))
    }
    return [...seen].reduce((sum, name) => sum + pack(files.get(name)).length, 0)
  }
  const entry = name => [...outputs].filter(([, one]) => one.entryPoint?.endsWith(`${name}.ts`)).map(([name]) => name)[0]
  return { files, load, entry }
}
/** A second look at what esbuild minified: three percent less after packing. */
const smaller = async (text, more) => (await minify(text, { module: true, ecma: 2022, compress: { passes: 3, ecma: 2022, inline: 1, keep_fargs: false, lhs_constants: false, unsafe_arrows: true }, format: { ecma: 2022 }, ...more })).code
const hashed = (name, extension, bytes) => `${name}-${createHash('sha256').update(bytes).digest('hex').slice(0, 10)}.${extension}`

/** The elements as the package has them: lit inside, and types written by hand. Both together are one file; of the run alone,
 * what shows a task is a second one. */
async function bundleElements() {
  const folder = join(here, '..', 'dist', 'elements')
  mkdirSync(folder, { recursive: true })
  const kept = ['types.d.ts', 'server.js', 'server.d.ts', 'react.js', 'react.d.ts']
  for (const name of readdirSync(folder)) if (!kept.includes(name)) rmSync(join(folder, name))
  const source = join(here, '..', 'src', 'elements')
  const sizes = {}
  for (const name of ['index', 'run', 'form']) {
    const { files, load } = await bundle({ [name]: join(source, `${name}.ts`) }, folder, '[name]', name === 'index' ? [AT_ONCE] : [])
    for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes)
    writeFileSync(join(folder, `${name}.d.ts`), readFileSync(join(here, 'types', 'elements.d.ts')))
    sizes[`elements/${name}.js`] = load([`${name}.js`])
    sizes[`elements/${name}.js with all it loads later`] = load(files.keys())
  }
  return sizes
}

if (process.argv.includes('--elements')) {
  console.log(JSON.stringify(await bundleElements()))
  process.exit(0)
}

/** The pages: one file for what screens have in common, one for each screen, and what comes later. */
async function bundlePages() {
  const bundler = await rolldown({ input: { console: join(here, 'main.ts') }, cwd: here, tsconfig: false, transform: { target: 'es2022', assumptions: { setPublicClassFields: true } } })
  const names = { chunkFileNames: '[name]-[hash].js', entryFileNames: '[name]-[hash].js' }
  const { output } = await bundler.generate({ format: 'esm', minify: true, banner: MINIFIED, ...names, codeSplitting: { groups: [{ name: 'kit', minShareCount: 2 }] } })
  await bundler.close()
  const files = new Map()
  for (const { fileName, code } of output) files.set(fileName, Buffer.from(await smaller(squeeze(code))))
  /** Files of some names with all that they import. */
  const needs = names => {
    const seen = new Set()
    for (const open = [...names]; open.length;) {
      const one = output.find(one => one.fileName === open[0] || one.name === open[0])
      open.shift()
      if (seen.has(one.fileName)) continue
      seen.add(one.fileName)
      open.push(...one.imports)
    }
    return [...seen]
  }
  return { files, needs }
}

/** What each screen needs before it is drawn; what shows a task comes when one is first selected. */
const SCREENS = { jobs: ['jobs'], job: ['job'], run: ['run'], form: ['form'], pages: ['pages'] }
const { files, needs } = await bundlePages()
const style = Buffer.from(readFileSync(join(here, 'base.css'), 'utf8').replace(/\/\*.*?\*\/\n?/gs, ''))
const sheet = hashed('console', 'css', style)
files.set(sheet, style)
const template = readFileSync(join(here, 'index.html'), 'utf8')
const sizes = {}
for (const [screen, parts] of Object.entries(SCREENS)) {
  const [script, ...others] = needs(['console', ...parts])
  const preloads = others.map(name => `<link rel="modulepreload" href="/console/assets/${name}">\n`).join('')
  const page = Buffer.from(template.replace('STYLE', sheet).replace('SCRIPT', script).replace('PRELOADS\n', preloads))
  files.set(`${screen}.html`, page)
  sizes[`console, first load of ${screen}`] = pack(page).length + pack(style).length + [script, ...others].reduce((sum, name) => sum + pack(files.get(name)).length, 0)
}
/** Pages are written into by the engine, so they are not packed. */
const packed = name => !name.endsWith('.html')

if (check) {
  const faults = []
  for (const [name, bytes] of files) {
    const file = join(out, name)
    if (!existsSync(file) || !readFileSync(file).equals(bytes)) faults.push(`${name} is not what the sources give`)
    else if (packed(name) && (!existsSync(`${file}.br`) || !brotliDecompressSync(readFileSync(`${file}.br`)).equals(bytes))) faults.push(`${name}.br does not hold ${name}`)
  }
  for (const name of existsSync(out) ? readdirSync(out) : []) if (!files.has(name.replace(/\.br$/, ''))) faults.push(`${name} is left over`)
  for (const fault of faults) console.error(`crates/engine/console: ${fault}; run \`cargo xtask console\``)
  process.exitCode = faults.length ? 1 : 0
} else {
  const only = process.argv.includes('--sizes')
  if (!only) rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  for (const [name, bytes] of only ? [] : files) {
    writeFileSync(join(out, name), bytes)
    if (packed(name)) writeFileSync(join(out, `${name}.br`), pack(bytes))
  }
  console.log(JSON.stringify({ ...sizes, ...await bundleElements() }, null, only ? 0 : 2))
}
