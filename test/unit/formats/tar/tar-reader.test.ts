import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FormatError } from "../../../../src/formats/format-error.ts";
import { TarReader } from "../../../../src/formats/tar/tar-reader.ts";
import { END, header, member, pax, record, type RawHeader } from "./tar-blocks.ts";
import { chunksOf, Collector, fileEntry, readTar, tarEntries } from "./tar-entries.ts";

function only(...blocks: Buffer[]): ReturnType<typeof readTar>[number] {
  const found = readTar(Buffer.concat([...blocks, END]));
  expect(found).toHaveLength(1);
  const [first] = found;
  if (first === undefined) throw new Error("no entry");
  return first;
}

function refusal(...blocks: Buffer[]): FormatError {
  try {
    readTar(Buffer.concat(blocks));
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    expect(error.code).toBe("LAYER_FORMAT");
    expect(error.message).toMatch(/^Cannot read the tar: [^\p{Cc}\p{Zl}\p{Zp}]+[^.]$/u);
    return error;
  }
  throw new Error("the archive was read");
}

describe("TarReader reads", () => {
  test("a plain file", () => {
    const raw = { mode: "0104755", uid: "0001750", gid: "0000144", mtime: "00000000012" };
    expect(only(member(raw, "hello"))).toEqual({
      entry: fileEntry({ path: "file", mode: 0o4755, uid: 1000, gid: 100, size: 5, mtime: 10_000_000_000n }),
      content: Buffer.from("hello"),
      holes: [],
    });
  });

  test.each<[string, RawHeader, object]>([
    ["a v7 directory", { magic: "", type: "\0", name: "dir/" }, { path: "dir", type: "directory" }],
    ["a v7 file", { magic: "", type: "\0", prefix: "no prefix" }, { path: "file", type: "file" }],
    ["a prefix", { prefix: "usr/bin" }, { path: "usr/bin/file" }],
    ["a prefix of all its bytes", { prefix: "p".repeat(155) }, { path: `${"p".repeat(155)}/file` }],
    ["a name of all its bytes", { name: "n".repeat(100) }, { path: "n".repeat(100) }],
    [
      "a prefix of star, whose times follow it",
      {
        prefix: "p".repeat(131),
        more: [
          [476, "00000000001"],
          [508, "tar\0"],
        ],
      },
      { path: `${"p".repeat(131)}/file` },
    ],
    ["a contiguous file", { type: "7" }, { type: "file" }],
    ["a fifo", { type: "6", size: 5 }, { type: "fifo", size: 0 }],
    [
      "a character device",
      { type: "3", major: "0000005", minor: "0000017" },
      { type: "character", device: { major: 5, minor: 15 } },
    ],
    ["a block device of v7", { type: "4", magic: "", major: "???" }, { device: { major: 0, minor: 0 } }],
    ["a symlink as it is", { type: "2", linkTarget: "/../x//" }, { type: "symlink", linkTarget: "/../x//" }],
    ["a hard link with a clean target", { type: "1", linkTarget: "./a//b" }, { linkTarget: "a/b" }],
    ["numbers between blanks", { mode: " 644 \0", uid: "   12  " }, { mode: 0o644, uid: 10 }],
    ["empty numbers as 0", { uid: "", mtime: "       " }, { uid: 0, mtime: 0n }],
    ["binary numbers", { uid: "\x80\0\0\0\xff\xff\xff\xfe" }, { uid: 4294967294 }],
    ["negative binary numbers", { mtime: `${"\xff".repeat(11)}\xfe` }, { mtime: -2_000_000_000n }],
    [
      "times of GNU",
      {
        magic: "ustar  \0",
        more: [
          [345, "00000000007"],
          [357, "00000000010"],
        ],
      },
      { path: "file", atime: 7_000_000_000n, ctime: 8_000_000_000n },
    ],
    [
      "a prefix under GNU's magic",
      { magic: "ustar  \0", prefix: "go/before/1.8" },
      { path: "go/before/1.8/file" },
    ],
  ])("%s", (_, raw, expected) => {
    expect(only(header(raw)).entry).toMatchObject(expected);
  });

  test("a checksum of signed bytes", () => {
    const block = header({ name: "caf\xe9" });
    const sum = Number.parseInt(block.toString("latin1", 148, 154), 8);
    const signed = `${(sum - 256).toString(8).padStart(6, "0")}\0 `;
    expect(only(header({ name: "caf\xe9", checksum: signed })).entry.path).toBe("caf\xe9");
  });

  test("GNU's long names and link targets", () => {
    const name = member({ name: "././@LongLink", type: "L" }, `${"n/".repeat(300)}end\0`);
    const target = member({ name: "././@LongLink", type: "K" }, `${"t".repeat(700)}\0`);
    expect(only(target, name, header({ type: "2", linkTarget: "ttt" })).entry).toMatchObject({
      path: `${"n/".repeat(300)}end`,
      linkTarget: "t".repeat(700),
    });
  });

  test("a volume label and a directory listing without their contents", () => {
    const label = member({ type: "V", name: "label" }, "label text");
    const found = only(label, member({ type: "D", name: "dir", magic: "ustar  \0" }, "Ya\0Nb\0\0"));
    expect(found).toMatchObject({
      entry: { path: "dir", type: "directory", size: 0 },
      content: Buffer.alloc(0),
    });
  });

  test.each([
    ["./a/b", "a/b"],
    ["/a/b/", "a/b"],
    ["a//b/./c", "a/b/c"],
    ["a/b/../c", "a/c"],
    [".a/..b/...", ".a/..b/..."],
    ["./.wh..wh..opq", ".wh..wh..opq"],
  ])("the name %s as %s", (name, path) => {
    expect(only(header({ name })).entry.path).toBe(path);
  });

  test.each(["./", ".", "/", "a/.."])("the root by the name %s", (name) => {
    expect(only(header({ name, type: "5" })).entry.path).toBe("");
  });
});

