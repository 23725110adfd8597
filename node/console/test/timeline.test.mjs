// The axis of the timeline: long idle times are folded, everything else keeps its proportions.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { build } from 'esbuild'
import { join } from 'node:path'

globalThis.HTMLElement = class {}
globalThis.document = { createComment() {}, createTreeWalker() {} }
const source = join(import.meta.dirname, '../../src/elements/timeline.ts')
const made = await build({ entryPoints: [source], bundle: true, write: false, format: 'esm' })
const { Axis } = await import(`data:text/javascript,${encodeURIComponent(made.outputFiles[0].text)}`)
const minutes = n => n * 60_000

test('a time without idle gaps is drawn as it is', () => {
  const axis = new Axis(0, minutes(10), [[0, minutes(4)], [minutes(4.5), minutes(10)]])
  assert.deepEqual(axis.gaps, [], 'half a minute is no gap')
  assert.equal(axis.at(minutes(5)), 50)
  assert.deepEqual(new Axis(0, minutes(100), [[0, minutes(50)], [minutes(55), minutes(100)]]).gaps, [], 'five of a hundred minutes neither')
})

test('a gap of over a minute and over a tenth of the whole is folded to a twentieth of the axis', () => {
  const axis = new Axis(0, minutes(1000), [[0, minutes(10)], [minutes(990), minutes(1000)]])
  assert.deepEqual(axis.gaps, [[minutes(10), minutes(990)]])
  const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-6, `${a} is not ${b}`)
  near(axis.at(0), 0)
  near(axis.at(minutes(10)), 47.5)
  near(axis.at(minutes(990)), 52.5)
  near(axis.at(minutes(1000)), 100)
  near(axis.at(minutes(5)), 23.75)
  for (const share of [0, 0.1, 0.475, 0.5, 0.6, 1]) assert.ok(Math.abs(axis.at(axis.time(share)) - 100 * share) < 0.01, `${share} and back`)
})

test('what overlaps is no gap, whatever the order', () => {
  const axis = new Axis(0, minutes(100), [[minutes(60), minutes(100)], [minutes(2), minutes(90)], [0, minutes(1)]])
  assert.deepEqual(axis.gaps, [])
})
