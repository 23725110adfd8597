// The design as CSS text: colours with their contrast (console reference 2.3 and 10), the tile that stands for a state
// everywhere, and controls. Hosts override a handful of `--lakeflow-…` properties; the rest are inner names.
import { LOOK } from './states.js'

/** Strokes on a 16 × 16 grid, in the order that packs best. */
const GLYPHS: Record<string, string> = {
  clock: 'M8 3a5 5 0 1 0 .1 0zM8 5v3l2 2', check: 'M4 9l3 3 6-7', play: 'M5 4v8l7-4zM6 6v4l4-2z', cross: 'M4 4l8 8M12 4l-8 8',
  ring: 'M8 5a3 3 0 1 0 .1 0z', retry: 'M13 8a5 5 0 1 1-2-4M13 2v3h-3', stop: 'M5 5h6v6H5zM7 7h2v2H7z', bolt: 'M9 2L4 9h4l-1 5 5-7H8z',
  up: 'M8 13V4M4 8l4-4 4 4', skip: 'M4 4l4 4-4 4M9 4l4 4-4 4', copy: 'M6 6h7v7H6zM3 10V3h7', dots: 'M4 8h.01M8 8h.01M12 8h.01',
  wrap: 'M3 4h10M3 8h8a2 2 0 0 1 0 4H8M10 10l-2 2 2 2M3 12h2', diamond: 'M8 3l5 5-5 5-5-5z', question: 'M5.5 6a2.5 2.5 0 1 1 4 2Q8 9 8 10M8 13h.01',
  plus: 'M3 8h10M8 3v10', down: 'M4 6l4 4 4-4', minus: 'M3 8h10', many: 'M3 4h10M3 8h10M3 12h10M12 3l-8 10',
  fit: 'M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3', load: 'M3 13h10M8 3v7M5 7l3 3 3-3', slash: 'M8 3a5 5 0 1 0 .1 0zM4.5 4.5l7 7',
  warn: 'M8 3l6 10H2zM8 7v2M8 11h.01', search: 'M7 3a4 4 0 1 0 .1 0zM10 10l3 3', speak: 'M3 6v4h2l4 3V3L5 6zM12 5a4 4 0 0 1 0 6',
  lines: 'M3 4h10M3 8h10M3 12h5', bars: 'M6 4v8M10 4v8', full: 'M9 3h4v4M7 13H3V9M13 3L9 7M3 13l4-4',
}

/** A glyph as the value of `mask`. */
const mask = (path: string): string =>
  `url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16' fill='none' stroke='%23000' stroke-width='1.9' stroke-linecap='round' stroke-linejoin='round'%3E%3Cpath d='${path}'/%3E%3C/svg%3E")`
/** Style of glyphs by name. */
export const inked = (glyphs: Record<string, string>): string => Object.entries(glyphs).map(([name, path]) => `[data-g=${name}]{--g:${mask(path)}}`).join('')

/** Selectors of the states of one tone or fill, each with something before it. */
export const of = (value: string, head: string): string =>
  LOOK.filter(look => look.tone === value || look.fill === value).map(({ state }) => `${head}[data-state=${state}]`).join()
const tones = ['wait', 'run', 'ok', 'warn', 'bad', 'off'].map(tone =>
  `${of(tone, '')}{--c:$${tone};--o:$${tone}-on;--x:$${tone}-text;--w:$${tone}-soft;--b:$${tone}${tone === 'warn' ? '-edge' : ''}}`).join('')
const looks = LOOK.map(({ state, glyph }) => `.t[data-state=${state}]{--g:${mask(GLYPHS[glyph]!)}}`).join('')

/** Every colour, light and dark: a test recomputes the contrasts from here. */
export const COLOURS = `canvas F5F6F8 0D1015
surface FFFFFF 151A21
sunken ECEEF2 0A0D11
line D9DDE4 2A313C
control 858E9C 6F7A8A
text 14181F E8EBF0
muted 545D6B A3ADBB
faint 626B7A 8791A0
accent 1D5FD1 6BA6FF
focus 1D5FD1 8AB8FF
logbg FBFBFC 0A0D11
logtext 1F2530 D5DAE2
primary 1D5FD1 5B9DFF
primary-on FFFFFF 04152F
edge C4CAD4 3A4350
wait 6F5CC2 9C8CEB
wait-on FFFFFF 120A33
wait-text 5744AB B4A7F5
wait-soft F0EDFB 231F3B
run 1D6FE0 5B9DFF
run-on FFFFFF 04152F
run-text 1558B8 86B7FF
run-soft E7F0FD 14263F
ok 14866D 2FB592
ok-on FFFFFF 01201A
ok-text 0B6B56 4CCBA8
ok-soft E2F4EF 0F2C26
warn F0B429 F2BC42
warn-on 3A2700 2B1D00
warn-text 7D5200 F2BC42
warn-soft FDF3DA 33280F
bad C4291C F0604F
bad-on FFFFFF 2A0500
bad-text B02318 FF8A7C
bad-soft FCEAE8 3A1A17
off 6C7480 7E8896
off-on FFFFFF 0B0E13
off-text 565E6B A3ADBB
off-soft EDEFF2 20262F
warn-edge 946200 F2BC42`

const colours = COLOURS.replace(/(\S+) (\S+) (\S+)\n?/g, '--$1:var(--lakeflow-$1,light-dark(#$2,#$3));')