describe("TarReader lets extended headers replace", () => {
  const all = {
    path: "caf\xc3\xa9/\xff",
    size: "3",
    uid: "4294967295",
    gid: "70000",
    mtime: "-1.25",
    atime: "5000000000.1234567891",
    ctime: "7",
  };

  test("every field", () => {
    const block = Buffer.concat([
      header({ size: 0, uid: "bad", gid: "bad", mtime: "bad" }),
      Buffer.from("abc"),
    ]);
    const found = only(pax(all), block, Buffer.alloc(509));
    expect(found.content.toString()).toBe("abc");
    expect(found.entry).toEqual({
      ...fileEntry({
        path: "caf\xc3\xa9/\xff",
        size: 3,
        uid: 4294967295,
        gid: 70000,
        mtime: -1_250_000_000n,
      }),
      atime: 5_000_000_000_123_456_789n,
      ctime: 7_000_000_000n,
    });
  });

  test("the target of links", () => {
    const records = { linkpath: "a\n=b" };
    expect(only(pax(records), header({ type: "2", linkTarget: "x" })).entry.linkTarget).toBe("a\n=b");
    expect(only(pax(records), header({ type: "1", linkTarget: "x" })).entry.linkTarget).toBe("a\n=b");
  });

  test("attributes of any bytes, the plain form before the encoded one", () => {
    const { entry } = only(
      pax({
        "SCHILY.xattr.user.all": "\0\n=\xff 12 path=x\n",
        "SCHILY.xattr.user.none": "",
        "SCHILY.xattr.user.a%3Db%2525%3d": "odd",
        "LIBARCHIVE.xattr.user.all": "d3Jvbmc",
        "LIBARCHIVE.xattr.user.%C3%A9": "AAH/",
      }),
      header(),
    );
    expect(entry.xattrs).toEqual(
      new Map([
        ["user.all", Buffer.from("\0\n=\xff 12 path=x\n", "latin1")],
        ["user.none", Buffer.alloc(0)],
        ["user.a=b%25%3d", Buffer.from("odd")],
        ["user.\xc3\xa9", Buffer.from([0, 1, 255])],
      ]),
    );
  });

  test("what the input's memory holds, so that entries outlive their chunk", () => {
    const archive = Buffer.concat([pax({ "SCHILY.xattr.user.x": "kept" }), header()]);
    const collector = new Collector();
    const reader = new TarReader(collector);
    reader.write(archive);
    archive.fill(0xee);
    expect(collector.found[0]?.entry.xattrs?.get("user.x")).toEqual(Buffer.from("kept"));
  });

  test("the fields of one entry only", () => {
    const found = readTar(
      Buffer.concat([pax(all), member({}, "abc"), member({ name: "next" }, "longer"), END]),
    );
    expect(found[1]?.entry).toEqual(fileEntry({ path: "next", size: 6 }));
  });

  test("nothing where they are empty, and what global ones say", () => {
    const global = pax({ uid: "5", gid: "6", comment: "x", "SCHILY.xattr.user.g": "global" }, "g");
    const first = [pax({ uid: "", gid: "7", "SCHILY.xattr.user.l": "local" }), header({ uid: "0000001" })];
    const found = readTar(
      Buffer.concat([global, ...first, header({ name: "next" }), pax({ gid: "" }, "g"), header()]),
    );
    expect(found.map(({ entry: { uid, gid, xattrs } }) => [uid, gid, [...(xattrs?.keys() ?? [])]])).toEqual([
      [1, 7, ["user.g", "user.l"]],
      [5, 6, ["user.g"]],
      [5, 0, ["user.g"]],
    ]);
  });
});

