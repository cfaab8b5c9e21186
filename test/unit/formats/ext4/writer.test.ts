import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { check, CLEAN, entryOf, mounted, seen, useImages, type TestEntry } from "./image-harness.ts";

const KIB = 1024;
const images = useImages();

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** Bytes that differ from block to block. */
function pattern(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >>> 12) * 7 + seed) & 0xff;
  return bytes;
}

/** An access control list as programs see it: owner rwx, user 1000 rw, group r, mask rw, others none. */
function genericAcl(): Buffer {
  const entries = [
    [0x01, 7, 0xffffffff],
    [0x02, 6, 1000],
    [0x04, 4, 0xffffffff],
    [0x10, 6, 0xffffffff],
    [0x20, 0, 0xffffffff],
  ] as const;
  const acl = Buffer.alloc(4 + 8 * entries.length);
  acl.writeUInt32LE(2, 0);
  for (const [index, [tag, permissions, id]] of entries.entries()) {
    acl.writeUInt16LE(tag, 4 + 8 * index);
    acl.writeUInt16LE(permissions, 6 + 8 * index);
    acl.writeUInt32LE(id, 8 + 8 * index);
  }
  return acl;
}

test("an image without files is clean and mounts", () => {
  const image = images.write([]);
  expect(check(image.path)).toEqual(CLEAN);
  const files = seen(image.path);
  expect(Object.keys(files)).toEqual(["", "lost+found"]);
  expect(files[""]?.mode).toBe(0o40755);
  expect(files["lost+found"]?.mode).toBe(0o40700);
});

describe("contents", () => {
  test.each([0, 1, 4095, 4096, 4097, 64 * KIB, 3 * 1024 * KIB + 5])("of %d bytes are kept", (size) => {
    const bytes = pattern(size);
    const image = images.write([
      entryOf("before", { contents: [pattern(100)] }),
      entryOf("file", { contents: [bytes.subarray(0, 1000), bytes.subarray(1000)] }),
      entryOf("after", { contents: [pattern(5000)] }),
    ]);
    expect(check(image.path)).toEqual(CLEAN);
    const files = seen(image.path);
    expect(files["file"]).toMatchObject({ size, sha256: sha256(bytes) });
    expect(files["before"]?.sha256).toBe(sha256(pattern(100)));
    expect(files["after"]?.sha256).toBe(sha256(pattern(5000)));
  });

  test("with holes take blocks only for their data", () => {
    const image = images.write([
      entryOf("sparse", { contents: [1_000_000, pattern(10), 100_000, pattern(5000), 1_000_001] }),
      entryOf("hole", { contents: [123_456_789_012] }),
      entryOf("short", { contents: [pattern(10), 20, pattern(10, 3), 10] }),
    ]);
    expect(check(image.path)).toEqual(CLEAN);
    mounted(image.path, (folder) => {
      const sparse = readFileSync(join(folder, "sparse")).subarray(0, 1_200_000);
      const expected = Buffer.alloc(1_200_000);
      pattern(10).copy(expected, 1_000_000);
      pattern(5000).copy(expected, 1_100_010);
      expect(sparse.equals(expected)).toBe(true);
      const short = Buffer.concat([pattern(10), Buffer.alloc(20), pattern(10, 3), Buffer.alloc(10)]);
      expect(readFileSync(join(folder, "short")).equals(short)).toBe(true);
      expect(statSync(join(folder, "hole"))).toMatchObject({ size: 123_456_789_012, blocks: 0 });
      expect(statSync(join(folder, "sparse")).blocks).toBe(8 * 3);
    });
  });

  test("in thousands of fragments have a tree of extents of two levels", () => {
    const parts: (Buffer | number)[] = [];
    for (let part = 0; part < 3000; part++) parts.push(pattern(4096, part), 4096);
    const image = images.write([entryOf("fragments", { contents: parts })]);
    expect(check(image.path)).toEqual(CLEAN);
    const whole = Buffer.concat(parts.map((part) => (typeof part === "number" ? Buffer.alloc(part) : part)));
    expect(seen(image.path)["fragments"]).toMatchObject({
      sha256: sha256(whole),
      blocks: 8 * (3000 + 9 + 1),
    });
    const extents = execFileSync("debugfs", ["-R", "ex /fragments", image.path], {
      encoding: "utf8",
      stdio: "pipe",
    });
    expect(extents).toContain(" 2/ 2 ");
  });

  test("larger than four extents hold have an index block", () => {
    const MIB = 1024 * KIB;
    const parts = Array.from({ length: 520 }, (_, index) => Buffer.alloc(MIB, index & 0xff));
    const image = images.write([entryOf("large", { contents: parts })]);
    expect(check(image.path)).toEqual(CLEAN);
    mounted(image.path, (folder) => {
      const large = join(folder, "large");
      expect(statSync(large)).toMatchObject({ size: 520 * MIB, blocks: (520 * MIB) / 512 + 8 });
      const fd = openSync(large, "r");
      const found = [0, 127, 128, 256, 511, 512, 519].map((index) => {
        const bytes = Buffer.alloc(2);
        readSync(fd, bytes, 0, 1, index * MIB);
        readSync(fd, bytes, 1, 1, (index + 1) * MIB - 1);
        return [...bytes];
      });
      closeSync(fd);
      expect(found).toEqual([0, 127, 128, 0, 255, 0, 7].map((byte) => [byte, byte]));
    });
  });

  test("that are not as long as announced are a fault of the caller", () => {
    expect(() => images.write([{ ...entryOf("short", { contents: [pattern(5)] }), size: 6 }])).toThrow(
      RangeError,
    );
  });
});

