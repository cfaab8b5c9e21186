import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toStoredAcl } from "../../../../src/formats/ext4/acl.ts";
import { clearBits } from "../../../../src/formats/ext4/bitmap.ts";
import { NameHasher } from "../../../../src/formats/ext4/directory-hash.ts";
import {
  appendExtent,
  readFlatRoot,
  writeExtentTree,
  type Extent,
} from "../../../../src/formats/ext4/extent-tree.ts";
import { planGroups } from "../../../../src/formats/ext4/layout.ts";
import { StagedOutput } from "../../../../src/formats/ext4/staged-output.ts";
import { decodeTime, encodeTime } from "../../../../src/formats/ext4/timestamp.ts";
import { parseWhiteout } from "../../../../src/formats/ext4/whiteout.ts";
import { encodeXattrs } from "../../../../src/formats/ext4/xattr.ts";

describe("encodeTime", () => {
  const BILLION = 1_000_000_000n;
  const first = -(2n ** 31n) * BILLION;
  const last = (2n ** 34n - 2n ** 31n) * BILLION - 1n;

  test("is undone by decodeTime in all of its range", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: first, max: last }), (time) => {
        expect(decodeTime(encodeTime(time))).toBe(time);
      }),
    );
  });

  test("gives the nearest time outside of it", () => {
    expect(decodeTime(encodeTime(first - 1n))).toBe(first);
    expect(decodeTime(encodeTime(last + 1n))).toBe(last);
  });
});

describe("clearBits", () => {
  test("clears exactly the bits of a range", () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(200), (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const cleared = Buffer.alloc(26, 0xff);
        clearBits(cleared, from, to);
        for (let bit = 0; bit < 208; bit++) {
          const isIn = bit >= from && bit < to;
          expect(((cleared[bit >> 3] ?? 0) >> (bit & 7)) & 1).toBe(isIn ? 0 : 1);
        }
      }),
    );
  });
});

describe("extents", () => {
  test("of neighbours become one, up to 32768 blocks", () => {
    const extents: Extent[] = [];
    appendExtent(extents, { logical: 0, start: 100, count: 30_000 });
    appendExtent(extents, { logical: 30_000, start: 30_100, count: 5000 });
    appendExtent(extents, { logical: 35_000, start: 90_000, count: 1 });
    appendExtent(extents, { logical: 40_000, start: 90_001, count: 70_000 });
    expect(extents.map(({ logical, start, count }) => [logical, start, count])).toEqual([
      [0, 100, 32_768],
      [32_768, 32_868, 2232],
      [35_000, 90_000, 1],
      [40_000, 90_001, 32_768],
      [72_768, 122_769, 32_768],
      [105_536, 155_537, 4464],
    ]);
  });

  test("up to four lie in the root", () => {
    const extents = [1, 2, 3, 4].map((index) => ({ logical: index * 10, start: index * 1000, count: index }));
    const root = Buffer.alloc(60);
    expect(writeExtentTree(root, extents, () => expect.fail("no node is needed"))).toEqual([]);
    expect(root.toString("hex", 0, 8)).toBe("0af3040004000000");
    expect(readFlatRoot(root)).toEqual(extents);
  });

  test.each([
    [5, 1, 1],
    [1360, 4, 1],
    [1361, 5 + 1, 2],
    [340 * 340 * 4 + 1, 1361 + 5 + 1, 3],
  ])("%d take %d nodes in %d levels", (count, nodes, depth) => {
    const extents = Array.from({ length: count }, (_, index) => ({
      logical: 2 * index,
      start: index,
      count: 1,
    }));
    const root = Buffer.alloc(60);
    let block = 0;
    expect(writeExtentTree(root, extents, () => ++block)).toHaveLength(nodes);
    expect(root.readUInt16LE(6)).toBe(depth);
  });
});

describe("NameHasher", () => {
  // What `debugfs -R "dx_hash -h half_md4 [-s 00010203-0405-0607-0809-0a0b0c0d0e0f] NAME"` says.
  const seed = [0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c];
  test.each([
    ["a", [0, 0, 0, 0], 0xd5fa7d7a, 0xacb48187],
    ["12345678901234567890123456789012", [0, 0, 0, 0], 0xfa6cc63e, 0x2f77bd1c],
    ["some-file-name-that-has-more-than-32-bytes.txt", [0, 0, 0, 0], 0x26f8fd7e, 0xd8f47a49],
    ["abc", seed, 0x3f42d26a, 0xcb7a9705],
  ])("agrees with debugfs on %j", (name, words, major, minor) => {
    expect(new NameHasher(words).hash(name)).toEqual({ major, minor });
  });

  test("takes bytes above 127 as unsigned, and gives even hashes below the end of directories", () => {
    const hasher = new NameHasher(seed);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 255 }), (bytes) => {
        const { major } = hasher.hash(Buffer.from(bytes).toString("latin1"));
        expect(major % 2).toBe(0);
        expect(major).toBeLessThan(0xfffffffe);
      }),
    );
  });
});

