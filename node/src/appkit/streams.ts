// What all open streams share, so that a thousand of them cost one timer: heartbeats. Knows nothing of events.

import type { ServerResponse } from "node:http";
import { addon } from "../addon.js";

/** A heartbeat that is due is sent within so many milliseconds. */
const LOOK_MS = 250;

/** Streams that a look serves, and one of so many when that is more: where a thousand are due at once the event loop goes on. */
const AT_ONCE = 64;
const PART = 20;

/** Heartbeats of open streams. */
export class Heartbeats {
  /** When something was sent last, the longest ago first. */
  readonly #streams = new Map<ServerResponse, number>();
  #timer: NodeJS.Timeout | undefined;
  /** The core's: what is sent, and when nothing else was for how long. */
  #beat: { frame: string; afterMs: number } | undefined;

  /** Something was sent; also the stream was opened. */
  sent(response: ServerResponse): void {
    this.#streams.delete(response);
    this.#streams.set(response, performance.now());
    // A stream that is open keeps the process alive by its connection.
    this.#timer ??= setInterval(this.#look, LOOK_MS).unref();
  }

  /** The stream is over. */
  over(response: ServerResponse): void {
    this.#streams.delete(response);
    if (this.#streams.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  readonly #look = (): void => {
    const { frame, afterMs } = (this.#beat ??= JSON.parse(addon().gatewayHeartbeat()) as { frame: string; afterMs: number });
    const now = performance.now();
    let left = Math.max(AT_ONCE, this.#streams.size / PART);
    for (const [response, sent] of this.#streams) {
      if (now - sent < afterMs || left <= 0) return;
      left -= 1;
      // What was not taken yet keeps the connection open as well as a comment would.
      if (!response.destroyed && !response.writableNeedDrain) response.write(frame);
      this.sent(response);
    }
  };
}
