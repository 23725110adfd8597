// Terminal output as pieces of text with classes: colours and weights (SGR) and links (OSC 8), nothing else. It makes
// no markup; what is drawn is text nodes. State is carried from line to line.

export interface Piece { text: string; ink: string; color?: string; link?: string }
export interface Pen { inks: Set<string>; color: string; link: string }
export const pen = (): Pen => ({ inks: new Set(), color: '', link: '' })

const NAMES = ['k', 'r', 'g', 'y', 'b', 'm', 'c', 'w']
const WEIGHTS: Record<number, string> = { 1: 'B', 2: 'D', 3: 'I', 4: 'U', 7: 'V', 9: 'S' }
const ESCAPE = /\x1b(?:\[([0-9;:]*)m|\[[0-?]*[ -/]*[@-~]|\](8;[^;\x07\x1b]*;)?([^\x07\x1b]*)(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~]?)/g

/** The pieces of one line. A carriage return writes over what came before it, as progress bars do. */
export function pieces(line: string, at: Pen): Piece[] {
  if (line.endsWith('\r')) line = line.slice(0, -1)
  const back = line.lastIndexOf('\r')
  if (back >= 0) {
    // Escapes before it still count.
    for (const found of line.slice(0, back).matchAll(ESCAPE)) turn(found, at)
    line = line.slice(back + 1)
  }
  const found: Piece[] = []
  let from = 0
  const push = (text: string): void => {
    const clean = text.replace(/[\x00-\x08\x0b-\x1f\x7f]/g, '')
    if (clean) found.push({ text: clean, ink: [...at.inks].join(' '), ...(at.color && { color: at.color }), ...(at.link && { link: at.link }) })
  }
  for (const escape of line.matchAll(ESCAPE)) {
    push(line.slice(from, escape.index))
    from = escape.index + escape[0].length
    turn(escape, at)
  }
  push(line.slice(from))
  return found
}

function turn(escape: RegExpMatchArray, at: Pen): void {
  if (escape[1] !== undefined) sgr(escape[1], at)
  else if (escape[2]) at.link = /^https?:\/\//i.test(escape[3]!) ? escape[3]! : ''
}

function sgr(text: string, at: Pen): void {
  const codes = text.split(/[;:]/).map(Number)
  const ink = (name: string): void => {
    for (const other of NAMES) at.inks.delete(`a${other}`)
    at.color = ''
    if (name) at.inks.add(`a${name}`)
  }
  for (let n = 0; n < codes.length; n++) {
    const code = codes[n]!
    const weight = WEIGHTS[code]
    if (code === 0) { at.inks.clear(); at.color = '' }
    else if (weight) at.inks.add(weight)
    else if (code === 22) { at.inks.delete('B'); at.inks.delete('D') }
    else if (code > 22 && code < 30) at.inks.delete(WEIGHTS[code - 20] ?? '')
    else if ((code >= 30 && code < 38) || (code >= 90 && code < 98)) ink(NAMES[code % 10]!)
    else if (code === 39) ink('')
    else if (code === 38 || code === 48) {
      const rgb = codes[n + 1] === 2 ? codes.slice(n + 2, n + 5) : codes[n + 1] === 5 ? cube(codes[n + 2] ?? 0) : []
      if (code === 38 && codes[n + 1] === 5 && (codes[n + 2] ?? 16) < 16) ink(NAMES[codes[n + 2]! % 8]!)
      else if (code === 38 && rgb.length === 3) { ink(''); at.color = readable(rgb) }
      n += codes[n + 1] === 2 ? 4 : 2
    }
  }
}

/** A colour of the 256 as red, green, blue. */
function cube(n: number): number[] {
  if (n >= 232) return Array(3).fill(8 + (n - 232) * 10) as number[]
  const step = (n: number): number => (n ? 55 + n * 40 : 0)
  n -= 16
  return [step(Math.floor(n / 36)), step(Math.floor(n / 6) % 6), step(n % 6)]
}

/** A colour at a lightness that can be read on the ground of either theme. */
function readable(rgb: number[]): string {
  const of = (light: number): string => `oklch(from rgb(${rgb}) ${light} min(c,.12) h)`
  return `light-dark(${of(0.45)},${of(0.8)})`
}
