// The modules as the package carries them, loaded in Node.js. `cargo xtask web` makes them.

import { readFileSync } from "node:fs";

export const DIST = new URL("../../dist/web/", import.meta.url);

/** The glue of a module, started. */
export async function glueOf(name) {
  const glue = await import(new URL(`wasm/${name}.js`, DIST).href);
  await glue.default({ module_or_path: new WebAssembly.Module(readFileSync(new URL(`wasm/${name}.wasm`, DIST))) });
  return glue;
}
