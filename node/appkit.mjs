// Makes one file of the plugin's modules, after `tsc`: an app that starts reads one file instead of seventeen, which is half of what
// the plugin adds to its start. What other entries of the package share (errors, the addon) stays a file of its own.

import { readdirSync, renameSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const folder = fileURLToPath(new URL("dist/appkit/", import.meta.url));
const outside = {
  name: "outside",
  setup: (build) => build.onResolve({ filter: /^(\.\.\/|[^./])/ }, ({ path, kind }) => (kind === "entry-point" ? undefined : { path, external: true })),
};
await build({
  entryPoints: [`${folder}index.js`],
  outfile: `${folder}bundle.mjs`,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  plugins: [outside],
  logLevel: "warning",
});
for (const name of readdirSync(folder)) if (name.endsWith(".js")) rmSync(folder + name);
renameSync(`${folder}bundle.mjs`, `${folder}index.js`);
