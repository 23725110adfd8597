// The routes as AppKit's server mounts them: requests are handed to the gateway as they came, answers and events go back.

import type { IncomingMessage, ServerResponse } from "node:http";
import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import type { IAppRouter } from "@databricks/appkit";
import { addon } from "../addon.js";
import type { AppGateway, Opened } from "./gateway.js";
import { Heartbeats } from "./streams.js";
import type { Identity } from "./identity.js";
import type { JobsTelemetry } from "./telemetry.js";

/** A larger body is refused without being read to its end. */
const BODY_LIMIT = 1 << 20;

/** What the routes need of their plugin. */
export interface RouteHost {
  readonly name: string;
  readonly gateway: AppGateway;
  readonly telemetry: JobsTelemetry;
  readonly noStartedEvent: boolean;
  readonly ignoreOtherBodies: boolean;
  readonly plainErrors: boolean;
  identity(): Identity;
  log(message: string): void;
}

/** `_body` says that AppKit's server has parsed the body; `body` alone does not, it is an empty object otherwise. */
type Request = IncomingMessage & { body?: unknown; _body?: boolean; url: string };

/** A route: its name in AppKit, its method and its path below the mount. */
export interface RouteInfo {
  name: string;
  method: "get" | "post" | "delete";
  path: string;
}

/** The routes that the core answers. */
export function routes(): RouteInfo[] {
  const known = JSON.parse(addon().gatewayRoutes()) as { name: string; method: string; path: string }[];
  return known.map(({ name, method, path }) => ({ name, method: method.toLowerCase() as RouteInfo["method"], path }));
}

/** The name that AppKit's telemetry has for the call behind a route. */
const OPERATIONS: Record<string, string> = {
  run: "runNow",
  runs: "listRuns",
  "run-detail": "getRun",
  status: "listRuns",
  "cancel-run": "cancelRun",
  "run-output": "getRunOutput",
  "run-outputs": "getRunOutput",
  "repair-run": "repairRun",
  job: "getJob",
};

/** Answers a request of a browser. */
export async function serve(host: RouteHost, route: RouteInfo, request: Request, response: ServerResponse): Promise<void> {
  try {
    const body = await read(host, request);
    if ("refused" in body) return refuse(host, response, ...body.refused);
    const pause = host.gateway.turn();
    if (pause) await pause;
    const identity = host.identity();
    const asked = {
      method: request.method ?? "GET",
      path: request.url,
      headers: pairs(request),
      client: String(request.headers["x-forwarded-user"] ?? request.socket.remoteAddress ?? ""),
      ...body,
    };
    const operation = OPERATIONS[route.name];
    const work = () => host.gateway.handle(identity, asked);
    const answer = operation
      ? await host.telemetry.operation(operation, identity, work, (answer) => answer.status < 400)
      : await work();
    if ("stream" in answer) return await pump(host, answer, response);
    if (answer.error) host.log(`${route.name} failed: ${answer.error}`);
    for (const [name, value] of answer.headers) response.setHeader(name, value);
    response.statusCode = answer.status;
    if (answer.body === null && !answer.pieces) return void response.end();
    response.setHeader("content-type", "application/json; charset=utf-8");
    if (answer.pieces) return await send(answer.pieces, response);
    response.end(answer.status >= 400 && host.plainErrors ? plain(answer.body as string) : answer.body);
  } catch (thrown) {
    host.log(`${route.name} failed: ${String((thrown as Error)?.stack ?? thrown)}`);
    if (!response.headersSent) refuse(host, response, 500, FAILED[route.name] ?? "Request failed", "INTERNAL");
    else response.destroy();
  }
}

/** Sends a long answer as fast as the client takes it. */
async function send(pieces: string[], response: ServerResponse): Promise<void> {
  for (const piece of pieces) {
    if (response.destroyed) return;
    if (!response.write(piece)) await drained(response);
  }
  response.end();
}

/** There is room again, or nobody is there any more; no listener stays. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      response.off("drain", go).off("close", go);
      resolve();
    };
    response.on("drain", go).on("close", go);
  });
}

const FAILED: Record<string, string> = {
  run: "Run failed",
  runs: "List runs failed",
  "run-detail": "Get run failed",
  status: "Status check failed",
  "cancel-run": "Cancel run failed",
};

/** The body of an error as AppKit's own plugin has it. */
function plain(body: string): string {
  const { error, plugin } = JSON.parse(body) as { error: string; plugin: string };
  return JSON.stringify({ error, plugin });
}

/** A refusal of this side, in the form of the core's. */
export function refuse(host: Pick<RouteHost, "name" | "plainErrors">, response: ServerResponse, status: number, error: string, code: string): void {
  response.statusCode = status;
  response.setHeader("content-type", "application/json; charset=utf-8");
  response.end(JSON.stringify({ error, plugin: host.name, ...(host.plainErrors ? {} : { code }) }));
}

