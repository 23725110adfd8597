// How the form looks.
import { TOKENS } from './tokens.js'

export const FORM_CSS = `${TOKENS}
:host{display:block;color:var(--text);font:400 13px/1.45 var(--sans);text-align:left;container-type:inline-size}:host([hidden]){display:none}
.form{display:grid;gap:16px;max-width:640px}.bar,.foot,.row,.offer{display:flex;gap:8px;align-items:center;flex-wrap:wrap}
.f{display:grid;gap:5px;min-width:0}.lab{display:flex;gap:8px;align-items:baseline;font-weight:600;min-height:20px;overflow-wrap:anywhere}.lab .faint,.lab .req{font-weight:400;font-size:12px}.lab button{height:20px}.req{color:var(--muted)}.tag{background:var(--warn-soft);color:var(--warn-text);border-radius:4px;padding:0 5px;font-size:12px;font-weight:400}
.dot{width:6px;height:6px;border-radius:50%;background:var(--accent);align-self:center}
input:not([type=radio],[type=checkbox]),textarea,select{width:100%}.row input{flex:1;width:auto;min-width:140px}textarea{height:auto;padding:7px 10px;line-height:19px;resize:vertical}
.bad input,.bad textarea,.bad select,[aria-invalid=true]{border-color:var(--bad)}.fd{color:var(--muted);font-size:12px}.fe{color:var(--bad-text);font-size:12px;display:grid;gap:2px;overflow-wrap:anywhere}
fieldset{border:1px solid var(--line);border-radius:8px;padding:10px 14px 14px;display:grid;gap:14px;min-width:0;margin:0}legend{font-weight:600;padding:0 6px}
.pick{display:flex;flex-wrap:wrap;border:1px solid var(--control);border-radius:var(--r);width:max-content;max-width:100%;overflow:hidden}.pick label{position:relative;cursor:pointer}.pick input{position:absolute;opacity:0;inset:0;margin:0;width:100%;height:100%;cursor:pointer}.pick span{display:block;padding:6px 12px;color:var(--muted)}.pick label+label{border-left:1px solid var(--line)}.pick :checked+span{background:var(--sunken);color:var(--text);font-weight:600}.pick :focus-visible+span{outline:2px solid var(--focus);outline-offset:-2px}
.sw{display:inline-flex;gap:8px;align-items:center;width:max-content}.sw input{appearance:none;width:36px;height:20px;border-radius:10px;padding:0;background:var(--sunken);position:relative;cursor:pointer;transition:background .12s}.sw input::before{content:"";position:absolute;left:2px;top:2px;width:14px;height:14px;border-radius:50%;background:var(--control);transition:left .12s}.sw input:checked{background:var(--primary);border-color:var(--primary)}.sw input:checked::before{left:18px;background:var(--primary-on)}
.combo{position:relative}.combo ul{display:none;position:absolute;z-index:5;left:0;right:0;top:calc(100% + 4px);max-height:240px;overflow:auto;background:var(--surface);border:1px solid var(--control);border-radius:var(--r);box-shadow:0 8px 24px #0003;padding:4px}.combo.open ul{display:block}.combo li{padding:6px 8px;border-radius:4px;cursor:pointer}.combo li[aria-selected=true],.combo li:hover{background:var(--run-soft)}
.offer{background:var(--run-soft);border-radius:var(--r);padding:6px 10px}.pre select{height:28px;width:auto;padding:0 6px;font-size:12px}.pre2{font:12px/18px var(--mono);white-space:pre-wrap;overflow-wrap:anywhere;background:var(--logbg);border:1px solid var(--line);border-radius:var(--r);padding:10px 12px;margin:0;min-height:120px}
output{padding:6px 0}.add{justify-self:start}.f:has(.add){display:flex;gap:8px}.f:has(.add) input{width:180px;height:26px}
.sum a{color:var(--bad-text)}[aria-busy=true]{opacity:.7}
@container(max-width:480px){.foot>*{flex:1}.pri{height:44px}}
`
