// How a run looks: header over graph, timeline and the selected task; one column in narrow places. All sheets are side by side,
// which packs better than each beside its program.
import { GRAPH_CSS } from './graph-css.js'
import { ELEMENT, of } from './tokens.js'

export const RUN_CSS = `${ELEMENT}
:host{background:$canvas}
.rh{background:$surface;padding:16px 20px 12px;gap:12px 16px;display:grid;grid-template-columns:minmax(0,1fr) auto;border-bottom:1px solid $line}
.r1,.dt,.ph,.lb,.act,.find{min-width:0;gap:8px;display:flex;align-items:center}.r1,.dt{gap:12px}.r1>div,.dt>div{min-width:0}h1{letter-spacing:-.012em;font-size:20px;font-weight:650;line-height:28px;overflow-wrap:anywhere}h1 span{color:var(--x,$muted);font-weight:600}
.meta{gap:2px 16px;overflow-wrap:anywhere}.meta .was{background:$warn-soft;color:$warn-text;padding:0 5px;margin-left:6px;border-radius:4px}
.prog{height:8px;border-radius:4px;overflow:hidden;gap:2px;display:flex;grid-column:1/-1}.prog i{background:var(--c,$control);min-width:3px;border-radius:2px;transition:flex-grow .2s}
${of('h', '.prog ')},${of('d', '.prog ')}{opacity:.5}
.cnts{gap:4px 8px;margin:-2px -6px;grid-column:1/-1}.cnts{button{background:none;height:26px;color:$muted;padding:0 6px;font-size:12px;font-weight:400;border-color:transparent}button:hover{background:$sunken}[aria-pressed=true]{background:$run-soft;color:$text}.f{color:$bad-text;font-weight:600}}
.banner{grid-column:1/-1}
.sp2{padding:12px 20px 20px;gap:12px;display:grid;grid-template-columns:minmax(0,1fr) clamp(420px,30cqw,640px)}.sp2.solo{grid-template-columns:minmax(0,1fr)}
.lc{grid-template:auto auto 1fr/minmax(0,1fr);min-width:0;display:grid}.dv{height:12px;touch-action:none;cursor:row-resize}.dv::after{background:$line;height:4px;content:"";border-radius:2px;display:block;margin:4px auto;width:32px}.dv:hover::after{background:$control}.ph,.lb{padding:8px 12px 8px 16px;min-height:44px}
.rc{height:calc(var(--lakeflow-viewport,100vh) - 90px);min-width:0;display:grid;min-height:480px;top:12px;position:sticky}
.slot{flex-direction:column;display:flex;min-height:0;flex:1}.mt{display:none}
${GRAPH_CSS}.tm{padding:0 12px 8px;position:relative}
.tr,.ax,.gr{height:24px;padding:0 8px;border-radius:4px;font-size:12px;gap:8px;display:grid;align-items:center;grid-template-columns:18px minmax(90px,clamp(110px,18%,180px)) minmax(0,1fr)}
.tr{background:none;border:0;font-weight:400;text-align:left;width:100%;cursor:pointer;position:relative}.tm li{contain-intrinsic-size:auto 24px;content-visibility:auto}.tr:hover{background:$sunken}
.tk{height:100%;min-width:0;position:relative}.tl,.bl,.nv{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.tr[aria-current]{background:$run-soft}.tr[aria-current] .tl{font-weight:600}.tr:focus-visible,.body:focus-visible,.box:focus-visible{outline-offset:-2px}
.ax{height:22px;touch-action:none;cursor:crosshair}.ax em{color:$faint;font-size:11px;transform:translateX(-50%);top:3px;font-style:normal;position:absolute;white-space:nowrap}.ax em:first-child{transform:none}
.gr{pointer-events:none;height:auto;position:absolute;inset:22px 12px 8px}.gr em{background:$line;bottom:0;width:1px;top:0;position:absolute}.gr .now{background:$run}.gr .sel{background:$run-soft}
.gr .gap{background:repeating-linear-gradient(135deg,$line 0 1px,transparent 1px 5px);border-inline:1px dashed $control}.ax .gap{background:$surface;color:$muted;padding:0 3px;font-style:italic;z-index:1}
.br,.q,.rt{height:12px;border-radius:3px;top:6px;position:absolute}.br{background:var(--c,$control);min-width:3px}.br[data-state=RUNNING],.br[data-state=TERMINATING]{border-radius:3px 0 0 3px}
.br[data-state=SUCCESS_WITH_FAILURES]{outline:1px solid $b;outline-offset:-1px}
.q{background:repeating-linear-gradient(135deg,$control 0 1.5px,transparent 1.5px 4px);min-width:3px;border-radius:2px}.rt{background:repeating-linear-gradient(90deg,$warn-edge 0 3px,transparent 3px 7px);height:2px;top:11px}
.cr{box-shadow:0 3px 0 -1px $surface,0 4.5px 0 -1px $text}
.bl,.nv{font-variant-numeric:tabular-nums;color:$muted;padding:0 4px;font-size:11px;line-height:24px;max-width:100%;position:absolute}.nv{font-style:italic;left:0}
.key{color:$muted;font-size:11px;gap:6px;display:inline-flex;align-items:center}.key i{height:10px;width:16px;position:static}.key .br{margin-left:8px}
.dp{min-width:0;flex-direction:column;display:flex;min-height:0}
.dh,.at{padding:12px 16px 0}.dh p{overflow-wrap:anywhere;margin:4px 0 8px}.dt h2{font-size:15px;line-height:20px;overflow-wrap:anywhere}.dt .seg{border-color:transparent}
.dp .tabs{padding:0 8px;margin:0 -16px}.dp>.err{margin:12px 16px 0}.at{min-height:38px}.at .seg{flex:0 1 auto;overflow-x:auto}
.lt{padding:12px 16px}.lt .row{width:100%}.lt .seg>[aria-pressed=true]{color:$accent}.lt [aria-pressed=true]{background:$sunken}.fe{color:$bad-text;font-size:12px}.find{background:$surface;height:28px;color:$faint;padding:0 8px;border-radius:$r;border:1px solid $control;flex:1}.find:focus-within{outline:2px solid $focus;outline-offset:1px}.find input{background:none;outline:0;height:24px;padding:0;min-width:60px;border:0;font-size:12px;flex:1}
.body{padding:16px;overflow:auto;min-height:180px;flex:1}
.dl{gap:6px 16px;display:grid;grid-template-columns:minmax(90px,max-content) minmax(0,1fr)}.dl dt{color:$muted}.dl dd{overflow-wrap:anywhere}
.kv{font-size:12px;border-collapse:collapse;width:100%}.kv th{color:$muted;padding:4px 12px 4px 0;font-weight:600;text-align:left;border-bottom:1px solid $line}.kv td{padding:4px 12px 4px 0;overflow-wrap:anywhere;vertical-align:top;border-bottom:1px solid $line}.kv td.mono{white-space:pre-wrap}
.dp.full{box-shadow:0 8px 24px #0003;z-index:30;position:fixed;inset:8px}
.lg{flex-direction:column;display:flex;min-height:0;flex:1}
.box{background:$logbg;color:$logtext;padding:6px 0;overflow:auto;min-height:220px;flex:1;font:12px/20px $mono;border-block:1px solid $line;position:relative}
.blk{contain-intrinsic-size:auto 4000px;content-visibility:auto}
.ln{padding:0 12px 0 calc($digits*1ch + 22px);display:block;min-height:20px;counter-increment:ln;position:relative;white-space:pre}
.ln::before{color:$faint;content:counter(ln) attr(data-t);text-align:right;width:calc($digits*1ch + 10px);cursor:pointer;position:absolute;left:0}
.ln.r::before{color:$warn-text}.box[data-r=out] .r,.box[data-r=err] .ln:not(.r),.box[data-l=x] .ln:not(.x),.box[data-l=w] .ln:not(.w),.box[data-l=i] .ln:not(.i),.box[data-l=d] .ln:not(.d){height:0;overflow:hidden;visibility:hidden;min-height:0}
.wrap .ln{overflow-wrap:anywhere;white-space:pre-wrap}
.ln.x{background:$bad-soft;box-shadow:inset 3px 0 $bad}.ln.at{background:$run-soft;box-shadow:inset 3px 0 $accent}
.B{font-weight:700}.D{opacity:.75}.I{font-style:italic}.U{text-decoration:underline}.S{text-decoration:line-through}
.ak{color:$faint}.ar{color:$bad-text}.ag{color:$ok-text}.ay{color:$warn-text}.ab{color:$run-text}.am{color:$wait-text}.ac{color:$accent}.aw{color:$logtext}.V{background:$logtext;color:$logbg}
.box a{color:$accent}.ln button,.note button{margin-left:8px}.ln button{height:20px}.ln button::after{content:attr(aria-label)}.note{color:$muted;padding:4px 12px;font:12px/20px $sans}
::highlight(lakeflow-find){background:#F6C64F;color:#2B1D00}::highlight(lakeflow-found){background:#F08A24;color:#1B0F00}
@container(max-width:1100px){.box{max-height:70vh}.sp2{grid-template-columns:minmax(0,1fr)}.rc{height:auto;min-height:0;position:static}}
@container(max-width:720px){.find{flex-basis:60%}.dt .seg>*+*{display:none}.dt{flex-wrap:wrap}.dt .sp{flex-basis:60%}.box{height:58vh;max-height:none}
.rh{padding:12px;grid-template-columns:minmax(0,1fr)}.mt{height:36px;display:grid;grid-template-columns:1fr 1fr 1fr;margin:12px 12px 0}.mt>*{font-size:13px;justify-content:center}
.act{display:none}.sp2{padding:12px 12px 20px}.sp2:not(.t-log)>.rc,.sp2:not(.t-log) .gp,.t-log .lc{display:none}.lc{grid-template:auto/minmax(0,1fr);gap:12px}.dv{display:none}
.ph .key,.ph h2+.faint{display:none}.tm{padding:6px}
.t-tasks{.ax,.gr,.tp .ph{display:none}.tr{height:44px;grid-template-columns:22px minmax(0,1fr) 34%}.tm li{contain-intrinsic-size:auto 44px}.t{--z:20px}.tl{font-size:13px}.br,.q{top:10px}.rt{top:15px}.bl{bottom:6px;color:$muted!important;right:0!important;line-height:1;left:auto!important}.nv{right:0;line-height:44px;left:auto}}
.t-timeline :is(.tr,.ax,.gr){grid-template-columns:18px 96px minmax(0,1fr)}
.gp.show{display:block!important}}
@media print{.box{overflow:visible;max-height:none}.sp2,.lc{display:block}.gp,.tp,.act,.lt,.lb{display:none}}
`
