// How the task graph looks.

/** Pages draw it, too; nodes are as large as the layout of the core takes them to be. */
export const GRAPH_CSS = `.gs{overflow:auto;border-top:1px solid $line;border-radius:0 0 10px 10px;background:radial-gradient($line 1px,transparent 1.2px) -7px -7px/16px 16px;max-height:min(52vh,560px);overscroll-behavior:contain}
.gs:focus-visible{outline-offset:-2px}
.gz{position:relative;overflow:hidden;margin:auto}.gc{position:relative;transform-origin:0 0}.gc svg{position:absolute;inset:0;overflow:visible}
.e{fill:none;stroke:$control;stroke-width:1.25;marker-end:url(#tip)}.e.on{stroke:$accent;stroke-width:2}.e.hot{stroke:$bad;stroke-width:2}.e.off{stroke-dasharray:4 4}.pick .e:not(.on,.hot){opacity:.35}
.el{font:500 10px $sans;fill:$muted;paint-order:stroke;stroke:$surface;stroke-width:3px}
.n{position:absolute;left:0;top:0;width:150px;height:46px;display:flex;align-items:center;gap:8px;padding:0 8px;background:$surface;border:1px solid $edge;border-radius:8px;box-shadow:0 1px 2px light-dark(#1014180f,#0006);color:inherit;text-decoration:none;cursor:pointer}
.n:hover{border-color:$control}.n>span{min-width:0;display:grid}.n b{font-weight:600;font-size:11.5px;letter-spacing:-.01em;line-height:17px;overflow:hidden;white-space:nowrap;text-overflow:ellipsis}.n small{font-size:11px;line-height:15px;color:$muted;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.n[aria-current]{border-color:$accent;box-shadow:0 0 0 2px color-mix(in srgb,$accent 30%,transparent)}.n.none{border-style:dashed;background:$canvas}
.n.stack{box-shadow:3px 3px 0 -1px $surface,3px 3px 0 0 $edge}.n[aria-current].stack{box-shadow:3px 3px 0 -1px $surface,3px 3px 0 0 $edge,0 0 0 2px color-mix(in srgb,$accent 30%,transparent)}
.pg{position:absolute;left:0;bottom:0;height:3px;background:$run;border-radius:0 2px 2px 8px;max-width:100%}
.fold{display:flex;gap:8px;align-items:center;padding:8px 16px;border-top:1px solid $line;color:$muted}
`
