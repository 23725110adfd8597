// Watches a run over the `/api/jobs` routes, whatever happens to the connection. A run is triggered once: every try of a trigger
// bears the same key, and once the run is known only reading requests are sent.

import { LakeflowError, type ErrorCode } from "../errors.js";
import { textOf } from "../json.js";
import type { Id } from "../types.js";
import { parse, running } from "./core.js";
import { EventReader, type ServerEvent } from "./events.js";
import { RunView } from "./run.js";

/** How the connection is. */
export type Connection = "connecting" | "open" | "lost";

/** Options of {@link watchRun}. */
export interface WatchOptions {
  /** Called with each change of the run, the last one included. What it throws ends the watch. */
  onChange?: (run: RunView) => void;
  /** Called when the run's id is known, before anything else of the run is: keep it to come back after a reload. */
  onStart?: (runId: Id) => void;
  /** Called when the connection opens or is lost; a lost one is made again. */
  onConnection?: (connection: Connection) => void;
  /** Ends the watch; the run goes on. The promise is rejected with code `INTERRUPTED`. */
  signal?: AbortSignal | undefined;
  /** Triggers a run: the address is that of `POST /api/jobs/<key>/run`. Without it a run is only watched. */
  trigger?: boolean;
  /** Parameters of the run that is triggered; they imply `trigger`. */
  params?: unknown;
  /**
   * The key of this one intent to run, up to 44 letters, digits, `-`, `_`, `.` and `:`. A trigger that is repeated with the same
   * key, also after a reload of the page, does not start another run. Without it each call is an intent of its own.
   */
  idempotencyKey?: string;
  /** The last event that was seen, to go on after it. */
  lastEventId?: string;
  /** Headers of every request, such as `authorization`. */
  headers?: Record<string, string>;
  /** In the place of the global `fetch`. */
  fetch?: typeof fetch;
}

/** A task that failed by itself, with what it said. */
export interface RunFailure {
  taskKey: string;
  /** Its last attempt. */
  runId: Id;
  /** From 0. */
  attempt: number;
  /** How it ended: `FAILED`, `TIMEDOUT`. */
  outcome: string;
  /** The message of its state. */
  message: string;
  /** The task's own error, where it told one. Plain text. */
  error: string | null;
}

/** What became of a run. */
export interface RunEnd {
  run: RunView;
  /** `succeeded`, `failed`, `canceled`, `timed_out`, …; `null` when the host did not say. */
  outcome: string | null;
  /** The tasks that failed by themselves. */
  failures: RunFailure[];
}

/** A connection on which nothing comes for so long is taken for lost; heartbeats come every 10 s. */
const SILENCE_MS = 35_000;
const BACKOFF_MS = 500;
const BACKOFF_MAX_MS = 15_000;
/** Times in a row that a host may answer with a fault of its own before that is the end. */
const FAULTS_MAX = 8;

/**
 * Watches a run until it is over, and triggers it first when asked to. The connection may break, stall or be refused at any time:
 * it is made again, after the last event that was seen.
 *
 * ```ts
 * const end = await watchRun("/api/jobs/orders/run", { params: { day: "2026-01-31" }, onChange: (run) => show(run.tasks) });
 * if (!end.run.success) alert(end.run.message);
 * // after a reload, with the run's id:
 * await watchRun(`/api/jobs/orders/runs/${runId}`, { onChange });
 * ```
 *
 * @returns what became of the run; a run that failed is no exception.
 * @throws {LakeflowError} with the host's code when it refuses the request (`INVALID_PARAMETERS`, `NOT_FOUND`, …), `INTERRUPTED`
 *   when `signal` ends it, `UNAVAILABLE` when the host keeps failing, `INVALID_ARGUMENT` for an address, a header or a key that no
 *   request can have, `MALFORMED` for an answer that is no run.
 */
export async function watchRun(url: string | URL, options: WatchOptions = {}): Promise<RunEnd> {
  // Nothing is triggered whose changes could not be read afterwards.
  running("watch_run");
  return new Watch(url, options).run();
}

/** What came of one connection. */
type Turn = { end: RunEnd } | { again: number };

class Watch {
  readonly #options: WatchOptions;
  readonly #url: string;
  /** The body of the trigger; `undefined` when there is nothing to trigger (any more). */
  #body: string | undefined;
  readonly #key: string;
  readonly #stop = new AbortController();
  #runId: Id | undefined;
  #lastId: string;
  #last: RunView | undefined;
  #faults = 0;
  #tries = 0;
  #retry: number | undefined;

