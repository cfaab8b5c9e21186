import { describe, expect, test } from "vitest";
import type { FileEntry } from "../../../../src/formats/file-entry.ts";
import { FormatError } from "../../../../src/formats/format-error.ts";
import { encodePax, toSeconds } from "../../../../src/formats/tar/encode-pax.ts";
import { TarWriter } from "../../../../src/formats/tar/tar-writer.ts";
import { fileEntry, readTar, writeTar } from "./tar-entries.ts";

/** The records of the only extended header, if there is one. */
function recordsOf(change: Partial<FileEntry>): string[] {
  const archive = writeTar([[fileEntry(change)]]);
  if (archive.toString("latin1", 156, 157) !== "x") return [];
  const size = Number.parseInt(archive.toString("latin1", 124, 135), 8);
  const records = archive
    .toString("latin1", 512, 512 + size)
    .trimEnd()
    .split("\n");
  return records.map((record) => record.replace(/^\d+ /, ""));
}

describe("TarWriter uses an extended header only", () => {
  test.each<[string, Partial<FileEntry>, string[]]>([
    ["not for what ustar holds", { uid: 2097151, gid: 2097151, mtime: 8589934591_000_000_000n }, []],
    ["not for a name of 100 bytes", { path: "n".repeat(100) }, []],
    ["for a name of 101 bytes", { path: "n".repeat(101) }, [`path=${"n".repeat(101)}`]],
    ["not for a path that can be divided", { path: `${"p".repeat(155)}/${"n".repeat(100)}` }, []],
    ["for a path that cannot", { path: `${"p".repeat(156)}/n` }, [`path=${"p".repeat(156)}/n`]],
    ["not for the bytes of a name", { path: "caf\xc3\xa9\xff" }, []],
    ["not for a link target of 100 bytes", { type: "symlink", linkTarget: "t".repeat(100) }, []],
    ["for one of 101", { type: "symlink", linkTarget: "t".repeat(101) }, [`linkpath=${"t".repeat(101)}`]],
    ["for owners from 2^21", { uid: 2097152, gid: 4294967295 }, ["uid=2097152", "gid=4294967295"]],
    ["for nanoseconds", { mtime: 1_000_000_001n }, ["mtime=1.000000001"]],
    ["for times before 1970", { mtime: -1n }, ["mtime=-0.000000001"]],
    ["for times from 2^33 s", { mtime: 8589934592_000_000_000n }, ["mtime=8589934592"]],
    ["for further times", { atime: 5_500_000_000n, ctime: 0n }, ["atime=5.5", "ctime=0"]],
    [
      "for attributes, ordered by name and encoded where the name would be misread",
      {
        xattrs: new Map([
          ["user.b%", Buffer.from("1")],
          ["user.a=%3D%3d", Buffer.from("2")],
        ]),
      },
      ["SCHILY.xattr.user.a%3D%253D%3d=2", "SCHILY.xattr.user.b%=1"],
    ],
  ])("%s", (_, change, records) => {
    expect(recordsOf(change)).toEqual(records);
  });

  test("for sizes from 8 GiB, with the records in a fixed order", () => {
    const chunks: Buffer[] = [];
    const writer = new TarWriter((chunk) => chunks.push(Buffer.from(chunk)));
    writer.entry(fileEntry({ size: 2 ** 33, uid: 2 ** 30 }));
    writer.data(Buffer.alloc(65536));
    expect(chunks[0]?.toString("latin1", 512).split("\0", 1)[0]).toBe(
      "19 size=8589934592\n18 uid=1073741824\n",
    );
  });
});

test("TarWriter writes the same bytes for the same entries", () => {
  const xattrs = [
    ["user.a", Buffer.from("1")],
    ["user.b", Buffer.from("2")],
  ] as const;
  const one = writeTar([[fileEntry({ xattrs: new Map(xattrs), mtime: 5n })]]);
  const other = writeTar([[fileEntry({ xattrs: new Map(xattrs.toReversed()), mtime: 5n })]]);
  expect(one.equals(other)).toBe(true);
  expect(one.length % 512).toBe(0);
  expect(one.subarray(-1024).every((byte) => byte === 0)).toBe(true);
});

describe("TarWriter refuses", () => {
  test.each<[string, Partial<FileEntry>, string]>([
    ["a socket", { type: "socket" }, "a tar holds no sockets"],
    ["a way out", { path: "../x" }, "its path is not one below a root"],
    ["an absolute path", { path: "/x" }, "its path is not one below a root"],
    ["a root that is no folder", { path: "" }, "its path is not one below a root"],
    ["a zero byte in a name", { path: "a\0b" }, "a name holds a zero byte"],
    ["a zero byte in a target", { type: "symlink", linkTarget: "a\0b" }, "a name holds a zero byte"],
    ["a symlink to nothing", { type: "symlink" }, "it is a symlink without a target"],
    ["a hard link out", { type: "hardlink", linkTarget: "../x" }, 'its target is "../x"'],
    ["a large device number", { type: "block", device: { major: 1, minor: 2 ** 21 } }, "number is 1:2097152"],
  ])("%s", (_, change, message) => {
    const write = (): unknown => writeTar([[fileEntry(change)]]);
    expect(write).toThrow(FormatError);
    expect(write).toThrow(message);
  });

  test("content of another size than its entry tells", () => {
    const writer = new TarWriter(() => {});
    writer.entry(fileEntry({ size: 3 }));
    expect(() => writer.data(Buffer.alloc(4))).toThrow("4 bytes of content come where its entry has 3 left");
    expect(() => writer.hole(4)).toThrow("a hole of 4 bytes comes where its entry has 3 left");
    writer.data(Buffer.alloc(2));
    expect(() => writer.entry(fileEntry())).toThrow("1 bytes of content are missing");
    expect(() => writer.end()).toThrow("1 bytes of content are missing");
  });
});

test("TarWriter takes content in pieces, large and empty ones and holes", () => {
  const chunks: Buffer[] = [];
  const writer = new TarWriter((chunk) => chunks.push(Buffer.from(chunk)));
  const pieces = [Buffer.from("a"), Buffer.alloc(200_000, "b"), Buffer.alloc(0), Buffer.from("c")];
  writer.entry(fileEntry({ size: 200_002 + 700_000 }));
  for (const piece of pieces) writer.data(piece);
  writer.hole(700_000);
  writer.hole(0);
  writer.data(Buffer.alloc(0));
  writer.entry(fileEntry({ path: "next", xattrs: new Map([["user.large", Buffer.alloc(600_000, "x")]]) }));
  writer.end();
  const found = readTar(Buffer.concat(chunks));
  expect(found[0]?.content.equals(Buffer.concat([...pieces, Buffer.alloc(700_000)]))).toBe(true);
  expect(found[1]?.entry.xattrs?.get("user.large")).toHaveLength(600_000);
});

test("encodePax counts the digits of a length with it", () => {
  for (const size of [1, 2, 3, 85, 90, 91, 92, 93, 94, 95, 990, 991, 992, 993, 994]) {
    const text = encodePax([["key", "v".repeat(size)]]).toString();
    expect(Number.parseInt(text, 10)).toBe(text.length);
  }
});

test.each([
  [0n, "0"],
  [1n, "0.000000001"],
  [-1_500_000_000n, "-1.5"],
  [120_000_000_000n, "120"],
  [-999_999_999n, "-0.999999999"],
])("toSeconds writes %d as %s", (nanoseconds, seconds) => {
  expect(toSeconds(nanoseconds)).toBe(seconds);
});