describe("TarReader does not let an entry be smuggled in, because", () => {
  const inner = Buffer.concat([member({ name: "evil" }, "evil"), END]);

  test("a size record holds for the content although the header says 0", () => {
    const outer = [pax({ size: String(inner.length) }), header({ name: "outer" }), inner];
    const found = readTar(Buffer.concat([...outer, header({ name: "after" }), END]));
    expect(found.map(({ entry }) => entry.path)).toEqual(["outer", "after"]);
  });

  test("a size record holds for no extended header between it and the entry", () => {
    const long = member({ type: "L", name: "././@LongLink" }, "long\0");
    const found = readTar(
      Buffer.concat([pax({ size: "4" }), long, header({ size: 0 }), member({}, "data").subarray(512), END]),
    );
    expect(found.map(({ entry, content }) => [entry.path, String(content)])).toEqual([["long", "data"]]);
  });

  test("a size record of a link or a folder moves nothing", () => {
    for (const type of ["1", "2", "5"]) {
      const found = readTar(Buffer.concat([pax({ size: "1024" }), header({ type, linkTarget: "x" }), inner]));
      expect(found.map(({ entry }) => entry.path)).toEqual(["file", "evil"]);
    }
  });

  test.each([{ size: "1024" }, { path: "x" }, { linkpath: "x" }, { "GNU.sparse.size": "1" }])(
    "a global header may not set %o",
    (records) => {
      expect(refusal(pax(records, "g"), header()).message).toContain("for all entries");
    },
  );

  test("an entry has one extended header", () => {
    expect(refusal(pax({ size: "1" }), pax({ path: "x" }), header()).message).toContain(
      "second extended header",
    );
  });
});

