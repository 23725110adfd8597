// How a run is laid out: header over graph, timeline and the selected task; one column in narrow places.
import { GRAPH_CSS } from './graph.js'
import { TIMELINE_CSS } from './timeline.js'
import { TOKENS } from './tokens.js'

export const RUN_CSS = `${TOKENS}
:host{display:block;container-type:inline-size;background:var(--canvas);color:var(--text);font:400 13px/1.45 var(--sans);-webkit-font-smoothing:antialiased;text-align:left}
:host([hidden]){display:none}
.rh{padding:16px 20px 12px;display:grid;grid-template-columns:minmax(0,1fr) auto;gap:12px 16px;background:var(--surface);border-bottom:1px solid var(--line)}
.r1{display:flex;gap:14px;align-items:center;min-width:0}.r1>div{min-width:0}h1{font-size:20px;line-height:28px;font-weight:650;letter-spacing:-.012em;overflow-wrap:anywhere}h1 span{font-weight:600;color:var(--x,var(--muted))}
.meta{display:flex;gap:2px 18px;flex-wrap:wrap;margin-top:1px;overflow-wrap:anywhere}.meta .was{background:var(--warn-soft);color:var(--warn-text);border-radius:4px;padding:0 5px;margin-left:6px}
.act{display:flex;gap:8px;align-items:center}
.prog{grid-column:1/-1;display:flex;gap:2px;height:8px}.prog i{border-radius:2px;background:var(--c,var(--control));min-width:3px;transition:flex-grow .2s}.prog i:first-child{border-radius:4px 2px 2px 4px}.prog i:last-child{border-radius:2px 4px 4px 2px}
.prog [data-s=UPSTREAM_FAILED],.prog [data-s=UPSTREAM_CANCELED],.prog [data-s=EXCLUDED],.prog [data-s=DISABLED],.prog [data-s=BLOCKED],.prog [data-s=PENDING],.prog [data-s=QUEUED]{opacity:.5}
.cnts{grid-column:1/-1;display:flex;flex-wrap:wrap;gap:4px 8px;margin:-2px -6px}.cnts button{height:26px;border-color:transparent;background:none;color:var(--muted);font-size:12px;font-weight:400;padding:0 6px}.cnts button:hover{background:var(--sunken)}.cnts [aria-pressed=true]{background:var(--run-soft);color:var(--text)}.cnts .f{color:var(--bad-text);font-weight:600}
.banner{grid-column:1/-1}
.sp2{display:grid;grid-template-columns:minmax(0,1fr) clamp(420px,30cqw,640px);gap:12px;padding:12px 20px 20px;align-items:stretch}.sp2.solo{grid-template-columns:minmax(0,1fr)}
.lc{display:grid;gap:12px;grid-template:auto 1fr/minmax(0,1fr);min-width:0}.ph{display:flex;gap:10px;align-items:center;padding:8px 10px 8px 16px;min-height:46px}
.rc{min-width:0;display:grid;position:sticky;top:12px;height:calc(var(--lakeflow-viewport,100vh) - 90px);min-height:480px}
.slot{display:flex;flex-direction:column;flex:1;min-height:0}.mt{display:none}.filt{margin-left:8px}
.waits{padding:40px 20px;text-align:center}
.live{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
${GRAPH_CSS}${TIMELINE_CSS}
@container(max-width:1100px){.sp2{grid-template-columns:minmax(0,1fr)}.rc{position:static;height:auto;min-height:0}}
@container(max-width:720px){
.rh{grid-template-columns:minmax(0,1fr);padding:12px}.mt{display:grid;grid-template-columns:1fr 1fr 1fr;margin:12px 12px 0;height:36px}.mt>*{justify-content:center;font-size:13px}
.act{display:none}.sp2{padding:12px 12px 20px}.sp2.t-tasks .rc,.sp2.t-tasks .gp,.sp2.t-timeline .rc,.sp2.t-timeline .gp,.sp2.t-log .lc{display:none}.lc{grid-template:auto/minmax(0,1fr)}
.ph .key,.ph h2+.faint{display:none}.t-tasks .tp .ph{display:none}.tm{padding:6px}
.t-tasks .ax,.t-tasks .gr{display:none}.t-tasks .tr{height:44px;grid-template-columns:22px minmax(0,1fr) 34%}.t-tasks .tm li{contain-intrinsic-size:auto 44px}.t-tasks .tr .t{width:20px;height:20px}.t-tasks .tl{font-size:13px}.t-tasks .br,.t-tasks .q{top:10px}.t-tasks .rt{top:15px}.t-tasks .bl{left:auto!important;right:0!important;line-height:1;bottom:6px;color:var(--muted)!important}.t-tasks .nv{right:0;left:auto;line-height:44px}
.t-timeline .tr,.t-timeline .ax,.t-timeline .gr{grid-template-columns:18px 96px minmax(0,1fr)}
.gp.show{display:block!important}}
@media print{.sp2,.lc{display:block}.gp,.tp,.act{display:none}}
`
