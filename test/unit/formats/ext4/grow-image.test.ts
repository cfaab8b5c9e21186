import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { truncateSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readBytes } from "../../../../src/formats/byte-io.ts";
import { RawDisk } from "../../../../src/formats/disk/raw-disk.ts";
import { growImage } from "../../../../src/formats/ext4/grow-image.ts";
import { planGrowth } from "../../../../src/formats/ext4/grow-plan.ts";
import { SUPERBLOCK, SUPERBLOCK_POSITION } from "../../../../src/formats/ext4/superblock.ts";
import { Ext4Writer } from "../../../../src/formats/ext4/writer.ts";
import { FormatError } from "../../../../src/formats/format-error.ts";
import { MemoryFile } from "../../../support/memory-file.ts";
import { useFolder, withFile } from "../../../support/qemu-image.ts";
import { RecordedFile } from "../../../support/recorded-file.ts";
import { chosenSeed, randomNumbers, rounds } from "../../../support/soak-rounds.ts";
import { check, CLEAN, entryOf, feed, seen } from "./image-harness.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;
/** Features of mkfs.ext4 that leave a file system which can be grown. */
const ONLY_PLAIN = "^has_journal,^metadata_csum,^64bit,sparse_super2,^sparse_super,^resize_inode";
const pathOf = useFolder();

function makeImage<File extends MemoryFile>(file: File, size: number, maximumSize = size * 64): File {
  const writer = new Ext4Writer(file, {
    size,
    maximumSize,
    inodes: size / 16384,
    isWritable: true,
    isGrowable: true,
  });
  const files = Array.from({ length: 20 }, (_, index) =>
    entryOf(`d/${index}`, { contents: [createHash("sha512").update(String(index)).digest()] }),
  );
  feed(writer, [
    ...files,
    entryOf("large", { contents: [Buffer.alloc(3 * MIB, 7), 5 * MIB, Buffer.alloc(9)] }),
  ]);
  file.resize(writer.finish().size);
  return file;
}

function grow(file: MemoryFile, size: number): boolean {
  const disk = new RawDisk(file);
  const before = disk.size;
  const plan = planGrowth(disk, size);
  if (size > before) disk.grow(size);
  if (plan !== undefined) growImage(disk, plan, before / 4096);
  return plan !== undefined;
}

function store(file: MemoryFile, name = "image"): string {
  file.save(pathOf(name));
  return pathOf(name);
}

describe("a grown file system", () => {
  test.each([
    [64 * MIB, 64 * MIB + 4096],
    [64 * MIB, 100 * MIB],
    [64 * MIB, 128 * MIB],
    [64 * MIB, 129 * MIB],
    [64 * MIB, 4 * GIB],
    [200 * MIB, 333 * MIB],
    [GIB, 64 * GIB],
  ])(
    "from %d to %d bytes is without fault and holds the same",
    (size, grown) => {
      const file = makeImage(new MemoryFile(), size);
      const before = seen(store(file, "before"));
      expect(grow(file, grown)).toBe(true);
      const path = store(file);
      expect(check(path)).toEqual(CLEAN);
      expect(seen(path)).toEqual(before);
      const blocks = readBytes(file, 1024 + 4, 4).readUInt32LE(0);
      // At most a group that had no room for its own table is missing.
      expect(blocks * 4096).toBeGreaterThan(grown - 128 * MIB);
      expect(grow(file, grown)).toBe(false);
    },
    120_000,
  );

  test("grows again, and to the last block kept for descriptors", () => {
    const file = makeImage(new MemoryFile(), 64 * MIB, 32 * GIB);
    for (const size of [65 * MIB, 300 * MIB, GIB, 17 * GIB, 32 * GIB]) {
      expect(grow(file, size)).toBe(true);
      expect(check(store(file)), `${size}`).toEqual(CLEAN);
    }
    expect(() => planGrowth(file, 33 * GIB)).toThrow(
      "Cannot grow the ext4 file system: it lacks 1 blocks kept for group descriptors",
    );
  });

  test("is one that resize2fs grows too", () => {
    const path = store(makeImage(new MemoryFile(), 64 * MIB));
    truncateSync(path, 3 * GIB);
    execFileSync("resize2fs", ["-f", path], { stdio: "ignore" });
    expect(check(path)).toEqual(CLEAN);
  });

  test("has empty inode tables, whatever the disk held there", () => {
    const file = makeImage(new MemoryFile(), 64 * MIB);
    file.write([Buffer.alloc(64 * MIB, 0xee)], 64 * MIB);
    file.resize(200 * MIB);
    expect(grow(file, 200 * MIB)).toBe(true);
    expect(check(store(file))).toEqual(CLEAN);
  });
});

