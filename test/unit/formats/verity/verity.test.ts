import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FileBytes } from "../../../../src/formats/file-bytes.ts";
import { FileSource } from "../../../../src/formats/file-source.ts";
import { FormatError } from "../../../../src/formats/format-error.ts";
import {
  appendVerity,
  verityIdentity,
  type VeritySummary,
} from "../../../../src/formats/verity/append-verity.ts";
import { readVeritySuperblock } from "../../../../src/formats/verity/superblock.ts";
import { planTree, verityOverhead } from "../../../../src/formats/verity/tree-layout.ts";
import { verifyVerity, type VerityVerdict } from "../../../../src/formats/verity/verify-verity.ts";
import { check, CLEAN, entryOf, seen, useImages } from "../ext4/image-harness.ts";

const BLOCK = 4096;
const IDENTITY = verityIdentity(Buffer.alloc(16, 7));
const images = useImages();
let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "runhcs-verity-"))));
afterEach(() => rmSync(folder, { recursive: true }));

function withFile<T>(path: string, flags: string, action: (fd: number) => T): T {
  const fd = openSync(path, flags);
  try {
    return action(fd);
  } finally {
    closeSync(fd);
  }
}

function append(path: string, identity = IDENTITY): VeritySummary {
  return withFile(path, "r+", (fd) => {
    const file = new FileBytes(fd);
    return appendVerity(file, file.size, identity);
  });
}

function verify(path: string, offset: number): VerityVerdict {
  return withFile(path, "r", (fd) => verifyVerity(new FileSource(fd), offset));
}

/** An image of blocks that differ. */
function dataFile(blocks: number): string {
  const path = join(folder, `data-${blocks}`);
  const data = Buffer.alloc(blocks * BLOCK);
  for (let block = 0; block < blocks; block++)
    data.writeUInt32LE((block * 2654435761) % 2 ** 32, block * BLOCK);
  writeFileSync(path, data);
  return path;
}

function veritysetup(...words: string[]): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync("veritysetup", words, { encoding: "utf8" });
  return { status, text: `${stdout}${stderr}` };
}

/** Whether veritysetup takes an image for what the root hash stands for. */
function isAccepted(path: string, rootHash: string, offset: number): boolean {
  return veritysetup("verify", path, path, rootHash, `--hash-offset=${offset}`).status === 0;
}

function flip(path: string, position: number): void {
  withFile(path, "r+", (fd) => {
    const file = new FileBytes(fd);
    const byte = Buffer.alloc(1);
    file.read(byte, position);
    writeSync(fd, Buffer.of((byte[0] ?? 0) ^ 1), 0, 1, position);
  });
}

describe("appendVerity", () => {
  test.each([1, 2, 127, 128, 129, 300, 128 * 128, 128 * 128 + 1])(
    "over %d blocks gives the bytes and the root hash of veritysetup",
    (blocks) => {
      const path = dataFile(blocks);
      const peer = `${path}.peer`;
      writeFileSync(peer, readFileSync(path));
      const summary = append(path);
      const formatted = veritysetup(
        "format",
        peer,
        peer,
        `--hash-offset=${blocks * BLOCK}`,
        `--data-blocks=${blocks}`,
        `--salt=${Buffer.from(IDENTITY.salt).toString("hex")}`,
        `--uuid=${uuidText(IDENTITY.uuid)}`,
      );
      expect(formatted).toMatchObject({ status: 0 });
      expect(/Root hash:\s+(\S+)/.exec(formatted.text)?.[1]).toBe(summary.rootHash);
      const bytes = readFileSync(path);
      expect(bytes.length).toBe(summary.size);
      expect(bytes.equals(readFileSync(peer).subarray(0, bytes.length))).toBe(true);
      expect(isAccepted(path, summary.rootHash, blocks * BLOCK)).toBe(true);
      expect(verify(path, blocks * BLOCK)).toEqual({ rootHash: summary.rootHash });
    },
  );

  test("leaves an ext4 image one that checks, mounts and verifies, and does so again in the same way", () => {
    const entries = [entryOf("a/b", { contents: [Buffer.alloc(3_000_000, 5)] }), entryOf("c")];
    const [first, second] = [images.write(entries), images.write(entries)];
    const summary = append(first.path, verityIdentity(first.uuid));
    expect(append(second.path, verityIdentity(second.uuid))).toEqual(summary);
    expect(readFileSync(first.path).equals(readFileSync(second.path))).toBe(true);
    expect(check(first.path)).toEqual(CLEAN);
    expect(Object.keys(seen(first.path))).toContain("a/b");
    expect(isAccepted(first.path, summary.rootHash, first.size)).toBe(true);
    expect(verify(first.path, first.size)).toEqual({ rootHash: summary.rootHash });
    const dump = veritysetup("dump", first.path, `--hash-offset=${first.size}`);
    expect(dump).toMatchObject({ status: 0 });
    expect(dump.text).toMatch(new RegExp(`Data blocks:\\s+${first.size / BLOCK}\\n`));
  });

  test("refuses what is no whole blocks", () => {
    const path = dataFile(1);
    withFile(path, "r+", (fd) => {
      for (const size of [0, -BLOCK, 4095, 4097])
        expect(() => appendVerity(new FileBytes(fd), size, IDENTITY)).toThrow(RangeError);
      const identity = { ...IDENTITY, salt: Buffer.alloc(257) };
      expect(() => appendVerity(new FileBytes(fd), BLOCK, identity)).toThrow("a salt has 257 bytes");
    });
  });

  test.each([0, 1, 256])("takes a salt of %d bytes", (size) => {
    const path = dataFile(200);
    const { rootHash } = append(path, { ...IDENTITY, salt: Buffer.alloc(size, 3) });
    expect(isAccepted(path, rootHash, 200 * BLOCK)).toBe(true);
    expect(verify(path, 200 * BLOCK)).toEqual({ rootHash });
  });
});

