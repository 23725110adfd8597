// How a run looks: header over graph, timeline and the selected task; one column in narrow places. All sheets are side by side,
// which packs better than each beside its program.
import { GRAPH_CSS } from './graph-css.js'
import { ELEMENT } from './tokens.js'

export const RUN_CSS = `${ELEMENT}
:host{background:$canvas}
.rh{padding:16px 20px 12px;display:grid;grid-template-columns:minmax(0,1fr) auto;gap:12px 16px;background:$surface;border-bottom:1px solid $line}
.r1{display:flex;gap:14px;align-items:center;min-width:0}.r1>div{min-width:0}h1{font-size:20px;line-height:28px;font-weight:650;letter-spacing:-.012em;overflow-wrap:anywhere}h1 span{font-weight:600;color:var(--x,$muted)}
.meta{display:flex;gap:2px 18px;flex-wrap:wrap;margin-top:1px;overflow-wrap:anywhere}.meta .was{background:$warn-soft;color:$warn-text;border-radius:4px;padding:0 5px;margin-left:6px}
.act{display:flex;gap:8px;align-items:center}
.prog{grid-column:1/-1;display:flex;gap:2px;height:8px}.prog i{border-radius:2px;background:var(--c,$control);min-width:3px;transition:flex-grow .2s}.prog i:first-child{border-radius:4px 2px 2px 4px}.prog i:last-child{border-radius:2px 4px 4px 2px}
.prog [data-s=UPSTREAM_FAILED],.prog [data-s=UPSTREAM_CANCELED],.prog [data-s=EXCLUDED],.prog [data-s=DISABLED],.prog [data-s=BLOCKED],.prog [data-s=PENDING],.prog [data-s=QUEUED]{opacity:.5}
.cnts{grid-column:1/-1;display:flex;flex-wrap:wrap;gap:4px 8px;margin:-2px -6px}.cnts button{height:26px;border-color:transparent;background:none;color:$muted;font-size:12px;font-weight:400;padding:0 6px}.cnts button:hover{background:$sunken}.cnts [aria-pressed=true]{background:$run-soft;color:$text}.cnts .f{color:$bad-text;font-weight:600}
.banner{grid-column:1/-1}
.sp2{display:grid;grid-template-columns:minmax(0,1fr) clamp(420px,30cqw,640px);gap:12px;padding:12px 20px 20px;align-items:stretch}.sp2.solo{grid-template-columns:minmax(0,1fr)}
.lc{display:grid;gap:12px;grid-template:auto 1fr/minmax(0,1fr);min-width:0}.ph{display:flex;gap:10px;align-items:center;padding:8px 10px 8px 16px;min-height:46px}
.rc{min-width:0;display:grid;position:sticky;top:12px;height:calc(var(--lakeflow-viewport,100vh) - 90px);min-height:480px}
.slot{display:flex;flex-direction:column;flex:1;min-height:0}.mt{display:none}
${GRAPH_CSS}.tm{position:relative;padding:0 14px 10px 8px}
.tr,.ax,.gr{display:grid;grid-template-columns:18px minmax(90px,clamp(110px,18%,180px)) minmax(0,1fr);gap:8px;align-items:center;height:24px;padding:0 8px;border-radius:5px;color:inherit;text-decoration:none;font-size:12px}
.tr{position:relative;cursor:pointer;width:100%;border:0;background:none;font-weight:400;text-align:left;justify-content:stretch}.tm li{content-visibility:auto;contain-intrinsic-size:auto 24px}.tr:hover{background:$sunken}
.tk{position:relative;height:100%;min-width:0}.tl{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.tr[aria-current]{background:$run-soft}.tr[aria-current] .tl{font-weight:600}.tr:focus-visible{outline-offset:-2px}
.ax{height:22px;cursor:crosshair;touch-action:none}.ax em{position:absolute;font-style:normal;font-size:11px;color:$faint;transform:translateX(-50%);top:3px;white-space:nowrap}.ax em:first-child{transform:none}
.gr{position:absolute;inset:22px 14px 10px 8px;height:auto;pointer-events:none}.gr em{position:absolute;top:0;bottom:0;width:1px;background:$line}.gr .now{background:$run;width:1.5px}.gr .sel{background:color-mix(in srgb,$accent 18%,transparent)}
.gr .gap{background:repeating-linear-gradient(135deg,$line 0 1px,transparent 1px 5px);border-inline:1px dashed $control}.ax .gap{color:$muted;font-style:italic;background:$surface;padding:0 3px;z-index:1}
.br,.q,.rt{position:absolute;top:6px;height:12px;border-radius:3px}.br{background:var(--c,$control);min-width:3px}.br[data-s=RUNNING],.br[data-s=TERMINATING]{border-radius:3px 0 0 3px}
.br[data-s=WAITING_FOR_RETRY],.br[data-s=PENDING],.br[data-s=SUCCESS_WITH_FAILURES]{outline:1px solid $b;outline-offset:-1px}
.q{background:repeating-linear-gradient(135deg,$control 0 1.5px,transparent 1.5px 4px);min-width:3px;border-radius:2px}.rt{background:repeating-linear-gradient(90deg,$warn-edge 0 3px,transparent 3px 7px);height:2px;top:11px}
.cr{box-shadow:0 3px 0 -1px $surface,0 4.5px 0 -1px $text}
.bl,.nv{position:absolute;font-size:11px;line-height:24px;color:$muted;white-space:nowrap;font-variant-numeric:tabular-nums;padding:0 4px;max-width:100%;overflow:hidden;text-overflow:ellipsis}.nv{left:0;font-style:italic}
.key{display:inline-flex;gap:6px;align-items:center;font-size:11px;color:$muted}.key i{position:static;width:16px;height:10px}.key .br{margin-left:8px}
.dp{display:flex;flex-direction:column;min-width:0;min-height:0}
.dh{padding:14px 16px 0}.dt{display:flex;gap:12px;align-items:center;margin-bottom:8px;min-width:0}.dt>div{min-width:0}.dt h2{font-size:15px;line-height:20px;overflow-wrap:anywhere}.dt .seg{border-color:transparent}.dt p{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.dp .tabs{margin:0 -16px;padding:0 8px}.dp>.err{margin:12px 16px 0}.at{display:flex;align-items:center;gap:10px;padding:10px 16px 0;flex-wrap:wrap}.at .seg{flex:0 1 auto;overflow-x:auto}
.lt{display:flex;flex-wrap:wrap;align-items:center;gap:8px;padding:10px 16px}.lt .row{width:100%}.lt .seg>[aria-pressed=true]{color:$accent}.lt select{height:28px;font-size:12px;padding:0 6px}.lt [aria-pressed=true]{background:$sunken}.fe{color:$bad-text;font-size:12px}.find{display:flex;align-items:center;gap:6px;height:28px;padding:0 8px;border:1px solid $control;border-radius:$r;background:$surface;color:$faint;flex:1;min-width:0}.find:focus-within{outline:2px solid $focus;outline-offset:1px}.find input{border:0;outline:0;height:24px;padding:0;flex:1;min-width:60px;background:none;font-size:12px}.find .g{width:14px;height:14px}
.lb{display:flex;gap:10px;align-items:center;padding:7px 10px 7px 16px;font-size:12px;min-height:40px}
.body{overflow:auto;flex:1;padding:14px 16px 18px;min-height:180px}.body:focus-visible{outline-offset:-2px}
.dl{display:grid;grid-template-columns:minmax(90px,max-content) minmax(0,1fr);gap:6px 16px}.dl dt{color:$muted}.dl dd{margin:0;overflow-wrap:anywhere}
.kv{width:100%;border-collapse:collapse;font-size:12px}.kv th{text-align:left;font-weight:600;color:$muted;padding:4px 10px 4px 0;border-bottom:1px solid $line}.kv td{padding:5px 10px 5px 0;vertical-align:top;border-bottom:1px solid $line;overflow-wrap:anywhere}.kv td.mono{white-space:pre-wrap}
.dp.full{position:fixed;inset:8px;z-index:30;box-shadow:0 8px 24px #0003}
.lg{display:flex;flex-direction:column;min-height:0;flex:1}
.box{flex:1;min-height:220px;overflow:auto;background:$logbg;color:$logtext;border-block:1px solid $line;padding:6px 0;font:12px/20px $mono;position:relative;overflow-anchor:auto}
.box:focus-visible{outline-offset:-2px}
.blk{content-visibility:auto;contain-intrinsic-size:auto 4000px}
.ln{display:block;padding:0 12px 0 calc($digits*1ch + 22px);min-height:20px;white-space:pre;position:relative;counter-increment:ln}
.ln::before{content:counter(ln);position:absolute;left:0;width:calc($digits*1ch + 10px);text-align:right;color:$faint;cursor:pointer}
.ln.r::before{color:$warn-text}.box[data-r=out] .r,.box[data-r=err] .ln:not(.r),.box[data-l=x] .ln:not(.x),.box[data-l=w] .ln:not(.w),.box[data-l=i] .ln:not(.i),.box[data-l=d] .ln:not(.d){height:0;min-height:0;overflow:hidden;visibility:hidden}
.wrap .ln{white-space:pre-wrap;overflow-wrap:anywhere}
.ln.x{background:$bad-soft;box-shadow:inset 3px 0 $bad}.ln.at{background:$run-soft;box-shadow:inset 3px 0 $accent}
.ln .B{font-weight:700}.ln .D{opacity:.75}.ln .I{font-style:italic}.ln .U{text-decoration:underline}.ln .S{text-decoration:line-through}.ln .V{background:$logtext;color:$logbg}
.ak{color:$faint}.ar{color:$bad-text}.ag{color:$ok-text}.ay{color:$warn-text}.ab{color:$run-text}.am{color:$wait-text}.ac{color:$accent}.aw{color:$logtext}
.box a{color:$accent}.ln button{height:20px;margin-left:8px}.ln button::after{content:attr(aria-label)}.note{padding:4px 12px;color:$muted;font:12px/20px $sans}.note button{margin-left:8px}
::highlight(lakeflow-find){background:#F6C64F;color:#2B1D00}::highlight(lakeflow-found){background:#F08A24;color:#1B0F00}
@container(max-width:1100px){.box{max-height:70vh}}
@container(max-width:720px){.find{flex-basis:60%}.dt .seg>*+*{display:none}.box{max-height:none;height:58vh}}
@media print{.lt,.lb{display:none}.box{max-height:none;overflow:visible}}
@container(max-width:1100px){.sp2{grid-template-columns:minmax(0,1fr)}.rc{position:static;height:auto;min-height:0}}
@container(max-width:720px){
.rh{grid-template-columns:minmax(0,1fr);padding:12px}.mt{display:grid;grid-template-columns:1fr 1fr 1fr;margin:12px 12px 0;height:36px}.mt>*{justify-content:center;font-size:13px}
.act{display:none}.sp2{padding:12px 12px 20px}.sp2.t-tasks .rc,.sp2.t-tasks .gp,.sp2.t-timeline .rc,.sp2.t-timeline .gp,.sp2.t-log .lc{display:none}.lc{grid-template:auto/minmax(0,1fr)}
.ph .key,.ph h2+.faint{display:none}.t-tasks .tp .ph{display:none}.tm{padding:6px}
.t-tasks .ax,.t-tasks .gr{display:none}.t-tasks .tr{height:44px;grid-template-columns:22px minmax(0,1fr) 34%}.t-tasks .tm li{contain-intrinsic-size:auto 44px}.t-tasks .t{--z:20px}.t-tasks .tl{font-size:13px}.t-tasks .br,.t-tasks .q{top:10px}.t-tasks .rt{top:15px}.t-tasks .bl{left:auto!important;right:0!important;line-height:1;bottom:6px;color:$muted!important}.t-tasks .nv{right:0;left:auto;line-height:44px}
.t-timeline .tr,.t-timeline .ax,.t-timeline .gr{grid-template-columns:18px 96px minmax(0,1fr)}
.gp.show{display:block!important}}
@media print{.sp2,.lc{display:block}.gp,.tp,.act{display:none}}
`
