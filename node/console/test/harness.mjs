// A real engine on a bundle made for the tests, and a real browser. Every page is watched: an error on its console, a
// request to another host or a dialog fails the test at its end.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { chromium } from 'playwright-core'

const BIN = process.env.LAKEFLOW_BIN ?? join(import.meta.dirname, '../../../target/debug/lakeflow')
export const CHROMIUM = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
/** The built pages are taken from here instead of from the engine: for work on them without a new engine. */
const FILES_FROM = process.env.LAKEFLOW_CONSOLE_FILES
/** How long anything may take on a busy machine. */
export const PATIENCE = Number(process.env.PATIENCE ?? 60_000)

const python = file => `      - task_key: ${file}\n        spark_python_task: { python_file: ./${file}.py, parameters: ["{{job.parameters.mode}}"] }\n`
export const HOSTILE = '<img src=x onerror=alert(1)>'

const FILES = {
  'databricks.yml': `bundle:
  name: shop
include: [jobs.yml]
`,
  'jobs.yml': `resources:
  jobs:
    flow:
      name: flow
      schedule: { quartz_cron_expression: "0 0 6 * * ?", timezone_id: Europe/Berlin, pause_status: PAUSED }
      parameters:
        - { name: mode, default: good }
        - { name: day, default: "2026-11-21" }
      tasks:
${python('extract')}        # the next one fails when it is asked to
${python('transform').replace('        spark', '        depends_on: [{ task_key: extract }]\n        spark')}${python('report').replace('        spark', '        depends_on: [{ task_key: transform }]\n        spark')}
    hold:
      name: hold
      max_concurrent_runs: 3
      parameters: [{ name: mode, default: good }]
      tasks:
${python('wait')}
    hostile:
      name: "${HOSTILE}"
      parameters: [{ name: mode, default: "<b>bold</b>" }]
      tasks:
${python('nasty')}
    noisy:
      name: noisy
      parameters: [{ name: mode, default: good }]
      tasks:
${python('lines')}
    levels:
      name: levels
      parameters: [{ name: mode, default: good }]
      tasks:
${python('levels')}
    quick:
      name: quick
      parameters: [{ name: mode, default: good }]
      tasks:
${python('stream')}
    idle:
      name: idle
      tasks:
        - task_key: nothing
          condition_task: { op: EQUAL_TO, left: "1", right: "1" }
`,
  'extract.py': 'print("\\x1b[32mread\\x1b[0m 12 rows")\n',
  'transform.py': 'import sys\nprint("checking")\nif sys.argv[1] == "bad":\n    raise ValueError("3 orders without a customer")\nprint("done")\n',
  'report.py': 'print("written")\n',
  'wait.py': 'import os, time, sys\nhere = os.path.dirname(os.path.abspath(__file__))\nn = 0\nwhile not os.path.exists(os.path.join(here, "go")):\n    n += 1\n    print("waiting", n, flush=True)\n    time.sleep(0.1)\nprint("went on")\n',
  'nasty.py': `print("${HOSTILE}<script>alert(2)</script>")\nprint("\\x1b]8;;javascript:alert(3)\\x07link\\x1b]8;;\\x07 \\x1b[31mred\\x1b[0m")\nraise ValueError("${HOSTILE}")\n`,
  'levels.py': `import sys
print("\\x1b[34mINFO\\x1b[0m acme started")
print("WARN acme 2 h behind", file=sys.stderr)
print("DEBUG acme rows=7")
for n in range(30000):
    print("row", n + 1, "of many, with some words after it so that a line has a usual length of its own")
print("ERROR acme no customer", file=sys.stderr)
print("ende")
`,
  'stream.py': 'import time\nfor n in range(8000):\n    print("row", n + 1, flush=True)\n    if n % 100 == 99:\n        time.sleep(0.1)\n',
  'lines.py': 'import sys\nfor n in range(120000 if sys.argv[1] == "more" else 50000):\n    print("line", n + 1, "of the log, with some words so that it has a usual length: of 50,000 such, 5 MB are made")\n',
}

