// The other side of the door of the modules that a page loads (`bindings/wasm/src/small.rs`): texts into their memory and out of it,
// and what they ask of JavaScript: decimals, and the tables of Unicode. RegExp is asked about one character at a time, which is
// quick whatever the pattern is.

import type { Glue, SchemaHandle } from "../core.js";

interface Module {
  memory: WebAssembly.Memory;
  start(): void;
  room(bytes: number): number;
  call(...texts: number[]): number;
  compile(...numbers: number[]): number;
  validate(schema: number, ...text: number[]): number;
  check(schema: number, ...text: number[]): number;
  warnings(schema: number): void;
  rules(): void;
  free(schema: number): void;
}

const encoder = new TextEncoder();
// A text may begin with the character that marks an order of bytes.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The glue of a module. */
export interface Door extends Glue {
  /** JSON text of the names of the rules that the module carries. */
  rules(): string;
}

/** The glue of the module with this name, which is to be started. */
export function door(name: "params" | "full"): Door {
  let module: Module;
  /** What the module told last. */
  let told = "";
  /** The expressions by number, each kept once and for good; there are some hundreds of properties. */
  const known: RegExp[] = [];

  const bytes = (from: number, length: number) => new Uint8Array(module.memory.buffer, from, length);
  const read = (from: number, length: number) => decoder.decode(bytes(from, length));

  const host = {
    tell(from: number, length: number) {
      told = read(from, length);
    },
    number: (from: number, length: number) => Number(read(from, length)),
    decimal: (value: number, into: number) => encoder.encodeInto(String(value), bytes(into, 32)).written,
    property(from: number, length: number) {
      const source = read(from, length);
      const number = known.findIndex((regex) => regex.source === source);
      if (number >= 0) return number;
      try {
        return known.push(new RegExp(source, "u")) - 1;
      } catch {
        return -1;
      }
    },
    has: (number: number, c: number) => Number(known[number]?.test(String.fromCodePoint(c))),
  };

  /** Writes a text into the module, which owns it from then on: where it is, its bytes, the room that it has. */
  function give(text: string): [number, number, number] {
    // Each unit becomes at most three bytes.
    const room = text.length * 3;
    const place = module.room(room);
    // The memory may have grown, so that it is looked at only now.
    return [place, encoder.encodeInto(text, bytes(place, room)).written, room];
  }

  /** What was told, thrown when it is an error. */
  function answer(failed: boolean): string {
    const text = told;
    told = "";
    if (failed) throw text;
    return text;
  }

  const forgotten = new FinalizationRegistry<number>((schema) => module.free(schema));

  /** A compiled schema of the module. */
  class Schema implements SchemaHandle {
    #at: number;

    constructor(schema: string, annotate = false, resources?: string) {
      const documents = resources === undefined ? [0, 0, 0] : give(resources);
      this.#at = module.compile(...give(schema), Number(annotate), ...documents);
      answer(this.#at === 0);
      forgotten.register(this, this.#at, this);
    }

    get #place(): number {
      if (this.#at === 0) throw new Error("the schema was freed");
      return this.#at;
    }

    validate(params: string): string {
      return answer(module.validate(this.#place, ...give(params)) === 1);
    }

    isValid(params: string): boolean {
      const valid = module.check(this.#place, ...give(params));
      answer(valid === 2);
      return valid === 1;
    }

    warnings(): string {
      module.warnings(this.#place);
      return answer(false);
    }

    free(): void {
      if (this.#at === 0) return;
      forgotten.unregister(this);
      module.free(this.#at);
      this.#at = 0;
    }
  }

  /** Calls a rule of the core with JSON text. */
  function callRule(rule: string, input: string): string {
    return answer(module.call(...give(rule), ...give(input)) === 1);
  }

  /** JSON text of the names of the rules that the module carries. */
  function rules(): string {
    module.rules();
    return answer(false);
  }

  /** Starts the module. */
  async function start({ module_or_path }: { module_or_path: WebAssembly.Module }): Promise<void> {
    const instance = await WebAssembly.instantiate(module_or_path, { [name]: host });
    module = instance.exports as unknown as Module;
    module.start();
  }

  return { Schema, callRule, rules, default: start };
}
