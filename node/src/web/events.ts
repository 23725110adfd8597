// Reads a stream of server-sent events (WHATWG HTML, section 9.2) from bytes that come in any pieces.

/** One event. */
export interface ServerEvent {
  /** `message` where the stream names none. */
  event: string;
  data: string;
  /** The last id that the stream gave, this event's or an earlier one's. */
  id: string;
}

/** Characters of one event; a longer one is refused, so that a page's memory is bounded. */
export const EVENT_MAX = 16 * 1024 * 1024;

/** Makes events out of pieces of a stream. */
export class EventReader {
  readonly #decoder = new TextDecoder();
  #rest = "";
  /** The last piece ended between the two characters of a line end. */
  #afterReturn = false;
  #event = "";
  #data: string[] = [];
  #size = 0;
  #id: string;
  /** Milliseconds that the stream asks to wait before coming back. */
  retry: number | undefined;

  constructor(lastId = "") {
    this.#id = lastId;
  }

  /** The events that a piece completes. Comments, such as heartbeats, complete none. */
  push(bytes: Uint8Array): ServerEvent[] {
    let text = this.#decoder.decode(bytes, { stream: true });
    if (this.#afterReturn && text.startsWith("\n")) text = text.slice(1);
    if (text === "") return [];
    this.#afterReturn = text.endsWith("\r");
    // What is left of earlier pieces holds no line end: only the new text is searched, so that a long line costs its length once.
    const lines = text.split(/\r\n|\n|\r/);
    lines[0] = this.#rest + lines[0];
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length + this.#size > EVENT_MAX) throw new RangeError(`an event is longer than ${EVENT_MAX} characters`);
    const events: ServerEvent[] = [];
    for (const line of lines) {
      const event = this.#line(line);
      if (event) events.push(event);
    }
    return events;
  }

  #line(line: string): ServerEvent | undefined {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return undefined;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") {
      this.#size += value.length + 1;
      if (this.#size > EVENT_MAX) throw new RangeError(`an event is longer than ${EVENT_MAX} characters`);
      this.#data.push(value);
    } else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.retry = Number(value);
    return undefined;
  }

  #dispatch(): ServerEvent | undefined {
    const event = { event: this.#event || "message", data: this.#data.join("\n"), id: this.#id };
    const empty = this.#data.length === 0;
    this.#event = "";
    this.#data = [];
    this.#size = 0;
    return empty ? undefined : event;
  }
}