  constructor(url: string | URL, options: WatchOptions) {
    this.#options = options;
    this.#url = String(url);
    this.#lastId = options.lastEventId ?? "";
    this.#key = options.idempotencyKey ?? newKey();
    this.#sendable();
    if (options.trigger || options.params !== undefined) {
      const body = options.params === undefined ? {} : { params: options.params };
      this.#body = textOf(body, "watch_run", "INVALID_PARAMETERS");
      // Only a run has events: who brings one back does not trigger.
      if (this.#lastId !== "") this.#known(runOf(this.#lastId));
    }
  }

  /** What no request can have is told at once: `fetch` fails for it as it does without a network. */
  #sendable(): void {
    let told: string | undefined;
    if (!/^[\w.:-]{1,44}$/.test(this.#key)) {
      told = `the idempotency key ${JSON.stringify(this.#key)} is not 1 to 44 letters, digits, "-", "_", "." and ":"`;
    }
    try {
      const headers = new Headers({ ...this.#options.headers, "last-event-id": this.#lastId });
      // A fetch of the caller's may take other addresses.
      if (!this.#options.fetch) new Request(this.#url, { headers });
    } catch (cause) {
      told = `no request can be sent: ${cause instanceof Error ? cause.message : String(cause)}`;
    }
    if (told !== undefined) throw this.#error("INVALID_ARGUMENT", told, {});
  }

  async run(): Promise<RunEnd> {
    const { signal } = this.#options;
    const stop = () => this.#stop.abort();
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop);
    try {
      for (;;) {
        this.#check();
        const turn = await this.#turn();
        if ("end" in turn) return turn.end;
        if (!this.#stop.signal.aborted) this.#options.onConnection?.("lost");
        await this.#pause(turn.again);
      }
    } finally {
      signal?.removeEventListener("abort", stop);
      this.#stop.abort();
    }
  }

  #check(): void {
    if (!this.#stop.signal.aborted) return;
    const message = "the watch was ended; the run goes on";
    throw this.#error("INTERRUPTED", message, { cause: this.#options.signal?.reason });
  }

  /** Once the run is known it is never triggered again. */
  #known(runId: Id | undefined): void {
    if (runId === undefined || this.#runId !== undefined) return;
    this.#runId = runId;
    this.#body = undefined;
    this.#options.onStart?.(runId);
  }

  #address(): string {
    let url = this.#url;
    if (this.#runId !== undefined) url = url.replace(/\/run\/?(?=$|\?|#)/, `/runs/${this.#runId}`);
    return /[?&]stream=true\b/.test(url) ? url : url + (url.includes("?") ? "&" : "?") + "stream=true";
  }

  /** One connection, from the request to its end. */
  async #turn(): Promise<Turn> {
    const connection = new AbortController();
    const stop = () => connection.abort();
    this.#stop.signal.addEventListener("abort", stop);
    let silence: ReturnType<typeof setTimeout> | undefined;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(stop, SILENCE_MS);
    };
    try {
      this.#options.onConnection?.("connecting");
      heard();
      let response: Response;
      try {
        response = await this.#request(connection.signal);
      } catch {
        return this.#later();
      }
      heard();
      if (!response.ok) return await this.#refused(response);
      if (response.status === 204) return this.#ended();
      const type = response.headers.get("content-type") ?? "";
      if (!type.includes("text/event-stream")) return await this.#whole(response, type);
      this.#options.onConnection?.("open");
      return await this.#read(response, heard);
    } finally {
      clearTimeout(silence);
      this.#stop.signal.removeEventListener("abort", stop);
      connection.abort();
    }
  }

  #request(signal: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { accept: "text/event-stream, application/json", ...this.#options.headers };
    if (this.#lastId !== "") headers["last-event-id"] = this.#lastId;
    const init: RequestInit = { headers, signal, cache: "no-store" };
    if (this.#body !== undefined) {
      headers["content-type"] = "application/json";
      headers["idempotency-key"] = this.#key;
      Object.assign(init, { method: "POST", body: this.#body });
    }
    return (this.#options.fetch ?? fetch)(this.#address(), init);
  }

  async #read(response: Response, heard: () => void): Promise<Turn> {
    const reader = new EventReader(this.#lastId);
    const body = response.body?.getReader();
    if (!body) return this.#later();
    for (;;) {
      let piece: ReadableStreamReadResult<Uint8Array>;
      try {
        piece = await body.read();
      } catch {
        break;
      }
      if (piece.done) break;
      heard();
      let events: ServerEvent[];
      try {
        events = reader.push(piece.value);
      } catch (cause) {
        throw this.#error("LIMIT_EXCEEDED", cause instanceof Error ? cause.message : String(cause), { cause });
      }
      this.#retry = reader.retry;
      for (const event of events) {
        const turn = this.#event(event);
        if (turn) return turn;
      }
    }
    return this.#later();
  }

  #event({ event, data, id }: ServerEvent): Turn | undefined {
    if (event !== "message" && event !== "started" && event !== "error") return undefined;
    const told = this.#document(data, `the event "${event}"`);
    if (event === "error") return this.#fault(told);
    this.#known(told.runId ?? told.run?.run_id);
    if (id !== "" && runOf(id) !== undefined) this.#lastId = id;
    this.#faults = this.#tries = 0;
    if (event === "started" || !told.run) return undefined;
    return this.#show(told.run, told.timestamp, told);
  }

  #show(run: object, now: number | undefined, told: Told): Turn | undefined {
    const view = new RunView(run, now);
    this.#known(view.runId);
    this.#last = view;
    this.#options.onChange?.(view);
    if (!view.terminal) return undefined;
    return { end: { run: view, outcome: told.outcome ?? null, failures: told.failures ?? [] } };
  }

  /** An error event: the host's wait is over, the run is not. */
  #fault(told: Told): Turn {
    this.#known(told.runId);
    const { code = "INTERNAL_ERROR", error = "the host failed" } = told;
    if (code === "TIMEOUT" || code === "STREAM_EVICTED") return this.#later();
    if (this.#runId === undefined || told.status === 404 || told.status === 403) {
      throw this.#error(told.status === 404 ? "NOT_FOUND" : "UNAVAILABLE", error, {});
    }
    return this.#failing(error);
  }

  /** The whole run instead of a stream: a host without streams for runs that are there. It is asked again. */
  async #whole(response: Response, type: string): Promise<Turn> {
    const text = await response.text().catch(() => undefined);
    // It was cut off on its way.
    if (text === undefined) return this.#later();
    const told = this.#document(text, `the answer of ${this.#address()} (${type || "no content type"}, no stream of events)`);
    const run = told.run ?? told;
    this.#known(told.runId);
    if ((run as { run_id?: Id }).run_id === undefined) {
      if (told.runId !== undefined) return this.#later();
      throw this.#error("MALFORMED", "the answer is neither a stream of events nor a run", {});
    }
    this.#faults = this.#tries = 0;
    this.#options.onConnection?.("open");
    return this.#show(run, undefined, told) ?? { again: BACKOFF_MS * 2 };
  }

  /** The host says that the end was told before: it tells it again to who has seen nothing yet. */
  #ended(): Turn {
    if (this.#last?.terminal) return { end: { run: this.#last, outcome: null, failures: [] } };
    this.#lastId = "";
    return this.#failing("the host has no more to tell, and never told the end");
  }

  /** The object that a text of the host's is. */
  #document(text: string, what: string): Told {
    let told: unknown;
    let cause: unknown;
    try {
      told = parse<unknown>(text, "text");
    } catch (thrown) {
      cause = thrown;
    }
    if (typeof told === "object" && told !== null) return told;
    throw this.#error("MALFORMED", `${what} is not a document in JSON`, { cause });
  }