describe("TarReader refuses", () => {
  test.each<[string, Buffer[], string]>([
    [
      "another checksum",
      [header({ checksum: "0001234\0" })],
      "its checksum is 668 where its bytes sum up to",
    ],
    ["no number", [header({ uid: "12x4" })], 'its uid holds "12x4", which is no octal number'],
    ["a negative size", [header({ size: "\xff".repeat(12) })], "its size is -1, which no file has"],
    ["a huge size", [header({ size: `\x80${"\xff".repeat(11)}` })], "beyond 2^53"],
    ["a size over 2^52", [pax({ size: "4503599627370497" }), header()], "which is no number up to 2^52"],
    ["a negative owner", [header({ gid: "\xff".repeat(8) })], "its gid is -1, which does not fit in 32 bits"],
    ["an unknown type", [header({ type: "Z" })], 'its type "Z" is not known'],
    ["a part of a divided archive", [header({ type: "M" })], 'its type "M" is not known'],
    ["a way out", [header({ name: "a/../../etc" })], 'its path "a/../../etc" leads out of the archive'],
    ["an absolute way out", [header({ name: "/../etc" })], "leads out"],
    ["a way out of a hard link", [header({ type: "1", linkTarget: "../x" })], 'its path "../x" leads out'],
    ["a way out in an extended header", [pax({ path: ".." }), header()], 'entry ".."'],
    ["a symlink without a target", [header({ type: "2" })], "it is a symlink without a target"],
    ["a root that is no folder", [header({ name: "./", type: "6" })], "it is a fifo without a name"],
    ["content with the name of a folder", [member({ name: "dir/" }, "x")], "the name of a directory"],
    ["a zero byte in a name", [pax({ path: "a\0b" }), header()], "its path record holds a zero byte"],
    ["a nameless attribute", [pax({ "SCHILY.xattr.": "x" }), header()], "cannot exist"],
    ["a record without a length", [member({ type: "x" }, "path=x\n"), header()], "starts no record"],
    ["a record that is too long", [member({ type: "x" }, "99 path=x\n"), header()], "starts no record"],
    ["a record without a line end", [member({ type: "x" }, "9 path=xx"), header()], "starts no record"],
    ["a record without a key", [member({ type: "x" }, "6 =xx\n"), header()], "has no key"],
    ["a record of its length alone", [member({ type: "x" }, "2 "), header()], "starts no record"],
    ["a time that is none", [pax({ mtime: "1e9" }), header()], 'holds "1e9"'],
    ["a time of too many digits", [pax({ mtime: "1".repeat(1000) }), header()], "no number of seconds"],
    ["an extended header over 1 MiB", [header({ type: "x", size: 2 ** 20 + 1 })], "at most 1048576 are read"],
    ["a long name over 1 MiB", [header({ type: "L", size: 2 ** 33 - 1 })], "at most 1048576 are read"],
    ["zeros that something follows", [END, Buffer.alloc(512, 1)], "it has no entries, but something else at"],
    ["a lone block of zeros", [Buffer.alloc(512), header()], "it follows a block of zeros"],
    ["an extended header at the end", [pax({ path: "x" }), END], "zeros end the archive"],
    ["no tar", [Buffer.alloc(512, "no tar")], 'its checksum holds "arno tar", which is no octal number'],
  ])("%s", (_, blocks, message) => {
    expect(refusal(...blocks).message).toContain(message);
  });

  test("global headers that grow beyond 1 MiB together", () => {
    const one = (at: number): Buffer => pax({ [`SCHILY.xattr.user.${at}`]: "x".repeat(400_000) }, "g");
    expect(refusal(one(1), one(2), one(3)).message).toContain("at most 1048576 are read");
  });

  test("with the name of the entry, where it begins, and a hint if it is the first", () => {
    const error = refusal(member({}, "x"), pax({ path: "caf\xc3\xa9\u0085" }), header({ mode: "8" }));
    expect(error.offset).toBe(2048);
    expect(error.message).toBe(
      'Cannot read the tar: entry "caf\u00e9\ufffd" at byte 2048: its mode holds "8", which is no octal number',
    );
    expect(error.hint).toBeUndefined();
    expect(refusal(header({ mode: "8" })).hint).toBe("Make sure that the input is a tar");
  });
});

