// The two schemas that everything is measured with, and what is valid and what is not.

export const small = {
  schema: {
    type: "object",
    required: ["catalog", "schema", "day"],
    additionalProperties: false,
    properties: { catalog: { type: "string" }, schema: { type: "string" }, day: { type: "string" }, full: { type: "boolean" } },
  },
  valid: { catalog: "main", schema: "sales", day: "2026-01-31", full: true },
  invalid: { catalog: "main", schema: 7, full: "yes", more: 1 },
};

const column = {
  type: "object",
  required: ["name", "type"],
  additionalProperties: false,
  properties: {
    name: { type: "string", pattern: "^[a-z][a-z0-9_]*$", maxLength: 64 },
    type: { enum: ["string", "bigint", "double", "date", "timestamp"] },
    nullable: { type: "boolean" },
    comment: { type: "string", maxLength: 200 },
  },
};

const properties = {
  source: { oneOf: [{ type: "object", required: ["table"], properties: { table: { type: "string" } }, additionalProperties: false }, { type: "object", required: ["path"], properties: { path: { type: "string" } }, additionalProperties: false }] },
  columns: { type: "array", minItems: 1, maxItems: 100, items: column },
  owner: { type: "string", format: "email" },
  day: { type: "string", format: "date" },
  since: { type: "string", format: "date-time" },
  run: { type: "string", format: "uuid" },
  limits: {
    type: "object",
    required: ["rows", "bytes"],
    properties: { rows: { type: "integer", minimum: 1, maximum: 1_000_000_000 }, bytes: { type: "integer", minimum: 0 }, ratio: { type: "number", exclusiveMinimum: 0, maximum: 1 } },
    additionalProperties: false,
  },
  tags: { type: "array", uniqueItems: true, items: { type: "string", minLength: 1, maxLength: 32 } },
};
for (let n = 0; n < 16; n++) properties[`text_${n}`] = { type: "string", minLength: 1, maxLength: 80, pattern: "^[A-Za-z0-9 ._-]+$" };
for (let n = 0; n < 10; n++) properties[`number_${n}`] = { type: "integer", minimum: n, maximum: 1000 + n };
for (let n = 0; n < 6; n++) properties[`choice_${n}`] = { enum: ["full", "incremental", "snapshot", `mode ${n}`] };

const valid = {
  source: { table: "main.sales.orders" },
  columns: Array.from({ length: 20 }, (_, n) => ({ name: `column_${n}`, type: ["string", "bigint", "double", "date", "timestamp"][n % 5], nullable: n % 2 === 0, comment: `what column ${n} holds, in words` })),
  owner: "data@example.com",
  day: "2026-01-31",
  since: "2026-01-31T02:00:00Z",
  run: "2c5ea4c0-4067-11e9-8bad-9b1deb4d3b7d",
  limits: { rows: 1000, bytes: 1_000_000, ratio: 0.5 },
  tags: ["nightly", "sales", "gold"],
};
for (const name of Object.keys(properties)) {
  if (name.startsWith("text_")) valid[name] = `some text of ${name}`;
  if (name.startsWith("number_")) valid[name] = 500;
  if (name.startsWith("choice_")) valid[name] = "incremental";
}

const invalid = structuredClone(valid);
invalid.source = { table: 1 };
invalid.columns[3].name = "Column 3";
invalid.columns[7].type = "text";
delete invalid.columns[9].name;
invalid.owner = "nobody";
invalid.day = "31.1.2026";
invalid.limits.rows = 0;
invalid.text_3 = "";
invalid.number_4 = 4.5;
invalid.choice_5 = "mode 4";

export const large = {
  schema: { type: "object", required: Object.keys(properties).slice(0, 8), additionalProperties: false, properties },
  valid,
  invalid,
};
