// The events of one wait as they come from the core: asked for one by one, or handed to a listener. The core is told when there
// is room for more, so that who reads slowly sees the newest state and not all that were before it.

import type native from "../../native/index.cjs";

/** Frames that a listener has taken before the core is told so. */
const ROOM = 4;

/** Who takes frames as they come. */
export interface Listener {
  /** A frame; `last` when nothing follows. False when no more are wanted before `Events.room()`. */
  frame(text: string, last: boolean): boolean;
  /** The stream is over without a last frame. */
  over(): void;
}

/** Keeps the process alive while somebody waits. */
export interface Holder {
  hold(): void;
  release(): void;
}

/** The events of a wait. */
export class Events {
  readonly #gateway: native.AppGateway;
  readonly #holder: Holder;
  readonly #ticket: number;
  /** What nobody has taken yet; there is none while a listener takes what comes. */
  #queue: string[] | undefined;
  #waiting: ((text: string | null) => void) | undefined;
  #listener: Listener | undefined;
  #taken = 0;
  #over = false;
  #closed = false;

  constructor(gateway: native.AppGateway, holder: Holder, ticket: number) {
    this.#gateway = gateway;
    this.#holder = holder;
    this.#ticket = ticket;
  }

  /** Takes one from the core; true when somebody who waited goes on. */
  push(text: string | undefined, over: boolean): boolean {
    this.#over ||= over;
    if (this.#listener) {
      this.#listen(this.#listener, text, over);
      return false;
    }
    if (text !== undefined && !this.#closed) (this.#queue ??= []).push(text);
    if (!this.#waiting || (!this.#queue?.length && !over)) return false;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#holder.release();
    waiting(this.#shift());
    return true;
  }

  /** The next one as JSON text `{id, event, data}`; `null` at the end. */
  next(): Promise<string | null> {
    if (this.#queue?.length || this.#over) return Promise.resolve(this.#shift());
    this.#holder.hold();
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** Hands what comes to a listener, what has come first. */
  listen(listener: Listener): void {
    this.#listener = listener;
    const queue = this.#queue;
    this.#queue = undefined;
    if (queue) for (const [place, text] of queue.entries()) this.#listen(listener, text, this.#over && place === queue.length - 1);
    else if (this.#over) listener.over();
  }

  /** A listener that wanted no more does again. */
  room(): void {
    this.#taken += 1;
    this.#more();
  }

  /** Ends the stream; what is under way comes as its end. */
  close(undelivered: boolean): void {
    this.#closed = true;
    this.#queue = undefined;
    if (!this.#over) this.#gateway.close(this.#ticket, undelivered);
  }

  #listen(listener: Listener, text: string | undefined, over: boolean): void {
    if (text === undefined || this.#closed) {
      if (over) listener.over();
      return;
    }
    if (!listener.frame(text, over) || over) return;
    this.#taken += 1;
    if (this.#taken >= ROOM) this.#more();
  }

  #shift(): string | null {
    const text = this.#queue?.shift() ?? null;
    this.#taken += 1;
    if (text !== null) this.#more();
    return text;
  }

  #more(): void {
    if (!this.#over) this.#gateway.more(this.#ticket, this.#taken);
    this.#taken = 0;
  }
}
