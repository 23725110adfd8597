// An application that Vite makes of the packed package: built and served as plain files, and from Vite's own server while it is
// developed. In both a form is validated in Chromium, and the other modules come when they are first asked for.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { launch } from "./browser.js";

const tarballs = process.env.LAKEFLOW_TARBALLS;
const npm = process.platform === "win32" ? "npm.cmd" : "npm";
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };

const PAGE = `<!doctype html><html lang="en"><title>Vite</title>
<form><label>Day <input name="day"></label><label>Rows <input name="rows"></label></form>
<pre></pre>
<script type="module" src="/main.js"></script></html>`;

const PROGRAM = `
import init, { ParamSchema, nextFireTimes } from "lakeflow-jobs/web";
await init();
const schema = new ParamSchema({ type: "object", required: ["day"], properties: { day: { type: "string", format: "date" }, rows: { type: "integer", minimum: 1 } } });
const form = document.querySelector("form");
const show = () => (document.querySelector("pre").textContent = schema.validate(schema.coerceForm(new FormData(form))).map(({ path, keyword }) => path + " " + keyword).join(", "));
form.addEventListener("input", show);
show();
globalThis.fires = (timezone) => nextFireTimes("0 0 2 * * ?", { timezone, after: "2026-03-27T12:00:00Z", count: 1 });
document.documentElement.dataset.ready = "";
`;

let root, browser;

before(async () => {
  assert.ok(tarballs, "LAKEFLOW_TARBALLS is not set: run `cargo xtask test`, or see CONTRIBUTING.md");
  root = await mkdtemp(join(tmpdir(), "lakeflow-vite-"));
  await writeFile(join(root, "package.json"), JSON.stringify({ name: "app", private: true, type: "module", version: "1.0.0" }));
  await writeFile(join(root, "index.html"), PAGE);
  await writeFile(join(root, "main.js"), PROGRAM);
  const tarball = readdirSync(tarballs).find((file) => /^lakeflow-jobs-\d/.test(file));
  const args = ["install", "--offline", "--no-audit", "--no-fund", "--omit=peer", "--loglevel=error", join(tarballs, tarball)];
  await promisify(execFile)(npm, args, { cwd: root });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await rm(root, { recursive: true, force: true });
});

/** Types into the form of the page at an address, and asks for a time in a zone. */
async function used(url) {
  const page = await browser.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  const loaded = [];
  page.on("response", (response) => loaded.push([new URL(response.url()).pathname, response.status()]));
  await page.goto(url);
  await page.locator("html[data-ready]").waitFor({ state: "attached", timeout: 120_000 }).catch((error) => assert.fail(`${faults.join("; ")} ${JSON.stringify(loaded)} ${error}`));
  const told = page.locator("pre");
  assert.equal(await told.textContent(), " required");
  await page.locator("[name=day]").fill("31.1.2026");
  await page.locator("[name=rows]").fill("0");
  assert.equal(await told.textContent(), "/day format, /rows minimum");
  await page.locator("[name=day]").fill("2026-01-31");
  await page.locator("[name=rows]").fill("10");
  assert.equal(await told.textContent(), "");
  const modules = () => loaded.filter(([path]) => path.endsWith(".wasm")).map(([path]) => path.replace(/^.*\/(\w+)[^/]*$/, "$1"));
  assert.deepEqual(modules(), ["full"], "no other module is loaded before it is needed");
  assert.equal((await page.evaluate(() => globalThis.fires("UTC")))[0].local, "2026-03-28T02:00:00+00:00");
  assert.deepEqual(modules(), ["full"]);
  assert.equal((await page.evaluate(() => globalThis.fires("Europe/Warsaw")))[0].local, "2026-03-28T02:00:00+01:00");
  assert.deepEqual(modules(), ["full", "extra"]);
  assert.deepEqual(faults, []);
  await page.close();
}

test("built by Vite and served as plain files", { timeout: 300_000 }, async () => {
  const { build } = await import("vite");
  // Below a path, as many pages are.
  const outDir = join(root, "dist");
  await build({ root, base: "/app/", logLevel: "error", build: { outDir, target: "es2022" } });
  const server = createServer((request, response) => {
    const path = new URL(request.url, "http://x").pathname.replace(/^\/app\//, "/");
    const file = join(outDir, path === "/" ? "index.html" : path);
    if (!existsSync(file)) return response.writeHead(404).end();
    response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream").end(readFileSync(file));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  try {
    await used(`http://127.0.0.1:${server.address().port}/app/`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test("from Vite's server while it is developed", { timeout: 300_000 }, async () => {
  const { createServer: develop } = await import("vite");
  await mkdir(join(root, "cache"));
  const server = await develop({ root, logLevel: "error", cacheDir: join(root, "cache"), server: { host: "127.0.0.1", port: 0 } });
  await server.listen();
  try {
    await used(server.resolvedUrls.local[0]);
  } finally {
    await server.close();
  }
});
