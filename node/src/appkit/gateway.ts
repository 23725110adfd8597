// The core's gateway for the plugin: requests of programs and of browsers go through the same door.

import type native from "../../native/index.cjs";
import { addon } from "../addon.js";
import { errorFrom } from "../errors.js";
import { checkOf, configuring, settingsOf, type Registry } from "./config.js";
import { Desk, type Opened, type Reply } from "./desk.js";
import type { Identity } from "./identity.js";
import type { JobsConfig } from "./types.js";

/** A request to the routes. */
export interface GatewayRequest {
  method: "GET" | "POST" | "DELETE" | string;
  /** Below the mount, with the query. */
  path: string;
  /** Names, each followed by its value. */
  headers?: readonly string[];
  body?: Uint8Array | string | undefined;
  client?: string;
  program?: boolean;
  timeout?: number;
  /** Is told the ticket. */
  asker?: { ticket: number };
}

export type { Opened, Reply } from "./desk.js";

/** Limits of one operation, as AppKit has them. */
const READ_TIMEOUT_MS = 30_000;
const WRITE_TIMEOUT_MS = 120_000;

/** The gateway of one plugin. */
export class AppGateway {
  readonly #gateway: native.AppGateway;
  readonly #desk = new Desk();
  readonly #timeout: number | undefined;

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

  /** Answers a request, which has its turn. The stream, when it is one, has to be closed. It does not throw, it rejects. */
  handle(identity: Identity, request: GatewayRequest): Promise<Reply | Opened> {
    const [client, authorization] = [identity.known(), identity.authorized()];
    if (client && authorization !== undefined) return this.#submit(client, authorization, request);
    return this.#ask(identity, request);
  }

  async #ask(identity: Identity, request: GatewayRequest): Promise<Reply | Opened> {
    const client = await identity.client();
    return this.#submit(client, await identity.authorization(), request);
  }

  #submit(client: native.Client, authorization: string | undefined, request: GatewayRequest): Promise<Reply | Opened> {
    const { method, path, headers = [], program = false } = request;
    const timeout = request.timeout ?? this.#timeout ?? (method === "GET" ? READ_TIMEOUT_MS : WRITE_TIMEOUT_MS);
    const texts = [method, path, request.client ?? "", authorization ?? "", ...headers];
    const ticket = this.#desk.ticket();
    const told = this.#desk.await(ticket, "route");
    try {
      this.#gateway.submit(client, ticket, texts, request.body, Math.min(Math.ceil(timeout), 0x7fff_ffff), program);
    } catch (thrown) {
      this.#desk.forget(ticket);
      return Promise.reject(errorFrom(thrown));
    }
    if (request.asker) request.asker.ticket = ticket;
    return told;
  }

  /** Whoever asked has gone before there was an answer. */
  leave(ticket: number): void {
    this.#gateway.close(ticket, true);
  }

  /** The app ends: all streams do, those as well whose requests are under way; their runs go on. */
  closeAll(): void {
    this.#desk.end();
  }
}
