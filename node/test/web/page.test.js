// `examples/browser` in a real Chromium against a real engine: typing wrong values and fixing them, previews, triggering, a reload
// while the run goes on, and a network that goes and comes back.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { serve } from "../../../examples/browser/serve.js";
import { launch } from "./browser.js";

const EXAMPLE = new URL("../../../examples/orchestration", import.meta.url);
const WAIT = { timeout: 120_000 };
let engine, server, browser, url;

before(async () => {
  const folder = await mkdtemp(join(tmpdir(), "lakeflow-page-"));
  await cp(EXAMPLE, join(folder, "bundle"), { recursive: true });
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("DATABRICKS_")));
  const args = ["dev", join(folder, "bundle"), "--port", "0", "--data", join(folder, "data")];
  const child = spawn(process.env.LAKEFLOW_BIN, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  const told = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, ...rest] = line.split(/\s+/);
    told[word] = rest.join(" ");
    if (told.host && told.token) break;
  }
  const token = (await readFile(told.token, "utf8")).trim();
  engine = { folder, child, host: told.host, token };
  server = await serve({ host: told.host, token });
  url = `http://127.0.0.1:${server.address().port}`;
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
  engine?.child.kill("SIGTERM");
  await new Promise((resolve) => (engine?.child.exitCode === null ? engine.child.once("exit", resolve) : resolve()));
  await rm(engine.folder, { recursive: true, force: true });
});

/** A page in a context of its own; what it complains of is kept. */
async function open(options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  await page.goto(url);
  await page.locator("html[data-ready]").waitFor(WAIT);
  return { page, context, faults };
}

/** All runs of the job, as the engine has them. */
async function runs() {
  const answer = await fetch(`${engine.host}/api/2.2/jobs/runs/list`, { headers: { authorization: `Bearer ${engine.token}` } });
  return (await answer.json()).runs ?? [];
}

/** A picture for people, where one is asked for. */
async function picture(page, name) {
  if (process.env.LAKEFLOW_PICTURES) await page.screenshot({ path: join(process.env.LAKEFLOW_PICTURES, `${name}.png`), fullPage: true });
}

test("wrong values are told where they are, and go when they are fixed", { timeout: 180_000 }, async () => {
  const { page, context, faults } = await open();
  const rows = page.locator("#field-min_rows");
  const error = page.locator("#field-min_rows-error");
  await rows.fill("ten");
  assert.equal(await error.textContent(), "", "a field is silent until it is left");
  await rows.blur();
  assert.match(await error.textContent(), /not of type integer|integer/);
  await page.locator("#field-source").fill("orders.txt");
  await page.locator("#send").click();
  assert.match(await page.locator("#summary").textContent(), /2 fields are wrong/);
  assert.equal((await runs()).length, 0, "nothing was sent");
  await picture(page, "wrong-light");
  await rows.fill("0");
  assert.match(await error.textContent(), /1/);
  await rows.fill("20");
  assert.equal(await error.textContent(), "");
  await page.locator("#field-source").fill("../data/orders.csv");
  assert.ok(await page.locator("#summary").isHidden());
  assert.match(await page.locator("#preview").textContent(), /"min_rows": "20"/);
  assert.deepEqual(faults, []);
  await context.close();
});

test("a schedule and a graph are shown before anything runs", { timeout: 180_000 }, async () => {
  const { page, context, faults } = await open({ colorScheme: "dark" });
  await page.locator("#fires li").nth(4).waitFor(WAIT);
  assert.match(await page.locator("#fires li").first().textContent(), /02:00:00\+0[12]:00$/);
  await page.locator("#cron").fill("0 60 2 * * ?");
  await page.locator("#cron-fault", { hasText: "60 is not in 0-59" }).waitFor(WAIT);
  await page.locator("#cron").fill("0 30 6 ? * MON-FRI");
  await page.locator("#fires li", { hasText: "06:30:00" }).first().waitFor(WAIT);
  const state = (task) => page.locator(`#dag [data-task=${task}]`).getAttribute("data-state");
  assert.deepEqual([await state("report"), await state("tell_on_call")], ["SUCCESS", "EXCLUDED"]);
  await page.locator("#dag [data-task=transform]").click();
  assert.deepEqual([await state("report"), await state("tell_on_call")], ["UPSTREAM_FAILED", "SUCCESS"]);
  assert.match(await page.locator("#dag-job").textContent(), /Failed/);
  await picture(page, "preview-dark");
  assert.deepEqual(faults, []);
  await context.close();
});