export class Engine {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'lakeflow-console-'))
    this.bundle = join(this.folder, 'bundle')
    mkdirSync(this.bundle)
    for (const [name, text] of Object.entries(FILES)) writeFileSync(join(this.bundle, name), text)
    this.port = 0
  }
  async start() {
    this.process = spawn(BIN, ['dev', this.bundle, '--port', String(this.port), '--data', join(this.folder, 'data')], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.log = ''
    this.process.stderr.on('data', data => { this.log += data })
    this.jobs = {}
    for await (const line of createInterface({ input: this.process.stdout })) {
      this.log += `${line}\n`
      const job = /^job\s+(\d+)\s+(\S+)/.exec(line)
      if (job) this.jobs[job[2]] = job[1]
      const host = /^host\s+(\S+)/.exec(line)
      if (host) { this.url = host[1]; this.port = Number(new URL(this.url).port) }
      const link = /^pages\s+(\S+)/.exec(line)
      if (link) { this.link = link[1]; break }
    }
    assert.ok(this.link, `the engine did not start:\n${this.log}`)
    this.process.stdout.resume()
    this.token = readFileSync(join(this.folder, 'data', 'token'), 'utf8').trim()
  }
  async kill(signal = 'SIGKILL') {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill(signal)
      await once(this.process, 'exit')
    }
  }
  async stop() {
    await this.kill('SIGINT')
    rmSync(this.folder, { recursive: true, force: true })
  }
  /** Lets the tasks that wait go on. */
  go() { writeFileSync(join(this.bundle, 'go'), '') }
  wait() { rmSync(join(this.bundle, 'go'), { force: true }) }
  async call(path, body) {
    const answer = await fetch(this.url + path, { method: body ? 'POST' : 'GET', headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' }, ...(body && { body: JSON.stringify(body) }) })
    // Ids as text, since numbers of this language would round them.
    const text = (await answer.text()).replace(/("\w*id"):\s*(\d{15,})/g, '$1:"$2"')
    assert.equal(answer.status, 200, `${path}: ${text}`)
    return JSON.parse(text)
  }
  /** Copies the newest run of a job until it has as many: quicker than running them. The engine is started again. */
  async copy(job, runs) {
    await this.kill('SIGINT')
    const script = `
import sqlite3, sys
job, runs = int(sys.argv[2]), int(sys.argv[3])
db = sqlite3.connect(sys.argv[1])
run = db.execute("SELECT * FROM runs WHERE job_id = ? ORDER BY run_id LIMIT 1", (job,)).fetchone()
names = [column[1] for column in db.execute("PRAGMA table_info(runs)")]
tasks = db.execute("SELECT task_run_id, row FROM task_runs WHERE run_id = ?", (run[names.index("run_id")],)).fetchall()
old, began = run[names.index("run_id")], run[names.index("start_time")]
(least,) = db.execute("SELECT min(run_id) FROM runs").fetchone()
for n in range(1, runs):
    new = least - (n << 20)
    own = [value.replace(str(old), str(new)) if isinstance(value, str) else value for value in run]
    own[names.index("run_id")], own[names.index("start_time")] = new, began - n * 60_000
    db.execute("INSERT INTO runs VALUES (%s)" % ",".join("?" * len(own)), own)
    for task, row in tasks:
        db.execute("INSERT INTO task_runs VALUES (?, ?, ?)", (task - old + new, new, row.replace(str(task), str(task - old + new)).replace(str(old), str(new))))
db.commit()
`
    const done = spawnSync(process.env.LAKEFLOW_PYTHON ?? 'python3', ['-c', script, join(this.folder, 'data', 'jobs.sqlite3'), job, String(runs)], { encoding: 'utf8' })
    assert.equal(done.status, 0, done.stderr)
    await this.start()
  }
  async run(job, parameters) {
    return String((await this.call('/api/2.2/jobs/run-now', { job_id: this.jobs[job] ?? job, ...(parameters && { job_parameters: parameters }) })).run_id)
  }
  async ended(run) {
    for (const end = Date.now() + PATIENCE; Date.now() < end;) {
      const found = await this.call(`/api/2.2/jobs/runs/get?run_id=${run}`)
      if (found.status.state === 'TERMINATED') return found
      await new Promise(done => setTimeout(done, 50))
    }
    throw new Error(`run ${run} does not end`)
  }
}

export class Browser {
  static async open() {
    assert.ok(CHROMIUM, 'there is no Chromium; set CHROMIUM to its program')
    const browser = new Browser()
    browser.browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
    return browser
  }
  faults = []
  /** Errors on the console that a test expects: the engine being away. */
  allowed = []
  async context(options = {}) {
    const context = await this.browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce', ...options })
    context.setDefaultTimeout(PATIENCE)
    if (FILES_FROM) {
      await context.route(/\/console\/assets\//, route => {
        const name = new URL(route.request().url()).pathname.split('/').at(-1)
        // What a redirect led to is the engine's own page.
        if (!existsSync(join(FILES_FROM, name))) return route.continue()
        return route.fulfill({ contentType: name.endsWith('.css') ? 'text/css' : 'text/javascript', body: readFileSync(join(FILES_FROM, name)) })
      })
      await context.route(url => /^\/(jobs|runs|compare|schedules|$)/.test(url.pathname), async route => {
        const response = await route.fetch({ maxRedirects: 0 })
        // Names of files differ in their hashes alone.
        const own = readdirSync(FILES_FROM)
        const body = (await response.text()).replace(/(\w+)-[\w-]+\.(js|css)"/g, (all, name, kind) => `${own.find(file => file.startsWith(`${name}-`) && file.endsWith(`.${kind}`)) ?? all.slice(0, -1)}"`)
        return route.fulfill({ response, body })
      })
    }
    context.on('page', page => {
      page.on('console', message => { if (message.type() === 'error') this.faults.push(`console: ${message.text()}`) })
      page.on('pageerror', error => this.faults.push(`error: ${error.message}`))
      page.on('dialog', dialog => { this.faults.push(`dialog: ${dialog.message()}`); void dialog.dismiss() })
      page.on('request', request => { if (!/^(http:\/\/127\.0\.0\.1:|data:|about:)/.test(request.url())) this.faults.push(`foreign request: ${request.url()}`) })
    })
    return context
  }
  /** A page of a browser that is signed in. */
  async signedIn(engine, options) {
    const context = await this.context(options)
    const page = await context.newPage()
    const { url } = await engine.call('/console/link', {})
    await page.goto(url)
    await page.waitForSelector('.conn:has-text("Live")')
    return page
  }
  /** After a test: its pages are closed, and nothing went wrong in them. */
  async check() {
    await Promise.all(this.browser.contexts().map(context => context.close()))
    const faults = this.faults.filter(fault => !this.allowed.some(allowed => allowed.test(fault)))
    this.faults = []
    this.allowed = []
    assert.deepEqual(faults, [])
  }
  close() { return this.browser.close() }
}
