// What `lakeflow-jobs/elements` is where there is no page: the same names, and nothing happens. Importing the elements on
// a server must not fail; they come to life in the browser.

export const LakeflowRunElement = undefined
export const LakeflowParamFormElement = undefined
export const useRunRules = (): void => {}
export const useFormRules = (): void => {}
export const useWeb = (): void => {}
export const define = (): void => {}
