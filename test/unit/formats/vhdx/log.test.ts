import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { readBytes } from "../../../../src/formats/byte-io.ts";
import { FormatError } from "../../../../src/formats/format-error.ts";
import { VhdxDisk } from "../../../../src/formats/vhdx/vhdx-disk.ts";
import { VhdxReader } from "../../../../src/formats/vhdx/vhdx-reader.ts";
import { VhdxWriter } from "../../../../src/formats/vhdx/vhdx-writer.ts";
import { MemoryFile } from "../../../support/memory-file.ts";
import { qemuCheck, qemuIo, SOUND, useFolder, writeBytes } from "../../../support/qemu-image.ts";
import { encodeEntry, putLog, type CraftedEntry } from "./craft-log.ts";

const MIB = 2 ** 20;
const SECTOR = 4096;
const TABLE = 3 * MIB;
const uuid = Buffer.alloc(16, 3);
const pathOf = useFolder();

/** A disk with the numbers 1 and 2 in its first two blocks, whose table does not list them: that is in the log only. */
function unlisted(): { file: MemoryFile; table: Buffer } {
  const file = new MemoryFile();
  const writer = new VhdxWriter(file, 16 * MIB, { uuid });
  writer.write([Buffer.alloc(MIB, 1), Buffer.alloc(MIB, 2)], 0);
  file.resize(writer.finish());
  const table = readBytes(file, TABLE, SECTOR);
  file.write([Buffer.alloc(SECTOR)], TABLE);
  return { file, table };
}

/** The first bytes of the first three blocks. */
function seen(file: MemoryFile): number[] {
  const reader = new VhdxReader(file);
  return [0, 1, 2].map((block) => readBytes(reader, block * MIB, 1).readUInt8(0));
}

function encode(file: MemoryFile, ...entries: CraftedEntry[]): Buffer {
  return Buffer.concat(entries.map((entry) => encodeEntry(entry, file.size)));
}

describe("a log that its writer did not replay", () => {
  test("is replayed in memory, as QEMU repairs it", () => {
    const { file, table } = unlisted();
    expect(seen(file)).toEqual([0, 0, 0]);
    const first = Buffer.from(table);
    first.fill(0, 8);
    const entries = [
      { sequence: 7n, tail: 0, changes: [{ position: TABLE, contents: first }] },
      { sequence: 8n, tail: 0, changes: [{ position: TABLE, contents: table }] },
    ];
    putLog(file, encode(file, ...entries));
    const before = file.bytes();
    expect(seen(file)).toEqual([1, 2, 0]);
    expect(file.bytes().equals(before)).toBe(true);

    const path = pathOf("disk.vhdx");
    writeBytes(path, before);
    const repaired = spawnSync("qemu-img", ["check", "-r", "all", "-f", "vhdx", path], { encoding: "utf8" });
    expect(repaired.status, repaired.stderr).toBe(0);
    qemuIo(path, "vhdx", ["read -P 1 0 1M", "read -P 2 1M 1M", "read -P 0 2M 1M"]);
  });

  test("is brought into the file before anything else is changed", () => {
    const { file, table } = unlisted();
    putLog(file, encode(file, { sequence: 7n, tail: 0, changes: [{ position: TABLE, contents: table }] }));
    const disk = new VhdxDisk(file);
    disk.write([Buffer.alloc(MIB, 3)], 2 * MIB);
    disk.flush();
    expect(readBytes(file, TABLE, 16).equals(table.subarray(0, 16))).toBe(true);
    const path = pathOf("disk.vhdx");
    writeBytes(path, file.bytes());
    expect(qemuCheck(path, "vhdx")).toBe(SOUND);
    qemuIo(path, "vhdx", ["read -P 1 0 1M", "read -P 2 1M 1M", "read -P 3 2M 1M"]);
  });

  test("goes on at the log's front behind its end", () => {
    const { file, table } = unlisted();
    const start = MIB - 2 * SECTOR;
    const entries = [
      { sequence: 7n, tail: start, changes: [{ position: TABLE, contents: Buffer.alloc(SECTOR) }] },
      { sequence: 8n, tail: start, changes: [{ position: TABLE, contents: table }] },
    ];
    putLog(file, encode(file, ...entries), start);
    expect(seen(file)).toEqual([1, 2, 0]);
    const split = unlisted();
    const bytes = encode(split.file, { ...entries[1], tail: MIB - SECTOR } as CraftedEntry);
    putLog(split.file, bytes, MIB - SECTOR);
    expect(seen(split.file)).toEqual([1, 2, 0]);
  });

  test("is replayed from the entry on that the last one needs", () => {
    const { file, table } = unlisted();
    // The older entry has been replayed already, and what it tells of has changed since.
    const entries = [
      { sequence: 7n, tail: 0, changes: [{ position: TABLE, contents: Buffer.alloc(SECTOR, 0xff) }] },
      { sequence: 8n, tail: 2 * SECTOR, changes: [{ position: TABLE + SECTOR, contents: SECTOR }] },
    ];
    file.write([table], TABLE);
    putLog(file, encode(file, ...entries));
    expect(seen(file)).toEqual([1, 2, 0]);
  });

  test("writes zeros too, and later changes over earlier ones", () => {
    const { file, table } = unlisted();
    const changes = [
      { position: TABLE, contents: Buffer.alloc(SECTOR, 0xff) },
      { position: TABLE, contents: 2 * SECTOR },
      { position: TABLE, contents: table },
      { position: 5 * MIB, contents: SECTOR },
    ];
    putLog(file, encode(file, { sequence: 1n, tail: 0, changes }));
    expect(seen(file)).toEqual([1, 0, 0]);
  });

  test("makes the file as long as it says", () => {
    const { file, table } = unlisted();
    const size = file.size;
    file.resize(size - MIB);
    const changes = [{ position: TABLE, contents: table }];
    putLog(file, encode(file, { sequence: 1n, tail: 0, changes, lastSize: size }));
    expect(seen(file)).toEqual([1, 0, 0]);
    new VhdxDisk(file).write([Buffer.alloc(1)], 0);
    expect(file.size).toBe(size);
  });

  test("with several sequences is replayed from the newest", () => {
    const { file, table } = unlisted();
    const changes = [{ position: TABLE, contents: Buffer.alloc(SECTOR, 0xff) }];
    putLog(file, encode(file, { sequence: 3n, tail: 0, changes }));
    const newest = { sequence: 9n, tail: 8 * SECTOR, changes: [{ position: TABLE, contents: table }] };
    putLog(file, encode(file, newest), 8 * SECTOR);
    expect(seen(file)).toEqual([1, 2, 0]);
  });
});

