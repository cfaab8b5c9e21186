#!/usr/bin/env node
// The entry for Node: runs the bundle that `npm run build` makes.
import { createRequire } from "node:module";

createRequire(import.meta.url)("../dist/run.cjs");
