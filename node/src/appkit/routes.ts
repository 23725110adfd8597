// The routes as AppKit's server mounts them: requests are handed to the gateway as they came, answers and events go back.

import type { IncomingMessage, ServerResponse } from "node:http";
import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import type { IAppRouter } from "@databricks/appkit";
import { addon } from "../addon.js";
import type { AppGateway, Opened, Reply } from "./gateway.js";
import type { Identity } from "./identity.js";
import { EventResponse } from "./streams.js";
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
    const events = new EventResponse(host.gateway, response, host.noStartedEvent);
    const body = await read(host, request);
    if (body instanceof Refused) return refuse(host, response, body.status, body.error, body.code);
    const pause = host.gateway.turn();
    if (pause) await pause;
    const answer = await ask(host, route, request, body, events);
    if ("stream" in answer) return events.open(answer);
    events.whole();
    return tell(host, route, answer, response);
  } catch (thrown) {
    host.log(`${route.name} failed: ${String((thrown as Error)?.stack ?? thrown)}`);
    if (!response.headersSent) refuse(host, response, 500, FAILED[route.name] ?? "Request failed", "INTERNAL");
    else response.destroy();
  }
}

/** Hands a request to the gateway. */
function ask(host: RouteHost, route: RouteInfo, request: Request, body: Body, asker: EventResponse): Promise<Reply | Opened> {
  const identity = host.identity();
  const method = request.method ?? "GET";
  const client = String(request.headers["x-forwarded-user"] ?? request.socket.remoteAddress ?? "");
  const asked = { method, path: request.url, headers: headersOf(request), client, body, asker };
  const operation = OPERATIONS[route.name];
  if (!operation) return host.gateway.handle(identity, asked);
  return host.telemetry.operation(operation, identity, () => host.gateway.handle(identity, asked), isOk);
}

function isOk(answer: Reply | Opened): boolean {
  return answer.status < 400;
}

/** Sends a whole answer. */
function tell(host: RouteHost, route: RouteInfo, answer: Reply, response: ServerResponse): Promise<void> | undefined {
  if (answer.error) host.log(`${route.name} failed: ${answer.error}`);
  for (const [name, value] of answer.headers) response.setHeader(name, value);
  response.statusCode = answer.status;
  if (answer.body === null && !answer.pieces) return void response.end();
  response.setHeader("content-type", "application/json; charset=utf-8");
  if (answer.pieces) return send(answer.pieces, response);
  response.end(answer.status >= 400 && host.plainErrors ? plain(answer.body as string) : answer.body);
  return undefined;
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

/** Headers that the core looks at. */
const HEADERS = ["content-type", "authorization", "last-event-id", "idempotency-key"];

/** Those of a request, each followed by its value. */
function headersOf(request: Request): string[] {
  const found: string[] = [];
  for (const name of HEADERS) {
    const value = request.headers[name];
    if (typeof value === "string") found.push(name, value);
  }
  return found;
}

/** A body that is not taken, and how that is answered. */
class Refused {
  constructor(
    readonly status: number,
    readonly error: string,
    readonly code: string,
  ) {}
}

/** The body of a request, or nothing. */
type Body = Uint8Array | string | undefined;

const tooLarge = (): Refused => new Refused(413, "Payload Too Large", "LIMIT_EXCEEDED");

/** The body as it came, or as AppKit's server has parsed it already. */
function read(host: RouteHost, request: Request): Promise<Body | Refused> | Body | Refused {
  // A parsed body has been read; a number beyond 2^53 in it has been rounded, so the routes that start runs are not parsed.
  if (request._body === true) return JSON.stringify(request.body);
  if (request.method === "GET" || request.readableEnded) return undefined;
  const encoding = request.headers["content-encoding"];
  const sent = collected(request);
  if (encoding === undefined && !host.ignoreOtherBodies) return sent;
  return sent.then((sent) => unpacked(host, request, sent, encoding));
}

async function unpacked(host: RouteHost, request: Request, sent: Uint8Array | Refused, encoding: string | undefined): Promise<Body | Refused> {
  const body = sent instanceof Refused || encoding === undefined ? sent : await decoded(sent, encoding);
  if (body instanceof Refused || !host.ignoreOtherBodies) return body;
  const isJson = String(request.headers["content-type"] ?? "").includes("json");
  const ignored = !isJson || Buffer.from(body).toString().trimStart().startsWith("[");
  return ignored ? undefined : body;
}

/** The encodings that AppKit's server takes. */
const UNPACK = { gzip: promisify(gunzip), deflate: promisify(inflate) };

/** A body without its encoding, which may not make it larger than a body may be. */
async function decoded(sent: Uint8Array, encoding: string): Promise<Uint8Array | Refused> {
  const name = encoding.trim().toLowerCase();
  if (name === "identity" || sent.length === 0) return sent;
  if (!Object.hasOwn(UNPACK, name)) return new Refused(415, `The encoding ${JSON.stringify(name.slice(0, 40))} is not known`, "MALFORMED");
  try {
    return await UNPACK[name as keyof typeof UNPACK](sent, { maxOutputLength: BODY_LIMIT });
  } catch (thrown) {
    if ((thrown as { code?: string }).code === "ERR_BUFFER_TOO_LARGE") return tooLarge();
    return new Refused(400, `The body is not valid ${name}`, "MALFORMED");
  }
}

/** The bytes of a body; refused as soon as they are too many. Listeners: an iterator over them costs as much as the route. */
function collected(request: Request): Promise<Uint8Array | Refused> {
  return new Promise((resolve, reject) => {
    let first: Uint8Array | undefined;
    let others: Uint8Array[] | undefined;
    let size = 0;
    request.on("data", (chunk: Uint8Array) => {
      size += chunk.length;
      if (size > BODY_LIMIT) resolve(tooLarge());
      else if (first === undefined) first = chunk;
      else (others ??= [first]).push(chunk);
    });
    request.on("end", () => resolve(others ? Buffer.concat(others) : (first ?? NOTHING)));
    request.on("error", reject);
    // It is told of every request; an error that nobody sees would cost its stack.
    request.on("close", () => {
      if (!request.readableEnded) reject(new Error("the connection was closed before the body was there"));
    });
  });
}

const NOTHING = new Uint8Array(0);

/** Registers the routes on AppKit's router. */
export type Register = (
  router: IAppRouter,
  route: { name: string; method: RouteInfo["method"]; path: string; handler: (request: never, response: never) => Promise<void> },
) => void;