describe("TarReader finds the end", () => {
  const files = Buffer.concat([member({ name: "a" }, "one"), member({ name: "b" }, "two")]);

  test.each([
    ["two blocks of zeros, whatever follows", Buffer.concat([files, END, Buffer.alloc(700, 1)])],
    ["one block of zeros", Buffer.concat([files, Buffer.alloc(512)])],
    ["part of a block of zeros", Buffer.concat([files, Buffer.alloc(100)])],
    ["the end of the input", files],
    ["the end of the input without padding", files.subarray(0, 1536 + 3)],
  ])("at %s", (_, archive) => {
    expect(readTar(archive).map(({ content }) => String(content))).toEqual(["one", "two"]);
  });

  test("of an empty archive", () => {
    expect(readTar(END)).toEqual([]);
    expect(readTar(Buffer.alloc(0))).toEqual([]);
  });

  test("and tells it once, at the end of the input", () => {
    const collector = new Collector();
    const reader = new TarReader(collector);
    reader.write(Buffer.concat([files, END]));
    expect(collector.isComplete).toBe(false);
    reader.end();
    expect(collector.isComplete).toBe(true);
  });
});

/** An archive with everything that takes more than one block. */
const sample = Buffer.concat([
  pax({ comment: "all" }, "g"),
  pax({ path: "long/name", mtime: "1.5", "SCHILY.xattr.user.x": "\0".repeat(600) }),
  member({}, "x".repeat(700)),
  member({ type: "K" }, "target\0"),
  member({ type: "L" }, "name\0"),
  header({ type: "2" }),
  pax({
    "GNU.sparse.major": "1",
    "GNU.sparse.minor": "0",
    "GNU.sparse.realsize": "5000",
    "GNU.sparse.name": "s",
  }),
  member({}, Buffer.concat([Buffer.from(`1\n1000\n5\n`), Buffer.alloc(503), Buffer.from("abcde")])),
  header({ name: "dir/", type: "5" }),
]);

function failureOf(archive: Buffer, collector: Collector): string | undefined {
  const reader = new TarReader(collector);
  try {
    reader.write(archive);
    reader.end();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return error.message;
  }
  return undefined;
}

describe("TarReader tells an archive that is cut short", () => {
  test("at any byte: it gives the entries before and an error, or is complete", () => {
    const whole = readTar(sample);
    const complete: number[] = [];
    for (let length = 0; length <= sample.length; length++) {
      const collector = new Collector();
      const message = failureOf(sample.subarray(0, length), collector);
      if (message === undefined) complete.push(length);
      else if (!message.startsWith(`Cannot read the tar: it ends at byte ${length}, but `))
        expect(message).toBe("");
      const names = collector.found.map(({ entry }) => entry.path);
      if (
        collector.isComplete !== (message === undefined) ||
        names.some((name, at) => name !== whole[at]?.entry.path)
      )
        expect(names).toEqual([]);
    }
    // Padding may be missing: what counts is that all content is there.
    const runs = [
      [0, 0],
      [1024, 1024],
      [3772, 4096],
      [6656, 6656],
      [8709, 9216],
      [9728, 9728],
    ];
    expect(complete.filter((length) => !complete.includes(length - 1))).toEqual(runs.map(([from]) => from));
    expect(complete.filter((length) => !complete.includes(length + 1))).toEqual(runs.map(([, to]) => to));
  });

  test("with what is missing", () => {
    const cut = (length: number): string => refusal(sample.subarray(0, length)).message;
    expect(cut(3172)).toBe(
      'Cannot read the tar: it ends at byte 3172, but 600 bytes of entry "long/name" are missing (from byte 2560)',
    );
    expect(cut(8300)).toContain('but the sparse map of entry "s" is incomplete (from byte 7680)');
    expect(cut(2000)).toContain("but a header is incomplete (from byte 1536)");
    expect(cut(2560)).toContain("but an extended header lacks its entry");
  });
});

test("TarReader reads the same from chunks of any size", () => {
  const whole = readTar(Buffer.concat([sample, END]));
  expect(whole.map(({ entry }) => entry.path)).toEqual(["long/name", "name", "s", "dir"]);
  for (const size of [1, 7, 511, 512, 513, 1000, 4096])
    expect([...tarEntries(chunksOf(Buffer.concat([sample, END]), size))]).toEqual(whole);
});