describe("attributes", () => {
  test.each([
    ["1969", -1_500_000_000n],
    ["1901", -(2n ** 31n) * 1_000_000_000n],
    ["1970", 0n],
    ["2023 with nanoseconds", 1_700_000_000_987_654_321n],
    ["2038", 2n ** 31n * 1_000_000_000n],
    ["2200", 7_258_118_400_000_000_001n],
    ["2446", (2n ** 34n - 2n ** 31n) * 1_000_000_000n - 1n],
  ])("keep a time in %s", (_, mtime) => {
    const image = images.write([entryOf("file", { mtime, atime: 5n })]);
    expect(check(image.path)).toEqual(CLEAN);
    expect(seen(image.path)["file"]).toMatchObject({ mtime: String(mtime), atime: "5" });
  });

  test("keep modes and owners of 32 bits", () => {
    const image = images.write([
      entryOf("file", { mode: 0o6755, uid: 4_294_967_294, gid: 65_536 }),
      entryOf("folder", { type: "directory", mode: 0o1777, uid: 100_000, gid: 3 }),
    ]);
    expect(check(image.path)).toEqual(CLEAN);
    const files = seen(image.path);
    expect(files["file"]).toMatchObject({ mode: 0o106755, uid: 4_294_967_294, gid: 65_536 });
    expect(files["folder"]).toMatchObject({ mode: 0o41777, uid: 100_000, gid: 3 });
  });

  test("keep extended attributes, in the inode and in a block, with any bytes", () => {
    const values = {
      "user.a": Buffer.from([0, 255, 10, 0]),
      "user.empty": Buffer.alloc(0),
      "user.long-name-that-no-inode-holds": pattern(3000),
      "security.capability": Buffer.from("0100000200040000000000000000000000000000", "hex"),
      "trusted.b": Buffer.from("x"),
    };
    const xattrs = new Map(Object.entries(values));
    const image = images.write([
      entryOf("file", { xattrs, contents: [pattern(10)] }),
      entryOf("folder", { type: "directory", xattrs }),
      entryOf("link", {
        type: "symlink",
        linkTarget: "file",
        xattrs: new Map([["trusted.c", pattern(200)]]),
      }),
      entryOf("pipe", { type: "fifo", xattrs: new Map([["trusted.d", pattern(3)]]) }),
    ]);
    expect(check(image.path)).toEqual(CLEAN);
    const hex = Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, value.toString("hex")]),
    );
    const files = seen(image.path);
    expect(files["file"]?.xattrs).toEqual(hex);
    expect(files["folder"]?.xattrs).toEqual(hex);
    expect(files["link"]?.xattrs).toEqual({ "trusted.c": pattern(200).toString("hex") });
    expect(files["pipe"]?.xattrs).toEqual({ "trusted.d": pattern(3).toString("hex") });
  });

  test("leave out attributes that would lead an overlay to other files, but not outside of layers", () => {
    const value = Buffer.from("/etc");
    const names = ["redirect", "metacopy", "origin", "overlay.redirect"].map(
      (name) => `trusted.overlay.${name}`,
    );
    const xattrs = new Map([...names, "trusted.overlay.opaque", "trusted.kept"].map((name) => [name, value]));
    const warnings: string[] = [];
    const entries = [entryOf("dir", { type: "directory", mode: 0o755, xattrs })];
    const layer = images.write(entries, { overlay: true, onWarning: (line) => warnings.push(line) });
    expect(check(layer.path)).toEqual(CLEAN);
    const kept = Object.keys(seen(layer.path)["dir"]?.xattrs ?? {}).toSorted();
    expect(kept).toEqual(["trusted.kept", "trusted.overlay.opaque"]);
    expect(warnings).toEqual([
      expect.stringMatching(/redirect.*of "dir": it would lead overlays to other files$/),
    ]);
    const all = Object.keys(seen(images.write(entries).path)["dir"]?.xattrs ?? {});
    expect(all).toEqual(expect.arrayContaining(names));
  });

  test("leave out extended attributes that Linux does not know, with a warning", () => {
    const names = ["com.apple.quarantine", "user.", "system.data", "user.kept"];
    const xattrs = new Map(names.map((name) => [name, pattern(500)]));
    const warnings: string[] = [];
    const image = images.write([entryOf("file", { xattrs })], { onWarning: (line) => warnings.push(line) });
    expect(check(image.path)).toEqual(CLEAN);
    expect(Object.keys(seen(image.path)["file"]?.xattrs ?? {})).toEqual(["user.kept"]);
    expect(warnings).toEqual([
      'Skipped the extended attribute "com.apple.quarantine", "user.", "system.data" of "file": Linux has none of this name',
    ]);
  });

  test("keep POSIX ACLs", () => {
    const acl = genericAcl();
    const image = images.write([
      entryOf("file", { mode: 0o760, xattrs: new Map([["system.posix_acl_access", acl]]) }),
      entryOf("folder", { type: "directory", xattrs: new Map([["system.posix_acl_default", acl]]) }),
    ]);
    expect(check(image.path)).toEqual(CLEAN);
    const files = seen(image.path);
    expect(files["file"]?.xattrs).toEqual({ "system.posix_acl_access": acl.toString("hex") });
    expect(files["folder"]?.xattrs).toEqual({ "system.posix_acl_default": acl.toString("hex") });
  });
});

