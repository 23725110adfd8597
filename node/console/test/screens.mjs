// Every screen of the console with its states: where it is, what has to be there, and what a person does then. The pictures
// of the documents are made of them on a real engine, and the pictures that are compared on each change from its answers.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const step = (key, after, extra = '') => `        - task_key: ${key}\n          spark_python_task: { python_file: ./step.py, parameters: ["${key}", "{{job.parameters.limit}}", "{{job.parameters.quick}}"] }\n${after.length ? `          depends_on: [${after.map(up => (up.includes('=') ? `{ task_key: ${up.split('=')[0]}, outcome: "${up.split('=')[1]}" }` : `{ task_key: ${up} }`)).join(', ')}]\n` : ''}${extra}`

/** Writes a bundle whose jobs take some seconds. */
export function bundle(engine) {
  writeFileSync(join(engine.bundle, 'databricks.yml'), 'bundle:\n  name: acme_lakehouse\ninclude: [jobs.yml]\n')
  writeFileSync(join(engine.bundle, 'jobs.yml'), `resources:
  jobs:
    daily_sales:
      name: daily_sales
      description: Sales of the day, from the shops' exports to the marts.
      schedule: { quartz_cron_expression: "0 0 6 * * ?", timezone_id: Europe/Berlin }
      max_concurrent_runs: 1
      parameters:
        - { name: run_date, default: "2026-11-21" }
        - { name: limit, default: "400" }
        - { name: quick, default: "1" }
      tasks:
${step('extract_orders', [])}${step('extract_customers', [])}${step('extract_returns', [])}${step('bronze_load', ['extract_orders', 'extract_customers'])}        - task_key: has_returns
          depends_on: [{ task_key: extract_returns }]
          condition_task: { op: EQUAL_TO, left: "{{job.parameters.quick}}", right: "2" }
${step('silver_orders', ['bronze_load'])}        - task_key: per_region
          depends_on: [{ task_key: bronze_load }]
          for_each_task:
            inputs: '["east", "north", "south", "west", "centre", "islands"]'
            concurrency: 2
            task: { task_key: region, spark_python_task: { python_file: ./step.py, parameters: ["region", "{{input}}", "{{job.parameters.quick}}"] } }
${step('clean_returns', ['has_returns=true'])}${step('validate_orders', ['silver_orders'], '          max_retries: 1\n          min_retry_interval_millis: 400\n')}${step('gold_churn', ['has_returns=false'])}${step('gold_sales', ['per_region'])}${step('refresh_marts', ['validate_orders'])}${step('publish_report', ['gold_sales', 'gold_churn'])}${step('notify_ops', ['publish_report'])}    customer_360:
      name: customer_360
      schedule: { quartz_cron_expression: "0 30 * * * ?", timezone_id: UTC }
      tasks:
        - task_key: merge
          condition_task: { op: EQUAL_TO, left: "1", right: "1" }
    clickstream:
      name: clickstream
      tasks:
        - task_key: load
          condition_task: { op: EQUAL_TO, left: "1", right: "1" }
`)
  writeFileSync(join(engine.bundle, 'step.py'), `import sys, time
key, limit, quick = (sys.argv[1:] + ["", "", ""])[:3]
seconds = {"extract_orders": 1.9, "extract_customers": 1.4, "extract_returns": 1.0, "bronze_load": 1.8, "silver_orders": 1.4, "gold_churn": 2.2, "region": 1.6, "validate_orders": 0.9}.get(key, 1.0)
time.sleep(seconds / (1 if quick == "0" else 6))
info = "\\x1b[34mINFO\\x1b[0m  "
print("\\x1b[2m$ python -m acme." + key + " --run_date 2026-11-21 --limit " + limit + "\\x1b[0m")
print(info + "acme." + key + "  reading silver.orders (41,902 rows)")
for name, ok in (("not_null(order_id)", True), ("unique(order_id)", True)):
    print(info + "acme." + key + "  check \\x1b[35m" + name + "\\x1b[0m \\x1b[32mpassed\\x1b[0m")
print("\\x1b[33mWARN\\x1b[0m  acme." + key + "  check \\x1b[35mfresh(order_ts, 24h)\\x1b[0m 2 h behind")
if key == "validate_orders" and int(limit) < 318:
    print("\\x1b[31;1mERROR\\x1b[0m acme." + key + "  check \\x1b[35mnot_null(customer_id)\\x1b[0m failed: 318 rows")
    raise AssertionError("318 orders without customer_id (limit " + limit + ")")
print(info + "acme." + key + "  done")
`)
}

