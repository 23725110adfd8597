// How long this package works in one turn of the event loop: a thousand waits that begin or change at once must not hold up
// what else the app does. What does not fit goes on in the next turn, in the order in which it came.

/** Milliseconds of one turn. */
const SHARE_MS = 4;

/** What is let go at once: most of its work comes after whoever asks has asked for all, when no time has been seen to pass. */
const AT_ONCE = 32;

/** The turns of the event loop. */
export class Turns {
  #until = 0;
  #let = 0;
  #queue: (() => void)[] = [];

  /** Nothing when this turn has time left; else a promise that is kept in a later one. */
  take(): Promise<void> | undefined {
    const now = performance.now();
    if (this.#queue.length === 0) {
      if (now < this.#until && this.#let < AT_ONCE) {
        this.#let += 1;
        return undefined;
      }
      // Nothing was asked for so long that whatever held up the loop meanwhile was not this. A turn that is over is not
      // noticed otherwise: to be told of each would cost as much as a small request.
      if (now > this.#until + SHARE_MS) {
        this.#until = now + SHARE_MS;
        this.#let = 1;
        return undefined;
      }
    }
    return new Promise((resolve) => {
      if (this.#queue.push(resolve) === 1) setImmediate(this.#next);
    });
  }

  #next = async (): Promise<void> => {
    const queue = this.#queue;
    this.#until = performance.now() + SHARE_MS;
    this.#let = 0;
    let done = 0;
    while (done < queue.length && performance.now() < this.#until) {
      queue[done]?.();
      done += 1;
      // What was let go runs before the time is looked at again.
      await null;
    }
    queue.splice(0, done);
    if (queue.length > 0) setImmediate(this.#next);
  };
}
