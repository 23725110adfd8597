// The example app in a real browser, against the local engine: trigger with parameters, live progress, reload and resume,
// failure, repair, cancel.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { LocalEngine } from "lakeflow-jobs";
import { chromium } from "playwright-core";
import { until } from "./both.js";

const EXAMPLE = new URL("../../../examples/appkit-app/", import.meta.url).pathname;
const PACKAGE = new URL("../../", import.meta.url).pathname;

let folder, engine, app, url, browser, page;

/** A port that was free a moment ago. */
async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "lakeflow-app-"));
  // The app runs in a copy that sees the packages of these tests.
  await cp(EXAMPLE, join(folder, "app"), { recursive: true });
  const { symlink, mkdir } = await import("node:fs/promises");
  await mkdir(join(folder, "app/node_modules"));
  for (const name of ["@databricks", "zod"]) await symlink(join(PACKAGE, "node_modules", name), join(folder, "app/node_modules", name));
  await symlink(PACKAGE, join(folder, "app/node_modules/lakeflow-jobs"));
  engine = await LocalEngine.start({ bundle: join(folder, "app/bundle"), data: join(folder, "data"), python: process.env.LAKEFLOW_PYTHON });
  const [{ jobId }] = engine.deployed;
  const port = await freePort();
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("DATABRICKS_") && name !== "NODE_OPTIONS"));
  Object.assign(env, {
    NODE_ENV: "production",
    DISABLE_APPKIT_INTERNAL_TELEMETRY: "true",
    DATABRICKS_HOST: engine.url,
    DATABRICKS_TOKEN: engine.token,
    DATABRICKS_JOB_REPORT: String(jobId),
    DATABRICKS_APP_PORT: String(port),
  });
  app = spawn(process.execPath, ["server.js"], { cwd: join(folder, "app"), env, stdio: ["ignore", "pipe", "pipe"] });
  let told = "";
  for (const stream of [app.stdout, app.stderr]) stream.on("data", (chunk) => (told += chunk));
  url = `http://127.0.0.1:${port}`;
  await until("the app", async () => {
    assert.equal(app.exitCode, null, told);
    return fetch(`${url}/health`).then((answer) => answer.ok, () => false);
  }, 120);
  const options = { headless: true, args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"] };
  browser = await chromium.launch({ ...options, executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium" });
  page = await browser.newPage();
  page.setDefaultTimeout(120_000);
});

after(async () => {
  await browser?.close();
  app?.kill("SIGTERM");
  await engine?.stop();
  await rm(folder, { recursive: true, force: true });
});

const state = (word) => page.locator("#state", { hasText: word }).waitFor();
const task = (key, word) => page.locator("#tasks tr", { hasText: key }).filter({ hasText: word }).waitFor();
/** Holds a step back until it is let go. */
const hold = (step) => writeFile(join(folder, `app/bundle/${step}.gate`), "");
const letGo = (step) => rm(join(folder, `app/bundle/${step}.gate`), { force: true });

test("a run is started with parameters and followed live; a reload goes on with it", async () => {
  await hold("publish");
  await page.goto(url);
  await page.selectOption("select[name=region]", "west");
  await page.click("button[type=submit]");
  await task("load", "SUCCESS");
  await task("publish", "RUNNING");
  const runId = await page.locator("#run-id").textContent();
  await page.reload();
  await task("publish", "RUNNING");
  assert.equal(await page.locator("#run-id").textContent(), runId);
  if (process.env.LAKEFLOW_SCREENSHOT) await page.screenshot({ path: process.env.LAKEFLOW_SCREENSHOT });
  await letGo("publish");
  await state("SUCCESS");
  await page.locator("#outputs", { hasText: "publish of west done" }).waitFor();
});

test("a failed run says what failed, and is repaired", async () => {
  await page.selectOption("select[name=fail_in]", "publish");
  await page.click("button[type=submit]");
  await state("FAILED");
  await page.locator("#failure", { hasText: "asked to fail by fail_in=publish" }).waitFor();
  await page.click("#repair");
  await state("SUCCESS");
});

test("a run is cancelled", async () => {
  await hold("load");
  await page.selectOption("select[name=fail_in]", "nothing");
  await page.click("button[type=submit]");
  await task("load", "RUNNING");
  await page.click("#cancel");
  await state("CANCELED");
  await letGo("load");
});

test("parameters that do not hold are told in words", async () => {
  const answer = await fetch(`${url}/api/jobs/report/run`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ params: { region: "nowhere" } }),
  });
  assert.equal(answer.status, 400);
  const { error, details } = await answer.json();
  assert.equal(error, "Invalid job parameters");
  assert.equal(details[0].path, "/region");
});
