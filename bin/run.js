#!/usr/bin/env node
// The entry for Node: runs the bundle that `npm run build` makes.
//
// Compiling the bundle takes longer than everything else that a short command does, so the build keeps V8's
// compiled code beside it, for its own version of Node. V8 refuses code of another version, and then compiles.
"use strict";
const { closeSync, fstatSync, openSync, readFileSync, readSync } = require("node:fs");
const { join } = require("node:path");
const { Script } = require("node:vm");

const folder = join(__dirname, "..", "dist");
const bundle = join(folder, "run.cjs");
const codeCache = join(folder, `run-${process.version}.cache`);

/** What makes a module a function of the variables that it uses. */
const HEAD = "(function (exports, require, module, __filename, __dirname) {";
const TAIL = "\n})";

/** Compiles the bundle as a function of a CommonJS module's variables, which are all that it uses. */
function compile() {
  const cachedData = readIfExists(codeCache);
  return new Script(readAsFunction(bundle), {
    filename: bundle,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
}

/**
 * Reads a module between the words that make it a function: V8 would copy a megabyte once more to join strings. The
 * build writes the bundle in ASCII, so nothing has to be decoded.
 */
function readAsFunction(path) {
  const fd = openSync(path, "r");
  const { size } = fstatSync(fd);
  const bytes = Buffer.allocUnsafe(HEAD.length + size + TAIL.length);
  bytes.latin1Write(HEAD);
  for (let at = 0; at < size;) {
    const count = readSync(fd, bytes, HEAD.length + at, size - at);
    if (count === 0) throw new Error(`Cannot read "${path}": it ends after ${at} of ${size} bytes`);
    at += count;
  }
  bytes.latin1Write(TAIL, HEAD.length + size);
  closeSync(fd);
  return bytes.latin1Slice();
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