function uuidText(uuid: Uint8Array): string {
  const hex = Buffer.from(uuid).toString("hex");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

describe("verifyVerity", () => {
  const blocks = 300;
  const offset = blocks * BLOCK;
  const root = offset + BLOCK;

  test.each([
    ["the first byte", 0, { kind: "data", position: 0 }],
    ["the last byte of the data", offset - 1, { kind: "data", position: offset - BLOCK }],
    ["a byte in the middle", 200 * BLOCK + 17, { kind: "data", position: 200 * BLOCK }],
    ["the first leaf", root + BLOCK, { kind: "hash", position: root + BLOCK }],
    ["the last leaf, behind its digests", root + 4 * BLOCK - 1, { kind: "hash", position: root + 3 * BLOCK }],
  ])("finds a change of %s", (_, position, badBlock) => {
    const path = dataFile(blocks);
    const { rootHash } = append(path);
    flip(path, position);
    expect(verify(path, offset)).toEqual({ rootHash, badBlock });
    expect(isAccepted(path, rootHash, offset)).toBe(false);
  });

  test("shows a change of the root as another root hash", () => {
    const path = dataFile(blocks);
    const { rootHash } = append(path);
    flip(path, root);
    expect(verify(path, offset).rootHash).not.toBe(rootHash);
    expect(isAccepted(path, rootHash, offset)).toBe(false);
  });

  test("finds any change of one bit that a digest depends on", () => {
    const path = dataFile(blocks);
    const summary = append(path);
    const original = readFileSync(path);
    const spare = (position: number): boolean => position >= offset && position < root;
    const property = fc.property(fc.nat(summary.size - 1), (position) => {
      fc.pre(!spare(position));
      flip(path, position);
      const { rootHash, badBlock } = verify(path, offset);
      expect(badBlock !== undefined || rootHash !== summary.rootHash).toBe(true);
      flip(path, position);
    });
    fc.assert(property, { numRuns: 50 });
    expect(readFileSync(path).equals(original)).toBe(true);
  });

  test("refuses a tree that is cut short, and an image without one", () => {
    const path = dataFile(blocks);
    append(path);
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, -1));
    expect(() => verify(path, offset)).toThrow(FormatError);
    writeFileSync(path, bytes.subarray(0, offset));
    expect(() => verify(path, offset)).toThrow(FormatError);
  });
});

describe("readVeritySuperblock", () => {
  const offset = 4 * BLOCK;

  function read(change: (block: Buffer) => void): unknown {
    const path = dataFile(4);
    append(path);
    const bytes = readFileSync(path);
    change(bytes.subarray(offset));
    return readVeritySuperblock({ size: bytes.length, read: (to, at) => void bytes.copy(to, 0, at) }, offset);
  }

  test("tells what was written", () => {
    const { salt, uuid } = IDENTITY;
    expect(read(() => undefined)).toEqual({
      salt: Uint8Array.from(salt),
      uuid: Uint8Array.from(uuid),
      dataBlocks: 4,
    });
  });

  test.each<[string, (block: Buffer) => void, string]>([
    ["another beginning", (block) => block.fill(0, 0, 8), 'it does not begin with "verity'],
    ["another version", (block) => block.writeUInt32LE(2, 8), "its version is 2, only 1 is known"],
    ["the type of Chrome OS", (block) => block.writeUInt32LE(0, 12), "its hash type is 0, only 1 is known"],
    ["another algorithm", (block) => block.write("sha512", 32), 'its algorithm is "sha512", only "sha256"'],
    ["an algorithm without an end", (block) => block.fill("a", 32, 64), 'its algorithm is "aaaa'],
    ["other blocks", (block) => block.writeUInt32LE(1024, 64), "its data block size is 1024"],
    ["other hash blocks", (block) => block.writeUInt32LE(512, 68), "its hash block size is 512"],
    ["no data", (block) => block.fill(0, 72, 80), "it covers 0 blocks of data, there are 4"],
    ["more than there is", (block) => block.fill(0xff, 72, 80), "it covers 18446744073709551615 blocks"],
    ["a long salt", (block) => block.writeUInt16LE(257, 80), "its salt has 257 bytes, at most 256"],
  ])("refuses %s", (_, change, fault) => {
    expect(() => read(change)).toThrow(FormatError);
    expect(() => read(change)).toThrow(`Cannot read the verity superblock at byte ${offset}: `);
    expect(() => read(change)).toThrow(fault);
  });
});

test("planTree puts the root first and leaves no gaps", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 40 }), (dataBlocks) => {
      const levels = planTree(dataBlocks, BLOCK).toReversed();
      let position = BLOCK;
      for (const [index, level] of levels.entries()) {
        expect(level.position).toBe(position);
        position += level.blocks * BLOCK;
        expect(level.blocks).toBe(Math.ceil((levels[index + 1]?.blocks ?? dataBlocks) / 128));
      }
      expect(verityOverhead(dataBlocks)).toBe(position);
    }),
  );
});
