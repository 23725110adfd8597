// How long this package works in one turn of the event loop: a thousand waits that begin or change at once must not hold up
// what else the app does. What does not fit goes on in the next turn, in the order in which it came.

/** Milliseconds of one turn. */
const SHARE_MS = 4;

/** The turns of the event loop. */
export class Turns {
  #until = 0;
  #known = false;
  #queue: (() => void)[] = [];

  /** Nothing when this turn has time left; else a promise that is kept in a later one. */
  take(): Promise<void> | undefined {
    const now = performance.now();
    if (!this.#known) {
      this.#known = true;
      this.#until = now + SHARE_MS;
      setImmediate(this.#next);
      return undefined;
    }
    if (now < this.#until && this.#queue.length === 0) return undefined;
    return new Promise((resolve) => this.#queue.push(resolve));
  }

  #next = async (): Promise<void> => {
    const queue = this.#queue;
    this.#known = queue.length > 0;
    this.#until = performance.now() + SHARE_MS;
    let done = 0;
    while (done < queue.length && performance.now() < this.#until) {
      queue[done]?.();
      done += 1;
      // What was let go runs before the time is looked at again.
      await null;
    }
    queue.splice(0, done);
    if (this.#known) setImmediate(this.#next);
  };
}
