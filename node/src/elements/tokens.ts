// The design as CSS text: colours with their contrast (console reference 2.3 and 10), the tile that stands for a state
// everywhere, and controls. Hosts override a handful of `--lakeflow-…` properties; the rest are inner names.
import { LOOK } from './states.js'

/** Strokes on a 16 × 16 grid; a leading `+` is a filled shape. */
const GLYPHS: Record<string, string> = {
  check: 'M3.5 8.6l3 3 6-7', play: '+M5 3.2v9.6L13 8z', cross: 'M4.3 4.3l7.4 7.4M11.7 4.3l-7.4 7.4',
  ring: 'M8 4.6a3.4 3.4 0 1 1 0 6.8a3.4 3.4 0 0 1 0-6.8', dots: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  lines: 'M3.5 4.5h9M3.5 8h9M3.5 11.5h5', retry: 'M12.6 8a4.6 4.6 0 1 1-1.5-3.4M12.8 2.2v3h-3',
  stop: '+M4.4 4.4h7.2v7.2H4.4z', clock: 'M8 2.8a5.2 5.2 0 1 1 0 10.4a5.2 5.2 0 0 1 0-10.4M8 5.2V8.2l2 1.4',
  bolt: 'M9 2.5L4.5 9H8l-1 4.5L11.5 7H8z', slash: 'M8 3a5 5 0 1 1 0 10a5 5 0 0 1 0-10M4.6 4.6l6.8 6.8',
  up: 'M8 13V3.8M4.4 7.4L8 3.8l3.6 3.6', skip: 'M3.8 4l4 4-4 4M8.6 4l4 4-4 4', diamond: 'M8 3l5 5-5 5-5-5z',
  bars: 'M5.6 4v8M10.4 4v8', many: 'M3 5h10M3 8h10M3 11h10M12.5 3l-9 10',
  question: 'M5.6 6.2a2.4 2.4 0 1 1 3.6 2c-.8.5-1.2.9-1.2 1.8M8 12.6h.01',
  search: 'M7 2.8a4.2 4.2 0 1 1 0 8.4a4.2 4.2 0 0 1 0-8.4M10.2 10.2l3 3', down: 'M4 6l4 4 4-4',
  minus: 'M3 8h10', plus: 'M8 3v10M3 8h10', fit: 'M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3',
  wrap: 'M2.5 4h11M2.5 8h8.5a2 2 0 0 1 0 4H8M9.6 10.4L8 12l1.6 1.6M2.5 12h3', copy: 'M5.5 5.5h7v7h-7zM3.5 10.5v-7h7',
  load: 'M8 2.5v7M5 7l3 3 3-3M3 13h10', warn: 'M8 2.8l5.8 10.2H2.2zM8 6.6v3M8 11.4h.01',
  speak: 'M3 6v4h2.5L9 13V3L5.5 6zM11.8 5.4a4 4 0 0 1 0 5.2', full: 'M9.5 3H13v3.5M6.5 13H3V9.5M13 3L9 7M3 13l4-4',
}

/** A glyph by its name, as the value of `mask`. */
const mask = (path: string): string => {
  const filled = path[0] === '+'
  const ink = filled ? "fill='%23000'" : "fill='none' stroke='%23000' stroke-width='1.9' stroke-linecap='round' stroke-linejoin='round'"
  return `url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16' ${ink}%3E%3Cpath d='${filled ? path.slice(1) : path}'/%3E%3C/svg%3E")`
}
/** Style of glyphs by name. */
export const inked = (glyphs: Record<string, string>): string => Object.entries(glyphs).map(([name, path]) => `[data-g=${name}]{--g:${mask(path)}}`).join('')

const of = (value: string, head: string): string =>
  LOOK.filter(look => look.tone === value || look.fill === value).map(({ state }) => `${head}[data-s=${state}]`).join()
const tones = ['wait', 'run', 'ok', 'warn', 'bad', 'off'].map(tone =>
  `${of(tone, '')},[data-tone=${tone}]{--c:var(--${tone});--o:var(--${tone}-on);--x:var(--${tone}-text);--w:var(--${tone}-soft);--b:var(--${tone}${tone === 'warn' ? '-edge' : ''})}`).join('')
