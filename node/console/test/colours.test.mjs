// Contrast (WCAG 2) and difference (CIEDE2000, also as colour-blind eyes see it) of the colours, computed from the table
// that the style sheets are made of. The expected differences are those that the design was chosen by.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { join } from 'node:path'
import { build } from 'esbuild'

const made = await build({ entryPoints: [join(import.meta.dirname, '../../src/elements/tokens.ts')], bundle: true, write: false, format: 'esm' })
const { COLOURS: TABLE } = await import(`data:text/javascript,${encodeURIComponent(made.outputFiles[0].text)}`)
const COLOURS = Object.fromEntries(TABLE.split('\n').map(line => {
  const [name, ...themes] = line.split(' ')
  return [name, themes.map(hex => `#${hex}`)]
}))
const THEMES = ['light', 'dark']
const TONES = ['wait', 'run', 'ok', 'warn', 'bad', 'off']

const linear = hex => [1, 3, 5].map(at => parseInt(hex.slice(at, at + 2), 16) / 255).map(c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
const luminance = hex => linear(hex).reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0)
const contrast = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05) }

/** Machado, Oliveira and Fernandes 2009, full severity, on linear light. */
const EYES = {
  normal: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protan: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deutan: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritan: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
function lab(hex, eye) {
  const light = linear(hex)
  const seen = EYES[eye].map(row => Math.min(1, Math.max(0, row.reduce((sum, k, n) => sum + k * light[n], 0))))
  const xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]].map(row => row.reduce((sum, k, n) => sum + k * seen[n], 0))
  const [x, y, z] = xyz.map((value, n) => value / [0.95047, 1, 1.08883][n]).map(t => (t > 216 / 24389 ? Math.cbrt(t) : (24389 / 27 * t + 16) / 116))
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}
/** CIEDE2000 (Sharma, Wu and Dalal 2005). */
function difference(one, other, eye) {
  const [[L1, a1, b1], [L2, a2, b2]] = [lab(one, eye), lab(other, eye)]
  const rad = Math.PI / 180
  const C = (Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2
  const G = 0.5 * (1 - Math.sqrt(C ** 7 / (C ** 7 + 25 ** 7)))
  const [p1, p2] = [a1 * (1 + G), a2 * (1 + G)]
  const [C1, C2] = [Math.hypot(p1, b1), Math.hypot(p2, b2)]
  const hue = (b, a) => (a || b ? (Math.atan2(b, a) / rad + 360) % 360 : 0)
  const [h1, h2] = [hue(b1, p1), hue(b2, p2)]
  let dh = C1 * C2 ? h2 - h1 : 0
  if (dh > 180) dh -= 360
  else if (dh < -180) dh += 360
  const dH = 2 * Math.sqrt(C1 * C2) * Math.sin((dh / 2) * rad)
  const [dL, dC, L, Cm] = [L2 - L1, C2 - C1, (L1 + L2) / 2, (C1 + C2) / 2]
  const h = !(C1 * C2) ? h1 + h2 : Math.abs(h1 - h2) <= 180 ? (h1 + h2) / 2 : h1 + h2 < 360 ? (h1 + h2 + 360) / 2 : (h1 + h2 - 360) / 2
  const T = 1 - 0.17 * Math.cos((h - 30) * rad) + 0.24 * Math.cos(2 * h * rad) + 0.32 * Math.cos((3 * h + 6) * rad) - 0.2 * Math.cos((4 * h - 63) * rad)
  const SL = 1 + (0.015 * (L - 50) ** 2) / Math.sqrt(20 + (L - 50) ** 2)
  const [SC, SH] = [1 + 0.045 * Cm, 1 + 0.015 * Cm * T]
  const RT = -2 * Math.sqrt(Cm ** 7 / (Cm ** 7 + 25 ** 7)) * Math.sin(60 * Math.exp(-(((h - 275) / 25) ** 2)) * rad)
  return Math.sqrt((dL / SL) ** 2 + (dC / SC) ** 2 + (dH / SH) ** 2 + RT * (dC / SC) * (dH / SH))
}

test('texts have a contrast of 4.5, borders and glyphs one of 3, in both themes', () => {
  const faults = []
  THEMES.forEach((theme, n) => {
    const of = name => COLOURS[name][n]
    const needs = (least, over, under) => {
      const found = contrast(of(over), of(under))
      if (found < least) faults.push(`${theme}: ${over} on ${under} has ${found.toFixed(2)} of ${least}`)
    }
    for (const tone of TONES) {
      for (const under of ['surface', 'canvas', `${tone}-soft`]) needs(4.5, `${tone}-text`, under)
      needs(4.5, `${tone}-on`, tone)
      for (const under of ['surface', 'canvas']) needs(3, tone === 'warn' ? 'warn-edge' : tone, under)
    }
    for (const text of ['text', 'muted', 'faint', 'accent']) for (const under of ['surface', 'canvas']) needs(4.5, text, under)
    for (const edge of ['control', 'focus']) for (const under of ['surface', 'canvas']) needs(3, edge, under)
    needs(4.5, 'primary-on', 'primary')
    needs(4.5, 'logtext', 'logbg')
    for (const ink of ['faint', 'bad-text', 'ok-text', 'warn-text', 'run-text', 'wait-text', 'accent']) needs(4.5, ink, 'logbg')
  })
  assert.deepEqual(faults, [])
})

test('states that mean opposite things differ for every eye, as measured when they were chosen', () => {
  const pairs = [
    ['ok', 'bad', { light: [59.2, 20.5, 22.1, 60.2], dark: [62.2, 16.8, 18.9, 66.9] }],
    ['ok-soft', 'bad', { light: [54.6, 53.5, 42.7, 55.2], dark: [56.1, 32.3, 48.1, 59.6] }],
    ['run', 'wait-soft', { light: [43.0, 37.6, 42.5, 37.5], dark: [49.1, 49.7, 44.5, 50.8] }],
  ]
  for (const [a, b, expected] of pairs) {
    THEMES.forEach((theme, n) => Object.keys(EYES).forEach((eye, e) => {
      const found = difference(COLOURS[a][n], COLOURS[b][n], eye)
      assert.ok(found >= 10, `${theme}, ${eye}: ${a} and ${b} differ by ${found.toFixed(1)}`)
      assert.ok(Math.abs(found - expected[theme][e]) < 0.6, `${theme}, ${eye}: ${a} and ${b} differ by ${found.toFixed(1)}, not ${expected[theme][e]}`)
    }))
  }
})
