import { expect, test } from "vitest";
import { UsageError } from "../../../src/base/errors.ts";
import { parseSize, showSize } from "../../../src/cli/byte-size.ts";

test.each([
  ["0", 0],
  ["4096", 4096],
  ["1k", 1024],
  ["512M", 512 * 2 ** 20],
  ["20G", 20 * 2 ** 30],
  ["20GB", 20 * 2 ** 30],
  ["20GiB", 20 * 2 ** 30],
  ["64T", 64 * 2 ** 40],
])("parseSize reads %s", (text, bytes) => {
  expect(parseSize("--size", text)).toBe(bytes);
});

test.each(["", "G", "-1", "1.5G", "1 G", "1P", "0x10", "9007199254740993", "99999999T", "1\n"])(
  "parseSize refuses %j and names the flag",
  (text) => {
    expect(() => parseSize("--max-size", text)).toThrow(UsageError);
    expect(() => parseSize("--max-size", text)).toThrow(`Cannot read --max-size "${text}"`);
  },
);

test.each([
  [0, "0 bytes"],
  [999, "999 bytes"],
  [1000, "1.0 kB"],
  [1_536_000, "1.5 MB"],
  [99_940_000, "99.9 MB"],
  [123_456_789, "123 MB"],
  [21_474_836_480, "21.5 GB"],
  [5e15, "5000 TB"],
])("showSize shows %d as people read it", (bytes, text) => {
  expect(showSize(bytes)).toBe(text);
});
