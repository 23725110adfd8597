// lit without what the elements do not use (the pages take it whole): directives, bindings on elements, in comments and inside of
// `style`, `script`, `title` and `textarea`, MathML, compiled templates and hydration. Two tenths of lit are that. The check
// that a template was written in a program, which keeps data from becoming markup, stays.
//
// Each part is taken out by its text in the version that the lock file names; where lit has another text the build fails
// here, and the list is to be looked at again.
import { readFileSync } from 'node:fs'

/** Text, what stands in its place, and how often it is there. */
const PARTS = [
  // Directives: a value is what is drawn.
  [/function M\(t,i,s=t,e\)\{.*?,i\}(?=class R)/, '', 1],
  ['t=M(this,t,i),a(t)?', 'a(t)?', 1],
  ['if(void 0===h)t=M(this,t,i,0),o=', 'if(void 0===h)o=', 1],
  ['r=M(this,e[s+n],i,n),r===E&&(r=this._$AH[n]),', 'r=e[s+n],', 1],
  ['if((t=M(this,t,i,0)??A)===E)return;', 't=t??A;', 1],
  ['t!==this._$AH&&t!==E', 't!==this._$AH', 2],
  // What tells directives of their place, and whether it is in a document.
  ['get _$AU(){return this._$AM._$AU}', '', 3],
  ['get _$AU(){return this._$AM?._$AU??this._$Cv}', '', 1],
  [',this._$AN=void 0', '', 4],
  [',this._$Cv=e?.isConnected??!0', '', 1],
  ['this._$AP?.(!1,!0,s)', '', 1],
  ['setConnected(t){void 0===this._$AM&&(this._$Cv=t,this._$AP?.(t))}', '', 1],
  ['get parentNode(){return this._$AM.parentNode}', '', 1],
  [/get parentNode\(\)\{let t=this\._\$AA.*?endNode\(\)\{return this\._\$AB\}/, '', 1],
  ['get tagName(){return this.element.tagName}', '', 1],
  // Bindings on elements.
  [/class Z\{.*?\}const j=\{.*?\},(?=B=)/, 'const ', 1],
  ['j as _$LH,', '', 1],
  [':6===r.type&&(i=new Z(h,this,t))', ':0', 1],
  ['else t.startsWith(o)&&(d.push({type:6,index:l}),r.removeAttribute(t));', '', 1],
  // Bindings inside of raw text and of comments.
  ['(y.test(u[2])&&(n=RegExp("</"+u[2],"g")),c=p)', 'c=p', 1],
  ['c=n??v', 'c=v', 1],
  ['(c=p,n=void 0)', 'c=p', 1],
  [/if\(y\.test\(r\.tagName\)\)\{.*?\}\}(?=\}else if\(8)/, '', 1],
  [/if\(8===r\.nodeType\)if\(r\.data===n\)d\.push\(\{type:2,index:l\}\);else\{.*?\}(?=l\+\+)/, 'if(8===r.nodeType&&r.data===n)d.push({type:2,index:l});', 1],
  // MathML, compiled templates, other documents, hydration, warnings of several versions.
  ['3===i?"<math>":""', '""', 1],
  ['3===i?"</math>":""', '""', 1],
  ['2===i||3===i', '2===i', 1],
  ['"number"==typeof s?this._$AC(t):(void 0===s.el&&(s.el=S.createElement(V(s.h,s.h[0]),this.options)),s)', 'this._$AC(t)', 1],
  ['(t?.creationScope??l)', 'l', 1],
  ['s?.renderBefore??i', 'i', 1],
  ['s?.renderBefore??null', 'null', 1],
  ['B=t.litHtmlPolyfillSupport;B?.(S,k),(t.litHtmlVersions??=[]).push("3.3.3");const ', '', 1],
  // Listeners that are objects with options.
  ['||t.capture!==s.capture||t.once!==s.once||t.passive!==s.passive', '', 1],
]

/** Plugin of esbuild. */
export const LIT_LESS = {
  name: 'lit-less',
  setup: build => build.onLoad({ filter: /lit-html[\\/]lit-html\.js$/ }, ({ path }) => {
    let contents = readFileSync(path, 'utf8')
    for (const [part, instead, times] of PARTS) {
      const pieces = contents.split(part)
      if (pieces.length !== times + 1) throw new Error(`lit-html has ${pieces.length - 1} times ${part}, ${times} were known: look at node/console/lit-less.mjs`)
      contents = pieces.join(instead)
    }
    return { contents }
  }),
}
