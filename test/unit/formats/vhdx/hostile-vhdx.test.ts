import { beforeAll, describe, expect, test } from "vitest";
import { readBytes, type ByteSource } from "../../../../src/formats/byte-io.ts";
import { FormatError } from "../../../../src/formats/format-error.ts";
import { sealChecksum } from "../../../../src/formats/vhdx/checksum.ts";
import { HEADER_POSITIONS, HEADER_SIZE } from "../../../../src/formats/vhdx/header.ts";
import { VhdxDisk } from "../../../../src/formats/vhdx/vhdx-disk.ts";
import { VhdxReader } from "../../../../src/formats/vhdx/vhdx-reader.ts";
import { VhdxWriter } from "../../../../src/formats/vhdx/vhdx-writer.ts";
import { MemoryFile } from "../../../support/memory-file.ts";
import { chosenSeed, randomNumbers, rounds } from "../../../support/soak-rounds.ts";
import { encodeEntry, putLog } from "./craft-log.ts";

const MIB = 2 ** 20;
const KIB = 1024;
const TABLE = 3 * MIB;
const METADATA = 2 * MIB;
const REGION_TABLES = [192 * KIB, 256 * KIB];
const REGION_TABLE_SIZE = 64 * KIB;

function makeDisk(): MemoryFile {
  const file = new MemoryFile();
  const writer = new VhdxWriter(file, 64 * MIB, { uuid: Buffer.alloc(16, 5) });
  writer.write([Buffer.alloc(3 * MIB, 1)], 5 * MIB);
  file.resize(writer.finish());
  return file;
}

/** Changes a structure that has a checksum, and makes that right again. */
function patch(
  file: MemoryFile,
  positions: readonly number[],
  size: number,
  change: (bytes: Buffer) => void,
): void {
  for (const position of positions) {
    const bytes = readBytes(file, position, size);
    change(bytes);
    file.write([sealChecksum(bytes)], position);
  }
}

function patchRegions(file: MemoryFile, change: (bytes: Buffer) => void): void {
  patch(file, REGION_TABLES, REGION_TABLE_SIZE, change);
}

function patchHeaders(file: MemoryFile, change: (bytes: Buffer) => void): void {
  patch(file, HEADER_POSITIONS, HEADER_SIZE, change);
}

function entryOf(position: number, state = 6): Buffer {
  const entry = Buffer.alloc(8);
  entry.writeBigUInt64LE(BigInt(position) | BigInt(state));
  return entry;
}

const FIRST_ENTRY = TABLE + 5 * 8;
/** In the region table: the allocation table's entry, then that of the metadata. */
const [REGION_ONE, REGION_TWO] = [16, 48];
const ITEM = (index: number): number => METADATA + 32 + 32 * index;

