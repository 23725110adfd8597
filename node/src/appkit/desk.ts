// Where answers and events of the core arrive. They come in batches: JavaScript is woken once, and takes as many as the turn of
// the event loop has time for.

import type native from "../../native/index.cjs";
import { LakeflowError } from "../errors.js";
import { Events } from "./events.js";
import { Assembly } from "./pieces.js";
import { Turns } from "./turns.js";

/** Taken out of the core at once. */
const BATCH = 16;
/** Values of one answer or event: ticket, status with bits beside it, text, what few have. */
const CELLS = 4;
const STATUS = 0xffff;
const STREAM = 1 << 16;
const OVER = 1 << 17;
const KEPT = Promise.resolve();
/** Longer than any process lives; a timer that only keeps the process alive. */
const EVER_MS = 0x7fff_ffff;

/** A whole answer. */
export interface Reply {
  status: number;
  headers: [string, string][];
  /** JSON text, or nothing. */
  body: string | null;
  /** Of a long answer: its document for programs, the pieces of its text for others. */
  document?: unknown;
  pieces?: string[];
  error: string | null;
}

/** A stream that was opened; its headers are those of all. */
export interface Opened {
  stream: Events;
  status: number;
}

/** A long answer, of which some has come. */
interface Long {
  reply: Reply;
  document?: Assembly;
  pieces: string[];
  count: number;
}

interface Awaited {
  operation: string;
  long: Long | undefined;
  resolve(answer: Reply | Opened): void;
  reject(error: Error): void;
}

/** The answers under way of one gateway. */
export class Desk {
  readonly turns = new Turns();
  readonly #awaited = new Map<number, Awaited>();
  /** Those that are open. */
  readonly #streams = new Map<number, Events>();
  /** A stream that opens is to end at once. */
  #ended = false;
  #gateway: native.AppGateway | undefined;
  #ticket = 0;
  #busy = false;
  #batch: native.Cell[] = [];
  /** What of the batch comes next. */
  #place = 0;
  #holds = 0;
  #alive: NodeJS.Timeout | undefined;

  /** To be called by the core when it has something. */
  readonly wake = (): void => {
    if (this.#busy) return;
    this.#busy = true;
    this.#deliver();
  };

  /** Where to take answers from. */
  open(gateway: native.AppGateway): void {
    this.#gateway = gateway;
  }

  /** A ticket for one request, whose answer comes under it. */
  ticket(): number {
    this.#ticket = this.#ticket === 0xffff_ffff ? 1 : this.#ticket + 1;
    return this.#ticket;
  }

  /** What comes under a ticket. */
  await(ticket: number, operation: string): Promise<Reply | Opened> {
    this.hold();
    return new Promise((resolve, reject) => this.#awaited.set(ticket, { operation, long: undefined, resolve, reject }));
  }

  /** Nothing comes under a ticket after all. */
  forget(ticket: number): void {
    if (this.#awaited.delete(ticket)) this.release();
  }

  /** Somebody waits: the core's side keeps no process alive, but that does. */
  hold(): void {
    this.#holds += 1;
    if (this.#holds > 1) return;
    this.#alive ??= setInterval(() => {}, EVER_MS);
    this.#alive.ref();
  }

  /** Somebody waits no more. */
  release(): void {
    this.#holds -= 1;
    if (this.#holds === 0) this.#alive?.unref();
  }

  /** Ends all streams, those as well that are not open yet. */
  end(): void {
    this.#ended = true;
    for (const stream of this.#streams.values()) stream.close(false);
  }

  /** Hands out what has come, until there is nothing left, or no time in this turn. */
  readonly #deliver = (): void => {
    while (this.#place < this.#batch.length || this.#take()) {
      const pause = this.turns.take();
      if (pause) return void pause.then(this.#next);
      // Whoever waited goes on before the time is looked at again.
      if (this.#hand()) return this.#afterwards();
    }
    this.#busy = false;
  };

  /** The next one has its turn. */
  readonly #next = (): void => {
    if (this.#hand()) this.#afterwards();
    else this.#deliver();
  };

  /** Goes on behind those who were handed something. `queueMicrotask` would make a resource of its own each time. */
  #afterwards(): void {
    void KEPT.then(this.#deliver);
  }

  #take(): boolean {
    this.#batch = this.#gateway?.take(BATCH) ?? [];
    this.#place = 0;
    return this.#batch.length > 0;
  }

  /** Hands out the next one; true when somebody goes on in a microtask. */
  #hand(): boolean {
    const [batch, place] = [this.#batch, this.#place];
    this.#place = place + CELLS;
    const ticket = batch[place] as number;
    const over = ((batch[place + 1] as number) & OVER) !== 0;
    const text = batch[place + 2] as string | undefined;
    const stream = this.#streams.get(ticket);
    if (!stream) return this.#answer(ticket, batch[place + 1] as number, text, batch[place + 3] as string | undefined);
    if (over) this.#streams.delete(ticket);
    return stream.push(text, over);
  }

  #answer(ticket: number, bits: number, text: string | undefined, few: string | undefined): boolean {
    const awaited = this.#awaited.get(ticket);
    if (!awaited) return false;
    if (awaited.long) return this.#piece(ticket, awaited, awaited.long, text ?? "");
    if ((bits & STREAM) !== 0) return this.#opened(ticket, awaited, bits, text);
    const more = few === undefined ? undefined : (JSON.parse(few) as native.More);
    const reply: Reply = { status: bits & STATUS, headers: more?.headers ?? [], body: text ?? null, error: more?.error ?? null };
    if (more?.pieces !== undefined) {
      // A program's begins with its document, a browser's with nothing.
      awaited.long = { reply, pieces: [], count: more.pieces, ...(text ? { document: new Assembly(text, more.pieces) } : {}) };
      return false;
    }
    this.forget(ticket);
    if (reply.status !== 0) awaited.resolve(reply);
    else awaited.reject(new LakeflowError({ code: "INTERNAL", operation: awaited.operation, message: reply.error ?? "there is no answer" }));
    return true;
  }

  #opened(ticket: number, awaited: Awaited, bits: number, text: string | undefined): boolean {
    this.forget(ticket);
    const stream = new Events(this.#gateway as native.AppGateway, this, ticket);
    const over = (bits & OVER) !== 0;
    // What follows may come before the one who waits has gone on.
    if (!over) this.#streams.set(ticket, stream);
    if (text !== undefined || over) stream.push(text, over);
    if (this.#ended) stream.close(false);
    awaited.resolve({ stream, status: bits & STATUS });
    return true;
  }

  /** A part of a long answer. */
  #piece(ticket: number, awaited: Awaited, long: Long, text: string): boolean {
    if (long.document) {
      if (!long.document.add(text)) return false;
      long.reply.document = long.document.document();
    } else {
      if (long.pieces.push(text) < long.count) return false;
      long.reply.pieces = long.pieces;
    }
    long.reply.body = null;
    this.forget(ticket);
    awaited.resolve(long.reply);
    return true;
  }
}
