// Calls of the addon that an `AbortSignal` can call off.

import type native from "../native/index.cjs";
import { addon } from "./addon.js";
import { LakeflowError, errorFrom } from "./errors.js";

/** The error of a call that its signal called off. */
function aborted(signal: AbortSignal, operation: string): LakeflowError {
  return new LakeflowError({ code: "INTERRUPTED", operation, message: "the call was aborted" }, { cause: signal.reason });
}

/**
 * Carries out a call with a handle that the signal uses. Nothing is begun when the signal was used before; no listener is left
 * behind on a signal that lives on.
 */
export async function abortable<T>(
  signal: AbortSignal | undefined,
  operation: string,
  begin: (abort?: native.Abort) => Promise<T>,
): Promise<T> {
  if (!signal) return settled(begin(), undefined, operation);
  if (signal.aborted) throw aborted(signal, operation);
  const abort = new (addon().Abort)();
  const listener = (): void => abort.abort();
  signal.addEventListener("abort", listener, { once: true });
  try {
    return await settled(begin(abort), signal, operation);
  } finally {
    signal.removeEventListener("abort", listener);
  }
}

async function settled<T>(call: Promise<T>, signal: AbortSignal | undefined, operation: string): Promise<T> {
  try {
    return await call;
  } catch (thrown) {
    const error = errorFrom(thrown);
    if (signal?.aborted && error instanceof LakeflowError && error.code === "INTERRUPTED") {
      const { message, context } = error;
      throw new LakeflowError({ code: "INTERRUPTED", operation, message, context }, { cause: signal.reason });
    }
    throw error;
  }
}

/**
 * Carries out a call that the core cannot call off: its end is not waited for any more, and what comes of it all the same is given to
 * `undo`.
 */
export async function abandonable<T>(
  signal: AbortSignal | undefined,
  operation: string,
  begin: () => Promise<T>,
  undo: (late: T) => unknown,
): Promise<T> {
  if (!signal) return settled(begin(), undefined, operation);
  if (signal.aborted) throw aborted(signal, operation);
  const call = begin();
  let listener: (() => void) | undefined;
  const abort = new Promise<never>((_resolve, reject) => {
    listener = () => {
      reject(aborted(signal, operation));
      call.then(undo).catch(() => {});
    };
    signal.addEventListener("abort", listener, { once: true });
  });
  try {
    return await Promise.race([settled(call, undefined, operation), abort]);
  } finally {
    if (listener) signal.removeEventListener("abort", listener);
  }
}
