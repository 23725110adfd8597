// How the form looks.
import { ELEMENT } from './tokens.js'

export const FORM_CSS = `${ELEMENT}
.form{gap:16px;display:grid;max-width:640px}
.f{padding:0;min-width:0;border:0;gap:5px;display:grid;margin:0}.lab{font-weight:600;gap:8px;display:flex;min-height:20px;overflow-wrap:anywhere;align-items:baseline}.faint,.req,.tag{font-size:12px;font-weight:400}.lab button{height:20px}.req{color:$muted}.tag{background:$warn-soft;color:$warn-text;padding:0 5px;border-radius:4px}
.dot{background:$accent;height:6px;border-radius:50%;width:6px;align-self:center}
input:not([type=radio],[type=checkbox]),textarea,select{width:100%}.row input{min-width:140px;flex:1}.row .pk{color:transparent;min-width:0;flex:none;width:38px}::-webkit-datetime-edit{display:none}textarea{height:auto;padding:8px 10px;line-height:20px;resize:vertical}
.js{background:linear-gradient($bad-soft 0 0) 0 calc($l*20px - 12px)/100% 20px no-repeat local;white-space:pre;overflow-x:auto}
.bad input,.bad textarea,[aria-invalid=true]{border-color:$bad}.fd{color:$muted;font-size:12px}.fe{color:$bad-text;font-size:12px;gap:2px;display:grid;overflow-wrap:anywhere}
details{padding:8px 12px;border-radius:$r;border:1px solid $line}details>*+*{margin-top:12px}summary{font-weight:600;cursor:pointer}
.pick{flex-wrap:wrap;border-radius:$r;border:1px solid $control;overflow:hidden;display:flex;max-width:100%;width:max-content}.pick{label{position:relative}input{height:100%;opacity:0;position:absolute;inset:0}span{color:$muted;padding:6px 12px;display:block}label+label{border-left:1px solid $line}:checked+span{background:$sunken;color:$text;font-weight:600}:focus-visible+span{outline:2px solid $focus;outline-offset:-2px}}
.sw{gap:8px;display:inline-flex;align-items:center;width:max-content}.sw input{background:$sunken;height:20px;padding:2px;border-radius:10px;appearance:none;width:36px}.sw input::before{background:$control;height:14px;content:"";border-radius:50%;display:block;width:14px;transition:translate .12s}.sw :checked{background:$primary;border-color:$primary}.sw :checked::before{background:$primary-on;translate:16px}
.combo{position:relative}.combo ul{background:$surface;padding:4px;border-radius:$r;border:1px solid $control;overflow:auto;display:none;max-height:240px;box-shadow:0 8px 24px #0003;z-index:5;position:absolute;inset:calc(100% + 4px) 0 auto}.open ul{display:block}.combo li{padding:6px 8px;border-radius:4px;cursor:pointer}.combo [aria-selected=true],.combo li:hover{background:$run-soft}
.offer{background:$run-soft;padding:6px 10px;border-radius:$r}.offer ul{overflow-wrap:anywhere;width:100%}.bar select{width:auto}.form pre{min-height:120px;margin:0}
output{padding:6px 0}.add input{height:26px;flex:none;width:180px}
.sum a{color:$bad-text}[aria-busy=true]{opacity:.7}
@container(max-width:480px){.foot>*{flex:1}.pri{height:44px}}
`