describe("special files", () => {
  test("keep their kind and number", () => {
    const image = images.write([
      entryOf("null", { type: "character", device: { major: 1, minor: 3 } }),
      entryOf("disk", { type: "block", device: { major: 259, minor: 1_048_575 } }),
      entryOf("pipe", { type: "fifo" }),
      entryOf("short", { type: "symlink", mode: 0o777, linkTarget: "a".repeat(59) }),
      entryOf("long", { type: "symlink", mode: 0o777, linkTarget: "\xe9/".repeat(30) }),
      entryOf("longest", { type: "symlink", mode: 0o777, linkTarget: "b/".repeat(2047) + "b" }),
    ]);
    expect(check(image.path)).toEqual(CLEAN);
    const files = seen(image.path);
    expect(files["null"]).toMatchObject({ mode: 0o20644, device: [1, 3] });
    expect(files["disk"]).toMatchObject({ mode: 0o60644, device: [259, 1_048_575] });
    expect(files["pipe"]).toMatchObject({ mode: 0o10644 });
    expect(files["short"]).toMatchObject({ mode: 0o120777, target: "a".repeat(59), blocks: 0 });
    expect(files["long"]).toMatchObject({ target: "\xe9/".repeat(30), blocks: 8 });
    expect(files["longest"]?.target).toHaveLength(4095);
  });

  test("sockets are left out with a warning", () => {
    const warnings: string[] = [];
    const image = images.write([entryOf("run/a.sock", { type: "socket" })], {
      onWarning: (message) => warnings.push(message),
    });
    expect(check(image.path)).toEqual(CLEAN);
    expect(Object.keys(seen(image.path))).not.toContain("run/a.sock");
    expect(warnings).toEqual(['Skipped "run/a.sock": an image holds no sockets']);
  });
});

