// A program for tests: reads the layer that it is given and tells in JSON what it was, and how much memory that took.
import { readFileSync, writeSync } from "node:fs";
import { openLayerInput } from "../../../src/layers/open-layer-input.ts";

const [path = "-", maximumSize = "Infinity"] = process.argv.slice(2);

async function run(): Promise<object> {
  try {
    const input = await openLayerInput(path, { digest: true, maximumSize: Number(maximumSize) });
    let first = "";
    for await (const chunk of input.chunks()) if (first === "") first = chunk.toString("latin1", 0, 8);
    return { ...input.summary, compression: input.compression, first };
  } catch (error) {
    return { message: error instanceof Error ? error.message : String(error) };
  }
}

async function main(): Promise<void> {
  const told = await run();
  const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) * 1024;
  writeSync(1, JSON.stringify({ ...told, peak }));
}

void main();
