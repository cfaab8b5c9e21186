import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crc32c, crc32cRaw } from "../../../src/formats/crc32c.ts";

/** The definition, bit by bit. */
function slowCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

describe("crc32c", () => {
  // RFC 3720, appendix B.4
  test.each([
    ["zeros", Buffer.alloc(32), 0x8a9136aa],
    ["ones", Buffer.alloc(32, 0xff), 0x62a8ab43],
    ["ascending bytes", Buffer.from(Array.from({ length: 32 }, (_, at) => at)), 0x46dd794e],
    ["descending bytes", Buffer.from(Array.from({ length: 32 }, (_, at) => 31 - at)), 0x113fdb5c],
    ["the digits", Buffer.from("123456789"), 0xe3069283],
    ["nothing", Buffer.alloc(0), 0],
  ])("of %s is the published one", (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });

  test("is that of the definition, whatever the length and wherever it is divided", () => {
    const property = fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, cut) => {
      const expected = slowCrc32c(bytes);
      expect(crc32c(bytes)).toBe(expected);
      expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(expected);
      expect(~crc32cRaw(bytes, 0xffffffff) >>> 0).toBe(expected);
    });
    fc.assert(property, { numRuns: 300 });
  });
});
