// Who calls the workspace: the app itself, or the user of a request. Each has a client of the core, kept while it is used, so
// that its connections, polls and answers are shared.

import { createHash } from "node:crypto";
import { getExecutionContext } from "@databricks/appkit";
import type native from "../../native/index.cjs";
import { addon } from "../addon.js";
import { calling, keepCause } from "../errors.js";
import { Authorizer, hostOf, type WorkspaceClientLike } from "./client.js";
import { appkitTransport } from "./transport.js";
import type { JobsConfig } from "./types.js";

/** Users whose clients are kept. */
const USERS_MAX = 1000;
/** Calls of waits that follow one another this closely have one header: the token that it holds lives longer by far. */
const SHARE_CREDENTIALS_MS = 1000;
/** The host of a client that has none; nothing is sent to it. */
const NO_HOST = "https://mocked.invalid";

/** One identity. */
export interface Identity {
  /** `user` or `service`, as AppKit's telemetry says. */
  readonly context: "user" | "service";
  readonly userId: string;
  client(): Promise<native.Client>;
  /** The client, where it need not be waited for. */
  known(): native.Client | undefined;
  /** The header for a request that is made now; `undefined` when the client has to be asked, or cannot say. */
  authorization(): Promise<string | undefined>;
  /** The header, where this turn of the event loop knows it already. */
  authorized(): string | undefined;
}

class Caller implements Identity {
  readonly context: "user" | "service";
  readonly userId: string;
  readonly #make: () => Promise<native.Client>;
  readonly #authorizer: Authorizer;
  #known: native.Client | undefined;

  constructor(context: "user" | "service", userId: string, authorizer: Authorizer, make: () => Promise<native.Client>) {
    this.context = context;
    this.userId = userId;
    this.#make = make;
    this.#authorizer = authorizer;
  }

  async client(): Promise<native.Client> {
    const client = await this.#make();
    // The client of a user is asked for with each request: those that were not used for longest are given up.
    if (this.context === "service") this.#known = client;
    return client;
  }

  known(): native.Client | undefined {
    return this.#known;
  }

  /** What fails here is told by the client's own credentials, with its cause. */
  authorization(): Promise<string | undefined> {
    return this.#authorizer.ask().catch(() => undefined);
  }

  authorized(): string | undefined {
    return this.#authorizer.known();
  }
}

interface Context {
  client: WorkspaceClientLike;
  serviceUserId?: string;
  userId?: string;
  tokenFingerprint?: string;
}

/** The identities of one plugin. */
export class Identities {
  readonly #config: JobsConfig;
  readonly #clients = new WeakMap<WorkspaceClientLike, Promise<native.Client>>();
  readonly #users = new Map<string, Promise<native.Client>>();
  /** The app's own, by its client: every request asks for it. */
  readonly #services = new WeakMap<WorkspaceClientLike, Identity>();

  constructor(config: JobsConfig) {
    this.#config = config;
  }

  /** The identity of the scope that this is called in. It stays what it is when the scope is left. */
  current(): Identity {
    const scope = getExecutionContext() as unknown as Context;
    if (scope.userId === undefined) return this.#services.get(scope.client) ?? this.#serviceIdentity(scope);
    const { client, userId } = scope;
    // Another token of the same user is another identity: what the first may see the second may not.
    const key = `${userId}\n${scope.tokenFingerprint ?? fingerprint(client)}`;
    return new Caller("user", userId, authorizerOf(client), () => this.#user(key, client));
  }

  #serviceIdentity({ client, serviceUserId = "service" }: Context): Identity {
    const identity = new Caller("service", serviceUserId, authorizerOf(client), () => this.#service(client));
    this.#services.set(client, identity);
    return identity;
  }

  #service(client: WorkspaceClientLike): Promise<native.Client> {
    const known = this.#clients.get(client);
    if (known) return known;
    const made = this.#make(client);
    this.#clients.set(client, made);
    // What failed is tried again with the next call.
    made.catch(() => this.#clients.delete(client));
    return made;
  }

  #user(key: string, client: WorkspaceClientLike): Promise<native.Client> {
    const known = this.#users.get(key);
    this.#users.delete(key);
    const made = known ?? this.#make(client);
    this.#users.set(key, made);
    if (!known) made.catch(() => this.#users.delete(key));
    if (this.#users.size > USERS_MAX) this.#users.delete(this.#users.keys().next().value as string);
    return made;
  }

  async #make(client: WorkspaceClientLike): Promise<native.Client> {
    const host = this.#config.transport === "appkit" ? null : await hostOf(client);
    const requestsPerSecond = this.#config.maxRequestsPerSecond;
    if (host === null) {
      const settings = JSON.stringify({ host: NO_HOST, requestsPerSecond: requestsPerSecond ?? 0, noRetries: true });
      const nobody = async (): Promise<string> => JSON.stringify({ authorization: "Bearer mocked" });
      return calling(() => new (addon().Client)(settings, [], nobody, appkitTransport(client)));
    }
    const authorizer = new Authorizer(client);
    const credentials = async (): Promise<string> => {
      try {
        return JSON.stringify({ authorization: await authorizer.ask() });
      } catch (thrown) {
        return JSON.stringify({ error: String((thrown as Error)?.message ?? thrown), cause: keepCause(thrown) });
      }
    };
    return calling(() => new (addon().Client)(JSON.stringify({ host, requestsPerSecond, shareCredentialsMs: SHARE_CREDENTIALS_MS }), [], credentials));
  }
}

const authorizers = new WeakMap<WorkspaceClientLike, Authorizer>();
function authorizerOf(client: WorkspaceClientLike): Authorizer {
  let authorizer = authorizers.get(client);
  if (!authorizer) authorizers.set(client, (authorizer = new Authorizer(client)));
  return authorizer;
}

/** Clients without a token's fingerprint are told apart by themselves. */
const marks = new WeakMap<object, string>();
let lastMark = 0;
function fingerprint(client: object): string {
  let mark = marks.get(client);
  if (!mark) {
    lastMark += 1;
    mark = createHash("sha256").update(String(lastMark)).digest("hex");
    marks.set(client, mark);
  }
  return mark;
}
