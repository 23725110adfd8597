"use strict";
// Finds the addon of this platform: beside this file (a build from source, or a package made for one platform), or in
// the package `lakeflow-jobs-<platform>` that npm installs as an optional dependency. Exports the addon, or `null`
// and why there is none; and the rules by WebAssembly, for platforms without an addon.

const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { join } = require("node:path");

/**
 * The names that packages of this platform bear, such as `linux-x64-gnu`. On Linux both are tried: an addon for the other C library
 * does not load, and asking Node.js which one it has costs ten milliseconds.
 */
function platforms() {
  const { platform, arch } = process;
  if (platform === "linux") return [`linux-${arch}-gnu`, `linux-${arch}-musl`];
  return [platform === "win32" ? `win32-${arch}-msvc` : `${platform}-${arch}`];
}

/** The one of them that is missing, for the message. */
function wanted(names) {
  if (names.length === 1) return names[0];
  const glibc = process.report?.getReport?.().header?.glibcVersionRuntime;
  return names[glibc ? 0 : 1];
}

/** Where to start from: this file, or what it was bundled into, or the folder the program runs in. */
function bases() {
  const here = typeof __filename === "string" ? [__filename] : [];
  return [...here, ...(process.argv[1] ? [process.argv[1]] : []), join(process.cwd(), "package.json")];
}

function load() {
  const names = platforms();
  const tried = [];
  const attempt = (require, request) => {
    try {
      return require(request);
    } catch (error) {
      if (error.code !== "MODULE_NOT_FOUND") tried.push(`${request}: ${error.message}`);
      return null;
    }
  };
  const own = process.env.LAKEFLOW_ADDON;
  if (own) {
    const addon = attempt(createRequire(join(process.cwd(), "package.json")), own);
    return { addon, platform: addon ? names[0] : wanted(names), reason: addon ? null : `LAKEFLOW_ADDON: ${tried.join("; ") || "no such file"}` };
  }
  for (const base of bases()) {
    const require = createRequire(base);
    for (const name of names) {
      for (const request of [`./lakeflow.${name}.node`, `lakeflow-jobs-${name}`, `lakeflow-jobs/native/lakeflow.${name}.node`]) {
        const addon = attempt(require, request);
        if (addon) return { addon, platform: name, reason: null };
      }
    }
  }
  const name = wanted(names);
  const reason = tried.join("; ") || `neither native/lakeflow.${name}.node nor the package lakeflow-jobs-${name} is installed`;
  return { addon: null, platform: name, reason };
}

/**
 * The rules by the module that the browser has, which needs no addon: schemas, mapping, definitions, schedules. `null` where it is
 * not to be had: in a bundle without the package's files, or in a Node.js whose `require` takes no ES modules (before 20.19).
 */
function rulesByWasm() {
  try {
    // Not followed by bundlers: it is wanted only where there is no addon.
    const glue = createRequire(__filename)("../dist/web/wasm/every.js");
    glue.initSync({ module: readFileSync(join(__dirname, "../dist/web/wasm/every.wasm")) });
    class Schema {
      #schema;
      constructor(schema) {
        this.#schema = new glue.Schema(schema);
      }
      validate(instance) {
        return this.#schema.validate(instance) || null;
      }
      isValid(instance) {
        return this.#schema.isValid(instance);
      }
      warnings() {
        return this.#schema.warnings();
      }
    }
    return { callRule: glue.callRule, rules: () => JSON.parse(glue.rules()), Schema };
  } catch {
    return null;
  }
}

let rules;
module.exports = {
  ...load(),
  /** Rules and schemas: by the addon, else by WebAssembly, else `null`. */
  rules() {
    return this.addon ?? (rules === undefined ? (rules = rulesByWasm()) : rules);
  },
};
