#!/usr/bin/env node
// The entry for development: bundles the sources in memory and runs them.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { outputFiles } = await build({
  entryPoints: [join(root, "src/main.ts")],
  bundle: true,
  write: false,
  platform: "node",
  target: "node20",
  format: "cjs",
  sourcemap: "inline",
  define: { "import.meta.dirname": JSON.stringify(join(root, "src")) },
});
const module = { exports: {} };
new Function("module", "exports", "require", outputFiles[0].text)(
  module,
  module.exports,
  createRequire(import.meta.url),
);
