import { describe, expect, test } from "vitest";
import { VhdxWriter, type VhdxOptions } from "../../../../src/formats/vhdx/vhdx-writer.ts";
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

const MIB = 2 ** 20;
const TIB = 2 ** 40;
const uuid = Buffer.from("00112233445566778899aabbccddeeff", "hex");
const pathOf = useFolder();

function writeDisk(path: string, size: number, options: Partial<VhdxOptions> = {}): void {
  withFile(
    path,
    (file) => {
      const writer = new VhdxWriter(file, size, { uuid, ...options });
      writer.write([Buffer.alloc(3 * MIB, 5)], 0.5 * MIB);
      writer.write([Buffer.alloc(5000, 6)], size - 8192);
      file.resize(writer.finish());
    },
    "w+",
  );
}

describe("VhdxWriter", () => {
  test.each([
    [1, 64 * MIB],
    [1, 20 * 2 ** 30],
    [1, 64 * TIB],
    [32, 64 * TIB],
    [256, 5 * TIB],
  ])("with blocks of %d MiB writes a disk of %d bytes that QEMU reads", (blockSize, size) => {
    const path = pathOf("disk.vhdx");
    writeDisk(path, size, { blockSize: blockSize * MIB });
    expect(qemuCheck(path, "vhdx")).toBe(SOUND);
    expect(qemuInfo(path, "vhdx")).toMatchObject({ "virtual-size": size, "cluster-size": blockSize * MIB });
    qemuIo(path, "vhdx", [
      "read -P 0 0 512k",
      "read -P 5 512k 3M",
      "read -P 0 3584k 1M",
      `read -P 6 ${size - 8192} 5000`,
      `read -P 0 ${size - 3192} 3192`,
    ]);
  });

  test("writes a disk that QEMU goes on with", () => {
    const path = pathOf("disk.vhdx");
    writeDisk(path, 64 * MIB);
    qemuIo(path, "vhdx", ["write -P 9 30M 5M", "read -P 5 512k 3M"]);
    expect(qemuCheck(path, "vhdx")).toBe(SOUND);
    qemuImg("convert", "-f", "vhdx", "-O", "raw", path, pathOf("disk.raw"));
    expect(qemuImg("compare", path, pathOf("disk.raw"))).toContain("identical");
  });

  test("takes room only for blocks that were written to", () => {
    const file = new MemoryFile();
    const writer = new VhdxWriter(file, 20 * 2 ** 30, { uuid });
    writer.write([Buffer.alloc(10)], 5 * 2 ** 30);
    expect(writer.finish()).toBe(5 * MIB);
  });

  test("writes the same bytes for the same disk", () => {
    const files = [0, 1].map(() => {
      const file = new MemoryFile();
      const writer = new VhdxWriter(file, 8 * MIB, { uuid });
      writer.write([Buffer.alloc(10, 1)], 3 * MIB);
      file.resize(writer.finish());
      return file.bytes();
    });
    expect(files[0]?.equals(files[1] ?? Buffer.alloc(0))).toBe(true);
  });

  test("stores the disk's UUID as Windows does", () => {
    const file = new MemoryFile();
    file.resize(new VhdxWriter(file, MIB, { uuid }).finish());
    expect(file.bytes().toString("hex")).toContain("33221100554477668899aabbccddeeff");
  });

  test.each([
    [0, {}, "A VHDX cannot have 0 bytes"],
    [1000, {}, "A VHDX cannot have 1000 bytes"],
    [512, { logicalSectorSize: 4096 }, "only multiples of 4096"],
    [65 * TIB, {}, "A VHDX cannot have"],
    [MIB, { blockSize: 3 * MIB }, "A block of a VHDX cannot have 3145728 bytes"],
    [MIB, { blockSize: 512 * MIB }, "A block of a VHDX cannot have"],
    [MIB, { logicalSectorSize: 1024 }, "A sector of a VHDX cannot have 1024 bytes"],
  ])("refuses %d bytes with %o", (size, options, message) => {
    expect(() => new VhdxWriter(new MemoryFile(), size, { uuid, ...options })).toThrow(message);
  });

  test("refuses to write outside the disk", () => {
    const writer = new VhdxWriter(new MemoryFile(), MIB, { uuid });
    expect(() => writer.write([Buffer.alloc(2)], MIB - 1)).toThrow("ends before");
  });
});
