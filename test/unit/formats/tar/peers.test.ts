import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FileEntry } from "../../../../src/formats/file-entry.ts";
import {
  describeFound,
  hasProgram,
  runPython,
  runTar,
  tarfileSees,
  treeHas,
  type Description,
} from "./peers.ts";
import { fileEntry, readTar, writeTar } from "./tar-entries.ts";

const canCompare = hasProgram("python3") && hasProgram("tar");
const folder = mkdtempSync(join(tmpdir(), "tar-peers-"));
const tree = join(folder, "tree");

/** Makes a tree of everything that a tar can hold and that needs no privilege. */
const MAKE_TREE = `
import os, sys
os.chdir(sys.argv[1])
def write(path, content, mode=0o644):
    with open(path, "wb") as file: file.write(content)
    os.chmod(path, mode)
os.makedirs("plain/sub")
write("plain/empty", b"")
write("plain/one", b"1" * 513, 0o4755)
write("plain/block", b"b" * 512)
write("plain/big", bytes(range(256)) * 3000, 0o600)
os.chmod("plain/sub", 0o1777)
os.symlink("../nowhere/./x", "plain/symlink")
os.link("plain/one", "plain/two")
os.mkfifo("fifo", 0o620)
long = "/".join(["long"] + ["d" * 60] * 4)
os.makedirs(long)
write(long + "/" + "n" * 200, b"long name")
write("long/" + "m" * 95, b"exactly 100")
write("long/" + "m" * 96, b"one more")
write("long/" + "k" * 98 , b"prefix")
os.symlink("t" * 300, "long/link")
os.link(long + "/" + "n" * 200, "long/hard")
write(b"caf\\xc3\\xa9", b"utf-8")
write(b"bad\\xff\\xfe", b"no utf-8")
write("with\\nline = 5", b"odd name")
for name, time in [("future", 5000000000 * 10**9 + 123456789), ("past", -10**9 - 1), ("nano", 1234567890000000001)]:
    write("time-" + name, b"")
    os.utime("time-" + name, ns=(1, time))
with open("sparse", "wb") as file:
    for at in range(0, 40):
        file.seek(at * 200000 + 65536)
        file.write(b"data %d" % at * 600)
    file.truncate(9000000)
with open("hollow", "wb") as file: file.truncate(5000000)
write("attributes", b"x")
try:
    os.setxattr("attributes", "user.binary", bytes(range(256)))
    os.setxattr("attributes", "user.empty", b"")
    os.setxattr("attributes", "user.a=b%3D", b"odd name")
    os.setxattr("plain/sub", "user.dir", b"\\n12 path=evil\\n")
except OSError as error: print(error, file=sys.stderr)
`;

beforeAll(() => {
  if (!canCompare) return;
  mkdirSync(tree);
  runPython(MAKE_TREE, tree);
});
afterAll(() => rmSync(folder, { recursive: true }));

function byPath(one: Description, other: Description): number {
  return one.path < other.path ? -1 : 1;
}

/** What the tree has, without what a format cannot hold. */
function without(
  found: readonly Description[],
  { xattrs, nanoseconds }: { xattrs?: boolean; nanoseconds?: boolean },
): Description[] {
  return found.map((one) => ({
    ...one,
    xattrs: xattrs === true ? {} : one.xattrs,
    mtime: nanoseconds === true ? String(wholeSeconds(BigInt(one.mtime))) : one.mtime,
  }));
}

function wholeSeconds(time: bigint): bigint {
  const rest = time % 1_000_000_000n;
  return time - (rest < 0n ? rest + 1_000_000_000n : rest);
}

/** The tree as an archive shows it: one name of a file is the file, the others are links to it. */
function withLinks(archive: readonly Description[], found: readonly Description[]): Description[] {
  const links = new Map(archive.flatMap((one) => (one.type === "hardlink" ? [[one.path, one]] : [])));
  return found.map((one) => {
    const link = links.get(one.path);
    if (link === undefined) return one;
    const target = found.find(({ path }) => path === link.link);
    expect(target?.sha256).toBe(one.sha256);
    return { ...one, type: "hardlink", link: link.link, size: 0, sha256: link.sha256, xattrs: link.xattrs };
  });
}

