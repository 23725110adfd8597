// What the page knows of the job: the schema of its parameters as people are to give them, and its tasks.

export const KEY = "orders";

export const SCHEMA = {
  type: "object",
  required: ["source"],
  additionalProperties: false,
  properties: {
    source: { type: "string", title: "Source", description: "CSV file with the orders", default: "../data/orders.csv", pattern: "\\.csv$" },
    min_rows: { type: "integer", title: "Fewest rows", description: "Fewer rows are an error", minimum: 1, maximum: 100000, default: 10 },
    fail_in: { title: "Fail in", description: "Fails on purpose", enum: ["nothing", "validate", "transform", "report"], default: "nothing" },
  },
};

export const TASKS = [
  { task_key: "validate" },
  { task_key: "transform", depends_on: [{ task_key: "validate" }] },
  { task_key: "report", depends_on: [{ task_key: "transform" }] },
  { task_key: "tell_on_call", depends_on: [{ task_key: "validate" }, { task_key: "transform" }], run_if: "AT_LEAST_ONE_FAILED" },
];
