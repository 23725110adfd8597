// `<lakeflow-run>` alone, for pages that need no form.
import { LakeflowRunElement } from './run-element.js'

export { LakeflowRunElement }
export { useRunRules } from './follow.js'

if (!customElements.get('lakeflow-run')) customElements.define('lakeflow-run', LakeflowRunElement)
