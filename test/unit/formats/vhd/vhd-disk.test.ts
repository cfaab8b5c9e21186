import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readBytes } from "../../../../src/formats/byte-io.ts";
import { encodeDynamicHeader, parseDynamicHeader } from "../../../../src/formats/vhd/dynamic-header.ts";
import { DynamicVhdWriter } from "../../../../src/formats/vhd/dynamic-writer.ts";
import { vhdFooter } from "../../../../src/formats/vhd/footer.ts";
import { VhdDisk } from "../../../../src/formats/vhd/vhd-disk.ts";
import { VhdReader } from "../../../../src/formats/vhd/vhd-reader.ts";
import { MemoryFile } from "../../../support/memory-file.ts";
import { qemuImg, qemuInfo, qemuIo, useFolder, withFile } from "../../../support/qemu-image.ts";
import { RecordedFile } from "../../../support/recorded-file.ts";
import { chosenSeed } from "../../../support/soak-rounds.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const uuid = Buffer.alloc(16, 3);
const pathOf = useFolder();

function makeDynamic<File extends MemoryFile>(file: File, size: number, blockSize = 64 * 1024): File {
  const writer = new DynamicVhdWriter(file, size, { uuid, blockSize });
  writer.write([Buffer.alloc(100_000, 1)], 70_000);
  writer.finish();
  return file;
}

function makeFixed<File extends MemoryFile>(file: File, size: number): File {
  file.write([Buffer.alloc(100_000, 1)], 70_000);
  file.write([vhdFooter(size, { uuid })], size);
  return file;
}

describe.each([
  ["dynamic", makeDynamic],
  ["fixed", makeFixed],
])("a %s VHD", (_, make) => {
  test("reads what was written and grown, in whatever order", () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant("write" as const),
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        length: fc.integer({ min: 1, max: 200_000 }),
        fill: fc.integer({ min: 0, max: 255 }),
      }),
      fc.record({ kind: fc.constant("grow" as const), by: fc.integer({ min: 0, max: 10_000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 10 }), (steps) => {
        const file = make(new MemoryFile(), 4 * MIB + 4096);
        const disk = new VhdDisk(file);
        let model = readBytes(disk, 0, disk.size);
        for (const step of steps) {
          if (step.kind === "write") {
            const position = Math.floor(step.at * (model.length - 1));
            const bytes = Buffer.alloc(Math.min(step.length, model.length - position), step.fill);
            disk.write([bytes], position);
            bytes.copy(model, position);
          } else {
            model = Buffer.concat([model, Buffer.alloc(step.by * 512)]);
            disk.grow(model.length);
          }
          expect(readBytes(disk, 0, disk.size).equals(model)).toBe(true);
        }
        expect(readBytes(new VhdReader(file), 0, model.length).equals(model)).toBe(true);
      }),
      { numRuns: 30, seed: chosenSeed() },
    );
  });

  test("is whole whenever it is interrupted", () => {
    const file = make(new RecordedFile(), 4 * MIB);
    const disk = new VhdDisk(file);
    file.forget();
    disk.grow(64 * MIB);
    disk.write([Buffer.alloc(64 * 1024, 2)], 40 * MIB);
    disk.flush();
    expect(file.states.length).toBeGreaterThan(2);
    for (const state of file.states) {
      const reader = new VhdReader(state);
      expect([4 * MIB, 64 * MIB]).toContain(reader.size);
      expect(readBytes(reader, 70_000, 100_000).equals(Buffer.alloc(100_000, 1))).toBe(true);
    }
    expect(readBytes(new VhdReader(file), 40 * MIB, 64 * 1024).equals(Buffer.alloc(64 * 1024, 2))).toBe(true);
  });

  test("is not written to outside the disk", () => {
    const disk = new VhdDisk(make(new MemoryFile(), 4 * MIB));
    expect(() => disk.write([Buffer.alloc(2)], 4 * MIB - 1)).toThrow("there are only");
  });
});

test.each([
  ["dynamic", 20 * GIB],
  ["dynamic", 2040 * GIB],
  ["fixed", 300 * MIB],
])("a %s VHD that QEMU has made grows to %d bytes", (subformat, grown) => {
  const path = pathOf("disk.vhd");
  qemuImg("create", "-q", "-f", "vpc", "-o", `subformat=${subformat},force_size=on`, path, "200M");
  qemuIo(path, "vpc", ["write -P 7 3M 5M", `write -P 8 ${200 * MIB - 4096} 4096`]);
  withFile(path, (file) => new VhdDisk(file).grow(grown));
  expect(qemuInfo(path, "vpc")["virtual-size"]).toBe(grown);
  qemuIo(path, "vpc", [
    "read -P 0 0 3M",
    "read -P 7 3M 5M",
    `read -P 8 ${200 * MIB - 4096} 4096`,
    `read -P 0 ${200 * MIB} 1M`,
    `write -P 9 ${grown - 8192} 4096`,
  ]);
  withFile(path, (file) => {
    expect(readBytes(new VhdDisk(file), grown - 8192, 4096).equals(Buffer.alloc(4096, 9))).toBe(true);
  });
});

test("a dynamic VHD whose table is longer than its disk grows by zeros, whatever the table holds there", () => {
  const file = makeDynamic(new MemoryFile(), 4 * MIB);
  const [header, table] = [512, 1536];
  const entries = 128;
  const { blockSize } = parseDynamicHeader(readBytes(file, header, 1024));
  file.write([encodeDynamicHeader({ tableOffset: table, tableEntries: entries, blockSize })], header);
  // The first entry that is no longer of the disk names the block of the first one.
  file.write([readBytes(file, table + 4, 4)], table + 4 * 64);
  const disk = new VhdDisk(file);
  disk.grow(8 * MIB);
  expect(readBytes(new VhdReader(file), 4 * MIB, 4 * MIB).equals(Buffer.alloc(4 * MIB))).toBe(true);
});

test("a dynamic VHD of more blocks than anyone makes is refused before its table is read", () => {
  const file = new MemoryFile();
  const size = 64 * GIB;
  const footer = vhdFooter(size, { uuid, kind: "dynamic" });
  const header = { tableOffset: 1536, tableEntries: size / 4096, blockSize: 4096 };
  file.write([footer, encodeDynamicHeader(header)], 0);
  file.write([footer], 128 * MIB);
  expect(() => new VhdReader(file)).toThrow("has 16777216 blocks, too many to be read");
});
