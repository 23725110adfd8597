// Calls through AppKit's own client, for apps that are tested with mocked clients: the methods of `client.jobs` where they
// are there, else `client.apiClient.request`. It tries again by itself, so the core does not.

import type native from "../../native/index.cjs";
import type { WorkspaceClientLike } from "./client.js";

type Method = (request: Record<string, unknown>) => unknown;

/** The method of `client.jobs` for a path. */
const METHODS: Record<string, string> = {
  "/jobs/run-now": "runNow",
  "/jobs/get": "get",
  "/jobs/list": "list",
  "/jobs/runs/get": "getRun",
  "/jobs/runs/list": "listRuns",
  "/jobs/runs/get-output": "getRunOutput",
  "/jobs/runs/cancel": "cancelRun",
  "/jobs/runs/repair": "repairRun",
};

/** Sends a request of the core by a client. */
export function appkitTransport(client: WorkspaceClientLike): native.Send {
  return async (request) => {
    try {
      return answer(200, await send(client, request));
    } catch (thrown) {
      return failure(thrown);
    }
  };
}

async function send(client: WorkspaceClientLike, request: native.TransportRequest): Promise<unknown> {
  const url = new URL(request.url);
  const query = Object.fromEntries([...url.searchParams].map(([name, value]) => [name, readable(value)]));
  const payload: unknown = request.body === "" ? undefined : JSON.parse(request.body);
  const name = METHODS[url.pathname.replace(/^\/api\/2\.\d/, "")];
  const method = name === undefined ? undefined : client.jobs?.[name];
  if (typeof method === "function") {
    const given = await (method as Method).call(client.jobs, (payload ?? query) as Record<string, unknown>);
    return collected(name as string, given, query);
  }
  const api = client.apiClient?.request;
  if (typeof api !== "function") throw new Error(`the client has neither jobs.${name ?? "?"} nor apiClient.request`);
  const headers = new Headers({ Accept: "application/json", "Content-Type": "application/json" });
  return api.call(client.apiClient, { path: url.pathname, method: request.method, headers, raw: false, query, payload });
}

/** Lists of the client are async iterators over all pages; a page of the core is the first items of them. */
async function collected(name: string, given: unknown, query: Record<string, unknown>): Promise<unknown> {
  const iterable = given as AsyncIterable<unknown> | Iterable<unknown> | null | undefined;
  const isList = name === "listRuns" || name === "list";
  if (!isList || typeof iterable !== "object" || iterable === null) return given ?? {};
  if (!(Symbol.asyncIterator in iterable) && !(Symbol.iterator in iterable)) return given;
  const items: unknown[] = [];
  const most = typeof query["limit"] === "number" ? query["limit"] : 25;
  for await (const item of iterable) {
    items.push(item);
    if (items.length >= most) break;
  }
  return name === "listRuns" ? { runs: items } : { jobs: items };
}

/** Numbers and flags of a query as the client's types have them. */
function readable(value: string): unknown {
  if (value === "true" || value === "false") return value === "true";
  const number = Number(value);
  return /^-?\d+$/.test(value) && Number.isSafeInteger(number) ? number : value;
}

function answer(status: number, body: unknown): native.TransportAnswer {
  return { status, headers: [["content-type", "application/json"]], body: new TextEncoder().encode(JSON.stringify(body ?? {})) };
}

/** Errors of the client carry a status; what has none is a fault of the way there, which AppKit tells as 500. */
function failure(thrown: unknown): native.TransportAnswer {
  const error = thrown as { statusCode?: unknown; errorCode?: unknown; message?: unknown };
  const status = typeof error?.statusCode === "number" && error.statusCode >= 400 ? error.statusCode : 500;
  const code = typeof error?.errorCode === "string" ? error.errorCode : "INTERNAL_ERROR";
  const message = typeof error?.message === "string" ? error.message : String(thrown);
  return answer(status, { error_code: code, message });
}
