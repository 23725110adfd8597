// What `cargo xtask web` makes: the glue of the module with every rule, which is the page's in form.

export * from "./full.js";
export { default } from "./full.js";
