// What `cargo xtask web` makes: the glue of the module with every rule, which is that with YAML and time zones in form.

export * from "./extra.js";
export { default } from "./extra.js";
