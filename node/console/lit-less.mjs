// lit without what the elements do not use (the pages take it whole): directives, bindings on elements, in comments and inside of
// `style`, `script`, `title` and `textarea`, MathML, pictures alone, compiled templates, hydration, listeners that come later or go. Half of lit
// is that. The check that a template was written in a program, which keeps data from becoming markup, stays.
//
// The mark where a value goes is always the same, since no text but that of programs is read as a template.
//
// Each part is taken out by its text in the version that the lock file names; where lit has another text the build fails
// here, and the list is to be looked at again.
import { readFileSync } from 'node:fs'

/** The markup of a template, with marks where values go and behind the names of what they go into. Templates here are tags with
 * attributes in quotes or without, and text: inside of a tag is what comes after `<`. A test reads every template both ways. */
const READ = `const N=t=>{const i=t.length-1;let s;return V(t,t.map((t,e)=>e<i?(s=/[<>](?=[^<>]*$)/.exec(t)?.[0]??s,"<"===s?t.replace(/="?[^"=]*$/,"lit$$$&")+h:t+r):t||"<?>").join(""))};`

/** Puts values into an attribute, a property (`.`), a switch (`?`) or what listens (`@`), as the mark before its name says: all
 * are one class. A value alone is handed on as it is, several are put together as text; what listens is always a function. */
const WRITE = `class H{constructor(t,i,s,e){this.element=t,this.name=i,this.strings=s,this.j=e,this._$AH=Array(s.length).fill(s)}_$AI(t,i){const s=this.strings,e=s.length<3&&!s[0]&&!s[1];let h=s[0],o;for(let r=1;r<s.length;r++){const n=t[i++];o||=!a(n)||n!==this._$AH[r],this._$AH[r]=n,h=e?n:h+(n??"")+s[r]}o&&this.j(h)}handleEvent(t){this._$AH[1](t)}}const I={"."(t){this.element[this.name]=t},"?"(t){this.element.toggleAttribute(this.name,!!t)},"@"(){this.element.addEventListener(this.name,this)},""(t){null==t?this.element.removeAttribute(this.name):this.element.setAttribute(this.name,t)}},`

