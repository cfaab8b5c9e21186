import { describe, expect, test } from "vitest";
import { Ext4Writer } from "../../../../src/formats/ext4/writer.ts";
import { FormatError } from "../../../../src/formats/format-error.ts";
import { entryOf, feed, type TestEntry } from "./image-harness.ts";

function write(...entries: TestEntry[]): void {
  const writer = new Ext4Writer({ write: () => undefined });
  feed(writer, entries);
  writer.finish();
}

function attributes(...pairs: [string, Uint8Array][]): Partial<TestEntry> {
  return { xattrs: new Map(pairs) };
}

describe("Ext4Writer refuses, naming the entry,", () => {
  const longName = "n".repeat(256);
  test.each<[string, TestEntry, string]>([
    ["a name of 256 bytes", entryOf(`d/${longName}`), "a name has 256 bytes, at most 255 are allowed"],
    ["a parent of 256 bytes", entryOf(`${longName}/f`), "a name has 256 bytes"],
    ["a path of 4096 bytes", entryOf("p/".repeat(2047) + "pp"), "its path has 4096 bytes, at most 4095"],
    ["an empty name", entryOf("a//b"), '"" is no name'],
    ["an absolute path", entryOf("/a"), '"" is no name'],
    ["a way up", entryOf("a/../b"), '".." is no name'],
    ["the same folder", entryOf("./a"), '"." is no name'],
    ["a way up at the end", entryOf("a/.."), '".." is no name'],
    ["a NUL", entryOf("a\0b"), "a name contains NUL"],
    ["a root that is a file", entryOf(""), "the root must be a directory"],
    ["a file in a file", entryOf("file/f"), 'its parent "file" is not a directory'],
    ["a file behind a symlink", entryOf("link/f"), 'its parent "link" is not a directory'],
    ["a folder behind a symlink", entryOf("link/d/e", { type: "directory" }), 'its parent "link"'],
    ["a negative size", { ...entryOf("f"), size: -1 }, "its size of -1 bytes is not between"],
    ["a huge size", { ...entryOf("f"), size: 2 ** 60 }, "its size of"],
    ["a user of 33 bits", entryOf("f", { uid: 2 ** 32 }), "its user 4294967296 is no number of 32 bits"],
    ["a negative group", entryOf("f", { gid: -1 }), "its group -1"],
    [
      "a symlink to nowhere",
      entryOf("f", { type: "symlink", linkTarget: "" }),
      "the target of a symlink is empty",
    ],
    ["a symlink with NUL", entryOf("f", { type: "symlink", linkTarget: "a\0" }), "contains NUL"],
    [
      "a long target",
      entryOf("f", { type: "symlink", linkTarget: "t".repeat(4096) }),
      "its target has 4096 bytes",
    ],
    [
      "a missing target",
      entryOf("f", { type: "hardlink", linkTarget: "x/y" }),
      'the target "x/y" of the hard link does not exist',
    ],
    ["a link through a symlink", entryOf("f", { type: "hardlink", linkTarget: "link/x" }), "does not exist"],
    [
      "a link to a folder",
      entryOf("f", { type: "hardlink", linkTarget: "dir" }),
      'the target "dir" of the hard link is a directory',
    ],
    ["a link to the root", entryOf("f", { type: "hardlink", linkTarget: "" }), "is a directory"],
    [
      "a major number of 13 bits",
      entryOf("f", { type: "block", device: { major: 4096, minor: 0 } }),
      "its device 4096:0",
    ],
    [
      "a minor number of 21 bits",
      entryOf("f", { type: "block", device: { major: 0, minor: 2 ** 20 } }),
      "its device 0:",
    ],
    [
      "a long attribute name",
      entryOf("f", attributes([`user.${"a".repeat(256)}`, Buffer.alloc(1)])),
      "its name has 261 bytes",
    ],
    [
      "an attribute name with NUL",
      entryOf("f", attributes(["user.a\0b", Buffer.alloc(1)])),
      "its name contains NUL",
    ],
    [
      "a large attribute",
      entryOf("f", attributes(["user.a", Buffer.alloc(65537)])),
      "its value has 65537 bytes",
    ],
    [
      "attributes over a block",
      entryOf("f", attributes(["user.a", Buffer.alloc(2100)], ["user.b", Buffer.alloc(2100)])),
      "its extended attributes take",
    ],
    [
      "a damaged ACL",
      entryOf("f", attributes(["system.posix_acl_access", Buffer.alloc(5)])),
      "a POSIX ACL is damaged",
    ],
    ["a file lost+found", entryOf("lost+found"), "the image needs a directory of this name"],
  ])("%s", (_, entry, fault) => {
    const before = [
      entryOf("file"),
      entryOf("link", { type: "symlink", linkTarget: "dir" }),
      entryOf("dir", { type: "directory" }),
    ];
    let thrown: unknown;
    try {
      write(...before, entry);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(FormatError);
    const { message, code } = thrown instanceof FormatError ? thrown : { message: "", code: "" };
    expect(code).toBe("LAYER_FORMAT");
    expect(message).toMatch(/^Cannot store "[^\n]*": [^\n]*[^.]$/);
    expect(message).toContain(fault);
  });

  test("a folder whose attributes do not fit", () => {
    const xattrs = attributes(["user.a", Buffer.alloc(5000)]);
    expect(() => write(entryOf("dir", { type: "directory", ...xattrs }))).toThrow(
      'Cannot store "dir": its extended attributes take 5020 bytes of a block, at most 4060 are allowed',
    );
  });

  test("whiteouts of names that are none", () => {
    const writer = new Ext4Writer({ write: () => undefined }, { overlay: true });
    expect(() => writer.entry(entryOf("a/.wh."))).toThrow('Cannot store "a/.wh.": "" is no name');
    expect(() => writer.entry(entryOf("a/.wh..."))).toThrow('".." is no name');
  });
});
