import { spawnSync } from "node:child_process";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readBytes } from "../../../../src/formats/byte-io.ts";
import { VhdxReader } from "../../../../src/formats/vhdx/vhdx-reader.ts";
import { VhdxWriter } from "../../../../src/formats/vhdx/vhdx-writer.ts";
import { MemoryFile } from "../../../support/memory-file.ts";
import { qemuImg, qemuIo, useFolder, withFile, writeRaw } from "../../../support/qemu-image.ts";
import { chosenSeed, randomNumbers } from "../../../support/soak-rounds.ts";

const MIB = 2 ** 20;
const TIB = 2 ** 40;
const uuid = Uint8Array.from({ length: 16 }, (_, index) => index + 1);
const pathOf = useFolder();

describe("VhdxReader reads what QEMU has written", () => {
  test.each([
    [1, 3 * 2 ** 30],
    [2, 100 * 2 ** 30],
    [8, 5 * TIB],
    [32, 64 * TIB],
    [256, 64 * TIB],
  ])("with blocks of %d MiB and %d bytes", (blockSize, size) => {
    const random = randomNumbers(chosenSeed());
    const path = pathOf("disk.vhdx");
    qemuImg("create", "-q", "-f", "vhdx", "-o", `block_size=${blockSize}M`, path, String(size));
    const writes = [0, size - MIB, ...Array.from({ length: 6 }, () => random() * (size - MIB))].map(
      (position, index) => ({ position: Math.floor(position / 512) * 512, pattern: index + 1 }),
    );
    const length = 64 * 1024 + 512;
    qemuIo(
      path,
      "vhdx",
      writes.map(({ position, pattern }) => `write -P ${pattern} ${position} ${length}`),
    );
    withFile(path, (file) => {
      const reader = new VhdxReader(file);
      expect(reader.size).toBe(size);
      expect(reader.metadata.blockSize).toBe(blockSize * MIB);
      // Later writes may lie over earlier ones.
      for (const [index, { position, pattern }] of writes.entries()) {
        const isOver = writes.slice(index + 1).some((other) => Math.abs(other.position - position) < length);
        if (isOver) continue;
        expect(readBytes(reader, position, length).equals(Buffer.alloc(length, pattern))).toBe(true);
      }
      const [before, after] = [readBytes(reader, size - MIB - 512, 512), readBytes(reader, size - 512, 512)];
      expect([before, after].every((bytes) => bytes.equals(Buffer.alloc(512)))).toBe(true);
    });
  });

  test.each(["dynamic", "fixed"])("%s, all bytes of it", (subformat) => {
    const path = pathOf("disk.vhdx");
    qemuImg("create", "-q", "-f", "vhdx", "-o", `subformat=${subformat},block_size=1M`, path, "20M");
    qemuIo(path, "vhdx", ["write -P 7 512 5M", "write -P 8 19M 1M", "write -P 9 10M 512"]);
    writeRawOf(path);
    expect(qemuImg("compare", "-f", "vhdx", "-F", "raw", path, pathOf("disk.raw"))).toContain("identical");
  });

  test("after QEMU was killed", () => {
    const path = pathOf("disk.vhdx");
    qemuImg("create", "-q", "-f", "vhdx", path, "64M");
    spawnSync("qemu-io", ["-f", "vhdx", "-c", "write -P 7 1M 3M", "-c", "sigraise 9", path]);
    withFile(path, (file) => {
      const read = readBytes(new VhdxReader(file), MIB, 3 * MIB);
      expect(read.equals(Buffer.alloc(3 * MIB, 7))).toBe(true);
    });
  });
});

describe("VhdxReader", () => {
  test("reads what was written, wherever and in whatever order", () => {
    const size = 20 * MIB + 512;
    const write = fc.record({
      position: fc.integer({ min: 0, max: size - 1 }),
      length: fc.integer({ min: 1, max: 3 * MIB }),
      fill: fc.integer({ min: 1, max: 255 }),
    });
    const writes = fc.array(write, { maxLength: 6 });
    fc.assert(
      fc.property(writes, fc.constantFrom(1, 2, 4), (chosen, blockSize) => {
        const file = new MemoryFile();
        const writer = new VhdxWriter(file, size, { uuid, blockSize: blockSize * MIB });
        const disk = Buffer.alloc(size);
        for (const { position, length, fill } of chosen) {
          const bytes = Buffer.alloc(Math.min(length, size - position), fill);
          bytes.copy(disk, position);
          writer.write([bytes.subarray(0, 1000), bytes.subarray(1000)], position);
        }
        file.resize(writer.finish());
        expect(readBytes(new VhdxReader(file), 0, size).equals(disk)).toBe(true);
      }),
      { numRuns: 20, seed: chosenSeed() },
    );
  });

  test("refuses to read outside the disk", () => {
    const file = new MemoryFile();
    file.resize(new VhdxWriter(file, MIB, { uuid }).finish());
    const reader = new VhdxReader(file);
    expect(() => reader.read(Buffer.alloc(2), MIB - 1)).toThrow("there are only 1048576 bytes");
  });

  test("refuses a differencing disk", () => {
    const file = new MemoryFile();
    file.resize(new VhdxWriter(file, MIB, { uuid }).finish());
    file.write([Buffer.from([2])], 2 * MIB + 64 * 1024 + 4);
    expect(() => new VhdxReader(file)).toThrow(
      "Cannot read the VHDX: it is a differencing disk, whose parent is not read",
    );
  });
});

function writeRawOf(path: string): void {
  withFile(path, (file) => writeRaw(pathOf("disk.raw"), new VhdxReader(file)));
}