const looks = LOOK.map(({ state, glyph }) => `.t[data-s=${state}]{--g:${mask(GLYPHS[glyph]!)}}`).join('')

/** Every colour, light and dark: a test recomputes the contrasts from here. */
export const COLOURS: Record<string, [light: string, dark: string]> = Object.fromEntries(`canvas F5F6F8 0D1015, surface FFFFFF 151A21, sunken ECEEF2 0A0D11, line D9DDE4 2A313C, control 858E9C 6F7A8A,
text 14181F E8EBF0, muted 545D6B A3ADBB, faint 626B7A 8791A0, accent 1D5FD1 6BA6FF, focus 1D5FD1 8AB8FF,
logbg FBFBFC 0A0D11, logtext 1F2530 D5DAE2, primary 1D5FD1 5B9DFF, primary-on FFFFFF 04152F, edge C4CAD4 3A4350,
wait 6F5CC2 9C8CEB, wait-on FFFFFF 120A33, wait-text 5744AB B4A7F5, wait-soft F0EDFB 231F3B, run 1D6FE0 5B9DFF,
run-on FFFFFF 04152F, run-text 1558B8 86B7FF, run-soft E7F0FD 14263F, ok 14866D 2FB592, ok-on FFFFFF 01201A,
ok-text 0B6B56 4CCBA8, ok-soft E2F4EF 0F2C26, warn F0B429 F2BC42, warn-on 3A2700 2B1D00, warn-text 7D5200 F2BC42,
warn-soft FDF3DA 33280F, bad C4291C F0604F, bad-on FFFFFF 2A0500, bad-text B02318 FF8A7C, bad-soft FCEAE8 3A1A17,
off 6C7480 7E8896, off-on FFFFFF 0B0E13, off-text 565E6B A3ADBB, off-soft EDEFF2 20262F, warn-edge 946200 F2BC42`.split(/,\s/).map(line => {
  const [name, light, dark] = line.split(' ')
  return [name, [`#${light}`, `#${dark}`]]
}))

const colours = Object.entries(COLOURS).map(([name, [light, dark]]) => `--${name}:var(--lakeflow-${name},light-dark(${light},${dark}))`).join(';')

