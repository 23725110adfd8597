// Says of parameters that are plainly right that they are, without crossing into the core: writing them as text and reading them
// there costs more than the check. It never says that something is wrong; whatever it is not sure of is left to the core, so
// that verdicts, violations and limits are the core's alone. Only keywords whose meaning is the same in both languages are read;
// a schema with another keyword has no quick check. Has no imports: the browser can use it too.

/** True: the core accepts the value. False: ask the core. */
export type Quick = (value: unknown) => boolean;

/** What is left of the work that one check may do; well below the core's own limit, which is an error. */
interface Budget {
  left: number;
}

type Check = (value: unknown, budget: Budget, depth: number) => boolean;

const BUDGET = 200_000;
/** Deeper values are left to the core. */
const DEPTH_MAX = 32;
const DIALECT = "https://json-schema.org/draft/2020-12/schema";
/** Keywords that assert nothing. */
const REMARKS = new Set(["title", "description", "default", "deprecated", "readOnly", "writeOnly", "examples", "$comment", "$schema"]);
const RULES = new Set([
  ...["type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "pattern"],
  ...["items", "minItems", "maxItems", "properties", "required", "additionalProperties"],
]);

type Schema = Readonly<Record<string, unknown>>;

/** The quick check of a schema that the core has compiled; nothing when there is none. */
export function quick(schema: unknown): Quick | undefined {
  const check = compile(schema);
  if (!check) return undefined;
  return (value) => {
    try {
      return check(value, { left: BUDGET }, 0);
    } catch {
      // A getter or a proxy that throws: the core's side tells it.
      return false;
    }
  };
}

function compile(schema: unknown): Check | undefined {
  if (schema === true) return plain;
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return undefined;
  const rules = schema as Schema;
  for (const keyword of Object.keys(rules)) {
    if (!REMARKS.has(keyword) && !RULES.has(keyword)) return undefined;
  }
  if (rules["$schema"] !== undefined && rules["$schema"] !== DIALECT) return undefined;
  const parts = [text(rules), number(rules), array(rules), object(rules)];
  const types = typesOf(rules);
  const among = amongOf(rules);
  if (parts.some((part) => part === undefined) || types === undefined || among === undefined) return undefined;
  const [ofText, ofNumber, ofArray, ofObject] = parts as Check[];
  return (value, budget, depth) => {
    if ((budget.left -= 1) < 0 || depth > DEPTH_MAX || (among !== null && !among.has(value))) return false;
    switch (typeof value) {
      case "string":
        return types.string && (ofText as Check)(value, budget, depth);
      case "number":
        return (types.number || (types.integer && Number.isSafeInteger(value))) && (ofNumber as Check)(value, budget, depth);
      case "boolean":
        return types.boolean;
      case "object":
        if (value === null) return types.null;
        if (Array.isArray(value)) return types.array && (ofArray as Check)(value, budget, depth);
        return types.object && (ofObject as Check)(value, budget, depth);
      default:
        return false;
    }
  };
}

/** Any value that has a form in JSON beyond doubt. */
const plain: Check = (value, budget, depth) => {
  if ((budget.left -= 1) < 0 || depth > DEPTH_MAX) return false;
  switch (typeof value) {
    case "string":
      return isWellFormed(value);
    case "number":
      return Number.isFinite(value);
    case "boolean":
      return true;
    case "object":
      if (value === null) return true;
      return Array.isArray(value) ? everyItem(value, plain, budget, depth) : everyMember(value, NO_MEMBERS, plain, budget, depth) === 0;
    default:
      return false;
  }
};

const TYPES = ["string", "number", "integer", "boolean", "null", "array", "object"] as const;
type Types = Record<(typeof TYPES)[number], boolean>;

function typesOf({ type }: Schema): Types | undefined {
  if (typeof type !== "string" && !Array.isArray(type)) {
    return type === undefined ? typesOf({ type: TYPES }) : undefined;
  }
  const named: readonly unknown[] = Array.isArray(type) ? type : [type];
  return Object.fromEntries(TYPES.map((name) => [name, named.includes(name)])) as Types;
}

/** The values of `enum` and `const`; `null` for any, nothing for values that are not compared at a glance. */
function amongOf(rules: Schema): Set<unknown> | null | undefined {
  const constant = Object.hasOwn(rules, "const") ? [rules["const"]] : null;
  const { enum: list } = rules;
  if (list === undefined && constant === null) return null;
  if (list !== undefined && (constant !== null || !Array.isArray(list))) return undefined;
  const values = constant ?? (list as unknown[]);
  const simple = (value: unknown): boolean => value === null || typeof value === "string" || typeof value === "boolean" || Number.isSafeInteger(value);
  return values.every(simple) ? new Set(values) : undefined;
}

/** A limit of the schema; `otherwise` when it has none, nothing when it may have been rounded. */
function limit(value: unknown, otherwise: number): number | undefined {
  if (value === undefined) return otherwise;
  return typeof value === "number" && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? value : undefined;
}

function number(rules: Schema): Check | undefined {
  const least = limit(rules["minimum"], -Infinity);
  const most = limit(rules["maximum"], Infinity);
  const above = limit(rules["exclusiveMinimum"], -Infinity);
  const below = limit(rules["exclusiveMaximum"], Infinity);
  if (least === undefined || most === undefined || above === undefined || below === undefined) return undefined;
  // Infinity itself is above nothing and below nothing.
  return (value) => (value as number) >= least && (value as number) <= most && (value as number) > above && (value as number) < below;
}

function text(rules: Schema): Check | undefined {
  const least = limit(rules["minLength"], 0);
  const most = limit(rules["maxLength"], Infinity);
  const pattern = patternOf(rules["pattern"]);
  if (least === undefined || most === undefined || pattern === undefined) return undefined;
  return (given, budget) => {
    const value = given as string;
    // Characters are code points: there are at most as many as units, and at least half as many.
    if (value.length > most || (value.length < 2 * least && [...value].length < least)) return false;
    if (!isWellFormed(value)) return false;
    return pattern === null || ((budget.left -= 16 * value.length) >= 0 && pattern.test(value));
  };
}

/**
 * Patterns that mean the same to every engine and take one pass: anchored at the start, a list of single letters and classes of
 * them, of which one at most repeats without end. `null` for none.
 */
function patternOf(pattern: unknown): RegExp | null | undefined {
  if (pattern === undefined) return null;
  if (typeof pattern !== "string") return undefined;
  const shape = /^\^(?:(?:[A-Za-z0-9 _@:,;=<>#%&!~-]|\[[A-Za-z0-9 _@:,;=<>#%&!~./+*-]+\])(?:[+*?]|\{\d{1,2}(?:,\d{1,2})?\})?){1,8}\$?$/;
  const classes = pattern.match(/\[[^\]]*\]/g) ?? [];
  const ranges = classes.every((one) => /^\[(?:[a-z]-[a-z]|[A-Z]-[A-Z]|[0-9]-[0-9]|[^-])*-?\]$/.test(one));
  const endless = pattern.replaceAll(/\[[^\]]*\]/g, "x").match(/[+*]/g)?.length ?? 0;
  if (!shape.test(pattern) || !ranges || endless > 1) return undefined;
  try {
    return new RegExp(pattern, "u");
  } catch {
    return undefined;
  }
}

function array(rules: Schema): Check | undefined {
  const least = limit(rules["minItems"], 0);
  const most = limit(rules["maxItems"], Infinity);
  const items = rules["items"] === undefined ? plain : compile(rules["items"]);
  if (least === undefined || most === undefined || items === undefined) return undefined;
  return (given, budget, depth) => {
    const value = given as unknown[];
    return value.length >= least && value.length <= most && everyItem(value, items, budget, depth);
  };
}

function everyItem(list: unknown[], check: Check, budget: Budget, depth: number): boolean {
  if (Object.getPrototypeOf(list) !== Array.prototype || "toJSON" in list) return false;
  for (let n = 0; n < list.length; n += 1) {
    // What is missing or `undefined` is `null` as text; that is left to the core.
    if (!check(list[n], budget, depth + 1)) return false;
  }
  return true;
}

/** Of one member: its check, and whether it has to be there. */
interface Member {
  check: Check;
  wanted: boolean;
}

const NO_MEMBERS: ReadonlyMap<string, Member> = new Map();

function object(rules: Schema): Check | undefined {
  const { properties = {}, required = [] } = rules;
  if (typeof properties !== "object" || properties === null || Array.isArray(properties) || !Array.isArray(required)) return undefined;
  const others = rules["additionalProperties"] === undefined ? plain : rules["additionalProperties"] === false ? refuse : compile(rules["additionalProperties"]);
  if (others === undefined) return undefined;
  const members = new Map<string, Member>();
  for (const name of Object.keys(properties)) {
    const check = compile((properties as Schema)[name]);
    if (!check) return undefined;
    members.set(name, { check, wanted: required.includes(name) });
  }
  for (const name of required) {
    if (typeof name !== "string") return undefined;
    if (!members.has(name)) members.set(name, { check: others, wanted: true });
  }
  const wanted = new Set(required).size;
  return (value, budget, depth) => everyMember(value as object, members, others, budget, depth) === wanted;
}

const refuse: Check = () => false;

/** How many members that have to be there are there; -1 when one is not right. */
function everyMember(value: object, members: ReadonlyMap<string, Member>, others: Check, budget: Budget, depth: number): number {
  const prototype: unknown = Object.getPrototypeOf(value);
  if ((prototype !== Object.prototype && prototype !== null) || "toJSON" in value) return -1;
  let seen = 0;
  for (const name of Object.keys(value)) {
    const member = members.get(name);
    const held = (value as Record<string, unknown>)[name];
    if (member === undefined) {
      if (!isWellFormed(name) || !others(held, budget, depth + 1)) return -1;
      continue;
    }
    if (!member.check(held, budget, depth + 1)) return -1;
    if (member.wanted) seen += 1;
  }
  return seen;
}

/** JSON text has no form for half a character. */
const isWellFormed: (text: string) => boolean =
  "isWellFormed" in String.prototype
    ? (text) => (text as string & { isWellFormed(): boolean }).isWellFormed()
    : (text) => !/[\ud800-\udfff]/.test(text);