/** Text, what stands in its place, and how often it is there. */
const PARTS = [
  // Directives: a value is what is drawn.
  [/function M\(t,i,s=t,e\)\{.*?,i\}(?=class R)/, '', 1],
  ['_$AI(t,i=this){t=M(this,t,i),a(t)', '_$AI(t){a(t)', 1],
  ['&&t!==E&&this._(t)', '&&this._(t)', 1],
  ['E=Symbol.for("lit-noChange"),', '', 1],
  ['E as noChange,', '', 1],
  // What tells directives of their place, and whether it is in a document.
  ['{this._$AV=[],this._$AN=void 0,this._$AD=t,this._$AM=i}get parentNode(){return this._$AM.parentNode}get _$AU(){return this._$AM._$AU}u(t)', '{this._$AV=[],this._$AD=t}u()', 1],
  [/get _\$AU\(\)\{return this\._\$AM\?.*?(?=constructor)/, '', 1],
  ['this.type=2,this._$AH=A,this._$AN=void 0,', 'this._$AH=A,', 1],
  [/,this\._\$AM=s,this\.options=e,this\._\$Cv=.*?endNode\(\)\{return this\._\$AB\}/, '}', 1],
  ['this._$AP?.(!1,!0,s)', '', 1],
  ['t=this._$AA.nextSibling,s)', 't=this._$AA.nextSibling)', 1],
  ['setConnected(t){void 0===this._$AM&&(this._$Cv=t,this._$AP?.(t))}', '', 1],
  ['new R(e,this),s=t.u(this.options)', 'new R(e),s=t.u()', 1],
  ['this.O(c()),this,this.options)', 'this.O(c()))', 1],
  // Attributes, properties, switches, listeners; bindings on elements, inside of raw text and of comments.
  [/class H\{get tagName.*?(?=B=t)/, WRITE, 1],
  [/let h=P\.nextNode\(\),o=0,n=0,r=s\[0\];.*?return P\.currentNode=l,e/, 'let h,o=-1;for(const t of s){for(;o<t.index;o++)h=P.nextNode();this._$AV.push(t.strings?new H(h,t.name,t.strings,t.j):new k(h,h.nextSibling))}return e', 1],
  ['void 0!==s&&(void 0!==s.strings?(s._$AI(t,s,i),i+=s.strings.length-2):s._$AI(t[i])),i++', 's.strings?(s._$AI(t,i),i+=s.strings.length-1):s._$AI(t[i++])', 1],
  [/if\(r\.hasAttributes\(\)\)|else t\.startsWith\(o\)&&\(d\.push\(\{type:6,index:l\}\),r\.removeAttribute\(t\)\);/, '', 2],
  ['const i=v[a++],s=r.getAttribute(t).split(o),e=/([.?@])?(.*)/.exec(i);', 'const s=r.getAttribute(t).split(h),e=/([.?@]?)(.*)lit/.exec(t);', 1],
  [/d\.push\(\{type:1,.*?\}\)/, 'd.push({index:l,name:e[2],strings:s,j:I[e[1]]})', 1],
  [/if\(y\.test\(r\.tagName\)\)\{.*?\}\}(?=\}else if\(8)/, '', 1],
  [/if\(8===r\.nodeType\)if.*?(?=l\+\+)/, 'if(r.data===n)d.push({index:l});', 1],
  [/const N=.*?(?=class S)/, READ, 1],
  [/v=\/<\(.*?,(?=x=)/, '', 1],
  [/"\$lit\$",o=`.*?`,n="\?"\+o/, '"lit$",n="?"+h', 1],
  ['j as _$LH,', '', 1],
  // MathML, pictures alone, compiled templates, other documents, hydration, warnings of several versions.
  ['T=x(3),', '', 1],
  ['T as mathml,', '', 1],
  ['w=x(2),', '', 1],
  [',w as svg', '', 1],
  [/x=t=>\(i,\.\.\.s\)=>\(\{.*?\),b=x\(1\)/, 'b=(t,...i)=>({_$litType$:1,strings:t,values:i})', 1],
  ['const{values:i,_$litType$:s}=t,e="number"==typeof s?this._$AC(t):(void 0===s.el&&(s.el=S.createElement(V(s.h,s.h[0]),this.options)),s)', 'const i=t.values,e=this._$AC(t)', 1],
  ['(t?.creationScope??l)', 'l', 1],
  [/static createElement\(.*?,s\}/, '', 1],
  [/let l=0,a=0;(?=const u)/, 'let l=0;', 1],
  [/,\[f,v\]=N\(t,i\);.*?childNodes\)\}for/, ';(this.el=document.createElement("template")).innerHTML=N(t);P.currentNode=this.el.content;for', 1],
  ['{strings:t,_$litType$:i},e){', '{strings:t}){', 1],
  [/B=t\.litHtmlPolyfillSupport.*?(?=export)/, 'D=(t,i)=>{(i._$litPart$??=new k(i.insertBefore(c(),null),null))._$AI(t)};', 1],
  [/i\(t\)\./, 't.', 2],
  ['i=t=>t,', '', 1],
  // What draws nothing is null; lists are arrays.
  ['A=Symbol.for("lit-nothing")', 'A=null', 1],
  ['t===A||null==t', 'null==t', 1],
  ['null===t||"object"!=typeof t&&"function"!=typeof t', 't!==Object(t)', 1],
  ['void 0!==e?e.c', 'e?e.c', 1],
  ['invalid template strings array', 'no template', 1],
  [/void 0!==(?=t\.(?:_\$litType\$|nodeType))/, '', 2],
  [/d=t=>.*?,(?=b=)/, '', 1],
  ['d(t)?', 'u(t)?', 1],
]
/** lit as the elements have it. */
export function less(contents) {
  for (const [part, instead, times] of PARTS) {
    const pieces = contents.split(part)
    if (pieces.length !== times + 1) throw new Error(`lit-html has ${pieces.length - 1} times ${part}, ${times} were known: look at node/console/lit-less.mjs`)
    contents = pieces.join(instead)
  }
  return contents
}

/** Templates of a script as they are packed. White space means nothing between tags, and scripts have no other line breaks left;
 * words need no quotes, and at its end a template closes what is open. */
export const squeeze = text => text.replace(/\n\s+(?=[<>$])/g, '').replace(/\n\s+(?=[\w@.?])/g, ' ').replace(/ ([a-z-]+)="([\w#-]+)"(?=[ >])/g, ' $1=$2').replace(/(?:<\/[a-z]\w*>)+`/g, '`')

/** Plugin of esbuild. */
export const LIT_LESS = {
  name: 'lit-less',
  setup: build => build.onLoad({ filter: /lit-html[\\/]lit-html\.js$/ }, ({ path }) => ({ contents: less(readFileSync(path, 'utf8')) })),
}