describe("an interrupted call", () => {
  test("leaves a file system that holds all, and another one completes its work", () => {
    const file = makeImage(new RecordedFile(), 64 * MIB, 32 * GIB);
    const before = seen(store(file, "before"));
    file.forget();
    grow(file, 18 * GIB);
    const random = randomNumbers(chosenSeed());
    const share = rounds(0.02, 0.001);
    const chosen = file.states.filter((_, index) => index > file.states.length - 6 || random() < share);
    for (const [index, state] of chosen.entries()) {
      const path = store(state, `state-${index}`);
      expect(seen(path)).toEqual(before);
      grow(state, 18 * GIB);
      const completed = store(state, `completed-${index}`);
      expect(check(completed), `state ${index}`).toEqual(CLEAN);
    }
  }, 600_000);
});

describe("a file system is refused", () => {
  const made: [string, readonly string[], string][] = [
    ["with checksums", ["-b", "4096", "-O", "^has_journal,metadata_csum"], "features"],
    ["with wide descriptors", ["-b", "4096", "-O", "^has_journal,^metadata_csum,64bit"], "features"],
    ["with copies", ["-b", "4096", "-O", ONLY_PLAIN], "copies"],
    [
      "with small blocks",
      ["-b", "1024", "-O", ONLY_PLAIN, "-E", "num_backup_sb=0"],
      "its blocks have not 4096",
    ],
  ];

  test.each(made)("%s", (_, args, message) => {
    const path = pathOf("image");
    execFileSync("mkfs.ext4", ["-q", ...args, path, "200M"], { stdio: ["ignore", "ignore", "pipe"] });
    withFile(path, (file) => {
      expect(() => planGrowth(file, GIB)).toThrow(FormatError);
      expect(() => planGrowth(file, GIB)).toThrow(message);
    });
  });

  test("that mkfs.ext4 has made plainly, not", () => {
    const path = pathOf("image");
    execFileSync("mkfs.ext4", ["-q", "-b", "4096", "-O", ONLY_PLAIN, "-E", "num_backup_sb=0", path, "200M"]);
    withFile(path, (file) => {
      const disk = new RawDisk(file);
      const plan = planGrowth(disk, 3 * GIB);
      disk.grow(3 * GIB);
      if (plan !== undefined) growImage(disk, plan, (200 * MIB) / 4096);
    });
    expect(check(path)).toEqual(CLEAN);
  });

  test("that is mounted", () => {
    const path = store(makeImage(new MemoryFile(), 64 * MIB));
    const folder = pathOf("mount");
    execFileSync("mkdir", [folder]);
    execFileSync("mount", ["-o", "loop", path, folder]);
    try {
      writeFileSync(`${folder}/new`, "1");
      execFileSync("sync");
      withFile(path, (file) => expect(() => planGrowth(file, GIB)).toThrow("it was not unmounted"));
    } finally {
      execFileSync("umount", [folder]);
    }
    withFile(path, (file) => expect(planGrowth(file, GIB)).toBeDefined());
  });

  test("none of another kind is", () => {
    expect(planGrowth(new MemoryFile(), GIB)).toBeUndefined();
    expect(planGrowth(new MemoryFile(Buffer.alloc(MIB, 1)), GIB)).toBeUndefined();
  });

  test("that keeps more blocks for root than it has", () => {
    const file = makeImage(new MemoryFile(), 16 * MIB);
    const superblock = readBytes(file, SUPERBLOCK_POSITION, 1024);
    const blocks = superblock.readUInt32LE(SUPERBLOCK.blocks);
    superblock.writeUInt32LE(blocks + 1, SUPERBLOCK.reservedBlocks);
    file.write([superblock], SUPERBLOCK_POSITION);
    expect(() => planGrowth(file, 200 * MIB)).toThrow(
      `Cannot grow the ext4 file system: it keeps ${blocks + 1} of ${blocks} blocks for root`,
    );
  });

  test("with damaged numbers, and nothing is written outside the disk", () => {
    const whole = makeImage(new MemoryFile(), 16 * MIB);
    const seed = chosenSeed();
    const random = randomNumbers(seed);
    const spans = [
      [1024, 1024],
      [4096, 32],
    ] as const;
    for (let round = 0; round < rounds(10_000, 300); round++) {
      const file = whole.copy();
      const [start, length] = spans[Math.floor(random() * 2)] ?? [0, 1];
      const at = start + Math.floor(random() * length);
      file.write([Buffer.from([readBytes(file, at, 1).readUInt8(0) ^ (1 << Math.floor(random() * 8))])], at);
      try {
        grow(file, 200 * MIB);
      } catch (error) {
        expect(error, `RUNHCS_SEED=${seed} round ${round}`).toBeInstanceOf(FormatError);
      }
      expect(file.size).toBeLessThanOrEqual(200 * MIB);
    }
  }, 300_000);
});
