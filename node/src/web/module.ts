// Loads a WebAssembly module and says in plain words why it cannot be loaded. Knows nothing of what the modules do.

import { LakeflowError } from "../errors.js";

/** Where a module comes from: its address, an answer of `fetch`, its bytes, or the module itself. */
export type ModuleSource = FileSource | WebAssembly.Module;

type FileSource = string | URL | Request | Response | ArrayBuffer | Uint8Array<ArrayBuffer>;

/** The longest time that the file of a module may take to arrive, in milliseconds. */
const LOAD_MS = 60_000;

/** Compiles a module. Rejects with a {@link LakeflowError} that says what to do. */
export async function compile(source: ModuleSource, signal?: AbortSignal): Promise<WebAssembly.Module> {
  if (typeof WebAssembly !== "object" || typeof WebAssembly.compile !== "function") {
    throw failed("UNSUPPORTED", "there is no WebAssembly here; the browser is too old, or it is switched off (lockdown mode)");
  }
  if (source instanceof WebAssembly.Module) return source;
  const { bytes, from, type } = await bytesOf(source as FileSource, signal);
  if (!isWasm(bytes)) {
    const served = type ? `, served as ${type}` : "";
    throw failed(
      "MALFORMED",
      `${from} is not a WebAssembly module${served}: the file must be served as it is, as application/wasm ` +
        "(the start page of an application may have answered in its place)",
    );
  }
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    const advice = /content security|csp|unsafe-eval/i.test(text)
      ? "; allow it with script-src 'self' 'wasm-unsafe-eval'"
      : "; the file may have been cut off, or be of another version";
    throw failed("UNSUPPORTED", `${from} cannot be compiled: ${text}${advice}`, cause);
  }
}

interface Bytes {
  bytes: Uint8Array<ArrayBuffer>;
  /** For messages. */
  from: string;
  type: string | null;
}

async function bytesOf(source: FileSource, signal: AbortSignal | undefined): Promise<Bytes> {
  if (source instanceof ArrayBuffer) return { bytes: new Uint8Array(source), from: "what was given", type: null };
  if (ArrayBuffer.isView(source)) return { bytes: source, from: "what was given", type: null };
  if (source instanceof Response) return answered(source, source.url || "the answer that was given");
  const from = source instanceof Request ? source.url : String(source);
  if (from.startsWith("file:")) return fromDisk(from);
  const limit = AbortSignal.timeout(LOAD_MS);
  let response: Response;
  try {
    response = await fetch(source, { signal: signal ? AbortSignal.any([signal, limit]) : limit });
    return await answered(response, from);
  } catch (cause) {
    if (cause instanceof LakeflowError) throw cause;
    if (signal?.aborted) throw failed("INTERRUPTED", `loading ${from} was called off`, cause);
    const late = limit.aborted ? ` within ${LOAD_MS / 1000} s` : "";
    throw failed("UNREACHABLE", `${from} cannot be fetched${late}: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

async function answered(response: Response, from: string): Promise<Bytes> {
  if (!response.ok) {
    const code = response.status === 404 ? "NOT_FOUND" : "UNREACHABLE";
    throw failed(code, `${from} was answered with status ${response.status}; is the file where the package has it?`);
  }
  const type = response.headers.get("content-type");
  return { bytes: new Uint8Array(await response.arrayBuffer()), from, type };
}

/** In Node.js, whose `fetch` does not read files. */
async function fromDisk(from: string): Promise<Bytes> {
  const builtin = (globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }).process?.getBuiltinModule;
  const files = builtin?.("node:fs/promises") as { readFile(path: URL): Promise<Uint8Array<ArrayBuffer>> } | undefined;
  if (!files) throw failed("UNREACHABLE", `${from} is a file, which a page cannot read; serve the page over http`);
  try {
    return { bytes: await files.readFile(new URL(from)), from, type: null };
  } catch (cause) {
    throw failed("NOT_FOUND", `${from} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

function isWasm(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;
}

function failed(code: "UNSUPPORTED" | "MALFORMED" | "UNREACHABLE" | "NOT_FOUND" | "INTERRUPTED", message: string, cause?: unknown) {
  return new LakeflowError({ code, operation: "init", message }, cause === undefined ? undefined : { cause });
}
