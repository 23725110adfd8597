// `lakeflow-jobs/web` as the elements ask it: `useWeb(await import('lakeflow-jobs/web'))` after its `init()`. Every rule is
// in its module; here names are only put where the elements read them.
import { useFormRules, type Entries, type Field, type Form, type Violation } from './form-element.js'
import { useRunRules, type RunRules } from './follow.js'

interface Schema { describe(): unknown; coerceForm(entries: Entries): Record<string, unknown>; validate(params: unknown): Violation[] }
/** What is used of `lakeflow-jobs/web`. */
export interface Web extends RunRules {
  ParamSchema: new (schema: never) => Schema
  resolveReferences(value: unknown, context: object): { value: unknown } | object
}

/** Lets the elements ask a loaded `lakeflow-jobs/web`. */
export function useWeb(web: Web): void {
  let known: unknown
  let compiled: Schema
  // A schema is compiled once.
  const of = (schema: unknown): Schema => {
    if (schema !== known) compiled = new web.ParamSchema((known = schema) as never)
    return compiled
  }
  const present = (field: Field): void => {
    field.fields?.forEach(present)
    if (!/\{\{/.test(field.default as string)) return
    const at = Date.now()
    const found = web.resolveReferences(field.default, { job: { start_time: at, trigger: { time: at } } })
    if ('value' in found) field.now = String(found.value)
  }
  useFormRules({
    describe: schema => {
      const form = of(schema).describe() as Form
      form.fields.forEach(present)
      return form
    },
    check: (schema, entries) => {
      const params = of(schema).coerceForm(entries)
      return { params, violations: of(schema).validate(params) }
    },
  })
  useRunRules(web)
}
