// Serves the page, the package's files, and `/api/jobs` of the host in DATABRICKS_HOST with the token in DATABRICKS_TOKEN.

import { createReadStream, existsSync } from "node:fs";
import { createServer, request as send } from "node:http";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm" };
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; frame-ancestors 'none'";

/** Where addresses lead: the page itself, and `lakeflow-jobs` as it is installed, or built in this clone. */
const FOLDERS = {
  "/": new URL("./page/", import.meta.url),
  "/lakeflow-jobs/": installed() ?? new URL("../../node/dist/", import.meta.url),
};

function installed() {
  const folder = new URL("./node_modules/lakeflow-jobs/dist/", import.meta.url);
  return existsSync(folder) ? folder : undefined;
}

/** Starts it on loopback; port 0 is any. */
export function serve({ host, token, port = 0 }) {
  const server = createServer((request, response) => {
    if (request.url.startsWith("/api/jobs/")) return pass(request, response, host, token);
    const path = new URL(request.url, "http://page").pathname;
    if (path === "/favicon.ico") return response.writeHead(204).end();
    const base = path.startsWith("/lakeflow-jobs/") ? "/lakeflow-jobs/" : "/";
    const file = new URL(`.${path.slice(base.length - 1)}${path === "/" ? "index.html" : ""}`, FOLDERS[base]);
    if (!file.href.startsWith(FOLDERS[base].href) || !existsSync(file)) return response.writeHead(404).end("not found");
    response.writeHead(200, {
      "content-type": TYPES[extname(file.pathname)] ?? "application/octet-stream",
      "content-security-policy": POLICY,
      "cache-control": "no-cache",
    });
    createReadStream(file).pipe(response);
  });
  return new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve(server)));
}

/** Passes a request on, and its answer back as it comes. A page that goes away ends the request, not the run. */
function pass(request, response, host, token) {
  const target = new URL(request.url, host);
  const { origin: _, host: __, cookie: ___, ...headers } = request.headers;
  const options = { method: request.method, headers: { ...headers, authorization: `Bearer ${token}` } };
  const forward = send(target, options, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  forward.on("error", (error) => {
    if (response.headersSent) return response.destroy();
    response.writeHead(502, { "content-type": "application/json" }).end(JSON.stringify({ error: `the host does not answer: ${error.message}` }));
  });
  response.on("close", () => forward.destroy());
  request.pipe(forward);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { DATABRICKS_HOST: host, DATABRICKS_TOKEN: token, PORT = "8000" } = process.env;
  if (!host || !token) {
    console.error("set DATABRICKS_HOST and DATABRICKS_TOKEN, for example to those of `lakeflow dev`");
    process.exit(2);
  }
  const server = await serve({ host, token, port: Number(PORT) });
  console.log(`http://127.0.0.1:${server.address().port}`);
}
