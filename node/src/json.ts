// JSON text for the addon. `JSON.stringify` turns NaN into null and loses functions silently, and refuses BigInt; here
// what has no form in JSON is told with its place, and a BigInt is written as the integer it is.

import { LakeflowError, invalidArgument } from "./errors.js";
import type { IdLike } from "./types.js";

/** One value that JSON has no form for. */
export interface Unwritable {
  /** JSON Pointer. */
  path: string;
  /** What it is: `NaN`, `function`, `cycle`. */
  type: string;
}

/** Deeper values are not walked; the addon refuses them by its own limit. */
const DEPTH_MAX = 1000;
/** More values are not walked: objects that hold one another twice may be a few, and endlessly many in JSON. */
const VALUES_MAX = 10_000_000;

/** What `find` looks for. */
interface Found {
  unwritable: Unwritable[];
  bigints: boolean;
  /** Values that may still be walked. */
  left: number;
}

/** The JSON text of a value, or what in it has no form in JSON. */
export function encode(value: unknown): { text: string; unwritable: Unwritable[] } {
  const found: Found = { unwritable: [], bigints: false, left: VALUES_MAX };
  walk(value, "", [], found);
  if (found.unwritable.length > 0) return { text: "", unwritable: found.unwritable };
  const text = found.bigints ? withBigInts(value) : JSON.stringify(value);
  // Half a surrogate pair is written as an escape, which no reader of Unicode text takes.
  if (text?.includes("\\ud")) halves(value, "", found.unwritable);
  if (found.unwritable.length > 0) return { text: "", unwritable: found.unwritable };
  // `undefined` alone is no JSON; as parameters it means that there are none.
  return { text: text ?? "null", unwritable: [] };
}

/** The JSON text of an argument; throws `code` when it has none. */
export function textOf(value: unknown, operation: string, code: "INVALID_PARAMETERS" | "INVALID_ARGUMENT"): string {
  const { text, unwritable } = encode(value);
  if (unwritable.length === 0) return text;
  const told = unwritable.map(({ path, type }) => `${path || "the value"}: ${noForm(type)}`);
  throw new LakeflowError({ code, operation, message: told.join("; ") });
}

/** The message about a value that has no form in JSON, as the core words it. */
export function noForm(type: string): string {
  return `a value of type ${type} has no form in JSON`;
}

function walk(value: unknown, path: string, above: object[], found: Found): void {
  switch (typeof value) {
    case "number":
      if (!Number.isFinite(value)) found.unwritable.push({ path, type: String(value) });
      return;
    case "bigint":
      found.bigints = true;
      return;
    case "function":
    case "symbol":
      found.unwritable.push({ path, type: typeof value });
      return;
    case "object":
      if (value !== null) walkObject(value, path, above, found);
      return;
    default:
      return;
  }
}

function walkObject(value: object, path: string, above: object[], found: Found): void {
  if (above.includes(value)) {
    found.unwritable.push({ path, type: "cycle" });
    return;
  }
  if (above.length >= DEPTH_MAX) {
    found.unwritable.push({ path, type: `object nested deeper than ${DEPTH_MAX}` });
    return;
  }
  if (found.left <= 0) {
    if (found.left === 0) found.unwritable.push({ path, type: `object of more than ${VALUES_MAX} values` });
    found.left = -1;
    return;
  }
  if (value instanceof Map || value instanceof Set) {
    found.unwritable.push({ path, type: value.constructor.name });
    return;
  }
  // Dates and the like say themselves what they are in JSON.
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") return;
  above.push(value);
  found.left -= 1;
  if (Array.isArray(value)) {
    for (let n = 0; n < value.length; n++) walk(value[n], `${path}/${n}`, above, found);
  } else {
    for (const key of Object.keys(value)) {
      const member = (value as Record<string, unknown>)[key];
      // The path is made only for what may need it.
      if (typeof member === "object" || typeof member === "number" || typeof member === "function" || typeof member === "symbol") {
        walk(member, `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`, above, found);
      } else if (typeof member === "bigint") {
        found.bigints = true;
      }
    }
  }
  above.pop();
}

/** Finds the texts and names that end or begin with half a surrogate pair. */
function halves(value: unknown, path: string, unwritable: Unwritable[]): void {
  if (typeof value === "string") {
    if (/\p{Surrogate}/u.test(value)) unwritable.push({ path, type: "text with half a surrogate pair" });
  } else if (typeof value === "object" && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      const below = `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      if (/\p{Surrogate}/u.test(key)) unwritable.push({ path: below, type: "name with half a surrogate pair" });
      halves(member, below, unwritable);
    }
  }
}

/** No text of the caller holds this mark, as it is new for each call. */
function withBigInts(value: unknown): string {
  const mark = `int:${Math.random().toString(36).slice(2)}:`;
  const text = JSON.stringify(value, (_key, member: unknown) => (typeof member === "bigint" ? mark + member : member));
  return text.replaceAll(new RegExp(`"${mark}(-?\\d+)"`, "g"), "$1");
}

/** The text of an id; throws for what is none, and for a number that has been rounded already. */
export function idText(id: IdLike, what: string, operation: string): string {
  if (typeof id === "bigint") return inRange(id, what, operation);
  if (typeof id === "number") {
    if (Number.isSafeInteger(id)) return String(id);
    const advice = Number.isInteger(id) ? "; a number over 2^53 - 1 has been rounded: give it as a string or a BigInt" : "";
    throw invalidArgument(operation, `${what} ${id} is not an id${advice}`);
  }
  if (typeof id === "string" && /^-?\d{1,19}$/.test(id)) return inRange(BigInt(id), what, operation);
  throw invalidArgument(operation, `${what} ${shown(id)} is not an id; an id is a 64-bit integer`);
}

function inRange(id: bigint, what: string, operation: string): string {
  if (BigInt.asIntN(64, id) !== id) throw invalidArgument(operation, `${what} ${id} does not fit a 64-bit integer`);
  return id.toString();
}

function shown(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