export const TOKENS = `:root,:host{${colours};--sans:var(--lakeflow-font,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif);--mono:var(--lakeflow-mono,ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace);--r:var(--lakeflow-radius,6px)}
*,::before,::after{box-sizing:border-box}
${tones}${inked(GLYPHS)}
.g{display:inline-block;width:16px;height:16px;flex:none;background:currentColor;mask:$g center/contain no-repeat}
.t{position:relative;display:inline-block;flex:none;--z:20px;width:$z;height:$z;border-radius:calc($z/4);border:1.5px solid var(--c,$wait);--g:${mask(GLYPHS['question']!)};background:var(--w,$wait-soft);color:var(--x,$wait-text)}
.t::before{content:"";position:absolute;inset:0;background:currentColor;mask:$g center/64% no-repeat}
${looks}
${of('s', '.t')}{background:$c;color:$o;border-color:transparent}
${of('d', '.t')}{background:none;color:$x;border:1px dashed $control}
.t[data-s=SUCCESS_WITH_FAILURES]{border-color:$warn-edge}
${of('x', '.t')}{border-color:$b;background:repeating-linear-gradient(135deg,$w 0 3px,color-mix(in srgb,$c 38%,$w) 3px 6px)}
.t.s{--z:16px}.t.m{--z:22px}.t.l{--z:28px}.t.x{--z:40px}
@keyframes pulse{50%{opacity:.62}}@keyframes slide{to{background-position:14px 0}}
.t[data-s=RUNNING]{animation:pulse 1.8s ease-in-out infinite}
.stripe{background:repeating-linear-gradient(90deg,$run 0 7px,color-mix(in srgb,$run 60%,$surface) 7px 14px)!important;animation:slide 1.2s linear infinite}
button,.btn{font:inherit;font-weight:550;color:$text;background:$surface;border:1px solid $control;border-radius:$r;height:32px;padding:0 12px;display:inline-flex;align-items:center;justify-content:center;gap:6px;white-space:nowrap;cursor:pointer;text-decoration:none;transition:background .12s}
button:hover,.btn:hover{background:$sunken}button .g,.btn .g{width:14px;height:14px}
.pri{background:$primary;border-color:transparent;color:$primary-on}.pri:hover{background:color-mix(in srgb,$primary 88%,$text)}
.ghost{border-color:transparent;background:none;color:$muted;padding:0 8px}.sm{height:26px;padding:0 8px;font-size:12px;border-radius:5px}.danger{color:$bad-text}
button[disabled],.btn[aria-disabled=true]{color:$faint;border-color:$line;background:none;cursor:default}
.seg{display:inline-flex;border:1px solid $control;border-radius:$r;overflow:hidden;height:28px;background:$surface;flex:none}
.seg>*{border:0;border-radius:0;height:100%;padding:0 10px;font-weight:550;font-size:12px;color:$muted;background:none;display:flex;align-items:center;gap:5px;text-decoration:none}
.seg>*+*{border-left:1px solid $line}.seg>[aria-pressed=true],.seg>[aria-current],.seg>[aria-selected=true]{background:$sunken;color:$text}.seg :focus-visible{outline-offset:-2px}
.seg.ic>*{padding:0 8px}.seg.ic .g{width:15px;height:15px}
.tabs{display:flex;gap:2px;border-bottom:1px solid $line;overflow-x:auto;scrollbar-width:none}
.tabs>*{height:auto;border:0;border-radius:0;background:none;padding:8px 12px 9px;color:$muted;font-weight:550;text-decoration:none;box-shadow:none;white-space:nowrap}.tabs>*:hover{background:none;color:$text}
.tabs>[aria-current],.tabs>[aria-selected=true]{color:$text;box-shadow:inset 0 -2px $accent}.tabs :focus-visible{outline-offset:-2px}
.card{background:$surface;border:1px solid $line;border-radius:10px}
input,select,textarea{font:inherit;color:$text;background:$surface;border:1px solid $control;border-radius:$r;height:32px;padding:0 10px;min-width:0}
::placeholder{color:$faint;opacity:1}
:focus-visible{outline:2px solid $focus;outline-offset:2px;border-radius:4px}
.mono{font-family:$mono;font-size:12px}.muted{color:$muted}.faint{color:$faint}.num{font-variant-numeric:tabular-nums}.sp{flex:1}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
h1,h2,h3,p,ul,dl,dd{margin:0;padding:0}h2{font-size:13px;font-weight:600}ul{list-style:none}
.err{background:$bad-soft;border-left:3px solid $bad;border-radius:$r;padding:9px 12px;display:grid;gap:3px;overflow-wrap:anywhere}.err b{font-weight:600}.err .muted{font-size:12px}
.empty{padding:28px 20px;text-align:center;color:$muted;display:grid;gap:6px;justify-items:center}
@keyframes appear{from{opacity:0}}
.hold{border-radius:6px;background:$sunken;animation:appear .2s .15s backwards}
@media(prefers-reduced-motion:reduce){*,::before,::after{animation:none!important;transition:none!important}}
@media(forced-colors:active){.t,.bar{background:Canvas!important;color:CanvasText!important;border-color:CanvasText!important;forced-color-adjust:none}.g,.t::before{background:CanvasText}}
@media(prefers-contrast:more){:root,:host{--line:$control}}
@media(max-width:720px){button,.btn{height:36px}.sm{height:32px}input,select,textarea{font-size:16px;height:40px}.seg{height:34px}}
`

/** What both elements begin with. */
export const ELEMENT = `${TOKENS}
:host{display:block;container-type:inline-size;color:$text;font:400 13px/1.45 $sans;-webkit-font-smoothing:antialiased;text-align:left}:host([hidden]){display:none}.row{display:flex;gap:8px;align-items:center;flex-wrap:wrap}
pre{font:12px/18px $mono;white-space:pre-wrap;overflow-wrap:anywhere;background:$logbg;border:1px solid $line;border-radius:$r;padding:8px 10px;margin:6px 0 14px;max-height:420px;overflow:auto}
`
