import { expect, test } from "vitest";
import { readBytes } from "../../../../src/formats/byte-io.ts";
import { openDisk, readDisk } from "../../../../src/formats/disk/open-disk.ts";
import { DynamicVhdWriter } from "../../../../src/formats/vhd/dynamic-writer.ts";
import { vhdFooter } from "../../../../src/formats/vhd/footer.ts";
import { VhdxWriter } from "../../../../src/formats/vhdx/vhdx-writer.ts";
import { MemoryFile } from "../../../support/memory-file.ts";

const MIB = 2 ** 20;
const uuid = Buffer.alloc(16, 3);

const makers: [string, (file: MemoryFile) => void][] = [
  ["raw", (file) => file.write([Buffer.alloc(MIB, 1)], 0)],
  [
    "vhd-fixed",
    (file) => {
      file.write([Buffer.alloc(MIB, 1)], 0);
      file.write([vhdFooter(MIB, { uuid })], MIB);
    },
  ],
  [
    "vhd-dynamic",
    (file) => {
      const writer = new DynamicVhdWriter(file, MIB, { uuid });
      writer.write([Buffer.alloc(MIB, 1)], 0);
      writer.finish();
    },
  ],
  [
    "vhdx",
    (file) => {
      const writer = new VhdxWriter(file, MIB, { uuid });
      writer.write([Buffer.alloc(MIB, 1)], 0);
      file.resize(writer.finish());
    },
  ],
];

test.each(makers)("opens, changes and grows a %s", (format, make) => {
  const file = new MemoryFile();
  make(file);
  const disk = openDisk(file);
  expect(disk.format).toBe(format);
  disk.write([Buffer.alloc(10, 2)], 100);
  disk.grow(2 * MIB);
  disk.flush();
  const expected = Buffer.concat([Buffer.alloc(MIB, 1), Buffer.alloc(MIB)]).fill(2, 100, 110);
  const reading = readDisk(file);
  expect(reading.format).toBe(format);
  expect(readBytes(reading.source, 0, 2 * MIB).equals(expected)).toBe(true);
  const again = openDisk(file);
  expect(again.size).toBe(2 * MIB);
  expect(readBytes(again, 0, 2 * MIB).equals(expected)).toBe(true);
});

test("opens a file of no bytes", () => {
  expect(openDisk(new MemoryFile())).toMatchObject({ format: "raw", size: 0 });
});

test("takes a file for the same disk when it is read and when it is changed, whatever it pretends", () => {
  const file = new MemoryFile();
  const writer = new VhdxWriter(file, MIB, { uuid });
  const size = writer.finish();
  file.resize(size);
  file.write([vhdFooter(MIB, { uuid })], size);
  expect([openDisk(file).format, readDisk(file).format]).toEqual(["vhdx", "vhdx"]);
});

test("knows a dynamic VHD whose end is missing", () => {
  const file = new MemoryFile();
  const length = new DynamicVhdWriter(file, MIB, { uuid }).finish();
  file.resize(length - 512);
  for (const open of [openDisk, readDisk]) expect(() => open(file)).toThrow("Cannot read the VHD footer");
});

test("does not take a damaged VHD for bytes", () => {
  const file = new MemoryFile();
  file.write([Buffer.alloc(MIB, 1)], 0);
  file.write([vhdFooter(MIB, { uuid }).fill(1, 100, 101)], MIB);
  expect(() => openDisk(file)).toThrow("Cannot read the VHD footer: its checksum is");
});
