import { execFileSync, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LayerError } from "../../../src/base/errors.ts";
import { FormatError } from "../../../src/formats/format-error.ts";
import {
  openLayerInput,
  type LayerInputOptions,
  type LayerInputSummary,
} from "../../../src/layers/open-layer-input.ts";

const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));
const BUN = [
  join(REPOSITORY, `node_modules/@oven/bun-linux-${process.arch}/bin/bun`),
  join(REPOSITORY, "node_modules/bun/bin/bun.exe"),
].find((path) => existsSync(path));
const MEGABYTE = 1024 * 1024;

let folder = "";
let program = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "runhcs-input-"));
  program = join(folder, "program.cjs");
  const entry = fileURLToPath(new URL("layer-input-program.ts", import.meta.url));
  buildSync({
    entryPoints: [entry],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "cjs",
    minify: true,
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

const sha256 = (bytes: Buffer): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const zstd = (bytes: Buffer): Buffer => execFileSync("zstd", ["-cq"], { input: bytes, maxBuffer: 2 ** 30 });
/** Bytes that compress a little, larger than a chunk and than what another thread is started for. */
const small = Buffer.from(randomBytes(300_000).toString("hex"));
const large = Buffer.alloc(40 * MEGABYTE + 5, randomBytes(50_000));

function fileOf(bytes: Buffer, name = "layer"): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function readAll(
  path: string,
  options: LayerInputOptions = {},
): Promise<{ bytes: Buffer; summary: LayerInputSummary }> {
  const input = await openLayerInput(path, options);
  const chunks: Buffer[] = [];
  for await (const chunk of input.chunks()) chunks.push(Buffer.from(chunk));
  return { bytes: Buffer.concat(chunks), summary: input.summary };
}

function expectSummary(summary: object, tar: Buffer, input: Buffer): void {
  expect(summary).toMatchObject({
    size: tar.length,
    compressedSize: input.length,
    diffId: sha256(tar),
    digest: sha256(input),
  });
}

const KINDS: [string, (tar: Buffer) => Buffer][] = [
  ["none", (tar) => tar],
  ["gzip", (tar) => gzipSync(tar, { level: 1 })],
  ["zstd", zstd],
];

describe("openLayerInput", () => {
  test.each(KINDS)("reads a layer whose compression is %s, with its digests", async (kind, pack) => {
    for (const tar of [small, large]) {
      const input = pack(tar);
      const path = fileOf(input);
      expect((await openLayerInput(path)).compression).toBe(kind);
      const { bytes, summary } = await readAll(path, { digest: true });
      expect(bytes.equals(tar)).toBe(true);
      expectSummary(summary, tar, input);
    }
  });

  test.each([1, 2, 3, 4, 5])("reads %d bytes", async (length) => {
    const tar = Buffer.alloc(length, 1);
    const { bytes, summary } = await readAll(fileOf(tar), { digest: true });
    expect(bytes.equals(tar)).toBe(true);
    expectSummary(summary, tar, tar);
  });

  test.each([
    ["no bytes", Buffer.alloc(0), "it is empty"],
    ["no bytes, compressed", gzipSync(Buffer.alloc(0)), "it is empty"],
    ["xz", Buffer.from("fd377a585a0000", "hex"), "it is compressed with xz, only gzip and zstd are read"],
    ["bzip2", Buffer.from("BZh91AY"), "it is compressed with bzip2, only gzip and zstd are read"],
  ])("refuses %s", async (_, input, fault) => {
    const path = fileOf(input);
    const failure = readAll(path);
    await expect(failure).rejects.toThrow(`Cannot read the layer ${JSON.stringify(path)}: ${fault}`);
    await expect(failure).rejects.toMatchObject({ code: "LAYER_FORMAT", hint: expect.any(String) });
  });

  test("tells no digests unless asked", async () => {
    const { summary } = await readAll(fileOf(gzipSync(small)));
    expect(summary).toMatchObject({ diffId: undefined, digest: undefined, size: small.length });
  });

  test.each<[string, Buffer[]]>([
    [
      "members of gzip one after the other",
      [gzipSync(small), gzipSync(small), gzipSync(Buffer.alloc(0)), gzipSync(small)],
    ],
    ["gzip padded with zeros", [gzipSync(Buffer.concat([small, small, small])), Buffer.alloc(3_000)]],
    [
      "frames of zstd, and some to be skipped",
      [skippable(7), zstd(small), skippable(0), zstd(Buffer.concat([small, small])), skippable(5)],
    ],
  ])("takes %s", async (_, parts) => {
    const input = Buffer.concat(parts);
    const { bytes, summary } = await readAll(fileOf(input), { digest: true });
    const tar = Buffer.concat([small, small, small]);
    expect(bytes.equals(tar)).toBe(true);
    expectSummary(summary, tar, input);
  });

  test.each<[string, Buffer, string]>([
    ["gzip that is cut short", gzipSync(small).subarray(0, -9), "its compressed data is cut short"],
    ["gzip that ends in its header", gzipSync(small).subarray(0, 5), "its compressed data is cut short"],
    [
      "gzip with another checksum",
      flipped(gzipSync(small), -6),
      "its compressed data is damaged (incorrect data check)",
    ],
    [
      "gzip that something follows",
      Buffer.concat([gzipSync(small), Buffer.from("junk")]),
      "something follows its compressed data that is no gzip",
    ],
    ["zstd that is cut short", zstd(small).subarray(0, -9), "its compressed data is damaged"],
    ["zstd with another checksum", flipped(zstd(small), -1), "its compressed data is damaged"],
    [
      "zstd that something follows",
      Buffer.concat([zstd(small), Buffer.from("junkjunk")]),
      "its compressed data is damaged",
    ],
  ])("refuses %s", async (_, input, fault) => {
    const path = fileOf(input);
    const failure = readAll(path, { digest: true });
    await expect(failure).rejects.toThrow(FormatError);
    await expect(failure).rejects.toThrow(`Cannot read the layer ${JSON.stringify(path)}: ${fault}`);
    await expect(failure).rejects.toThrow(/^[^\p{Cc}]+[^.]$/u);
  });

  test("refuses what is not there", async () => {
    const failure = openLayerInput(join(folder, "absent"));
    await expect(failure).rejects.toThrow(LayerError);
    await expect(failure).rejects.toMatchObject({ code: "LAYER_IO" });
    await expect(readAll(folder)).rejects.toThrow("illegal operation on a directory");
  });

  test.each(KINDS)("ends before more than the maximum comes out (%s)", async (_, pack) => {
    const path = fileOf(pack(large));
    let given = 0;
    const input = await openLayerInput(path, { maximumSize: 5_000_000 });
    const reading = (async () => {
      for await (const chunk of input.chunks()) given += chunk.length;
    })();
    await expect(reading).rejects.toThrow(
      `Cannot read the layer ${JSON.stringify(path)}: its tar has more than the 5000000 bytes of --max-size`,
    );
    expect(given).toBeLessThanOrEqual(5_000_000);
    expect((await readAll(path, { maximumSize: large.length })).bytes).toHaveLength(large.length);
  });

  test.each(KINDS)("tells how far it is (%s)", async (_, pack) => {
    const input = pack(large);
    const told: [number, number | undefined][] = [];
    await readAll(fileOf(input), { onProgress: (...figures) => void told.push(figures) });
    expect(told.map(([read]) => read)).toEqual(told.map(([read]) => read).toSorted((a, b) => a - b));
    expect(told.at(-1)).toEqual([input.length, input.length]);
  });

  test.each(KINDS)("leaves no file open, also when reading ends early (%s)", async (_, pack) => {
    const path = fileOf(pack(large));
    const before = readdirSync("/proc/self/fd").length;
    for (let round = 0; round < 3; round++) {
      const input = await openLayerInput(path, { digest: true });
      for await (const chunk of input.chunks()) if (chunk.length > 0) break;
      expect(() => input.summary).toThrow("has not been read to its end");
    }
    (await openLayerInput(path)).close();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(before);
  });
});

function skippable(length: number): Buffer {
  return Buffer.from([0x53, 0x2a, 0x4d, 0x18, length, 0, 0, 0, ...Buffer.alloc(length, 9)]);
}

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  const index = copy.length + at;
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}

const RUNTIMES: [string, string][] = [
  ["Node", process.execPath],
  ["Bun", BUN ?? "bun"],
];

describe.each(RUNTIMES)("under %s", (_, runtime) => {
  interface Told {
    message?: string;
    peak: number;
  }

  function run(words: string[], input?: Buffer): Told {
    const { stdout, stderr, status } = spawnSync(runtime, [program, ...words], {
      input,
      encoding: "utf8",
      timeout: 60_000,
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    return JSON.parse(stdout);
  }

  test.each(KINDS)("a file and the standard input give the same (%s)", (kind, pack) => {
    const input = pack(large);
    for (const told of [run([fileOf(input)]), run(["-"], input)]) {
      expect(told).toMatchObject({ compression: kind });
      expectSummary(told, large, input);
    }
  });

  test.each(KINDS.slice(1))(
    "a bomb of %s ends at the maximum, in bounded memory",
    (_name, pack) => {
      const bomb = Buffer.concat([pack(Buffer.alloc(64 * MEGABYTE)), pack(Buffer.alloc(150 * MEGABYTE))]);
      expect(bomb.length).toBeLessThan(4 * MEGABYTE);
      const { message, peak } = run(["-", String(100 * MEGABYTE)], bomb);
      expect(message).toContain("its tar has more than the 104857600 bytes of --max-size");
      expect(peak).toBeLessThan(250 * MEGABYTE);
      const whole = run([fileOf(bomb)]);
      expect(whole).toMatchObject({ size: 214 * MEGABYTE });
      expect(whole.peak).toBeLessThan(250 * MEGABYTE);
    },
    60_000,
  );

  test("an input in pieces is told from its first bytes", () => {
    writeFileSync(join(folder, "gz"), gzipSync(small));
    const script = `(head -c1 gz; sleep 0.1; tail -c+2 gz | head -c1; sleep 0.1; tail -c+3 gz) | "$0" "$1" -`;
    const stdout = execFileSync("sh", ["-c", script, runtime, program], { cwd: folder, encoding: "utf8" });
    expect(JSON.parse(stdout)).toMatchObject({ compression: "gzip", diffId: sha256(small) });
  });
});

test("zstd needs a program or a Node that knows it", () => {
  const words = [program, fileOf(zstd(small))];
  const { stdout } = spawnSync(process.execPath, words, { encoding: "utf8", env: { PATH: "/nowhere" } });
  const hasZstd = "createZstdDecompress" in process.getBuiltinModule("node:zlib");
  const message = "Cannot decompress zstd: there is no program zstd";
  expect(JSON.parse(stdout)).toMatchObject(hasZstd ? { diffId: sha256(small) } : { message });
});
