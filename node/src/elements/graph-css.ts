// How the task graph looks.

/** Pages draw it, too; nodes are as large as the layout of the core takes them to be. */
export const GRAPH_CSS = `.gs{background:radial-gradient($line 1px,transparent 1.2px) -7px -7px/16px 16px;border-radius:0 0 10px 10px;border-top:1px solid $line;overflow:auto;overscroll-behavior:contain;max-height:var(--lakeflow-graph,min(52vh,560px))}
.gs:focus-visible{outline-offset:-2px}
.gz{overflow:hidden;margin:auto;position:relative}.gc{transform-origin:0 0;position:relative}.gc svg{overflow:visible;position:absolute;inset:0}
.e{fill:none;stroke-width:1.25;marker-end:url(#tip);stroke:$control}.e.on{stroke-width:2;stroke:$accent}.e.hot{stroke-width:2;stroke:$bad}.e.off{stroke-dasharray:4 4}.pick .e:not(.on,.hot){opacity:.35}
.el{fill:$muted;paint-order:stroke;stroke-width:3px;font:500 10px $sans;stroke:$surface}
.n{background:$surface;height:46px;color:inherit;padding:0 8px;border-radius:8px;border:1px solid $edge;gap:8px;display:flex;align-items:center;width:150px;top:0;box-shadow:0 1px 2px light-dark(#0001,#0006);text-decoration:none;cursor:pointer;position:absolute;left:0}
.n:hover{border-color:$control}.n>span{min-width:0;display:grid}.n b{letter-spacing:-.01em;font-size:11.5px;font-weight:600;line-height:17px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}.n small{color:$muted;font-size:11px;line-height:15px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.n[aria-current]{box-shadow:0 0 0 2px $run-soft;border-color:$accent}.n.none{background:$canvas;border-style:dashed}
.n.stack{box-shadow:3px 3px 0 -1px $surface,3px 3px 0 0 $edge}.n[aria-current].stack{box-shadow:3px 3px 0 -1px $surface,3px 3px 0 0 $edge,0 0 0 2px $run-soft}
.pg{background:$run;bottom:0;height:3px;border-radius:0 2px 2px 8px;max-width:100%;position:absolute;left:0}
.fold{color:$muted;padding:8px 16px;border-top:1px solid $line;gap:8px;display:flex;align-items:center}
`