test("a run is triggered once, and watched through a reload and a cut network", { timeout: 400_000 }, async () => {
  const { page, context } = await open();
  const earlier = (await runs()).length;
  await page.locator("#send").click();
  await page.locator("#run-id", { hasText: /\d/ }).waitFor(WAIT);
  const id = await page.locator("#run-id").textContent();
  await page.reload();
  await page.locator("#run-id", { hasText: id }).waitFor(WAIT);
  await context.setOffline(true);
  await page.locator("#connection[data-connection=lost], #connection[data-connection='']").first().waitFor(WAIT);
  await context.setOffline(false);
  await page.locator("#state[data-state=SUCCESS]").waitFor(WAIT);
  assert.equal(await page.locator("#tasks tr").count(), 4);
  assert.equal(await page.locator("#tasks tr[data-task=tell_on_call] .badge").getAttribute("data-state"), "EXCLUDED");
  assert.equal(await page.title(), "✓ orders");
  await picture(page, "done-light");
  assert.equal((await runs()).length, earlier + 1, "one intent, one run");
  await context.close();
});

test("names and errors of a run never become markup", { timeout: 300_000 }, async () => {
  const { page, context, faults } = await open();
  const evil = `<img src=x onerror="window.hacked = true">`;
  const run = {
    run_id: 7,
    start_time: 1,
    status: { state: "RUNNING" },
    tasks: [{ task_key: evil, run_id: 8, start_time: 1, end_time: 2, status: { state: "TERMINATED", termination_details: { code: evil, type: "CLIENT_ERROR", message: evil } } }],
  };
  const end = { ...run, end_time: 3, status: { state: "TERMINATED", termination_details: { code: "RUN_EXECUTION_ERROR", type: "CLIENT_ERROR", message: evil } } };
  const event = (id, document) => `id: ${id}\nevent: message\ndata: ${JSON.stringify({ status: "X", timestamp: 5, run: document })}\n\n`;
  await page.route("**/api/jobs/**", (route) =>
    route.fulfill({ contentType: "text/event-stream", body: event("run-7-0-00000000000000ff", run) + event("end-7-1", end) }),
  );
  await page.locator("#send").click();
  await page.locator("#tasks tr").waitFor(WAIT);
  assert.equal(await page.locator("#tasks th").textContent(), evil);
  assert.equal(await page.locator("#message").textContent(), evil);
  assert.equal(await page.locator("#run img").count(), 0);
  assert.equal(await page.evaluate("window.hacked"), undefined);
  assert.deepEqual(faults, []);
  await context.close();
});

test("a failing run is told, in the dark and on a phone too", { timeout: 400_000 }, async () => {
  const { page, context } = await open({ colorScheme: "dark" });
  await page.locator("label", { hasText: /^transform$/ }).click();
  await page.locator("#send").click();
  await page.locator("#state[data-state=FAILED]").waitFor(WAIT);
  await page.locator("#message", { hasText: "asked to fail by fail_in=transform" }).waitFor(WAIT);
  assert.equal(await page.locator("#tasks tr[data-task=report] .badge").getAttribute("data-state"), "UPSTREAM_FAILED");
  await picture(page, "failed-dark");
  await page.setViewportSize({ width: 390, height: 844 });
  await picture(page, "failed-phone");
  assert.equal(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), true, "nothing is wider than the phone");
  await context.close();
});
