// Where answers and events of the core arrive. They come in batches: JavaScript is woken once, and takes as many as the turn of
// the event loop has time for.

import type native from "../../native/index.cjs";
import { LakeflowError } from "../errors.js";
import { Events } from "./events.js";
import { Assembly } from "./pieces.js";
import { Turns } from "./turns.js";

/** Taken out of the core at once. */
const BATCH = 16;
/** Longer than any process lives; a timer that only keeps the process alive. */
const EVER_MS = 0x7fff_ffff;

/** An answer; one that opens a stream has it beside, and a long one its document or its pieces. */
export interface Answered {
  told: native.Told;
  stream?: Events | undefined;
  document?: unknown;
  pieces?: string[];
}

interface Awaited {
  operation: string;
  /** What of a long answer has come. */
  long?: { told: native.Told; document?: Assembly; pieces: string[] };
  resolve(answered: Answered): void;
  reject(error: Error): void;
}

/** The answers under way of one gateway. */
export class Desk {
  readonly turns = new Turns();
  readonly #awaited = new Map<number, Awaited>();
  readonly #streams = new Map<number, Events>();
  #gateway: native.AppGateway | undefined;
  #ticket = 0;
  #busy = false;
  #holds = 0;
  #alive: NodeJS.Timeout | undefined;

  /** To be called by the core when it has something. */
  readonly wake = (): void => {
    if (this.#busy) return;
    this.#busy = true;
    void this.#deliver();
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
  await(ticket: number, operation: string): Promise<Answered> {
    this.hold();
    return new Promise((resolve, reject) => this.#awaited.set(ticket, { operation, resolve, reject }));
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

  async #deliver(): Promise<void> {
    for (;;) {
      const batch = this.#gateway?.take(BATCH) ?? [];
      if (batch.length === 0) break;
      for (const told of batch) {
        const pause = this.turns.take();
        if (pause) await pause;
        // Whoever waited goes on before the time is looked at again.
        if (this.#hand(told)) await null;
      }
    }
    this.#busy = false;
  }

  /** True when somebody goes on in a microtask. */
  #hand(told: native.Told): boolean {
    const { ticket } = told;
    const stream = this.#streams.get(ticket);
    if (stream) {
      if (told.over) this.#streams.delete(ticket);
      return stream.push(told.text, told.over === true);
    }
    const awaited = this.#awaited.get(ticket);
    if (!awaited) return false;
    if (told.pieces !== undefined || awaited.long) return this.#piece(awaited, told);
    this.forget(ticket);
    if (told.status === undefined && told.error !== undefined) {
      awaited.reject(new LakeflowError({ code: "INTERNAL", operation: awaited.operation, message: told.error }));
      return true;
    }
    const opened = told.stream && this.#gateway ? new Events(this.#gateway, this, ticket) : undefined;
    if (opened) {
      // What follows may come before the one who waits has gone on.
      if (!told.over) this.#streams.set(ticket, opened);
      if (told.text !== undefined || told.over) opened.push(told.text, told.over === true);
    }
    awaited.resolve({ told, stream: opened });
    return true;
  }

  /** A part of a long answer; a program's begins with its document, a browser's with nothing. */
  #piece(awaited: Awaited, told: native.Told): boolean {
    const { long } = awaited;
    const text = told.text ?? "";
    if (!long) {
      awaited.long = { told, pieces: [], ...(text === "" ? {} : { document: new Assembly(text, told.pieces ?? 0) }) };
      return false;
    }
    if (long.document) {
      if (!long.document.add(text)) return false;
    } else if (long.pieces.push(text) < (long.told.pieces ?? 0)) return false;
    this.forget(told.ticket);
    awaited.resolve(long.document ? { told: long.told, document: long.document.document() } : { told: long.told, pieces: long.pieces });
    return true;
  }
}
