// The package `lakeflow-jobs` for Node.js: what a user imports. Decides nothing; the rules are in the addon.

export { ParamSchema, type Violation } from "./params.js";
