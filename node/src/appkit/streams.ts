// Streams of browsers: what comes of a wait is written as it comes, until the wait or the client is at its end. What all open
// streams share is here too, so that a thousand of them cost one timer: heartbeats.

import type { ServerResponse } from "node:http";
import { addon } from "../addon.js";
import type { Events, Listener } from "./events.js";
import type { AppGateway, Opened } from "./gateway.js";

/** Heartbeats are looked after so often. */
const LOOK_MS = 250;

/** Streams that a look serves, and one of so many when that is more: where a thousand are due at once the event loop goes on. */
const AT_ONCE = 64;
const PART = 20;

/** What the core says of all streams. */
interface Shared {
  headers: Record<string, string>;
  /** What is sent when nothing else was for so many looks. */
  heartbeat: string;
  looks: number;
}

let known: Shared | undefined;
function shared(): Shared {
  if (known) return known;
  const told = JSON.parse(addon().gatewayStream()) as { headers: [string, string][]; frame: string; afterMs: number };
  // What was sent between two looks is as old as the later one at least.
  return (known = { headers: Object.fromEntries(told.headers), heartbeat: told.frame, looks: Math.ceil(told.afterMs / LOOK_MS) + 1 });
}

/** Heartbeats of open streams. Time is counted in looks: a clock that is read for each event costs more. */
class Heartbeats {
  readonly #streams = new Set<EventResponse>();
  #timer: NodeJS.Timeout | undefined;
  /** Looks so far. */
  now = 0;

  open(stream: EventResponse): void {
    this.#streams.add(stream);
    // A stream that is open keeps the process alive by its connection.
    this.#timer ??= setInterval(this.#look, LOOK_MS).unref();
  }

  over(stream: EventResponse): void {
    if (!this.#streams.delete(stream) || this.#streams.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  readonly #look = (): void => {
    this.now += 1;
    const due = this.now - shared().looks;
    let left = Math.max(AT_ONCE, this.#streams.size / PART);
    for (const stream of this.#streams) {
      if (stream.sent > due) continue;
      stream.beat(shared().heartbeat);
      left -= 1;
      if (left <= 0) return;
    }
  };
}

const heartbeats = new Heartbeats();

/** The answer to one request, which may become a stream. */
export class EventResponse implements Listener {
  readonly #gateway: AppGateway;
  readonly #response: ServerResponse;
  readonly #skipsStarted: boolean;
  /** The request, once the core has it. */
  ticket = 0;
  /** The look before something was sent last. */
  sent = 0;
  #stream: Events | undefined;
  /** Something of the stream has left. */
  #delivered = false;
  #began = false;
  #over = false;

  constructor(gateway: AppGateway, response: ServerResponse, skipsStarted: boolean) {
    this.#gateway = gateway;
    this.#response = response;
    this.#skipsStarted = skipsStarted;
    response.on("close", this.#gone);
  }

  /** Sends events until the stream or the client is at its end. */
  open(opened: Opened): void {
    this.#stream = opened.stream;
    // It was closed before there was a stream.
    if (this.#response.destroyed) this.#gone();
    this.#response.writeHead(opened.status, shared().headers);
    this.sent = heartbeats.now;
    heartbeats.open(this);
    opened.stream.listen(this);
    // The head goes with the first event where that is there already.
    if (!this.#began) this.#response.flushHeaders();
  }

  /** The answer is no stream. */
  whole(): void {
    this.#over = true;
  }

  /** Keeps the connection open: what was not taken yet does so as well as a comment would. */
  beat(heartbeat: string): void {
    this.sent = heartbeats.now;
    if (!this.#response.destroyed && !this.#response.writableNeedDrain) this.#response.write(heartbeat);
  }

  frame(frame: string, last: boolean): boolean {
    const response = this.#response;
    if (response.destroyed || (this.#skipsStarted && frame.includes("\nevent: started\n"))) {
      if (last) this.over();
      return true;
    }
    this.#began = true;
    if (last) {
      response.end(frame);
      this.#end();
      return false;
    }
    this.sent = heartbeats.now;
    const hasRoom = this.#delivered ? response.write(frame) : response.write(frame, this.#wrote);
    if (!hasRoom) response.once("drain", () => this.#stream?.room());
    return hasRoom;
  }

  over(): void {
    this.#began = true;
    this.#response.end();
    this.#end();
  }

  #end(): void {
    this.#over = true;
    heartbeats.over(this);
    this.#stream?.close(!this.#delivered);
  }

  readonly #wrote = (error: Error | null | undefined): void => {
    if (!error) this.#delivered = true;
  };

  /** The client has gone. The wait ends with the connection; the run goes on. */
  readonly #gone = (): void => {
    if (this.#over) return;
    if (this.#stream) this.#stream.close(!this.#delivered);
    else if (this.ticket !== 0) this.#gateway.leave(this.ticket);
  };
}
