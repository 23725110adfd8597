// A form, a run, and rules for both as text of a script: what the tests of the elements put into a page.
export const FORM = {
  title: 'Parameters', open: false, cut: false,
  fields: [
    { name: 'day', path: '/day', label: 'Day', control: 'date', type: 'string', required: true },
    { name: 'limit', path: '/limit', label: 'Limit', control: 'number', type: 'integer', required: false, default: 100, description: 'Rows at most' },
    { name: 'mode', path: '/mode', label: 'Mode', control: 'radio', required: false, enum: [{ value: 'fast', label: 'fast' }, { value: 'full', label: 'full' }] },
    { name: 'region', path: '/region', label: 'Region', control: 'combobox', required: false, enum: Array.from({ length: 20 }, (_, n) => ({ value: `region_${n}`, label: `Region ${n}` })) },
    { name: 'on', path: '/on', label: 'On', control: 'switch', type: 'boolean', required: true },
    { name: 'tags', path: '/tags', label: 'Tags', control: 'list', type: 'array', required: false },
    { name: 'secret', path: '/secret', label: 'Secret', control: 'password', required: false, writeOnly: true },
    { name: 'note', path: '/note', label: 'Note', control: 'text', type: 'string', required: false },
    { name: 'from', path: '/from', label: 'From', control: 'text', type: 'string', required: false, default: '{{job.start_time.iso_date}}', now: '2026-11-25' },
    { name: 'at', path: '/at', label: 'At', control: 'date-time', type: 'string', required: false },
    { name: 'deep', path: '/deep', label: 'Deep', control: 'group', required: false, fields: [
      { name: 'deep.inner', path: '/deep/inner', label: 'Inner', control: 'group', required: false, fields: [
        { name: 'deep.inner.level', path: '/deep/inner/level', label: 'Level', control: 'number', type: 'integer', required: false },
      ] },
    ] },
  ],
}
export const RUN = state => ({
  run: { id: '9007199254740993', job: '1', name: 'sales', s: state, at: 1, start: 1000, ...(state === 'RUNNING' ? {} : { end: 61_000 }), trigger: 'ONE_TIME', by: 'me', params: [['day', '<b>x</b>']], repairs: [] },
  tasks: [
    { key: 'load', type: 'notebook', what: 'load.py', deps: [], attempts: [{ id: '9007199254740994', key: 'load', n: 0, s: 'SUCCESS', start: 1000, exec: 2000, end: 30_000 }] },
    { key: 'check', type: 'python', what: 'check.py', deps: [['load']], attempts: [{ id: '9007199254740995', key: 'check', n: 0, s: state, start: 30_000, exec: 31_000, ...(state === 'RUNNING' ? {} : { end: 60_000, msg: 'ValueError: <i>no</i>' }) }] },
  ],
  graph: { width: 362, height: 74, folded: false, nodes: [{ key: 'load', layer: 0, x: 14, y: 14 }, { key: 'check', layer: 1, x: 198, y: 14 }], edges: [{ from: 'load', to: 'check', points: [[164, 37], [198, 37]] }] },
  critical: ['load', 'check'], now: 61_000,
})

/** Rules in the place of the core's, to be written into a page that has `useFormRules` and `useRunRules`. */
export const RULES = `
useFormRules({
  describe: () => (${JSON.stringify(FORM)}),
  check: (_, entries) => {
    const params = Object.fromEntries(entries.filter(([, text]) => text).map(([name, text]) => [name, text === '\\0' ? '' : text]))
    const violations = []
    if (!params.day) violations.push({ path: '', keyword: 'required', message: 'the property "day" is missing' })
    if (params.limit && !/^\\d+$/.test(params.limit)) violations.push({ path: '/limit', keyword: 'type', message: 'expected an integer, found "' + params.limit + '"' })
    if (params['deep.inner.level'] > 9) violations.push({ path: '/deep/inner/level', keyword: 'maximum', message: params['deep.inner.level'] + ' is greater than the maximum of 9' })
    return { params, violations }
  },
})
useRunRules({ runModel: text => JSON.parse(text) })
`