function pairs(request: Request): [string, string][] {
  const names = ["content-type", "authorization", "last-event-id", "idempotency-key"];
  return names.flatMap((name) => {
    const value = request.headers[name];
    return typeof value === "string" ? [[name, value] as [string, string]] : [];
  });
}

type Refused = { refused: [status: number, error: string, code: string] };
const TOO_LARGE: Refused = { refused: [413, "Payload Too Large", "LIMIT_EXCEEDED"] };

/** The body as it came, or as AppKit's server has parsed it already. */
async function read(host: RouteHost, request: Request): Promise<{ body?: Uint8Array; text?: string } | Refused> {
  const isJson = String(request.headers["content-type"] ?? "").includes("json");
  // A parsed body has been read; a number beyond 2^53 in it has been rounded, so the routes that start runs are not parsed.
  if (request._body === true) {
    return { text: JSON.stringify(request.body) };
  }
  if (request.method === "GET" || request.readableEnded) return {};
  const sent = await collected(request);
  if (sent === null) return TOO_LARGE;
  const encoding = request.headers["content-encoding"];
  const body = encoding === undefined ? sent : await unpacked(sent, encoding);
  if ("refused" in body) return body;
  const ignored = host.ignoreOtherBodies && (!isJson || Buffer.from(body).toString().trimStart().startsWith("["));
  return body.length === 0 || ignored ? {} : { body };
}

/** The encodings that AppKit's server takes. */
const UNPACK = { gzip: promisify(gunzip), deflate: promisify(inflate) };

/** A body without its encoding, which may not make it larger than a body may be. */
async function unpacked(sent: Uint8Array, encoding: string): Promise<Uint8Array | Refused> {
  const name = encoding.trim().toLowerCase();
  if (name === "identity" || sent.length === 0) return sent;
  if (!Object.hasOwn(UNPACK, name)) return { refused: [415, `The encoding ${JSON.stringify(name.slice(0, 40))} is not known`, "MALFORMED"] };
  try {
    return await UNPACK[name as keyof typeof UNPACK](sent, { maxOutputLength: BODY_LIMIT });
  } catch (thrown) {
    if ((thrown as { code?: string }).code === "ERR_BUFFER_TOO_LARGE") return TOO_LARGE;
    return { refused: [400, `The body is not valid ${name}`, "MALFORMED"] };
  }
}

/** The bytes of a body; `null` as soon as they are too many. Listeners: an iterator over them costs as much as the route. */
function collected(request: Request): Promise<Uint8Array | null> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    request.on("data", (chunk: Uint8Array) => {
      size += chunk.length;
      if (size > BODY_LIMIT) return resolve(null);
      chunks.push(chunk);
    });
    request.once("end", () => resolve(chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks)));
    request.once("error", reject);
    // It is told of every request; an error that nobody sees would cost its stack.
    request.once("close", () => {
      if (!request.readableEnded) reject(new Error("the connection was closed before the body was there"));
    });
  });
}

const heartbeats = new Heartbeats();

/** Sends events until the stream or the client is at its end. */
function pump(host: RouteHost, opened: Opened, response: ServerResponse): Promise<void> {
  const { stream } = opened;
  let delivered = false;
  // The wait ends with the connection; the run goes on.
  const gone = (): void => host.gateway.close(stream, !delivered);
  const wrote = (error: Error | null | undefined): void => {
    if (!error) delivered = true;
  };
  response.once("close", gone);
  // It was closed before there was a stream.
  if (response.destroyed) gone();
  response.writeHead(opened.status, Object.fromEntries(opened.headers));
  heartbeats.sent(response);
  return new Promise((resolve) => {
    const over = (): void => {
      heartbeats.over(response);
      response.removeListener("close", gone);
      host.gateway.close(stream, !delivered);
      resolve();
    };
    let began = false;
    stream.listen({
      frame(frame, last) {
        const skipped = response.destroyed || (host.noStartedEvent && frame.includes("\nevent: started\n"));
        if (last) {
          began = true;
          if (skipped) response.end();
          else response.end(frame);
          over();
          return false;
        }
        if (skipped) return true;
        began = true;
        heartbeats.sent(response);
        const hasRoom = delivered ? response.write(frame) : response.write(frame, wrote);
        if (!hasRoom) response.once("drain", () => stream.room());
        return hasRoom;
      },
      over() {
        began = true;
        response.end();
        over();
      },
    });
    // The head goes with the first event where that is there already.
    if (!began) response.flushHeaders();
  });
}

/** Registers the routes on AppKit's router. */
export type Register = (
  router: IAppRouter,
  route: { name: string; method: RouteInfo["method"]; path: string; handler: (request: never, response: never) => Promise<void> },
) => void;
