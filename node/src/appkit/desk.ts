// Where answers and events of the core arrive. They come in batches: JavaScript is woken once, and takes as many as the turn of
// the event loop has time for.

import type native from "../../native/index.cjs";
import { LakeflowError } from "../errors.js";
import { Turns } from "./turns.js";

/** Taken out of the core at once. */
const BATCH = 16;
/** Longer than any process lives; a timer that only keeps the process alive. */
const EVER_MS = 0x7fff_ffff;

interface Awaited {
  operation: string;
  resolve(told: native.Told): void;
  reject(error: Error): void;
}

/** The answers under way of one gateway. */
export class Desk {
  readonly turns = new Turns();
  readonly #awaited = new Map<number, Awaited>();
  #take: (most: number) => native.Told[] = () => [];
  #ticket = 0;
  #busy = false;
  #alive: NodeJS.Timeout | undefined;

  /** To be called by the core when it has something. */
  readonly wake = (): void => {
    if (this.#busy) return;
    this.#busy = true;
    void this.#deliver();
  };

  /** Where to take answers from. */
  open(take: (most: number) => native.Told[]): void {
    this.#take = take;
  }

  /** A ticket for one request, whose answer comes under it. */
  ticket(): number {
    this.#ticket = this.#ticket === 0xffff_ffff ? 1 : this.#ticket + 1;
    return this.#ticket;
  }

  /** What comes next under a ticket. */
  await(ticket: number, operation: string): Promise<native.Told> {
    return new Promise((resolve, reject) => {
      this.#awaited.set(ticket, { operation, resolve, reject });
      if (this.#awaited.size > 1) return;
      // The core's side keeps no process alive; somebody who waits does.
      this.#alive ??= setInterval(() => {}, EVER_MS);
      this.#alive.ref();
    });
  }

  /** Nothing comes under a ticket after all. */
  forget(ticket: number): void {
    this.#awaited.delete(ticket);
    if (this.#awaited.size === 0) this.#alive?.unref();
  }

  async #deliver(): Promise<void> {
    for (;;) {
      const batch = this.#take(BATCH);
      if (batch.length === 0) break;
      for (const told of batch) {
        const pause = this.turns.take();
        if (pause) await pause;
        this.#hand(told);
        // Whoever waited goes on before the time is looked at again.
        await null;
      }
    }
    this.#busy = false;
  }

  #hand(told: native.Told): void {
    const awaited = this.#awaited.get(told.ticket);
    if (!awaited) return;
    this.forget(told.ticket);
    const { operation, resolve, reject } = awaited;
    if (told.status !== undefined || told.error === undefined) return resolve(told);
    reject(new LakeflowError({ code: "INTERNAL", operation, message: told.error }));
  }
}
