import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { check, CLEAN, mounted, seen } from "../ext4/image-harness.ts";
import { END, header, member, pax, record } from "../tar/tar-blocks.ts";
import { useLayers } from "./layer-harness.ts";

const layers = useLayers();
const tar = (...blocks: Buffer[]): Buffer => Buffer.concat([...blocks, END]);
const directory = (name: string): Buffer => header({ name, type: "5" });
const symlink = (name: string, linkTarget: string): Buffer => header({ name, type: "2", linkTarget });
const hardlink = (name: string, linkTarget: string): Buffer => header({ name, type: "1", linkTarget });

/** The paths in the image of a layer, which must be written. */
function pathsOf(layer: Buffer): string[] {
  expect(layers.judge(layer).error).toBeUndefined();
  const paths = Object.keys(seen(layers.image)).filter((path) => path !== "" && path !== "lost+found");
  return paths.toSorted();
}

describe("a layer cannot reach out of its image", () => {
  test.each<[string, Buffer[], string[]]>([
    [
      "absolute names",
      [member({ name: "/etc/x" }, "x"), member({ name: "//y" }, "y")],
      ["etc", "etc/x", "y"],
    ],
    ["ways up that stay inside", [member({ name: "a/../b/./c" }, "x")], ["b", "b/c"]],
    ["absolute targets of hard links", [member({ name: "a" }, "x"), hardlink("b", "/./a")], ["a", "b"]],
    ["symlinks out of it, which nothing follows", [symlink("a", "/"), symlink("b", "../../..")], ["a", "b"]],
    ["a file in the place of a symlink", [symlink("a", "/etc"), member({ name: "a" }, "x")], ["a"]],
    [
      "a folder in the place of a symlink",
      [symlink("a", "/etc"), directory("a/"), member({ name: "a/x" })],
      ["a", "a/x"],
    ],
  ])("by %s", (_, blocks, paths) => {
    expect(pathsOf(tar(...blocks))).toEqual(paths);
  });

  test.each<[string, Buffer[], string]>([
    [
      "a name behind a symlink",
      [symlink("a", "/etc"), member({ name: "a/x" }, "x")],
      'Cannot store "a/x": its parent "a" is not a directory (entry at byte 512 of the tar)',
    ],
    [
      "a folder behind a symlink",
      [directory("d"), symlink("a", "d"), directory("a/x/y")],
      'its parent "a" is not a directory (entry at byte 1024',
    ],
    [
      "a hard link behind a symlink",
      [symlink("a", "/"), hardlink("b", "a/etc/passwd")],
      'the target "a/etc/passwd" of the hard link does not exist (entry at byte 512',
    ],
    [
      "ways up out of it",
      [member({ name: "a/../../x" }, "x")],
      'at byte 0: its path "a/../../x" leads out of the archive',
    ],
    ["ways up in a PAX path", [pax({ path: "../x" }), header()], "leads out of the archive"],
    ["ways up of a hard link", [hardlink("b", "a/../../x")], "leads out of the archive"],
    ["a whiteout of its parent", [header({ name: "a/.wh..." })], '".." is no name'],
  ])("by %s: it is refused", (_, blocks, fault) => {
    expect(layers.judge(tar(...blocks), { overlay: true }).error?.message).toContain(fault);
  });
});

describe("names are bytes", () => {
  test("that need not be UTF-8, nor printable", () => {
    const names = [
      "\xff\xfe",
      "\xc3\x28",
      "new\nline",
      "\x1b[31m",
      "\xed\xa0\x80",
      "%2e%2e",
      "a\\..\\b",
      "x".repeat(100),
    ];
    expect(pathsOf(tar(...names.map((name) => member({ name }, name)))).toSorted()).toEqual(names.toSorted());
  });

  test("of which no refusal shows any that could change a terminal", () => {
    const { error } = layers.judge(
      tar(member({ name: "\x1b[2J\n\xff" }), member({ name: "\x1b[2J\n\xff/\x9bx" })),
    );
    expect(error?.message).toContain("is not a directory");
  });
});

