// The core's gateway for the plugin: requests of programs and of browsers go through the same door.

import type native from "../../native/index.cjs";
import { addon } from "../addon.js";
import { calling, errorFrom } from "../errors.js";
import { checkOf, configuring, settingsOf, type Registry } from "./config.js";
import { Desk, type Answered } from "./desk.js";
import type { Events } from "./events.js";
import type { Identity } from "./identity.js";
import type { JobsConfig } from "./types.js";

/** A request to the routes. */
export interface GatewayRequest {
  method: "GET" | "POST" | "DELETE" | string;
  /** Below the mount, with the query. */
  path: string;
  headers?: [string, string][];
  body?: Uint8Array;
  text?: string;
  client?: string;
  program?: boolean;
  timeout?: number;
}

/** A whole answer. */
export interface Reply {
  status: number;
  headers: [string, string][];
  /** JSON text, or nothing. */
  body: string | null;
  /** Of a long answer: its document for programs, the pieces of its text for others. */
  document?: unknown;
  pieces?: string[];
  error: string | null;
}

/** Limits of one operation, as AppKit has them. */
const READ_TIMEOUT_MS = 30_000;
const WRITE_TIMEOUT_MS = 120_000;

/** A stream that was opened. */
export interface Opened {
  stream: Events;
  status: number;
  headers: [string, string][];
}

/** The gateway of one plugin. */
export class AppGateway {
  readonly #gateway: native.AppGateway;
  readonly #desk = new Desk();
  readonly #timeout: number | undefined;
  readonly #open = new Set<Events>();

  constructor(config: JobsConfig) {
    const check = async (asked: string): Promise<string> => {
      try {
        const { key, params } = JSON.parse(asked) as { key: string; params: unknown };
        const found = await checkOf(config, key)?.(params);
        return JSON.stringify(found ?? { broken: `there is no schema for ${key}` });
      } catch (thrown) {
        return JSON.stringify({ broken: String((thrown as Error)?.message ?? thrown) });
      }
    };
    const gateway = configuring(() => new (addon().AppGateway)(settingsOf(config), this.#desk.wake, check));
    this.#gateway = gateway;
    this.#desk.open(gateway);
    this.#timeout = typeof config.timeout === "number" && config.timeout > 0 ? config.timeout : undefined;
  }

  /** The jobs. */
  registry(): Registry {
    return JSON.parse(this.#gateway.registry()) as Registry;
  }

  /** A sentence about a key that is not there. */
  unknown(key: string): string {
    return this.#gateway.unknown(String(key));
  }

  /** Room for more work in this turn of the event loop, or a promise of it. */
  turn(): Promise<void> | undefined {
    return this.#desk.turns.take();
  }

  /** Answers a request, which has its turn. The stream, when it is one, has to be closed. */
  async handle(identity: Identity, request: GatewayRequest): Promise<Reply | Opened> {
    const client = await identity.client();
    const timeout = request.timeout ?? this.#timeout ?? (request.method === "GET" ? READ_TIMEOUT_MS : WRITE_TIMEOUT_MS);
    const asked: native.GatewayRequest = {
      method: request.method,
      path: request.path,
      headers: request.headers?.flat() ?? [],
      timeoutMs: Math.min(Math.ceil(timeout), 0x7fff_ffff),
    };
    if (request.body) asked.body = request.body;
    if (request.text !== undefined) asked.text = request.text;
    if (request.client !== undefined) asked.client = request.client;
    if (request.program) asked.program = true;
    const authorization = await identity.authorization();
    if (authorization !== undefined) asked.authorization = authorization;
    const { told, stream, document, pieces } = await this.#submit(client, asked);
    const { status = 500, headers = [], error = null } = told;
    if (document !== undefined) return { status, headers, error, body: null, document };
    if (pieces) return { status, headers, error, body: null, pieces };
    if (!stream) return { status, headers, error, body: told.text ?? null };
    this.#open.add(stream);
    return { stream, status, headers };
  }

  async #submit(client: native.Client, asked: native.GatewayRequest): Promise<Answered> {
    const ticket = this.#desk.ticket();
    const told = this.#desk.await(ticket, "route");
    try {
      calling(() => this.#gateway.submit(client, asked, ticket));
    } catch (thrown) {
      this.#desk.forget(ticket);
      throw errorFrom(thrown);
    }
    return told;
  }

  /** Ends a stream. */
  close(stream: Events, undelivered = false): void {
    this.#open.delete(stream);
    stream.close(undelivered);
  }

  /** Ends all streams; their runs go on. */
  closeAll(): void {
    for (const stream of this.#open) this.close(stream);
  }
}
