import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FormatError } from "../../../../src/formats/format-error.ts";
import { DynamicVhdWriter } from "../../../../src/formats/vhd/dynamic-writer.ts";
import { FOOTER_SIZE, isVhdFooter, parseVhdFooter, vhdFooter } from "../../../../src/formats/vhd/footer.ts";
import { vhdGeometry } from "../../../../src/formats/vhd/geometry.ts";
import { VhdReader } from "../../../../src/formats/vhd/vhd-reader.ts";

const MIB = 1024 * 1024;
const uuid = Uint8Array.from({ length: 16 }, (_, index) => index + 1);

/** A file in memory. */
class MemoryFile {
  bytes = Buffer.alloc(0);

  get size(): number {
    return this.bytes.length;
  }

  write(chunks: readonly Uint8Array[], position: number): void {
    const joined = Buffer.concat(chunks);
    const missing = position + joined.length - this.bytes.length;
    if (missing > 0) this.bytes = Buffer.concat([this.bytes, Buffer.alloc(missing)]);
    joined.copy(this.bytes, position);
  }

  read(target: Uint8Array, position: number): void {
    if (position + target.length > this.size) throw new RangeError("read behind the end");
    target.set(this.bytes.subarray(position, position + target.length));
  }
}

describe("vhdGeometry", () => {
  test.each([
    [0, 0, 4, 17],
    [MIB, 30, 4, 17],
    [10 * MIB, 301, 4, 17],
    [100 * MIB, 1003, 12, 17],
    [200 * MIB, 825, 16, 31],
    [512 * MIB, 1040, 16, 63],
    [2 * 1024 * MIB, 4161, 16, 63],
    [40 * 1024 * MIB, 20560, 16, 255],
    [2040 * 1024 * MIB, 65535, 16, 255],
  ])("divides %d bytes into cylinders, heads and sectors", (size, cylinders, heads, sectorsPerTrack) => {
    expect(vhdGeometry(size)).toEqual({ cylinders, heads, sectorsPerTrack });
  });

  test("covers at most the disk, and all of it but a last cylinder", () => {
    fc.assert(
      fc.property(fc.integer({ min: 4 * 17, max: 65535 * 16 * 255 }), (sectors) => {
        const { cylinders, heads, sectorsPerTrack } = vhdGeometry(sectors * 512);
        const covered = cylinders * heads * sectorsPerTrack;
        expect(covered).toBeLessThanOrEqual(sectors);
        expect(covered + heads * sectorsPerTrack).toBeGreaterThan(sectors);
        expect(cylinders).toBeLessThanOrEqual(65535);
      }),
    );
  });
});

describe("vhdFooter", () => {
  test("has the fields where the format wants them", () => {
    const footer = vhdFooter(3 * MIB, { uuid, timestamp: 946684800 + 7 });
    expect(footer).toHaveLength(FOOTER_SIZE);
    expect(footer.toString("latin1", 0, 8)).toBe("conectix");
    expect(footer.toString("hex", 8, 28)).toBe("0000000200010000ffffffffffffffff00000007");
    expect(footer.readBigUInt64BE(40)).toBe(BigInt(3 * MIB));
    expect(footer.readBigUInt64BE(48)).toBe(BigInt(3 * MIB));
    expect(footer.readUInt32BE(60)).toBe(2);
    expect(Uint8Array.from(footer.subarray(68, 84))).toEqual(uuid);
    const sum = footer.reduce((total, byte) => total + byte, 0);
    const own = footer.subarray(64, 68).reduce((total, byte) => total + byte, 0);
    expect(footer.readUInt32BE(64)).toBe(~(sum - own) >>> 0);
  });

  test("is read again as it was made", () => {
    const footer = parseVhdFooter(vhdFooter(5 * MIB, { kind: "dynamic", uuid, timestamp: 1_700_000_000 }));
    expect(footer).toMatchObject({
      kind: "dynamic",
      size: 5 * MIB,
      dataOffset: 512,
      timestamp: 1_700_000_000,
    });
    expect(footer.uuid).toEqual(uuid);
  });

  test("refuses sizes that no VHD has", () => {
    expect(() => vhdFooter(1000, { uuid })).toThrow("A VHD cannot have 1000 bytes");
    expect(() => vhdFooter(2041 * 1024 * MIB, { uuid })).toThrow(RangeError);
  });
});