describe("a VHDX is refused", () => {
  const cases: [string, string, (file: MemoryFile) => void][] = [
    ["that is none", 'does not begin with "vhdxfile"', (file) => file.write([Buffer.from("X")], 0)],
    [
      "without headers",
      "both of its headers are damaged",
      (file) => HEADER_POSITIONS.forEach((at) => file.write([Buffer.alloc(8)], at)),
    ],
    [
      "with contradictory headers",
      "differ and have the same sequence number",
      (file) => {
        patchHeaders(file, (bytes) => bytes.writeBigUInt64LE(9n, 8));
        patch(file, [HEADER_POSITIONS[0]], HEADER_SIZE, (bytes) => bytes.writeUInt8(1, 20));
      },
    ],
    [
      "of another version",
      "its version is 2",
      (file) => patchHeaders(file, (bytes) => bytes.writeUInt16LE(2, 66)),
    ],
    [
      "with a log that is not aligned",
      "is not aligned",
      (file) => patchHeaders(file, (bytes) => bytes.writeUInt32LE(5, 68)),
    ],
    [
      "with a log over its front",
      "its log at 0 overlaps",
      (file) => patchHeaders(file, (bytes) => bytes.writeBigUInt64LE(0n, 72)),
    ],
    [
      "with a log behind its end",
      "lies behind the end of the file",
      (file) => patchHeaders(file, (bytes) => bytes.writeBigUInt64LE(BigInt(64 * MIB), 72)),
    ],
    [
      "without region tables",
      "both of its region tables are damaged",
      (file) => REGION_TABLES.forEach((at) => file.write([Buffer.alloc(8)], at)),
    ],
    [
      "with very many regions",
      "its region table has 4294967295 entries",
      (file) => patchRegions(file, (bytes) => bytes.writeUInt32LE(0xffffffff, 8)),
    ],
    [
      "without allocation table",
      "occurs twice",
      (file) => patchRegions(file, (bytes) => bytes.copy(bytes, REGION_ONE, REGION_TWO, REGION_TWO + 16)),
    ],
    [
      "without metadata",
      "it has no metadata",
      (file) => patchRegions(file, (bytes) => bytes.writeUInt32LE(1, 8)),
    ],
    [
      "with an unknown region that it needs",
      "which is unknown",
      (file) => patchRegions(file, (bytes) => bytes.writeUInt8(0, REGION_ONE)),
    ],
    [
      "whose regions overlap",
      "its block allocation table at 2097152 overlaps",
      (file) => patchRegions(file, (bytes) => bytes.writeBigUInt64LE(BigInt(METADATA), REGION_ONE + 16)),
    ],
    [
      "whose region lies far away",
      "its region's offset is 18446744073708503040",
      (file) => patchRegions(file, (bytes) => bytes.writeBigUInt64LE(2n ** 64n - 2n ** 20n, REGION_ONE + 16)),
    ],
    [
      "with an empty region",
      "of 0 bytes",
      (file) => patchRegions(file, (bytes) => bytes.writeUInt32LE(0, REGION_ONE + 24)),
    ],
    [
      "whose table does not cover the disk",
      "does not cover the disk's",
      (file) => file.write([u64(2 ** 45)], METADATA + 64 * KIB + 8),
    ],
    [
      "of an odd size",
      "its disk has 67108865 bytes",
      (file) => file.write([u64(64 * MIB + 1)], METADATA + 64 * KIB + 8),
    ],
    ["of no size", "its disk has 0 bytes", (file) => file.write([u64(0)], METADATA + 64 * KIB + 8)],
    ["of more than 64 TiB", "its disk has", (file) => file.write([u64(2 ** 47)], METADATA + 64 * KIB + 8)],
    [
      "with odd blocks",
      "its blocks have 3145728 bytes",
      (file) => file.write([u32(3 * MIB)], METADATA + 64 * KIB),
    ],
    [
      "with odd sectors",
      "its sectors have 513 bytes",
      (file) => file.write([u32(513)], METADATA + 64 * KIB + 32),
    ],
    ["whose metadata are none", "do not begin with", (file) => file.write([Buffer.from("X")], METADATA)],
    [
      "with very many metadata",
      "its metadata have 65535 entries",
      (file) => file.write([Buffer.alloc(2, 0xff)], METADATA + 10),
    ],
    [
      "that lacks metadata",
      "its metadata lack cda348c7",
      (file) => file.write([Buffer.from([4])], METADATA + 10),
    ],
    ["whose metadata lie outside", "bytes at 1048576", (file) => file.write([u32(MIB)], ITEM(1) + 16)],
    ["whose metadata are doubled", "twice", (file) => file.write([readBytes(file, ITEM(0), 32)], ITEM(1))],
    [
      "with unknown metadata that it needs",
      "which are unknown",
      (file) => file.write([Buffer.alloc(1)], ITEM(2)),
    ],
    [
      "two of whose blocks are one",
      "its block at 5242880 overlaps",
      (file) => file.write([entryOf(5 * MIB)], FIRST_ENTRY),
    ],
    [
      "with a block over its front",
      "its block at 0 overlaps",
      (file) => file.write([entryOf(0)], FIRST_ENTRY),
    ],
    [
      "with a block over its table",
      "its block at 3145728 overlaps",
      (file) => file.write([entryOf(TABLE)], FIRST_ENTRY),
    ],
    [
      "with a block behind its end",
      "lies behind the end of the file",
      (file) => file.write([Buffer.alloc(7, 0xff)], FIRST_ENTRY + 1),
    ],
    [
      "with a block of a differencing disk",
      "has the state 7",
      (file) => file.write([entryOf(4 * MIB, 7)], FIRST_ENTRY),
    ],
    ["with a block of no state", "has the state 5", (file) => file.write([entryOf(4 * MIB, 5)], FIRST_ENTRY)],
    [
      "with a log of gigabytes",
      "is too large to be replayed",
      (file) =>
        patchHeaders(file, (bytes) => {
          bytes.fill(1, 48, 64);
          bytes.writeUInt32LE(2 ** 31, 68);
        }),
    ],
  ];

  test.each(cases)("%s", (_, message, damage) => {
    const file = makeDisk();
    damage(file);
    expect(() => new VhdxReader(file)).toThrow(FormatError);
    expect(() => new VhdxReader(file)).toThrow(message);
    expect(() => new VhdxReader(file)).toThrow(/^Cannot read .*[^.]$/);
  });

  test("that is cut short anywhere", () => {
    const whole = makeDisk();
    for (let length = 0; length < whole.size; length += 61 * KIB) {
      const file = whole.copy();
      file.resize(length);
      expect(() => new VhdxReader(file), `${length} bytes`).toThrow(FormatError);
    }
  });
});