test("TarReader passes the input's own memory on", () => {
  const archive = member({}, "x".repeat(1000));
  const seen: Buffer[] = [];
  const sink = Object.assign(new Collector(), { data: (chunk: Buffer) => void seen.push(chunk) });
  new TarReader(sink).write(archive);
  expect(
    seen.map(({ buffer, byteOffset, length }) => [buffer === archive.buffer, byteOffset, length]),
  ).toEqual([[true, archive.byteOffset + 512, 1000]]);
});

describe("TarReader survives", () => {
  const bitFlips = fc.array(fc.tuple(fc.nat(sample.length * 8 - 1), fc.boolean()), {
    minLength: 1,
    maxLength: 4,
  });

  /** Gives a header a right checksum, so that what it holds is looked at. */
  function signed(archive: Buffer, at: number): void {
    const block = Math.floor(at / 512) * 512;
    archive.fill(" ", block + 148, block + 156);
    const sum = archive.subarray(block, block + 512).reduce((total, byte) => total + byte, 0);
    archive.write(`${sum.toString(8).padStart(6, "0")}\0 `, block + 148, "latin1");
  }

  function expectBounded(archive: Buffer): void {
    const sizes = { told: 0, data: 0, holes: 0 };
    const reader = new TarReader({
      entry: ({ size }) => void (sizes.told += size),
      data: ({ length }) => void (sizes.data += length),
      hole: (length) => void (sizes.holes += length),
      end: () => expect(sizes.data + sizes.holes).toBe(sizes.told),
    });
    try {
      reader.write(archive);
      reader.end();
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      expect(error.message).toMatch(/^Cannot read the tar: [^\p{Cc}\p{Zl}\p{Zp}]{1,1500}$/u);
    }
    expect(sizes.data).toBeLessThanOrEqual(archive.length);
    expect(sizes.data + sizes.holes).toBeLessThanOrEqual(sizes.told);
  }

  test("bits that are flipped, with checksums that agree", () => {
    const property = fc.property(bitFlips, (flips) => {
      const archive = Buffer.from(sample);
      for (const [bit, isSigned] of flips) {
        const at = bit >> 3;
        archive[at] = (archive[at] ?? 0) ^ (1 << (bit & 7));
        if (isSigned) signed(archive, at);
      }
      expectBounded(archive);
    });
    fc.assert(property, { numRuns: 2000 });
  });

  test("bytes at random", () => {
    const blocks = fc.array(fc.uint8Array({ minLength: 512, maxLength: 512 }), {
      minLength: 1,
      maxLength: 4,
    });
    const property = fc.property(blocks, fc.boolean(), (parts, isSigned) => {
      const archive = Buffer.concat(parts);
      for (let at = 0; isSigned && at < archive.length; at += 512) signed(archive, at);
      expectBounded(archive);
    });
    fc.assert(property, { numRuns: 300 });
  });

  test("records at random", () => {
    const sparse = ["major", "minor", "name", "size", "realsize", "offset", "numbytes", "map"];
    const others = ["path", "size", "uid", "mtime", "SCHILY.xattr.user.x", "LIBARCHIVE.xattr.user.x"];
    const keys = fc.constantFrom(...others, ...sparse.map((key) => `GNU.sparse.${key}`));
    const values = fc.oneof(
      fc.constantFrom("", "0", "1", "5", "-1", "1,2", "0,5,5,0", "9007199254740993", "../..", "\n"),
      fc.string({ unit: "binary-ascii", maxLength: 20 }),
    );
    const property = fc.property(
      fc.array(fc.tuple(keys, values), { maxLength: 8 }),
      fc.nat(700),
      (pairs, size) => {
        const records = pairs.map(([key, value]) => record(key, value)).join("");
        expectBounded(Buffer.concat([member({ type: "x" }, records), member({}, "5".repeat(size)), END]));
      },
    );
    fc.assert(property, { numRuns: 1000 });
  });
});