describe("hard links", () => {
  test.each<[string, Buffer[], string]>([
    [
      "to nothing",
      [hardlink("b", "a")],
      'Cannot store "b": the target "a" of the hard link does not exist (entry at byte 0',
    ],
    ["to themselves", [hardlink("b", "b")], "does not exist"],
    ["to a folder", [directory("a"), hardlink("b", "a")], "is a directory"],
    ["to what comes later", [hardlink("b", "a"), member({ name: "a" })], "does not exist"],
    [
      "to what is gone",
      [member({ name: "d/a" }), member({ name: "d" }), hardlink("b", "d/a")],
      "does not exist",
    ],
  ])("%s are refused", (_, blocks, fault) => {
    expect(layers.judge(tar(...blocks)).error?.message).toContain(fault);
  });

  test("in the place of the folder with their target keep it", () => {
    expect(pathsOf(tar(member({ name: "d/a" }, "x"), hardlink("d", "d/a")))).toEqual(["d"]);
  });

  test("of 2^16 names to one file are one too many, those before are clean", () => {
    const links = Array.from({ length: 2 ** 16 }, (_, index) => hardlink(`l${index}`, "f"));
    const { error } = layers.judge(tar(member({ name: "f" }, "x"), ...links));
    expect(error?.message).toBe(
      'Cannot store "l64999": the target "f" of the hard link has 65000 names already, as many as are allowed (entry at byte 33280512 of the tar)',
    );
    expect(layers.judge(tar(member({ name: "f" }, "x"), ...links.slice(0, 64_999))).error).toBeUndefined();
  });
});

test("more than 65,000 subfolders are clean, and all there", () => {
  const folders = Array.from({ length: 66_000 }, (_, index) => directory(`d/${index}`));
  expect(layers.judge(tar(...folders), { inlineData: true }).error).toBeUndefined();
  expect(mounted(layers.image, (top) => readdirSync(join(top, "d")))).toHaveLength(66_000);
}, 60_000);

test("folders as deep as a path can name are clean, even when they are replaced", () => {
  const deep = "d/".repeat(2047);
  const layer = [pax({ path: deep }), directory("d")];
  expect(layers.judge(tar(...layer)).error).toBeUndefined();
  expect(pathsOf(tar(...layer, member({ name: "d" }, "x")))).toEqual(["d"]);
  const { error } = layers.judge(tar(pax({ path: `${deep}dd` }), header()));
  expect(error?.message).toContain("its path has 4096 bytes, at most 4095 are allowed");
});

test("a file that is replaced again and again leaves room for the next", () => {
  const rounds = Array.from({ length: 2000 }, (_, index) =>
    member({ name: `d/${index % 3}` }, "x".repeat(10_000)),
  );
  const swaps = Array.from({ length: 500 }, () => [
    member({ name: "d" }),
    member({ name: "d/x" }),
    directory("d"),
  ]);
  expect(layers.judge(tar(...rounds, directory("d"))).error).toBeUndefined();
  // A file cannot have children, until a folder takes its place.
  expect(layers.judge(tar(...swaps.flat())).error?.message).toContain('its parent "d" is not a directory');
  const alternating = Array.from({ length: 500 }, () => [
    member({ name: "d" }, "x"),
    directory("d"),
    member({ name: "d/x" }, "y"),
  ]);
  expect(pathsOf(tar(...alternating.flat()))).toEqual(["d", "d/x"]);
});

