// A program for tests: writes the image of the layer on its stdin to the path that it is given, and tells in JSON what
// became of it and how much memory that took.
import { readFileSync, readSync, writeSync } from "node:fs";
import { convert } from "./convert.ts";

const CHUNK_SIZE = 1024 * 1024;

function* stdin(): Generator<Buffer> {
  const chunk = Buffer.allocUnsafe(CHUNK_SIZE);
  for (let count = -1; count !== 0;) {
    count = readSync(0, chunk, 0, CHUNK_SIZE, null);
    if (count > 0) yield chunk.subarray(0, count);
  }
}

const [path = ""] = process.argv.slice(2);
const outcome = convert(stdin(), path);
// Other figures hold for the process that started this one, too.
const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) * 1024;
const { error, warnings, entries } = outcome;
writeSync(1, JSON.stringify({ message: error?.message, warnings, entries: entries.length, peak }));
