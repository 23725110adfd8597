// How the form looks.
import { ELEMENT } from './tokens.js'

export const FORM_CSS = `${ELEMENT}
.form{display:grid;gap:16px;max-width:640px}.bar,.foot,.offer,.add{display:flex;gap:8px;align-items:center;flex-wrap:wrap}
.f{display:grid;gap:5px;min-width:0;border:0;padding:0;margin:0}.lab{display:flex;gap:8px;align-items:baseline;font-weight:600;min-height:20px;overflow-wrap:anywhere}.faint,.req,.tag{font-weight:400;font-size:12px}.lab button{height:20px}.req{color:$muted}.tag{background:$warn-soft;color:$warn-text;border-radius:4px;padding:0 5px}
.dot{width:6px;height:6px;border-radius:50%;background:$accent;align-self:center}
input:not([type=radio],[type=checkbox]),textarea,select{width:100%}.row input{flex:1;min-width:140px}.row .pk{flex:none;width:38px!important;min-width:0;color:transparent}::-webkit-datetime-edit{display:none}textarea{height:auto;padding:7px 10px;line-height:19px;resize:vertical}
.js{white-space:pre;overflow-x:auto;background:linear-gradient($bad-soft 0 0) 0 calc($l*19px - 12px)/100% 19px no-repeat local}
.bad input,.bad textarea,[aria-invalid=true]{border-color:$bad}.fd{color:$muted;font-size:12px}.fe{color:$bad-text;font-size:12px;display:grid;gap:2px;overflow-wrap:anywhere}
details{border:1px solid $line;border-radius:8px;padding:9px 14px}details>*+*{margin-top:14px}summary{font-weight:600;cursor:pointer}
.pick{display:flex;flex-wrap:wrap;border:1px solid $control;border-radius:$r;width:max-content;max-width:100%;overflow:hidden}.pick label{position:relative}.pick input{position:absolute;opacity:0;inset:0;height:100%}.pick span{display:block;padding:6px 12px;color:$muted}.pick label+label{border-left:1px solid $line}.pick :checked+span{background:$sunken;color:$text;font-weight:600}.pick :focus-visible+span{outline:2px solid $focus;outline-offset:-2px}
.sw{display:inline-flex;gap:8px;align-items:center;width:max-content}.sw input{appearance:none;width:36px;height:20px;border-radius:10px;padding:2px;background:$sunken}.sw input::before{content:"";display:block;width:14px;height:14px;border-radius:50%;background:$control;transition:translate .12s}.sw :checked{background:$primary;border-color:$primary}.sw :checked::before{translate:16px;background:$primary-on}
.combo{position:relative}.combo ul{display:none;position:absolute;z-index:5;inset:calc(100% + 4px) 0 auto;max-height:240px;overflow:auto;background:$surface;border:1px solid $control;border-radius:$r;box-shadow:0 8px 24px #0003;padding:4px}.open ul{display:block}.combo li{padding:6px 8px;border-radius:4px;cursor:pointer}.combo [aria-selected=true],.combo li:hover{background:$run-soft}
.offer{background:$run-soft;border-radius:$r;padding:6px 10px}.offer ul{width:100%;overflow-wrap:anywhere}.bar select{height:28px;width:auto;padding:0 6px;font-size:12px}.form pre{min-height:120px;margin:0}
output{padding:6px 0}.add input{width:180px!important;height:26px}
.sum a{color:$bad-text}[aria-busy=true]{opacity:.7}
@container(max-width:480px){.foot>*{flex:1}.pri{height:44px}}
`
