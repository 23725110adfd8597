// What of AppKit's client is used, whichever of its two generations it is.

/** A client of the workspace under one identity. */
export interface WorkspaceClientLike {
  config?: {
    host?: string;
    getHost?: () => Promise<URL | string>;
    authenticate?: (headers: Headers) => Promise<unknown>;
  };
  apiClient?: { request?: (options: ApiRequest) => Promise<unknown> };
  jobs?: Record<string, unknown>;
}

/** A call of AppKit's own client. */
export interface ApiRequest {
  path: string;
  method: string;
  headers: Headers;
  raw: boolean;
  query: Record<string, unknown>;
  payload?: unknown;
}

/** The host of a client; `null` for a mocked one that has none. */
export async function hostOf(client: WorkspaceClientLike): Promise<string | null> {
  const config = client.config;
  if (!config || typeof config.authenticate !== "function") return null;
  const host = typeof config.getHost === "function" ? await config.getHost() : config.host;
  return host === undefined || host === null || String(host) === "" ? null : String(host);
}

/** The `Authorization` header of a client for each request; requests of one turn of the event loop share one answer. */
export class Authorizer {
  readonly #client: WorkspaceClientLike;
  #asking: Promise<string> | undefined;
  #known: string | undefined;

  constructor(client: WorkspaceClientLike) {
    this.#client = client;
  }

  /** The header, where this turn knows it already. */
  known(): string | undefined {
    return this.#known;
  }

  /** The header; rejected when the client cannot say. */
  ask(): Promise<string> {
    return (this.#asking ??= this.#ask());
  }

  async #ask(): Promise<string> {
    try {
      const headers = new Headers();
      await this.#client.config?.authenticate?.(headers);
      const authorization = headers.get("authorization");
      if (!authorization) throw new Error("AppKit's client gave no Authorization header");
      this.#known = authorization;
      setImmediate(this.#over);
      return authorization;
    } catch (thrown) {
      // Not before whoever asks has been given the promise.
      queueMicrotask(this.#over);
      throw thrown;
    }
  }

  readonly #over = (): void => {
    this.#known = this.#asking = undefined;
  };
}
