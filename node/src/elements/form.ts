// `<lakeflow-param-form>` alone, for pages that show no run.
import { LakeflowParamFormElement } from './form-element.js'

export { LakeflowParamFormElement }
export { useFormRules } from './form-element.js'

if (!customElements.get('lakeflow-param-form')) customElements.define('lakeflow-param-form', LakeflowParamFormElement)
