// What `cargo xtask web` makes: the glue of the module with YAML and time zones, which is that of definitions in form.

export * from "./definitions.js";
export { default } from "./definitions.js";
