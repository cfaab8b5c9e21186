import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { HcsProcess } from "../../../../../src/hcs/windows/compute-process.ts";
import { copyStreams } from "../../../../../src/hcs/windows/shims/copy-streams.ts";

const SILENCE_MS = 5000;

let folder: string;
let reader: number;
let writer: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runhcs-copy-"));
  const fifo = join(folder, "pipe");
  execFileSync("mkfifo", [fifo]);
  reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  writer = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
});

afterEach(() => {
  closeSync(reader);
  rmSync(folder, { recursive: true });
});

test("what a process has written comes to a reader that takes its time, whoever else holds its output", async () => {
  const full = fill();
  const stdout = new PassThrough();
  const process = { streams: { stdout }, wait: async () => 7 } as unknown as HcsProcess;
  let isDone = false;
  const copy = copyStreams(process, { stdin: undefined, stdout: writer, stderr: undefined });
  void copy.then(() => (isDone = true));
  stdout.write(Buffer.alloc(10_000, "x"));
  await sleep(SILENCE_MS + 500);
  expect(isDone).toBe(false);
  let length = 0;
  while (length < full + 10_000) {
    length += drain();
    await sleep(10);
  }
  expect([await copy, length]).toEqual([7, full + 10_000]);
}, 20_000);

/** Writes until the pipe takes no more. @returns the number of bytes */
function fill(): number {
  const chunk = Buffer.alloc(4096);
  for (let length = 0; ;) {
    try {
      length += writeSync(writer, chunk);
    } catch {
      return length;
    }
  }
}

/** Reads what is there. @returns the number of bytes */
function drain(): number {
  try {
    return readSync(reader, Buffer.alloc(1 << 20));
  } catch {
    return 0;
  }
}
