// A user's program over `lakeflow-jobs` and `lakeflow-jobs/appkit` beside the real AppKit: checked under --strict, not run.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

test("a user's program with both packages is typed under --strict", async () => {
  const tsc = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));
  const cwd = fileURLToPath(new URL("types", import.meta.url));
  const checked = promisify(execFile)(process.execPath, [tsc, "-p", ".", "--pretty", "false"], { cwd });
  const { stdout, stderr } = await checked.catch((failed) => failed);
  assert.equal(stderr, "");
  // AppKit's own declarations ask for types of Express and others that it does not bring; ours and the program have no error.
  const errors = stdout.split("\n").filter((line) => /error TS\d+/.test(line) && !/node_modules\/@databricks\/appkit\//.test(line));
  assert.deepEqual(errors, []);
});
