// Sizes, time to the first validation on a cold page, and time of one validation, of the browser's module and its peers. Prints
// one JSON object: names of measurements with numbers by library. Usage: node measure.js DIST CHROMIUM

import { build } from "esbuild";
import { chromium } from "playwright-core";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, resolve } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { ENTRIES, OURS, smallOnly } from "./entries.js";

const [dist, executablePath] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "bench-web-"));
const here = import.meta.dirname;
const kb = (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length / 1000;
const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];

async function bundle(name, contents, resolveDir) {
  const outfile = join(folder, `${name.replace(/\W/g, "_")}.js`);
  await build({ stdin: { contents, resolveDir }, bundle: true, minify: true, format: "esm", platform: "browser", outfile, legalComments: "none", logLevel: "error", external: ["node:*"] });
  return outfile;
}

const found = { size: {}, wasm: {}, cold: {} };
const web = resolve(dist, "web");
const pages = { ours: await bundle("ours", OURS, web) };
for (const name of ["params", "full", "extra", "every"]) found.wasm[name] = kb(readFileSync(join(web, "wasm", `${name}.wasm`)));
// The bundle keeps the module's address beside itself.
writeFileSync(pages.ours, readFileSync(pages.ours, "utf8").replaceAll("./wasm/params.wasm", "./params.wasm"));
copyFileSync(join(web, "wasm", "params.wasm"), join(folder, "params.wasm"));
const whole = { ours: pages.ours };
for (const [name, contents] of Object.entries(ENTRIES)) {
  pages[name] = await bundle(name, smallOnly(contents), here);
  whole[name] = await bundle(`${name} whole`, contents, here);
}
for (const [name, file] of Object.entries(pages)) found.size[name] = kb(readFileSync(file)) + (name === "ours" ? found.wasm.params : 0);
copyFileSync(join(here, "cases.js"), join(folder, "cases.js"));

const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm" };
const server = createServer((request, response) => {
  const path = new URL(request.url, "http://x").pathname;
  if (path === "/favicon.ico") return response.writeHead(204).end();
  if (path === "/") return response.setHeader("content-type", "text/html").end("<!doctype html><title>bench</title>");
  response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "text/plain", "cache-control": "no-store" });
  response.end(readFileSync(join(folder, path)));
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const url = `http://127.0.0.1:${server.address().port}/`;
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });

/** On a page that has loaded nothing yet: from asking for the library to the verdict on the small parameters. */
async function cold(file) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url);
  const ms = await page.evaluate(async (name) => {
    const { small } = await import("/cases.js");
    const from = performance.now();
    const library = await import(`/${name}`);
    await library.start?.();
    const check = library.hand?.("small") ?? library.make(small.schema);
    if (!check(small.valid)) throw new Error("valid parameters were refused");
    return performance.now() - from;
  }, file.split("/").pop());
  await context.close();
  return ms;
}

/** Microseconds of one check: the median of batches. */
async function warm(file, size, which) {
  const page = await browser.newPage();
  await page.goto(url);
  const us = await page.evaluate(async ([name, size, which]) => {
    const cases = await import("/cases.js");
    const library = await import(`/${name}`);
    await library.start?.();
    const { schema, [which]: value } = cases[size];
    const check = library.hand?.(size) ?? library.make(schema);
    if (check(value) !== (which === "valid")) return `says the ${which} parameters are not`;
    const rounds = size === "small" ? 2000 : 200;
    const times = [];
    for (let batch = 0; batch < 15; batch++) {
      const from = performance.now();
      for (let n = 0; n < rounds; n++) check(value);
      times.push(((performance.now() - from) * 1000) / rounds);
    }
    return times.sort((a, b) => a - b)[7];
  }, [file.split("/").pop(), size, which]);
  await page.close();
  return us;
}

for (const [name, file] of Object.entries(pages)) {
  const times = [];
  for (let n = 0; n < 9; n++) times.push(await cold(file));
  found.cold[name] = median(times);
  for (const size of ["small", "large"]) {
    for (const which of ["valid", "invalid"]) (found[`${size}_${which}`] ??= {})[name] = await warm(whole[name], size, which);
  }
}
await browser.close();
server.close();
rmSync(folder, { recursive: true });
console.log(JSON.stringify(found));
