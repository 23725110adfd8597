// The core's gateway for the plugin: requests of programs and of browsers go through the same door.

import type native from "../../native/index.cjs";
import { addon } from "../addon.js";
import { calling, errorFrom } from "../errors.js";
import { checkOf, configuring, settingsOf, type Registry } from "./config.js";
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
  error: string | null;
}

/** Limits of one operation, as AppKit has them. */
const READ_TIMEOUT_MS = 30_000;
const WRITE_TIMEOUT_MS = 120_000;

/** The gateway of one plugin. */
export class AppGateway {
  readonly #gateway: native.AppGateway;
  readonly #timeout: number | undefined;
  readonly #open = new Set<native.EventHandle>();

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
    this.#gateway = configuring(() => new (addon().AppGateway)(settingsOf(config), check));
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

  /** Answers a request. The stream, when it is one, has to be closed. */
  async handle(identity: Identity, request: GatewayRequest): Promise<Reply | { stream: native.EventHandle; status: number; headers: [string, string][] }> {
    const client = await identity.client();
    const timeout = request.timeout ?? this.#timeout ?? (request.method === "GET" ? READ_TIMEOUT_MS : WRITE_TIMEOUT_MS);
    const asked: native.GatewayRequest = {
      method: request.method,
      path: request.path,
      headers: request.headers ?? [],
      timeoutMs: Math.min(Math.ceil(timeout), 0x7fff_ffff),
    };
    if (request.body) asked.body = request.body;
    if (request.text !== undefined) asked.text = request.text;
    if (request.client !== undefined) asked.client = request.client;
    if (request.program) asked.program = true;
    const authorization = await identity.authorization();
    if (authorization !== undefined) asked.authorization = authorization;
    let answer: native.GatewayAnswer;
    try {
      answer = await calling(() => this.#gateway.handle(client, asked));
    } catch (thrown) {
      throw errorFrom(thrown);
    }
    const { status, headers, error } = answer;
    const stream = answer.stream();
    if (!stream) return { status, headers, error, body: answer.body() };
    this.#open.add(stream);
    return { stream, status, headers };
  }

  /** Ends a stream. */
  close(stream: native.EventHandle, undelivered = false): void {
    this.#open.delete(stream);
    stream.close(undelivered);
  }

  /** Ends all streams; their runs go on. */
  closeAll(): void {
    for (const stream of this.#open) this.close(stream);
  }
}