describe("parseVhdFooter refuses", () => {
  const good = vhdFooter(MIB, { uuid });

  test("a footer with any byte changed", () => {
    for (let at = 0; at < FOOTER_SIZE; at++) {
      const bad = Buffer.from(good);
      bad.writeUInt8(bad.readUInt8(at) ^ 0x41, at);
      expect(() => parseVhdFooter(bad)).toThrow(FormatError);
    }
  });

  test("a footer cut short at any byte", () => {
    for (let length = 0; length < FOOTER_SIZE; length++) {
      expect(() => parseVhdFooter(good.subarray(0, length))).toThrow(
        /^Cannot read the VHD footer: it has \d+ bytes/,
      );
    }
  });

  test("other bytes", () => {
    expect(isVhdFooter(good)).toBe(true);
    expect(isVhdFooter(Buffer.alloc(512))).toBe(false);
    expect(() => parseVhdFooter(Buffer.alloc(512))).toThrow('it does not begin with "conectix"');
  });
});

describe("VhdReader", () => {
  function dynamicFile(size: number, writes: readonly { position: number; bytes: Uint8Array }[]): MemoryFile {
    const file = new MemoryFile();
    const writer = new DynamicVhdWriter(file, size, { uuid, blockSize: 64 * 1024 });
    for (const { position, bytes } of writes) writer.write([bytes], position);
    expect(writer.finish()).toBe(file.size);
    return file;
  }

  test("reads from a dynamic disk what was written to it", () => {
    const size = 20 * 64 * 1024 + 512;
    const write = fc.record({
      position: fc.integer({ min: 0, max: size - 1 }),
      length: fc.integer({ min: 1, max: 200_000 }),
      fill: fc.integer({ min: 1, max: 255 }),
    });
    fc.assert(
      fc.property(fc.array(write, { maxLength: 6 }), (writes) => {
        const disk = Buffer.alloc(size);
        const clipped = writes.map(({ position, length, fill }) => {
          const bytes = Buffer.alloc(Math.min(length, size - position), fill);
          bytes.copy(disk, position);
          return { position, bytes };
        });
        const reader = new VhdReader(dynamicFile(size, clipped));
        const read = Buffer.alloc(size);
        reader.read(read, 0);
        expect(reader.size).toBe(size);
        expect(read.equals(disk)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test("an empty dynamic disk takes little room", () => {
    expect(dynamicFile(1024 * MIB, []).size).toBeLessThan(80 * 1024);
  });

  test("reads a fixed disk", () => {
    const file = new MemoryFile();
    file.write([Buffer.alloc(4096, 5), vhdFooter(4096, { uuid })], 0);
    const read = Buffer.alloc(100);
    new VhdReader(file).read(read, 3000);
    expect(read).toEqual(Buffer.alloc(100, 5));
  });

  test("refuses a file cut short at any sector, without reading outside it", () => {
    const whole = dynamicFile(4 * 64 * 1024, [{ position: 70_000, bytes: Buffer.alloc(10, 1) }]).bytes;
    for (let length = 0; length < whole.length; length += 512) {
      const file = new MemoryFile();
      file.bytes = whole.subarray(0, length);
      // The copy at the front is a footer too, of a disk whose parts are then missing.
      expect(() => new VhdReader(file)).toThrow(FormatError);
    }
  });

  test("refuses a block behind the end of the file", () => {
    const file = dynamicFile(4 * 64 * 1024, []);
    file.bytes.writeUInt32BE(0x7fffffff, 1536);
    expect(() => new VhdReader(file)).toThrow("lies behind the end of the file");
  });

  test("refuses a header with any byte changed", () => {
    const whole = dynamicFile(64 * 1024, []).bytes;
    for (let at = 512; at < 1536; at += 7) {
      const file = new MemoryFile();
      file.bytes = Buffer.from(whole);
      file.bytes.writeUInt8(file.bytes.readUInt8(at) ^ 1, at);
      expect(() => new VhdReader(file)).toThrow(FormatError);
    }
  });
});