export const TOKENS = `:root,:host{${colours}--sans:var(--lakeflow-font,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif);--mono:var(--lakeflow-mono,ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,monospace);--r:var(--lakeflow-radius,6px)}
*,::before,::after{box-sizing:border-box}
${tones}${inked(GLYPHS)}
.g{mask:$g center/contain no-repeat;background:currentColor;height:16px;display:inline-block;flex:none;width:16px}
.t{position:relative;display:inline-block;flex:none;--z:20px;width:$z;height:$z;border-radius:calc($z/4);border:1.5px solid var(--c,$wait);--g:${mask(GLYPHS['question']!)};background:var(--w,$wait-soft);color:var(--x,$wait-text)}
.t::before{mask:$g center/64% no-repeat;background:currentColor;content:"";position:absolute;inset:0}
${looks}
${of('s', '.t')}{background:$c;color:$o;border-color:transparent}
${of('d', '.t')}{background:none;color:$x;border:1px dashed $control}
.t[data-state=SUCCESS_WITH_FAILURES]{border-color:$warn-edge}
${of('x', '.t')}{background:repeating-linear-gradient(135deg,$w 0 3px,color-mix(in srgb,$c 38%,$w) 3px 6px);border-color:$b}
.t.s{--z:16px}.t.m{--z:22px}.t.l{--z:28px}.t.x{--z:40px}
@keyframes pulse{50%{opacity:.62}}@keyframes slide{to{background-position:14px 0}}
.t[data-state=RUNNING]{animation:pulse 1.8s ease-in-out infinite}
.stripe{background:repeating-linear-gradient(90deg,$run 0 7px,color-mix(in srgb,$run 60%,$surface) 7px 14px)!important;animation:slide 1.2s linear infinite}
button{background:$surface;height:32px;color:$text;padding:0 12px;border-radius:$r;border:1px solid $control;font:inherit;font-weight:550;gap:6px;display:inline-flex;align-items:center;justify-content:center;cursor:pointer;transition:background .12s;white-space:nowrap}
button:hover{background:$sunken}button .g{height:14px;width:14px}
.pri{background:$primary;color:$primary-on;border-color:transparent}.pri:hover{background:color-mix(in srgb,$primary 88%,$text)}
.ghost{background:none;color:$muted;padding:0 8px;border-color:transparent}.sm{height:26px;padding:0 8px;font-size:12px}
button[disabled]{background:none;color:$faint;cursor:default;border-color:$line}
.seg{background:$surface;height:28px;border-radius:$r;border:1px solid $control;overflow:hidden;display:inline-flex;flex:none}
.seg>*{background:none;height:100%;color:$muted;padding:0 10px;border-radius:0;border:0;font-size:12px;font-weight:550;gap:5px;display:flex;align-items:center}
.seg>*+*{border-left:1px solid $line}.seg>[aria-pressed=true]{background:$sunken;color:$text}.seg :focus-visible,.tabs :focus-visible{outline-offset:-2px}
.seg.ic>*{padding:0 8px}
.tabs{gap:2px;display:flex;scrollbar-width:none;border-bottom:1px solid $line;overflow-x:auto}
.tabs>*{background:none;height:auto;color:$muted;padding:8px 12px;border-radius:0;border:0;font-weight:550;white-space:nowrap}.tabs>*:hover{background:none;color:$text}
.tabs>[aria-selected=true]{color:$text;box-shadow:inset 0 -2px $accent}
.card{background:$surface;border-radius:10px;border:1px solid $line}
input,select,textarea{background:$surface;height:32px;color:$text;padding:0 10px;min-width:0;border-radius:$r;border:1px solid $control;font:inherit}
::placeholder{color:$faint;opacity:1}
:focus-visible{outline:2px solid $focus;border-radius:4px;outline-offset:2px}
.mono{font-family:$mono;font-size:12px}.muted{color:$muted}.faint{color:$faint}.num{font-variant-numeric:tabular-nums}.sp{flex:1}
.sr{clip-path:inset(50%);height:1px;overflow:hidden;width:1px;position:absolute;white-space:nowrap}
h1,h2,h3,p,ul,dl,dd{padding:0;margin:0}h2{font-size:13px;font-weight:600}ul{list-style:none}
.err{background:$bad-soft;padding:8px 12px;border-radius:$r;gap:3px;display:grid;overflow-wrap:anywhere;border-left:3px solid $bad}.err b{font-weight:600}.err .muted{font-size:12px}
.empty{color:$muted;padding:24px;gap:8px;display:grid;text-align:center;justify-items:center}
@keyframes appear{from{opacity:0}}
.hold{background:$sunken;border-radius:$r;animation:appear .2s .15s backwards}
@media(prefers-reduced-motion:reduce){*,::before,::after{transition:none!important;animation:none!important}}
@media(forced-colors:active){.t,.bar{background:Canvas!important;color:CanvasText!important;forced-color-adjust:none;border-color:CanvasText!important}.g,.t::before{background:CanvasText}}
@media(prefers-contrast:more){:root,:host{--line:$control}}
@media(max-width:720px){button{height:36px}.sm{height:32px}input,select,textarea{height:40px;font-size:16px}.seg{height:34px}}
`

/** What both elements begin with. */
export const ELEMENT = `${TOKENS}
:host{color:$text;display:block;text-align:left;font:400 13px/1.45 $sans;container-type:inline-size}:host([hidden]){display:none}.row{flex-wrap:wrap;gap:8px;display:flex;align-items:center}
pre{background:$logbg;padding:8px 10px;border-radius:$r;border:1px solid $line;overflow:auto;overflow-wrap:anywhere;max-height:420px;font:12px/18px $mono;margin:6px 0 14px;white-space:pre-wrap}
`