  async #refused(response: Response): Promise<Turn> {
    const told = await response
      .text()
      .then((text) => this.#document(text, "the refusal"))
      .catch((): Told => ({}));
    const message = typeof told.error === "string" ? told.error : `the host answered with status ${response.status}`;
    const passing = response.status === 429 || response.status >= 500;
    if (passing) {
      const after = Number(response.headers.get("retry-after"));
      return this.#failing(message, Number.isFinite(after) && after > 0 ? after * 1000 : undefined);
    }
    const code = (typeof told.code === "string" ? told.code : CODES[response.status]) ?? "INVALID_ARGUMENT";
    const problems = Array.isArray(told.details) ? told.details : [];
    throw new LakeflowError({
      code: code as ErrorCode,
      operation: "watch_run",
      message,
      context: { status: String(response.status) },
      problems: problems.map((found) => ({ code: "violation", severity: "error", ...(found as Violated) })),
    });
  }

  #failing(message: string, after?: number): Turn {
    this.#faults += 1;
    if (this.#faults > FAULTS_MAX) throw this.#error("UNAVAILABLE", message, {});
    const turn = this.#later();
    return after === undefined ? turn : { again: Math.min(after, 60_000) };
  }

  /** The next try, further away each time and not in step with other pages. */
  #later(): { again: number } {
    const wait = Math.min((this.#retry ?? BACKOFF_MS) * 2 ** this.#tries, BACKOFF_MAX_MS);
    this.#tries += 1;
    return { again: wait * (0.75 + Math.random() / 2) };
  }

  /** Waits; a network that comes back ends the wait. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        globalThis.removeEventListener?.("online", done);
        this.#stop.signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      globalThis.addEventListener?.("online", done);
      this.#stop.signal.addEventListener("abort", done);
      if (this.#stop.signal.aborted) done();
    });
  }

  #error(code: ErrorCode, message: string, options: ErrorOptions): LakeflowError {
    const context: Record<string, string> = this.#runId === undefined ? {} : { run_id: String(this.#runId) };
    return new LakeflowError({ code, operation: "watch_run", message, context }, options);
  }
}

interface Violated {
  path: string;
  message: string;
}

/** What events and answers hold. */
interface Told {
  run?: { run_id?: Id } & object;
  runId?: Id;
  timestamp?: number;
  outcome?: string;
  failures?: RunFailure[];
  error?: string;
  code?: string;
  status?: number;
  details?: unknown;
}

/** Codes for answers that bring none. */
const CODES: Record<number, ErrorCode> = { 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND" };

/** The run that an event's id names. */
function runOf(eventId: string): Id | undefined {
  return /^(?:run|end)-(\d+)-/.exec(eventId)?.[1];
}

/** A key for one intent; `randomUUID` is there on secure pages only. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