describe("directories", () => {
  test.each([1, 100, 1000, 5000])("of %d entries list and find all of them", (count) => {
    const names = Array.from(
      { length: count },
      (_, index) => `many/entry-${index}-${"x".repeat(index % 90)}`,
    );
    const image = images.write(names.map((name) => entryOf(name, { contents: [] })));
    expect(check(image.path)).toEqual(CLEAN);
    const files = seen(image.path);
    expect(names.filter((name) => files[name] === undefined)).toEqual([]);
    expect(Object.keys(files)).toHaveLength(count + 3);
  });

  test("of 100,000 entries with long names have an index of two levels", () => {
    const name = (index: number): string => `d/${"n".repeat(240)}${index}`;
    const entries = function* (): Generator<TestEntry> {
      for (let index = 0; index < 100_000; index++) yield entryOf(name(index));
    };
    const image = images.write(entries());
    expect(check(image.path)).toEqual(CLEAN);
    mounted(image.path, (folder) => {
      for (const index of [0, 1, 50_000, 99_999]) expect(statSync(join(folder, name(index))).size).toBe(0);
      expect(() => statSync(join(folder, name(100_000)))).toThrow("ENOENT");
    });
  });

  test("with names of all bytes and lengths are kept", () => {
    const bytes = Array.from({ length: 254 }, (_, index) => String.fromCharCode(index + 1)).filter(
      (c) => c !== "/",
    );
    const names = [...bytes.filter((c) => c !== "."), bytes.join(""), "n".repeat(255), "\xff".repeat(255)];
    const more = Array.from({ length: 600 }, (_, index) => `\xe9\x80${index}`);
    const image = images.write([...names, ...more].map((name) => entryOf(`a/${name}`)));
    expect(check(image.path)).toEqual(CLEAN);
    const files = seen(image.path);
    for (const name of [...names, ...more]) expect(files).toHaveProperty([`a/${name}`]);
  });

  test("with more subdirectories than links can count are clean", () => {
    const entries = Array.from({ length: 65_010 }, (_, index) =>
      entryOf(`d/${index}`, { type: "directory" }),
    );
    const image = images.write(entries);
    expect(check(image.path)).toEqual(CLEAN);
  });

  test("that no entry names are made, with the time of what needs them", () => {
    const image = images.write([entryOf("a/b/c", { mtime: 77n })]);
    expect(check(image.path)).toEqual(CLEAN);
    expect(seen(image.path)["a/b"]).toMatchObject({ mode: 0o40755, uid: 0, mtime: "77", links: 2 });
  });
});

