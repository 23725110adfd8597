// A wait for the end of a run.

import type native from "../native/index.cjs";
import { type LakeflowError, RunFailedError, type Told, errorFrom, errorOf } from "./errors.js";
import { Run } from "./run.js";
import type { CallOptions, Id, TaskChange, TaskFailure, Verdict } from "./types.js";

/** How a run is waited for. */
export interface WaitOptions extends Pick<CallOptions, "signal"> {
  /** The wait ends after so many milliseconds with code `WAIT_TIMED_OUT`; without it, it takes as long as the run. */
  timeoutMs?: number | undefined;
  /** Cancel the run when the time-out comes; without it the run goes on. */
  cancelOnTimeout?: boolean | undefined;
  /** Cancel the run when the signal is used, or when {@link RunWait.stop} is; without it the run goes on. */
  cancelOnAbort?: boolean | undefined;
}

/** The run, a task or an attempt is not where it was. */
export interface RunUpdate {
  run: Run;
  /** What is new since the update before. */
  changes: TaskChange[];
}

/** How a wait ended. It is never a failure that looks like success: see `isSuccess` and `verdict`. */
export interface RunEnd {
  verdict: Verdict;
  /** True when the run is over and did what it should. */
  isSuccess: boolean;
  /** `null` when it never became known. */
  runId: Id | null;
  /** The run as it was last seen. */
  run: Run | null;
  /** The tasks that failed by themselves, with what they said. */
  failures: TaskFailure[];
  /** Why there is no success: of the run, or of the wait; `null` with success. */
  error: LakeflowError | null;
}

interface StartedText {
  kind: "started";
  runId: Id;
}
interface ChangedText {
  kind: "changed";
  changes: TaskChange[];
}
interface EndedText {
  kind: "ended";
  runId: Id | null;
  verdict: Verdict;
  isSuccess: boolean;
  failures: TaskFailure[];
  error: Told | null;
}

/**
 * A wait under way: iterate over it to hear of changes, or ask for its end. It begins when it is first asked something.
 *
 * ```ts
 * for await (const { run } of jobs.job("etl").runAndWait({ day: "2026-01-01" })) console.log(run.state);
 *
 * await using waiting = jobs.wait(runId); // leaving the block stops the wait; the run goes on
 * const end = await waiting.end();
 * ```
 */
export class RunWait implements AsyncIterable<RunUpdate>, AsyncDisposable {
  readonly #begin: () => Promise<native.WaitHandle>;
  readonly #signal: AbortSignal | undefined;
  #wait: Promise<native.WaitHandle> | undefined;
  #pump: Promise<RunEnd> | undefined;
  #runId: Id | null = null;
  #latest: RunUpdate | undefined;
  #over = false;
  readonly #listeners = new Set<(update: RunUpdate | null) => void>();
  #stopped = false;
  readonly #started = withResolvers<Id>();

  /** @internal */
  constructor(begin: () => Promise<native.WaitHandle>, signal: AbortSignal | undefined) {
    this.#begin = begin;
    this.#signal = signal;
    // Whoever does not ask for the id is not told that there is none.
    this.#started.promise.catch(() => {});
  }

  /** The run, once it is known: for a trigger, once it was accepted. Rejected when the wait ends before. */
  async runId(): Promise<Id> {
    this.#run();
    return this.#started.promise;
  }

  /** How the wait ends. Resolved with every verdict, also with `failed` and `unfinished`: look at `isSuccess`. */
  async end(): Promise<RunEnd> {
    return this.#run();
  }

  /**
   * The run when it succeeded.
   *
   * @throws {RunFailedError} with the failing tasks and what they said, when the run ended otherwise.
   * @throws {LakeflowError} when the wait ended before the run did: `WAIT_TIMED_OUT`, `INTERRUPTED`, `UNREACHABLE`, …
   */
  async result(): Promise<Run> {
    const end = await this.#run();
    if (end.error) throw end.error;
    return end.run as Run;
  }