describe("with little memory", () => {
  const MEGABYTE = 1024 * 1024;
  /** What Node takes by itself, the chunk and the staging area, with something to spare. */
  const PEAK = 160 * MEGABYTE;

  /** Records of an extended header of almost 1 MiB. */
  function recordsUpTo(size: number, one: (index: number) => string): string {
    const all: string[] = [];
    for (let total = 0, index = 0; ; index++) {
      const text = one(index);
      total += text.length;
      if (total > size) return all.join("");
      all.push(text);
    }
  }

  const comments = recordsUpTo(MEGABYTE - 512, () => record("a", ""));
  const attributes = recordsUpTo(MEGABYTE - 512, (index) => record(`SCHILY.xattr.user.${index}`, ""));
  const unknown = recordsUpTo(MEGABYTE - 512, (index) => record(`SCHILY.xattr.u${index}`, "x"));
  const globals = Array.from({ length: 30_000 }, () => pax({ comment: "" }, "g"));

  test.each<[string, Buffer[], string | undefined]>([
    [
      "an extended header that claims 1 GiB",
      [header({ type: "x", size: 2 ** 30 }), Buffer.alloc(MEGABYTE)],
      "at most 1048576 are read",
    ],
    [
      "a long name that claims 1 GiB",
      [header({ type: "L", size: 2 ** 30 }), Buffer.alloc(MEGABYTE)],
      "at most 1048576 are read",
    ],
    [
      "a file that claims 8 GiB",
      [header({ size: 2 ** 33 - 1 }), Buffer.alloc(MEGABYTE)],
      'bytes of entry "file" are missing',
    ],
    ["a hundred thousand records", [member({ type: "x" }, comments), header()], undefined],
    [
      "tens of thousands of attributes",
      [member({ type: "x" }, attributes), header()],
      "its extended attributes take",
    ],
    ["tens of thousands of unknown attributes", [member({ type: "x" }, unknown), header()], undefined],
    ["thousands of global headers", [...globals, header()], undefined],
    ["global headers over 1 MiB", [...globals, ...globals, ...globals, header()], "at most 1048576 are read"],
    ["a time of a million digits", [pax({ mtime: "1".repeat(1_000_000) }), header()], "no number of seconds"],
    [
      "a path of a million bytes",
      [pax({ path: "a/".repeat(500_000) }), header()],
      "its path has 999999 bytes",
    ],
    [
      "a list of a hundred thousand users",
      [pax({ "SCHILY.acl.access": "u:x:rwx,".repeat(100_000) }), header()],
      "its access control list lacks",
    ],
    [
      "a sparse file of 2^52 bytes",
      sparse("0\n", 2 ** 52),
      "its size of 4503599627370496 bytes is not between",
    ],
    ["a sparse file of 16 TiB", sparse("0\n", 2 ** 44 - 4096), undefined],
    [
      "a sparse file whose map claims 10^15 parts",
      sparse("1000000000000000\n", 2 ** 40),
      "where a number goes on",
    ],
    ["a sparse file that lies", sparse("1\n1099511627770\n512\n", 2 ** 40), "its sparse map reaches byte"],
  ])("%s ends soon", (_, blocks, fault) => {
    const { message, peak } = layers.judgeApart(tar(...blocks), 64);
    if (fault === undefined) expect(message).toBeUndefined();
    else expect(message).toContain(fault);
    expect(peak).toBeLessThan(PEAK);
  });

  /** A sparse file of format 1.0 with a map of one block and 512 bytes of data. */
  function sparse(map: string, realSize: number): Buffer[] {
    const versions = { "GNU.sparse.major": "1", "GNU.sparse.minor": "0" };
    const records = { ...versions, "GNU.sparse.name": "s", "GNU.sparse.realsize": String(realSize) };
    const data = map === "0\n" ? Buffer.alloc(0) : Buffer.alloc(512, 1);
    return [pax(records), member({}, Buffer.concat([Buffer.from(map.padEnd(512, "\0"), "latin1"), data]))];
  }

  test("a hundred thousand small files fit", () => {
    const files = Array.from({ length: 100_000 }, (_, index) =>
      member({ name: `d${index % 100}/${index}` }, "x"),
    );
    const { entries, message } = layers.judgeApart(tar(...files), 160);
    expect({ entries, message }).toEqual({ entries: 100_000, message: undefined });
    expect(check(layers.image)).toEqual(CLEAN);
  }, 60_000);
});
