#!/usr/bin/env node
// The entry for Node: runs the bundle that `npm run build` makes.
//
// Compiling the bundle takes longer than everything else that a short command does, so the build keeps V8's
// compiled code beside it, for its own version of Node. V8 refuses code of another version, and then compiles.
"use strict";
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { Script } = require("node:vm");

const folder = join(__dirname, "..", "dist");
const bundle = join(folder, "run.cjs");
const codeCache = join(folder, `run-${process.version}.cache`);

/**
 * Compiles the bundle as a function of a CommonJS module's variables, which are all that it uses. The build writes it
 * in ASCII, so that it need not be decoded.
 */
function compile() {
  const source = readFileSync(bundle, "latin1");
  const cachedData = readIfExists(codeCache);
  return new Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, {
    filename: bundle,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
}

function readIfExists(path) {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** Runs a compiled bundle. */
function run(script) {
  script.runInThisContext()(module.exports, require, module, bundle, folder);
}

if (require.main === module) run(compile());
module.exports = { codeCache, compile, run };