/** Runs of the bundle: some good, some not, and one that goes on when this is done. */
export async function history(engine) {
  const runs = []
  for (const limit of ['400', '400', '100', '400', '250', '400', '400', '100', '400', '400', '400']) {
    runs.push(await engine.run('daily_sales', { limit }))
    await engine.ended(runs.at(-1))
  }
  for (let n = 0; n < 4; n++) for (const job of ['customer_360', 'clickstream']) await engine.ended(await engine.run(job))
  return { runs, live: await engine.run('daily_sales', { limit: '100', quick: '0' }) }
}

/** Jobs beside the bundle: a thousand tasks, and one that never ran. */
export async function others(engine) {
  const condition = right => ({ op: 'EQUAL_TO', left: '1', right })
  const wide = (await engine.call('/api/2.2/jobs/create', { name: 'thousand', tasks: Array.from({ length: 1000 }, (_, n) => ({
    task_key: `task_${n}`, condition_task: condition(n % 97 ? '1' : '2'), depends_on: n < 10 ? [] : [{ task_key: `task_${Math.floor(n / 10)}`, outcome: 'true' }],
  })) })).job_id
  const huge = await engine.run(wide)
  await engine.ended(huge)
  const never = (await engine.call('/api/2.2/jobs/create', { name: 'never_run', tasks: [{ task_key: 'only', condition_task: condition('1') }] })).job_id
  return { huge, never }
}

/** Name, address, what has to be there, and what a person does then. */
export const screens = ({ job, live, last, huge, never }) => [
  ['jobs', '/', '.tb'], ['job', `/jobs/${job}?run=${live}`, '.pv'], ['runs', `/jobs/${job}/runs`, '.tb'], ['run', `/runs/${live}`, '.ln'],
  ['form', `/jobs/${job}/run?from=${live}`, 'input'], ['definition', `/jobs/${job}/definition`, '.code'], ['compare', `/compare?a=${last}&b=${live}`, '.cmp'], ['schedules', '/schedules', '.fires'],
  ['details', `/runs/${live}?tab=details`, '.dl'], ['huge', `/runs/${huge}`, '.fold'], ['empty', `/jobs/${never}`, '.empty'], ['missing', '/runs/12345', 'h1'], ['nothing', `/jobs/${job}/runs?state=SKIPPED`, '.empty'],
  ['repair', `/runs/${live}`, '.ln', async page => { await page.locator('body').press('Shift+R'); await page.getByRole('button', { name: /Repair \d+ task/ }).waitFor() }],
  ['form-json', `/jobs/${job}/run?from=${live}`, 'input', async page => { await page.getByRole('button', { name: 'JSON' }).click(); await page.getByLabel('Parameters as JSON').fill('{"limit": '); await page.getByText('the last good values').waitFor() }],
  ['keys', '/', '.tb', async page => { await page.locator('body').press('?'); await page.getByRole('dialog', { name: 'Keys' }).waitFor() }],
  ['find', `/runs/${live}?task=validate_orders`, '.ln', async page => { await page.locator('#find').fill('check', { force: true }); await page.waitForTimeout(500) }],
  ['tasks', `/runs/${live}`, '.tr', async page => { if (page.viewportSize().width < 500) await page.getByRole('button', { name: 'Timeline' }).click() }],
  ['history', `/jobs/${job}?task=validate_orders`, '.hist'],
  ['jump', '/', '.tb', async page => { await page.locator('body').press('/'); await page.getByRole('combobox').fill('orders'); await page.getByRole('option', { name: /task of/ }).first().waitFor() }],
  ['graph', `/runs/${live}`, '.tr', async page => { if (page.viewportSize().width < 500) { await page.getByRole('button', { name: 'Jobs', exact: true }).click(); await page.getByRole('button', { name: 'Graph of this run' }).click() } }],
  ['phone-log', `/runs/${live}`, '.tr', async page => { if (page.viewportSize().width < 500) await page.getByRole('button', { name: 'Log' }).click() }],
]
