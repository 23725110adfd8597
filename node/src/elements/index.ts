// The elements, defined once a page has them: `<lakeflow-run>` and `<lakeflow-param-form>`. They bring their own copy of
// lit and nothing else; the core comes from `lakeflow-jobs/web`, or from wherever `useFormRules` and `useRunRules` say.
// All sheets side by side, which packs better.
import './form-css.js'
import './run-css.js'
import { LakeflowParamFormElement } from './form-element.js'
import { LakeflowRunElement } from './run-element.js'

export { LakeflowParamFormElement, LakeflowRunElement }
export { useFormRules } from './form-element.js'
export { useRunRules } from './follow.js'
export { useWeb } from './web.js'

/** Defines both elements; harmless when that is done already. */
export function define(): void {
  for (const [tag, element] of [['lakeflow-run', LakeflowRunElement], ['lakeflow-param-form', LakeflowParamFormElement]] as const) if (!customElements.get(tag)) customElements.define(tag, element)
}
define()