describe("StagedOutput", () => {
  test("writes the same bytes whatever the pieces, and large ones at block borders", () => {
    const piece = fc.oneof(fc.nat(5000), fc.constantFrom(65_536, 70_000, 1_048_576, 1_100_000));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (sizes) => {
        const written = Buffer.alloc(sizes.reduce((sum, size) => sum + size, 4096));
        const ends: number[] = [];
        const output = new StagedOutput({
          write(chunks, position) {
            const joined = Buffer.concat(chunks);
            joined.copy(written, position);
            ends.push(position + joined.length);
          },
        });
        const expected = Buffer.alloc(written.length);
        let at = 4096;
        for (const [index, size] of sizes.entries()) {
          if (index % 3 === 2) {
            output.zeros(size, at);
          } else {
            const bytes = Buffer.alloc(size, index + 1);
            output.write(bytes, at);
            bytes.copy(expected, at);
            bytes.fill(0xee);
          }
          at += size;
        }
        expect(ends.filter((end) => end % 4096 !== 0)).toEqual([]);
        output.flush();
        expect(written.equals(expected)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});

describe("planGroups", () => {
  test("leaves room for everything, and no more groups than needed", () => {
    const need = fc.record({
      contents: fc.integer({ min: 2, max: 5_000_000 }),
      inodes: fc.integer({ min: 11, max: 3_000_000 }),
      blocks: fc.nat(6_000_000),
    });
    fc.assert(
      fc.property(need, (needs) => {
        const plan = planGroups(needs);
        expect(plan.inodesPerGroup % 16).toBe(0);
        expect(plan.inodesPerGroup).toBeLessThanOrEqual(32_768);
        expect(plan.blocksPerGroup % 8).toBe(0);
        expect(plan.blocksPerGroup).toBeLessThanOrEqual(32_768);
        expect(plan.groups * plan.inodesPerGroup).toBeGreaterThanOrEqual(needs.inodes);
        expect(Math.ceil(plan.blocks / plan.blocksPerGroup)).toBe(plan.groups);
        expect(plan.blocks).toBe(Math.max(needs.blocks, plan.inodeBitmaps + plan.groups));
        expect(plan.blockBitmaps).toBe(needs.contents + plan.groups * plan.tableBlocks);
      }),
    );
  });
});

describe("parseWhiteout", () => {
  test.each([
    ["a/b", undefined],
    ["a/x.wh.b", undefined],
    ["a/.wh.b", { kind: "whiteout", path: "a/b" }],
    [".wh.b", { kind: "whiteout", path: "b" }],
    ["a/.wh..wh..opq", { kind: "opaque", directory: "a" }],
    [".wh..wh..opq", { kind: "opaque", directory: "" }],
    [".wh..wh.aufs", { kind: "metadata" }],
    [".wh..wh.plnk/5.6", { kind: "metadata" }],
    ["a/.wh.dir/b", undefined],
  ])("takes %j for %j", (path, expected) => {
    expect(parseWhiteout(path)).toEqual(expected);
  });
});

describe("encodeXattrs", () => {
  test("fills the inode first and sorts the block by kind, length and bytes", () => {
    const names = ["user.bb", "user.a", "trusted.z", "user.ba", "security.x"];
    const { inInode, block } = encodeXattrs(new Map(names.map((name) => [name, Buffer.alloc(100, 1)])), 96);
    expect(inInode).toBeUndefined();
    const found: string[] = [];
    for (let at = 32; block !== undefined && block.readUInt32LE(at) !== 0;) {
      const length = block.readUInt8(at);
      found.push(`${block.readUInt8(at + 1)}:${block.toString("latin1", at + 16, at + 16 + length)}`);
      at += (16 + length + 3) & ~3;
    }
    expect(found).toEqual(["1:a", "1:ba", "1:bb", "4:z", "6:x"]);
  });

  test("uses the inode to its last byte", () => {
    // 96 bytes less magic and end leave 88: an entry of 20 with a name of 1 to 4 bytes and a value of 68.
    expect(Object.keys(encodeXattrs(new Map([["user.abcd", Buffer.alloc(68)]]), 96))).toEqual(["inInode"]);
    expect(Object.keys(encodeXattrs(new Map([["user.abcd", Buffer.alloc(69)]]), 96))).toEqual(["block"]);
  });
});

test("toStoredAcl leaves out ids that say nothing", () => {
  const generic = Buffer.from(
    "02000000 01000700ffffffff 02000600e8030000 04000400ffffffff".replaceAll(" ", ""),
    "hex",
  );
  expect(toStoredAcl(generic).toString("hex")).toBe("010000000100070002000600e803000004000400");
});
