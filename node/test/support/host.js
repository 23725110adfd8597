// A host that speaks as much of the Jobs API as the tests need: over HTTP, or as a transport function.

import { createServer } from "node:http";
import { once } from "node:events";

/** Answers by path; each is a function of `{ query, body, headers }` that gives `{ status, headers, body }` or a JSON value. */
export function handler(routes) {
  const seen = [];
  return {
    seen,
    answer(method, url, headers, text) {
      const { pathname, searchParams } = new URL(url, "http://host");
      const call = { method, path: pathname, query: Object.fromEntries(searchParams), headers, text };
      seen.push(call);
      const route = routes[pathname.replace("/api/2.2/jobs/", "")];
      if (!route) return { status: 404, body: JSON.stringify({ error_code: "RESOURCE_DOES_NOT_EXIST", message: "no such path" }) };
      const told = route(call);
      if (told && typeof told === "object" && "status" in told && typeof told.status === "number") return { headers: {}, ...told };
      return { status: 200, headers: {}, body: typeof told === "string" ? told : JSON.stringify(told) };
    },
  };
}

/** The same as a `transport` of `Jobs`. */
export function transportOf(routes) {
  const host = handler(routes);
  const transport = async ({ method, url, headers, body }) => host.answer(method, url, headers, body);
  return { transport, seen: host.seen };
}

/** The same on a port of this machine. */
export async function serve(routes) {
  const host = handler(routes);
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const answer = host.answer(request.method, request.url, request.headers, Buffer.concat(chunks).toString());
    response.writeHead(answer.status, answer.headers);
    response.end(answer.body ?? "");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${server.address().port}`;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url, seen: host.seen, close };
}

/** A run document. */
export function run(runId, state, { code, tasks = [] } = {}) {
  const ended = code ? { termination_details: { code, type: code === "SUCCESS" ? "SUCCESS" : "CLIENT_ERROR", message: "" } } : {};
  return { run_id: runId, job_id: 1, run_page_url: `https://host/run/${runId}`, status: { state, ...ended }, tasks };
}

/** A task run in it. */
export function task(key, runId, state, code) {
  return { task_key: key, ...run(runId, state, { code }), tasks: undefined };
}
