#!/usr/bin/env node
// The command `lakeflow`: the same program as the Rust binary, carried in the addon.

import native from "../native/index.cjs";

if (native.addon) {
  process.exitCode = native.addon.runCommand(["lakeflow", ...process.argv.slice(2)]);
} else {
  console.error(`lakeflow: there is no addon for ${native.platform}: ${native.reason}`);
  process.exitCode = 2;
}