describe("hard links", () => {
  test("share an inode and count", () => {
    const image = images.write([
      entryOf("a", { contents: [pattern(10)] }),
      entryOf("d/b", { type: "hardlink", linkTarget: "a" }),
      entryOf("d/c", { type: "hardlink", linkTarget: "d/b" }),
      entryOf("s", { type: "symlink", linkTarget: "a" }),
      entryOf("t", { type: "hardlink", linkTarget: "s" }),
    ]);
    expect(check(image.path)).toEqual(CLEAN);
    const files = seen(image.path);
    for (const name of ["a", "d/b", "d/c"]) expect(files[name]).toMatchObject({ links: 3, size: 10 });
    expect(files["t"]).toMatchObject({ links: 2, target: "a" });
  });

  test("to themselves change nothing", () => {
    const image = images.write([entryOf("a"), entryOf("a", { type: "hardlink", linkTarget: "a" })]);
    expect(check(image.path)).toEqual(CLEAN);
    expect(seen(image.path)["a"]?.links).toBe(1);
  });

  test("are at most 65000", () => {
    const links = Array.from({ length: 64_999 }, (_, index) =>
      entryOf(`l/${index}`, { type: "hardlink", linkTarget: "a" }),
    );
    expect(check(images.write([entryOf("a"), ...links]).path)).toEqual(CLEAN);
    const more = entryOf("one-more", { type: "hardlink", linkTarget: "a" });
    expect(() => images.write([entryOf("a"), ...links, more])).toThrow(
      'Cannot store "one-more": the target "a" of the hard link has 65000 names already',
    );
  });
});

describe("the image", () => {
  test("is the same for the same entries, and another for others", () => {
    const entries = [entryOf("a", { contents: [pattern(5000)] }), entryOf("b/c"), entryOf("a")];
    const first = images.write(entries);
    const second = images.write(entries);
    expect(readFileSync(first.path).equals(readFileSync(second.path))).toBe(true);
    expect(images.write([...entries, entryOf("d")]).uuid).not.toEqual(first.uuid);
  });

  test("has the identity and the room that are asked for", () => {
    const uuid = Buffer.from("00112233445566778899aabbccddeeff", "hex");
    const options = {
      uuid,
      label: "layer-1",
      size: 2 ** 30,
      inodes: 5000,
      isWritable: true,
      timestamp: 1_700_000_000,
    };
    const image = images.write([entryOf("a", { contents: [pattern(10)] })], options);
    expect(check(image.path)).toEqual(CLEAN);
    expect(image).toMatchObject({ size: 2 ** 30 });
    expect(image.freeInodes).toBeGreaterThanOrEqual(5000 - 12);
    const dump = execFileSync("dumpe2fs", ["-h", image.path], { encoding: "utf8", stdio: "pipe" });
    expect(dump).toMatch(/volume name: +layer-1\n/);
    expect(dump).toContain("00112233-4455-6677-8899-aabbccddeeff");
    expect(dump).not.toContain("read-only");
    expect(statSync(image.path).blocks * 512).toBeLessThan(4 * 1024 * KIB);
  });

  test("that is writable can be written", () => {
    const image = images.write([entryOf("a")], { size: 300 * 1024 * KIB, isWritable: true, inodes: 1000 });
    const folder = `${image.path}.rw`;
    const script =
      'mkdir "$2" && mount -o loop "$1" "$2" && cd "$2" && seq 900 | xargs touch && mkdir x && head -c 200M /dev/zero >x/big; r=$?; cd /; umount "$2"; exit $r';
    execFileSync("sh", ["-c", script, "sh", image.path, folder]);
    expect(check(image.path)).toEqual(CLEAN);
  });

  test("of files alone has small groups instead of much free space", () => {
    const entries = function* (): Generator<TestEntry> {
      for (let index = 0; index < 70_000; index++) yield entryOf(`${index % 300}/${index}`);
    };
    const image = images.write(entries());
    expect(check(image.path)).toEqual(CLEAN);
    expect(image.size).toBeLessThan(25 * 1024 * KIB);
    expect(Object.keys(seen(image.path))).toHaveLength(70_302);
  });

  test("does not exceed its maximum size", () => {
    const options = { maximumSize: 1024 * KIB };
    expect(() =>
      images.write([entryOf("big/file", { contents: [pattern(2 * 1024 * KIB)] })], options),
    ).toThrow('Cannot store "big/file": the image would exceed its maximum size of 1048576 bytes');
    expect(() => images.write([entryOf("file", { contents: [pattern(1000 * KIB)] })], options)).toThrow(
      "Cannot complete the image: it would exceed its maximum size",
    );
  });
});
