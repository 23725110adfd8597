// The functions of the addon as Rust gives them: JSON crosses as text. `src/` makes them pleasant to use.

declare namespace native {
  interface Schema {
    validate(instance: string): string | null;
    isValid(instance: string): boolean;
    warnings(): string;
  }

  interface WaitMachine {
    poll(): string;
    handle(tick: number, wall: number, input: string): void;
  }

  interface RunHandle {
    summary(): string;
    taskCount(): number;
    iterationCount(): number;
    task(index: number, iteration: boolean): string;
    newest(iteration: boolean): number[];
    taskDocument(index: number, iteration: boolean): string;
    head(): Promise<string>;
    documents(from: number, bytes: number, iteration: boolean): Promise<string>;
    json(): string;
  }

  interface Answer {
    texts(): string[];
    runs(): RunHandle[];
  }

  interface Abort {
    abort(): void;
  }

  interface WaitEvent {
    text(): string;
    run(): RunHandle | null;
  }

  interface WaitHandle {
    next(): Promise<WaitEvent | null>;
    stop(): void;
    notify(): void;
  }

  interface TransportRequest {
    method: string;
    url: string;
    headers: [string, string][];
    body: string;
    timeoutMs: number;
  }

  interface TransportAnswer {
    status: number;
    headers: string[][];
    body: Uint8Array;
    fault?: string;
    detail?: string;
    cause?: number;
  }

  type Credentials = (asked: string) => Promise<string>;
  type Send = (request: TransportRequest) => Promise<TransportAnswer>;

  interface Client {
    actingAs(credentials: Credentials): Client;
    host(): string;
    call(operation: string, args: string, abort?: Abort, timeoutMs?: number): Promise<Answer>;
    notify(runId: string): void;
    wait(goal: string, options: string, abort?: Abort): Promise<WaitHandle>;
  }

  interface EngineHandle {
    about(): string;
    stop(): Promise<void>;
    advance(ms: number): Promise<number>;
  }

  /**
   * What is told of an answer or an event, always four in a row: the ticket; the HTTP status, with 1 << 16 for an opened stream and
   * 1 << 17 for one that is over; JSON text or a frame; and what few have, as JSON text of `More`.
   */
  type Cell = number | string | undefined;

  interface More {
    headers?: [string, string][];
    /** So many pieces of a long answer follow. */
    pieces?: number;
    error?: string;
  }

  interface AppGateway {
    registry(): string;
    unknown(key: string): string;
    /** `texts`: method, path, who asks, `Authorization` or nothing, then names of headers, each followed by its value. */
    submit(client: Client, ticket: number, texts: string[], body: Uint8Array | string | undefined, timeoutMs: number, program: boolean): void;
    more(ticket: number, events: number): void;
    close(ticket: number, undelivered: boolean): void;
    take(most: number): Cell[];
  }

  /** What needs no connection; the addon has it, and WebAssembly where there is no addon. */
  interface Rules {
    rules(): string[];
    callRule(rule: string, input: string): string;
    Schema: new (schema: string) => Schema;
  }

  interface Addon extends Rules {
    AppGateway: new (settings: string, wake: () => void, check?: (asked: string) => Promise<string>) => AppGateway;
    readRegistry(settings: string): string;
    gatewayRoutes(): string;
    gatewayStream(): string;
    version(): string;
    runCommand(args: string[]): number;
    WaitMachine: new (tick: number, wall: number, options: string) => WaitMachine;
    Abort: new () => Abort;
    Client: new (settings: string, schemas: [string, Schema][], credentials?: Credentials, transport?: Send) => Client;
    EngineHandle: { start(options: string): Promise<EngineHandle> };
  }
}

declare const native: {
  /** The addon, or `null` when there is none for this platform. */
  addon: native.Addon | null;
  /** The name of this platform in package names, such as `linux-x64-gnu`. */
  platform: string;
  /** Why there is no addon. */
  reason: string | null;
  /** Rules and schemas: by the addon, else by WebAssembly, else `null`. */
  rules(): native.Rules | null;
};
export = native;
