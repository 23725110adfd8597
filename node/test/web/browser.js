// A headless Chromium, and a server on loopback for its pages: files of the package, and what a test adds.

import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname } from "node:path";
import { chromium } from "playwright-core";

const PACKAGE = new URL("../../", import.meta.url);
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm", ".css": "text/css", ".json": "application/json" };

/** Where Chromium is: named by CHROMIUM, else where Debian puts it. */
export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

const FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];

export function launch() {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/**
 * Serves `/dist/…` and `/examples/…`, and what `answer(request, response)` takes by returning true. Returns its address and a
 * function that closes it.
 */
export async function serve(answer = () => false) {
  const server = createServer((request, response) => {
    if (answer(request, response)) return;
    const path = new URL(request.url, "http://x").pathname;
    if (path === "/") return response.setHeader("content-type", "text/html").end("<!doctype html><title>test</title>");
    const file = path.startsWith("/examples/") ? new URL(`..${path}`, PACKAGE) : new URL(`.${path}`, PACKAGE);
    if (path.includes("..") || !existsSync(file)) return response.writeHead(404).end();
    response.setHeader("content-type", TYPES[extname(path)] ?? "application/octet-stream").end(readFileSync(file));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections()));
  return { url: `http://127.0.0.1:${server.address().port}`, close };
}

/** A page of a server of its own; `close()` ends both and the browser. */
export async function openPage(answer, options) {
  const [server, browser] = await Promise.all([serve(answer), launch()]);
  const page = await browser.newPage(options);
  await page.goto(server.url);
  page.close = async () => (await browser.close(), await server.close());
  return page;
}
