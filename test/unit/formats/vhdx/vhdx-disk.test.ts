import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readBytes } from "../../../../src/formats/byte-io.ts";
import { VhdxDisk } from "../../../../src/formats/vhdx/vhdx-disk.ts";
import { VhdxReader } from "../../../../src/formats/vhdx/vhdx-reader.ts";
import { VhdxWriter } from "../../../../src/formats/vhdx/vhdx-writer.ts";
import { MemoryFile } from "../../../support/memory-file.ts";
import {
  qemuCheck,
  qemuImg,
  qemuInfo,
  qemuIo,
  SOUND,
  useFolder,
  withFile,
} from "../../../support/qemu-image.ts";
import { RecordedFile } from "../../../support/recorded-file.ts";
import { chosenSeed } from "../../../support/soak-rounds.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const uuid = Buffer.alloc(16, 3);
const pathOf = useFolder();

function makeDisk<File extends MemoryFile>(file: File, size: number): File {
  const writer = new VhdxWriter(file, size, { uuid });
  writer.write([Buffer.alloc(2 * MIB, 1)], MIB);
  file.resize(writer.finish());
  return file;
}

describe("VhdxDisk", () => {
  test("reads what was written and grown, in whatever order", () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant("write" as const),
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        length: fc.integer({ min: 1, max: 2 * MIB }),
        fill: fc.integer({ min: 0, max: 255 }),
      }),
      fc.record({ kind: fc.constant("grow" as const), by: fc.integer({ min: 0, max: 5000 }) }),
      fc.record({ kind: fc.constant("reopen" as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 10 }), (steps) => {
        const file = makeDisk(new MemoryFile(), 4 * MIB + 4096);
        let disk = new VhdxDisk(file);
        let model = readBytes(disk, 0, disk.size);
        for (const step of steps) {
          if (step.kind === "write") {
            const position = Math.floor(step.at * (model.length - 1));
            const bytes = Buffer.alloc(Math.min(step.length, model.length - position), step.fill);
            disk.write([bytes], position);
            bytes.copy(model, position);
          } else if (step.kind === "grow") {
            model = Buffer.concat([model, Buffer.alloc(step.by * 512)]);
            disk.grow(model.length);
          } else {
            disk.flush();
            disk = new VhdxDisk(file);
          }
          expect(readBytes(disk, 0, disk.size).equals(model)).toBe(true);
        }
        disk.flush();
        expect(readBytes(new VhdxReader(file), 0, model.length).equals(model)).toBe(true);
      }),
      { numRuns: 25, seed: chosenSeed() },
    );
  });

  test.each([
    [64 * MIB, 128 * MIB],
    [64 * MIB, 20 * GIB],
    [20 * GIB, 2 ** 41],
    [GIB, 64 * 2 ** 40],
  ])("grows from %d to %d bytes what QEMU has made", (size, grown) => {
    const path = pathOf("disk.vhdx");
    qemuImg("create", "-q", "-f", "vhdx", "-o", "block_size=1M", path, String(size));
    qemuIo(path, "vhdx", ["write -P 7 3M 5M", `write -P 8 ${size - 4096} 4096`]);
    withFile(path, (file) => new VhdxDisk(file).grow(grown));
    expect(qemuCheck(path, "vhdx")).toBe(SOUND);
    expect(qemuInfo(path, "vhdx")["virtual-size"]).toBe(grown);
    qemuIo(path, "vhdx", [
      "read -P 0 0 3M",
      "read -P 7 3M 5M",
      `read -P 8 ${size - 4096} 4096`,
      `read -P 0 ${size} 1M`,
      `write -P 9 ${grown - 8192} 4096`,
      `read -P 9 ${grown - 8192} 4096`,
    ]);
    expect(qemuCheck(path, "vhdx")).toBe(SOUND);
  });

  test("grows with zeros where the last block held something behind the disk's end", () => {
    const file = makeDisk(new MemoryFile(), 3 * MIB + 512);
    const disk = new VhdxDisk(file);
    disk.write([Buffer.alloc(512, 1)], 3 * MIB);
    disk.flush();
    file.write([Buffer.alloc(MIB - 512, 0xee)], file.size - MIB + 512);
    disk.grow(4 * MIB);
    expect(readBytes(disk, 3 * MIB, 512).equals(Buffer.alloc(512, 1))).toBe(true);
    expect(readBytes(disk, 3 * MIB + 512, MIB - 512).equals(Buffer.alloc(MIB - 512))).toBe(true);
  });

  test.each([128 * MIB, 2 ** 41])(
    "is whole whenever it is interrupted while it grows to %d bytes",
    (grown) => {
      const file = makeDisk(new RecordedFile(), 64 * MIB);
      const disk = new VhdxDisk(file);
      file.forget();
      disk.write([Buffer.alloc(MIB, 2)], 7 * MIB);
      disk.grow(grown);
      expect(file.states.length).toBeGreaterThan(4);
      const sizes = file.states.map((state) => {
        const reader = new VhdxReader(state);
        expect(readBytes(reader, MIB, 2 * MIB).equals(Buffer.alloc(2 * MIB, 1))).toBe(true);
        return reader.size;
      });
      expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
      expect(new Set(sizes)).toEqual(new Set([64 * MIB, grown]));
    },
  );

  test("lists a block when its contents are stored, not before", () => {
    const file = makeDisk(new RecordedFile(), 64 * MIB);
    const disk = new VhdxDisk(file);
    file.forget();
    disk.write([Buffer.alloc(MIB, 2)], 7 * MIB);
    expect(readBytes(new VhdxReader(file), 7 * MIB, 1)[0]).toBe(0);
    disk.flush();
    for (const state of file.states) {
      const bytes = readBytes(new VhdxReader(state), 7 * MIB, MIB);
      expect([0, 2].some((fill) => bytes.equals(Buffer.alloc(MIB, fill)))).toBe(true);
    }
    expect(readBytes(new VhdxReader(file), 7 * MIB, 1)[0]).toBe(2);
  });

  test("gets another identity", () => {
    const file = makeDisk(new MemoryFile(), 64 * MIB);
    new VhdxDisk(file).identify(Buffer.from("00112233445566778899aabbccddeeff", "hex"));
    expect(new VhdxReader(file).metadata.diskId).toBe("00112233-4455-6677-8899-aabbccddeeff");
  });
});