  /** Ends the wait with code `INTERRUPTED`. The run goes on, unless `cancelOnAbort` was set. */
  stop(): void {
    this.#stopped = true;
    void this.#wait?.then((wait) => wait.stop(), () => {});
  }

  /** Something was heard about the run, for example by a webhook: look at once. */
  notify(): void {
    void this.#wait?.then((wait) => wait.notify(), () => {});
  }

  /**
   * The changes, the newest first state included. A reader that is slow gets the newest state and not a queue of old ones. Ends
   * when the wait does; whether that was success says {@link end}.
   *
   * @throws {LakeflowError} when the wait ended before the run did.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<RunUpdate, RunEnd, void> {
    let pending: RunUpdate | null | undefined = this.#latest;
    let wake: (() => void) | undefined;
    const listener = (update: RunUpdate | null): void => {
      // Changes that were not taken yet are told together with the next.
      if (update && pending) update = { run: update.run, changes: [...pending.changes, ...update.changes] };
      if (update || !pending) pending = update;
      wake?.();
    };
    this.#listeners.add(listener);
    const done = this.#run();
    try {
      for (;;) {
        if (pending) {
          const update = pending;
          pending = undefined;
          yield update;
          continue;
        }
        if (this.#over) break;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      this.#listeners.delete(listener);
      // A loop that is left early leaves the wait to those who still listen.
      if (!this.#over && this.#listeners.size === 0) this.stop();
    }
    const end = await done;
    if (end.verdict === "unfinished" && end.error) throw end.error;
    return end;
  }

  /** Stops the wait and returns when it is over. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#pump === undefined) return;
    this.stop();
    await this.#pump.catch(() => {});
  }

  #run(): Promise<RunEnd> {
    if (this.#pump === undefined) {
      this.#pump = this.#drive();
      // It is heard by those who ask for the end.
      this.#pump.catch(() => {});
    }
    return this.#pump;
  }

  async #drive(): Promise<RunEnd> {
    const stop = (): void => this.stop();
    try {
      this.#signal?.addEventListener("abort", stop, { once: true });
      this.#wait = this.#begin();
      const wait = await this.#wait;
      if (this.#stopped || this.#signal?.aborted) wait.stop();
      for (;;) {
        const event = await wait.next();
        if (event === null) throw new Error("the wait ended without saying how");
        const end = this.#heard(event);
        if (end) return end;
      }
    } catch (thrown) {
      const error = errorFrom(thrown);
      this.#started.reject(error);
      throw error;
    } finally {
      this.#signal?.removeEventListener("abort", stop);
      this.#over = true;
      for (const listener of this.#listeners) listener(null);
    }
  }

  #heard(event: native.WaitEvent): RunEnd | undefined {
    const told = JSON.parse(event.text()) as StartedText | ChangedText | EndedText;
    const found = event.run();
    const run = found === null ? null : new Run(found);
    if (told.kind === "started") {
      this.#runId = told.runId;
      this.#started.resolve(told.runId);
    } else if (told.kind === "changed") {
      if (run) {
        this.#latest = { run, changes: told.changes };
        for (const listener of this.#listeners) listener(this.#latest);
      }
    } else {
      const end = this.#ended(told, run);
      if (this.#runId === null) this.#started.reject(end.error ?? new Error("the run never became known"));
      return end;
    }
    return undefined;
  }

  #ended({ verdict, isSuccess, failures, runId, error: told }: EndedText, run: Run | null): RunEnd {
    const reason = this.#signal?.aborted ? this.#signal.reason : undefined;
    const isOfRun = told?.code === "RUN_FAILED";
    const error = told && (isOfRun ? new RunFailedError(told, { run, verdict, failures }) : errorOf(told, reason));
    return { verdict, isSuccess, runId, run, failures, error };
  }
}

/** What `Promise.withResolvers` gives, which Node.js 20 does not have. */
function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (reason: unknown) => void } {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
