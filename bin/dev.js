#!/usr/bin/env node
// The entry for development: bundles the sources in memory and runs them.
"use strict";
const { join } = require("node:path");
const { build } = require("esbuild");

const root = join(__dirname, "..");

build({
  entryPoints: [join(root, "src/main.ts")],
  bundle: true,
  write: false,
  platform: "node",
  target: "node20",
  format: "cjs",
  sourcemap: "inline",
  define: { "import.meta.dirname": JSON.stringify(join(root, "src")) },
}).then(({ outputFiles }) =>
  new Function("module", "exports", "require", outputFiles[0].text)(module, exports, require),
);