describe.skipIf(!canCompare)("TarReader reads what GNU tar makes of a tree", () => {
  const whole = { path: ".", loses: { xattrs: true, nanoseconds: true } };
  test.each([
    ["v7", ["--format=v7"], { ...whole, path: "./plain" }],
    ["ustar", ["--format=ustar"], { ...whole, path: "./plain" }],
    ["gnu", ["--format=gnu"], whole],
    ["oldgnu", ["--format=oldgnu"], whole],
    ["gnu, sparse", ["--format=gnu", "--sparse"], whole],
    ["gnu, incremental", ["--format=gnu", "--incremental"], whole],
    ["pax", ["--format=pax"], { path: ".", loses: { xattrs: true } }],
    ["pax, xattrs", ["--format=pax", "--xattrs"], { path: ".", loses: {} }],
    ...["0.0", "0.1", "1.0"].map(
      (version) =>
        [
          `pax, sparse ${version}`,
          ["--format=pax", "--sparse", `--sparse-version=${version}`],
          { path: ".", loses: { xattrs: true } },
        ] as const,
    ),
  ] as const)("%s", (name, options, { path, loses }) => {
    const archive = join(folder, `${name}.tar`);
    runTar("-cf", archive, ...options, "--sort=name", "-C", tree, path);
    const found = readTar(readFileSync(archive));
    const seen = found.map(describeFound).toSorted(byPath);
    const expected = treeHas(tree).filter((one) => path === "." || `./${one.path}/`.startsWith(`${path}/`));
    expect(seen).toEqual(withLinks(seen, without(expected, loses)).toSorted(byPath));
    if (!name.includes("incremental")) expect(seen).toEqual(tarfileSees(archive).toSorted(byPath));
    if (name.includes("sparse"))
      expect(found.filter(({ holes }) => holes.length > 0).map(({ entry }) => entry.path)).toEqual([
        "hollow",
        "sparse",
      ]);
  });
});

const withContent: [FileEntry, Buffer?][] = [
  [fileEntry({ path: "", type: "directory", mode: 0o755 })],
  [fileEntry({ path: "dir", type: "directory", mode: 0o1770, mtime: 1_000_000_000n })],
  [fileEntry({ path: "dir/file", size: 700, mode: 0o4711, uid: 2097151, gid: 1 }), Buffer.alloc(700, "7")],
  [fileEntry({ path: "dir/empty", mtime: 1_234_567_890_123_456_789n })],
  [
    fileEntry({
      path: "dir/hard",
      type: "hardlink",
      linkTarget: "dir/file",
      mode: 0o4711,
      uid: 2097151,
      gid: 1,
    }),
  ],
  [fileEntry({ path: "dir/soft", type: "symlink", mode: 0o777, linkTarget: "../a b\n" })],
  [fileEntry({ path: "dir/far", type: "symlink", mode: 0o777, linkTarget: "f/".repeat(400) })],
  [fileEntry({ path: "pipe", type: "fifo", mode: 0o600 })],
  [fileEntry({ path: "ids", uid: 3_000_000_000, gid: 4_000_000_000 })],
  [fileEntry({ path: "old", mtime: -1_500_000_000n })],
  [fileEntry({ path: "new", mtime: 10_000_000_000_000_000_001n - 1n })],
  [fileEntry({ path: `${"p".repeat(150)}/${"q".repeat(100)}`, size: 3 }), Buffer.from("abc")],
  [fileEntry({ path: `${"r/".repeat(300)}end`, size: 1 }), Buffer.from("z")],
  [fileEntry({ path: "caf\xc3\xa9" })],
  [fileEntry({ path: "bad\xff" })],
  [
    fileEntry({
      path: "attributes",
      xattrs: new Map([
        ["user.all", Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
        ["user.none", Buffer.alloc(0)],
      ]),
    }),
  ],
];
const devices: [FileEntry][] = [
  [fileEntry({ path: "null", type: "character", mode: 0o666, device: { major: 1, minor: 3 } })],
  [fileEntry({ path: "disk", type: "block", device: { major: 259, minor: 70000 } })],
];

describe.skipIf(!canCompare)("what TarWriter writes", () => {
  const given = [...withContent, ...devices].map(([entry, content = Buffer.alloc(0)]) =>
    describeFound({ entry, content, holes: [] }),
  );

  function written(name: string, entries: readonly (readonly [FileEntry, Buffer?])[]): string {
    const path = join(folder, name);
    writeFileSync(path, writeTar(entries));
    return path;
  }

  test("is for tarfile what was given", () => {
    expect(tarfileSees(written("for-python.tar", [...withContent, ...devices]))).toEqual(given);
  });

  test("is listed by GNU tar with the names that were given", () => {
    const archive = written("for-list.tar", [...withContent, ...devices]);
    const names = runTar("--quoting-style=escape", "-tf", archive).trimEnd().split("\n");
    expect(names).toHaveLength(given.length);
    expect(names).toContain("bad\\377");
    expect(names[0]).toBe("./");
  });

  test("is extracted by GNU tar as it was given", () => {
    const target = join(folder, "extracted");
    mkdirSync(target);
    const asRoot = process.getuid?.() === 0;
    const entries = asRoot ? [...withContent, ...devices] : withContent;
    const archive = written("for-tar.tar", entries);
    runTar("-xpf", archive, "--numeric-owner", "--xattrs", "--xattrs-include=*", "-C", target);
    const extracted = new Map(treeHas(target).map((one) => [one.path, one]));
    const file = given.find(({ path }) => path === "dir/file");
    for (const one of given.filter(({ device }) => asRoot || device.length === 0)) {
      const owner = asRoot ? {} : { uid: process.getuid?.(), gid: process.getgid?.() };
      const isHard = one.type === "hardlink";
      expect(extracted.get(one.path)).toEqual({ ...(isHard ? { ...file, path: one.path } : one), ...owner });
    }
  });
});