test("of two headers and two region tables, one is enough", () => {
  for (const positions of [HEADER_POSITIONS, REGION_TABLES]) {
    for (const position of positions) {
      const file = makeDisk();
      file.write([Buffer.alloc(16)], position);
      expect(new VhdxReader(file).size).toBe(64 * MIB);
    }
  }
});

test("an unknown region that may be ignored is, and stays when the disk grows", () => {
  const file = makeDisk();
  const end = file.size;
  file.resize(end + MIB);
  patchRegions(file, (bytes) => {
    bytes.writeUInt32LE(3, 8);
    bytes.fill(0xab, 80, 96);
    bytes.writeBigUInt64LE(BigInt(end), 96);
    bytes.writeUInt32LE(MIB, 104);
  });
  new VhdxDisk(file).grow(2 ** 40);
  expect(readBytes(file, REGION_TABLES[0] ?? 0, REGION_TABLE_SIZE).includes(Buffer.alloc(16, 0xab))).toBe(
    true,
  );
  expect(new VhdxReader(file).size).toBe(2 ** 40);
});

describe("damaged bits", () => {
  const places = { header: HEADER_POSITIONS[1], regions: REGION_TABLES[0] ?? 0, log: MIB } as const;
  let whole: MemoryFile;

  beforeAll(() => {
    whole = makeDisk();
    const contents = readBytes(whole, TABLE, 4096);
    putLog(
      whole,
      encodeEntry({ sequence: 7n, tail: 0, changes: [{ position: TABLE, contents }] }, whole.size),
    );
  });

  test("never do more than make a file that is refused in one line", { timeout: 300_000 }, () => {
    const seed = chosenSeed();
    const random = randomNumbers(seed);
    const pick = (limit: number): number => Math.floor(random() * limit);
    const spans = [
      [0, 8],
      [places.header, 80],
      [places.regions, 80],
      [places.log, 3 * 4096],
      [METADATA, 200],
      [METADATA + 64 * KIB, 40],
      [TABLE, 70 * 8],
    ] as const;
    for (let round = 0; round < rounds(10_000, 500); round++) {
      const file = whole.copy();
      for (let flips = 1 + pick(3); flips > 0; flips--) {
        const [start, length] = spans[pick(spans.length)] ?? [0, 8];
        const at = start + pick(length);
        file.write([Buffer.from([readBytes(file, at, 1).readUInt8(0) ^ (1 << pick(8))])], at);
      }
      // Half of the files have right checksums again, so that what they say is believed.
      if (pick(2) === 0) {
        patch(file, [places.header], HEADER_SIZE, () => {});
        patch(file, [places.regions], REGION_TABLE_SIZE, () => {});
        patch(file, [places.log], 2 * 4096, () => {});
      }
      readAll(file, `RUNHCS_SEED=${seed} round ${round}`);
    }
  });
});

function readAll(file: MemoryFile, label: string): void {
  const began = performance.now();
  try {
    const reader = new VhdxReader(file);
    readSome(reader);
    if (reader.size < 2 ** 41) new VhdxDisk(file).write([Buffer.alloc(4)], 6 * MIB);
  } catch (error) {
    expect(error, label).toBeInstanceOf(FormatError);
    expect(String(error), label).not.toContain("\n");
  }
  expect(performance.now() - began, label).toBeLessThan(2000);
}

function readSome(reader: ByteSource): void {
  const target = Buffer.alloc(64 * KIB);
  for (let position = 0; position + target.length <= Math.min(reader.size, 64 * MIB); position += MIB) {
    reader.read(target, position);
  }
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
