// Long answers come from the core in pieces, each in its own share of a turn, so that the event loop goes on meanwhile.

/** What a piece of a document holds: items of the list at this place. */
interface Slice {
  at: string[];
  items: unknown[];
}

/** A document that is put together again. */
export class Assembly {
  readonly #document: unknown;
  /** Pieces that are still to come. */
  left: number;

  constructor(head: string, pieces: number) {
    this.#document = JSON.parse(head);
    this.left = pieces;
  }

  /** Takes a piece; true when it was the last. */
  add(text: string): boolean {
    const { at, items } = JSON.parse(text) as Slice;
    let list = this.#document as never;
    for (const name of at) list = list[name] as never;
    for (const item of items) (list as unknown[]).push(item);
    this.left -= 1;
    return this.left === 0;
  }

  /** The whole. */
  document(): unknown {
    return this.#document;
  }
}
