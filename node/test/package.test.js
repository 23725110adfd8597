// The packed form, installed into empty projects: ESM, CommonJS, strict types, a server built by Vite, the platform's addon as a
// package of its own, and a platform that has none. Needs the tarballs that `cargo xtask test` packs.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const here = fileURLToPath(new URL(".", import.meta.url));
const tarballs = process.env.LAKEFLOW_TARBALLS;
const npm = process.platform === "win32" ? "npm.cmd" : "npm";
const run = (program, args, options) => promisify(execFile)(program, args, { maxBuffer: 10_000_000, ...options });
const node = (cwd, ...args) => run(process.execPath, args, { cwd }).then(({ stdout }) => stdout.trim());

const PROGRAM = `
const found = new ParamSchema({ type: "object", required: ["day"] }).validate({});
const jobs = new Jobs({ host: "https://host", token: "t", discover: false, transport: async () => ({ status: 200, body: '{"run_id":9007199254740993}' }) });
jobs.job("1").runNow({}).then((id) => console.log(JSON.stringify([found[0].keyword, mapParams("notebook", { a: 1 }), id])));
`;
const PRINTED = JSON.stringify(["required", { notebook_params: { a: "1" } }, "9007199254740993"]);
const NAMES = "ParamSchema, Jobs, mapParams";

let root;

/** A project with nothing but these tarballs. */
async function project(name, ...files) {
  const folder = join(root, name);
  await mkdir(folder);
  await writeFile(join(folder, "package.json"), JSON.stringify({ name, private: true, version: "1.0.0" }));
  // What is not in the tarballs is not fetched: peers are optional, and addons of other platforms are no use here.
  await run(npm, ["install", "--offline", "--no-audit", "--no-fund", "--omit=peer", "--loglevel=error", ...files], { cwd: folder });
  return folder;
}

const tarball = (folder, prefix) => {
  const name = readdirSync(folder).find((file) => new RegExp(`^${prefix}-\\d`).test(file));
  assert.ok(name, `no ${prefix} in ${folder}`);
  return join(folder, name);
};

let own;

before(async () => {
  assert.ok(tarballs, "LAKEFLOW_TARBALLS is not set: run `cargo xtask test`, or see CONTRIBUTING.md");
  root = await mkdtemp(join(tmpdir(), "lakeflow-package-"));
  own = await project("own", tarball(tarballs, "lakeflow-jobs"));
});

after(() => rm(root, { recursive: true, force: true }));

test("the tarball of this platform works in an empty project, as ESM and as CommonJS", async () => {
  await writeFile(join(own, "esm.mjs"), `import { ${NAMES} } from "lakeflow-jobs";\n${PROGRAM}`);
  await writeFile(join(own, "common.cjs"), `const { ${NAMES} } = require("lakeflow-jobs");\n${PROGRAM}`);
  assert.equal(await node(own, "esm.mjs"), PRINTED);
  assert.equal(await node(own, "common.cjs"), PRINTED);
  const both = `
    import { createRequire } from "node:module";
    import { LakeflowError, ParamSchema } from "lakeflow-jobs";
    const common = createRequire(import.meta.url)("lakeflow-jobs");
    try { new common.ParamSchema({ type: 1 }); } catch (error) { console.log(error instanceof LakeflowError, error instanceof common.RunFailedError); }`;
  await writeFile(join(own, "both.mjs"), both);
  assert.equal(await node(own, "both.mjs"), "true false");
});

test("the command runs from the package", async () => {
  const { stdout } = await run(npm, ["exec", "--offline", "--", "lakeflow", "next", "0 0 2 * * ?", "--after", "2026-03-27T12:00:00Z", "--count", "1"], { cwd: own });
  assert.match(stdout, /2026-03-28T02:00:00Z/);
});

test("a user's program is typed under --strict, in both module formats", async () => {
  const tsc = join(here, "../node_modules/typescript/bin/tsc");
  await cp(join(here, "types"), join(own, "types"), { recursive: true });
  await mkdir(join(own, "node_modules/@types"), { recursive: true });
  for (const name of ["@types/node", "undici-types"]) {
    await cp(join(here, "../node_modules", name), join(own, "node_modules", name), { recursive: true });
  }
  for (const project of ["types", "types/web"]) {
    await run(process.execPath, [tsc, "-p", project], { cwd: own }).catch(({ stdout }) => assert.fail(stdout));
  }
});

test("a server that Vite builds finds the addon", async () => {
  await mkdir(join(own, "src"));
  await writeFile(join(own, "src/server.js"), `import { ${NAMES} } from "lakeflow-jobs";\n${PROGRAM}`);
  const { build } = await import("vite");
  for (const noExternal of [[], true]) {
    const outDir = join(own, noExternal === true ? "bundled" : "dist");
    await build({ root: own, logLevel: "error", build: { ssr: "src/server.js", outDir }, ssr: { noExternal } });
    assert.equal(await node(own, join(outDir, "server.mjs")), PRINTED, `noExternal ${noExternal}`);
  }
});

test("from a registry the addon is a package of its own, which npm chooses", async () => {
  const registry = join(tarballs, "registry");
  const main = tarball(registry, "lakeflow-jobs");
  const platform = readdirSync(registry).find((file) => /^lakeflow-jobs-[a-z]/.test(file));
  const folder = await project("registry", main, join(registry, platform));
  await writeFile(join(folder, "esm.mjs"), `import { ${NAMES} } from "lakeflow-jobs";\n${PROGRAM}`);
  assert.equal(await node(folder, "esm.mjs"), PRINTED);
  const manifest = JSON.parse(await readFile(join(folder, "node_modules/lakeflow-jobs/package.json"), "utf8"));
  const chosen = JSON.parse(await readFile(join(folder, "node_modules", platform.replace(/-\d.*$/, ""), "package.json"), "utf8"));
  assert.equal(manifest.optionalDependencies[chosen.name], chosen.version);
  assert.deepEqual([chosen.os, chosen.cpu], [[process.platform], [process.arch]]);
});

test("without an addon the rules go on by WebAssembly, and what needs an addon says so", async () => {
  const folder = await project("bare", tarball(join(tarballs, "registry"), "lakeflow-jobs"));
  const program = `
    import { Jobs, ParamSchema, mapParams, nextFireTimes, validateJob } from "lakeflow-jobs";
    const told = [];
    try { new Jobs({ host: "https://host", token: "t" }); } catch (error) { told.push(error.code, error.message.includes("addon")); }
    try { new ParamSchema({ type: 1 }); } catch (error) { told.push(error.code, error.problems.length); }
    told.push(new ParamSchema({ required: ["a"] }).validate({})[0].keyword, mapParams("notebook", { a: 1 }).notebook_params.a);
    told.push(nextFireTimes("0 0 2 * * ?", { timezone: "Europe/Warsaw", after: "2026-03-27T12:00:00Z", count: 1 })[0].local);
    told.push(validateJob("tasks: []\\n")[0].code);
    console.log(told.join(" "));`;
  await writeFile(join(folder, "esm.mjs"), program);
  assert.equal(await node(folder, "esm.mjs"), "UNSUPPORTED true INVALID_ARGUMENT 1 required 1 2026-03-28T02:00:00+01:00 no_tasks");
});
