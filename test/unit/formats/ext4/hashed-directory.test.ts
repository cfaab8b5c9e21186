import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { NameHasher } from "../../../../src/formats/ext4/directory-hash.ts";
import { ENTRY_TYPE } from "../../../../src/formats/ext4/directory.ts";
import { packHashedDirectory } from "../../../../src/formats/ext4/hashed-directory.ts";
import { check, CLEAN, entryOf, seen, useImages } from "./image-harness.ts";

const images = useImages();
/** Entries with names of 6 bytes take 16, so that a block holds exactly this many. */
const LEAF_ENTRIES = 256;

const nameOf = (index: number): string => index.toString(36).padStart(6, "0");

/** The seed that images have, as dumpe2fs tells it. */
function seedOf(image: string): number[] {
  const dump = execFileSync("dumpe2fs", ["-h", image], { encoding: "utf8", stdio: "pipe" });
  const hex = /Directory Hash Seed: +(\S+)/.exec(dump)?.[1]?.replaceAll("-", "") ?? "";
  const bytes = Buffer.from(hex, "hex");
  return [0, 4, 8, 12].map((at) => bytes.readUInt32LE(at));
}

/** Names of which two with the same hash lie to both sides of the border between the first two blocks. */
function namesWithSplitHash(seed: readonly number[]): string[] {
  const hasher = new NameHasher(seed);
  const byHash = Array.from({ length: 200_000 }, (_, index) => nameOf(index))
    .map((name) => ({ name, ...hasher.hash(name) }))
    .toSorted((a, b) => a.major - b.major || a.minor - b.minor);
  const twin = byHash.findIndex(({ major }, index) => index >= 1000 && byHash[index + 1]?.major === major);
  expect(twin).toBeGreaterThan(0);
  return byHash.slice(twin - LEAF_ENTRIES + 1, twin + 1 + 2 * LEAF_ENTRIES).map(({ name }) => name);
}

describe("packHashedDirectory", () => {
  test("marks a block that goes on with the hash of the one before", () => {
    const seed = seedOf(images.write([]).path);
    const names = namesWithSplitHash(seed);
    const entries = names.map((name, index) => ({ name, inode: 100 + index, type: ENTRY_TYPE.file }));
    const blocks = packHashedDirectory({ self: 50, parent: 2, entries }, seed) ?? [];
    expect(blocks).toHaveLength(4);
    const marks = [1, 2].map((index) => (blocks[0]?.readUInt32LE(32 + 8 * index) ?? 0) & 1);
    expect(marks).toEqual([1, 0]);

    const image = images.write(names.map((name) => entryOf(`d/${name}`)));
    expect(check(image.path)).toEqual(CLEAN);
    expect(Object.keys(seen(image.path))).toEqual(expect.arrayContaining(names.map((name) => `d/${name}`)));
  });
});