describe("entries do not count", () => {
  const change = { position: TABLE, contents: Buffer.alloc(SECTOR, 0xff) };
  const cases: [string, (file: MemoryFile) => Buffer][] = [
    ["of another log", (file) => encode(file, { sequence: 9n, tail: 0, changes: [change], guid: LOG_OTHER })],
    [
      "whose oldest is missing",
      (file) => encode(file, { sequence: 9n, tail: 16 * SECTOR, changes: [change] }),
    ],
    [
      "that are cut short",
      (file) => encode(file, { sequence: 9n, tail: 0, changes: [change] }).subarray(0, SECTOR),
    ],
    [
      "with a wrong checksum",
      (file) => {
        const bytes = encode(file, { sequence: 9n, tail: 0, changes: [change] });
        bytes.writeUInt8(1, SECTOR + 100);
        return bytes;
      },
    ],
  ];

  test.each(cases)("%s", (_, make) => {
    const { file, table } = unlisted();
    file.write([table], TABLE);
    putLog(file, make(file));
    expect(seen(file)).toEqual([1, 2, 0]);
  });
});

const LOG_OTHER = "99999999-2222-3333-4444-555555555555";

describe("a log is refused", () => {
  const table = { position: TABLE, contents: Buffer.alloc(SECTOR) };

  test.each([
    [{ changes: [table], flushedSize: 100 * MIB }, "tells of 104857600 bytes"],
    [{ changes: [{ position: 100 * MIB, contents: SECTOR }] }, "changes 4096 bytes at 104857600"],
    [{ changes: [{ position: 4097, contents: SECTOR }] }, "changes 4096 bytes at 4097"],
    [{ changes: [table], lastSize: 2 ** 50 }, "the file has 1125899906842624 bytes"],
  ])("%#", (entry, message) => {
    const { file } = unlisted();
    putLog(file, encode(file, { sequence: 1n, tail: 0, ...entry }));
    expect(() => new VhdxReader(file)).toThrow(FormatError);
    expect(() => new VhdxReader(file)).toThrow(message);
  });

  test("of very many changes, soon", () => {
    const { file } = unlisted();
    const changes = Array.from({ length: 32_000 }, (_, index) => ({
      position: TABLE + (index % 100) * SECTOR,
      contents: SECTOR,
    }));
    putLog(file, encode(file, { sequence: 1n, tail: 0, changes }));
    const began = performance.now();
    expect(seen(file)).toEqual([0, 0, 0]);
    expect(performance.now() - began).toBeLessThan(5000);
  });
});
