// The example of the elements in the README, typed off and built by Vite against the packed form, in a real browser. Needs the
// tarballs that `cargo xtask test` packs, and Chromium.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

const here = fileURLToPath(new URL(".", import.meta.url));
const tarballs = process.env.LAKEFLOW_TARBALLS;
const program = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync);
const SCHEMA = { type: "object", required: ["day"], properties: { day: { type: "string", format: "date", title: "Day" } } };
const RUN = {
  job_id: 7, run_id: 123, run_name: "sales", start_time: 1_700_000_000_000, end_time: 1_700_000_060_000, trigger: "ONE_TIME",
  status: { state: "TERMINATED", termination_details: { code: "SUCCESS", type: "SUCCESS" } },
  tasks: [{
    run_id: 124, task_key: "load", attempt_number: 0, start_time: 1_700_000_000_000, end_time: 1_700_000_060_000,
    status: { state: "TERMINATED", termination_details: { code: "SUCCESS", type: "SUCCESS" } },
  }],
};
const PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><title>host</title><link rel="icon" href="data:,">
<lakeflow-param-form></lakeflow-param-form><lakeflow-run></lakeflow-run><script type="module" src="/main.js"></script></html>`;
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };

/** The block of the README that shows the elements. */
function example() {
  const blocks = readFileSync(join(here, "../../README.md"), "utf8").match(/```js\n[^]*?```/g) ?? [];
  const found = blocks.filter((block) => block.includes('from "lakeflow-jobs/elements"'));
  assert.equal(found.length, 1, "one example of the elements");
  return found[0].replace(/^```js\n|```$/g, "");
}

let folder;
let server;
let browser;

before(async () => {
  assert.ok(tarballs, "LAKEFLOW_TARBALLS is not set: run `cargo xtask test`, or see CONTRIBUTING.md");
  assert.ok(program, "there is no Chromium; set CHROMIUM to its program");
  folder = await mkdtemp(join(tmpdir(), "lakeflow-elements-"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "host", private: true, version: "1.0.0", type: "module" }));
  const packed = readdirSync(tarballs).find((file) => /^lakeflow-jobs-\d/.test(file));
  const install = ["install", "--offline", "--no-audit", "--no-fund", "--omit=peer", "--loglevel=error", join(tarballs, packed)];
  await promisify(execFile)(process.platform === "win32" ? "npm.cmd" : "npm", install, { cwd: folder });
  await writeFile(join(folder, "index.html"), PAGE);
  await writeFile(join(folder, "main.js"), `const schema = ${JSON.stringify(SCHEMA)};\n${example()}`);
  const { build } = await import("vite");
  await build({ root: folder, logLevel: "error", build: { target: "es2022" } });
  server = createServer((request, answer) => {
    const path = request.url === "/" ? "/index.html" : request.url;
    const file = join(folder, "dist", path);
    if (path === "/api/run/123") answer.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(RUN));
    else if (existsSync(file)) answer.writeHead(200, { "content-type": TYPES[extname(file)] ?? "text/plain" }).end(readFileSync(file));
    else answer.writeHead(404).end();
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
});

after(async () => {
  await browser?.close();
  server?.close();
  await rm(folder, { recursive: true, force: true });
});

test("the example of the README shows a form and a run", async () => {
  const page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.locator("lakeflow-run h1", { hasText: "123" }).waitFor();
  await page.locator("lakeflow-run .n", { hasText: "load" }).waitFor();
  const sent = page.evaluate(() => new Promise((done) => document.addEventListener("lakeflow-submit", (event) => done(event.detail.params))));
  await page.getByRole("button", { name: "Run now" }).click();
  await page.locator("lakeflow-param-form .fe").waitFor();
  await page.getByLabel("Day", { exact: true }).fill("2026-11-21");
  await page.getByRole("button", { name: "Run now" }).click();
  assert.deepEqual(await sent, { day: "2026-11-21" });
  assert.deepEqual(faults, []);
});
